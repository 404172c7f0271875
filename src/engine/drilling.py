"""A session of a strategy as a broker would have told it: its orders, its transactions, its equity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.contracts import Contract
from engine.costs import action_of
from engine.decisions import ExitRule
from engine.fees import FeeSchedule, leg_fee_cents
from engine.ledger import TransactionKind
from engine.money import MULTIPLIER, Cents, PriceCents
from engine.orders import Leg
from engine.outcomes import NetDay, NetTrade
from engine.results import Trade, TradeLeg


@dataclass(frozen=True, slots=True)
class DealtOrder:
    """An order that was filled at once. ``number`` counts the session's from 0; ``rule`` is why it
    closed its position, None where it opened it. The net is of one unit, a debit positive."""

    number: int
    position: int
    second: int
    rule: ExitRule | None
    legs: tuple[Leg, ...]
    leg_price_cents: tuple[PriceCents, ...]
    net_cents: PriceCents


@dataclass(frozen=True, slots=True)
class DealtTransaction:
    """One leg of an order, or of a settled position, then without an order.

    ``value_cents`` is signed, a debit positive; an expiration has neither price nor value.
    """

    order: int | None
    position: int
    second: int
    contract: Contract
    kind: TransactionKind
    quantity: int
    price_cents: PriceCents | None
    value_cents: Cents | None
    overlay_fee_cents: Cents


def orders_of(day: NetDay) -> tuple[DealtOrder, ...]:
    """The orders by their second; at one second those that close before those that open."""
    dealt: list[tuple[int, int, bool]] = []
    for position, net in enumerate(day.trades):
        dealt.append((net.trade.entry_second, position, True))
        if net.trade.contracts_closed:
            dealt.append((net.trade.exit_second, position, False))
    dealt.sort(key=lambda one: (one[0], one[2], one[1]))
    return tuple(
        _order(number, position, day.trades[position].trade, is_opening=is_opening)
        for number, (_, position, is_opening) in enumerate(dealt)
    )


def _order(number: int, position: int, trade: Trade, *, is_opening: bool) -> DealtOrder:
    return DealtOrder(
        number=number,
        position=position,
        second=trade.entry_second if is_opening else trade.exit_second,
        rule=None if is_opening else trade.rule,
        legs=tuple(
            Leg(leg.contract, abs(leg.quantity), action_of(leg, is_opening=is_opening)) for leg in trade.legs
        ),
        leg_price_cents=tuple(
            leg.entry_price_cents if is_opening else leg.exit_price_cents for leg in trade.legs
        ),
        net_cents=trade.entry_net_cents if is_opening else trade.exit_net_cents,
    )


def transactions_of(day: NetDay, fees: FeeSchedule) -> tuple[DealtTransaction, ...]:
    """The transactions in the order of the orders, then what was settled. By the fee schedule that was
    taken off the day their fees come to the day's."""
    ordered = (dealt for order in orders_of(day) for dealt in _filled(order, fees))
    settled = (
        dealt
        for position, net in enumerate(day.trades)
        if net.trade.rule is ExitRule.SETTLEMENT
        for dealt in _settled(position, net)
    )
    return (*ordered, *settled)


def _filled(order: DealtOrder, fees: FeeSchedule) -> Iterator[DealtTransaction]:
    for leg, price_cents in zip(order.legs, order.leg_price_cents, strict=True):
        yield DealtTransaction(
            order=order.number,
            position=order.position,
            second=order.second,
            contract=leg.contract,
            kind=TransactionKind(leg.action),
            quantity=leg.quantity,
            price_cents=price_cents,
            value_cents=leg.action.sign * price_cents * MULTIPLIER * leg.quantity,
            overlay_fee_cents=leg_fee_cents(fees, leg),
        )


def _settled(position: int, net: NetTrade) -> Iterator[DealtTransaction]:
    """What a position's legs settled at. The first of them that has a value bears the position's fee."""
    fee_cents = net.costs.closing_fees_cents
    for leg in net.trade.legs:
        price_cents = leg.exit_price_cents
        yield DealtTransaction(
            order=None,
            position=position,
            second=net.trade.exit_second,
            contract=leg.contract,
            kind=_settlement_of(leg),
            quantity=abs(leg.quantity),
            price_cents=price_cents or None,
            value_cents=-leg.quantity * price_cents * MULTIPLIER if price_cents else None,
            overlay_fee_cents=fee_cents if price_cents else 0,
        )
        fee_cents = 0 if price_cents else fee_cents


def _settlement_of(leg: TradeLeg) -> TransactionKind:
    if not leg.exit_price_cents:
        return TransactionKind.EXPIRATION
    return TransactionKind.EXERCISE if leg.quantity > 0 else TransactionKind.ASSIGNMENT


def net_curve_cents(day: NetDay, gross_curve_cents: Sequence[Cents]) -> tuple[Cents, ...]:
    """The profit so far at each second, after the costs of what was dealt until then."""
    costs_cents = [0] * len(gross_curve_cents)
    for net in day.trades:
        costs, trade = net.costs, net.trade
        costs_cents[trade.entry_second] += costs.opening_fees_cents + costs.opening_slippage_cents
        costs_cents[trade.exit_second] += costs.closing_fees_cents + costs.closing_slippage_cents
    curve, paid_cents = [], 0
    for gross_cents, cost_cents in zip(gross_curve_cents, costs_cents, strict=True):
        paid_cents += cost_cents
        curve.append(gross_cents - paid_cents)
    return tuple(curve)
