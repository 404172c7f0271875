from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import Contract, Right
from engine.fees import DEFAULT_FEES
from engine.margin import margin_cents
from engine.market import MISSING_INDEX
from engine.orders import Action, Effect, Leg, Order, OrderType, Ticket, TriggerDirection
from engine.reserves import PendingOrder, most_required_cents, reserve_cents, worst_fill_cents
from tests.engine.books import book, books
from tests.engine.twins.margin import slow_reserve

AT_5950 = 59_500_000
STRIKES = range(5900, 6001, 10)
ACTIONS = {
    "BTO": Action.BUY_TO_OPEN,
    "STO": Action.SELL_TO_OPEN,
    "BTC": Action.BUY_TO_CLOSE,
    "STC": Action.SELL_TO_CLOSE,
}


def legs(text: str) -> tuple[Leg, ...]:
    """``"STO 1 5970C, BTO 1 5990C"``."""
    words = [leg.split() for leg in text.split(",")]
    return tuple(
        Leg(Contract(int(name[:-1]), Right(name[-1])), int(quantity), ACTIONS[action])
        for action, quantity, name in words
    )


def limit(number: int, text: str, effect: Effect, price_cents: int) -> Order:
    ticket = Ticket(OrderType.LIMIT, legs(text), effect, price_cents)
    return Order(UUID(int=number), number, 0, ticket, 0, None)


def stop(number: int, text: str, effect: Effect, trigger_cents: int, slippage_cents: int) -> Order:
    ticket = Ticket(
        OrderType.STOP,
        legs(text),
        effect,
        trigger_cents=trigger_cents,
        trigger_direction=TriggerDirection.AT_OR_ABOVE,
    )
    return Order(UUID(int=number), number, 0, ticket, slippage_cents, None)


CALL_SPREAD = limit(1, "STO 1 5970C, BTO 1 5990C", Effect.CREDIT, 150)
PUT_SPREAD = limit(2, "STO 1 5930P, BTO 1 5910P", Effect.CREDIT, 100)


def reserved(filled: str, *working: Order) -> int:
    return reserve_cents(book(filled), working, DEFAULT_FEES, AT_5950)


def test_nothing_working_reserves_nothing() -> None:
    assert reserved("-1 5970C") == 0


def test_lone_credit_vertical_reserves_its_width_less_its_credit_and_its_fees() -> None:
    assert reserved("", CALL_SPREAD) == 1_853_44


def test_second_half_of_a_condor_reserves_no_second_margin() -> None:
    assert reserved("-1 5930P +1 5910P", CALL_SPREAD) == 0


def test_both_halves_of_a_condor_reserve_one_margin_and_not_both_credits() -> None:
    assert reserved("", CALL_SPREAD, PUT_SPREAD) == 2_000_00 - 100_00 + 3_44


def test_debit_vertical_reserves_its_debit_and_fees() -> None:
    assert reserved("", limit(1, "BTO 2 5950C, STO 2 5970C", Effect.DEBIT, 1050)) == 2_100_00 + 6_88


def test_cover_that_may_not_fill_is_not_counted_on() -> None:
    naked = limit(1, "STO 1 5970C", Effect.CREDIT, 500)
    cover = limit(2, "BTO 1 5990C", Effect.DEBIT, 200)
    assert reserved("", naked, cover) == 119_400_00 - 500_00 + 1_72


def test_buying_stop_reserves_its_trigger_and_slippage() -> None:
    assert reserved("", stop(1, "BTO 1 5990C", Effect.DEBIT, 200, 25)) == 225_00 + 1_72


def test_selling_stop_counts_a_credit_of_its_trigger_less_slippage() -> None:
    assert reserved("", stop(1, "STO 1 5970C", Effect.CREDIT, 500, 25)) == 119_400_00 - 475_00 + 1_72


def test_credit_of_a_stop_is_never_less_than_nothing() -> None:
    assert reserved("", stop(1, "STO 1 5970C", Effect.CREDIT, 10, 25)) == 119_400_00 + 1_72


def test_buying_back_a_short_reserves_its_cost_and_frees_no_margin() -> None:
    assert reserved("-1 5970C +1 5990C", limit(1, "BTC 1 5970C", Effect.DEBIT, 300)) == 300_00 + 72


def test_credit_of_a_closing_order_pays_for_no_other_order() -> None:
    sale = limit(1, "STC 1 5950P", Effect.CREDIT, 800)
    assert reserved("+1 5950P", sale, CALL_SPREAD) == 1_853_44


def test_sale_of_a_cover_reserves_what_it_strips() -> None:
    sale = limit(1, "STC 1 5990C", Effect.CREDIT, 200)
    assert reserved("-1 5970C +1 5990C", sale) == 119_400_00 - 2_000_00 - 200_00 + 72


def test_two_sales_that_strip_a_short_only_together_reserve_it() -> None:
    sales = [limit(number, "STC 1 5990C", Effect.CREDIT, 200) for number in (1, 2)]
    assert reserved("-1 5970C +2 5990C", sales[0]) == 0
    assert reserved("-1 5970C +2 5990C", *sales) == 119_400_00 - 2_000_00 - 400_00 + 1_44


