"""Which shorts of one side count as uncovered: the exact cheapest choice (docs/decisions, margin).

A side is walked in the order in which a growing move reaches its strikes: calls upwards, puts
downwards. The loss of what is covered then changes its slope at each strike only, and because
covered shorts never outnumber longs it ends flat or falling, so its worst is at a strike.
"""

from dataclasses import dataclass

from engine.money import Cents


@dataclass(frozen=True, slots=True)
class Side:
    """The calls or the puts of a book, netted, in walking order; every tuple has one entry a strike.

    ``gaps_cents`` is what a slope of one contract loses on the way from the strike before (0 for
    the first); ``held`` is signed contracts; ``need_cents`` is the requirement of one uncovered short.
    """

    gaps_cents: tuple[Cents, ...]
    held: tuple[int, ...]
    need_cents: tuple[Cents, ...]

    @property
    def excess(self) -> int:
        """How many more shorts than longs there are: at least as many stay uncovered."""
        return max(0, -sum(self.held))


@dataclass(frozen=True, slots=True)
class Label:
    """A choice up to some strike: its money so far, and the covered loss, its slope and its worst."""

    cost_cents: Cents
    uncovered: tuple[int, ...]
    slope: int
    loss_cents: Cents
    worst_cents: Cents


def covered_worst_cents(side: Side, uncovered: tuple[int, ...]) -> Cents:
    """The worst loss at expiry of the longs and of the shorts that stay covered, at least 0."""
    slope = loss = worst = 0
    for gap, held, bare in zip(side.gaps_cents, side.held, uncovered, strict=True):
        loss += slope * gap
        worst = max(worst, loss)
        slope -= held + bare
    return worst


def cheapest_uncovering(side: Side) -> tuple[Cents, tuple[int, ...]]:
    """The side's requirement, and the uncovered contracts at each strike that make it smallest.

    Of choices that cost the same it is the first in lexicographic order along the walk.
    """
    nothing = (0,) * len(side.held)
    worst = covered_worst_cents(side, nothing)
    if not side.excess and worst <= min(side.need_cents, default=0):
        return worst, nothing
    labels = [Label(0, (), 0, 0, 0)]
    for gap, held, need in zip(
        side.gaps_cents, side.held, side.need_cents, strict=True
    ):
        labels = _undominated(
            [grown for label in labels for grown in _grow(label, gap, held, need)]
        )
    finished = [label for label in labels if label.slope <= 0]
    best = min(
        finished,
        key=lambda label: (label.cost_cents + label.worst_cents, label.uncovered),
    )
    return best.cost_cents + best.worst_cents, best.uncovered


def _grow(label: Label, gap: Cents, held: int, need: Cents) -> list[Label]:
    loss = label.loss_cents + label.slope * gap
    worst = max(label.worst_cents, loss)
    return [
        Label(
            label.cost_cents + bare * need,
            (*label.uncovered, bare),
            label.slope - held - bare,
            loss,
            worst,
        )
        for bare in range(max(0, -held) + 1)
    ]


def _undominated(labels: list[Label]) -> list[Label]:
    """Labels that may still lead to the first of the cheapest choices; ``labels`` are in that order."""
    kept: list[Label] = []
    for label in sorted(labels, key=lambda label: (label.cost_cents, label.uncovered)):
        if not any(_dominates(other, label) for other in kept):
            kept.append(label)
    return kept


def _dominates(a: Label, b: Label) -> bool:
    return (
        a.slope <= b.slope
        and a.loss_cents <= b.loss_cents
        and a.worst_cents <= b.worst_cents
        and (a.cost_cents < b.cost_cents or a.uncovered < b.uncovered)
    )
