"""The linear relaxation of uncovering, and the bounds that it puts on every whole choice.

Covering v of the shorts saves their requirement: maximise need . v - w, where at every strike the
covered shorts lose at most w more than the longs gain, and covered shorts number at most the longs.
Whatever prices those constraints are given, cost + price x slack is a lower bound (weak duality). So
floating point can cost speed here, never exactness: bounds have ``SLACK_CENTS`` to spare before
they are compared with whole cents.
"""

from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.money import Cents
from engine.sides import Side, Uncovered

Floats: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.int64]
Labels: TypeAlias = NDArray[np.int64]

SLOPE, LOSS, COST, WORST = range(4)
SLACK_CENTS = 0.25
SCALE_CENTS = 1e6
PIVOTS_A_ROW_MAX = 20
PIVOT_MIN = 1e-7
FRACTION_MIN = 1e-6
_NEVER = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Terrain:
    """One side in walking order: where its strikes lie, signed contracts, requirement of a bare short.

    ``places`` are in cents of loss a contract from the first strike; all are float64 [strike].
    """

    places: Floats
    held: Floats
    needs: Floats

    @classmethod
    def of(cls, side: Side) -> Self:
        """The terrain of a side."""
        places = np.cumsum(np.array(side.gaps_cents, np.float64))
        return cls(places, np.array(side.held, np.float64), np.array(side.need_cents, np.float64))

    def reach(self, rows: NDArray[np.intp]) -> Floats:
        """What one contract at each strike loses by each of ``rows``: [strike, row]."""
        reach: Floats = np.maximum(self.places[rows] - self.places[:, None], 0)
        return reach


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """How many contracts may stay uncovered at each strike, both ends included."""

    low: Counts
    high: Counts

    @classmethod
    def of(cls, side: Side) -> Self:
        """Every choice of a side."""
        shorts = np.array(side.shorts, np.int64)
        return cls(np.zeros_like(shorts), shorts)

    def split(self, at: int, below: int) -> tuple["Box", "Box"]:
        """At most ``below`` uncovered at a strike, and more."""
        high, low = self.high.copy(), self.low.copy()
        high[at], low[at] = below, below + 1
        return Box(self.low, high), Box(low, self.high)

    def fixed(self, at: int, count: int) -> "Box":
        """Exactly ``count`` uncovered at a strike."""
        return self.split(at, count)[0].split(at, count - 1)[1]


@dataclass(frozen=True, slots=True, eq=False)
class Relaxation:
    """A box of choices with prices on the constraints; arrays are float64 [strike] unless told.

    ``solution`` is how many contracts stay uncovered where fractions may. ``reduced`` is what the
    bound rises by with each contract more that stays uncovered (falls, where negative). ``rows`` are
    the strikes whose loss has a price; ``prices`` has one for each, and last the price of covering
    more shorts than there are longs. ``levers`` and ``ahead`` are [strike, price]: what a slope of one
    adds to each priced value, and what the strikes further on add with nothing uncovered.
    ``weights`` [strike, 4] say how slope, loss, cost and worst of a label count in its bound, and
    ``offset`` what the rest of the walk adds to it at least.
    """

    terrain: Terrain
    box: Box
    solution: Floats
    reduced: Floats
    rows: NDArray[np.intp]
    prices: Floats
    levers: Floats
    ahead: Floats
    weights: Floats
    offset: Floats
    least_cents: float

    @property
    def count_price(self) -> float:
        return float(self.prices[-1])

    def bound_cents(self, at: int, labels: Labels) -> Floats:
        """No choice that begins with a label [slope, loss, cost, worst, ...] behind ``at`` costs less."""
        bound: Floats = labels[:, :4] @ self.weights[at] + self.offset[at]
        return bound

    def priced_values(self, at: int, labels: Labels) -> Floats:
        """Each priced loss, and last the final slope, if nothing more stays uncovered: [label, price]."""
        value: Floats = labels[:, SLOPE, None] * self.levers[at] + self.ahead[at]
        value[:, :-1] += labels[:, LOSS, None]
        return value

    def rounded_up(self) -> Uncovered:
        """The whole choice next above the solution."""
        return tuple(np.ceil(self.solution - FRACTION_MIN).astype(int).tolist())

    def split_point(self) -> tuple[int, int]:
        """The strike whose fraction the others can least make up for, and the whole part of it.

        That is where the stretch between two priced strikes has the fewest strikes that are free.
        """
        high = self.box.high
        fractions = np.abs(self.solution - np.round(self.solution)) > FRACTION_MIN
        strike = int(np.argmax(high - self.box.low))
        if fractions.any():
            free = (self.terrain.held < 0) & (np.abs(self.reduced) < 1)
            stretch = np.searchsorted(self.rows, np.arange(len(free)))
            crowd = np.bincount(stretch[free], minlength=len(self.rows) + 1)[stretch]
            strike = int(np.argmin(np.where(fractions, crowd, len(free) + 1)))
        return strike, min(int(self.solution[strike]), int(high[strike]) - 1)


