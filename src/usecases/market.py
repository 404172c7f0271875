"""Reading the market: which days there are, the chain at a second, and the aggregate series."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from engine.aggregates import UNKNOWN, Column, Series, series_column
from engine.calendar import session_of
from engine.contracts import Contract
from engine.denials import Code, Denial
from engine.market import MISSING_TICKS, Day, DeltaMatrix, TickMatrix
from usecases.ports import Ports, Viewer
from usecases.today import SeenDay, opened, seen_day, seen_days

VISITOR_STEP_SECONDS = 30
COLUMNS_KEPT_MAX = 64
SNAPSHOTS_MAX = 30
INTERVAL_SECONDS_MAX = 23_400
SHOWN_LENGTH_MAX = 20


@dataclass(frozen=True, slots=True)
class MarketSession:
    """A day that can be looked at. ``data_start_at`` and ``data_end_at`` bound what the recording
    holds, and are None for a day of which nothing is recorded yet.

    ``restricted`` days are closed to the viewer who asked; ``current`` is the one in progress by
    the market's clock, ``upcoming`` the one that opens later on the same date.
    """

    date: date
    start_at: datetime
    end_at: datetime
    data_start_at: datetime | None
    data_end_at: datetime | None
    synthetic: bool
    restricted: bool
    current: bool
    upcoming: bool


@dataclass(frozen=True, slots=True, eq=False)
class ChainSnapshot:
    """Every listed contract at one second: ticks of 0.05, unsigned deltas in 0.0001.

    ``quoted`` is False where the contract has no usable quote at that second.
    """

    date: date
    at: datetime
    contracts: tuple[Contract, ...]
    bid_ticks: TickMatrix
    ask_ticks: TickMatrix
    delta_e4: DeltaMatrix
    quoted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class SnapshotRange:
    """The times from ``start`` to ``end``, both included, every ``interval_seconds``."""

    start: datetime
    end: datetime
    interval_seconds: int = 1

    @property
    def count(self) -> int:
        """How many times there are; meant for a range without a denial."""
        return (self.end - self.start) // timedelta(seconds=self.interval_seconds) + 1

    @property
    def denial(self) -> Denial | None:
        """Why nobody may ask for this range, whatever is recorded."""
        if not 1 <= self.interval_seconds <= INTERVAL_SECONDS_MAX:
            return _unfit("interval", f"must be a whole number of seconds from 1 to {INTERVAL_SECONDS_MAX}")
        if self.end < self.start:
            return _unfit("end", "must not be before start")
        if _utc_date(self.end) != _utc_date(self.start):
            return _unfit("end", f"must be on the date of start, {_utc_date(self.start)}")
        if self.count > SNAPSHOTS_MAX:
            least = int((self.end - self.start).total_seconds()) // SNAPSHOTS_MAX + 1
            return _unfit(
                "interval",
                f"of {self.interval_seconds} gives {self.count} snapshots and at most {SNAPSHOTS_MAX} are "
                f"answered: take {least} to {INTERVAL_SECONDS_MAX} seconds",
            )
        return None


@dataclass(frozen=True, slots=True, eq=False)
class SeriesFrame:
    """Columns of one day at the seconds ``range(first, last + 1, step)`` after ``open_at``.

    Values are integers in the units of ``engine.aggregates.PLACES``, ``UNKNOWN`` where unknown.
    """

    date: date
    content_hash: str
    open_at: datetime
    seconds: range
    columns: Mapping[Series, Column]


async def list_sessions(ports: Ports, viewer: Viewer | None) -> tuple[MarketSession, ...]:
    """The published days in ascending order, and today's session where the market has one."""
    days = await asyncio.to_thread(seen_days, ports)

    now = ports.market_now()
    open_to_all = _open_to_all(days, now)
    listed = [
        _market_session(day, now, restricted=viewer is None and day.date not in open_to_all) for day in days
    ]
    today = _today(now)
    if today is not None and all(day.date != today.date for day in days):
        listed.append(today)
    return tuple(sorted(listed, key=lambda session: session.date))


