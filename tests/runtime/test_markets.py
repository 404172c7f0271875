import re
from datetime import date, time

import pytest

from runtime.markets import MARKETS, Market, MarketKind, read_market


@pytest.mark.parametrize(
    ("text", "market"),
    [
        ("none", Market(MarketKind.NONE)),
        ("demo", Market(MarketKind.DEMO)),
        ("stdin", Market(MarketKind.STDIN)),
        ("push:0", Market(MarketKind.PUSH, port=0)),
        ("push:65535", Market(MarketKind.PUSH, port=65_535)),
        ("replay:2018-01-05", Market(MarketKind.REPLAY, date(2018, 1, 5))),
        ("replay:2018-01-05T15:59:30", Market(MarketKind.REPLAY, date(2018, 1, 5), time(15, 59, 30))),
    ],
)
def test_a_market_is_read(text: str, market: Market) -> None:
    assert read_market(text) == market


@pytest.mark.parametrize(
    "text",
    [
        "Demo",
        "replay",
        "replay:",
        "replay:2018-13-05",
        "replay:2018-01-05T25:00:00",
        "replay:2018-01-05 15:59:30",
        "replay:2018-01-05T15:59:30Z",
        "push",
        "push:",
        "push:65536",
        "push:-1",
        "push:127.0.0.1:9000",
    ],
)
def test_what_is_no_market_is_refused_with_what_is_one(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"must be {MARKETS}")):
        read_market(text)
