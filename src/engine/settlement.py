"""Cash settlement at the close: exercise, assignment and expiration (rulings 3.4 and 3.5)."""

from uuid import UUID, uuid5

from engine.contracts import Right, format_osi
from engine.fees import FeeSchedule, exercise_fee_cents
from engine.ledger import Transaction, TransactionKind
from engine.market import Day
from engine.money import MULTIPLIER, Cents
from engine.positions import Books, Direction, Key


def settle(
    books: Books, day: Day, session_id: UUID, fees: FeeSchedule
) -> tuple[tuple[Key, Transaction], ...]:
    """The settlement row of each open position, by strike, call before put, long before short.

    In-the-money positions settle at their intrinsic value against the day's settlement value; the
    rest, those exactly at the strike too, expire without price, value or fee.
    """
    assert day.settlement_cents is not None, "a published day has a settlement value"
    level_cents = day.settlement_cents
    charged = charged_strikes({key: holding.quantity for key, holding in books.holdings.items()}, level_cents)
    rows = []
    for key in sorted(books.holdings):
        contract, direction = key
        price = contract.intrinsic_cents(level_cents)
        quantity = books.holdings[key].quantity
        rows.append((key, Transaction(
            id=uuid5(session_id, f"settlement {format_osi(day.date, contract)} {direction}"),
            order_id=None,
            second=day.close_second,
            contract=contract,
            kind=_kind(direction, price),
            quantity=quantity,
            price_cents=price or None,
            value_cents=-direction.sign * price * MULTIPLIER * quantity if price else None,
            fees_cents=exercise_fee_cents(fees) if key in charged else 0,
        )))  # fmt: skip
    return tuple(rows)


def _kind(direction: Direction, price_cents: Cents) -> TransactionKind:
    if not price_cents:
        return TransactionKind.EXPIRATION
    return TransactionKind.EXERCISE if direction is Direction.LONG else TransactionKind.ASSIGNMENT


def charged_strikes(quantities: dict[Key, int], level_cents: Cents) -> set[Key]:
    """The in-the-money positions that pay the exercise fee, once each whatever their quantity.

    Every long pays. On each side shorts are paired with longs by quantity, the deepest in the money
    first; a fully paired short pays nothing, one with an unpaired remainder pays.
    """
    in_the_money = {key: n for key, n in quantities.items() if key[0].intrinsic_cents(level_cents)}
    charged = {key for key in in_the_money if key[1] is Direction.LONG}
    for right in Right:
        charged |= _unpaired({k: n for k, n in in_the_money.items() if k[0].right is right}, level_cents)
    return charged


def _unpaired(side: dict[Key, int], level_cents: Cents) -> set[Key]:
    longs = sum(n for (_, direction), n in side.items() if direction is Direction.LONG)
    shorts = [key for key in side if key[1] is Direction.SHORT]
    unpaired = set()
    for key in sorted(shorts, key=lambda k: -k[0].intrinsic_cents(level_cents)):
        if side[key] > longs:
            unpaired.add(key)
        longs = max(longs - side[key], 0)
    return unpaired
