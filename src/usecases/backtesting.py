"""Running a strategy's program over the recorded days of a library. No server takes part in it.

Sessions are independent: days may be run in any chunks, by any number of processes, to the same result.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import count

from engine.backtesting import Backtest as Sessions
from engine.backtesting import run as run_sessions
from engine.backtests import Tapes
from engine.calendar import new_york_to_utc, session_before
from engine.market import MISSING_INDEX, Day, IndexSeries
from engine.moments import open_clock
from engine.money import Cents, IndexE4
from engine.outcomes import ENGINE_VERSION, FAILED, DayFacts, DayRun
from engine.programs import read_program, source_hash
from engine.strategies import Strategy
from marketdata.library import DayInfo, Library, comparable
from marketdata.mappings import MappedDay
from marketdata.refusals import DayUnavailable

CHUNK_DAYS = 25
PART_DAYS = 10
READERS = 16
"""Threads that compute while another opens days: one would do for days in memory, for others the disk
serves many at once."""
MIDNIGHT = time(0)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class RecordedDay:
    """A day to be run, and the settlement of the trading day before, by which its gap is measured: None where
    that day is not recorded."""

    info: DayInfo
    previous_settlement_cents: Cents | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A day with its mapped files, or why it has none."""

    at: RecordedDay
    mapped: MappedDay | None
    error: str = ""

    @property
    def day(self) -> Day | None:
        return None if self.mapped is None else self.mapped.day


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a result follows from: run again from these it is the same to the byte."""

    source_hash: str
    engine_version: int
    day_hashes: tuple[tuple[date, str], ...]


@dataclass(frozen=True, slots=True)
class Backtest:
    """A program on its days, by ascending date, free of costs. All days are ``synthetic`` or none is.

    ``unreadable`` has the dates that were left out because not even their kind could be read, and why.
    """

    program: str
    days: tuple[DayRun, ...]
    synthetic: bool
    unreadable: tuple[tuple[date, str], ...] = ()

    @property
    def certificate(self) -> Certificate:
        hashes = tuple((day.facts.date, day.facts.content_hash) for day in self.days)
        return Certificate(source_hash(self.program), ENGINE_VERSION, hashes)


def run_library(
    library: Library, program: str, first: date | None, last: date | None, tell: Progress
) -> Backtest:
    """The program on the library's days from ``first`` to ``last``: the recorded ones where there are any,
    else the synthetic ones (rulings 7.9). ``tell`` is told how many of how many days are done."""
    days = days_to_run(library, first, last)
    runs: list[DayRun] = []
    tell(0, len(days))
    for done in _parts_run(library, read_program(program), days):
        runs += done
        tell(len(runs), len(days))
    unreadable = tuple((on, why) for on, why in library.unreadable() if _within(on, first, last))
    return Backtest(program, tuple(runs), any(day.info.synthetic for day in days), unreadable)


def _parts_run(library: Library, strategy: Strategy, days: Sequence[RecordedDay]) -> Iterator[list[DayRun]]:
    """The days' runs, part after part: this thread opens the days of one while others compute."""
    begun: deque[tuple[list[Opened], Future[Sessions]]] = deque()
    with ThreadPoolExecutor(READERS) as readers:
        for start in range(0, len(days), PART_DAYS):
            opened = _opened(library, days[start : start + PART_DAYS], str)
            begun.append((opened, readers.submit(_run_opened, strategy, opened, _tapes(opened))))
            if len(begun) > READERS:
                yield _runs(*_first(begun))
        while begun:
            yield _runs(*_first(begun))


def _first(begun: deque[tuple[list[Opened], Future[Sessions]]]) -> tuple[list[Opened], Sessions]:
    opened, sessions = begun.popleft()
    return opened, sessions.result()


def days_to_run(library: Library, first: date | None, last: date | None) -> tuple[RecordedDay, ...]:
    """The days of one kind from ``first`` to ``last``, both included, ascending."""
    infos = library.days()
    asked = comparable([info for info in infos if _within(info.date, first, last)])
    if not asked:
        return ()
    settled = {info.date: info.settlement_cents for info in infos if info.synthetic == asked[0].synthetic}
    return tuple(RecordedDay(info, _settlement_before(info.date, settled)) for info in asked)


