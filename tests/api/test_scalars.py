from datetime import UTC, date, datetime, timedelta, timezone
from uuid import UUID

import pytest
from graphql import GraphQLError, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from api.limits import Limits
from api.scalars import (
    DecimalText,
    cents_of,
    dollars,
    points,
    read_date,
    read_decimal,
    read_osi,
    read_time,
    read_uuid,
    time_text,
)
from api.schema import build_schema


def test_times_end_in_z_whatever_their_zone() -> None:
    eastern = timezone(timedelta(hours=-5))
    assert time_text(datetime(2025, 1, 15, 9, 30, tzinfo=eastern)) == "2025-01-15T14:30:00Z"
    assert time_text(datetime(2025, 1, 15, 14, 30, 0, 250_000, tzinfo=UTC)) == "2025-01-15T14:30:00.250000Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_reads_back_as_itself(at: datetime) -> None:
    assert read_time(time_text(at)) == at


@pytest.mark.parametrize(
    "value", ["2025-01-15T14:30:00", "2025-01-15", "soon", "0001-01-01T00:00:00+14:00", 1736951400, None]
)
def test_a_time_without_a_zone_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="with a zone"):
        read_time(value)


@pytest.mark.parametrize(
    ("value", "text"), [("1.450", "1.450"), (1.45, "1.45"), (100000, "100000"), ("-3", "-3")]
)
def test_a_decimal_keeps_its_digits(value: object, text: str) -> None:
    assert read_decimal(value) == text


@pytest.mark.parametrize("value", ["1e5", "", "1.", ".5", "NaN", "١", True, None, 1e300, "1" * 40])
def test_what_is_no_plain_decimal_is_refused(value: object) -> None:
    with pytest.raises(GraphQLError, match="plain decimal"):
        read_decimal(value)


def test_money_has_no_needless_zeros_and_prices_two_places() -> None:
    assert [dollars(10_000_000), dollars(9_989_156), dollars(-5)] == ["100000", "99891.56", "-0.05"]
    assert [points(1050), points(0)] == ["10.50", "0.00"]


@given(st.integers(-(10**15), 10**15))
def test_dollars_read_back_to_the_cent(cents: int) -> None:
    assert cents_of(dollars(cents)) == cents


def test_dollars_finer_than_a_cent_are_no_cents() -> None:
    assert cents_of(DecimalText("1000.005")) is None
    assert cents_of(DecimalText("1000.50000")) == 100_050


def test_dates_are_calendar_dates_only() -> None:
    assert read_date("2025-01-15") == date(2025, 1, 15)
    for wrong in ("20250115", "2025-02-30", "2025-1-5", 20250115):
        with pytest.raises(GraphQLError, match="calendar date"):
            read_date(wrong)


def test_uuids_are_read_from_text_only() -> None:
    text = "f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c"
    assert read_uuid(text) == UUID(text)
    for wrong in ("f3c88e1a", 5, None):
        with pytest.raises(GraphQLError, match="UUID must be 32 hexadecimal digits"):
            read_uuid(wrong)


def test_a_symbol_that_lost_its_padding_has_the_right_shape() -> None:
    assert read_osi("SPXW 250115C05950000") == "SPXW 250115C05950000"
    assert read_osi("SPXW  250115P05950000") == "SPXW  250115P05950000"
    with pytest.raises(GraphQLError, match="OSI option symbol"):
        read_osi("SPX 5950 call")


@pytest.mark.parametrize(
    ("order", "wrong"),
    [
        ('{type: LIMIT, legs: [], price: "cheap"}', '"cheap"'),
        ('{type: MARKET, legs: [{instrument: "SPX", quantity: 1, action: BUY_TO_OPEN}]}', '"SPX"'),
    ],
)
def test_a_literal_that_does_not_fit_is_told_with_its_place(order: str, wrong: str) -> None:
    document = f'mutation {{ dryRunOrder(input: {{sessionId: "x", order: {order}}}) {{ version }} }}'
    errors = validate(build_schema(Limits())._schema, parse(document))
    assert [[(at.line, at.column) for at in error.locations or []] for error in errors] == [
        [(1, document.index(wrong) + 1)]
    ]
