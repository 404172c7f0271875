"""Days of accounts over HTTP: opened, replayed, settled, re-opened, deleted; and all trading under them."""

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from tests.rest_compat.desk import EARLIER, VERTICAL, Desk
from tests.rest_compat.test_simulations import FRESH

CALL = {
    "type": "market",
    "price_effect": "debit",
    "legs": [{"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"}],
}
CALL_EARLIER = {
    **CALL,
    "legs": [{"instrument": "SPXW  250114C05950000", "quantity": "1", "action": "buy to open"}],
}
LOST = "-511.72"  # bought at 5.10 for 1.72, worthless at the close
STOP = {**CALL, "type": "stop", "stop_trigger": "2.00"}


@pytest_asyncio.fixture
async def account(trader: Desk) -> str:
    return await trader.account()


async def cash(trader: Desk, account: str) -> tuple[str, str]:
    body = (await trader.get(account)).json()
    return body["cash_balance"], body["current_value"]


async def lost(trader: Desk, account: str) -> str:
    """An earlier day of the account that lost 511.72 and is settled; its path."""
    day = await trader.day(account, EARLIER)
    assert (await trader.post(f"{day}/orders", CALL_EARLIER)).json()["status"] == "filled"
    settled = (await trader.move(day, "14:40:00", EARLIER)).json()
    assert settled["profit_loss"] == LOST
    return day


async def test_a_fresh_day_is_the_documented_object(trader: Desk, account: str) -> None:
    created = await trader.post(f"{account}/sessions", {"date": "2025-01-15"})

    assert created.status_code == 201
    day = created.json()
    assert day == {
        **FRESH,
        "id": day["id"],
        "account_id": account.rpartition("/")[2],
        "description": None,
        "time": "2025-01-15T14:30:00Z",
        "end_time": "2025-01-15T14:40:00Z",
    }
    assert (await trader.get(f"{account}/sessions")).json() == [day]
    assert (await trader.get(f"{account}/sessions/{day['id']}")).json() == day
    assert (await trader.get(f"{account}/sessions/head")).json() == day


