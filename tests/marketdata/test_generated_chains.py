"""Generated chains beside the recorded one of 2018-01-05: `pytest -s` prints the comparison."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from engine.calendar import SessionBounds, sessions_between
from engine.synthetic import synthesize
from engine.synthetic_chains import value_calls
from engine.synthetic_plans import DayPlan, plan_day
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from tests.marketdata.chains import (
    Array,
    Chain,
    by_depth,
    chain_of,
    index_inside_parity,
    parity_noise,
    realised_share,
    smile,
    wings,
)
from tests.marketdata.vendor_files import NOW

RECORDED = date(2018, 1, 5)
WHOLE_DAY_SECONDS = 23_400
DAYS = 6
DEPTHS = ("below -4", "-4 … -3", "-3 … -2", "-2 … -1", "-1 … 0", "0 … 1", "1 … 2", "2 … 4", "over 4")
SMILE = ("put 3 σ", "put 2 σ", "put 1 σ", "money", "call 1 σ", "call 2 σ")
WINGS = ("put 3 σ", "put 2 σ", "put 1 σ", "call 1 σ", "call 2 σ", "call 3 σ")


@dataclass(frozen=True)
class Measure:
    """Figures of a chain, and how far a generated one may be off: in its unit and in its share."""

    name: str
    columns: tuple[str, ...]
    of: Callable[[Chain], Array]
    within: float = 0.0
    within_share: float = 0.0


MEASURES = (
    Measure(
        "spread, points", DEPTHS, lambda chain: by_depth(chain, chain.width), within=0.01, within_share=0.25
    ),
    Measure("without a bid", DEPTHS, lambda chain: by_depth(chain, 1.0 * (chain.bid == 0)), within=0.15),
    Measure(
        "changed in a minute", DEPTHS, lambda chain: by_depth(chain, chain.changed), within=0.1
    ),
    Measure("price, % of straddle", WINGS, wings, within=0.2, within_share=0.25),
    Measure("smile at 10:00", SMILE, lambda chain: smile(chain, 29), within=0.1),
    Measure("smile at 12:00", SMILE, lambda chain: smile(chain, 149), within=0.15),
    Measure("smile at 15:00", SMILE[:-1], lambda chain: smile(chain, 329)[:-1], within=0.25),
    Measure("parity noise, points", ("within 1 σ", "1 … 4 σ", "over 4 σ"), parity_noise, within_share=0.35),
    Measure("moved, of expected", ("by minutes",), realised_share, within=0.25),
    Measure("index inside parity", ("of pairs",), index_inside_parity, within=0.08),
)  # fmt: skip


@pytest.fixture(scope="module")
def recorded(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Chain:
    root = tmp_path_factory.mktemp("days")
    run_import(ImportRequest("cboe", (shared_data / "cboe-intervals-gpl2",)), root, NOW)
    return chain_of(Library(root).open(RECORDED))


@pytest.fixture(scope="module")
def generated() -> list[Chain]:
    return [chain_of(synthesize(bounds, seed)) for bounds, seed in islice(quiet_days(), DAYS)]


def quiet_days() -> Iterator[tuple[SessionBounds, int]]:
    """Days as quiet as the recorded one, one from each seed that has any about that time: an expected
    move of 8.2 points, so that ticks and strikes are as coarse beside it."""
    sessions = sessions_between(date(2017, 6, 1), date(2018, 12, 31))
    for seed in range(100):
        quiet = (
            bounds
            for bounds in sessions
            if bounds.close_second == WHOLE_DAY_SECONDS and 7.6 < expected_points(bounds.date, seed) < 8.8
        )
        yield from ((bounds, seed) for bounds in islice(quiet, 1))


def expected_points(on: date, seed: int) -> float:
    plan = plan_day(on, seed)
    return plan.expected_move * plan.open_cents / 100


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_generated_chains_look_like_the_recorded_one(
    measure: Measure, recorded: Chain, generated: list[Chain]
) -> None:
    real = measure.of(recorded)
    each = np.array([measure.of(chain) for chain in generated])
    made = np.nanmean(each, axis=0)
    sys.stdout.write(
        table(
            measure.name, measure.columns, recorded=real, generated=made, day_by_day=np.nanstd(each, axis=0)
        )
    )
    assert (np.abs(made - real) <= measure.within + measure.within_share * real).all()


def test_straddles_pay_about_what_they_cost(recorded: Chain) -> None:
    """Struck at the open and held to the close: one day may pay anything, 18,000 are to be fair."""
    real = abs(recorded.index[-1] - recorded.forward[0]) / recorded.straddle[0]
    sessions = sessions_between(date(2006, 1, 1), date(2029, 12, 31))
    paid = np.array([straddle_payout(plan_day(b.date, seed)) for seed in range(3) for b in sessions])
    made = np.array([paid.mean(), paid.std(), (paid > 1).mean()])
    one_day = np.array([real, 0.0, float(real > 1)])
    columns = ("mean", "deviation", "gained")
    sys.stdout.write(table("paid, of its price", columns, recorded=one_day, generated=made))
    assert (made > [0.93, 0.7, 0.36]).all()
    assert (made < [1.03, 0.85, 0.44]).all()


def straddle_payout(plan: DayPlan) -> float:
    move = np.array([[plan.expected_move * plan.open_cents]])
    call = value_calls(np.zeros((1, 1)), move, np.ones((1, 1))).call_points[0, 0]
    return float(abs(plan.close_cents - plan.open_cents) / (2 * call))


def table(name: str, columns: tuple[str, ...], **rows: Array) -> str:
    lines = [f"\n{name:<22}" + "".join(f"{column:>11}" for column in columns)]
    for label, row in rows.items():
        lines.append(f"  {label:<20}" + "".join(f"{value:>11.3f}" for value in row))
    return "\n".join(lines) + "\n"
