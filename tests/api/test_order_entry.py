import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.api.asking import (
    CALL_5930,
    CALL_5950,
    CALL_5970,
    ORDER_FIELDS,
    VERTICAL,
    WAITING_CALL,
    Desk,
    leg,
    move,
    open_simulation,
    place,
    session,
)


async def test_a_debit_vertical_fills_on_arrival_and_shows_in_the_session(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)

    payload = await place(desk.owner, opened["id"])

    uuid = payload["order"].pop("uuid")
    assert payload == {
        "order": {
            "status": "FILLED",
            "price": "20.50",
            "priceEffect": "DEBIT",
            "fillPrice": "20.00",
            "fillTime": "2025-01-15T14:31:00Z",
            "fees": "3.44",
            "legs": VERTICAL["legs"],
            "transactions": [
                {
                    "instrument": CALL_5930,
                    "price": "2450",
                    "value": "2450",
                    "effect": "DEBIT",
                    "fees": "1.72",
                },
                {
                    "instrument": CALL_5970,
                    "price": "450",
                    "value": "-450",
                    "effect": "CREDIT",
                    "fees": "1.72",
                },
            ],
        },
        "buyingPowerEffect": {
            "marginChange": "0",
            "buyingPowerChange": "2003.44",
            "currentBuyingPower": "100000",
            "newBuyingPower": "97996.56",
        },
        "version": 3,
        "session": {
            **opened,
            "version": 3,
            "financials": {"availableBuyingPower": "97996.56", "profitLoss": "-3.44"},
        },
        "userErrors": [],
    }
    assert await session(desk.owner, opened["uuid"], "orders { nodes { uuid } }") == {
        "orders": {"nodes": [{"uuid": uuid}]}
    }


async def test_an_order_waits_fills_as_the_clock_moves_and_is_pending_again_after_a_rewind(
    desk: Desk,
) -> None:
    opened = await open_simulation(desk.owner)
    waiting = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
    assert (waiting["status"], waiting["fillPrice"], waiting.pop("transactions")) == ("PENDING", None, [])

    await move(desk.owner, opened["id"], "14:32:00")
    filled = await session(desk.owner, opened["uuid"], f"orders {{ nodes {{ {ORDER_FIELDS} }} }}")
    assert filled["orders"]["nodes"] == [
        {**waiting, "status": "FILLED", "fillPrice": "4.00", "fillTime": "2025-01-15T14:31:55Z"}
    ]

    await move(desk.owner, opened["id"], "14:31:54")
    again = await session(desk.owner, opened["uuid"], f"orders {{ nodes {{ {ORDER_FIELDS} }} }}")
    assert again["orders"]["nodes"] == [waiting]


