"""The columnar chain, written from arrays."""

from datetime import UTC, datetime

import numpy as np

from api.chains import OptionChain, render_chain
from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_TICKS
from usecases.market import ChainSnapshot

AT = datetime(2025, 1, 15, 14, 35, tzinfo=UTC)


def listed(column: object) -> list[int | None]:
    return list(column)  # type: ignore[call-overload, no-any-return]


def columns(chain: OptionChain) -> list[list[int | None]]:
    quotes = ("bid_cents", "ask_cents", "delta_e4")
    return [listed(getattr(chain, f"{side}_{quote}")) for side in ("call", "put") for quote in quotes]


def test_what_is_not_listed_not_quoted_or_without_a_delta_is_null_in_its_column() -> None:
    chain = ChainSnapshot(
        date=AT.date(),
        at=AT,
        contracts=(Contract(90, Right.PUT), Contract(5950, Right.CALL), Contract(5950, Right.PUT)),
        bid_ticks=np.array([0, 84, MISSING_TICKS], np.uint16),
        ask_ticks=np.array([1, 20_000, MISSING_TICKS], np.uint16),
        delta_e4=np.array([MISSING_DELTA, 5_012, 4_988], np.int16),
        quoted=(True, True, False),
    )
    rendered = render_chain(chain)
    assert (rendered.time, listed(rendered.strikes)) == (AT, [90, 5950])
    assert columns(rendered) == [
        [None, 420],
        [None, 100_000],
        [None, 5_012],
        [0, None],
        [5, None],
        [None] * 2,
    ]
