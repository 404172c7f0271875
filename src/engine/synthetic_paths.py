"""A synthetic session second by second: the index, the VIX, and how much of the day's risk is left."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.market import IndexSeries
from engine.numerics import Floats, exp, log
from engine.synthetic_draws import Purpose, normals, uniforms
from engine.synthetic_plans import VIX_PER_RETURN, DayPlan, Kind, autoregression, running_sum

OPENING_PACE, CLOSING_PACE, PACE_SECONDS = 5.0, 2.5, 900.0
CLUSTER_SECONDS, CLUSTER_DECAY, CLUSTER_STEP = 60, 0.95, 0.12
JUMPS_MAX, JUMP_CHANCE, JUMP_MOVES = 2, 0.15, 0.5
VIX_SECONDS, VIX_NOISE = 15, 0.02
TREND_NOISE, REVERSAL_NOISE = 0.6, 0.7
TURN_FROM, TURN_RANGE, TURN_MOVES, TURN_MOVES_RANGE = 0.3, 0.4, 0.9, 0.6
# The lead of the options is a share of the index times an autoregression by the minute, which is held.
LEAD_SHARE, LEAD_MEAN, LEAD_DECAY, LEAD_STEP, LEAD_MAX = 6e-5, -0.7, 0.92, 0.5, 3.0
LEAD_SECONDS, LEAD_END_SECONDS = 60, 900.0


@dataclass(frozen=True, slots=True)
class Paths:
    """Rows 0 … close second.

    ``spx_e4`` and ``vix_e4`` are whole cents in 0.0001; ``lead_points`` is how far the index that
    options are priced on stands from the one published, 0 at the close; ``risk_left`` falls from 1
    to 0 and is the share of the session's expected variance still to come; ``expected_move`` is the
    standard deviation of the whole session's return as options price it at that second's VIX.
    """

    spx_e4: IndexSeries
    vix_e4: IndexSeries
    lead_points: Floats
    risk_left: Floats
    expected_move: Floats


@dataclass(frozen=True, slots=True)
class Chance:
    """Where a day's random numbers come from."""

    seed: int
    date: date

    def normals(self, purpose: Purpose, count: int) -> Floats:
        return normals(self.seed, purpose, count, stream=self.date.toordinal())

    def uniforms(self, purpose: Purpose, count: int) -> Floats:
        return uniforms(self.seed, purpose, count, stream=self.date.toordinal())


def draw_paths(plan: DayPlan, close_second: int, chance: Chance) -> Paths:
    """The paths between the plan's open and close: bridges, exact at both ends."""
    pace = expected_pace(close_second)
    progress = _progress(pace * _clusters(close_second, chance))
    detour = plan.realised_move * _detour(plan.kind, progress, chance)
    log_return = plan.session_return * progress + detour
    spx_cents = np.rint(plan.open_cents * exp(log_return)).astype(np.int64)
    spx_cents[-1] = plan.close_cents
    vix_cents = _vix(plan, detour, progress, chance)
    return Paths(
        spx_e4=(spx_cents * 100).astype(np.int32),
        vix_e4=(vix_cents * 100).astype(np.int32),
        lead_points=plan.open_cents / 100.0 * LEAD_SHARE * _lead(close_second, chance),
        risk_left=1.0 - _progress(pace),
        expected_move=np.asarray(plan.expected_move * (vix_cents / float(vix_cents[0]))),
    )


def expected_pace(close_second: int) -> Floats:
    """Expected variance of each second, on the scale of the quiet middle of a session: a U."""
    since_open = np.arange(1.0, close_second + 1)
    busy_open = OPENING_PACE * PACE_SECONDS / (PACE_SECONDS + since_open)
    busy_close = CLOSING_PACE * PACE_SECONDS / (PACE_SECONDS + (close_second - since_open))
    return np.asarray(1.0 + busy_open + busy_close)


