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
from engine.synthetic_plans import plan_day
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from tests.marketdata.chains import (
    Array,
    Chain,
    by_depth,
    chain_of,
    index_inside_parity,
    parity_noise,
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
    sys.stdout.write(table(measure, recorded=real, generated=made, day_by_day=np.nanstd(each, axis=0)))
    assert (np.abs(made - real) <= measure.within + measure.within_share * real).all()


def table(measure: Measure, **rows: Array) -> str:
    lines = [f"\n{measure.name:<22}" + "".join(f"{column:>11}" for column in measure.columns)]
    for label, row in rows.items():
        lines.append(f"  {label:<20}" + "".join(f"{value:>11.3f}" for value in row))
    return "\n".join(lines) + "\n"
