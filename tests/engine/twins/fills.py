"""The slow, obviously right fill: exact decimals, one second at a time."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from engine.market import Day
from engine.orders import Effect, OrderType, Ticket, TriggerDirection

NICKEL, DIME, THREE = Decimal("0.05"), Decimal("0.10"), Decimal("3.00")


def slow_first_fill(
    day: Day, ticket: Ticket, slippage: Decimal, from_second: int, until_second: int
) -> tuple[int, Decimal] | None:
    """The second and signed net price (a debit positive) of the fill, or None."""
    for second in range(from_second, until_second):
        mids = leg_mids(day, ticket, second)
        if mids is None:
            continue
        price = _price(ticket, mids, slippage, day, second)
        if price is not None:
            return second, price
    return None


def leg_mids(day: Day, ticket: Ticket, second: int) -> list[Decimal] | None:
    quotes = [day.quote(leg.contract, second) for leg in ticket.legs]
    return None if None in quotes else [(q.bid_ticks + q.ask_ticks) * NICKEL / 2 for q in quotes if q]


def _price(ticket: Ticket, mids: list[Decimal], slippage: Decimal, day: Day, second: int) -> Decimal | None:
    if ticket.type is OrderType.MARKET:
        quote = day.quote(ticket.legs[0].contract, second)
        assert quote is not None
        buys = ticket.legs[0].action.sign > 0
        return quote.ask_ticks * NICKEL if buys else -(quote.bid_ticks * NICKEL)
    parts = zip(ticket.legs, ticket.ratios, mids, strict=True)
    net = sum((leg.action.sign * ratio * mid for leg, ratio, mid in parts), Decimal(0))
    price = snap(net, single=len(mids) == 1) + slippage
    if ticket.type is OrderType.STOP:
        assert ticket.trigger_cents is not None
        trigger = Decimal(ticket.trigger_cents) / 100
        below = ticket.trigger_direction is TriggerDirection.AT_OR_BELOW
        triggered = mids[0] <= trigger if below else mids[0] >= trigger
        return (price if net > 0 else min(price, Decimal(0))) if triggered else None
    assert ticket.price_cents is not None
    limit = Decimal(ticket.price_cents) / 100
    return price if price <= (limit if ticket.effect is Effect.DEBIT else -limit) else None


def snap(net: Decimal, *, single: bool) -> Decimal:
    """The grid price that a buyer pays up to, or that a seller comes down to."""
    if not single:
        return (net / NICKEL).to_integral_value(ROUND_CEILING) * NICKEL
    rounding = ROUND_CEILING if net >= 0 else ROUND_FLOOR
    price = (abs(net) / NICKEL).to_integral_value(rounding) * NICKEL
    if price > THREE:
        price = (abs(net) / DIME).to_integral_value(rounding) * DIME
    return price if net >= 0 else -price
