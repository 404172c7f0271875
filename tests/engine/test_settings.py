from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.denials import Code, Denial
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.settings import FEE_NAMES, fee_texts, read_decimal, read_fees, read_slippage, read_title

DEFAULT_TEXTS = {
    "buy_equity": "0.0008",
    "sell_equity": "0.003986",
    "buy_to_open_option": "1.72",
    "sell_to_open_option": "1.72",
    "buy_to_close_option": "0.72",
    "sell_to_close_option": "0.72",
    "exercise_option": "5",
}

NO_RATE = 'must be a non-negative decimal string such as "1.72", with at most six places'


def test_default_schedule_reads_as_documented() -> None:
    assert fee_texts(DEFAULT_FEES) == DEFAULT_TEXTS
    assert read_fees(DEFAULT_TEXTS) == DEFAULT_FEES


def test_fees_may_be_zero_and_up_to_ten_times_the_default() -> None:
    assert read_fees(dict.fromkeys(FEE_NAMES, "0")) == FeeSchedule(0, 0, 0, 0, 0, 0, 0)
    most = {name: str(10 * Decimal(text)) for name, text in DEFAULT_TEXTS.items()}
    assert read_fees(most) == FeeSchedule(
        8_000, 39_860, 17_200_000, 17_200_000, 7_200_000, 7_200_000, 50_000_000
    )


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("buy_equity", "0.008001", "must be at most 0.008"),
        ("exercise_option", "50.01", "must be at most 50"),
        ("exercise_option", "1000000000", NO_RATE),
        ("sell_equity", "0.0000001", NO_RATE),
        ("sell_equity", "-1", NO_RATE),
        ("sell_equity", "1e-3", NO_RATE),
        ("sell_equity", "", NO_RATE),
        ("sell_equity", 0.001, NO_RATE),
        ("sell_equity", None, NO_RATE),
        ("sell_everything", "1", "is not a fee"),
    ],
)
def test_wrong_fee_is_named(name: str, value: object, problem: str) -> None:
    path = f"fee_schedule.{name}"

    denial = read_fees(DEFAULT_TEXTS | {name: value})

    assert denial == Denial(Code.INVALID_INPUT, f"{path} {problem}", ("fee_schedule", name), {path: problem})


def test_every_missing_fee_is_named() -> None:
    denial = read_fees({"exercise_option": "5"})

    assert isinstance(denial, Denial)
    assert denial.fields == {
        f"fee_schedule.{name}": "is required" for name in FEE_NAMES if name != "exercise_option"
    }


@pytest.mark.parametrize(
    ("text", "cents"), [("0", 0), ("0.05", 5), ("0.1", 10), ("0.100", 10), ("5", 500), ("5.00", 500)]
)
def test_slippage_is_a_multiple_of_a_tick(text: str, cents: int) -> None:
    assert read_slippage(text) == cents


@pytest.mark.parametrize("text", ["0.01", "0.051", "5.05", "-0.05", "", "five", "0,05", "1e-1", " 0.05"])
def test_other_slippage_is_refused(text: str) -> None:
    message = "slippage must be a multiple of 0.05 from 0 to 5.00"
    assert read_slippage(text) == Denial(Code.INVALID_INPUT, message, ("slippage",))


@given(st.decimals(min_value=0, max_value=999_999_999, places=6), st.integers(0, 6))
def test_decimals_are_read_exactly(value: Decimal, places: int) -> None:
    scaled = value.scaleb(places)
    exact = int(scaled) if scaled == scaled.to_integral_value() else None

    assert read_decimal(str(value), places) == exact


@pytest.mark.parametrize("text", ["my \u202estrangle", "two\nlines", "a\0b", "\x9b31m", "\u2067"])
def test_a_title_reads_as_it_is_written(text: str) -> None:
    assert_refused(text, "description must not hold control characters, line breaks or changes of direction")


@pytest.mark.parametrize("text", ["", " ", "\u3000\u00a0 "])
def test_a_title_is_not_blank(text: str) -> None:
    assert_refused(text, "description must not be blank")


def assert_refused(text: str, message: str) -> None:
    assert read_title(text) == Denial(Code.INVALID_INPUT, message, ("description",), {"description": message})


def test_a_title_has_500_characters_at_most_without_the_space_around_it() -> None:
    assert (read_title(None), read_title(f" {'x' * 500} ")) == (None, "x" * 500)
    assert_refused("x" * 501, "description must have at most 500 characters")
