"""The two clocks of the house (docs/architecture.md lists who reads which)."""

from collections.abc import Callable
from datetime import UTC, datetime

from marketdata.library import Library
from marketdata.live import LiveMarket


def wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def market_clock(live: LiveMarket, library: Library) -> Callable[[], datetime | None]:
    """The market's clock: the feed's, or where nothing is on air it stands at the last recorded close."""

    def market_now() -> datetime | None:
        on_air = live.on_air()
        if on_air is not None:
            return on_air.at
        days = library.days()
        return days[-1].close_at if days else None

    return market_now