def _within(on: date, first: date | None, last: date | None) -> bool:
    return (first or date.min) <= on <= (last or date.max)


def _settlement_before(on: date, settled: Mapping[date, Cents]) -> Cents | None:
    """Across a hole in the library a change is not one overnight: it is no gap."""
    before = session_before(on)
    return None if before is None else settled.get(before)


def run_days(
    library: Library,
    program: str,
    days: Sequence[RecordedDay],
    explain: Callable[[DayUnavailable], str] = str,
) -> list[DayRun]:
    """The program on each of these days. One that cannot be read has failed, and the others have not."""
    opened = _opened(library, days, explain)
    return _runs(opened, _run_opened(read_program(program), opened, _tapes(opened)))


def _opened(
    library: Library, days: Sequence[RecordedDay], explain: Callable[[DayUnavailable], str]
) -> list[Opened]:
    opened = []
    for day in days:
        try:
            opened.append(Opened(day, library.open_mapped(day.info.date, day.info.content_hash)))
        except DayUnavailable as unavailable:
            opened.append(Opened(day, None, explain(unavailable)))
    return opened


def _run_opened(strategy: Strategy, opened: Sequence[Opened], tapes: Tapes) -> Sessions:
    _read_ahead(strategy, opened)
    return run_sessions(tapes, [strategy])


def _read_ahead(strategy: Strategy, opened: Sequence[Opened]) -> None:
    """Asks for the quotes of what days on disk enter first; else each of their pages is waited for.

    Which contracts those are is learnt by running the days no further than that entry.
    """
    cold = [
        (each.mapped, each.at.previous_settlement_cents)
        for each in opened
        if each.mapped is not None and each.mapped.was_cold
    ]
    if not cold:
        return
    begun = [replace(mapped.day, known_until=_first_entry(strategy, mapped.day)) for mapped, _ in cold]
    sessions = run_sessions(Tapes(begun, [before for _, before in cold]), [strategy])
    for place, (mapped, _) in enumerate(cold):
        mapped.read_ahead(leg.contract for trade in sessions.result(place).trades for leg in trade.legs)


def _first_entry(strategy: Strategy, day: Day) -> int:
    """The second of the first entry, or the nearest one that is known."""
    second = min(strategy.entry.times, default=0) - open_clock(day)
    return min(max(second, day.known_from), day.known_until)


def _tapes(opened: Sequence[Opened]) -> Tapes:
    readable = [(each.day, each.at.previous_settlement_cents) for each in opened if each.day is not None]
    return Tapes([day for day, _ in readable], [before for _, before in readable])


def _runs(opened: Sequence[Opened], sessions: Sessions) -> list[DayRun]:
    places = count()
    return [
        DayRun(_facts(each.at, None), FAILED, each.error)
        if each.day is None
        else DayRun(_facts(each.at, each.day), sessions.result(next(places)))
        for each in opened
    ]


def _facts(at: RecordedDay, day: Day | None) -> DayFacts:
    info = at.info
    return DayFacts(
        date=info.date,
        content_hash=info.content_hash,
        synthetic=info.synthetic,
        open_clock=(info.open_at - new_york_to_utc(info.date, MIDNIGHT)) // timedelta(seconds=1),
        close_second=(info.close_at - info.open_at) // timedelta(seconds=1),
        settlement_cents=info.settlement_cents,
        previous_settlement_cents=at.previous_settlement_cents,
        open_spx_e4=None if day is None else _first_known(day, day.spx_e4),
        open_vix_e4=None if day is None else _first_known(day, day.vix_e4),
        known_from=(info.data_start_at - info.open_at) // timedelta(seconds=1),
        known_until=(info.data_end_at - info.open_at) // timedelta(seconds=1),
    )


def _first_known(day: Day, series: IndexSeries) -> IndexE4 | None:
    known = (int(series[second]) for second in range(day.known_from, day.known_until + 1))
    return next((value for value in known if value != MISSING_INDEX), None)
