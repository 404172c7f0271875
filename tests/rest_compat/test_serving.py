"""What every operation does alike: identity, content, methods, and failures."""

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from marketdata.library import Library
from store.database import Database
from tests.rest_compat.desk import VERTICAL, Desk, client
from usecases.policy import Policy

UNAUTHENTICATED = (401, "unauthenticated", "Bearer")


@pytest.mark.parametrize("spelling", ["{}", "Bearer {}", "bearer {}", "  {}"])
async def test_token_is_read_bare_or_as_a_bearer(trader: Desk, spelling: str) -> None:
    header = spelling.format(trader.http.headers["Authorization"])
    async with client(trader.town.ports) as http:
        answer = await http.get("/user", headers={"Authorization": header})

    assert answer.status_code == 200


@pytest.mark.parametrize("token", ["", "x", "Bearer", "Basic abc", "0" * 32])
@pytest.mark.parametrize("path", ["/user", "/market-data/sessions", "/openapi.yaml"])
async def test_invalid_token_is_refused_everywhere(visitor: Desk, token: str, path: str) -> None:
    answer = await visitor.get(path, headers={"Authorization": token})

    headers = answer.headers
    assert (answer.status_code, headers["x-error-code"], headers["www-authenticate"]) == UNAUTHENTICATED


async def test_unknown_address_is_not_found(trader: Desk) -> None:
    answer = await trader.get("/nothing/here")

    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "not_found")
    assert answer.text == "there is nothing at this address; see /openapi.yaml"


async def test_other_methods_are_refused_with_the_allowed_ones(trader: Desk) -> None:
    answer = await trader.http.request("PATCH", "/simulations")

    assert (answer.status_code, answer.headers["x-error-code"]) == (405, "method_not_allowed")
    assert (answer.headers["allow"], answer.text) == (
        "GET, HEAD, POST",
        "this address takes GET, HEAD, POST",
    )


async def test_dry_run_is_no_order_id(trader: Desk) -> None:
    simulation = await trader.simulation()

    assert (await trader.get(f"{simulation}/orders/dry-run")).status_code == 405


async def test_head_answers_like_get(trader: Desk) -> None:
    answer = await trader.http.head("/market-data/sessions")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


async def test_errors_are_json_for_who_only_takes_json(trader: Desk) -> None:
    answer = await trader.get("/nothing/here", headers={"Accept": "application/json"})

    assert answer.json() == {
        "error": "not_found",
        "message": "there is nothing at this address; see /openapi.yaml",
    }


async def test_body_of_another_type_is_refused(trader: Desk) -> None:
    answer = await trader.http.post("/simulations", data={"date": "2025-01-15"})

    assert (answer.status_code, answer.headers["x-error-code"]) == (415, "unsupported_media_type")
    assert answer.text == "send the body as application/json, not application/x-www-form-urlencoded"


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/json; charset=utf-8"}])
async def test_body_without_a_type_counts_as_json(trader: Desk, headers: dict[str, str]) -> None:
    body = b'{"date": "2025-01-15", "starting_capital": 100000.50}'
    answer = await trader.http.post("/simulations", content=body, headers=headers)

    assert answer.json()["starting_capital"] == "100000.5"


async def test_body_that_is_too_large_is_refused(trader: Desk) -> None:
    answer = await trader.post("/simulations", {"description": "x" * 300_000})

    assert (answer.status_code, answer.headers["x-error-code"]) == (413, "body_too_large")


async def test_operations_without_a_body_ignore_one(trader: Desk) -> None:
    answer = await trader.http.request("GET", "/user", content=b"\xff", headers={"Content-Type": "x/y"})

    assert answer.status_code == 200


async def test_nothing_of_a_strangers_body_is_read(visitor: Desk) -> None:
    answer = await visitor.http.post("/simulations", content=b"not JSON")

    assert answer.status_code == 401


@pytest.mark.parametrize("key", [b"", b"x" * 256, b"two words", b"\xe9t\xe9"])
async def test_idempotency_key_has_limits(trader: Desk, key: bytes) -> None:
    simulation = await trader.simulation()
    answer = await trader.post(f"{simulation}/orders", VERTICAL, headers=[(b"Idempotency-Key", key)])

    told = "Idempotency-Key must be 1 to 255 visible ASCII characters"
    assert (answer.status_code, answer.text) == (400, told)


async def test_outage_of_the_database_is_503_with_retry_after(visitor: Desk) -> None:
    ports = replace(visitor.town.ports, database=Database("postgresql://nobody@/none?host=/nowhere"))
    async with client(ports, "0" * 32) as http:
        answer = await http.get("/user")

    assert (answer.status_code, answer.headers["x-error-code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "2"


async def test_bug_is_masked_behind_an_id(visitor: Desk) -> None:
    def broken() -> None:
        raise ZeroDivisionError("secret")

    ports = replace(visitor.town.ports, market_now=broken, new_id=lambda: UUID(int=9))
    async with client(ports) as http:
        answer = await http.get("/market-data/sessions")

    assert (answer.status_code, answer.headers["x-error-code"]) == (500, "internal_error")
    assert answer.text == ("internal error, quote 00000000-0000-0000-0000-000000000009 when you report it")


def damage(days: Path) -> None:
    for file in days.glob("2025-01-15/*/*.arrow"):
        file.chmod(0o644)
        file.write_bytes(b"damaged")


async def test_day_that_cannot_be_read_is_an_outage(trader: Desk, tmp_path: Path) -> None:
    damage(tmp_path)
    async with client(replace(trader.town.ports, library=Library(tmp_path))) as http:
        http.headers["Authorization"] = trader.http.headers["Authorization"]
        answer = await http.get("/market-data/historical/2025-01-15")

    assert (answer.status_code, answer.headers["x-error-code"]) == (503, "unavailable")


async def test_size_depth_and_values_of_a_body_are_held_to_the_policy(trader: Desk) -> None:
    small = Policy(body_bytes=1_024, json_depth=2, json_values=4)
    async with client(replace(trader.town.ports, policy=small)) as http:
        http.headers["Authorization"] = trader.http.headers["Authorization"]
        large = await http.post("/simulations", json={"description": "x" * 1_024})
        deep = await http.post("/simulations", json={"date": [[1]]})
        many = await http.post("/simulations", json={"date": [1, 2, 3, 4]})

    assert (large.status_code, large.text) == (413, "the body is larger than 1024 bytes")
    assert (deep.status_code, deep.text) == (400, "the body is nested deeper than 2 levels")
    assert (many.status_code, many.text) == (400, "the body holds more than 4 values")


async def test_thirty_two_levels_and_no_more(trader: Desk) -> None:
    def nested(levels: int) -> bytes:
        return b'{"date": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"

    texts = [(await trader.http.post("/simulations", content=nested(levels))).text for levels in (32, 33)]

    assert texts[1] == "the body is nested deeper than 32 levels"
    assert texts[0] != texts[1]