async def strikes(ports: Ports, _: Viewer, on: date) -> tuple[int, ...] | Denial:
    """The day's listed strikes, ascending, in index points."""
    info = await asyncio.to_thread(seen_day, ports, on)
    return _not_recorded(on) if info is None else info.strikes


async def chain_at(ports: Ports, viewer: Viewer, at: datetime) -> ChainSnapshot | Denial:
    """The whole chain as it was known at ``at``.

    Denied when the date is not recorded or the time lies outside its session.
    """
    chains = await chains_over(ports, viewer, SnapshotRange(at, at))
    return chains if isinstance(chains, Denial) else chains[0]


async def chains_over(ports: Ports, _: Viewer, wanted: SnapshotRange) -> tuple[ChainSnapshot, ...] | Denial:
    """The whole chain at each time of a range, as it was known then.

    Denied when the range has too many times or is not within one recorded session.
    """
    if wanted.denial is not None:
        return wanted.denial
    on = _utc_date(wanted.start)
    info = await asyncio.to_thread(seen_day, ports, on)

    if info is None:
        return _not_recorded(on)
    if wanted.start < info.open_at or wanted.end > info.close_at:
        return Denial(
            Code.OUTSIDE_SESSION,
            f"the session of {on} runs from {_utc(info.open_at)} to {_utc(info.close_at)} UTC",
        )
    return await asyncio.to_thread(_snapshots, ports, info, wanted)


async def series(ports: Ports, viewer: Viewer | None, on: date, names: Sequence[str]) -> SeriesFrame | Denial:
    """The named series over the recorded seconds of a day.

    A visitor sees the session in progress at one second and the last completed one at thirty.
    """
    days = await asyncio.to_thread(seen_days, ports)
    info = next((day for day in days if day.date == on), None)

    unknown = [name for name in names if name not in set(Series)]
    if unknown:
        known = ", ".join(Series)
        wrong = f"unknown {unknown[0][:SHOWN_LENGTH_MAX]!r}" if unknown[0] else "a name is missing"
        return Denial(Code.UNKNOWN_SERIES, f"series: {wrong}, choose from {known}", ("series",))
    now = ports.market_now()
    if viewer is None and on not in _open_to_all(days, now):
        return Denial(Code.UNAUTHENTICATED, f"the session of {on} needs a session token")
    if info is None:
        return _not_recorded(on)
    step = 1 if viewer is not None or _is_current(info, now) else VISITOR_STEP_SECONDS
    return await asyncio.to_thread(_frame, ports, info, [Series(name) for name in names], step)


def chain_of(day: Day, second: int) -> ChainSnapshot:
    """The whole chain of a day at one second."""
    return _chains(day, range(second, second + 1))[0]


def series_of(day: Day, second: int) -> SeriesFrame:
    """Every series of a day at one second that is known."""
    return _series(day, tuple(Series), range(second, second + 1))


def _open_to_all(days: Sequence[SeenDay], now: datetime | None) -> set[date]:
    """The dates a visitor may see: the session in progress and the last completed one."""
    if now is None:
        return set()
    completed = [day.date for day in days if day.close_at <= now]
    current = [day.date for day in days if _is_current(day, now)]
    return {*completed[-1:], *current}


def _is_current(day: SeenDay, now: datetime | None) -> bool:
    return now is not None and day.open_at <= now < day.close_at


def _market_session(day: SeenDay, now: datetime | None, *, restricted: bool) -> MarketSession:
    return MarketSession(
        date=day.date,
        start_at=day.open_at,
        end_at=day.close_at,
        data_start_at=day.data_start_at,
        data_end_at=day.data_end_at,
        synthetic=day.synthetic,
        restricted=restricted,
        current=_is_current(day, now),
        upcoming=False,
    )


