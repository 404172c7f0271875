"""A day's trading over HTTP on a flat tiny day: walkthrough parts 4 to 10."""

from typing import Any
from uuid import uuid4

import pytest

from tests.rest_compat.desk import EARLIER, VERTICAL, Desk

BOUNDS = "at must be from 2025-01-15T14:30:00Z to 2025-01-15T14:40:00Z"
NEVER = {**VERTICAL, "price": "1.00"}
STOP = {
    "type": "stop",
    "stop_trigger": "2.00",
    "price_effect": "debit",
    "legs": [{"instrument": "SPXW 250115C05950000", "quantity": 1, "action": "buy to open"}],
}


async def test_simulation_has_no_clock_until_it_is_set(trader: Desk) -> None:
    body = {"date": "2025-01-15", "starting_capital": 100000, "description": "Iron condor day"}
    created = await trader.post("/simulations", body)

    assert created.status_code == 201
    simulation = created.json()
    assert (simulation["time"], simulation["starting_capital"]) == (None, "100000")
    assert (await trader.get("/simulations")).json() == [simulation]
    assert (await trader.get(f"/simulations/{simulation['id']}")).json() == simulation


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"date": "2025-01-13"}, 404, "session_not_recorded"),
        ({"date": "15.01.2025"}, 400, "invalid_input"),
        ({"starting_capital": 999}, 400, "invalid_input"),
        ({"starting_capital": "10000000.01"}, 400, "invalid_input"),
        ({"starting_capital": "1000.001"}, 400, "invalid_input"),
        ({"starting_capital": None}, 400, "invalid_input"),
        ({"description": "x" * 501}, 400, "invalid_input"),
    ],
)
async def test_simulation_needs_a_recorded_date_and_a_fair_capital(
    trader: Desk, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await trader.post("/simulations", {"date": "2025-01-15", "starting_capital": "1000", **change})

    assert (answer.status_code, answer.headers["x-error-code"]) == (status, code)
    assert (await trader.get("/simulations")).json() == []


async def test_one_simulation_a_date_until_it_is_deleted(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.simulation(EARLIER)
    again = await trader.post("/simulations", {"date": "2025-01-15", "starting_capital": 1000})

    assert (again.status_code, again.headers["x-error-code"]) == (409, "simulation_exists")
    deleted = await trader.http.delete(simulation)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await trader.get(simulation)).status_code == 404
    await trader.simulation()


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("14:40:01", "simulation time cannot be after the end time"),
        ("14:29:59", "simulation time cannot be before the start time"),
    ],
)
async def test_clock_stays_within_the_session(trader: Desk, time: str, message: str) -> None:
    simulation = await trader.simulation()
    answer = await trader.move(simulation, time)

    assert (answer.status_code, answer.text) == (400, message)
    assert (await trader.get(simulation)).json()["time"] is None


