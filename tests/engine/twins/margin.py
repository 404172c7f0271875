"""Margin and reserves as the rulings word them: every choice and every settlement level is tried."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, product

from engine.contracts import Contract, Right
from engine.reserves import PendingOrder

Book = Mapping[Contract, int]

UNKNOWN_INDEX = Decimal(-1)


def slow_margin(book: Book, index: Decimal) -> Decimal:
    """The margin in dollars; the first of equally cheap choices counts, nearest strike first."""
    chosen = [slow_choice(book, right, index) for right in Right]
    covered = dict(book)
    for _, uncovered in chosen:
        for contract, count in uncovered.items():
            covered[contract] += count
    return max(*(dollars for dollars, _ in chosen), worst_loss(covered))


def slow_choice(book: Book, right: Right, index: Decimal) -> tuple[Decimal, dict[Contract, int]]:
    """A side's requirement, and the uncovered shorts that make it smallest."""
    side = {c: book[c] for c in sorted(book) if c.right is right}
    walk = list(side) if right is Right.CALL else list(reversed(side))
    longs = sum(held for held in side.values() if held > 0)
    best: tuple[Decimal, dict[Contract, int]] | None = None
    for counts in product(*(range(max(0, -side[c]) + 1) for c in walk)):
        uncovered = dict(zip(walk, counts, strict=True))
        covered = {c: held + uncovered[c] for c, held in side.items()}
        if sum(-held for held in covered.values() if held < 0) <= longs:
            needs = sum((count * need(c, index) for c, count in uncovered.items()), Decimal(0))
            dollars = worst_loss(covered) + needs
            if best is None or dollars < best[0]:
                best = dollars, uncovered
    assert best is not None
    return best


def need(short: Contract, index: Decimal) -> Decimal:
    """What an uncovered short needs, in dollars."""
    strike = Decimal(short.strike_points)
    inside = index - strike if short.right is Right.CALL else strike - index
    inside = Decimal(0) if index == UNKNOWN_INDEX else max(Decimal(0), inside)
    return 100 * max(strike * Decimal("0.20"), inside + strike * Decimal("0.10"))


def worst_loss(book: Book) -> Decimal:
    """The worst loss at expiry over settlement at nothing, at any strike, and far beyond them all."""
    strikes = {c.strike_points for c in book}
    levels = {0, *strikes, max(strikes, default=0) + 1_000_000}
    return max(Decimal(0), *(-payoff(book, level) for level in levels))


def payoff(book: Book, level: int) -> Decimal:
    points = 0
    for contract, held in book.items():
        above = level - contract.strike_points
        points += held * max(0, above if contract.right is Right.CALL else -above)
    return Decimal(100 * points)


def slow_reserve(filled: Book, pending: Sequence[PendingOrder], index: Decimal) -> Decimal:
    """The worst over every set of orders that might fill, and over which of their closing legs count."""
    before = slow_margin(filled, index)
    return max(
        slow_margin(_sum([filled, *(o.opening for o in filling), *(o.closing for o in closing)]), index)
        - before
        + Decimal(sum(o.cost_cents for o in filling)) / 100
        for filling in _subsets(pending)
        for closing in _subsets(filling)
    )


def _subsets(orders: Sequence[PendingOrder]) -> Iterator[tuple[PendingOrder, ...]]:
    for size in range(len(orders) + 1):
        yield from combinations(orders, size)


def _sum(books: Sequence[Book]) -> dict[Contract, int]:
    total: dict[Contract, int] = {}
    for book in books:
        for contract, held in book.items():
            total[contract] = total.get(contract, 0) + held
    return total
