"""What a day's identity depends on, and what it does not."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine.market import Day, SettlementSource
from marketdata.hashing import content_hash
from tests.days import tiny_day

GOLDEN = "76b30e0e3aa5eeb65b6aba4de0cbb434bb8ebd44002d123dcb75d183e2c92dd8"


def bumped(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed.flat[7] += 1
    return changed


def test_the_hash_of_a_day_never_changes() -> None:
    assert content_hash(tiny_day()) == GOLDEN


@pytest.mark.parametrize(
    "change",
    [
        {"date": tiny_day().date + timedelta(days=1)},
        {"open_at": tiny_day().open_at + timedelta(hours=1)},
        {"contracts": tiny_day(strikes=(5930, 5940, 5950, 5960, 5971)).contracts},
        {"bid_ticks": bumped(tiny_day().bid_ticks)},
        {"ask_ticks": bumped(tiny_day().ask_ticks)},
        {"delta_e4": bumped(tiny_day().delta_e4)},
        {"spx_e4": bumped(tiny_day().spx_e4)},
        {"vix_e4": bumped(tiny_day().vix_e4)},
        {"known_from": 1},
        {"known_until": 599},
        {"settlement_cents": 595_001},
        {"settlement_source": SettlementSource.PRINT},
        {"synthetic": True},
        {"index_derived": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_value_of_a_day_counts(change: dict[str, object]) -> None:
    assert content_hash(replace(tiny_day(), **change)) != GOLDEN  # type: ignore[arg-type]


def test_the_layout_in_memory_does_not_count() -> None:
    day = tiny_day()
    turned: Day = replace(
        day,
        bid_ticks=np.asfortranarray(day.bid_ticks),
        delta_e4=day.delta_e4.astype(">i2"),
        content_hash="other",
    )
    assert content_hash(turned) == content_hash(day)