def _today(now: datetime | None) -> MarketSession | None:
    """Today's session before its close, as the calendar has it."""
    bounds = None if now is None else session_of(now.astimezone(UTC).date())
    if bounds is None or now is None or now >= bounds.close_at:
        return None
    return MarketSession(
        date=bounds.date,
        start_at=bounds.open_at,
        end_at=bounds.close_at,
        data_start_at=None,
        data_end_at=None,
        synthetic=False,
        restricted=False,
        current=bounds.open_at <= now,
        upcoming=now < bounds.open_at,
    )


def _snapshots(ports: Ports, info: SeenDay, wanted: SnapshotRange) -> tuple[ChainSnapshot, ...]:
    day = opened(ports, info)
    first, step = day.second_of(wanted.start), wanted.interval_seconds
    return _chains(day, range(first, first + wanted.count * step, step))


def _chains(day: Day, seconds: range) -> tuple[ChainSnapshot, ...]:
    rows = slice(seconds.start, seconds[-1] + 1, seconds.step)
    bids, asks = day.bid_ticks[:, rows].T.copy(), day.ask_ticks[:, rows].T.copy()
    deltas = day.delta_e4[rows].copy()
    return tuple(
        ChainSnapshot(
            date=day.date,
            at=day.time_of(second),
            contracts=day.contracts,
            bid_ticks=bids[row],
            ask_ticks=asks[row],
            delta_e4=deltas[row],
            quoted=tuple((_is_known(day, second) & (asks[row] != MISSING_TICKS)).tolist()),
        )
        for row, second in enumerate(seconds)
    )


def _is_known(day: Day, second: int) -> bool:
    return day.known_from <= second <= day.known_until


def _frame(ports: Ports, info: SeenDay, wanted: Sequence[Series], step: int) -> SeriesFrame:
    day = opened(ports, info)
    first = -(-day.known_from // step) * step
    return _series(day, wanted, range(first, day.known_until + 1, step))


def _series(day: Day, wanted: Sequence[Series], seconds: range) -> SeriesFrame:
    rows = slice(seconds.start, seconds.stop, seconds.step)
    columns = {name: _column(day, name)[rows] for name in wanted}
    return SeriesFrame(day.date, day.content_hash, day.open_at, seconds, columns)


@dataclass(slots=True, eq=False)
class _Kept:
    """A column with the values of all seconds before ``until``."""

    column: Column
    until: int


_kept: OrderedDict[tuple[str, Series], _Kept] = OrderedDict()


def _column(day: Day, name: Series) -> Column:
    """The day's column, kept by content hash: the same bytes give the same values for ever. Of a day that
    grows, only the seconds that are new are computed; who computes them at once writes the same."""
    kept = _kept.setdefault((day.content_hash, name), _Kept(np.full(day.close_second + 1, UNKNOWN), 0))
    start, until = kept.until, day.known_until + 1
    if start < until:
        kept.column[start:until] = series_column(_stretch(day, start, until), name)
        kept.until = until
    while len(_kept) > COLUMNS_KEPT_MAX:
        _kept.popitem(last=False)
    column = kept.column.view()
    column.flags.writeable = False
    return column


def _stretch(day: Day, start: int, stop: int) -> Day:
    """The seconds ``range(start, stop)`` of a day as a day."""
    rows = slice(start, stop)
    return replace(
        day,
        open_at=day.time_of(start),
        close_second=stop - start - 1,
        bid_ticks=day.bid_ticks[:, rows],
        ask_ticks=day.ask_ticks[:, rows],
        delta_e4=day.delta_e4[rows],
        spx_e4=day.spx_e4[rows],
        vix_e4=day.vix_e4[rows],
        known_from=0,
        known_until=stop - start - 1,
    )


def _not_recorded(on: date) -> Denial:
    return Denial(Code.SESSION_NOT_RECORDED, f"no session is recorded for {on}", ("date",))


def _unfit(field: str, reason: str) -> Denial:
    message = f"{field} {reason}"
    return Denial(Code.INVALID_INPUT, message, (field,), {field: message})


def _utc_date(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _utc(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
