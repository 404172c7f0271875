from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from engine.denials import Code, Denial
from rest_compat.application import OPERATIONS
from rest_compat.operations import Operation
from rest_compat.parsing import parse_body, parse_path, parse_query
from rest_compat.simulations import NewSimulation
from rest_compat.tickets import NewOrder
from rest_compat.wire import Asked, NumberText
from usecases.policy import Policy


class Leg(Asked):
    quantity: NumberText


POLICY = Policy()


class Body(Asked):
    price: NumberText | None = None
    note: str | None = None
    legs: Annotated[tuple[Leg, ...], Field()] = ()


def refusal(raw: bytes) -> str:
    outcome = parse_body(raw, Body, POLICY)
    assert isinstance(outcome, Denial)
    assert outcome.code is Code.INVALID_INPUT
    return outcome.message


def test_numbers_keep_every_digit() -> None:
    body = parse_body(b'{"price": 10.123456789012345}', Body, POLICY)

    assert body == Body(price="10.123456789012345")


@pytest.mark.parametrize("value", [b'{"deep": [1]}', b"1e999", b"9" * 5000, b'"\\u0000"', b'"\\ud800"'])
def test_unknown_fields_are_ignored(value: bytes) -> None:
    assert parse_body(b'{"price": "1", "colour": %s}' % value, Body, POLICY) == Body(price="1")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        pytest.param(b'{"note": "\xff"}', "the body must be UTF-8; byte 11 is not", id="latin-1"),
        pytest.param(b'{"price": NaN}', "the body is not JSON: NaN is not a number", id="NaN"),
        pytest.param(
            b'{"price": -Infinity}',
            "the body is not JSON: -Infinity is not a number",
            id="infinity",
        ),
        pytest.param(b'{"price": 1, "price": 2}', "price must be given once", id="duplicate"),
        pytest.param(b'{"price": 1e999}', "price is out of range", id="huge"),
        pytest.param(b'{"price": %s}' % (b"9" * 5000), "price is out of range", id="long"),
        pytest.param(b'{"legs": [{"quantity": 1e-99}]}', "legs.0.quantity is out of range", id="tiny inside"),
        pytest.param(
            b'{"note": "\\u0000"}', "note must not hold NUL characters or lone surrogates", id="NUL"
        ),
        pytest.param(
            b'{"note": "\\ud800"}', "note must not hold NUL characters or lone surrogates", id="surrogate"
        ),
        pytest.param(
            b'{"\\ud800\\n": 1, "\\ud800\\n": 2}', "\\ud800\n must be given once", id="duplicate surrogate"
        ),
        pytest.param(b'{"price": -1e99999999999999999999}', "price is out of range", id="no Decimal"),
        pytest.param(
            b'{"note": ' + b"[" * 32 + b"]" * 32 + b"}",
            "the body is nested deeper than 32 levels",
            id="deep",
        ),
        pytest.param(
            b"[" * 4_000 + b"]" * 4_000,
            "the body is nested deeper than 32 levels",
            id="very deep",
        ),
        pytest.param(b"[]", "the body must be a JSON object", id="array"),
        pytest.param(b'{"price": true}', 'price must be a decimal like "1.45"', id="text"),
        pytest.param(b'{"legs": [{}]}', "legs.0.quantity is required", id="missing inside"),
        pytest.param(b'{"legs": {}}', "legs must be a list", id="not a list"),
        pytest.param(b'{"note": 5}', "note must be a string", id="not a string"),
        pytest.param(b"\xef\xbb\xbf{}", "the body must be UTF-8 without a byte order mark", id="BOM"),
        pytest.param(b" \n", "the body is empty; send a JSON object", id="empty"),
        pytest.param(
            b'{"note":\n "a" "b"}',
            "the body is not JSON at line 2, column 6: a comma or a closing bracket is missing",
            id="no comma",
        ),
        pytest.param(
            b"{price: 1}",
            "the body is not JSON at line 1, column 2: a name in double quotes is missing",
            id="no quotes",
        ),
        pytest.param(b"[" + b"1," * 5_000 + b"1]", "the body holds more than 5000 values", id="wide"),
    ],
)
def test_bad_bodies_are_refused_by_name(raw: bytes, message: str) -> None:
    assert refusal(raw) == message


def test_every_wrong_field_is_listed() -> None:
    outcome = parse_body(b'{"price": [], "note": 1}', Body, POLICY)

    assert outcome == Denial(
        Code.INVALID_INPUT,
        'price must be a decimal like "1.45"',
        ("price",),
        {"price": 'must be a decimal like "1.45"', "note": "must be a string"},
    )


@pytest.mark.parametrize(
    "value", ["null", "true", "7", "1.5", '"x"', '""', f'"{"x" * 999}"', "[]", "{}", "[7]", "[{}]"]
)
@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.takes.body], ids=lambda one: f"{one.method} {one.path}"
)
def test_every_refusal_of_a_body_is_in_our_words(operation: Operation, value: str) -> None:
    model = operation.takes.body
    assert model
    names = [field.alias or name for name, field in model.model_fields.items()]
    fields = ", ".join(f'"{name}": {value}' for name in names)
    outcome = parse_body(f"{{{fields}}}".encode(), model, POLICY)

    told = " ".join((outcome.fields or {}).values()) if isinstance(outcome, Denial) else ""
    assert not {"should", "Input", "Value", "valid"} & set(told.replace(",", " ").split())


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    assert isinstance(parse_body(raw, Body, POLICY), Body | Denial)


def test_repeated_query_parameters_are_refused() -> None:
    outcome = parse_query([("note", "a"), ("note", "b")], Body)

    assert isinstance(outcome, Denial)
    assert outcome.message == "note must be given once"


def test_what_is_no_id_names_nothing() -> None:
    assert parse_path({"order_id": "7"}) == Denial(Code.NOT_FOUND, "no such order")


def test_what_is_no_date_is_refused() -> None:
    outcome = parse_path({"date": "yesterday"})

    assert isinstance(outcome, Denial)
    assert (outcome.code, outcome.message) == (
        Code.INVALID_INPUT,
        "date must be a date like 2025-01-15",
    )


def test_an_order_and_a_simulation_say_what_they_accept() -> None:
    simulation = parse_body(
        b'{"date": "2025-01-15", "starting_capital": 1000, "description": "%s"}' % (b"x" * 501),
        NewSimulation,
        POLICY,
    )
    order = parse_body(
        b'{"type": "market", "client_order_id": 7,'
        b' "legs": [{"instrument": "", "action": "", "quantity": true}]}',
        NewOrder,
        POLICY,
    )

    assert isinstance(simulation, Denial) and isinstance(order, Denial)
    assert simulation.fields == {"description": "must have at most 500 characters"}
    assert order.fields == {
        "legs.0.quantity": 'must be a whole number like "1"',
        "client_order_id": "must be a UUID",
    }
