"""Admitting one more order, and deriving the day's history, in the engine: at three sizes of session."""

from collections.abc import Iterator

from bench.figures import Figure, median_micros
from bench.trades import buy, traded
from engine.market import Day
from engine.timeline import session_history

RESTING = 8


def session_figures(day: Day) -> Iterator[Figure]:
    for orders in (25, 50, 100):
        yield from sized_figures(day, orders, resting=0)
    yield from sized_figures(day, 50, RESTING)


def sized_figures(day: Day, orders: int, resting: int) -> Iterator[Figure]:
    session = traded(day, orders, resting)
    size = f"{orders} orders, {resting} resting"
    admitted = median_micros(lambda _: buy(session, day, orders), 20)
    derived = median_micros(lambda _: session_history(session, day), 5)
    yield Figure(f"growth: admit an order beside {size}", admitted / 1_000, "ms")
    yield Figure(f"growth: a history of {size}", derived / 1_000, "ms")