async def test_opening_an_open_day_again_answers_it_as_it_is(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    moved = (await trader.move(day, "14:35:00")).json()

    again = await trader.post(f"{account}/sessions", {"date": "2025-01-15"})

    assert (again.status_code, again.json()) == (200, moved)


async def test_a_settled_day_says_what_it_closed_with_and_when(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    await trader.post(f"{day}/orders", CALL)
    trader.town.clock.pass_(minutes=1)

    settled = (await trader.move(day, "14:40:00")).json()

    assert (settled["status"], settled["ended"], settled["time"]) == ("settled", True, settled["end_time"])
    assert settled["closing_balance"] == settled["net_liquidation_value"] == "99488.28"
    assert settled["available_buying_power"] == "99488.28"
    assert settled["profit_loss"] == LOST
    assert settled["settled_at"] == f"{trader.town.clock.now:%Y-%m-%dT%H:%M:%SZ}"
    assert await cash(trader, account) == ("99488.28", "99488.28")
    for path in (day, f"{account}/sessions/head"):
        assert (await trader.get(path)).json() == settled
    assert (await trader.get(f"{account}/sessions")).json() == [settled]


async def test_cash_stays_while_the_current_value_follows_the_open_day(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    await trader.post(f"{day}/orders", CALL)
    moved = (await trader.move(day, "14:35:00")).json()

    assert await cash(trader, account) == ("100000", moved["net_liquidation_value"])
    assert {"closing_balance", "settled_at"} & set(moved) == set()


async def test_the_next_day_opens_with_the_carried_cash(trader: Desk, account: str) -> None:
    await lost(trader, account)
    day = await trader.day(account)

    today, yesterday = (await trader.get(f"{account}/sessions")).json()
    assert (today["date"], yesterday["date"]) == ("2025-01-15", "2025-01-14")
    assert today["opening_balance"] == today["starting_capital"] == yesterday["closing_balance"] == "99488.28"
    assert (await trader.get(day)).json() == today
    assert (await trader.get(f"{account}/sessions/head")).json() == today


async def test_a_re_opened_day_counts_nothing_until_it_settles_again(trader: Desk, account: str) -> None:
    day = await lost(trader, account)

    again = await trader.post(f"{account}/sessions", {"date": "2025-01-14"})

    assert again.status_code == 200
    opened = again.json()
    assert (opened["status"], opened["time"]) == ("open", "2025-01-14T14:30:00Z")
    assert {"closing_balance", "settled_at"} & set(opened) == set()
    assert (await cash(trader, account))[0] == "100000"
    assert len((await trader.get(f"{day}/orders")).json()) == 1
    settled = (await trader.move(day, "14:40:00", EARLIER)).json()
    assert (settled["status"], settled["closing_balance"]) == ("settled", "99488.28")
    assert await cash(trader, account) == ("99488.28", "99488.28")


async def test_rewinding_a_settled_day_opens_it_for_editing(trader: Desk, account: str) -> None:
    day = await lost(trader, account)

    rewound = (await trader.move(day, "14:39:59", EARLIER)).json()

    assert (rewound["status"], rewound["ended"]) == ("open", False)
    assert {"closing_balance", "settled_at"} & set(rewound) == set()
    assert (await cash(trader, account))[0] == "100000"
    assert (await trader.get(f"{account}/sessions/head")).json() == rewound


async def test_an_edited_day_re_threads_the_later_ones(trader: Desk, account: str) -> None:
    first = await lost(trader, account)
    second = await trader.day(account)
    await trader.move(second, "14:40:00")
    assert await cash(trader, account) == ("99488.28", "99488.28")

    await trader.day(account, EARLIER)
    order = (await trader.get(f"{first}/orders")).json()[0]
    assert (await trader.http.delete(f"{first}/orders/{order['id']}")).status_code == 204
    await trader.move(first, "14:40:00", EARLIER)

    later = (await trader.get(second)).json()
    assert (later["opening_balance"], later["closing_balance"]) == ("100000", "100000")
    assert await cash(trader, account) == ("100000", "100000")


async def test_a_new_capital_re_threads_every_day(trader: Desk, account: str) -> None:
    await lost(trader, account)
    second = await trader.day(account)
    await trader.move(second, "14:40:00")

    changed = await trader.http.patch(account, json={"starting_capital": 50000})

    assert changed.json()["cash_balance"] == "49488.28"
    days = (await trader.get(f"{account}/sessions")).json()
    assert [(day["opening_balance"], day["closing_balance"]) for day in days] == [
        ("49488.28", "49488.28"),
        ("50000", "49488.28"),
    ]


async def test_one_day_at_a_time_is_open(trader: Desk, account: str) -> None:
    first = await lost(trader, account)
    await trader.day(account)

    reopened = await trader.post(f"{account}/sessions", {"date": "2025-01-14"})
    rewound = await trader.move(first, "14:35:00", EARLIER)

    for answer in (reopened, rewound):
        assert (answer.status_code, answer.headers["x-error-code"]) == (409, "session_open")
        assert answer.text.startswith("session_open: ")
    assert (await trader.get(first)).json()["status"] == "settled"


async def test_a_new_day_is_not_before_the_latest(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    await trader.move(day, "14:40:00")

    answer = await trader.post(f"{account}/sessions", {"date": "2025-01-14"})

    assert (answer.status_code, answer.headers["x-error-code"]) == (409, "insert_earlier")
    assert answer.text == "insert_earlier: a new day must be on or after the account's latest day, 2025-01-15"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid_input"),
        ({"date": None}, 400, "invalid_input"),
        ({"date": 20250115}, 400, "invalid_input"),
        ({"date": "15.01.2025"}, 400, "invalid_input"),
        ({"date": "2025-02-30"}, 400, "invalid_input"),
        ({"date": "2025-01-13"}, 404, "session_not_recorded"),
        ({"date": "9999-12-31"}, 404, "session_not_recorded"),
    ],
)
async def test_a_day_needs_a_recorded_date(
    trader: Desk, account: str, body: dict[str, Any], status: int, code: str
) -> None:
    answer = await trader.post(f"{account}/sessions", body)

    assert (answer.status_code, answer.headers["x-error-code"]) == (status, code)
    assert (await trader.get(f"{account}/sessions")).json() == []


async def test_an_archived_account_opens_no_day(trader: Desk, account: str) -> None:
    day = await lost(trader, account)
    await trader.http.patch(account, json={"status": "archived"})

    answers = [
        await trader.post(f"{account}/sessions", {"date": "2025-01-15"}),
        await trader.post(f"{account}/sessions", {"date": "2025-01-14"}),
        await trader.move(day, "14:35:00", EARLIER),
    ]

    assert [(one.status_code, one.headers["x-error-code"]) for one in answers] == [
        (409, "account_archived")
    ] * 3
    assert (await trader.get(day)).json()["closing_balance"] == "99488.28"


async def test_a_live_account_opens_nothing_while_its_market_is_closed(trader: Desk) -> None:
    account = await trader.account(engine="live_sim")

    for body in ({}, {"date": "2025-01-15"}):
        answer = await trader.post(f"{account}/sessions", body)
        assert (answer.status_code, answer.headers["x-error-code"]) == (400, "market_closed")
    for name in ("current", "head"):
        assert await null(trader, f"{account}/sessions/{name}")


async def test_a_historical_account_has_no_current_session_and_its_head_may_be_null(
    trader: Desk, account: str
) -> None:
    current = await trader.get(f"{account}/sessions/current")

    assert (current.status_code, current.headers["x-error-code"]) == (404, "not_found")
    assert current.text == "a historical account has no current session; use head"
    assert await null(trader, f"{account}/sessions/head")


async def null(trader: Desk, path: str) -> bool:
    answer = await trader.get(path)
    return (answer.status_code, answer.content) == (200, b"null")


async def test_the_head_is_the_open_day_before_the_latest(trader: Desk, account: str) -> None:
    first = await lost(trader, account)
    second = await trader.day(account)
    await trader.move(second, "14:40:00")
    assert (await trader.get(f"{account}/sessions/head")).json() == (await trader.get(second)).json()

    await trader.day(account, EARLIER)

    assert (await trader.get(f"{account}/sessions/head")).json() == (await trader.get(first)).json()


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("14:40:01", "simulation time cannot be after the end time"),
        ("14:29:59", "simulation time cannot be before the start time"),
    ],
)
async def test_the_clock_stays_within_the_day(trader: Desk, account: str, time: str, message: str) -> None:
    day = await trader.day(account)
    answer = await trader.move(day, time)

    assert (answer.status_code, answer.text) == (400, message)
    assert (await trader.get(day)).json()["time"] == "2025-01-15T14:30:00Z"


