"""OSI symbols there and back, and what a contract pays."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts import STRIKE_POINTS_MAX, Contract, Right, format_osi, parse_osi

EXPIRIES = st.dates(date(2000, 1, 1), date(2099, 12, 31))
CONTRACTS = st.builds(Contract, st.integers(1, STRIKE_POINTS_MAX), st.sampled_from(Right))

CALL_5950 = Contract(5950, Right.CALL)
PUT_5950 = Contract(5950, Right.PUT)


def test_symbol_of_the_walkthrough() -> None:
    assert format_osi(date(2025, 1, 15), CALL_5950) == "SPXW  250115C05950000"


@given(EXPIRIES, CONTRACTS)
def test_symbols_are_21_characters_and_read_back(expiry: date, contract: Contract) -> None:
    symbol = format_osi(expiry, contract)
    assert len(symbol) == 21
    assert parse_osi(symbol) == (expiry, contract)


@given(EXPIRIES, CONTRACTS)
def test_symbol_that_lost_a_space_reads_the_same(expiry: date, contract: Contract) -> None:
    assert parse_osi(format_osi(expiry, contract).replace("  ", " ", 1)) == (expiry, contract)


@pytest.mark.parametrize(
    "symbol",
    [
        "",
        "SPXW",
        "SPXW250115C05950000",
        "SPXW   250115C05950000",
        "SPX   250115C05950000",
        "spxw  250115C05950000",
        "SPXW  250115X05950000",
        "SPXW  250115c05950000",
        "SPXW  250115C05950500",
        "SPXW  250115C00000000",
        "SPXW  250230C05950000",
        "SPXW  251315C05950000",
        "SPXW  250115C0595000",
        "SPXW  250115C059500000",
        "SPXW  250115C05950000 ",
        "SPXW  250115C05950000\n",
        "SPXW\t\t250115C05950000",
        "SPXW  ٢٥٠١١٥C05950000",
    ],
)
def test_what_is_no_symbol_reads_as_none(symbol: str) -> None:
    assert parse_osi(symbol) is None


@given(st.text(max_size=24))
def test_any_text_is_a_symbol_or_none(text: str) -> None:
    read = parse_osi(text)
    assert read is None or format_osi(*read).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("contract", "level_points", "paid"),
    [
        (CALL_5950, 5970, 20),
        (CALL_5950, 5950, 0),
        (CALL_5950, 5900, 0),
        (PUT_5950, 5900, 50),
        (PUT_5950, 5951, 0),
    ],
)
def test_payoff_at_expiry(contract: Contract, level_points: int, paid: int) -> None:
    assert contract.intrinsic_points(level_points) == paid
    assert contract.intrinsic_cents(100 * level_points) == 100 * paid


@given(st.integers(1, STRIKE_POINTS_MAX), st.integers(0, 10**7))
def test_call_less_put_is_the_level_less_the_strike(strike: int, level_cents: int) -> None:
    call, put = Contract(strike, Right.CALL), Contract(strike, Right.PUT)
    assert call.intrinsic_cents(level_cents) - put.intrinsic_cents(level_cents) == level_cents - 100 * strike


def test_contracts_sort_by_strike_then_call_before_put() -> None:
    shuffled = [PUT_5950, Contract(5955, Right.CALL), CALL_5950, Contract(5945, Right.PUT)]
    assert sorted(shuffled) == [Contract(5945, Right.PUT), CALL_5950, PUT_5950, Contract(5955, Right.CALL)]
