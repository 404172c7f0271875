"""One side of a book, calls or puts, as the choice of its uncovered shorts sees it."""

from dataclasses import dataclass
from typing import TypeAlias

from engine.money import Cents

Uncovered: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """The calls or the puts of a book in walking order; every tuple has one entry a strike.

    A side is walked in the order in which a growing move reaches its strikes: calls upwards, puts
    downwards. ``gaps_cents`` is what a slope of one contract loses on the way from the strike before
    (0 for the first); ``held`` is signed contracts, long and short netted; ``need_cents`` is the
    requirement of one uncovered short.
    """

    gaps_cents: tuple[Cents, ...]
    held: tuple[int, ...]
    need_cents: tuple[Cents, ...]

    @property
    def shorts(self) -> tuple[int, ...]:
        """How many may stay uncovered at each strike."""
        return tuple(max(0, -held) for held in self.held)

    @property
    def excess(self) -> int:
        """How many must stay uncovered in all: covered shorts never outnumber longs."""
        return max(0, -sum(self.held))


@dataclass(frozen=True, slots=True, order=True)
class Choice:
    """Contracts that count as uncovered at each strike, and what the side then requires."""

    cents: Cents
    uncovered: Uncovered


def covered_worst_cents(side: Side, uncovered: Uncovered) -> Cents:
    """The worst loss at expiry of the longs and the shorts left covered; at least 0.

    It changes its slope at strikes only and ends flat or falling, so its worst is at a strike.
    """
    slope = loss = worst = 0
    for gap, held, bare in zip(side.gaps_cents, side.held, uncovered, strict=True):
        loss += slope * gap
        worst = max(worst, loss)
        slope -= held + bare
    return worst


def choice_cents(side: Side, uncovered: Uncovered) -> Cents:
    """What a choice requires: the covered worst loss and the needs of the uncovered shorts."""
    needs = sum(bare * need for bare, need in zip(uncovered, side.need_cents, strict=True))
    return covered_worst_cents(side, uncovered) + needs


def least_needs_cents(side: Side) -> Cents:
    """What the shorts that must stay uncovered need at least."""
    left, cents = side.excess, 0
    for need, short in sorted(zip(side.need_cents, side.shorts, strict=True)):
        cents += need * min(short, left)
        left -= min(short, left)
    return cents
