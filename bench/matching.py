"""One second of the live market against all pending orders."""

import random
from collections.abc import Iterator
from functools import partial
from uuid import UUID

from bench.figures import Figure, median_micros
from bench.trades import FIRST_SECOND
from engine.market import Day
from engine.matching import PendingBook
from engine.orders import LEGS_MAX, Action, Effect, Leg, Order, OrderType, Ticket

LAPS = 500
NEVER_CENTS = 4_000_00
MOST_MICROS = {1_000: None, 10_000: 50, 100_000: 400}


def matching_figures(day: Day) -> Iterator[Figure]:
    for count, most in MOST_MICROS.items():
        book = waiting(day, count)
        matched = median_micros(partial(_second, book, day), LAPS)
        yield Figure(f"matching, {count:,} pending of 1 to 4 legs", matched, "µs", most=most)
    joined = median_micros(partial(_come_and_go, book, day), LAPS)
    yield Figure("one more order joins 100,000 and leaves", joined, "µs")


def waiting(day: Day, count: int) -> PendingBook:
    """Orders on contracts from all over the chain, which sell for more than anybody pays."""
    chance, book = random.Random(1), PendingBook()
    for number in range(count):
        book.add(number, _order(day, number, chance), day)
    return book


def _order(day: Day, number: int, chance: random.Random) -> Order:
    contracts = chance.sample(day.contracts, 1 + number % LEGS_MAX)
    legs = [Leg(contract, 1, chance.choice(list(Action))) for contract in contracts[1:]]
    sold = Leg(contracts[0], 1, Action.SELL_TO_OPEN)
    ticket = Ticket(OrderType.LIMIT, (sold, *legs), Effect.CREDIT, price_cents=NEVER_CENTS)
    return Order(UUID(int=number), number, 0, ticket, 0, None)


def _second(book: PendingBook, day: Day, lap: int) -> None:
    book.hits(day, FIRST_SECOND + lap)


def _come_and_go(book: PendingBook, day: Day, lap: int) -> None:
    key = -1 - abs(lap)
    book.add(key, _order(day, 0, random.Random(lap)), day)
    book.remove(key)
