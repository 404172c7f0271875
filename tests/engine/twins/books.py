"""The slow, obviously right books: every contract is a lot of its own, in exact decimals."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from engine.contracts import Contract
from engine.fees import FeeSchedule
from engine.market import Day
from engine.orders import Action, Order

CENT = Decimal("0.01")


@dataclass(frozen=True)
class SlowMoney:
    cash: Decimal
    credited: Decimal
    debits: Decimal
    fees: Decimal
    realized: Decimal
    unrealized: Decimal


def slow_money(orders: list[Order], fees: FeeSchedule, opening: Decimal, day: Day, second: int) -> SlowMoney:
    """The session's money before the close, replayed from nothing."""
    lots: dict[tuple[Contract, int], list[Decimal]] = {}
    credited = debits = paid = realized = Decimal(0)
    fills = sorted(
        (o.fill.second, o.placed_second, o.sequence, o) for o in orders if o.fill and o.fill.second <= second
    )
    for *_, order in fills:
        assert order.fill is not None
        for leg, price_cents in zip(order.ticket.legs, order.fill.leg_price_cents, strict=True):
            price = Decimal(price_cents)
            rate = Decimal(getattr(fees, leg.action.value.replace(" ", "_") + "_option")) / 1_000_000
            paid += (rate * leg.quantity).quantize(CENT, ROUND_HALF_UP)
            value = price * leg.quantity
            debits += value if leg.action.sign > 0 else 0
            credited += value if leg.action.sign < 0 else 0
            side = 1 if leg.action in (Action.BUY_TO_OPEN, Action.SELL_TO_CLOSE) else -1
            held = lots.setdefault((leg.contract, side), [])
            for _ in range(leg.quantity):
                if leg.action.opens:
                    held.append(price)
                else:
                    realized += side * (price - held.pop(0))
    unrealized = Decimal(0)
    for (contract, side), held in lots.items():
        unrealized += sum((side * (_mark(day, contract, second) - price) for price in held), Decimal(0))
    return SlowMoney(opening + credited - debits - paid, credited, debits, paid, realized, unrealized)


def _mark(day: Day, contract: Contract, second: int) -> Decimal:
    """Dollars a contract at the mid, or at the last one there was."""
    for at in range(second, -1, -1):
        quote = day.quote(contract, at)
        if quote is not None:
            return Decimal(quote.bid_ticks + quote.ask_ticks) * Decimal("2.5")
    return Decimal(0)
