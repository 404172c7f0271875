"""The history of a day in the engine, and its rows as the documented JSON."""

import time
from collections.abc import Iterator

import numpy as np
import orjson

from bench.figures import Figure, median_micros
from bench.trades import FIRST_SECOND, OPENING_CENTS, condor, day_rows
from engine.history import History, HistorySegment, history
from engine.market import Day
from engine.money import money_text
from rest_compat.rows import FIELDS, history_rows

LAPS = 300


def history_figures(day: Day) -> Iterator[Figure]:
    segments = condor_all_day(day)
    derived = median_micros(lambda _: charted(history(day, OPENING_CENTS, segments)), LAPS)
    yield Figure("history, 4 legs, NLV and unrealized of 23,401 s", derived, "µs", most=30)
    yield from encoding_figures(history(day, OPENING_CENTS, segments))


def condor_all_day(day: Day) -> list[HistorySegment]:
    """Flat, then a condor sold for 100 dollars, then settled worthless."""
    marks = day_rows(day, condor(5_950))
    return [
        HistorySegment(0, 0, 0, 0, 0, 0, 0, 0, ()),
        HistorySegment(FIRST_SECOND, 100_00, 0, 688, 0, 5_000_00, 0, -100_00, marks),
        HistorySegment(day.close_second, 100_00, 0, 688, 100_00, 0, 0, 0, ()),
    ]


def charted(derived: History) -> tuple[np.ndarray, np.ndarray]:
    """The two columns a chart draws; columns are computed when they are asked for."""
    return derived.net_liquidation_cents, derived.unrealized_cents


def encoding_figures(derived: History) -> Iterator[Figure]:
    native = median_micros(lambda _: sum(map(len, history_rows(derived, 1))), 20)
    size = sum(map(len, history_rows(derived, 1)))
    yield Figure("history rows, 23,401 × 27 fields", native / 1_000, "ms", most=40, note=f"{size:,} bytes")
    yield Figure(
        "longest step of it", longest_step_millis(derived), "ms", most=5, note="runs without the GIL"
    )
    yield Figure("orjson over it, same run", general_micros(derived) / native, "×")


def longest_step_millis(derived: History) -> float:
    steps, longest = history_rows(derived, 1), 0.0
    while True:
        start = time.perf_counter()
        if next(steps, None) is None:
            return longest * 1_000
        longest = max(longest, time.perf_counter() - start)


def general_micros(derived: History) -> float:
    """A general encoder over rows that hold text already; making the rows is not counted."""
    values = [np.broadcast_to(getattr(derived, name) if name else 0, 23_401) for name in FIELDS.values()]
    texts = [[money_text(int(value)) for value in column] for column in values]
    rows = [dict(zip(FIELDS, row, strict=True)) for row in zip(*texts, strict=True)]
    return median_micros(lambda _: orjson.dumps(rows), 5)
