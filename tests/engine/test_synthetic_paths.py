"""The course of a generated session: when it moves, in which way, and the VIX with it."""

from datetime import date

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.calendar import sessions_between
from engine.synthetic_paths import Chance, Paths, draw_paths, expected_pace
from engine.synthetic_plans import HALF_DAY_MOVE, DayPlan, Kind, plan_day

SEED = 1331
WHOLE_DAY, HALF_DAY = 23_400, 12_600
HALF_HOURS = 13

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def sessions() -> list[tuple[DayPlan, Paths]]:
    """A hundred whole days."""
    whole = [b for b in sessions_between(date(2023, 1, 1), date(2023, 6, 30)) if b.close_second == WHOLE_DAY]
    plans = [(bounds, plan_day(bounds.date, SEED)) for bounds in whole[:100]]
    return [(plan, draw_paths(plan, WHOLE_DAY, Chance(SEED, bounds.date))) for bounds, plan in plans]


def log_index(paths: Paths) -> Array:
    return np.log(paths.spx_e4)


def minutes(paths: Paths) -> Array:
    return np.diff(log_index(paths)[::60])


def test_a_path_begins_and_ends_as_planned(sessions: list[tuple[DayPlan, Paths]]) -> None:
    for plan, paths in sessions:
        assert (paths.spx_e4[0], paths.spx_e4[-1]) == (100 * plan.open_cents, 100 * plan.close_cents)
        assert (paths.risk_left[0], paths.risk_left[-1], paths.lead_points[-1]) == (1, 0, 0)


def test_the_day_is_busiest_at_its_ends(sessions: list[tuple[DayPlan, Paths]]) -> None:
    half_hours = [np.abs(minutes(paths)).reshape(HALF_HOURS, -1).mean(axis=1) for _, paths in sessions]
    size = np.mean(half_hours, axis=0)
    noon = size[4:9].mean()
    assert size[0] == size.max() > 1.4 * noon
    assert size[-1] > 1.2 * noon
    assert size[4:9].std() < 0.1 * noon


def test_volatility_comes_in_clusters_and_jumps(sessions: list[tuple[DayPlan, Paths]]) -> None:
    size = [np.abs(minutes(paths)) for _, paths in sessions]
    calm = [row[60:330] for row in size]
    assert np.mean([np.corrcoef(row[1:], row[:-1])[0, 1] for row in calm]) > 0.08
    jumped = [row.max() > 10 * np.median(row) for row in calm]
    assert 0.05 < np.mean(jumped) < 0.4


def reach(plan: DayPlan, paths: Paths) -> float:
    """How far the index went from the straight way between open and close, in realised moves."""
    straight = np.linspace(0, plan.session_return, len(paths.spx_e4))
    away = log_index(paths) - log_index(paths)[0] - straight
    return float(np.abs(away).max() / plan.realised_move)


def test_trend_days_go_one_way_and_reversal_days_turn(sessions: list[tuple[DayPlan, Paths]]) -> None:
    reaches = {
        kind: np.mean([reach(plan, paths) for plan, paths in sessions if plan.kind is kind]) for kind in Kind
    }
    assert reaches[Kind.TREND] < 0.8 < reaches[Kind.USUAL] < 1.1 < reaches[Kind.REVERSAL]


def test_the_vix_moves_against_the_index(sessions: list[tuple[DayPlan, Paths]]) -> None:
    both = [(np.diff(np.log(paths.vix_e4[::300])), np.diff(log_index(paths)[::300])) for _, paths in sessions]
    assert -0.9 < np.mean([np.corrcoef(vix, index)[0, 1] for vix, index in both]) < -0.7


def test_the_vix_is_published_every_15_seconds(sessions: list[tuple[DayPlan, Paths]]) -> None:
    _, paths = sessions[0]
    assert (np.flatnonzero(np.diff(paths.vix_e4)) % 15 == 14).all()


def test_a_half_day_has_its_share_of_the_variance() -> None:
    share = expected_pace(HALF_DAY).sum() / expected_pace(WHOLE_DAY).sum()
    assert np.sqrt(share) == pytest.approx(HALF_DAY_MOVE, abs=1e-4)
