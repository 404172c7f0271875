"""The live market as frames of the WebSocket: each is written once a second and format, for all sockets."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from functools import lru_cache
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import Field

from engine.contracts import Contract, Right
from engine.market import MISSING_DELTA
from engine.money import TICK_CENTS
from rest_compat.market import OptionQuote, SeriesRow
from rest_compat.series import series_rows
from rest_compat.wire import Answered
from usecases.market import ChainSnapshot
from usecases.market_events import MarketTick, market_ticks
from usecases.ports import Ports

LAYOUTS_KEPT_MAX = 4
TICKS_KEPT_MAX = 2
CENTS_A_POINT = 100
WHOLE_DELTA_E4 = 10_000

Render: TypeAlias = Callable[[MarketTick], str]
Numbers: TypeAlias = list[int | None]


class AggregateFrame(Answered):
    """The live market at one second: a row of `/market-data/historical` with all of its series."""

    channel: Literal["live_aggregate_data"]
    payload: SeriesRow


class StrikeRow(Answered):
    """Both options of a strike; null where one is not listed or has no usable quote."""

    strike: int
    call: OptionQuote | None
    put: OptionQuote | None


class ChainColumns(Answered):
    """The chain in columns, a row a strike: prices in integer cents, unsigned deltas in 0.0001.

    Null where an option is not listed or has no usable quote, and where its delta is unknown.
    """

    k: Annotated[list[int], Field(description="Strikes, ascending.")]
    cb: Annotated[Numbers, Field(description="Bids of the calls.")]
    ca: Annotated[Numbers, Field(description="Asks of the calls.")]
    cd: Annotated[Numbers, Field(description="Deltas of the calls.")]
    pb: Annotated[Numbers, Field(description="Bids of the puts.")]
    pa: Annotated[Numbers, Field(description="Asks of the puts.")]
    pd: Annotated[Numbers, Field(description="Deltas of the puts.")]


class ChainFrame(Answered):
    """The whole live option chain at one second; in columns for who asked for them."""

    channel: Literal["live_option_chain"]
    payload: list[StrikeRow] | ChainColumns


async def market_frames(ports: Ports, render: Render) -> AsyncGenerator[str, None]:
    """The latest second at once where it is fresh, then each new one; whoever is slow skips some."""
    async with aclosing(market_ticks(ports)) as ticks:
        async for tick in ticks:
            yield render(tick)


@lru_cache(TICKS_KEPT_MAX)
def aggregate_text(tick: MarketTick) -> str:
    """A frame of ``live_aggregate_data``: one text object for every socket."""
    rows = b"".join(series_rows(tick.series))
    return _framed("live_aggregate_data", orjson.Fragment(rows[1:-1]))


@lru_cache(TICKS_KEPT_MAX)
def rows_text(tick: MarketTick) -> str:
    """A frame of ``live_option_chain`` as it is documented."""
    columns = _columns(tick.chain)
    rows = zip(columns["k"], _quotes(columns, "c"), _quotes(columns, "p"), strict=True)
    return _framed("live_option_chain", [{"strike": k, "call": call, "put": put} for k, call, put in rows])


@lru_cache(TICKS_KEPT_MAX)
def columns_text(tick: MarketTick) -> str:
    """The same in columns."""
    return _framed("live_option_chain", _columns(tick.chain))


def _framed(channel: str, payload: object) -> str:
    return orjson.dumps({"channel": channel, "payload": payload}).decode()


def _columns(chain: ChainSnapshot) -> dict[str, Any]:
    """The fields of ``ChainColumns``."""
    layout = _layout(chain.contracts)
    unquoted = ~np.array(chain.quoted)
    columns = {
        "b": _known(chain.bid_ticks * np.int64(TICK_CENTS), unquoted),
        "a": _known(chain.ask_ticks * np.int64(TICK_CENTS), unquoted),
        "d": _known(chain.delta_e4, unquoted | (chain.delta_e4 == MISSING_DELTA)),
    }
    sides = (("c", layout.calls), ("p", layout.puts))
    named = {side + name: columns[name][rows].tolist() for side, rows in sides for name in columns}
    return {"k": layout.strikes, **named}


def _known(values: NDArray[np.integer[Any]], unknown: NDArray[np.bool_]) -> NDArray[np.object_]:
    """The values with None where they are unknown, and one more None at the end."""
    column = np.append(values, 0).astype(object)
    column[np.append(unknown, True)] = None
    return column


def _quotes(columns: Mapping[str, Any], side: str) -> list[dict[str, float | None] | None]:
    """The fields of an ``OptionQuote`` for each strike. A quotient of so few digits is printed as them."""
    return [
        None
        if ask is None
        else {
            "bid": bid / CENTS_A_POINT,
            "ask": ask / CENTS_A_POINT,
            "delta": None if delta is None else delta / WHOLE_DELTA_E4,
        }
        for bid, ask, delta in zip(columns[f"{side}b"], columns[f"{side}a"], columns[f"{side}d"], strict=True)
    ]


class _Layout(NamedTuple):
    """The strikes, ascending, and where each one's options are among the contracts; -1 for none."""

    strikes: list[int]
    calls: list[int]
    puts: list[int]


@lru_cache(LAYOUTS_KEPT_MAX)
def _layout(contracts: tuple[Contract, ...]) -> _Layout:
    strikes = sorted({contract.strike_points for contract in contracts})
    row_of = {contract: row for row, contract in enumerate(contracts)}
    calls, puts = ([row_of.get(Contract(k, right), -1) for k in strikes] for right in (Right.CALL, Right.PUT))
    return _Layout(strikes, calls, puts)
