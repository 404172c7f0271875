"""Admitting one more order in the engine, at three sizes of session."""

from collections.abc import Iterator

from bench.figures import Figure, median_micros
from bench.trades import buy, traded
from engine.market import Day


def session_figures(day: Day) -> Iterator[Figure]:
    for orders in (25, 50, 100):
        yield Figure(f"growth: admit an order beside {orders}", admitted_micros(day, orders), "µs")


def admitted_micros(day: Day, orders: int) -> float:
    session = traded(day, orders)
    return median_micros(lambda _: buy(session, day, orders), 30)
