"""The synthetic option chain in theory: which strikes are listed, what each is worth, its delta.

The index at the close is drawn from a mixture of three normals around its value now: what usually
happens, a fall and a smaller rise. One density prices every strike, so no portfolio of options has
a negative price: puts and calls agree, values fall and are convex along the strikes. The size of a
large move shrinks more slowly than the root of the risk left, which gives the smile, the skew, and
their steepening towards the close. The figures are the best fit to the chain of 2018-01-05.
"""

from dataclasses import dataclass

import numpy as np

from engine.contracts import Contract, Right
from engine.numerics import Floats, normal_cdf_and_density
from engine.synthetic_plans import DayPlan

NEAR_SPACING, NEAR_MARGIN, NEAR_MOVES = 5, 50, 4.5
WINGS = ((25, 0.05), (100, 0.10))

USUAL_SHARE = 0.86
# Share of the risk left at which large moves have become half as likely as they were at the open.
LAST_RISK = 0.01
DEVIATION_MIN_POINTS = 1e-6


@dataclass(frozen=True, slots=True)
class Scenario:
    """A large move: its chance at the open, its mean and own deviation in expected moves of the session."""

    chance: float
    mean_moves: float
    deviation_moves: float


SCENARIOS = (Scenario(0.038, -1.6, 1.55), Scenario(0.032, 0.97, 1.44))


@dataclass(frozen=True, slots=True)
class Values:
    """Call values in points and unsigned call deltas, [second, strike]."""

    call_points: Floats
    call_delta: Floats


def listed_strikes(plan: DayPlan) -> tuple[int, ...]:
    """Every 5 points about the open, then every 25 to 5 %, then every 100 to 10 %."""
    centre = plan.open_cents // 100
    reach = max(NEAR_MARGIN, int(centre * plan.expected_move * NEAR_MOVES))
    strikes = _grid(centre, reach, NEAR_SPACING, NEAR_MARGIN)
    for spacing, share in WINGS:
        strikes |= _grid(centre, int(centre * share), spacing, spacing)
    return tuple(sorted(strikes))


def _grid(centre: int, reach: int, spacing: int, margin: int) -> set[int]:
    """Multiples of ``spacing`` about ``centre``, its ends moved out to multiples of ``margin``."""
    low, high = (centre - reach) // margin * margin, -(-(centre + reach) // margin) * margin
    return set(range(low, high + 1, spacing))


def listed_contracts(strikes: tuple[int, ...]) -> tuple[Contract, ...]:
    return tuple(Contract(strike, right) for strike in strikes for right in (Right.CALL, Right.PUT))


def value_calls(points_in: Floats, move_points: Floats, risk_left: Floats) -> Values:
    """Values and deltas of calls.

    ``points_in`` is forward − strike [second, strike]; ``move_points`` the expected move of the whole
    session in points and ``risk_left`` the share of its variance to come, both [second, 1].
    """
    root = np.sqrt(risk_left)
    slow_root = np.sqrt(root)
    usual_chance, usual_mean = np.ones_like(root), np.zeros_like(root)
    points, delta = np.zeros_like(points_in), np.zeros_like(points_in)
    for scenario in SCENARIOS:
        chance = scenario.chance * (risk_left / (risk_left + LAST_RISK))
        mean = scenario.mean_moves * slow_root * move_points
        spread = np.sqrt(risk_left * (USUAL_SHARE * USUAL_SHARE) + root * scenario.deviation_moves**2)
        _add(points, delta, points_in + mean, spread * move_points, chance)
        usual_chance = usual_chance - chance
        usual_mean = usual_mean - chance * mean
    usual_mean = usual_mean / usual_chance
    _add(points, delta, points_in + usual_mean, USUAL_SHARE * root * move_points, usual_chance)
    return Values(np.maximum(points, 0.0), delta)


def _add(points: Floats, delta: Floats, inside: Floats, deviation: Floats, chance: Floats) -> None:
    """Adds one normal's share: E[max(X, 0)] = m Φ(m/s) + s φ(m/s), and Φ(m/s) (Bachelier, 1900)."""
    deviation = np.maximum(deviation, DEVIATION_MIN_POINTS)
    probability, density = normal_cdf_and_density(inside / deviation)
    delta += chance * probability
    density *= deviation
    probability *= inside
    density += probability
    density *= chance
    points += density
