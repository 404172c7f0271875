"""The close: exercise, assignment, expiration and their fees (rulings 3.4, 3.5)."""

import pytest

from engine.fees import DEFAULT_FEES
from engine.ledger import LedgerAccount, TransactionKind, is_balanced, postings
from engine.positions import Direction
from engine.settlement import charged_strikes
from tests.engine.tapes import contract, request, tape
from tests.engine.trading import Trader

CHAIN = {
    "5900P": (1.00, 1.20),
    "5940C": (14.00, 14.20),
    "5950C": (9.00, 9.20),
    "5960C": (5.00, 5.20),
    "5970C": (2.60, 2.80),
}


def settlement_rows(trader: Trader) -> list[tuple[str, str, int, int | None, int | None, int]]:
    names = {contract(name): name for name in CHAIN}
    return [
        (names[row.contract], row.kind.value, row.quantity, row.price_cents, row.value_cents, row.fees_cents)
        for row in trader.at(600).transactions
        if row.is_settlement
    ]


def test_an_in_the_money_vertical_pays_one_exercise_fee() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("+2 5950C, -2 5960C", "4.00", "debit"))

    assert settlement_rows(trader) == [
        ("5950C", "exercise", 2, 1315, -2630_00, 5_00),
        ("5960C", "assignment", 2, 315, 630_00, 0),
    ]
    money = trader.at(600).financials
    assert (money.realized_cents, money.unrealized_cents, money.margin_cents) == (2 * 600_00, 0, 0)
    assert money.fees_cents == 4 * 172 + 5_00
    assert money.net_liquidation_cents == 100_000_00 + 1200_00 - 688 - 500
    assert money.available_cents == money.net_liquidation_cents


def test_out_of_the_money_and_at_the_strike_expire_without_value_or_fee() -> None:
    trader = Trader(tape(CHAIN, settlement=5960.00))
    trader.place(0, request("-1 5960C, +1 5970C", "2.00", "credit"))
    assert settlement_rows(trader) == [
        ("5960C", "expiration", 1, None, None, 0),
        ("5970C", "expiration", 1, None, None, 0),
    ]
    assert trader.at(600).financials.realized_cents == 240_00


def test_settlement_shows_at_the_close_and_not_before() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15))
    trader.place(0, request("+1 5950C", type="market"))
    assert not trader.at(599).settled
    assert [row.kind for row in trader.at(599).transactions] == [TransactionKind.BUY_TO_OPEN]
    assert trader.at(600).settled
    assert trader.at(600).positions == ()


@pytest.mark.parametrize(
    ("book", "charged"),
    [
        ("+1 5950C", ["5950C"]),
        ("-1 5950C", ["5950C"]),
        ("+1 5940C, -2 5950C", ["5940C", "5950C"]),
        ("+1 5940C, -2 5950C, +1 5960C", ["5940C", "5960C"]),
        ("+2 5940C, -2 5950C", ["5940C"]),
        ("-1 5900P", []),
        ("-1 5940C, -1 5950C, +1 5960C", ["5950C", "5960C"]),
    ],
)
def test_a_fully_paired_short_pays_nothing(book: str, charged: list[str]) -> None:
    quantities = {
        (contract(name), Direction.LONG if int(signed) > 0 else Direction.SHORT): abs(int(signed))
        for signed, name in (leg.split() for leg in book.split(","))
    }
    names = {contract(name): name for name in CHAIN}
    assert sorted(names[key[0]] for key in charged_strikes(quantities, 5970_00)) == charged


def test_every_event_posts_to_zero() -> None:
    trader = Trader(tape(CHAIN, settlement=5963.15), fees=DEFAULT_FEES)
    trader.place(0, request("+1 5950C, -1 5960C", "4.00", "debit"))
    state = trader.at(600)
    fill = [row for row in state.transactions if not row.is_settlement]
    close = [row for row in state.transactions if row.is_settlement]
    assert is_balanced(postings(fill))
    assert is_balanced(postings(close))
    cash = sum(
        posting.amount_cents
        for group in (fill, close)
        for posting in postings(group)
        if posting.account is LedgerAccount.CASH
    )
    assert cash == state.financials.net_liquidation_cents - 100_000_00