def test_roll_of_a_short_reserves_as_if_the_old_one_stayed() -> None:
    roll = limit(1, "BTC 1 5970C, STO 1 6000C", Effect.DEBIT, 100)
    assert reserved("-1 5970C", roll) == 120_000_00 + 100_00 + 72 + 1_72


def test_ninth_opening_order_adds_its_own_margin_less_its_own_credit() -> None:
    spreads = [limit(n, "STO 1 5970C, BTO 1 5990C", Effect.CREDIT, 150) for n in range(1, 9)]
    ninth = limit(9, "STO 1 5930P, BTO 1 5910P", Effect.CREDIT, 100)
    assert reserved("", *spreads, ninth) == 8 * 1_853_44 + 1_903_44


def test_orders_count_by_priority_and_not_as_they_are_listed() -> None:
    puts = [limit(n, "STO 1 5930P, BTO 1 5910P", Effect.CREDIT, 150) for n in range(1, 9)]
    assert reserved("", CALL_SPREAD, *puts) == reserved("", *puts, CALL_SPREAD)


def test_large_credit_beyond_the_eighth_order_lends_nothing() -> None:
    spreads = [limit(n, "STO 1 5970C, BTO 1 5990C", Effect.CREDIT, 150) for n in range(1, 9)]
    ninth = limit(9, "STO 1 5930P, BTO 1 5910P", Effect.CREDIT, 2500)
    assert reserved("", *spreads, ninth) == 8 * 1_853_44


pending_orders = st.builds(
    PendingOrder,
    books(STRIKES, 2),
    st.one_of(st.just({}), books(STRIKES, 2)),
    st.integers(-2_000_00, 2_000_00),
)


@given(books(STRIKES), st.lists(pending_orders, max_size=3), st.integers(55_000_000, 65_000_000))
@settings(max_examples=60, deadline=None)
def test_reserve_equals_every_set_of_orders_tried(
    filled: dict[Contract, int], pending: list[PendingOrder], spx_e4: int
) -> None:
    slow = slow_reserve(filled, pending, Decimal(spx_e4) / 10_000)
    assert worst_fill_cents(filled, pending, spx_e4) == slow * 100


def test_most_that_longs_require_is_what_they_cost() -> None:
    waiting = [limit(n, "BTO 1 5950C, BTO 2 5930P", Effect.DEBIT, 500) for n in range(12)]
    assert most_required("+3 5990C", *waiting) == reserved("+3 5990C", *waiting) == 12 * (500_00 + 5_16)


def test_most_that_spreads_require_is_what_each_does_alone() -> None:
    assert most_required("-1 5960P +1 5940P", CALL_SPREAD, PUT_SPREAD) == 2_000_00 + 1_853_44 + 1_903_44


def test_most_that_is_required_counts_what_a_sale_leaves_behind() -> None:
    sale = limit(1, "STC 1 5990C", Effect.CREDIT, 200)
    assert most_required("-1 5970C +1 5990C +1 6000C", sale) == 3_000_00
    assert most_required("-1 5970C +1 5990C", sale) is None


def test_most_that_is_required_is_not_known_of_a_naked_short() -> None:
    assert most_required("", limit(1, "STO 1 5970C", Effect.CREDIT, 500)) is None
    assert most_required("-1 5970C") is None


def most_required(filled: str, *working: Order) -> int | None:
    return most_required_cents(book(filled), working, DEFAULT_FEES)


@st.composite
def working_orders(draw: st.DrawFn) -> list[Order]:
    """Orders of all sorts, many of which cover their own shorts."""
    contracts = st.builds(Contract, st.sampled_from(STRIKES), st.sampled_from(Right))
    spread = [Action.BUY_TO_OPEN, Action.SELL_TO_OPEN]
    actions = st.one_of(
        st.sampled_from([spread, spread[:1], spread * 2, [Action.SELL_TO_CLOSE], [Action.BUY_TO_CLOSE]]),
        st.lists(st.sampled_from(Action), min_size=1, max_size=4),
    )
    found = []
    for number in range(draw(st.integers(0, 11))):
        chosen = draw(actions)
        traded = draw(st.lists(contracts, min_size=len(chosen), max_size=len(chosen), unique=True))
        quantity = draw(st.integers(1, 2))
        taken = tuple(Leg(one, quantity, action) for one, action in zip(traded, chosen, strict=True))
        effect, price_cents = draw(st.sampled_from(Effect)), 5 * draw(st.integers(0, 600))
        ticket = Ticket(OrderType.LIMIT, taken, effect, price_cents)
        found.append(Order(UUID(int=number), number, 0, ticket, 0, None))
    return found


@given(books(STRIKES), working_orders(), st.sampled_from([MISSING_INDEX, 55_000_000, AT_5950, 65_000_000]))
@settings(max_examples=80, deadline=None)
def test_no_more_is_required_than_the_most(
    filled: dict[Contract, int], working: list[Order], spx_e4: int
) -> None:
    covered = {contract: abs(held) for contract, held in filled.items()}
    for held in (filled, covered):
        most_cents = most_required_cents(held, working, DEFAULT_FEES)
        required_cents = margin_cents(held, spx_e4) + reserve_cents(held, working, DEFAULT_FEES, spx_e4)
        assert most_cents is None or required_cents <= most_cents
