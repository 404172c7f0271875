"""Admitting one more order in the engine, at three sizes of session."""

from collections.abc import Iterator

from bench.figures import Figure, median_micros
from bench.trades import buy, traded
from engine.market import Day


def session_figures(day: Day) -> Iterator[Figure]:
    for orders in (25, 50, 100):
        session = traded(day, orders)
        taken = median_micros(lambda _, session=session: buy(session, day, len(session.orders)), 30)
        yield Figure(f"growth: admit an order beside {orders}", taken, "µs")
