"""The scan of the rest of the day for a four-leg order that never fills."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from bench.figures import Figure, median_micros
from bench.trades import FIRST_SECOND, condor, day_rows
from engine.fills import first_fill
from engine.kernels import first_at_or_below
from engine.market import Day

NEVER_HALF_TICKS = -(10**6)
LAPS = 500

Legs = Sequence[tuple[int, int]]


def scan_figures(day: Day) -> Iterator[Figure]:
    tickets = [condor(strike) for strike in range(5_400, 6_500, 5)]
    books = [day_rows(day, ticket) for ticket in tickets]
    rest = range(FIRST_SECOND, day.close_second + 1)

    same = scan_micros(day, [books[0]], rest)
    other = scan_micros(day, random.Random(1).sample(books, len(books)), rest)
    plain = median_micros(lambda _: numpy_scan(day, books[0], rest), LAPS)
    order = median_micros(lambda _: first_fill(day, tickets[0], 0, FIRST_SECOND, day.close_second), LAPS)

    yield Figure("scan, 4 legs, 21,301 s", same, "µs", most=12)
    yield Figure("the same with other columns each time", other, "µs", note="not in the processor's cache")
    yield Figure("the same from a ticket to its answer", order, "µs")
    yield Figure("numpy over the scan, same run", plain / same, "×")
    for share in (4, 2, 1):
        part = rest[: len(rest) // share]
        yield Figure(f"growth: {len(part):,} s", scan_micros(day, [books[0]], part), "µs")


def scan_micros(day: Day, books: Sequence[Legs], seconds: range) -> float:
    """The median scan, each lap of the next of ``books``."""
    return median_micros(lambda lap: scan(day, books[lap % len(books)], seconds), LAPS)


def scan(day: Day, legs: Legs, seconds: range) -> int:
    return first_at_or_below(day.bid_ticks, day.ask_ticks, legs, NEVER_HALF_TICKS, seconds)


def numpy_scan(day: Day, legs: Legs, seconds: range) -> int:
    rows = slice(seconds.start, seconds.stop)
    net = np.zeros(len(seconds), np.int32)
    for row, ratio in legs:
        net += ratio * (day.bid_ticks[row, rows].astype(np.int32) + day.ask_ticks[row, rows])
    return int((net <= NEVER_HALF_TICKS).argmax())
