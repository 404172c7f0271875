from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.contracts import Contract
from engine.margin import margin_cents
from engine.market import MISSING_INDEX
from tests.engine.books import book, books
from tests.engine.twins.margin import UNKNOWN_INDEX, slow_margin

AT_5950 = 59_500_000
NEAR_STRIKES = range(5800, 6101, 5)
FAR_STRIKES = (5, 10, 25, 100, 500, 1000, 1100, 2000, 4000, 5000, 5400, 5950, 6600, 7000, 9000, 20_000)


@pytest.mark.parametrize(
    ("legs", "dollars"),
    [
        pytest.param("+1 5950C -1 5970C", 0, id="debit vertical"),
        pytest.param("-1 5950C +1 5970C", 2_000, id="credit vertical 20 wide"),
        pytest.param("+1 5880P -1 5900P -1 6000C +1 6050C", 5_000, id="condor 20 and 50 wide"),
        pytest.param("+1 5930C -2 5950C +1 5970C", 0, id="long butterfly"),
        pytest.param("+1 5900C -2 5950C +1 6020C", 2_000, id="broken-wing butterfly 50 and 70"),
        pytest.param("-1 5900C +2 5950C -1 6000C", 5_000, id="short butterfly 50 wide"),
        pytest.param("+1 5950C -2 5970C", 119_400, id="1x2 calls"),
        pytest.param("-1 5900P -1 6000C", 120_000, id="strangle"),
        pytest.param("-1 5900P -1 5980C +1 6000C", 118_000, id="jade lizard"),
        pytest.param("+1 5950C -1 5970C -1 5950P +1 5970P", 0, id="long box"),
        pytest.param("-1 5950P", 119_000, id="naked put at the money"),
        pytest.param("-1 4000C", 235_000, id="naked call deep in the money"),
        pytest.param("-1 2725C +1 2735C -1 2740P +1 2730P", 1_500, id="overlapping spreads"),
    ],
)
def test_examples_of_the_rulings(legs: str, dollars: int) -> None:
    assert margin_cents(book(legs), AT_5950) == dollars * 100


def test_put_deep_in_the_money_needs_its_amount_and_a_tenth_of_the_strike() -> None:
    assert margin_cents(book("-1 7000P"), AT_5950) == (105_000 + 70_000) * 100


def test_fractions_of_a_point_count_to_the_cent() -> None:
    assert margin_cents(book("-1 4000C"), 59_500_001) == 235_000_01


def test_without_an_index_a_short_needs_a_fifth_of_its_strike() -> None:
    assert margin_cents(book("-1 4000C -1 7000P"), MISSING_INDEX) == 140_000_00


def test_flat_contracts_and_an_empty_book_need_nothing() -> None:
    assert margin_cents({}, AT_5950) == 0
    assert margin_cents(book("+0 5950C +2 5950P"), AT_5950) == 0


def test_spread_wider_than_a_fifth_of_its_strike_is_cheaper_uncovered() -> None:
    assert margin_cents(book("-1 6000P +1 1000P"), AT_5950) == 120_000_00


def test_double_book_may_leave_an_odd_short_uncovered() -> None:
    assert margin_cents(book("+1 800P -1 1000P +1 1700P -1 2100P"), AT_5950) == 42_000_00
    assert margin_cents(book("+2 800P -2 1000P +2 1700P -2 2100P"), AT_5950) == 82_000_00


def test_two_sides_that_lose_at_one_level_add_up() -> None:
    assert margin_cents(book("-1 5900C +1 5950C -1 5990P +1 5940P"), AT_5950) == 9_000_00


@given(books(NEAR_STRIKES), st.integers(50_000_000, 70_000_000))
@settings(max_examples=150, deadline=None)
def test_margin_equals_every_choice_tried_near_the_money(legs: dict[Contract, int], spx_e4: int) -> None:
    assert margin_cents(legs, spx_e4) == slow_margin(legs, Decimal(spx_e4) / 10_000) * 100


@given(books(FAR_STRIKES), st.integers(1, 70_000_000))
@settings(max_examples=250, deadline=None)
def test_margin_equals_every_choice_tried_with_wide_spreads_deep_in_the_money(
    legs: dict[Contract, int], spx_e4: int
) -> None:
    assert margin_cents(legs, spx_e4) == slow_margin(legs, Decimal(spx_e4) / 10_000) * 100


@given(books(FAR_STRIKES))
@settings(max_examples=50, deadline=None)
def test_margin_equals_every_choice_tried_without_an_index(legs: dict[Contract, int]) -> None:
    assert margin_cents(legs, MISSING_INDEX) == slow_margin(legs, UNKNOWN_INDEX) * 100
