from dataclasses import replace

import numpy as np
import pytest

from engine.market import MISSING_INDEX, Day, SettlementSource
from marketdata.settling import settled_by_index
from tests.days import tiny_day

DAY = tiny_day()


def known_until(second: int, *, index_derived: bool = False) -> Day:
    """The day with an index that rises by 0.005 a second and was last told at one of them."""
    seconds = np.arange(601)
    spx_e4 = np.where(seconds <= second, 59_500_000 + 50 * seconds, MISSING_INDEX).astype(np.int32)
    return replace(DAY, spx_e4=spx_e4, index_derived=index_derived)


@pytest.mark.parametrize(
    ("second", "settled_cents", "source"),
    [
        (600, 595_300, SettlementSource.PRINT),
        (540, 595_270, SettlementSource.PRINT),
        (539, 595_270, SettlementSource.DERIVED),  # 5952.695, half up
        (0, 595_000, SettlementSource.DERIVED),
    ],
)
def test_the_last_known_index_settles(second: int, settled_cents: int, source: SettlementSource) -> None:
    assert settled_by_index(known_until(second)) == (settled_cents, source)


def test_an_index_that_was_derived_settles_as_such() -> None:
    assert settled_by_index(known_until(600, index_derived=True)) == (595_300, SettlementSource.DERIVED)


def test_without_any_index_nothing_settles() -> None:
    assert settled_by_index(known_until(-1)) == (None, None)
