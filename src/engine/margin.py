"""Margin of a book of options: rulings 3.2, decided in docs/decisions/0010-margin.md."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX
from engine.money import MULTIPLIER, Cents, IndexE4
from engine.uncovering import Side, cheapest_uncovering

Book: TypeAlias = Mapping[Contract, int]

POINT_CENTS = 100 * MULTIPLIER
POINT_E4 = 10_000


def margin_cents(book: Book, spx_e4: IndexE4) -> Cents:
    """Margin of signed contracts at an index level in 0.0001 points, in cents.

    The largest of the call side, the put side, and the worst loss at expiry of the longs and the
    covered shorts of both together. With a missing index a short needs 20 % of its strike.
    """
    calls, bare_calls = _uncovered(book, Right.CALL, spx_e4)
    puts, bare_puts = _uncovered(book, Right.PUT, spx_e4)
    if not calls or not puts:
        return max(calls, puts)
    return max(calls, puts, worst_loss_cents(_plus(book, bare_calls, bare_puts)))


def margin_series_cents(book: Book, spx_e4: NDArray[np.int32]) -> NDArray[np.int64]:
    """Margin of one book at each of many index levels: int64, the shape of ``spx_e4``."""
    levels, places = np.unique(spx_e4, return_inverse=True)
    margins = np.array([margin_cents(book, int(level)) for level in levels], np.int64)
    return margins[places].reshape(spx_e4.shape)


def short_need_cents(contract: Contract, spx_e4: IndexE4) -> Cents:
    """The requirement of one uncovered short: max(20 % of K, in-the-money amount + 10 % of K)."""
    strike = contract.strike_points
    sign = 1 if contract.is_call else -1
    inside_e4 = (
        0 if spx_e4 == MISSING_INDEX else max(0, sign * (spx_e4 - strike * POINT_E4))
    )
    inside_cents = inside_e4 * POINT_CENTS // POINT_E4
    return max(strike * POINT_CENTS // 5, inside_cents + strike * POINT_CENTS // 10)


def worst_loss_cents(book: Book) -> Cents:
    """The worst loss at expiry over every settlement level, at least 0, premium excluded.

    Call shorts must not outnumber call longs, else the loss has no bound.
    """
    kinks: dict[int, int] = {}
    slope = loss_points = 0
    for contract, held in book.items():
        kinks[contract.strike_points] = kinks.get(contract.strike_points, 0) - held
        if not contract.is_call:
            slope += held
            loss_points -= held * contract.strike_points
    worst, at = max(0, loss_points), 0
    for strike in sorted(kinks):
        loss_points += slope * (strike - at)
        worst, at = max(worst, loss_points), strike
        slope += kinks[strike]
    assert slope <= 0, "uncovered calls lose without bound"
    return worst * POINT_CENTS


def _uncovered(
    book: Book, right: Right, spx_e4: IndexE4
) -> tuple[Cents, dict[Contract, int]]:
    """A side's requirement and the contracts of it that count as uncovered."""
    contracts = sorted(
        (c for c, held in book.items() if held and c.right is right),
        reverse=right is Right.PUT,
    )
    if not any(book[c] < 0 for c in contracts):
        return 0, {}
    strikes = [c.strike_points for c in contracts]
    gaps = (
        abs(here - before) * POINT_CENTS
        for here, before in zip(strikes, strikes[:1] + strikes, strict=False)
    )
    side = Side(
        tuple(gaps),
        tuple(book[c] for c in contracts),
        tuple(short_need_cents(c, spx_e4) for c in contracts),
    )
    cents, bare = cheapest_uncovering(side)
    return cents, {c: count for c, count in zip(contracts, bare, strict=True) if count}


def _plus(book: Book, *others: Book) -> dict[Contract, int]:
    total = dict(book)
    for other in others:
        for contract, count in other.items():
            total[contract] = total.get(contract, 0) + count
    return total
