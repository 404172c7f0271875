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
from engine.sides import Choice, Side, choice_cents

LABELS_FIRST = 128
LABELS_GROWTH = 4
LABELS_A_COUNT = 64
ROWS_AT_ONCE_MAX = 1 << 18

Step: TypeAlias = tuple[NDArray[np.intp], Counts]


def cheapest_choice(side: Side) -> Choice:
    """A choice that requires least; of several any one."""
    found = _cheaper(side, Box.of(side), choice_cents(side, side.shorts) + 1)
    assert found is not None, "leaving everything uncovered is always possible"
    return found


def first_cheapest_choice(side: Side) -> Choice:
    """The first of the choices that require least, in lexicographic order along the walk.

    Strike by strike it asks whether a choice as cheap leaves fewer uncovered there.
    """
    choice, box = cheapest_choice(side), Box.of(side)
    for at in range(len(side.held)):
        least, asked = 0, choice.uncovered[at] - 1
        while least < choice.uncovered[at]:
            fewer, _ = box.split(at, asked)
            found = _cheaper(side, fewer, choice.cents + 1)
            if found is None:
                least = asked + 1
            else:
                choice = found
            asked = (least + choice.uncovered[at]) // 2
        box = box.fixed(at, choice.uncovered[at])
    return choice


def _cheaper(side: Side, box: Box, cents: Cents) -> Choice | None:
    """The cheapest choice in a box that requires less than ``cents``, or None."""
    terrain, best = Terrain.of(side), Choice(cents, ())
    boxes = [(box, LABELS_FIRST)]
    while boxes:
        box, labels_max = boxes.pop()
        relaxation = relax(terrain, box)
        if relaxation is None:
            continue
        best, complete = _look_into(side, relaxation, best, labels_max)
        if not complete:
            halves = box.split(*relaxation.split_point())
            boxes += [(half, labels_max * LABELS_GROWTH) for half in halves]
    return best if best.uncovered else None


def _look_into(side: Side, relaxation: Relaxation, best: Choice, labels_max: int) -> tuple[Choice, bool]:
    """The best choice known after looking into a box, and whether the box holds nothing better."""
    rounded = relaxation.rounded_up()
    best = min(best, Choice(choice_cents(side, rounded), rounded))
    while relaxation.least_cents <= best.cents - 1 + SLACK_CENTS:
        most = _next_below(side, best.cents, relaxation)
        found, complete = walk(side, corridor(relaxation, most), labels_max)
        if complete or found is None or found >= best:
            return min(best, found or best), complete
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


def walk(side: Side, inside: Corridor, labels_max: int) -> tuple[Choice | None, bool]:
    """The cheapest choice found in a corridor, and whether every label was followed: at most
    ``labels_max`` are, those that look cheapest."""
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
        if len(kept) > labels_max:
            complete = False
            kept = kept[np.argpartition(inside.expected_cents(at, labels[kept]), labels_max)[:labels_max]]
        complete &= all_counts
        labels = labels[kept]
        steps.append((parents[kept], taken[kept]))
    return _best_of(labels, steps), complete


def _best_of(labels: Labels, steps: list[Step]) -> Choice | None:
    """The cheapest of the labels at the end, read back to its choice."""
    if not len(labels):
        return None
    totals = labels[:, COST] + labels[:, WORST]
    row = best = int(np.argmin(totals))
    uncovered: list[int] = []
    for parents, counts in reversed(steps):
        uncovered.append(int(counts[row]))
        row = int(parents[row])
    return Choice(int(totals[best]), tuple(reversed(uncovered)))


def _counts(inside: Corridor, at: int, labels_max: int) -> tuple[Counts, bool]:
    """The counts of uncovered contracts to try at a strike, and whether they are all it can have."""
    low, high = int(inside.box.low[at]), int(inside.box.high[at])
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
    """One row for each slope, loss and cost, with the least worst."""
    order = np.lexsort((labels[:, WORST], labels[:, COST], labels[:, LOSS], labels[:, SLOPE]))
    state = labels[order][:, :WORST]
    new = np.ones(len(order), np.bool_)
    new[1:] = np.any(state[1:] != state[:-1], axis=1)
    return order[new]
