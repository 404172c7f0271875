"""Live trading over REST as it is documented: statuses, bodies and refusals."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from httpx2 import Response

from tests.days import DATE
from tests.live_market import Market, on_air
from tests.people import Town
from tests.rest_compat.desk import Desk
from usecases.live_settling import settle_due
from usecases.matching import let_go

CLOSE = "2025-01-15T21:00:00Z"
START = {"starting_capital": "100000", "description": "my live session"}
LEGS = [{"instrument": "SPXW 250115C05950000", "quantity": "1", "action": "buy to open"}]
WAITING = {"type": "limit", "price": "1.00", "price_effect": "debit", "legs": LEGS}
IN_THE_MONEY = [{**LEGS[0], "instrument": "SPXW  250115C05930000"}]
NEVER = {**WAITING, "price": "0.05", "legs": IN_THE_MONEY}
MARKETABLE = {**WAITING, "price": "6.00"}
MARKET = {"type": "market", "legs": LEGS}


@pytest.fixture
def market(town: Town) -> Iterator[Market]:
    with on_air(town) as one:
        yield one


@pytest_asyncio.fixture
async def live(trader: Desk, market: Market) -> Desk:
    """A trader with a live session."""
    await market.match()
    assert (await trader.post("/live", START)).status_code == 201
    return trader


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.headers["x-error-code"]


async def placed(desk: Desk, market: Market, order: dict[str, Any], session: str = "/live") -> dict[str, Any]:
    await market.match()
    answer = await desk.post(f"{session}/orders", order)
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def replaced(desk: Desk, order_id: str, order: dict[str, Any]) -> Response:
    return await desk.http.put("/live/orders", json={"order_id": order_id, **order})


async def settled(market: Market) -> None:
    market.tell(599)
    market.publish()
    await market.match()
    assert await settle_due(market.ports) > 0


async def test_a_live_session_has_every_field_of_a_simulation(trader: Desk, market: Market) -> None:
    await trader.simulation()
    (simulation,) = (await trader.get("/simulations")).json()
    await market.tick(30)
    answer = await trader.post("/live", START)
    assert answer.status_code == 201
    session = answer.json()
    assert session.keys() == simulation.keys()
    assert session == simulation | {
        "id": session["id"],
        "mode": "live",
        "description": "my live session",
        "time": "2025-01-15T14:30:30Z",
    }
    assert (await trader.get("/live")).json() == session


async def test_without_a_live_session_there_is_null_and_nothing_under_it(
    trader: Desk, market: Market
) -> None:
    await market.match()
    answer = await trader.get("/live")
    assert (answer.status_code, answer.json()) == (200, None)
    nouns = ("orders", "positions", "history", "transactions", f"orders/{uuid4()}")
    missing = [await trader.get(f"/live/{noun}") for noun in nouns]
    missing += [await trader.post(f"/live/orders{end}", MARKET) for end in ("", "/dry-run")]
    missing += [await replaced(trader, str(uuid4()), WAITING), await trader.http.delete("/live")]
    assert [code(one) for one in missing] == [(404, "not_found")] * 9


async def test_a_second_session_is_409(live: Desk) -> None:
    again = await live.post("/live", START)
    assert code(again) == (409, "live_session_exists")
    assert again.text.startswith("live_session_exists: ")


async def test_there_is_no_session_without_an_open_market(trader: Desk, market: Market) -> None:
    market.tell(600)
    market.end()
    answer = await trader.post("/live", START)
    over = "market_closed: the market is closed: the session of 2025-01-15 is over"
    assert (*code(answer), answer.text) == (400, "market_closed", over)


async def test_orders_are_shown_with_what_only_live_ones_tell(live: Desk, market: Market) -> None:
    filled = await placed(live, market, MARKET)
    assert filled["status"] == "filled"
    assert (filled["fill_price"], filled["fees"], filled["execution_price"]) == ("5.10", "1.72", None)
    assert filled["client_order_id"] == filled["id"]
    assert filled["updated_at"] == "2025-01-15T14:31:00.000000Z"
    assert filled["buying-power-effect"]["new-buying-power"] == "99488.28"
    assert len(filled["transactions"]) == 1
    assert "rejection_reason" not in filled

    waiting = await placed(live, market, WAITING)
    assert (waiting["status"], "fill_price" in waiting) == ("pending", False)
    listed = (await live.get("/live/orders")).json()
    assert [(one["id"], one["status"]) for one in listed] == [
        (filled["id"], "filled"),
        (waiting["id"], "pending"),
    ]
    assert (await live.get(f"/live/orders/{waiting['id']}")).json() == listed[1]


async def test_a_live_session_answers_under_its_id_too(live: Desk, market: Market) -> None:
    order = await placed(live, market, WAITING)
    session = f"/simulations/{(await live.get('/live')).json()['id']}"
    assert (await live.get(f"{session}/orders")).json() == (await live.get("/live/orders")).json()
    assert (await live.http.delete(f"{session}/orders/{order['id']}")).status_code == 204
    assert code(await live.move(session, "14:31:00")) == (409, "session_frozen")


async def test_cancel(live: Desk, market: Market) -> None:
    order = await placed(live, market, WAITING)
    path = f"/live/orders/{order['id']}"
    answer = await live.http.delete(path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await live.get(path)).json()["status"] == "canceled"
    again = await live.http.delete(path)
    assert code(again) == (409, "order_not_pending")
    assert again.text == "order_not_pending: the order is canceled already"


async def test_replace(live: Desk, market: Market) -> None:
    order = await placed(live, market, WAITING)
    answer = await replaced(live, order["id"], MARKETABLE)
    assert answer.status_code == 200
    new = answer.json()
    assert (new["replaces_order_id"], new["status"], new["fill_price"]) == (order["id"], "filled", "5.00")
    assert (await live.get(f"/live/orders/{order['id']}")).json()["status"] == "canceled"
    assert code(await replaced(live, order["id"], MARKETABLE)) == (409, "order_not_pending")
    assert code(await replaced(live, new["id"], MARKETABLE)) == (409, "order_not_pending")


async def test_what_is_no_limit_is_not_replaced_and_no_leg_changes(live: Desk, market: Market) -> None:
    stop = {"type": "stop", "stop_trigger": "1.00", "price_effect": "debit", "legs": LEGS}
    stopped = await placed(live, market, stop)
    assert code(await replaced(live, stopped["id"], WAITING)) == (400, "invalid_order")
    order = await placed(live, market, WAITING)
    more = [{**LEGS[0], "quantity": "2"}]
    assert code(await replaced(live, order["id"], {**WAITING, "legs": more})) == (400, "invalid_order")


async def test_refusals_are_those_of_historical_orders(live: Desk, market: Market) -> None:
    await market.match()
    refused = [
        ({**WAITING, "price": "3.05"}, (400, "off_tick")),
        ({**MARKET, "legs": [{**LEGS[0], "action": "sell to close"}]}, (400, "no_position")),
        ({**MARKET, "legs": [{**LEGS[0], "quantity": "1000"}]}, (400, "insufficient_buying_power")),
        ({**MARKET, "legs": [{**LEGS[0], "instrument": "SPXW  250115C05955000"}]}, (400, "no_market_data")),
        ({**MARKET, "legs": [{**LEGS[0], "instrument": "SPXW  250116C05950000"}]}, (400, "invalid_leg")),
    ]
    answers = [await live.post("/live/orders", order) for order, _ in refused]
    assert [code(answer) for answer in answers] == [expected for _, expected in refused]
    assert (await live.get("/live/orders")).json() == []


async def test_the_idempotency_key_repeats_the_first_answer(live: Desk, market: Market) -> None:
    await market.match()
    key = {"Idempotency-Key": "ord-2025-05-07-001"}
    first, again = [await live.post("/live/orders", MARKET, headers=key) for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    other = await live.post("/live/orders", WAITING, headers=key)
    assert code(other) == (422, "idempotency_key_reused")
    assert len((await live.get("/live/orders")).json()) == 1


async def test_the_client_order_id_is_the_orders_id(live: Desk, market: Market) -> None:
    mine = str(uuid4())
    order = await placed(live, market, {**WAITING, "client_order_id": mine})
    assert (order["id"], order["client_order_id"]) == (mine, mine)
    assert await placed(live, market, {**WAITING, "client_order_id": mine}) == order


async def test_503_says_when_to_try_again(live: Desk, market: Market) -> None:
    order = await placed(live, market, WAITING)
    await let_go(market.ports, market.matcher)
    refused = [
        await live.post("/live/orders", MARKET),
        await live.post("/live/orders/dry-run", MARKET),
        await replaced(live, order["id"], MARKETABLE),
        await live.http.delete(f"/live/orders/{order['id']}"),
    ]
    assert [code(one) for one in refused] == [(503, "live_unavailable")] * 4
    assert [one.headers["retry-after"] for one in refused] == ["1"] * 4
    assert refused[0].text == (
        "live trading is briefly unavailable: orders are not being matched; wait 1 second"
    )
    assert (await live.get("/live/orders")).json()[0]["status"] == "pending"


async def test_dry_run(live: Desk, market: Market) -> None:
    await market.match()
    answer = await live.post("/live/orders/dry-run", MARKETABLE)
    assert answer.status_code == 200
    assert (UUID(answer.json()["id"]).int, answer.json()["status"]) == (0, "filled")
    assert (await live.get("/live/orders")).json() == []


async def test_state_is_read_at_the_last_matched_second(live: Desk, market: Market) -> None:
    await placed(live, market, MARKET)
    await market.tick(60)
    (position,) = (await live.get("/live/positions")).json()
    assert (position["price"], position["unrealized_profit_loss"]) == ("4.50", "-60")
    (row,) = (await live.get("/live/transactions")).json()
    assert (row["datetime"], row["value"], row["fees"]) == ("2025-01-15T14:30:00Z", "510", "1.72")
    history = (await live.get("/live/history?interval=45")).json()
    assert [one["timestamp"][-9:] for one in history] == ["14:30:00Z", "14:30:45Z", "14:31:00Z"]
    assert history[-1]["profit_loss"] == (await live.get("/live")).json()["profit_loss"] == "-61.72"


async def test_end_and_start_again(live: Desk, market: Market) -> None:
    await placed(live, market, MARKET)
    assert (await live.http.delete("/live")).status_code == 204
    assert (await live.get("/live")).json() is None
    assert (await live.post("/live", START)).status_code == 201
    assert (await live.get("/live/orders")).json() == []


async def test_closed_but_not_settled_then_settled(live: Desk, market: Market) -> None:
    order = await placed(live, market, NEVER)
    await placed(live, market, MARKET)
    market.tell(600)
    market.end()
    await market.match()
    closed = (await live.get("/live")).json()
    assert (closed["status"], closed["ended"], closed["time"]) == ("open", False, "2025-01-15T14:40:00Z")
    assert "settled_at" not in closed
    assert (await live.get(f"/live/orders/{order['id']}")).json()["status"] == "expired"
    assert code(await live.post("/live/orders", MARKET)) == (400, "market_closed")
    assert (await live.get("/simulations")).json() == []

    await settled(market)
    assert (await live.get("/live")).json() is None
    (past,) = (await live.get("/simulations")).json()
    assert (past["id"], past["mode"]) == (closed["id"], "live")
    assert (past["status"], past["ended"]) == ("settled", True)
    assert past["settled_at"] == "2025-01-15T14:31:00Z"
    session = f"/simulations/{past['id']}"
    assert code(await live.move(session, "14:31:00")) == (409, "session_frozen")
    rows = (await live.get(f"{session}/transactions")).json()
    assert [row["type"] for row in rows] == ["buy to open", "expiration"]
    assert len((await live.get(f"{session}/history")).json()) == 601


async def test_a_live_account_trades_todays_session(trader: Desk, market: Market) -> None:
    account = await trader.account(engine="live_sim")
    sessions = f"{account}/sessions"
    assert (await trader.get(f"{sessions}/current")).json() is None
    assert (await trader.get(f"{sessions}/head")).json() is None
    await market.tick(30)
    answer = await trader.post(sessions, {})
    opened = answer.json()
    assert (answer.status_code, opened["mode"], opened["date"]) == (201, "live", DATE.isoformat())
    assert (opened["time"], opened["opening_balance"]) == ("2025-01-15T14:30:30Z", "100000")
    again = await trader.post(sessions, {})
    assert (again.status_code, again.json()) == (200, opened)
    for path in ("current", "head", opened["id"]):
        assert (await trader.get(f"{sessions}/{path}")).json() == opened

    day = f"{sessions}/{opened['id']}"
    order = await placed(trader, market, MARKET, day)
    assert order["status"] == "filled"
    assert (await trader.get(account)).json()["current_value"] == "99988.28"
    assert code(await trader.move(day, "14:31:00")) == (409, "session_frozen")
    kept = await trader.http.delete(day)
    assert (*code(kept), kept.text.partition(":")[0]) == (409, "session_traded", "session_traded")
    assert (await trader.get("/live")).json() is None

    await settled(market)
    past = (await trader.get(day)).json()
    assert (past["status"], past["closing_balance"]) == ("settled", "99513.28")
    assert past["settled_at"] == "2025-01-15T14:31:00Z"
    assert (await trader.get(sessions)).json() == [past]
    assert (await trader.get(f"{sessions}/current")).json() is None
    assert (await trader.get(f"{sessions}/head")).json() == past
    assert (await trader.get(account)).json()["cash_balance"] == "99513.28"
    fixed = await trader.http.patch(account, json={"starting_capital": 50000})
    assert code(fixed) == (409, "capital_immutable")
    assert (await trader.get("/simulations")).json() == []


async def test_an_untraded_live_day_is_abandoned(trader: Desk, market: Market) -> None:
    account = await trader.account(engine="live_sim")
    await market.match()
    day = f"{account}/sessions/{(await trader.post(f'{account}/sessions', {})).json()['id']}"
    opened = (await trader.get(day)).json()
    assert (await trader.http.delete(day)).status_code == 204
    assert (await trader.get(day)).json() == opened | {"status": "abandoned", "time": None, "end_time": CLOSE}
    gone = [
        await trader.get(f"{day}/orders"),
        await trader.http.delete(day),
        await trader.move(day, "14:31:00"),
    ]
    assert [code(one) for one in gone] == [(404, "not_found")] * 3
    assert (await trader.get(f"{account}/sessions")).json() == []
    assert (await trader.get(f"{account}/sessions/current")).json() is None
    assert (await trader.post(f"{account}/sessions", {})).status_code == 201


async def test_a_live_account_opens_nothing_but_today(trader: Desk, market: Market) -> None:
    account = await trader.account(engine="live_sim")
    await market.match()
    wrong = await trader.post(f"{account}/sessions", {"date": "2025-01-14"})
    assert code(wrong) == (400, "invalid_input")
    assert wrong.text == "date must be left out, or today's: a live account trades 2025-01-15"
    market.tell(600)
    market.end()
    await market.match()
    assert code(await trader.post(f"{account}/sessions", {})) == (400, "market_closed")
