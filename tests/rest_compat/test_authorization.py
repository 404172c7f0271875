"""Who may do what: every registered operation as a visitor, as another user, and as the owner."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from rest_compat.application import OPERATIONS
from rest_compat.operations import Auth, Operation
from tests.rest_compat.desk import EARLIER, Desk
from tests.rest_compat.everything import BODIES, ask, granted, last, named_by, opened, path_of

PUBLIC = {"get_openapi", "get_llms_index", "list_market_sessions", "list_series"} | {
    one.id for one in OPERATIONS if one.takes.auth is Auth.NONE
}
IDS = ("simulation_id", "account_id", "session_id", "order_id", "strategy_id", "source_hash")
OWNED = [one for one in OPERATIONS if {*IDS} & set(one.path_names)]
NOWHERE = {**dict.fromkeys(IDS, str(UUID(int=1))), "source_hash": "0" * 64}
SHARED_BY_LINK = {one.id for one in OWNED if one.takes.auth is Auth.OPTIONAL}


async def everything(owner: Desk, ids: Mapping[str, str]) -> list[Any]:
    simulation, account = f"/simulations/{ids['simulation_id']}", f"/accounts/{ids['account_id']}"
    day = f"{account}/sessions/{ids['session_id']}"
    whole = ("/user", "/simulations", "/accounts", f"{account}/sessions", "/strategies")
    parts = [f"{session}/{part}" for session in (simulation, day) for part in ("orders", "transactions")]
    return [(await owner.get(path)).json() for path in (*whole, *parts)]


def test_every_body_belongs_to_an_operation() -> None:
    assert set(BODIES) == {one.id for one in OPERATIONS if one.takes.body}


async def test_visitors_reach_what_is_public_and_nothing_else(trader: Desk, visitor: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)

    statuses = {one.id: (await ask(visitor.http, one, named_by(one, ids))).status_code for one in OPERATIONS}

    assert statuses == {one.id: _of_visitors(one) for one in OPERATIONS}
    assert await everything(trader, ids) == before


def _of_visitors(operation: Operation) -> int:
    """What is shared by its link is not there for them where it is private."""
    if operation.id in SHARED_BY_LINK:
        return 404
    return granted(operation) if operation.id in PUBLIC else 401


async def test_other_users_find_nothing_of_the_owners(trader: Desk, stranger: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)

    statuses = {one.id: (await ask(stranger.http, one, named_by(one, ids))).status_code for one in OWNED}

    assert statuses == dict.fromkeys((one.id for one in OWNED), 404)
    assert await everything(trader, ids) == before


async def test_other_users_answers_are_those_of_what_does_not_exist(trader: Desk, stranger: Desk) -> None:
    ids = await opened(trader)

    for one in OWNED:
        there = named_by(one, ids)
        nowhere = {**there, **{name: NOWHERE[name] for name in one.path_names if name in NOWHERE}}
        answers = [await ask(stranger.http, one, at) for at in (there, nowhere)]
        assert answers[0].content == answers[1].content
        assert answers[0].headers == answers[1].headers


async def test_order_of_another_session_is_not_found(trader: Desk) -> None:
    ids = await opened(trader)
    other = await trader.simulation(EARLIER)
    elsewhere = {**ids, "simulation_id": last(other)}
    orders = [one for one in OPERATIONS if one.prefix and "order_id" in one.path_names]

    statuses = [(await ask(trader.http, one, elsewhere)).status_code for one in orders]

    assert statuses == [404] * 6


async def test_session_of_another_account_is_not_found(trader: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)
    mixed = {**ids, "account_id": ids["idle_account_id"]}
    theirs = [one for one in OPERATIONS if "session_id" in one.path_names]

    statuses = [(await ask(trader.http, one, mixed)).status_code for one in theirs]

    assert statuses == [404] * len(theirs)
    assert await everything(trader, ids) == before


async def test_a_day_of_an_account_is_no_simulation_and_the_reverse(trader: Desk) -> None:
    ids = await opened(trader)
    before = await everything(trader, ids)
    swapped = {**ids, "simulation_id": ids["session_id"], "session_id": ids["simulation_id"]}

    statuses = {
        one.id: (await ask(trader.http, one, swapped)).status_code
        for one in OPERATIONS
        if one.prefix and {"simulation_id", "session_id"} & set(one.path_names)
    }

    assert statuses == dict.fromkeys(statuses, 404)
    assert await everything(trader, ids) == before


@pytest.mark.parametrize("operation", OWNED, ids=[one.id for one in OWNED])
async def test_what_is_no_id_names_nothing(trader: Desk, operation: Any) -> None:
    names = dict.fromkeys(IDS, "not-an-id")

    answer = await trader.http.request(operation.method, path_of(operation, names))

    assert (answer.status_code, answer.headers["x-error-code"]) == (404, "not_found")


async def test_owners_reach_everything(trader: Desk) -> None:
    ordered = sorted(OPERATIONS, key=lambda one: one.id == "logout")
    statuses = {}
    for one in ordered:
        ids = await opened(trader)
        statuses[one.id] = (await ask(trader.http, one, named_by(one, ids))).status_code
        await trader.http.delete(f"/simulations/{ids['simulation_id']}")

    assert statuses == {one.id: granted(one) for one in OPERATIONS}
