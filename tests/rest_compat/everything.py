"""One request for every operation, and what a trader has to have for it to be granted."""

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from httpx2 import AsyncClient, Response

from rest_compat.operations import Operation
from tests.backtests import STRANGLE, run_all
from tests.live_market import Market, on_air
from tests.rest_compat.desk import VERTICAL, Desk

EMAIL = {"email": "someone@example.com"}
CODE = {**EMAIL, "verification_code": "000000"}
STOP = {
    "type": "stop",
    "stop_trigger": "2.00",
    "price_effect": "debit",
    "legs": [{"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"}],
}
REPLACED = {**STOP, "stop_trigger": "1.00"}
LIMIT = {"type": "limit", "price": "1.00", "price_effect": "debit", "legs": STOP["legs"]}
CHEAPER = {**LIMIT, "price": "0.95"}
LATER = {"time": "2025-01-15T14:31:00Z"}
BODIES: Mapping[str, Mapping[str, Any]] = {
    "check_email": EMAIL,
    "request_code": EMAIL,
    "register": CODE,
    "login": CODE,
    "forgot_password": {"email": "forgetful@example.com"},
    "reset_password": {**CODE, "password": "another-horse"},
    "change_profile": {"slippage": "0.05"},
    "create_simulation": {"date": "2025-01-14", "starting_capital": "1000"},
    "simulation_move_clock": LATER,
    "simulation_place_order": VERTICAL,
    "simulation_replace_order": REPLACED,
    "simulation_dry_run": VERTICAL,
    "create_account": {"name": "Iron condors", "engine": "historical", "starting_capital": 100000},
    "change_account": {"description": "Defined-risk study account"},
    "open_account_session": {"date": "2025-01-15"},
    "account_session_move_clock": LATER,
    "account_session_place_order": VERTICAL,
    "account_session_replace_order": REPLACED,
    "account_session_dry_run": VERTICAL,
    "start_live": {"starting_capital": "100000"},
    "live_place_order": VERTICAL,
    "live_replace_order": CHEAPER,
    "live_dry_run": VERTICAL,
    "preview_strategy": {"config": STRANGLE},
    "abandon_preview": {"source_hash": "0" * 64},
    "save_strategy": {"config": STRANGLE},
    "change_strategy": {"description": "my spread"},
}
REPLACING = {name for name in BODIES if name.endswith("replace_order")}
OPENS = "2025-01-15T14:30:00"
WITHOUT_AN_UPGRADE = {"open_socket": 426}
WHILE_ONE_IS_OPEN = {"start_live": 409}
WITHOUT_A_CODE = {"check_email": 404, "register": 400, "login": 400, "reset_password": 400}


async def opened(owner: Desk) -> dict[str, str]:
    """A simulation, a day of an account and a live session of the owner's with one order waiting in each,
    an account without days, and a live one, and a private strategy that was run: their ids."""
    simulation = await owner.simulation()
    account = await owner.account(f"Traded {uuid4()}")
    day = await owner.day(account)
    strategy = (await owner.post("/strategies", {"config": STRANGLE})).json()
    await run_all(owner.town.ports)
    waiting = [(await owner.post(f"{session}/orders", STOP)).json()["id"] for session in (simulation, day)]
    return {
        "simulation_id": last(simulation),
        "order_id": waiting[0],
        "account_id": last(account),
        "session_id": last(day),
        "day_order_id": waiting[1],
        "live_order_id": await traded_live(owner),
        "idle_account_id": last(await owner.account(f"Idle {uuid4()}")),
        "live_account_id": last(await owner.account(f"Live {uuid4()}", engine="live_sim")),
        "strategy_id": strategy["id"],
        "source_hash": strategy["source_hash"],
    }


async def traded_live(owner: Desk) -> str:
    """Put a market on air and trade on it; the id of the order that waits there."""
    with on_air(owner.town) as market:
        return await traded_on(market, owner)


async def traded_on(market: Market, owner: Desk) -> str:
    """Start the owner's live session on a market, in the place of an earlier one; the id of the order that
    waits there."""
    await owner.http.delete("/live")
    await market.match()
    assert (await owner.post("/live", BODIES["start_live"])).status_code == 201
    order_id: str = (await owner.post("/live/orders", LIMIT)).json()["id"]
    return order_id


def named_by(operation: Operation, ids: Mapping[str, str]) -> Mapping[str, str]:
    """What the path of an operation has to name for it to be granted."""
    if operation.id == "get_current_account_session":
        return {**ids, "account_id": ids["live_account_id"]}
    if operation.id.startswith("live_"):
        return {**ids, "order_id": ids["live_order_id"]}
    if "session_id" in operation.path_names:
        return {**ids, "order_id": ids["day_order_id"]}
    return {**ids, "account_id": ids["idle_account_id"]}


def last(path: str) -> str:
    return path.rpartition("/")[2]


def path_of(operation: Operation, ids: Mapping[str, str]) -> str:
    return operation.path.format(date="2025-01-15", timestamp=OPENS, start=OPENS, end=OPENS, **ids)


def body_of(operation: Operation, ids: Mapping[str, str]) -> Mapping[str, Any] | None:
    body = BODIES.get(operation.id)
    return {**body, "order_id": ids["order_id"]} if body and operation.id in REPLACING else body


async def ask(http: AsyncClient, operation: Operation, ids: Mapping[str, str]) -> Response:
    return await http.request(operation.method, path_of(operation, ids), json=body_of(operation, ids))


def granted(operation: Operation) -> int:
    refused = WITHOUT_A_CODE | WITHOUT_AN_UPGRADE | WHILE_ONE_IS_OPEN
    return refused.get(operation.id, operation.gives.status)
