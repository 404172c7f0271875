"""Whether the live market can be traded now: by the feed's clock, its freshness, and who matches orders."""

from datetime import date

import structlog

from engine.denials import Code, Denial, try_again
from marketdata.live import OnAir
from marketdata.refusals import DayUnavailable
from store import recordings
from store.database import Tx
from store.recordings import StoredRecording
from usecases.ports import Ports

RETRY_SECONDS = 1
SECONDS_BEHIND_MAX = 5  # quotes are stale after as many (rulings 2.8)

NO_LIVE_DATA = Denial(Code.NO_MARKET_DATA, "no_market_data: no live market data is coming in")

log = structlog.get_logger()


def on_air(ports: Ports) -> OnAir | None:
    """The recording on air; None where there is none, or it cannot be read."""
    try:
        return ports.live.on_air()
    except DayUnavailable as reason:
        log.warning("live_market_unavailable", reason=str(reason))
        return None


def opening_denial(air: OnAir | None) -> Denial | None:
    """Why no live session may be started now: the market has to be open, and its data to be flowing."""
    if air is None:
        return _closed("no market is on air; after a start it takes some seconds to come")
    if is_over(air):
        return _over(air.recording.opening.date)
    if air.day is None:
        return _closed(f"its session opens at {air.recording.opening.open_at:%FT%TZ}")
    return None if air.is_fresh else NO_LIVE_DATA


async def entered(tx: Tx, air: OnAir) -> StoredRecording | Denial:
    """The row of the recording on air, once an order of a session on it would be taken."""
    market = await recordings.find(tx, air.recording.id)
    if market is None or market.matched_second < 0:
        return _unavailable("orders are not matched yet")
    return trading_denial(air, market) or market


def trading_denial(air: OnAir | None, market: StoredRecording) -> Denial | None:
    """Why no order of a session on this recording may be taken now (rulings 8.1).

    Look at what is on air while the lock of the market is held, which keeps it at the second that it is
    matched through, or else before its row is read: a fast market goes on between the two looks.
    """
    if market.is_closed or market.matched_second >= market.close_second:
        return _over(market.date)
    if air is None or air.recording.id != market.uuid:
        return _unavailable("its market is not on air")
    if is_over(air):
        return _over(market.date)
    if not air.is_fresh:
        return _unavailable("no market data is coming in")
    if not market.is_held or air.second - market.matched_second > SECONDS_BEHIND_MAX:
        return _unavailable("orders are not being matched")
    return None


def is_over(air: OnAir) -> bool:
    """True at and after the close."""
    return air.is_closed or air.second >= air.recording.opening.close_second


def _over(on: date) -> Denial:
    return _closed(f"the session of {on} is over")


def _closed(why: str) -> Denial:
    return Denial(Code.MARKET_CLOSED, f"market_closed: the market is closed: {why}")


def _unavailable(why: str) -> Denial:
    return try_again(Code.LIVE_UNAVAILABLE, f"live trading is briefly unavailable: {why}", RETRY_SECONDS)
