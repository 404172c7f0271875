"""The two clocks of the house (docs/architecture.md lists who reads which)."""

from collections.abc import Callable
from datetime import UTC, datetime

from marketdata.library import Library


def wall() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def last_recorded_close(library: Library) -> Callable[[], datetime | None]:
    """The market's clock where no feed runs it: it stands at the last close that is recorded."""

    def market_now() -> datetime | None:
        days = library.days()
        return days[-1].close_at if days else None

    return market_now
