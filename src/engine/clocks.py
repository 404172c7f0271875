"""Times of day and weekdays as traders write them; times are seconds since midnight in New York."""

import re

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAYS_OF_WEEK = (*WEEKDAYS, "sat", "sun")

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?", re.ASCII)


def read_clock(text: object) -> int | None:
    """The second of a text like ``10:00`` or ``10:00:30``; None where it is no such text."""
    match = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    hours, minutes, seconds = match.groups(default="0")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def clock_text(second: int) -> str:
    """``10:00``, with seconds only where there are any: ``10:00:30``."""
    minutes, seconds = divmod(second, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text
