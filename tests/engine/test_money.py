"""Cents, ticks and their texts, beside exact decimals."""

import doctest
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import money
from engine.money import ceil_div, fixed_text, money_text, price_text, round_half_up

AMOUNTS = st.integers(-(10**15), 10**15)


@pytest.mark.parametrize(
    ("numerator", "denominator", "rounded"),
    [(5, 10, 1), (4, 10, 0), (15, 10, 2), (25, 10, 3), (-5, 10, 0), (-6, 10, -1), (-15, 10, -1), (0, 7, 0)],
)
def test_halves_round_up(numerator: int, denominator: int, rounded: int) -> None:
    assert round_half_up(numerator, denominator) == rounded


@given(AMOUNTS, st.integers(1, 10**6))
def test_round_half_up_is_the_floor_of_a_half_more(numerator: int, denominator: int) -> None:
    half_more = Decimal(2 * numerator + denominator)
    assert round_half_up(numerator, denominator) == (half_more / (2 * denominator)).to_integral_value(
        ROUND_FLOOR
    )


@given(AMOUNTS, st.integers(1, 10**6))
def test_ceil_div_is_the_ceiling(numerator: int, denominator: int) -> None:
    assert ceil_div(numerator, denominator) == ceil(Fraction(numerator, denominator))


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (10_000_000, "100000"),
        (9_989_156, "99891.56"),
        (10, "0.1"),
        (1, "0.01"),
        (0, "0"),
        (-227, "-2.27"),
        (-1, "-0.01"),
        (-100, "-1"),
    ],
)
def test_money_has_no_needless_zeros(cents: int, text: str) -> None:
    assert money_text(cents) == text


@pytest.mark.parametrize(
    ("price_cents", "text"), [(1050, "10.50"), (5, "0.05"), (0, "0.00"), (300, "3.00"), (-430, "-4.30")]
)
def test_prices_have_two_places(price_cents: int, text: str) -> None:
    assert price_text(price_cents) == text


@given(AMOUNTS, st.integers(0, 6), st.integers(0, 6))
def test_texts_say_the_value_exactly(value: int, places: int, places_min: int) -> None:
    places_min = min(places, places_min)
    text = fixed_text(value, places, places_min)
    assert Decimal(text) == Decimal(value).scaleb(-places)
    decimals = text.partition(".")[2]
    assert places_min <= len(decimals) <= places
    assert len(decimals) == places_min or not decimals.endswith("0")


def test_examples_in_the_documentation_hold() -> None:
    assert doctest.testmod(money) == (0, 1)