@dataclass(frozen=True, slots=True, eq=False)
class Corridor:
    """Where the labels of choices of at most ``most_cents`` can be.

    What a label's bound leaves to spare limits how far each priced constraint may be from tight, and
    how far the strikes ahead may be from the relaxation's counts: ``box`` holds those. The arrays
    are [strike, price].
    """

    relaxation: Relaxation
    most_cents: Cents
    box: Box
    least_ahead: Floats
    most_ahead: Floats
    floor_prices: Floats
    ceiling_prices: Floats
    expected_ahead: Floats
    needs_ahead: Floats

    def possible(self, at: int, labels: Labels) -> NDArray[np.bool_]:
        """Which labels behind the strike ``at`` may still end within the corridor."""
        room = self.most_cents + SLACK_CENTS - self.relaxation.bound_cents(at, labels)
        value = self.relaxation.priced_values(at, labels)
        level = np.zeros_like(value)
        level[:, :-1] = labels[:, WORST, None]
        spare = np.maximum(room, 0)[:, None] + SLACK_CENTS
        sunk = value - self.most_ahead[at] <= level + spare / self.ceiling_prices[at]
        afloat = value - self.least_ahead[at] >= level - spare / self.floor_prices[at]
        inside: NDArray[np.bool_] = (room >= 0) & np.all(sunk & afloat, axis=1)
        return inside

    def expected_cents(self, at: int, labels: Labels) -> Floats:
        """What labels may cost in the end if the walk goes on as relaxed: a guess to rank them by."""
        value = self.relaxation.priced_values(at, labels) - self.expected_ahead[at]
        worst = np.maximum(labels[:, WORST], value[:, :-1].max(axis=1, initial=0))
        missing = np.maximum(0, value[:, -1]) * self.relaxation.terrain.needs.max()
        expected: Floats = labels[:, COST] + worst + missing + self.needs_ahead[at]
        return expected


def corridor(relaxation: Relaxation, most_cents: Cents) -> Corridor:
    """The corridor of the choices in the relaxation's box that cost at most ``most_cents``."""
    box, reduced, levers = relaxation.box, relaxation.reduced, relaxation.levers
    room = max(0.0, most_cents + SLACK_CENTS - relaxation.least_cents)
    moves = room / np.maximum(np.abs(reduced), FRACTION_MIN)
    low = np.where(reduced < 0, np.maximum(box.low, np.ceil(box.high - moves)), box.low)
    high = np.where(reduced < 0, box.high, np.minimum(box.high, np.floor(box.low + moves)))
    passed = np.zeros(levers.shape, bool)
    passed[:, :-1] = relaxation.rows <= np.arange(len(reduced))[:, None]
    ceiling = np.repeat(relaxation.weights[:, WORST, None], levers.shape[1], axis=1)
    ceiling[:, -1] = 1 / _NEVER
    return Corridor(
        relaxation=relaxation,
        most_cents=most_cents,
        box=Box(low.astype(np.int64), high.astype(np.int64)),
        least_ahead=_further_on(low[:, None] * levers),
        most_ahead=_further_on(high[:, None] * levers),
        floor_prices=np.maximum(_NEVER, np.where(passed, 0, relaxation.prices)),
        ceiling_prices=np.maximum(_NEVER, np.where(passed, 0, ceiling)),
        expected_ahead=_further_on(relaxation.solution[:, None] * levers),
        needs_ahead=_further_on(relaxation.solution * relaxation.terrain.needs),
    )


