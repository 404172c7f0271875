"""The course of the years: what a generated session opens and closes at, and with what VIX."""

from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.calendar import sessions_between
from engine.synthetic_plans import DayPlan, Kind, plan_day

SESSIONS = sessions_between(date(2006, 1, 1), date(2029, 12, 31))
HALF_DAY_SECONDS = 12_600

Array = NDArray[np.float64]


@pytest.fixture(scope="module", params=[1331, 1, 2])
def years(request: pytest.FixtureRequest) -> list[DayPlan]:
    """A plan for each of about 6,000 sessions."""
    return [plan_day(bounds.date, request.param) for bounds in SESSIONS]


def moves(years: list[DayPlan]) -> Array:
    """Log returns from close to close."""
    return np.array([np.log(plan.close_cents / plan.previous_close_cents) for plan in years])


def gaps(years: list[DayPlan]) -> Array:
    return np.array([np.log(plan.open_cents / plan.previous_close_cents) for plan in years])


def correlation(one: Array, other: Array) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def kurtosis(values: Array) -> float:
    """3 for a normal distribution, more with fat tails."""
    away = values - values.mean()
    return float((away**4).mean() / (away**2).mean() ** 2)


def test_each_session_opens_from_the_close_before_it(years: list[DayPlan]) -> None:
    assert [plan.close_cents for plan in years[:-1]] == [plan.previous_close_cents for plan in years[1:]]


def test_trend_days_go_far_and_reversal_days_come_back(years: list[DayPlan]) -> None:
    went = np.array([abs(plan.session_return) / plan.realised_move for plan in years])
    kinds = np.array([plan.kind for plan in years])
    shares = [(kinds == kind).mean() for kind in Kind]
    assert shares == pytest.approx([0.72, 0.14, 0.14], abs=0.02)
    assert went[kinds == Kind.TREND].min() > 1.1
    assert went[kinds == Kind.REVERSAL].mean() < 0.3
    assert 0.75 < went[kinds == Kind.USUAL].mean() < 0.85


def test_the_vix_rises_when_the_index_falls(years: list[DayPlan]) -> None:
    vix = np.log([plan.vix_close for plan in years])
    assert -0.75 < correlation(np.diff(vix), moves(years)[1:]) < -0.55


def test_the_vix_reverts_to_its_mean(years: list[DayPlan]) -> None:
    vix = np.log([plan.vix_close for plan in years])
    after_a_day, after_a_year = (correlation(vix[n:], vix[:-n]) for n in (1, 250))
    assert after_a_day > 0.95
    assert abs(after_a_year) < 0.2
    assert 14 < np.exp(np.median(vix)) < 18
    assert 9 < np.exp(vix.min()) < 10
    assert 35 < np.exp(vix.max()) < 80


def test_days_that_move_come_in_clusters(years: list[DayPlan]) -> None:
    size = np.abs(moves(years))
    weeks = size[: len(size) // 5 * 5].reshape(-1, 5).mean(axis=1)
    assert correlation(size[1:], size[:-1]) > 0.06
    assert correlation(weeks[1:], weeks[:-1]) > 0.25
    assert kurtosis(moves(years)) > 4


def test_nights_are_quieter_than_days_but_some_have_news(years: list[DayPlan]) -> None:
    nights, days = gaps(years), np.array([plan.session_return for plan in years])
    assert 0.5 < nights.std() / days.std() < 0.75
    assert kurtosis(nights) > 5


def test_half_days_expect_four_fifths_of_a_move(years: list[DayPlan]) -> None:
    """In units of the VIX, which is by the year."""
    is_half = np.array([bounds.close_second == HALF_DAY_SECONDS for bounds in SESSIONS])
    per_vix = np.array([plan.expected_move / plan.vix_open for plan in years])
    assert per_vix[is_half].mean() / per_vix[~is_half].mean() == pytest.approx(0.82, abs=0.04)


@pytest.mark.parametrize("seed", [0, 1331, 2**64 - 1])
def test_the_level_of_the_index_stays_one_of_an_index(seed: int) -> None:
    levels = [plan_day(bounds.date, seed).open_cents for bounds in SESSIONS[::50]]
    assert all(100_00 < level < 30_000_00 for level in levels)
    assert all(abs(np.log(later / earlier)) < 0.5 for earlier, later in pairwise(levels))
