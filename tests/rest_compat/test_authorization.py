"""Who may do what: every registered operation as a visitor, as another user, and as the owner."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from httpx2 import AsyncClient

from rest_compat.application import OPERATIONS
from rest_compat.operations import Auth, Operation
from tests.rest_compat.desk import EARLIER, VERTICAL, Desk

EMAIL = {"email": "someone@example.com"}
CODE = {**EMAIL, "verification_code": "000000"}
STOP = {
    "type": "stop",
    "stop_trigger": "2.00",
    "price_effect": "debit",
    "legs": [{"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"}],
}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "check_email": EMAIL,
    "request_code": EMAIL,
    "register": CODE,
    "login": CODE,
    "forgot_password": {"email": "forgetful@example.com"},
    "reset_password": {**CODE, "password": "another-horse"},
    "change_profile": {"slippage": "0.05"},
    "create_simulation": {"date": "2025-01-14", "starting_capital": "1000"},
    "simulation_move_clock": {"time": "2025-01-15T14:31:00Z"},
    "simulation_place_order": VERTICAL,
    "simulation_replace_order": {**STOP, "stop_trigger": "1.00"},
    "simulation_dry_run": VERTICAL,
}
OPENS = "2025-01-15T14:30:00"
WITHOUT_A_CODE = {"check_email": 404, "register": 400, "login": 400, "reset_password": 400}
PUBLIC = {"get_openapi", "get_llms_index", "list_market_sessions", "list_series"} | {
    one.id for one in OPERATIONS if one.takes.auth is Auth.NONE
}


async def status(http: AsyncClient, operation: Operation, ids: Mapping[str, str]) -> int:
    path = operation.path.format(date="2025-01-15", timestamp=OPENS, start=OPENS, end=OPENS, **ids)
    body = BODIES.get(operation.id)
    if operation.id == "simulation_replace_order":
        body = {**BODIES[operation.id], "order_id": ids["order_id"]}
    answer = await http.request(operation.method, path, json=body)
    return answer.status_code


async def opened(owner: Desk) -> dict[str, str]:
    """A simulation of the owner's with one order waiting."""
    simulation = await owner.simulation()
    order = (await owner.post(f"{simulation}/orders", STOP)).json()
    return {"simulation_id": simulation.rpartition("/")[2], "order_id": order["id"]}


async def everything(owner: Desk, ids: Mapping[str, str]) -> list[Any]:
    simulation = f"/simulations/{ids['simulation_id']}"
    paths = ("/simulations", f"{simulation}/orders", f"{simulation}/transactions", "/user")
    return [(await owner.get(path)).json() for path in paths]


def granted(operation: Operation) -> int:
    return WITHOUT_A_CODE.get(operation.id, operation.gives.status)


def test_every_body_belongs_to_an_operation() -> None:
    assert set(BODIES) == {one.id for one in OPERATIONS if one.takes.body}


async def test_visitors_reach_what_is_public_and_nothing_else(trader: Desk, visitor: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)

    statuses = {one.id: await status(visitor.http, one, ids) for one in OPERATIONS}

    assert statuses == {one.id: granted(one) if one.id in PUBLIC else 401 for one in OPERATIONS}
    assert await everything(trader, ids) == before


async def test_other_users_find_nothing_of_the_owners(trader: Desk, stranger: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)
    theirs = [one for one in OPERATIONS if one.prefix]

    statuses = {one.id: await status(stranger.http, one, ids) for one in theirs}

    assert statuses == dict.fromkeys((one.id for one in theirs), 404)
    assert await everything(trader, ids) == before


async def test_other_users_answers_are_those_of_what_does_not_exist(trader: Desk, stranger: Desk) -> None:
    ids = await opened(trader)
    nowhere = {"simulation_id": str(UUID(int=1)), "order_id": ids["order_id"]}

    for one in (one for one in OPERATIONS if one.prefix and not one.takes.body):
        path, missing = (one.path.format(**at) for at in (ids, nowhere))
        answers = [await stranger.http.request(one.method, at) for at in (path, missing)]
        assert answers[0].content == answers[1].content
        assert answers[0].headers == answers[1].headers


async def test_order_of_another_simulation_is_not_found(trader: Desk) -> None:
    ids = await opened(trader)
    other = await trader.simulation(EARLIER)
    mixed = {**ids, "simulation_id": other.rpartition("/")[2]}
    orders = [one for one in OPERATIONS if "order_id" in one.path_names]

    assert [await status(trader.http, one, mixed) for one in orders] == [404] * len(orders)


async def test_owners_reach_everything(trader: Desk) -> None:
    ordered = sorted(OPERATIONS, key=lambda one: one.id == "logout")
    statuses = {}
    for one in ordered:
        ids = await opened(trader)
        statuses[one.id] = await status(trader.http, one, ids)
        await trader.http.delete(f"/simulations/{ids['simulation_id']}")

    assert statuses == {one.id: granted(one) for one in OPERATIONS}
