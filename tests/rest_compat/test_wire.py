from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from rest_compat.wire import (
    delta_text,
    instant_text,
    parse_cents,
    parse_date,
    parse_decimal,
    parse_instant,
    parse_number_text,
    parse_snapshot_time,
)

AT = datetime(2025, 1, 15, 14, 35, tzinfo=UTC)


def test_times_are_written_in_utc_with_a_z() -> None:
    assert instant_text(AT.astimezone(timezone(timedelta(hours=-5)))) == "2025-01-15T14:35:00Z"


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-15T14:35:00Z",
        "2025-01-15T14:35:00.000Z",
        "2025-01-15T09:35:00-05:00",
        "2025-01-15t14:35:00z",
    ],
)
def test_times_are_read_in_any_zone(text: str) -> None:
    assert parse_instant(text) == AT


@pytest.mark.parametrize(
    "value",
    [
        "2025-01-15T14:35:00",
        "2025-01-15",
        "2025-13-15T14:35:00Z",
        "0001-01-01T00:00:00+05:00",
        "2025-01-15T14:35:00+24:00",
        1736951700,
        None,
    ],
)
def test_times_without_a_zone_or_off_the_calendar_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_instant(value)


@pytest.mark.parametrize("text", ["2025-01-15T14:35:00", "2025-01-15T14:35:00Z"])
def test_snapshot_times_are_utc_with_or_without_a_z(text: str) -> None:
    assert parse_snapshot_time(text) == AT


@pytest.mark.parametrize("value", ["20250115", "2025-02-30", "1736951700", 1736951700, "٢٠٢٥-01-15"])
def test_dates_are_calendar_days(value: object) -> None:
    with pytest.raises(ValueError, match=r"day|date"):
        parse_date(value)


@pytest.mark.parametrize(("value", "exact"), [("1.450", "1.450"), (Decimal("1.45"), "1.45"), (7, "7")])
def test_decimals_are_read_exactly_from_text_and_number(value: object, exact: str) -> None:
    assert str(parse_decimal(value)) == exact


@pytest.mark.parametrize("value", ["1e5", "NaN", "", " 1", "1.", ".5", "1,000", True, None, "9" * 16])
def test_what_is_no_plain_decimal_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="must be a decimal"):
        parse_decimal(value)


def test_amounts_have_whole_cents() -> None:
    assert parse_cents("100000.50") == 100_000_50
    with pytest.raises(ValueError, match="two decimal places"):
        parse_cents("0.001")


def test_numbers_reach_the_engine_as_their_own_digits() -> None:
    assert [parse_number_text(value) for value in ("10.50", Decimal("10.50"), Decimal("1E+1"), 3)] == [
        "10.50",
        "10.50",
        "10",
        "3",
    ]


def test_deltas_carry_no_needless_zeros() -> None:
    assert [delta_text(value) for value in (5230, -5230, 10_000, 0)] == [
        "0.523",
        "-0.523",
        "1",
        "0",
    ]
