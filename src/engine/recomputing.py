"""What a settled session must have come to, from its fills alone: a second way to the same totals,
which folds nothing and reads no quotes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from engine.closings import Outcome
from engine.money import MULTIPLIER, Cents, PriceCents
from engine.orders import Leg
from engine.positions import Direction, Key
from engine.settlement import charged_strikes


class FilledLeg(NamedTuple):
    """A leg of a filled order, the price of one of its contracts, and what a live one was charged."""

    leg: Leg
    price_cents: PriceCents
    fee_cents: Cents | None = None

    @property
    def value_cents(self) -> Cents:
        """What was paid for it; negative where it brought money in."""
        return self.leg.action.sign * self.price_cents * MULTIPLIER * self.leg.quantity

    @property
    def key(self) -> Key:
        is_long = (self.leg.action.sign > 0) == self.leg.action.opens
        return self.leg.contract, Direction.LONG if is_long else Direction.SHORT


@dataclass(frozen=True, slots=True)
class Traded:
    """What the fills of a session came to, and the contracts that were held when it closed."""

    credits_cents: Cents
    debits_cents: Cents
    held: Mapping[Key, int]


def traded(filled: Iterable[FilledLeg]) -> Traded:
    """The totals of fills, in whatever order they happened."""
    credits_cents, debits_cents = 0, 0
    held: Counter[Key] = Counter()
    for one in filled:
        credits_cents += max(-one.value_cents, 0)
        debits_cents += max(one.value_cents, 0)
        held[one.key] += one.leg.quantity if one.leg.action.opens else -one.leg.quantity
    return Traded(credits_cents, debits_cents, {key: n for key, n in held.items() if n})


def is_outcome(outcome: Outcome, of: Traded, level_cents: Cents) -> bool:
    """Whether a session with these fills comes to that, but for its fees, when SPX settles at
    ``level_cents``."""
    credits_cents, debits_cents = of.credits_cents, of.debits_cents
    for (contract, direction), quantity in of.held.items():
        value = contract.intrinsic_cents(level_cents) * MULTIPLIER * quantity
        credits_cents += value if direction is Direction.LONG else 0
        debits_cents += value if direction is Direction.SHORT else 0
    exercises = len(charged_strikes({**of.held}, level_cents))
    return (outcome.credits_cents, outcome.debits_cents, outcome.exercises) == (
        credits_cents,
        debits_cents,
        exercises,
    )


def may_be_outcome(outcome: Outcome, of: Traded) -> bool:
    """The same where nobody knows how SPX settled: longs can only have brought money in, and shorts
    taken it out, and each position that was held is exercised once at most."""
    directions = {direction for _, direction in of.held}
    settled_credits = outcome.credits_cents - of.credits_cents
    settled_debits = outcome.debits_cents - of.debits_cents
    return (
        _may_settle(settled_credits, held=Direction.LONG in directions)
        and _may_settle(settled_debits, held=Direction.SHORT in directions)
        and 0 <= outcome.exercises <= len(of.held)
    )


def _may_settle(cents: Cents, *, held: bool) -> bool:
    return cents >= 0 if held else cents == 0
