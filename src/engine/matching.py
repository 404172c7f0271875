"""Live orders against the market second by second: which fill now, and whether they still may.

An order fills where the scan of a recorded day would have found its fill: ``PendingBook`` asks the
scan's own question, of every pending order at once.
"""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.admission import Standing, only_reduces, short_of, without_order
from engine.denials import Denial
from engine.fills import fill_at, scan_bound
from engine.kernels import NARROW_WEIGHTS_MAX, QUOTE_SUMS, orders_reached
from engine.ledger import charged
from engine.market import Day
from engine.orders import LEGS_MAX, End, Fill, Order, OrderStatus
from engine.reserves import most_required_cents
from engine.sessions import Session, fold_fills, is_working, requirement_cents

Key: TypeAlias = int

ROOM_AT_FIRST = 64
BELOW_ALL, ABOVE_ALL = int(np.iinfo(np.int32).min), int(np.iinfo(np.int32).max)


@dataclass(slots=True)
class PendingBook:
    """The pending orders of one live day, laid out for a pass over all of them at each second. The
    caller's keys name them."""

    _keys: list[Key] = field(default_factory=list)
    _priorities: list[tuple[int, int]] = field(default_factory=list)
    _place_of: dict[Key, int] = field(default_factory=dict)
    _rows: NDArray[np.uint16] = field(default_factory=lambda: np.zeros((ROOM_AT_FIRST, LEGS_MAX), np.uint16))
    _weights: NDArray[np.int16] = field(default_factory=lambda: np.zeros((ROOM_AT_FIRST, LEGS_MAX), np.int16))
    _bounds: NDArray[np.int32] = field(default_factory=lambda: np.zeros(ROOM_AT_FIRST, np.int32))
    _places: NDArray[np.int32] = field(default_factory=lambda: np.zeros(ROOM_AT_FIRST, np.int32))
    _sums: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(QUOTE_SUMS, np.uint32))

    def __len__(self) -> int:
        return len(self._keys)

    def add(self, key: Key, order: Order, day: Day) -> None:
        """Let an order wait; ``day`` has the contracts of every day that is asked about later."""
        assert key not in self._place_of, "a key names one order"
        place = len(self._keys)
        if place == len(self._bounds):
            self._grow()
        self._keys.append(key)
        self._priorities.append(order.priority)
        self._place_of[key] = place
        self._write(place, order, day)

    def remove(self, key: Key) -> None:
        """Let an order wait no longer; the last one takes its place."""
        place, last = self._place_of.pop(key), len(self._keys) - 1
        if place != last:
            for column in (self._rows, self._weights, self._bounds):
                column[place] = column[last]
            self._keys[place], self._priorities[place] = self._keys[last], self._priorities[last]
            self._place_of[self._keys[place]] = place
        del self._keys[last], self._priorities[last]

    def hits(self, day: Day, second: int) -> list[Key]:
        """The orders that fill at ``second``, by priority. Nothing fills at or after the close."""
        return [key for _, key in self.hits_between(day, second, second + 1)]

    def hits_between(self, day: Day, from_second: int, until_second: int) -> list[tuple[int, Key]]:
        """The first second in [from, until) at which each order fills, by second and priority."""
        first = max(from_second, day.known_from)
        until = min(until_second, day.known_until + 1, day.close_second)
        bound_of: dict[int, int] = {}
        hits: list[tuple[int, Key]] = []
        for second in range(first, until):
            for place in sorted(self._reached(day, second), key=self._turn):
                hits.append((second, self._keys[place]))
                bound_of[place] = int(self._bounds[place])
                self._bounds[place] = BELOW_ALL  # so that no later second finds it again
        for place, bound in bound_of.items():
            self._bounds[place] = bound
        return hits

    def _turn(self, place: int) -> tuple[tuple[int, int], Key]:
        return self._priorities[place], self._keys[place]

    def _reached(self, day: Day, second: int) -> list[int]:
        count = len(self._keys)
        waiting = (self._rows[:count], self._weights[:count], self._bounds[:count])
        found = orders_reached(day.bid_ticks, day.ask_ticks, second, waiting, self._sums, self._places)
        return [int(place) for place in self._places[:found]]

    def _write(self, place: int, order: Order, day: Day) -> None:
        """The row behind the last contract is that of a leg which there is not. An order whose contract
        the day does not have waits in vain, below every net."""
        legs, absent = order.ticket.legs, len(day.contracts)
        weights, bound = scan_bound(order.ticket, order.slippage_cents)
        assert sum(map(abs, weights)) <= NARROW_WEIGHTS_MAX, "a net fits in 32 bits"
        is_listed = all(leg.contract in day.row_of for leg in legs)
        self._rows[place], self._weights[place] = absent, 0
        self._rows[place, : len(legs)] = [day.row_of.get(leg.contract, absent) for leg in legs]
        self._weights[place, : len(legs)] = weights
        self._bounds[place] = min(max(bound, BELOW_ALL), ABOVE_ALL) if is_listed else BELOW_ALL

    def _grow(self) -> None:
        self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._weights = np.concatenate([self._weights, np.zeros_like(self._weights)])
        self._bounds = np.concatenate([self._bounds, np.zeros_like(self._bounds)])
        self._places = np.zeros(len(self._bounds), np.int32)


def fill_of(order: Order, day: Day, second: int) -> Fill:
    """The prices of an order that fills at ``second``."""
    return fill_at(day, order.ticket, order.slippage_cents, second)


def judged(session: Session, day: Day, order: Order, second: int) -> Order:
    """A pending order of the session as it leaves the market that reached it at ``second``: rejected, or
    filled, with what it is charged then and for ever (rulings 3.6)."""
    fill = charged(fill_of(order, day, second), order.ticket, session.fees)
    filled = replace(order, fill=fill)
    denial = _recheck(session, day, filled, second)
    return filled if denial is None else replace(order, end=End(second, OrderStatus.REJECTED, denial.message))


def _recheck(session: Session, day: Day, filled: Order, second: int) -> Denial | None:
    """Why a pending order of the session may not fill as ``filled`` at ``second``, if so: it would leave less
    than no buying power beside the other orders' reserve. One that only closes and does not raise
    margin always may (rulings 3.3)."""
    orders = tuple(filled if order.id == filled.id else order for order in session.orders)
    books, _ = fold_fills(orders, session.fees, second)
    book, funds_cents = books.book(), session.opening_cents + books.flow_cents
    most_cents = most_required_cents(book, (o for o in orders if is_working(o, second)), session.fees)
    if most_cents is not None and most_cents <= funds_cents:
        return None  # without the exact reserve, which may take a millisecond
    margin, reserve = requirement_cents(replace(session, orders=orders), day, second, book)
    available = funds_cents - margin - reserve
    if available >= 0:
        return None
    others = without_order(session, filled.id)
    books, _ = fold_fills(others.orders, session.fees, second)
    met = Standing(others, books.book(), books)
    return None if only_reduces(met, day, filled, second) else short_of(available)