@pytest.mark.parametrize("body", [{}, {"time": None}, {"time": "14:35"}, {"time": 1736951700}])
async def test_a_clock_is_set_to_a_time(trader: Desk, account: str, body: dict[str, Any]) -> None:
    day = await trader.day(account)
    answer = await trader.http.patch(day, json=body)

    assert (answer.status_code, answer.text.partition(" ")[0]) == (400, "time")


async def test_moving_the_clock_writes_no_orders(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    order = (await trader.post(f"{day}/orders", STOP)).json()
    assert order["status"] == "pending"
    await trader.move(day, "14:39:00")
    filled = (await trader.get(f"{day}/orders/{order['id']}")).json()

    await trader.move(day, "14:30:00")
    hidden = (await trader.get(f"{day}/orders/{order['id']}")).json()

    assert (filled["status"], hidden["status"]) == ("filled", "pending")
    assert (await trader.get(f"{day}/transactions")).json() == []
    await trader.move(day, "14:39:00")
    assert (await trader.get(f"{day}/orders/{order['id']}")).json() == filled


async def test_a_deleted_day_takes_its_trades_and_its_profit_along(trader: Desk, account: str) -> None:
    first = await lost(trader, account)
    second = await trader.day(account)
    await trader.move(second, "14:40:00")

    deleted = await trader.http.delete(first)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await trader.get(first)).status_code == 404
    assert (await trader.get(f"{first}/orders")).status_code == 404
    assert (await trader.get(second)).json()["opening_balance"] == "100000"
    assert await cash(trader, account) == ("100000", "100000")


