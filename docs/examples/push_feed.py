"""Push a market into zerodte, with nothing but Python's standard library.

    zerodte up --market push:9000
    python docs/examples/push_feed.py 9000 --date 2026-11-23 --csv chain.csv  # time,right,strike,bid,ask,spx
    python docs/examples/push_feed.py 9000 --date 2026-11-23 --random 60      # a minute of a made-up chain

A CSV's rows are of ascending times, such as 2026-11-23T14:30:00Z; ``spx`` may be empty.
"""

import argparse
import csv
import json
import random
import socket
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

OPEN_TIME = "T09:30:00"
STRIKES = range(5900, 6105, 5)
TICKS_A_POINT = 20

Message = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--date", required=True, help="the session's date")
    parser.add_argument("--random", type=int, metavar="SECONDS", help="push a made-up chain instead")
    parser.add_argument("--rest", type=float, default=1.0, help="seconds between two rows (default 1)")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="push the rows of a file")
    given = parser.parse_args()
    if (given.csv is None) == (given.random is None):
        parser.error("name a CSV file, or --random SECONDS")
    session, told = chain_of(given.date, given.csv) if given.csv else random_chain(given.date, given.random)
    with socket.create_connection(("127.0.0.1", given.port)) as connection:
        push(connection.makefile("rw"), session, told, given.rest)


def push(lines: TextIO, session: Message, told: Iterable[list[Message]], rest_seconds: float) -> None:
    """Tell a session second by second, and wait for each answer: the row is written down then."""
    tell(lines, session)
    for second in told:
        for message in second:
            tell(lines, message)
        lines.flush()
        print(lines.readline().strip())
        time.sleep(rest_seconds)
    tell(lines, {"type": "close"})
    lines.flush()


def tell(lines: TextIO, message: Message) -> None:
    lines.write(json.dumps(message) + "\n")


def chain_of(date: str, path: Path) -> tuple[Message, Iterator[list[Message]]]:
    """The session of a CSV file, and what is told at each of its seconds."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    contracts = sorted({(row["right"], int(row["strike"])) for row in rows})
    return {"type": "session", "date": date, "contracts": contracts}, seconds_of(rows)


def seconds_of(rows: list[dict[str, str]]) -> Iterator[list[Message]]:
    for seq, (at, of_one_second) in enumerate(groupby(rows, key=lambda row: row["time"])):
        now = list(of_one_second)
        quotes = [[row["right"], int(row["strike"]), row["bid"], row["ask"]] for row in now]
        spx = now[-1].get("spx") or None
        yield [
            {"type": "quotes", "at": at, "seq": seq, "spx": spx, "quotes": quotes},
            {"type": "second", "at": at},
        ]


def random_chain(date: str, seconds: int) -> tuple[Message, Iterator[list[Message]]]:
    """A chain around an index that wanders, from the open on; it says of itself that it is made up."""
    session = {
        "type": "session",
        "date": date,
        "strikes": list(STRIKES),
        "label": "random",
        "synthetic": True,
    }
    return session, random_seconds(date, seconds)


def random_seconds(date: str, seconds: int) -> Iterator[list[Message]]:
    open_at = datetime.fromisoformat(date + OPEN_TIME).replace(tzinfo=ZoneInfo("America/New_York"))
    spx = 6000.0
    for second in range(seconds):
        spx += random.gauss(0, 0.3)
        at = (open_at + timedelta(seconds=second)).isoformat()
        quotes = [quote(right, strike, spx) for strike in STRIKES for right in ("C", "P")]
        yield [
            {"type": "quotes", "at": at, "seq": second, "spx": round(spx, 2), "vix": 15, "quotes": quotes},
            {"type": "second", "at": at},
        ]


def quote(right: str, strike: int, spx: float) -> list[Any]:
    inside = max(spx - strike if right == "C" else strike - spx, 0)
    value_ticks = int((inside + 10 * 2 ** (-abs(spx - strike) / 25)) * TICKS_A_POINT)
    return [right, strike, max(value_ticks - 2, 0) / TICKS_A_POINT, (value_ticks + 2) / TICKS_A_POINT]


if __name__ == "__main__":
    main()
