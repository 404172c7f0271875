from uuid import UUID

import orjson
import pytest

from engine.denials import Code, Denial
from rest_compat.errors import STATUS_OF, HttpCode, denied, internal_error, unavailable, wants_json

OFF_TICK = Denial(Code.OFF_TICK, "price must be on the tick", ("price",), {"price": "off the tick"})


def test_every_code_has_a_status() -> None:
    assert set(STATUS_OF) == {*Code, *HttpCode}


def test_codes_of_both_catalogues_are_distinct() -> None:
    assert {code.value for code in Code} & {code.value for code in HttpCode} == set()


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("application/json; q=0.9, text/html", True),
        ("application/json, */*", False),
        ("application/json, text/plain", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_errors_are_json_where_only_json_is_accepted(accept: str, *, is_json: bool) -> None:
    assert wants_json(accept) is is_json


def test_denial_is_short_text_with_its_code() -> None:
    response = denied(OFF_TICK, "*/*")

    assert response.status_code == 400
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-error-code"] == "off_tick"
    assert response.body == b"price must be on the tick"


def test_denial_as_json_names_the_fields() -> None:
    response = denied(OFF_TICK, "application/json")

    assert response.headers["x-error-code"] == "off_tick"
    assert orjson.loads(response.body) == {
        "error": "off_tick",
        "message": "price must be on the tick",
        "fields": {"price": "off the tick"},
    }


def test_denial_that_may_be_repeated_says_when() -> None:
    response = denied(Denial(Code.RATE_LIMITED, "wait", retry_after_seconds=42), "*/*")

    assert (response.status_code, response.headers["retry-after"]) == (429, "42")


def test_internal_errors_only_carry_an_id_to_quote() -> None:
    response = internal_error(UUID(int=7), "*/*")

    assert response.status_code == 500
    assert response.body == b"internal error, quote 00000000-0000-0000-0000-000000000007 when you report it"


def test_outages_ask_for_a_retry() -> None:
    response = unavailable("*/*")

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")
    assert response.headers["x-error-code"] == "unavailable"