async def test_a_dry_run_answers_like_the_order_and_keeps_nothing(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    data = await desk.owner.ask(
        "mutation($id: ID!, $order: OrderInput!) { dryRunOrder(input: {sessionId: $id, order: $order}) {"
        " order { uuid status fillPrice transactions { uuid } } buyingPowerEffect { newBuyingPower }"
        " session { version orders { nodes { uuid } } } userErrors { code } } }",
        {"id": opened["id"], "order": VERTICAL},
    )
    assert data["dryRunOrder"] == {
        "order": {
            "uuid": "00000000-0000-0000-0000-000000000000",
            "status": "FILLED",
            "fillPrice": "20.00",
            "transactions": [],
        },
        "buyingPowerEffect": {"newBuyingPower": "97996.56"},
        "session": {"version": 2, "orders": {"nodes": []}},
        "userErrors": [],
    }


def one_leg(**changes: Any) -> dict[str, Any]:
    return {**WAITING_CALL, **changes}


@pytest.mark.parametrize(
    ("order", "code", "path"),
    [
        (one_leg(price="3.05"), "off_tick", ["input", "order", "price"]),
        (one_leg(price="4.001"), "invalid_price", ["input", "order", "price"]),
        (one_leg(price=None), "invalid_price", ["input", "order", "price"]),
        (one_leg(priceEffect=None), "invalid_price", ["input", "order", "priceEffect"]),
        ({**VERTICAL, "price": "40.05"}, "exceeds_max_profit", ["input", "order", "price"]),
        ({**VERTICAL, "type": "MARKET"}, "invalid_order", ["input", "order", "type"]),
        (one_leg(legs=[]), "invalid_order", ["input", "order", "legs"]),
        (
            one_leg(legs=[leg(CALL_5950, "BUY_TO_OPEN", 0)]),
            "invalid_leg",
            ["input", "order", "legs", "0", "quantity"],
        ),
        (
            one_leg(legs=[leg("SPXW  250116C05950000", "BUY_TO_OPEN")]),
            "invalid_leg",
            ["input", "order", "legs", "0", "instrument"],
        ),
        (
            one_leg(legs=[leg("SPXW  250115C05955000", "BUY_TO_OPEN")]),
            "no_market_data",
            ["input", "order", "legs", "0", "instrument"],
        ),
    ],
)
async def test_a_denied_order_names_the_input_and_changes_nothing(
    desk: Desk, order: dict[str, Any], code: str, path: list[str]
) -> None:
    opened = await open_simulation(desk.owner)
    payload = await place(desk.owner, opened["id"], order)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [(code, path)]
    assert (payload["order"], payload["version"], payload["session"]) == (None, None, opened)


async def test_a_symbol_that_lost_a_space_is_read_and_answered_in_full(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    order = one_leg(legs=[leg("SPXW 250115C05950000", "BUY_TO_OPEN")])
    assert (await place(desk.owner, opened["id"], order))["order"]["legs"] == WAITING_CALL["legs"]


async def test_a_replacement_takes_the_place_of_the_order_in_one_step(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    first = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
    data = await desk.owner.ask(
        "mutation($input: ReplaceOrderInput!) { replaceOrder(input: $input) {"
        " order { uuid price replacesOrderUuid } session { orders { nodes { uuid } } } } }",
        {"input": {"sessionId": opened["id"], "orderId": first["uuid"], "order": one_leg(price="3.80")}},
    )
    second = data["replaceOrder"]["order"]
    assert (second["price"], second["replacesOrderUuid"]) == ("3.80", first["uuid"])
    assert data["replaceOrder"]["session"]["orders"]["nodes"] == [{"uuid": second["uuid"]}]


async def delete(desk: Desk, session_id: str, order_id: str) -> Any:
    data = await desk.owner.ask(
        "mutation($session: ID!, $order: ID!) { deleteOrder(input: {sessionId: $session, orderId: $order})"
        " { deletedId session { version } userErrors { code } } }",
        {"session": session_id, "order": order_id},
    )
    return data["deleteOrder"]


async def test_a_deleted_order_is_gone_and_cannot_be_deleted_twice(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    order = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
    gone = await delete(desk, opened["id"], order["uuid"])
    assert (gone["session"], gone["userErrors"]) == ({"version": 4}, [])
    assert await delete(desk, opened["id"], gone["deletedId"]) == {
        "deletedId": None,
        "session": {"version": 4},
        "userErrors": [{"code": "not_found"}],
    }


async def test_one_key_sent_in_parallel_places_one_order_and_answers_alike(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    answers = await asyncio.gather(
        *[place(desk.owner, opened["id"], WAITING_CALL, idempotencyKey="once") for _ in range(10)]
    )
    assert all(answer == answers[0] for answer in answers)
    listed = await session(desk.owner, opened["uuid"], "orders { nodes { uuid } }")
    assert listed["orders"]["nodes"] == [{"uuid": answers[0]["order"]["uuid"]}]


async def test_the_header_and_the_argument_are_the_same_key(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    first = await place(desk.owner, opened["id"], WAITING_CALL, idempotencyKey="once")
    desk.owner.headers["idempotency-key"] = "once"
    assert await place(desk.owner, opened["id"], WAITING_CALL) == first
    reused = await place(desk.owner, opened["id"], one_leg(price="3.80"))
    assert [error["code"] for error in reused["userErrors"]] == ["idempotency_key_reused"]


async def test_a_client_order_id_becomes_the_uuid_and_repeats_return_that_order(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    mine = str(uuid4())
    first = await place(desk.owner, opened["id"], WAITING_CALL, clientOrderId=mine)
    again = await place(desk.owner, opened["id"], WAITING_CALL, clientOrderId=mine)
    assert first["order"]["uuid"] == mine
    assert again["order"] == first["order"]
    other = await place(desk.owner, opened["id"], one_leg(price="3.80"), clientOrderId=mine)
    assert [(error["code"], error["path"]) for error in other["userErrors"]] == [
        ("client_order_id_reused", ["input", "clientOrderId"])
    ]


async def test_a_stale_version_is_denied(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    payload = await place(desk.owner, opened["id"], WAITING_CALL, expectedVersion=1)
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [
        ("version_conflict", ["input", "expectedVersion"])
    ]
    assert payload["session"] == opened