async def test_deleting_the_open_day_frees_the_account(trader: Desk, account: str) -> None:
    day = await trader.day(account)
    assert (await trader.http.delete(day)).status_code == 204

    assert await null(trader, f"{account}/sessions/head")
    await trader.day(account, EARLIER)


async def test_a_settled_day_takes_no_orders(trader: Desk, account: str) -> None:
    day = await lost(trader, account)
    answer = await trader.post(f"{day}/orders", CALL_EARLIER)

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "market_closed")


async def test_deleting_an_order_of_a_settled_day_settles_it_anew(trader: Desk, account: str) -> None:
    day = await lost(trader, account)
    order = (await trader.get(f"{day}/orders")).json()[0]

    assert (await trader.http.delete(f"{day}/orders/{order['id']}")).status_code == 204

    settled = (await trader.get(day)).json()
    assert (settled["status"], settled["closing_balance"]) == ("settled", "100000")
    assert await cash(trader, account) == ("100000", "100000")


async def test_a_day_of_an_account_trades_as_a_simulation_does(trader: Desk, account: str) -> None:
    simulation, day = await trader.simulation(), await trader.day(account)
    await trader.move(simulation, "14:30:00")

    told = [await traded(trader, session) for session in (simulation, day)]

    assert told[0] == told[1]


async def traded(trader: Desk, session: str) -> list[Any]:
    """Everything that a session answers in the course of some trading, but the ids."""
    answers = [await trader.post(f"{session}/orders/dry-run", VERTICAL)]
    answers += [await trader.post(f"{session}/orders", order) for order in (VERTICAL, STOP, CALL)]
    waiting = {**STOP, "stop_trigger": "1.00", "order_id": answers[2].json()["id"]}
    answers.append(await trader.http.put(f"{session}/orders", json=waiting))
    answers.append(await trader.http.delete(f"{session}/orders/{answers[1].json()['id']}"))
    answers.append(await trader.post(f"{session}/orders", {**CALL, "type": "limit", "price": "4.50"}))
    assert [one.status_code for one in answers] == [200, 201, 201, 201, 200, 204, 201]
    for time in ("14:35:00", "14:39:30", "14:40:00"):
        await trader.move(session, time)
        parts = ("orders", "positions", "transactions", "history", "history?interval=5")
        answers += [await trader.get(f"{session}/{part}") for part in parts]
        answers.append(await trader.get(f"{session}/positions?at=2025-01-15T14:31:00Z"))
    return [(one.status_code, anonymous(one.json() if one.content else None)) for one in answers]


def anonymous(told: Any) -> Any:
    if isinstance(told, list):
        return [anonymous(one) for one in told]
    if not isinstance(told, dict):
        return told
    return {name: anonymous(value) for name, value in told.items() if not name.endswith("id")}


async def test_history_opens_with_the_carried_cash(trader: Desk, account: str) -> None:
    await lost(trader, account)
    day = await trader.day(account)

    rows = (await trader.get(f"{day}/history?interval=300")).json()

    assert [row["timestamp"] for row in rows] == [f"2025-01-15T14:{minute}:00Z" for minute in (30, 35, 40)]
    assert {row["net_liquidation_value"] for row in rows} == {"99488.28"}


async def test_parallel_opens_make_one_day(trader: Desk, account: str) -> None:
    body = {"date": "2025-01-15"}

    answers = await asyncio.gather(*(trader.post(f"{account}/sessions", body) for _ in range(8)))

    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert len({one.content for one in answers}) == 1
