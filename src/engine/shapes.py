"""What a strategy's legs make together, as far as their rules tell before a day is known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple, TypeAlias

from engine.contracts import Right
from engine.money import Cents
from engine.orders import Effect
from engine.strategies import StrategyLeg, StrikeMethod

Pattern: TypeAlias = tuple[int, ...]

DELTA_AT_THE_MONEY_E4 = 5_000
PREMIUM_AT_THE_MONEY_E4 = 10_000_0000

_NAMES: dict[tuple[Right, Pattern], tuple[str, Effect | None]] = {
    (Right.CALL, (1,)): ("long call", Effect.DEBIT),
    (Right.PUT, (1,)): ("long put", Effect.DEBIT),
    (Right.CALL, (-1, 1)): ("bear call credit spread", Effect.CREDIT),
    (Right.PUT, (-1, 1)): ("bull put credit spread", Effect.CREDIT),
    (Right.CALL, (1, -1)): ("bull call debit spread", Effect.DEBIT),
    (Right.PUT, (1, -1)): ("bear put debit spread", Effect.DEBIT),
    (Right.CALL, (-1, 1, 1)): ("short call ladder", None),
    (Right.PUT, (-1, 1, 1)): ("short put ladder", None),
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a trader calls the legs, and which way the entry's cash flows, or None where the rules
    leave that to the day. ``worst_cents`` is what a sold structure can lose at settlement before its
    credit, all its contracts together, where the rules tell."""

    name: str
    effect: Effect | None
    worst_cents: Cents | None = None


class Spot(NamedTuple):
    """A strike as a rule gives it: a score on the rule's own scale, above or below 0 as the strike is
    above or below the index, and points in 0.0001 beyond it."""

    scale: str
    score: int
    offset_e4: int

    @property
    def side(self) -> int | None:
        """Above (1), at (0) or below (-1) the index; None where score and points disagree."""
        sides = {_sign(self.score), _sign(self.offset_e4)} - {0}
        return None if len(sides) > 1 else sum(sides)


@dataclass(frozen=True, slots=True)
class Wing:
    """The legs of one right from the nearest strike outwards, as signed quantities without their
    common divisor. ``gaps_e4`` are the points between neighbours, None where the rules leave them to
    the day."""

    right: Right
    units: int
    pattern: Pattern
    spots: tuple[Spot, ...]

    @property
    def kind(self) -> str:
        return self.right.name.lower()

    @property
    def gaps_e4(self) -> tuple[int | None, ...]:
        return tuple(_gap_e4(*pair) for pair in zip(self.spots, self.spots[1:], strict=False))

    @property
    def worst_cents(self) -> Cents | None:
        """What the nearest legs lose at their neighbour's strike where they are sold: a point costs
        10,000 cents a contract, as it is 10,000 in e4."""
        gap_e4 = self.gaps_e4[0] if self.gaps_e4 else None
        is_sold = self.pattern[0] < 0
        return -self.pattern[0] * self.units * gap_e4 if is_sold and gap_e4 is not None else None


def net_quantity(legs: Sequence[StrategyLeg], right: Right) -> int:
    """Contracts of one right that are bought beyond those that are sold."""
    return sum(leg.side.sign * leg.quantity for leg in legs if leg.right is right)


def is_profit_unbounded(legs: Sequence[StrategyLeg]) -> bool:
    """True where a far enough move pays any amount: more calls, or more puts, bought than sold."""
    return any(net_quantity(legs, right) > 0 for right in Right)


def shape_of(legs: Sequence[StrategyLeg]) -> Shape:
    """The structure by its usual name; ``custom N-leg structure`` where it has none."""
    spotted = list(zip(_spots(legs), legs, strict=True))
    sides = [side for right in Right if (side := [pair for pair in spotted if pair[1].right is right])]
    wings = [_wing(side) for side in sides]
    match wings:
        case [Wing() as calls, Wing() as puts] if mirrored := _two_sided(calls, puts):
            return mirrored
    shapes = [
        (wing and _one_sided(wing)) or _unordered(side) for wing, side in zip(wings, sides, strict=True)
    ]
    return _joined(shapes) or Shape(f"custom {len(legs)}-leg structure", None)


