"""Which shorts of one side count as uncovered: the exact cheapest choice.

A side is walked in the order in which a growing move reaches its strikes: calls upwards, puts
downwards. The loss of what is covered changes its slope at strikes only, and because covered shorts
never outnumber longs it ends flat or falling, so its worst is at a strike.

The search carries labels along the walk: slope, loss, cost and worst loss so far of one choice.
Labels alike in the first three need only the one with the least worst, so a side of n contracts has
polynomially many. Bounds of the linear relaxation prune nearly all of them; where too many are left,
the box of choices is split in two and the labels allowed are doubled twice, which keeps the whole
polynomial (docs/decisions/0010-margin.md).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, product

import numpy as np
from numpy.typing import NDArray

from engine.money import Cents
from engine.relaxation import (
    COST,
    LOSS,
    SLACK_CENTS,
    SLOPE,
    WORST,
    Box,
    Corridor,
    Counts,
    Labels,
    Relaxation,
    Terrain,
    corridor,
    relax,
)

TRIED_ONE_BY_ONE_MAX = 24
LABELS_FIRST = 128
LABELS_GROWTH = 4


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
    def longs(self) -> int:
        return sum(held for held in self.held if held > 0)

    @property
    def excess(self) -> int:
        """The least number of shorts that stay uncovered."""
        return max(0, -sum(self.held))


def covered_worst_cents(side: Side, uncovered: tuple[int, ...]) -> Cents:
    """The worst loss at expiry, over the strikes, of the longs and the shorts left covered; at least 0."""
    slope = loss = worst = 0
    for gap, held, bare in zip(side.gaps_cents, side.held, uncovered, strict=True):
        loss += slope * gap
        worst = max(worst, loss)
        slope -= held + bare
    return worst


def choice_cents(side: Side, uncovered: tuple[int, ...]) -> Cents:
    """What a choice requires: the covered worst loss and the needs of the uncovered shorts."""
    needs = sum(bare * need for bare, need in zip(uncovered, side.need_cents, strict=True))
    return covered_worst_cents(side, uncovered) + needs


def cheapest_cents(side: Side) -> Cents:
    """The least that a choice of uncovered shorts requires of the side."""
    easy = _easy_choice(side)
    return choice_cents(side, easy) if easy is not None else search_cents(side)


def cheapest_uncovering(side: Side) -> tuple[int, ...]:
    """The uncovered contracts at each strike that require least: the first such, along the walk."""
    easy = _easy_choice(side)
    return easy if easy is not None else search_uncovering(side)


def _easy_choice(side: Side) -> tuple[int, ...] | None:
    """The first of the cheapest choices where it is at hand, else None."""
    if not side.longs:
        return tuple(-held for held in side.held)
    nothing = (0,) * len(side.held)
    worst = covered_worst_cents(side, nothing)
    narrow = is_narrow(side)
    if not side.excess and (narrow or worst <= min(side.need_cents)):
        return nothing
    shorts = [max(0, -held) for held in side.held]
    spread = [short + 1 for short in shorts if short]
    if math.prod(spread) > TRIED_ONE_BY_ONE_MAX * (max(spread) if narrow else 1):
        return None
    choices = choices_of(shorts, side.excess) if narrow else product(*(range(short + 1) for short in shorts))
    possible = (choice for choice in choices if sum(choice) >= side.excess)
    return min(possible, key=lambda choice: choice_cents(side, choice))


def is_narrow(side: Side) -> bool:
    """True when no short reaches further, at the last strike, than it requires.

    Then covering one contract more never costs: no more stay uncovered than must.
    """
    places = list(accumulate(side.gaps_cents))
    return all(
        held >= 0 or places[-1] - place <= need
        for place, held, need in zip(places, side.held, side.need_cents, strict=True)
    )


def choices_of(most: Sequence[int], total: int) -> Iterator[tuple[int, ...]]:
    """Every way to take ``total`` with at most ``most`` at each place, in lexicographic order."""
    if not most:
        yield ()
        return
    rest = most[1:]
    for first in range(max(0, total - sum(rest)), min(most[0], total) + 1):
        yield from ((first, *further) for further in choices_of(rest, total - first))


def search_cents(side: Side) -> Cents:
    """``cheapest_cents`` of any side with longs, by bounds, labels and splits."""
    terrain = Terrain.of(side.gaps_cents, side.held, side.need_cents)
    best = sum(max(0, -held) * need for held, need in zip(side.held, side.need_cents, strict=True))
    boxes = [(Box(np.zeros(len(side.held), np.int64), _shorts(side)), LABELS_FIRST)]
    while boxes:
        box, labels_max = boxes.pop()
        relaxation = relax(terrain, box)
        if relaxation is None:
            continue
        best, complete = _narrow(side, relaxation, best, labels_max)
        if not complete:
            strike = relaxation.split_strike()
            below = min(int(relaxation.solution[strike]), int(box.high[strike]) - 1)
            boxes += [(half, labels_max * LABELS_GROWTH) for half in box.split(strike, below)]
    return best


def _narrow(side: Side, relaxation: Relaxation, best: Cents, labels_max: int) -> tuple[Cents, bool]:
    """The best cost known after looking into a box, and whether the box holds nothing better."""
    rounded = tuple(np.ceil(relaxation.solution - 1e-6).astype(int).tolist())
    best = min(best, choice_cents(side, rounded))
    while True:
        if best - 1 + SLACK_CENTS < relaxation.least_cents:
            return best, True
        most = _next_below(side, best, relaxation)
        if most + SLACK_CENTS < relaxation.least_cents:
            return best, True
        labels, _, complete = walk(side, corridor(relaxation, most), labels_max)
        found = int(np.min(labels[:, COST] + labels[:, WORST], initial=best))
        if complete or found >= best:
            return min(best, found), complete
        best = found


def _next_below(side: Side, cents: Cents, relaxation: Relaxation) -> Cents:
    """A bound of the costs below ``cents`` that choices can have.

    Choices of as many contracts differ by multiples of what strikes and requirements differ by, and
    the price of a contract limits how many may be uncovered.
    """
    first = side.need_cents[0]
    step = math.gcd(*side.gaps_cents, *(need - first for need in side.need_cents))
    cycle = step // math.gcd(step, first)
    extra = max(0.0, cents - relaxation.least_cents) / max(relaxation.count_price, SLACK_CENTS)
    counts = range(side.excess, side.excess + min(int(extra), cycle) + 1)
    return max(cents - 1 - (cents - 1 - count * first) % step for count in counts)


def search_uncovering(side: Side) -> tuple[int, ...]:
    """``cheapest_uncovering`` of any side with longs: every label that may end at the least cost."""
    cents = search_cents(side)
    terrain = Terrain.of(side.gaps_cents, side.held, side.need_cents)
    relaxation = relax(terrain, Box(np.zeros(len(side.held), np.int64), _shorts(side)))
    assert relaxation is not None
    labels, steps, _ = walk(side, corridor(relaxation, cents), None)
    row = int(np.argmin(labels[:, COST] + labels[:, WORST]))
    uncovered = []
    for parents, counts in reversed(steps):
        uncovered.append(int(counts[row]))
        row = int(parents[row])
    return tuple(reversed(uncovered))


def _shorts(side: Side) -> Counts:
    return np.array([max(0, -held) for held in side.held], np.int64)


Step = tuple[NDArray[np.intp], Counts]


def walk(side: Side, inside: Corridor, labels_max: int | None) -> tuple[Labels, list[Step], bool]:
    """The labels at the end of a corridor in lexicographic order of their choices, for each strike
    their parents and counts, and whether every label was followed: at most ``labels_max`` are."""
    labels: Labels = np.zeros((1, 4), np.int64)
    steps: list[Step] = []
    complete = True
    for at, (gap, held) in enumerate(zip(side.gaps_cents, side.held, strict=True)):
        labels[:, LOSS] += labels[:, SLOPE] * gap
        np.maximum(labels[:, WORST], labels[:, LOSS], out=labels[:, WORST])
        labels[:, SLOPE] -= held
        counts, whole = _counts(inside, at, labels_max)
        parents = np.repeat(np.arange(len(labels)), len(counts))
        counts = np.tile(counts, len(labels))
        labels = labels[parents]
        labels[:, SLOPE] -= counts
        labels[:, COST] += counts * side.need_cents[at]
        kept = np.flatnonzero(inside.possible(at, labels))
        if held < 0:
            kept = kept[_distinct(labels[kept])]
        if labels_max and len(kept) > labels_max:
            whole = False
            ranked = np.argpartition(inside.expected_cents(at, labels[kept]), labels_max)
            kept = kept[np.sort(ranked[:labels_max])]
        complete &= whole
        labels = labels[kept]
        steps.append((parents[kept], counts[kept]))
    return labels, steps, complete


def _counts(inside: Corridor, at: int, labels_max: int | None) -> tuple[Counts, bool]:
    """The counts of uncovered contracts to try at a strike, and whether those are all in the corridor."""
    low, high = int(inside.box.low[at]), int(inside.box.high[at])
    if labels_max is None:
        return np.arange(low, high + 1), True
    near, reach = inside.relaxation.solution[at], max(2, labels_max // 64)
    first, last = max(low, math.floor(near) - reach), min(high, math.ceil(near) + reach)
    return np.arange(first, last + 1), (first, last) == (low, high)


def _distinct(labels: Labels) -> NDArray[np.intp]:
    """Rows, in order, but those that an earlier row with the same state and no more worst loss replaces."""
    order = np.lexsort((labels[:, WORST], labels[:, COST], labels[:, LOSS], labels[:, SLOPE]))
    state = labels[order][:, :WORST]
    group = np.cumsum(np.any(state[1:] != state[:-1], axis=1))
    rank = order.copy()
    rank[1:] -= group * len(labels)
    return np.sort(order[np.minimum.accumulate(rank) == rank])
