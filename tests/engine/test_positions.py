"""Positions: first in first out, marked at the mid, with the documented signs."""

from uuid import UUID

from engine.admission import Placement
from engine.positions import Direction, Position
from tests.engine.tapes import Quotes, contract, request, tape
from tests.engine.trading import Trader


def test_a_debit_vertical_shows_a_long_and_a_short() -> None:
    day = tape({"5950C": {0: (14.00, 14.20), 60: (14.30, 14.40)}, "5970C": (3.60, 3.80)})
    trader = Trader(day)
    assert isinstance(trader.place(0, request("+1 5950C, -1 5970C", "11.00", "debit")), Placement)

    long, short = trader.at(60).positions

    assert long == Position(
        id=long.id,
        contract=contract("5950C"),
        direction=Direction.LONG,
        quantity=1,
        cost_basis_cents=1410_00,
        debit_cents=1410_00,
        credit_cents=0,
        unrealized_cents=25_00,
        realized_cents=0,
        fees_cents=1_72,
        net_liquidity_cents=1435_00,
        mark_half_ticks=574,
        delta_e4=5000,
    )
    assert (long.cost_cents, long.total_profit_cents) == (1411_72, 23_28)
    assert (short.direction, short.cost_basis_cents, short.net_liquidity_cents) == (
        Direction.SHORT,
        -370_00,
        -370_00,
    )
    assert (short.debit_cents, short.credit_cents, short.unrealized_cents) == (0, 370_00, 0)


def test_ids_are_stable_and_differ_by_side() -> None:
    trader = Trader(tape({"5950C": (14.00, 14.20)}), opening_cents=1_000_000_00)
    trader.place(0, request("+1 5950C", type="market"))
    trader.place(1, request("-1 5950C", type="market"))
    first, later = trader.at(1).positions, trader.at(2).positions
    assert [p.id for p in first] == [p.id for p in later]
    assert first[0].id != first[1].id
    assert [p.direction for p in first] == [Direction.LONG, Direction.SHORT]


def test_the_oldest_lot_is_closed_first() -> None:
    prices: Quotes = {0: (1.00, 1.00), 10: (2.00, 2.00), 20: (5.00, 5.00)}
    trader = Trader(tape({"5950C": prices}))
    trader.place(0, request("+2 5950C", type="market"))
    trader.place(10, request("+2 5950C", type="market"))
    trader.place(20, request("-3 5950C close", type="market"))

    (left,) = trader.at(20).positions

    assert (left.quantity, left.cost_basis_cents, left.realized_cents) == (1, 200_00, 2 * 400_00 + 300_00)
    assert (left.debit_cents, left.credit_cents) == (600_00, 1500_00)
    assert trader.at(20).financials.realized_cents == 1100_00


def test_a_flat_position_vanishes_and_its_profit_stays() -> None:
    trader = Trader(tape({"5950C": {0: (1.00, 1.00), 10: (3.00, 3.00)}}))
    trader.place(0, request("+1 5950C", type="market"))
    trader.place(10, request("-1 5950C close", type="market"))
    state = trader.at(10)
    assert state.positions == ()
    assert (state.financials.realized_cents, state.financials.unrealized_cents) == (200_00, 0)
    assert state.financials.net_liquidation_cents == 100_000_00 + 200_00 - 1_72 - 72


def test_a_missing_quote_keeps_the_last_mark() -> None:
    trader = Trader(tape({"5950C": {0: (14.00, 14.20), 30: None}}))
    trader.place(0, request("+1 5950C", type="market"))
    assert [trader.at(s).positions[0].mark_half_ticks for s in (29, 30, 599)] == [564, 564, 564]


def test_a_position_is_made_of_what_is_visible() -> None:
    trader = Trader(tape({"5950C": (14.00, 14.20)}))
    trader.place(20, request("+1 5950C", type="market"))
    assert trader.at(19).positions == ()
    assert [p.id != UUID(int=0) for p in trader.at(20).positions] == [True]
