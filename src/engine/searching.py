"""The search for the cheapest choice of uncovered shorts of a side that has longs and shorts.

It carries labels along the walk: slope, loss, cost and worst loss so far of one choice. Labels alike
in the first three need only the one with the least worst, so a side has polynomially many of them
in its contracts. Bounds of the linear relaxation prune nearly all; where too many are left the box of
choices is split in two and each half may have ``LABELS_GROWTH`` times as many, so that the halves
stay polynomially many too. The reasons and the figures: docs/decisions/0050-margin.md.
"""

import math
from typing import TypeAlias

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
from engine.sides import Side, Uncovered, choice_cents

LABELS_FIRST = 128
LABELS_GROWTH = 4
LABELS_A_COUNT = 64
ROWS_AT_ONCE_MAX = 1 << 18

Step: TypeAlias = tuple[NDArray[np.intp], Counts]


def search_cents(side: Side) -> Cents:
    """What the cheapest choice requires."""
    terrain, whole = Terrain.of(side), Box.of(side)
    best = choice_cents(side, side.shorts)
    boxes = [(whole, LABELS_FIRST)]
    while boxes:
        box, labels_max = boxes.pop()
        relaxation = relax(terrain, box)
        if relaxation is None:
            continue
        best, complete = _look_into(side, relaxation, best, labels_max)
        if not complete:
            halves = box.split(*relaxation.split_point())
            boxes += [(half, labels_max * LABELS_GROWTH) for half in halves]
    return best


def search_uncovering(side: Side) -> Uncovered:
    """The first of the cheapest choices, in lexicographic order along the walk."""
    relaxation = relax(Terrain.of(side), Box.of(side))
    assert relaxation is not None, "leaving everything uncovered is always possible"
    labels, steps, _ = walk(side, corridor(relaxation, search_cents(side)), None)
    row = int(np.argmin(labels[:, COST] + labels[:, WORST]))
    uncovered: list[int] = []
    for parents, counts in reversed(steps):
        uncovered.append(int(counts[row]))
        row = int(parents[row])
    return tuple(reversed(uncovered))


def _look_into(side: Side, relaxation: Relaxation, best: Cents, labels_max: int) -> tuple[Cents, bool]:
    """The best cost known after looking into a box, and whether the box holds nothing better."""
    best = min(best, choice_cents(side, relaxation.rounded_up()))
    while relaxation.least_cents <= best - 1 + SLACK_CENTS:
        most = _next_below(side, best, relaxation)
        labels, _, complete = walk(side, corridor(relaxation, most), labels_max)
        found = int(np.min(labels[:, COST] + labels[:, WORST], initial=best))
        if complete or found >= best:
            return min(best, found), complete
        best = found
    return best, True


def _next_below(side: Side, cents: Cents, relaxation: Relaxation) -> Cents:
    """The most that a choice can cost below ``cents``.

    Choices of as many contracts differ by multiples of what strikes and requirements differ by, and
    the price of a contract limits how many may be uncovered.
    """
    first = side.need_cents[0]
    step = math.gcd(*side.gaps_cents, *(need - first for need in side.need_cents))
    cycle = step // math.gcd(step, first)
    extra = (cents - relaxation.least_cents) / max(relaxation.count_price, SLACK_CENTS)
    counts = range(side.excess, side.excess + min(int(extra), cycle) + 1)
    return max(cents - 1 - (cents - 1 - count * first) % step for count in counts)


def walk(side: Side, inside: Corridor, labels_max: int | None) -> tuple[Labels, list[Step], bool]:
    """The labels at the end of a corridor, in lexicographic order of their choices.

    Beside them each strike's parents and counts, and whether every label was followed: at most
    ``labels_max`` are, those that look cheapest.
    """
    labels: Labels = np.zeros((1, 4), np.int64)
    steps: list[Step] = []
    complete = True
    for at, (gap, held) in enumerate(zip(side.gaps_cents, side.held, strict=True)):
        labels[:, LOSS] += labels[:, SLOPE] * gap
        np.maximum(labels[:, WORST], labels[:, LOSS], out=labels[:, WORST])
        labels[:, SLOPE] -= held
        counts, all_counts = _counts(inside, at, labels_max)
        labels, (parents, taken) = _spread(inside, at, labels, counts)
        kept = _distinct(labels) if held < 0 else np.arange(len(labels))
        if labels_max and len(kept) > labels_max:
            complete = False
            ranked = np.argpartition(inside.expected_cents(at, labels[kept]), labels_max)
            kept = kept[np.sort(ranked[:labels_max])]
        complete &= all_counts
        labels = labels[kept]
        steps.append((parents[kept], taken[kept]))
    return labels, steps, complete


def _counts(inside: Corridor, at: int, labels_max: int | None) -> tuple[Counts, bool]:
    """The counts of uncovered contracts to try at a strike, and whether they are all it can have."""
    low, high = int(inside.box.low[at]), int(inside.box.high[at])
    if labels_max is None:
        return np.arange(low, high + 1), True
    near, reach = inside.relaxation.solution[at], max(2, labels_max // LABELS_A_COUNT)
    first, last = max(low, math.floor(near) - reach), min(high, math.ceil(near) + reach)
    return np.arange(first, last + 1), (first, last) == (low, high)


def _spread(inside: Corridor, at: int, labels: Labels, counts: Counts) -> tuple[Labels, Step]:
    """Every label with every count at the strike, so far as that may end in the corridor."""
    need_cents = int(inside.relaxation.terrain.needs[at])
    rows = max(1, ROWS_AT_ONCE_MAX // max(1, len(counts)))
    grown = [labels[:0]]
    parents, taken = [np.arange(0)], [counts[:0]]
    for start in range(0, len(labels), rows):
        parent = np.repeat(np.arange(start, min(start + rows, len(labels))), len(counts))
        count = np.tile(counts, len(parent) // max(1, len(counts)))
        part = labels[parent]
        part[:, SLOPE] -= count
        part[:, COST] += count * need_cents
        possible = inside.possible(at, part)
        grown.append(part[possible])
        parents.append(parent[possible])
        taken.append(count[possible])
    return np.concatenate(grown), (np.concatenate(parents), np.concatenate(taken))


def _distinct(labels: Labels) -> NDArray[np.intp]:
    """Rows, in order, but those that an earlier row alike in all but a worst no less replaces."""
    order = np.lexsort((labels[:, WORST], labels[:, COST], labels[:, LOSS], labels[:, SLOPE]))
    state = labels[order][:, :WORST]
    group = np.cumsum(np.any(state[1:] != state[:-1], axis=1))
    rank = order.copy()
    rank[1:] -= group * len(labels)
    return np.sort(order[np.minimum.accumulate(rank) == rank])
