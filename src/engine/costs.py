"""What fees and slippage take off a session that was run without either (rulings 3.4 and 7.6)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.decisions import ExitRule
from engine.fees import DEFAULT_FEES, FeeSchedule, exercise_fee_cents, leg_fee_cents
from engine.money import MULTIPLIER, Cents, PriceCents
from engine.orders import Action, Leg
from engine.positions import Direction, Key
from engine.results import Trade, TradeLeg
from engine.settlement import charged_strikes


@dataclass(frozen=True, slots=True)
class Costs:
    """A viewer's own: slippage is taken of each option contract opened or closed, not of settled ones."""

    fees: FeeSchedule = DEFAULT_FEES
    slippage_cents: PriceCents = 0


DEFAULT_COSTS = Costs()


@dataclass(frozen=True, slots=True)
class TradeCosts:
    """``closing_fees_cents`` are those of closing orders, or of exercise and assignment."""

    opening_fees_cents: Cents
    closing_fees_cents: Cents
    opening_slippage_cents: Cents
    closing_slippage_cents: Cents

    @property
    def fees_cents(self) -> Cents:
        return self.opening_fees_cents + self.closing_fees_cents

    @property
    def slippage_cents(self) -> Cents:
        return self.opening_slippage_cents + self.closing_slippage_cents


def costs_of(trades: Iterable[Trade], settlement_cents: Cents | None, costs: Costs) -> tuple[TradeCosts, ...]:
    """The costs of a session's trades, in their order.

    What is settled is one book: a strike pays for its exercise once, whatever the quantity. Each
    trade bears what it added to the fee of those before it, so that their sum is the session's fee;
    where its longs pair off earlier shorts that may be less than nothing.
    """
    return tuple(_costs(trades, settlement_cents, costs))


def _costs(trades: Iterable[Trade], settlement_cents: Cents | None, costs: Costs) -> Iterator[TradeCosts]:
    settled: Counter[Key] = Counter()
    charged_cents = 0
    for trade in trades:
        before_cents = charged_cents
        if trade.rule is ExitRule.SETTLEMENT and settlement_cents is not None:
            settled.update(_holdings(trade))
            charged_cents = exercise_fee_cents(costs.fees) * len(charged_strikes(settled, settlement_cents))
        yield TradeCosts(
            opening_fees_cents=_order_fees(trade, costs.fees, is_opening=True),
            closing_fees_cents=charged_cents - before_cents
            if trade.rule is ExitRule.SETTLEMENT
            else _order_fees(trade, costs.fees, is_opening=False),
            opening_slippage_cents=costs.slippage_cents * MULTIPLIER * trade.contracts_opened,
            closing_slippage_cents=costs.slippage_cents * MULTIPLIER * trade.contracts_closed,
        )


def _order_fees(trade: Trade, fees: FeeSchedule, *, is_opening: bool) -> Cents:
    return sum(
        leg_fee_cents(fees, Leg(leg.contract, abs(leg.quantity), action_of(leg, is_opening=is_opening)))
        for leg in trade.legs
    )


def action_of(leg: TradeLeg, *, is_opening: bool) -> Action:
    """What dealing in a leg is called."""
    if is_opening:
        return Action.BUY_TO_OPEN if leg.quantity > 0 else Action.SELL_TO_OPEN
    return Action.SELL_TO_CLOSE if leg.quantity > 0 else Action.BUY_TO_CLOSE


def _holdings(trade: Trade) -> dict[Key, int]:
    return {
        (leg.contract, Direction.LONG if leg.quantity > 0 else Direction.SHORT): abs(leg.quantity)
        for leg in trade.legs
    }