def _clusters(close_second: int, chance: Chance) -> Floats:
    """The factor on each second's variance by which volatility comes in clusters."""
    count = close_second // CLUSTER_SECONDS + 1
    walk = autoregression(CLUSTER_STEP * chance.normals(Purpose.CLUSTERING, count), CLUSTER_DECAY)
    return np.repeat(exp(2.0 * walk), CLUSTER_SECONDS)[:close_second]


def _progress(variance: Floats) -> Floats:
    """From variances of the seconds to the share of the day's variance passed, 0 … 1 by row."""
    passed = np.cumsum(np.rint(variance * 1e6).astype(np.int64))
    return np.concatenate(([0.0], passed / float(passed[-1])))


def _index_walk(progress: Floats, chance: Chance) -> Floats:
    """A walk from 0 whose total variance is about 1, with now and then a jump."""
    shares = progress[1:] - progress[:-1]
    steps = np.sqrt(shares) * chance.normals(Purpose.PATH, len(shares))
    happens, place = chance.uniforms(Purpose.JUMP, 2 * JUMPS_MAX).reshape(2, JUMPS_MAX)
    sizes = JUMP_MOVES * chance.normals(Purpose.JUMP_SIZE, JUMPS_MAX) * (happens < JUMP_CHANCE)
    for second, size in zip((place * len(steps)).astype(np.int64), sizes, strict=True):
        steps[second] += size
    return np.concatenate(([0.0], running_sum(steps)))


def _detour(kind: Kind, progress: Floats, chance: Chance) -> Floats:
    """How the index leaves the straight way from open to close, in realised moves: 0 at both ends."""
    noise = _bridge(_index_walk(progress, chance), progress)
    if kind is Kind.USUAL:
        return noise
    if kind is Kind.TREND:
        return TREND_NOISE * noise
    place, size, side = chance.uniforms(Purpose.TURN, 3)
    turn = TURN_FROM + TURN_RANGE * place
    height = (TURN_MOVES + TURN_MOVES_RANGE * size) * (1.0 if side < 0.5 else -1.0)
    way_back = np.minimum(progress / turn, (1.0 - progress) / (1.0 - turn))
    return np.asarray(REVERSAL_NOISE * noise + height * way_back)


def _lead(close_second: int, chance: Chance) -> Floats:
    """How far options run from the published index, in units of ``LEAD_SHARE`` of it."""
    count = close_second // LEAD_SECONDS + 2
    walk = LEAD_MEAN + autoregression(LEAD_STEP * chance.normals(Purpose.LEAD, count), LEAD_DECAY)
    held = np.minimum(np.maximum(walk, -LEAD_MAX), LEAD_MAX)
    second = np.arange(close_second + 1)
    minute, passed = second // LEAD_SECONDS, second % LEAD_SECONDS / float(LEAD_SECONDS)
    between = held[minute] + (held[minute + 1] - held[minute]) * passed
    return np.asarray(between * np.minimum((close_second - second) / LEAD_END_SECONDS, 1.0))


def _bridge(walk: Floats, progress: Floats) -> Floats:
    return np.asarray(walk - progress * walk[-1])


def _vix(plan: DayPlan, excess_return: Floats, progress: Floats, chance: Chance) -> NDArray[np.int64]:
    """The VIX in cents, published every 15 seconds: it moves against the index, and a little by itself."""
    noise = np.sqrt(progress[1:] - progress[:-1]) * chance.normals(Purpose.VIX, len(progress) - 1)
    own = VIX_NOISE * _bridge(np.concatenate(([0.0], running_sum(noise))), progress)
    ends = log(np.array([plan.vix_open, plan.vix_close]))
    level = exp(ends[0] + (ends[1] - ends[0]) * progress + VIX_PER_RETURN * excess_return + own)
    published = np.arange(len(level)) // VIX_SECONDS * VIX_SECONDS
    return np.rint(100.0 * level[published]).astype(np.int64)
