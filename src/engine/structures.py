"""A strategy's legs on chosen contracts: what they cost, can make and lose, and when to leave them.

Amounts are price cents per unit of the structure unless a name says money; profit is what closing
at once would leave.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.contracts import Contract
from engine.fills import leg_weights, net_half_ticks, snapped_net_cents
from engine.market import Quote
from engine.money import MULTIPLIER, Cents, PriceCents, ceil_div
from engine.orders import Action, Effect, Leg, OrderType, Ticket
from engine.strategies import Exit, Side, StrategyLeg
from engine.tickets import structural_cap_cents

HUNDRED_PERCENT_E4 = 1_000_000


@dataclass(frozen=True, slots=True)
class Structure:
    """The order that opens the legs and the one that closes them."""

    opening: Ticket
    closing: Ticket

    @property
    def contracts(self) -> tuple[Contract, ...]:
        return tuple(leg.contract for leg in self.opening.legs)

    def money_cents(self, price_cents: PriceCents) -> Cents:
        """What a price per unit is worth for the whole structure."""
        return price_cents * MULTIPLIER * self.opening.units

    def closing_net_cents(self, quotes: Sequence[Quote]) -> PriceCents:
        """What closing costs, snapped against the trader; negative where it brings money."""
        return snapped_net_cents(self.closing, net_half_ticks(self.closing, quotes))

    def intrinsic_cents(self, level_cents: Cents) -> PriceCents:
        """What a unit is worth at settlement."""
        weights = leg_weights(self.opening)
        return sum(w * c.intrinsic_cents(level_cents) for w, c in zip(weights, self.contracts, strict=True))


def structure_of(legs: Sequence[StrategyLeg], contracts: Sequence[Contract]) -> Structure:
    opening, closing = [], []
    for leg, contract in zip(legs, contracts, strict=True):
        buys = leg.side is Side.BUY
        into = Action.BUY_TO_OPEN if buys else Action.SELL_TO_OPEN
        out = Action.SELL_TO_CLOSE if buys else Action.BUY_TO_CLOSE
        opening.append(Leg(contract, leg.quantity, into))
        closing.append(Leg(contract, leg.quantity, out))
    return Structure(Ticket(OrderType.LIMIT, tuple(opening)), Ticket(OrderType.LIMIT, tuple(closing)))


@dataclass(frozen=True, slots=True)
class Stakes:
    """What an entry at ``net_cents`` can make and lose at expiry. The most it can make is None where
    longs outnumber shorts on a side, so that it is practically unbounded."""

    net_cents: PriceCents
    max_profit_cents: PriceCents | None
    max_loss_cents: PriceCents

    @property
    def aim_cents(self) -> PriceCents:
        """What profit targets and trailing stops are a percentage of (rulings 7.5)."""
        if self.max_profit_cents is not None:
            return self.max_profit_cents
        return self.net_cents if self.net_cents > 0 else self.max_loss_cents


def stakes_of(structure: Structure, net_cents: PriceCents) -> Stakes:
    legs, weights = structure.opening.legs, leg_weights(structure.opening)
    payoff_cents = structural_cap_cents(legs, weights, Effect.DEBIT)
    deficit_cents = structural_cap_cents(legs, weights, Effect.CREDIT)
    assert deficit_cents is not None, "a strategy buys at least as many calls as it sells"
    puts = sum(w for leg, w in zip(legs, weights, strict=True) if not leg.contract.is_call)
    unbounded = payoff_cents is None or puts > 0
    return Stakes(
        net_cents,
        None if unbounded or payoff_cents is None else payoff_cents - net_cents,
        max(deficit_cents + net_cents, 0),
    )


@dataclass(frozen=True, slots=True)
class Marks:
    """The profits at which a position is left; None where the rule is not asked for or is inert."""

    stop_loss_cents: PriceCents | None
    stop_loss_credit_cents: PriceCents | None
    activate_cents: PriceCents | None
    trail_cents: PriceCents | None
    target_cents: PriceCents | None


def marks_of(rules: Exit, stakes: Stakes) -> Marks:
    """A loss of just the percentage, or a profit of just the percentage, is enough."""
    trailing = rules.trailing_stop
    stop = _share(rules.stop_loss_pct_e4, stakes.max_loss_cents)
    stop_credit = _share(rules.stop_loss_credit_pct_e4, -stakes.net_cents)
    return Marks(
        stop_loss_cents=None if stop is None else -stop,
        stop_loss_credit_cents=None if stop_credit is None else -stop_credit,
        activate_cents=_share(trailing.activate_e4, stakes.aim_cents) if trailing else None,
        trail_cents=_share(trailing.trail_e4, stakes.aim_cents) if trailing else None,
        target_cents=_share(rules.profit_target_pct_e4, stakes.aim_cents),
    )


def _share(percent_e4: int | None, base_cents: PriceCents) -> PriceCents | None:
    """The least whole amount that is at least a percentage of the base; None of nothing."""
    if percent_e4 is None or base_cents <= 0:
        return None
    return ceil_div(percent_e4 * base_cents, HUNDRED_PERCENT_E4)
