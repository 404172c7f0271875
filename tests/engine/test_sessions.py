"""A session at any second, against a replay from nothing, and its history against both."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.admission import Placement
from engine.market import Day
from engine.sessions import Financials
from engine.timeline import session_history
from tests.engine.tapes import Quotes, request, tape
from tests.engine.trading import Trader
from tests.engine.twins.books import slow_money

NAMES = ("5900P", "5950C", "5970C")
CLOSE = 40


@st.composite
def days(draw: st.DrawFn) -> Day:
    def quotes() -> Quotes:
        bid_and_width = st.tuples(st.integers(0, 200), st.integers(0, 9))
        wide = bid_and_width.map(lambda q: (q[0] / 20, (q[0] + q[1]) / 20))
        first = draw(wide.filter(lambda q: q[1] > 0))
        later = draw(st.dictionaries(st.integers(1, CLOSE - 1), wide | st.none(), max_size=6))
        return {0: first, **{at: q if q is None or q[1] > 0 else None for at, q in later.items()}}

    return tape(
        {name: quotes() for name in NAMES},
        spx=draw(st.dictionaries(st.just(0), st.integers(5000, 7000), min_size=1)),
        settlement=draw(st.integers(5800, 6100)),
        close_second=CLOSE,
    )


@st.composite
def traders(draw: st.DrawFn) -> Trader:
    trader = Trader(draw(days()), opening_cents=draw(st.sampled_from([20_000_00, 2_000_000_00])))
    trader.slippage_cents = draw(st.sampled_from([0, 5]))
    for _ in range(draw(st.integers(1, 8))):
        legs = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
        text = ", ".join(
            f"{draw(st.sampled_from([-2, -1, 1, 2]))} {name}{draw(st.sampled_from(['', '', ' close']))}"
            for name in legs
        )
        at = draw(st.integers(0, CLOSE - 1))
        if len(legs) == 1 and draw(st.booleans()):
            trader.place(at, request(text, type="market"))
            continue
        effect = draw(st.sampled_from(["debit", "credit"]))
        if len(legs) == 1:
            effect = "credit" if text.startswith("-") else "debit"
        price = f"{draw(st.integers(0, 30)) / 10:.2f}"
        trader.place(at, request(text, price, effect))
    return trader


@given(traders(), st.integers(0, CLOSE - 1))
@settings(max_examples=150)
def test_the_state_at_any_second_is_a_replay_from_nothing(trader: Trader, second: int) -> None:
    money = trader.at(second).financials
    slow = slow_money(
        list(trader.session.orders), trader.fees, Decimal(trader.opening_cents) / 100, trader.day, second
    )
    assert [
        money.credits_cents,
        money.debits_cents,
        money.fees_cents,
        money.realized_cents,
        money.unrealized_cents,
    ] == [int(100 * v) for v in (slow.credited, slow.debits, slow.fees, slow.realized, slow.unrealized)]
    assert money.net_liquidation_cents == int(100 * slow.cash) + money.options_value_cents
    assert money.net_liquidation_cents == money.opening_cents + money.profit_cents


@given(traders())
@settings(max_examples=60)
def test_history_shows_at_each_second_what_the_session_showed(trader: Trader) -> None:
    told = session_history(trader.session, trader.day)
    rows = zip(
        told.credits_cents,
        told.debits_cents,
        told.fees_cents,
        told.margin_cents,
        told.available_cents,
        told.realized_cents,
        told.unrealized_cents,
        told.options_value_cents,
        strict=True,
    )
    assert [Financials(trader.opening_cents, *map(int, row)) for row in rows] == [
        trader.at(second).financials for second in range(CLOSE + 1)
    ]
    assert told.net_liquidation_cents.tolist() == [
        trader.at(second).financials.net_liquidation_cents for second in range(CLOSE + 1)
    ]


def test_margin_of_a_short_deep_in_the_money_follows_the_index() -> None:
    day = tape({"5000C": (950.00, 951.00)}, spx={0: 5950, 20: 6000.25, 30: 5400}, close_second=CLOSE)
    trader = Trader(day, opening_cents=1_000_000_00)
    assert isinstance(trader.place(10, request("-1 5000C", type="market")), Placement)
    told = session_history(trader.session, trader.day)
    assert told.margin_cents[[9, 10, 20, 30, CLOSE]].tolist() == [0, 145_000_00, 150_025_00, 100_000_00, 0]
    assert told.margin_cents.tolist() == [trader.at(s).financials.margin_cents for s in range(CLOSE + 1)]


@given(traders())
@settings(max_examples=40)
def test_deleting_what_was_placed_leaves_no_trace(trader: Trader) -> None:
    before = trader.session
    placed = trader.placed
    if isinstance(trader.place(CLOSE - 1, request("+1 5950C", "0.05", "debit")), Placement):
        assert trader.delete(placed + 1) is None
    assert trader.session == before


@pytest.mark.parametrize("second", [0, 20, CLOSE])
def test_an_untouched_session_holds_its_opening_balance(second: int) -> None:
    trader = Trader(tape({"5950C": (1.00, 1.10)}, close_second=CLOSE))
    money = trader.at(second).financials
    assert (money.net_liquidation_cents, money.available_cents, money.profit_cents) == (
        100_000_00,
        100_000_00,
        0,
    )