async def test_vertical_fills_at_once_and_shows_in_every_list(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.move(simulation, "14:30:00")
    answer = await trader.post(f"{simulation}/orders", VERTICAL)

    assert answer.status_code == 201
    order = answer.json()
    effect = order.pop("buying-power-effect")
    assert (order["status"], order["fill_price"], order["execution_price"]) == ("filled", "0.00", "10.50")
    assert (effect["change-in-buying-power"], effect["new-buying-power"]) == ("3.44", "99996.56")
    assert (await trader.get(f"{simulation}/orders")).json() == [order]
    assert (await trader.get(f"{simulation}/orders/{order['id']}")).json() == order
    named = [{**one, "order_id": order["id"]} for one in order["transactions"]]
    assert (await trader.get(f"{simulation}/transactions")).json() == named
    positions = (await trader.get(f"{simulation}/positions")).json()
    assert [(p["direction"], p["quantity"], p["delta"]) for p in positions] == [
        ("long", "1", "0.5"),
        ("short", "1", "-0.3"),
    ]


async def test_dry_run_answers_alike_and_keeps_nothing(trader: Desk) -> None:
    simulation = await trader.simulation()
    preview = await trader.post(f"{simulation}/orders/dry-run", VERTICAL)
    order = (await trader.post(f"{simulation}/orders", VERTICAL)).json()

    assert preview.status_code == 200
    shown = {name: value for name, value in order.items() if name != "transactions"}
    assert preview.json() == {**shown, "id": "00000000-0000-0000-0000-000000000000"}


async def test_dry_run_is_not_listed(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.post(f"{simulation}/orders/dry-run", VERTICAL)

    assert (await trader.get(f"{simulation}/orders")).json() == []


async def test_order_that_waits_is_pending_and_can_be_deleted(trader: Desk) -> None:
    simulation = await trader.simulation()
    order = (await trader.post(f"{simulation}/orders", STOP)).json()

    assert (order["status"], order["fees"], order["stop_trigger"]) == ("pending", "1.72", "2.00")
    assert {"fill_price", "execution_price", "transactions"} & set(order) == set()
    deleted = await trader.http.delete(f"{simulation}/orders/{order['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await trader.get(f"{simulation}/orders")).json() == []


async def test_clock_shows_and_hides_the_fill(trader: Desk) -> None:
    simulation = await trader.simulation()
    order = (await trader.post(f"{simulation}/orders", STOP)).json()
    path = f"{simulation}/orders/{order['id']}"

    await trader.move(simulation, "14:39:00")
    filled = (await trader.get(path)).json()
    await trader.move(simulation, "14:30:00")

    assert (filled["status"], filled["execution_price"]) == ("filled", "2.00")
    assert (await trader.get(path)).json()["status"] == "pending"
    assert (await trader.get(f"{simulation}/transactions")).json() == []


async def test_stop_beyond_its_trigger_is_refused(trader: Desk) -> None:
    simulation = await trader.simulation()
    answer = await trader.post(f"{simulation}/orders", {**STOP, "stop_trigger": "12.00"})

    assert (answer.status_code, answer.text) == (400, "stop order would execute immediately")
    assert answer.headers["x-error-code"] == "stop_immediate"


async def test_replacement_has_a_new_id_and_names_the_old(trader: Desk) -> None:
    simulation = await trader.simulation()
    old = (await trader.post(f"{simulation}/orders", STOP)).json()
    body = {**STOP, "stop_trigger": "1.00", "order_id": old["id"]}
    answer = await trader.http.put(f"{simulation}/orders", json=body)

    new = answer.json()
    assert (answer.status_code, new["replaces_order_id"], new["stop_trigger"]) == (200, old["id"], "1.00")
    assert [order["id"] for order in (await trader.get(f"{simulation}/orders")).json()] == [new["id"]]


async def test_repeat_under_an_idempotency_key_is_the_first_answer(trader: Desk) -> None:
    simulation = await trader.simulation()
    headers = {"Idempotency-Key": "ord-1"}
    first = await trader.post(f"{simulation}/orders", VERTICAL, headers=headers)
    again = await trader.post(f"{simulation}/orders", VERTICAL, headers=headers)
    other = await trader.post(f"{simulation}/orders", NEVER, headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert (other.status_code, other.headers["x-error-code"]) == (422, "idempotency_key_reused")


async def test_client_order_id_becomes_the_orders_id(trader: Desk) -> None:
    simulation = await trader.simulation()
    body = {**VERTICAL, "client_order_id": str(uuid4())}
    first = (await trader.post(f"{simulation}/orders", body)).json()

    assert (first["id"], first["client_order_id"]) == (body["client_order_id"], body["client_order_id"])
    assert (await trader.post(f"{simulation}/orders", body)).json()["id"] == first["id"]
    other = await trader.post(f"{simulation}/orders", {**body, "price": "9.00"})
    assert (other.status_code, other.headers["x-error-code"]) == (422, "client_order_id_reused")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": "hope"}, "invalid_order"),
        ({"type": "market"}, "invalid_order"),
        ({"legs": []}, "invalid_order"),
        ({"price": None}, "invalid_price"),
        ({"price": "10.51"}, "off_tick"),
        ({"price": "20.05"}, "exceeds_max_profit"),
        ({"price": 10.52}, "off_tick"),
        ({"legs": [{"instrument": "SPX", "quantity": "1", "action": "buy to open"}]}, "invalid_leg"),
        ({"legs": [{"instrument": "SPX", "quantity": "1"}]}, "invalid_input"),
        ({"client_order_id": "7"}, "invalid_input"),
    ],
)
async def test_bad_order_is_refused_and_nothing_is_kept(
    trader: Desk, change: dict[str, Any], code: str
) -> None:
    simulation = await trader.simulation()
    answer = await trader.post(f"{simulation}/orders", {**VERTICAL, **change})

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, code)
    assert (await trader.get(f"{simulation}/orders")).json() == []


async def test_close_settles_the_session(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.post(f"{simulation}/orders", VERTICAL)
    ended = (await trader.move(simulation, "14:40:00")).json()

    assert (ended["ended"], ended["status"]) == (True, "settled")
    rows = (await trader.get(f"{simulation}/transactions")).json()
    settled = [row for row in rows if row.get("order_id") is None]
    assert [set(row) for row in settled] == [{"id", "datetime", "instrument", "type", "quantity", "fees"}] * 2
    assert {row["type"] for row in settled} == {"expiration"}


async def test_history_covers_the_day_at_any_clock(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.post(f"{simulation}/orders", VERTICAL)
    rows = (await trader.get(f"{simulation}/history")).json()

    assert len(rows) == 601
    assert (rows[0]["timestamp"], rows[600]["timestamp"]) == ("2025-01-15T14:30:00Z", "2025-01-15T14:40:00Z")
    assert rows[600]["profit_loss"] == "-3.44"
    sampled = (await trader.get(f"{simulation}/history?interval=60")).json()
    assert sampled == rows[::60]


@pytest.mark.parametrize(("interval", "seconds"), [(450, (0, 450, 600)), (23_400, (0, 600))])
async def test_history_ends_with_the_close_at_any_interval(
    trader: Desk, interval: int, seconds: tuple[int, ...]
) -> None:
    simulation = await trader.simulation()
    await trader.post(f"{simulation}/orders", VERTICAL)
    rows = (await trader.get(f"{simulation}/history")).json()

    sampled = (await trader.get(f"{simulation}/history?interval={interval}")).json()
    assert sampled == [rows[second] for second in seconds]


@pytest.mark.parametrize("interval", ["0", "-1", "1.5", "x", "99999", ""])
async def test_history_interval_is_a_number_of_seconds(trader: Desk, interval: str) -> None:
    simulation = await trader.simulation()
    answer = await trader.get(f"{simulation}/history?interval={interval}")

    assert (answer.status_code, answer.text) == (
        400,
        "interval must be a whole number of seconds from 1 to 23400",
    )


async def test_positions_and_transactions_of_any_second_are_shown_whatever_the_clock(trader: Desk) -> None:
    simulation = await trader.simulation()
    await trader.move(simulation, "14:35:00")
    order = (await trader.post(f"{simulation}/orders", VERTICAL)).json()
    seen = {
        (what, time): (await trader.get(f"{simulation}/{what}?at=2025-01-15T{time}Z")).json()
        for what in ("positions", "transactions")
        for time in ("14:34:59", "14:35:00", "14:40:00")
    }

    assert (seen["positions", "14:34:59"], seen["transactions", "14:34:59"]) == ([], [])
    assert seen["positions", "14:35:00"] == (await trader.get(f"{simulation}/positions")).json()
    assert [row["order_id"] for row in seen["transactions", "14:35:00"]] == [order["id"]] * 2
    assert seen["positions", "14:40:00"] == []
    assert [row["type"] for row in seen["transactions", "14:40:00"][2:]] == ["expiration"] * 2
    assert (await trader.get(simulation)).json()["time"] == "2025-01-15T14:35:00Z"


@pytest.mark.parametrize("what", ["positions", "transactions"])
@pytest.mark.parametrize(
    ("at", "code", "message"),
    [
        (
            "2025-01-15T14:40:01Z",
            "time_after_end",
            f"simulation time cannot be after the end time: {BOUNDS}",
        ),
        (
            "2025-01-15T09:29:59-05:00",
            "time_before_start",
            f"simulation time cannot be before the start time: {BOUNDS}",
        ),
        (
            "2025-01-15T14:35:00",
            "invalid_input",
            "at must be an RFC 3339 time with a zone, like 2025-01-15T14:30:00Z",
        ),
        ("", "invalid_input", "at must be an RFC 3339 time with a zone, like 2025-01-15T14:30:00Z"),
    ],
)
async def test_a_look_outside_the_session_names_its_bounds(
    trader: Desk, what: str, at: str, code: str, message: str
) -> None:
    simulation = await trader.simulation()
    answer = await trader.get(f"{simulation}/{what}?at={at}")

    assert (answer.status_code, answer.headers["x-error-code"], answer.text) == (400, code, message)
