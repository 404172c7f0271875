"""The expected move by time of day, averaged over the recorded days."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

from engine.aggregates import Column, expected_move
from engine.averages import Totals, totals
from engine.denials import Code, Denial
from marketdata.library import DayInfo, comparable
from usecases.market import INTERVAL_SECONDS_MAX
from usecases.ports import Ports, Viewer

TOTALS_KEPT_MAX = 16


@dataclass(frozen=True, slots=True)
class AverageRequest:
    """Which days, bounds included, and how many seconds from one time of day to the next."""

    first: date | None = None
    last: date | None = None
    interval_seconds: int = 60


@dataclass(frozen=True, slots=True, eq=False)
class AverageMoves:
    """The mean expected move at the seconds ``range(0, close + 1, interval)`` after the open.

    Means are in 0.000001 of the index, ``UNKNOWN`` where no day tells; ``counts`` are the days that
    do. All ``days`` from ``first`` to ``last`` are synthetic, or none is.
    """

    first: date
    last: date
    days: int
    synthetic: bool
    seconds: range
    means_e6: Column
    counts: Column


async def average_expected_move(ports: Ports, _: Viewer, asked: AverageRequest) -> AverageMoves | Denial:
    """The average over the completed days asked for: the recorded ones where there are any, else the
    synthetic ones, never both (rulings 7.9)."""
    denial = _unfit(asked)
    if denial is not None:
        return denial
    days = comparable(await asyncio.to_thread(_completed, ports, asked))
    if not days:
        return Denial(Code.SESSION_NOT_RECORDED, f"no completed session is recorded {_span(asked)}")

    loop = asyncio.get_running_loop()
    summed = await loop.run_in_executor(_summing, _totals, ports, days)
    rows = slice(None, None, asked.interval_seconds)
    return AverageMoves(
        first=days[0].date,
        last=days[-1].date,
        days=len(days),
        synthetic=days[0].synthetic,
        seconds=range(0, len(summed.sums), asked.interval_seconds),
        means_e6=summed.means()[rows],
        counts=summed.days[rows],
    )


def _unfit(asked: AverageRequest) -> Denial | None:
    if not 1 <= asked.interval_seconds <= INTERVAL_SECONDS_MAX:
        message = f"interval must be a whole number of seconds from 1 to {INTERVAL_SECONDS_MAX}"
        return Denial(Code.INVALID_INPUT, message, ("interval",), {"interval": message})
    if asked.first is not None and asked.last is not None and asked.last < asked.first:
        message = f"to must be {asked.first} or later, the date of from"
        return Denial(Code.INVALID_INPUT, message, ("to",), {"to": message})
    return None


def _completed(ports: Ports, asked: AverageRequest) -> list[DayInfo]:
    """The days in force that had closed by the market's clock, ascending."""
    now = ports.market_now()
    first, last = asked.first or date.min, asked.last or date.max
    days = ports.library.days()
    return [day for day in days if now and day.close_at <= now and first <= day.date <= last]


def _span(asked: AverageRequest) -> str:
    bounds = (("from", asked.first), ("to", asked.last))
    return " ".join(f"{word} {on}" for word, on in bounds if on is not None) or "yet"


_kept: OrderedDict[tuple[str, ...], Totals] = OrderedDict()
_summing = ThreadPoolExecutor(1, "averages")
"""One thread: a set of days is summed once however many ask for it, and never two sets at a time."""


def _totals(ports: Ports, days: Sequence[DayInfo]) -> Totals:
    """The totals of these days, kept by their content: a day that changes has another hash."""
    key = tuple(day.content_hash for day in days)
    known = _kept.get(key)
    if known is None:
        seconds = 1 + max((day.close_at - day.open_at).seconds for day in days)
        opened = (ports.library.open(day.date, day.content_hash) for day in days)
        known = _kept[key] = totals(map(expected_move, opened), seconds)
        while len(_kept) > TOTALS_KEPT_MAX:
            _kept.popitem(last=False)
    _kept.move_to_end(key)
    return known