def _wing(side: Sequence[tuple[Spot, StrategyLeg]]) -> Wing | None:
    """The legs of one right in order, or None where the rules give no order."""
    if any(not _compare(one, other) for (one, _), (other, _) in combinations(side, 2)):
        return None
    right = side[0][1].right
    ordered = sorted(side, key=lambda pair: sum(_compare(pair[0], spot) or 0 for spot, _ in side))
    if right is Right.PUT:
        ordered.reverse()
    units = math.gcd(*(leg.quantity for _, leg in ordered))
    pattern = tuple(leg.side.sign * leg.quantity // units for _, leg in ordered)
    return Wing(right, units, pattern, tuple(spot for spot, _ in ordered))


def _unordered(side: Sequence[tuple[Spot, StrategyLeg]]) -> Shape | None:
    """A vertical of which only the day tells the nearer leg."""
    legs = [leg for _, leg in side]
    right = legs[0].right
    if len(legs) != 2 or legs[0].side is legs[1].side or net_quantity(legs, right):
        return None
    return Shape(f"{right.name.lower()} vertical spread", None)


def _spots(legs: Sequence[StrategyLeg]) -> list[Spot]:
    spots: list[Spot] = []
    for leg in legs:
        outward, rule = (1 if leg.right is Right.CALL else -1), leg.strike
        value_e4 = outward * rule.value_e4
        match rule.method:
            case StrikeMethod.WIDTH:
                assert rule.from_leg is not None, "a width counts from a leg"
                base = spots[rule.from_leg]
                spot = base._replace(offset_e4=base.offset_e4 + value_e4)
            case StrikeMethod.ATM | StrikeMethod.POINTS_OTM:
                spot = Spot("points", 0, value_e4)
            case StrikeMethod.DELTA:
                spot = Spot(rule.method, outward * DELTA_AT_THE_MONEY_E4 - value_e4, 0)
            case StrikeMethod.PREMIUM:
                spot = Spot(rule.method, outward * PREMIUM_AT_THE_MONEY_E4 - value_e4, 0)
            case StrikeMethod.PERCENT_OTM | StrikeMethod.EXPECTED_MOVE:
                spot = Spot(rule.method, value_e4, 0)
        spots.append(spot)
    return spots


def _compare(one: Spot, other: Spot) -> int | None:
    """Positive where the first strike is the higher one, 0 where both are the same."""
    if one.scale == other.scale:
        return Spot(one.scale, one.score - other.score, one.offset_e4 - other.offset_e4).side
    if one.side is None or other.side is None:
        return None
    return _sign(one.side - other.side) if one.side != other.side or one.side == 0 else None


def _gap_e4(one: Spot, other: Spot) -> int | None:
    return abs(one.offset_e4 - other.offset_e4) if one[:2] == other[:2] else None


def _one_sided(wing: Wing) -> Shape | None:
    match wing.pattern:
        case (1,) | (1, -1) | (-1, 1) | (-1, 1, 1):
            name, effect = _NAMES[wing.right, wing.pattern]
            return Shape(name, effect, wing.worst_cents)
        case (short, long) if short < 0 and long > -short:
            return Shape(f"{-short}x{long} {wing.kind} backspread", None, wing.worst_cents)
        case (1, -2, 1) | (-1, 2, -1):
            return _winged(wing, "butterfly")
        case (1, -1, -1, 1) | (-1, 1, 1, -1):
            return _winged(wing, "condor")
        case (near, body, far) if near > 0 and far > 0 and near + far == -body:
            return Shape(f"unbalanced {wing.kind} butterfly", None)
    return None


def _winged(wing: Wing, name: str) -> Shape:
    """A butterfly or condor of one right. Of equal wings it is certain which way the cash flows."""
    is_long = wing.pattern[0] > 0
    named = f"{'long' if is_long else 'short'} {wing.kind} {name}"
    near_e4, far_e4 = wing.gaps_e4[0], wing.gaps_e4[-1]
    if near_e4 is None or far_e4 is None:
        return Shape(named, None)
    if near_e4 != far_e4:
        return Shape(f"broken-wing {wing.kind} {name}" if is_long else f"broken-wing {named}", None)
    return Shape(named, Effect.DEBIT) if is_long else Shape(named, Effect.CREDIT, wing.worst_cents)


def _two_sided(calls: Wing, puts: Wing) -> Shape | None:
    """Structures whose puts mirror their calls."""
    apart = _compare(calls.spots[0], puts.spots[0])
    if puts.pattern != calls.pattern or apart == -1:
        return None
    balance = "" if puts.units == calls.units else "unbalanced "
    match puts.pattern:
        case (1,) if not balance:
            return Shape("long strangle" if apart != 0 else "long straddle", Effect.DEBIT)
        case (-1, 1):
            return _iron(puts, calls, f"{balance}iron " + ("condor" if apart != 0 else "butterfly"))
        case (1, -1):
            name = f"{balance}reverse iron " + ("condor" if apart != 0 else "butterfly")
            return Shape(name, Effect.DEBIT)
        case (short, long) if short < 0 and long > -short and not balance:
            name = "short strangle" if apart != 0 else "short straddle"
            return Shape(f"{name} with {-short}x{long} wings", None)
    return None


def _iron(puts: Wing, calls: Wing, name: str) -> Shape:
    """Settlement is beyond one of the sold strikes at most: the dearer side is the worst."""
    put_cents, call_cents = puts.worst_cents, calls.worst_cents
    if put_cents is None or call_cents is None:
        return Shape(name, Effect.CREDIT)
    broken = "" if puts.gaps_e4 == calls.gaps_e4 else "broken-wing "
    return Shape(f"{broken}{name}", Effect.CREDIT, max(put_cents, call_cents))


def _joined(shapes: Sequence[Shape | None]) -> Shape | None:
    """One shape, or both sides' by their own names."""
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    if len(known) == 1:
        return known[0]
    effects = {shape.effect for shape in known}
    return Shape(" and ".join(shape.name for shape in known), effects.pop() if len(effects) == 1 else None)


def _sign(value: int) -> int:
    return (value > 0) - (value < 0)
