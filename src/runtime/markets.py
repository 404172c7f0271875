"""Which market is kept open, as an operator writes it."""

import re
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum

MARKETS = (
    "demo, none, stdin, push:PORT, replay:YYYY-MM-DD, or replay:YYYY-MM-DDTHH:MM:SS with a time of New York"
)

_REPLAY = re.compile(r"replay:(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d))?", re.ASCII)
_PUSH = re.compile(r"push:(\d{1,5})", re.ASCII)
PORT_MAX = 65_535


class MarketKind(StrEnum):
    """Where a market's rows come from."""

    NONE = "none"
    DEMO = "demo"
    REPLAY = "replay"
    PUSH = "push"
    STDIN = "stdin"


@dataclass(frozen=True, slots=True)
class Market:
    """``on`` and ``start``, a New York time, are a replay's; ``port`` is where others push."""

    kind: MarketKind
    on: date | None = None
    start: time | None = None
    port: int | None = None


def read_market(text: str) -> Market:
    """The market of a text. Raises ValueError for what is none of ``MARKETS``."""
    try:
        return _read(text)
    except ValueError as error:
        raise ValueError(f"must be {MARKETS}") from error


def _read(text: str) -> Market:
    if replay := _REPLAY.fullmatch(text):
        on, start = replay.groups()
        return Market(MarketKind.REPLAY, date.fromisoformat(on), time.fromisoformat(start) if start else None)
    if (push := _PUSH.fullmatch(text)) and int(push[1]) <= PORT_MAX:
        return Market(MarketKind.PUSH, port=int(push[1]))
    if text in (MarketKind.REPLAY, MarketKind.PUSH):
        raise ValueError("lacks its date or port")
    return Market(MarketKind(text))
