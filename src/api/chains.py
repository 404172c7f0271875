"""The option chain at one second, in columns."""

from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import strawberry
from numpy.typing import NDArray

from api.scalars import IntColumn, int_column
from engine.aggregates import UNKNOWN, Column
from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA
from engine.money import TICK_CENTS
from usecases.market import ChainSnapshot

LAYOUTS_KEPT_MAX = 64


@strawberry.type(description="The option chain at one second, in columns: one row a strike.")
class OptionChain:
    time: datetime
    strikes: IntColumn
    call_bid_cents: IntColumn
    call_ask_cents: IntColumn
    call_delta_e4: IntColumn = strawberry.field(description="Unsigned.")
    put_bid_cents: IntColumn
    put_ask_cents: IntColumn
    put_delta_e4: IntColumn = strawberry.field(description="Unsigned.")


def render_chain(chain: ChainSnapshot) -> OptionChain:
    """One chain. A contract that is not listed, or has no usable quote, is null."""
    strikes, rows = _layout(chain.contracts)
    unquoted = ~np.array(chain.quoted)
    bids, asks = (ticks * np.int64(TICK_CENTS) for ticks in (chain.bid_ticks, chain.ask_ticks))
    call_bid, put_bid = _sides(bids, rows, unquoted)
    call_ask, put_ask = _sides(asks, rows, unquoted)
    call_delta, put_delta = _sides(chain.delta_e4, rows, unquoted | (chain.delta_e4 == MISSING_DELTA))
    return OptionChain(
        time=chain.at,
        strikes=IntColumn(strikes),
        call_bid_cents=call_bid,
        call_ask_cents=call_ask,
        call_delta_e4=call_delta,
        put_bid_cents=put_bid,
        put_ask_cents=put_ask,
        put_delta_e4=put_delta,
    )


@lru_cache(LAYOUTS_KEPT_MAX)
def _layout(contracts: tuple[Contract, ...]) -> tuple[Column, NDArray[np.intp]]:
    """The strikes, ascending, and for each of them the rows of its call and of its put; -1 where
    that is not listed."""
    strikes = np.unique([contract.strike_points for contract in contracts])
    row_of = {contract: row for row, contract in enumerate(contracts)}
    sides = [[row_of.get(Contract(int(strike), right), -1) for strike in strikes] for right in Right]
    return strikes, np.array(sides, np.intp)


def _sides(
    values: NDArray[np.integer[Any]], rows: NDArray[np.intp], unknown: NDArray[np.bool_]
) -> tuple[IntColumn, IntColumn]:
    """A value a contract as a column of the calls and one of the puts."""
    known = np.append(np.where(unknown, np.int64(UNKNOWN), values), UNKNOWN)  # the last is what -1 means
    calls, puts = known[rows]
    return int_column(calls), int_column(puts)