def relax(terrain: Terrain, box: Box) -> Relaxation | None:
    """The relaxation over a box of choices, or None where the box leaves too few uncovered."""
    shorts, nodes = np.flatnonzero(terrain.held < 0), np.flatnonzero(terrain.held > 0)
    covered_least = np.maximum(0, -terrain.held) - box.high
    spare = np.maximum(0, terrain.held) - covered_least
    if spare.sum() < 0:
        return None
    reach = terrain.reach(nodes) / SCALE_CENTS
    rows = np.vstack(
        (
            np.column_stack((reach[shorts].T, -np.ones(len(nodes)))),
            np.append(np.ones(len(shorts)), 0),
            np.eye(len(shorts), len(shorts) + 1),
        )
    )
    limits = np.concatenate((spare @ reach, [spare.sum()], (box.high - box.low)[shorts]))
    covered, prices = maximise(np.append(terrain.needs[shorts] / SCALE_CENTS, -1), rows, limits)
    solution = np.zeros(len(terrain.held))
    solution[shorts] = np.clip(box.high[shorts] - covered[:-1], box.low[shorts], box.high[shorts])
    node_prices = prices[: len(nodes)] / max(1.0, prices[: len(nodes)].sum())
    priced = node_prices > 0
    all_prices = np.append(node_prices[priced], prices[len(nodes)] * SCALE_CENTS)
    return _priced(terrain, box, solution, nodes[priced], all_prices)


def _priced(
    terrain: Terrain, box: Box, solution: Floats, rows: NDArray[np.intp], prices: Floats
) -> Relaxation:
    levers = np.ones((len(solution), len(prices)))
    levers[:, :-1] = terrain.reach(rows)
    lever = levers @ prices
    reduced = terrain.needs - lever
    still_priced = (rows > np.arange(len(solution))[:, None]) @ prices[:-1]
    rest = -terrain.held * lever + np.minimum(reduced * box.low, reduced * box.high)
    worst_weight = np.maximum(0, 1 - still_priced)
    return Relaxation(
        terrain=terrain,
        box=box,
        solution=solution,
        reduced=reduced,
        rows=rows,
        prices=prices,
        levers=levers,
        ahead=_further_on(-terrain.held[:, None] * levers),
        weights=np.column_stack((lever, still_priced, np.ones(len(solution)), worst_weight)),
        offset=_further_on(rest),
        least_cents=float(rest.sum()),
    )


def _further_on(values: Floats) -> Floats:
    """At each strike, the sum over the strikes further on in the walk."""
    total: Floats = np.cumsum(values[::-1], axis=0)[::-1] - values
    return total


def maximise(gains: Floats, rows: Floats, limits: Floats) -> tuple[Floats, Floats]:
    """The maximum of gains . x for x >= 0, rows x <= limits: x and each row's price, by the simplex method.

    Where a limit is negative the last x must be able to make up for it. It stops early rather than
    cycle: x is feasible and no price is negative all the same.
    """
    height, width = rows.shape
    table = np.zeros((height + 1, width + height + 1))
    table[:-1, :width] = rows
    table[:-1, width:-1] = np.eye(height)
    table[:-1, -1] = limits
    table[-1, :width] = -gains
    basis = np.arange(width, width + height)
    if limits.min() < 0:
        _pivot(table, basis, int(np.argmin(limits)), width - 1)
    for _ in range(PIVOTS_A_ROW_MAX * height):
        column = int(np.argmin(table[-1, :-1]))
        entering = table[:-1, column]
        useful = entering > PIVOT_MIN
        if table[-1, column] >= -PIVOT_MIN or not useful.any():
            break
        ratios = np.where(useful, table[:-1, -1] / np.where(useful, entering, 1), np.inf)
        _pivot(table, basis, int(np.argmin(ratios)), column)
    point = np.zeros(width + height)
    point[basis] = table[:-1, -1]
    return point[:width], np.maximum(0, table[-1, width:-1])


def _pivot(table: Floats, basis: NDArray[np.intp], row: int, column: int) -> None:
    table[row] /= table[row, column]
    touched = np.flatnonzero(table[:, column])
    touched = touched[touched != row]
    table[touched] -= np.outer(table[touched, column], table[row])
    basis[row] = column
