"""From the market of the settings to a feed; what cannot be told is refused with what to do."""

import socket
import sys
from collections.abc import Container
from datetime import UTC, date, datetime, time, timedelta

import structlog

from engine.calendar import new_york_to_utc, session_of, sessions_between
from engine.session_table import LAST_SESSION
from marketdata.demo import Demo
from marketdata.generating import first_run_dates
from marketdata.library import Library
from marketdata.pushing import Answer, Pushed, from_file, over_socket
from marketdata.recordings import Feed
from marketdata.refusals import DayUnavailable
from marketdata.replaying import Replay
from runtime.markets import Market, MarketKind, read_market
from runtime.settings import Settings
from zerodte.failures import CannotRun

PAUSE_SECONDS = 20.0
NOON = time(12)

log = structlog.get_logger()


def check_replay(settings: Settings, days_to_come: int = 0) -> None:
    """Raises CannotRun where the market is a replay that cannot be told.

    The first ``days_to_come`` synthetic days need not be there yet.
    """
    market = read_market(settings.market)
    assert market.on is not None
    known = _known(_library(settings), market.on, first_run_dates(days_to_come))
    if known is None:
        raise CannotRun(
            f"--market: no session is recorded for {market.on}: import that day, make it by "
            f"`zerodte generate --from {market.on} --days 1`, or choose one that `zerodte days` lists"
        )
    first, last = (_in_new_york(market.on, at) for at in known)
    if market.start is not None and not first <= market.start <= last:
        raise CannotRun(
            f"--market: {market.on} is recorded from {first} to {last} New York time, "
            f"which {market.start} is not within"
        )


def feed_of(settings: Settings, listener: socket.socket | None, today: date) -> Feed:
    """The feed of the settings' market; a pushed one listens at ``listener``. Raises CannotRun."""
    market = read_market(settings.market)
    if market.kind is MarketKind.REPLAY:
        check_replay(settings)
        return _replay(_library(settings), market)
    if market.kind is MarketKind.DEMO:
        return Demo(_first_free_date(_library(settings), today), PAUSE_SECONDS / max(settings.speed, 1.0))
    if market.kind is MarketKind.STDIN:
        return Pushed(from_file(sys.stdin.fileno(), _complain))
    if listener is None:
        raise CannotRun("--market: none has no feed; choose demo, replay:, push: or stdin")
    return Pushed(over_socket(listener))


def _library(settings: Settings) -> Library:
    return Library(settings.data_dir / "days")


def _known(library: Library, on: date, to_come: Container[date]) -> tuple[datetime, datetime] | None:
    """When a day's rows begin and end; None where it neither is nor will be there."""
    try:
        info = library.current(on)
    except DayUnavailable as error:
        raise CannotRun(f"--market: {error}") from error
    if info is not None:
        return info.data_start_at, info.data_end_at
    bounds = session_of(on) if on in to_come else None
    return (bounds.open_at, bounds.close_at) if bounds else None


def _replay(library: Library, market: Market) -> Replay:
    assert market.on is not None
    try:
        day = library.open(market.on)
    except DayUnavailable as error:
        raise CannotRun(f"--market: {error}") from error
    started_at = day.open_at if market.start is None else new_york_to_utc(market.on, market.start)
    return Replay(day, day.second_of(started_at))


def _first_free_date(library: Library, today: date) -> date:
    """The first session from today on without a published day; after the table where there is none."""
    sessions = (bounds.date for bounds in sessions_between(today, LAST_SESSION))
    return next((on for on in sessions if not _is_published(library, on)), LAST_SESSION + timedelta(days=1))


def _is_published(library: Library, on: date) -> bool:
    try:
        return library.current(on) is not None
    except DayUnavailable:
        return True


def _in_new_york(on: date, at: datetime) -> time:
    return (at - (new_york_to_utc(on, NOON) - datetime.combine(on, NOON, UTC))).time()


def _complain(told: Answer) -> None:
    log.warning("line_refused", **told)
