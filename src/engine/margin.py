"""Margin of a book of options: rulings 3.2, reasons in docs/decisions/0050-margin.md."""

from collections.abc import Mapping
from typing import TypeAlias

from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX
from engine.money import MULTIPLIER, Cents, IndexE4
from engine.sides import Side, least_needs_cents
from engine.uncovering import cheapest_cents, cheapest_uncovering

Book: TypeAlias = Mapping[Contract, int]

POINT_CENTS = 100 * MULTIPLIER
POINT_E4 = 10_000


def margin_cents(book: Book, spx_e4: IndexE4) -> Cents:
    """Margin of signed contracts at an index level in 0.0001 points, in cents.

    The largest of the call side, the put side, and the worst loss at expiry of the longs and the
    covered shorts of both together. With a missing index a short needs 20 % of its strike.
    """
    if all(held >= 0 for held in book.values()):
        return 0
    sides = [_side(book, right, spx_e4) for right in Right]
    required = [cheapest_cents(side) for _, side in sides]
    covered = sum(cents - least_needs_cents(side) for cents, (_, side) in zip(required, sides, strict=True))
    if min(covered, worst_loss_cents(book)) <= max(required):
        return max(required)
    return max(*required, worst_loss_cents(_covered(book, sides)))


def short_need_cents(contract: Contract, spx_e4: IndexE4) -> Cents:
    """The requirement of one uncovered short: max(20 % of K, in-the-money amount + 10 % of K)."""
    strike_e4 = contract.strike_points * POINT_E4
    inside_e4 = spx_e4 - strike_e4 if contract.is_call else strike_e4 - spx_e4
    if spx_e4 == MISSING_INDEX or inside_e4 < 0:
        inside_e4 = 0
    return max(2 * strike_e4, 10 * inside_e4 + strike_e4) * POINT_CENTS // (10 * POINT_E4)


def worst_loss_cents(book: Book) -> Cents:
    """The worst loss at expiry with settlement at any strike, at least 0, premium excluded.

    Where the shorts of neither right outnumber its longs, no other level is worse.
    """
    kinks: dict[int, int] = {}
    slope = loss_points = 0
    for contract, held in book.items():
        kinks[contract.strike_points] = kinks.get(contract.strike_points, 0) - held
        if not contract.is_call:
            slope += held
            loss_points -= held * contract.strike_points
    worst = at = 0
    for strike in sorted(kinks):
        loss_points += slope * (strike - at)
        worst, at = max(worst, loss_points), strike
        slope += kinks[strike]
    return worst * POINT_CENTS


def _side(book: Book, right: Right, spx_e4: IndexE4) -> tuple[list[Contract], Side]:
    """The contracts of one right in walking order, and the side that they make."""
    contracts = sorted(
        (c for c, held in book.items() if held and c.right is right),
        key=lambda c: c.strike_points,
        reverse=right is Right.PUT,
    )
    strikes = [contract.strike_points for contract in contracts]
    gaps = [
        abs(here - before) * POINT_CENTS for before, here in zip(strikes[:1] + strikes, strikes, strict=False)
    ]
    needs = [short_need_cents(contract, spx_e4) for contract in contracts]
    return contracts, Side(tuple(gaps), tuple(book[contract] for contract in contracts), tuple(needs))


def _covered(book: Book, sides: list[tuple[list[Contract], Side]]) -> dict[Contract, int]:
    """The book without the shorts that count as uncovered."""
    covered = dict(book)
    for contracts, side in sides:
        for contract, bare in zip(contracts, cheapest_uncovering(side), strict=True):
            covered[contract] += bare
    return covered
