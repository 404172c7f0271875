"""What working orders reserve: rulings 3.3, decided in docs/decisions/0050-margin.md."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from engine.combinations import margins_cents
from engine.contracts import Contract, Right
from engine.fees import FeeSchedule, leg_fee_cents
from engine.margin import Book, margin_cents, worst_loss_cents
from engine.money import MULTIPLIER, Cents, IndexE4, PriceCents
from engine.orders import Effect, Order

OPENING_EXACT_MAX = 8
CLOSING_EXACT_MAX = 4
SUBSETS_KEPT = 64  # of 12 steps they take 430 KB, of the 8 of opening orders alone 18


@dataclass(frozen=True, slots=True)
class PendingOrder:
    """A working order as the reserve sees it: its legs as signed contracts, and the cash that its
    fill takes, a debit and fees positive, a credit negative."""

    opening: Book
    closing: Book
    cost_cents: Cents


@dataclass(frozen=True, slots=True)
class Step:
    """One way in which working orders may change the book, with its cash."""

    legs: Mapping[Contract, int]
    cost_cents: Cents
    after: int | None = None


def reserve_cents(filled: Book, working: Sequence[Order], fees: FeeSchedule, spx_e4: IndexE4) -> Cents:
    """What ``working`` orders, by priority, reserve beside the margin of ``filled``."""
    by_priority = sorted(working, key=lambda order: order.priority)
    return worst_fill_cents(filled, [pending_order(order, fees) for order in by_priority], spx_e4)


def most_required_cents(filled: Book, working: Iterable[Order], fees: FeeSchedule) -> Cents | None:
    """No less than the margin of ``filled`` and the reserve of ``working`` together, at whatever index; None
    where a short of an order has no cover in it, or what the sales leave does not cover the rest.

    A book that covers its own shorts can leave none uncovered, so its calls and its puts require no more
    than their worst losses. Such losses only add up, and a sale makes them greater at every level.
    """
    left, cents, sales = dict(filled), 0, 0
    for order in working:
        pending = pending_order(order, fees)
        opening_cents = _covered_loss_cents(pending.opening)
        if opening_cents is None:
            return None
        cents += max(0, opening_cents + pending.cost_cents)
        if not pending.closing or _covered_loss_cents(pending.closing) == 0:
            continue
        sales += 1
        if pending.opening or sales > CLOSING_EXACT_MAX:
            return None
        for contract, held in pending.closing.items():
            left[contract] = left.get(contract, 0) + min(0, held)
    left_cents = _covered_loss_cents(left)
    return None if left_cents is None else cents + left_cents


def _covered_loss_cents(book: Book) -> Cents | None:
    """The worst loss of the calls and that of the puts, None where the shorts of one outnumber its longs."""
    if min(book.values(), default=0) >= 0:
        return 0
    cents = 0
    for right in (Right.CALL, Right.PUT):
        side = {contract: held for contract, held in book.items() if contract.right is right}
        if sum(side.values()) < 0:
            return None
        cents += worst_loss_cents(side)
    return cents


def pending_order(order: Order, fees: FeeSchedule) -> PendingOrder:
    cents = working_price_cents(order) * MULTIPLIER * order.ticket.units
    opening: dict[Contract, int] = {}
    closing: dict[Contract, int] = {}
    for leg in order.ticket.legs:
        book = opening if leg.action.opens else closing
        book[leg.contract] = book.get(leg.contract, 0) + leg.action.sign * leg.quantity
        cents += leg_fee_cents(fees, leg)
    return PendingOrder(opening, closing, cents)


def working_price_cents(order: Order) -> PriceCents:
    """The signed price, a debit positive, at which a resting order may fill at worst: its limit, or
    its trigger made worse by slippage (a credit is never less than 0)."""
    ticket = order.ticket
    assert ticket.effect is not None, "a market order never rests"
    sign = 1 if ticket.effect is Effect.DEBIT else -1
    if ticket.price_cents is not None:
        return sign * ticket.price_cents
    assert ticket.trigger_cents is not None
    worse = sign * ticket.trigger_cents + order.slippage_cents
    return worse if ticket.effect is Effect.DEBIT else min(0, worse)


def worst_fill_cents(filled: Book, pending: Sequence[PendingOrder], spx_e4: IndexE4) -> Cents:
    """The most that any set of ``pending`` orders, by priority, may take by filling; at least 0."""
    steps, further_cents = _steps(pending, spx_e4)
    if not steps:
        return further_cents
    chosen = _subsets(tuple(step.after for step in steps))
    margins = margins_cents([filled, *(step.legs for step in steps)], chosen, spx_e4)
    costs = chosen[:, 1:] @ np.array([step.cost_cents for step in steps], np.int64)
    return int((margins - margins[0] + costs).max()) + further_cents


@lru_cache(maxsize=SUBSETS_KEPT)
def _subsets(after: tuple[int | None, ...]) -> NDArray[np.int64]:
    """Every set of steps that may happen as a row of 0 and 1, the empty one first; a column of 1
    in front stands for what is filled already. ``after`` tells of each step which one it follows."""
    chosen = np.array([(1, *taken) for taken in product((0, 1), repeat=len(after))], np.int64)
    possible = np.ones(len(chosen), np.bool_)
    for place, earlier in enumerate(after, 1):
        if earlier is not None:
            possible &= chosen[:, place] <= chosen[:, earlier + 1]
    subsets = chosen[possible]
    subsets.flags.writeable = False
    return subsets


def _steps(pending: Sequence[PendingOrder], spx_e4: IndexE4) -> tuple[list[Step], Cents]:
    """The steps to combine exactly, and what is added to them.

    Closing legs that need no margin as a book of their own never raise that of another: they make no
    step. An order of closing legs only may fill without its legs counting, so it adds what it costs.
    """
    steps: list[Step] = []
    further_cents = openings = closings = 0
    for order in pending:
        closing_cents = margin_cents(order.closing, spx_e4)
        if order.opening and openings == OPENING_EXACT_MAX:
            alone_cents = margin_cents(order.opening, spx_e4) + closing_cents
            further_cents += max(0, alone_cents + order.cost_cents)
            continue
        cost_cents, after = order.cost_cents, None
        if order.opening:
            openings, after = openings + 1, len(steps)
            steps.append(Step(order.opening, cost_cents))
            cost_cents = 0
        further_cents += max(0, cost_cents)
        cost_cents = min(0, cost_cents)
        if closing_cents and closings < CLOSING_EXACT_MAX:
            closings += 1
            steps.append(Step(order.closing, cost_cents, after))
        elif closing_cents:
            further_cents += max(0, closing_cents + cost_cents)
    return steps, further_cents
