"""The two clocks of the house (docs/architecture.md lists who reads which)."""

from collections.abc import Callable
from datetime import UTC, datetime

from marketdata.library import Library
from marketdata.live import LiveMarket


def wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def market_clock(live: LiveMarket, library: Library) -> Callable[[], datetime | None]:
    """The market's clock: the feed's, or where nothing is on air that of ``last_recorded_close``."""
    standing = last_recorded_close(library)

    def market_now() -> datetime | None:
        on_air = live.on_air()
        return standing() if on_air is None else on_air.at

    return market_now


def last_recorded_close(library: Library) -> Callable[[], datetime | None]:
    """The market's clock where no market is kept open: it stands at the last close that is recorded."""

    def market_now() -> datetime | None:
        days = library.days()
        return days[-1].close_at if days else None

    return market_now
