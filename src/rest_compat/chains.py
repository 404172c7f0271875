"""Option chains as the documented JSON: ``call_5950`` and ``put_5950`` of every strike."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from engine.aggregates import Column
from engine.contracts import Contract
from engine.market import MISSING_DELTA
from engine.money import TICK_CENTS
from rest_compat.texts import Texts, beside, decimals, joined, nulled
from rest_compat.wire import instant_text
from usecases.market import ChainSnapshot

LAYOUTS_KEPT_MAX = 64


def chain_json(chain: ChainSnapshot) -> bytes:
    """One chain. A contract that is not listed, or has no usable quote, is null."""
    names, places = _layout(chain.contracts)
    rows = len(names)
    bids, asks, deltas = (
        _spread(column, places, rows) for column in (chain.bid_ticks, chain.ask_ticks, chain.delta_e4)
    )
    unquoted = ~_spread(np.array(chain.quoted), places, rows).astype(bool)
    quotes: list[bytes | Texts] = [
        b'{"bid":',
        decimals(bids * TICK_CENTS, places=2, places_min=1),
        b',"ask":',
        decimals(asks * TICK_CENTS, places=2, places_min=1),
        b',"delta":',
        nulled(decimals(deltas, places=4, places_min=1), deltas == MISSING_DELTA),
        b"}",
    ]
    text = joined([names, nulled(beside(quotes, rows), unquoted)], rows)
    return b"{%s}" % text[1:]


def chains_json(chains: tuple[ChainSnapshot, ...]) -> Iterator[bytes]:
    """The chains by their times, one a step."""
    for number, chain in enumerate(chains):
        yield b'%s"%s":%s' % (b"," if number else b"{", instant_text(chain.at).encode(), chain_json(chain))
    yield b"}"


@lru_cache(LAYOUTS_KEPT_MAX)
def _layout(contracts: tuple[Contract, ...]) -> tuple[Texts, NDArray[np.intp]]:
    """The names of both sides of every strike, each led by a comma, and which one each contract has."""
    strikes = {contract.strike_points: None for contract in contracts}
    row_of = {strike: 2 * number for number, strike in enumerate(strikes)}
    names = [f',"{side}_{strike}":' for strike in strikes for side in ("call", "put")]
    texts = np.array(names, np.bytes_).view(np.uint8).reshape(len(names), -1)
    return texts, np.array([row_of[one.strike_points] + (not one.is_call) for one in contracts], np.intp)


def _spread(values: NDArray[np.generic], places: NDArray[np.intp], rows: int) -> Column:
    """A value a contract as a value a name, 0 where no contract has the name."""
    column = np.zeros(rows, np.int64)
    column[places] = values
    return column
