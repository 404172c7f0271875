"""Option chains on the wire, held to a general encoder."""

from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import orjson
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA, MISSING_TICKS, TICKS_MAX
from rest_compat.chains import chain_json, chains_json
from usecases.market import ChainSnapshot

AT = datetime(2025, 1, 15, 14, 35, tzinfo=UTC)
LISTED = [Contract(strike, right) for strike in (90, 5950, 5955, 12_000) for right in Right]
TICKS = st.one_of(st.integers(0, 100), st.integers(0, TICKS_MAX))


def slow_chain(chain: ChainSnapshot) -> dict[str, Any]:
    """The object of a general encoder, a contract at a time."""
    quotes: dict[str, Any] = {}
    for contract in chain.contracts:
        for side in ("call", "put"):
            quotes.setdefault(f"{side}_{contract.strike_points}", None)
    for row, contract in enumerate(chain.contracts):
        if chain.quoted[row]:
            delta = int(chain.delta_e4[row])
            quotes[f"{'call' if contract.is_call else 'put'}_{contract.strike_points}"] = {
                "bid": int(chain.bid_ticks[row]) / 20,
                "ask": int(chain.ask_ticks[row]) / 20,
                "delta": None if delta == MISSING_DELTA else delta / 10_000,
            }
    return quotes


@st.composite
def chains(draw: st.DrawFn) -> ChainSnapshot:
    contracts = tuple(sorted(draw(st.sets(st.sampled_from(LISTED), min_size=1))))
    quoted = tuple(draw(st.booleans()) for _ in contracts)
    bids, asks = (
        np.array([draw(TICKS) if known else MISSING_TICKS for known in quoted], np.uint16) for _ in range(2)
    )
    deltas = np.array([draw(st.integers(MISSING_DELTA, 10_000)) for _ in contracts], np.int16)
    return ChainSnapshot(AT.date(), AT, contracts, bids, asks, deltas, quoted)


@given(chains())
def test_a_chain_is_that_of_a_general_encoder(chain: ChainSnapshot) -> None:
    assert chain_json(chain) == orjson.dumps(slow_chain(chain))


def test_chains_are_named_by_their_times() -> None:
    one = ChainSnapshot(
        date(2025, 1, 15),
        AT,
        (Contract(5950, Right.CALL),),
        np.array([84], np.uint16),
        np.array([88], np.uint16),
        np.array([5230], np.int16),
        (True,),
    )
    two = ChainSnapshot(
        one.date,
        AT.replace(minute=36),
        one.contracts,
        one.bid_ticks,
        one.ask_ticks,
        one.delta_e4,
        (False,),
    )
    call = {"bid": 4.2, "ask": 4.4, "delta": 0.523}
    assert orjson.loads(b"".join(chains_json((one, two)))) == {
        "2025-01-15T14:35:00Z": {"call_5950": call, "put_5950": None},
        "2025-01-15T14:36:00Z": {"call_5950": None, "put_5950": None},
    }
