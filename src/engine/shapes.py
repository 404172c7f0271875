"""What a strategy's legs make together, as far as their rules tell before a day is known."""

from collections.abc import Sequence

from engine.contracts import Right
from engine.strategies import StrategyLeg


def net_quantity(legs: Sequence[StrategyLeg], right: Right) -> int:
    """Contracts of one right that are bought beyond those that are sold."""
    return sum(leg.side.sign * leg.quantity for leg in legs if leg.right is right)


def is_profit_unbounded(legs: Sequence[StrategyLeg]) -> bool:
    """True where a far enough move pays any amount: more calls, or more puts, bought than sold."""
    return any(net_quantity(legs, right) > 0 for right in Right)
