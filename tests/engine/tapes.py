"""Short scripted days: quotes are written the way a trader reads them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TypeAlias

import numpy as np

from engine.contracts import Contract, Right, format_osi
from engine.market import MISSING_TICKS, Day, SettlementSource
from engine.orders import Order
from engine.tickets import LegRequest, OrderRequest

DATE = date(2025, 1, 15)
OPEN_AT = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)

Quotes: TypeAlias = Mapping[int, tuple[float, float] | None]


def contract(name: str) -> Contract:
    """``contract("5950C")``"""
    return Contract(int(name[:-1]), Right(name[-1]))


def osi(name: str) -> str:
    return format_osi(DATE, contract(name))


def tape(
    quotes: Mapping[str, Quotes | tuple[float, float]],
    spx: float | Mapping[int, float] = 5950,
    settlement: float = 5950,
    close_second: int = 600,
) -> Day:
    """A day in which each contract shows (bid, ask) from a second on; None is a missing quote."""
    contracts = tuple(sorted(contract(name) for name in quotes))
    shape = (len(contracts), close_second + 1)
    bids, asks = np.full(shape, MISSING_TICKS, np.uint16), np.full(shape, MISSING_TICKS, np.uint16)
    for name, changes in quotes.items():
        row = contracts.index(contract(name))
        steps = changes if isinstance(changes, Mapping) else {0: changes}
        for second, quote in sorted(steps.items()):
            bids[row, second:] = MISSING_TICKS if quote is None else round(quote[0] * 20)
            asks[row, second:] = MISSING_TICKS if quote is None else round(quote[1] * 20)
    index = np.zeros(close_second + 1, np.int32)
    for second, level in sorted((spx if isinstance(spx, Mapping) else {0: spx}).items()):
        index[second:] = round(level * 10_000)
    return Day(
        date=DATE,
        open_at=OPEN_AT,
        close_second=close_second,
        contracts=contracts,
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=np.full((close_second + 1, len(contracts)), 5000, np.int16),
        spx_e4=index,
        vix_e4=np.full(close_second + 1, -1, np.int32),
        known_from=0,
        known_until=close_second,
        settlement_cents=round(settlement * 100),
        settlement_source=SettlementSource.OFFICIAL,
        content_hash="tape",
    )


def request(
    legs: str, price: str | None = None, effect: str | None = None, **more: str | None
) -> OrderRequest:
    """An order from ``"+1 5950C, -1 5970C"`` (opening) or ``"-1 5950C close"`` legs."""
    return OrderRequest(
        type=more.pop("type", None) or "limit",
        legs=tuple(_leg(text.split()) for text in legs.split(",")),
        price=price,
        price_effect=effect,
        **more,
    )


def _leg(words: list[str]) -> LegRequest:
    signed, name = int(words[0]), words[1]
    side = "buy" if signed > 0 else "sell"
    return LegRequest(osi(name), str(abs(signed)), f"{side} to {'close' if 'close' in words else 'open'}")


def fill_line(order: Order) -> tuple[int, int, tuple[int, ...]] | None:
    """An order's fill as (second, signed net cents, leg cents)."""
    fill = order.fill
    return None if fill is None else (fill.second, fill.net_price_cents, fill.leg_price_cents)
