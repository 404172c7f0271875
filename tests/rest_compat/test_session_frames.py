"""What becomes of a live session, on the WebSocket."""

from typing import Any
from uuid import uuid4

import orjson
import pytest
from websockets.asyncio.client import ClientConnection

from tests.live_market import Market, on_air
from tests.rest_compat.desk import VERTICAL, Desk
from tests.rest_compat.streaming import PUBLIC, followed, heard, hears_nothing, opened, token_of
from usecases.live_settling import settle_due

CALL = {"instrument": "SPXW  250115C05950000", "quantity": "1", "action": "buy to open"}
WAITING = {"type": "limit", "price": "3.00", "price_effect": "debit", "legs": [CALL]}
HOPELESS = WAITING | {"price": "0.05", "legs": [CALL | {"instrument": "SPXW  250115C05930000"}]}
FILLS_AT = 235  # what is worth 5.00 at the open has melted to 3.00


def subscribe(session: str, last: int | None = None) -> dict[str, Any]:
    message = {"action": "subscribe", "channel": "simulation_events", "live_simulation_id": session}
    return message if last is None else message | {"last_event_by_sim": {session: last}}


async def started(trader: Desk, market: Market) -> str:
    await market.match()
    answer = await trader.post("/live", {"starting_capital": "100000"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def placed(trader: Desk, market: Market, order: dict[str, Any]) -> dict[str, Any]:
    await market.match()
    answer = await trader.post("/live/orders", order)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def told(socket: ClientConnection, frames: int) -> list[tuple[int, str]]:
    """The numbers and types of the next frames."""
    heard_of = [await heard(socket) for _ in range(frames)]
    return [(frame["id"], frame["type"]) for frame in heard_of]


FILLED_AT_ONCE = [(2, "order_update"), (3, "order_update"), (4, "financials_update")]


async def test_an_order_and_its_money_are_told_as_rest_shows_them(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        async with opened(trader.town, token_of(trader), subscribe(session)) as socket:
            await followed(socket)
            order = await placed(trader, market, VERTICAL)
            frames = [await heard(socket) for _ in range(3)]
            shown = (await trader.get(f"/live/orders/{order['id']}")).json()
            live = (await trader.get("/live")).json()
    assert [(frame["id"], frame["type"]) for frame in frames] == FILLED_AT_ONCE
    assert frames[0] == {
        "channel": "simulation_events",
        "id": 2,
        "live_simulation_id": session,
        "type": "order_update",
        "payload": shown,
    }
    assert frames[2]["payload"] == {
        "cash_balance": "99996.56",
        "available_buying_power": live["available_buying_power"],
        "realized_profit_loss": live["realized_profit_loss"],
        "positions": {"SPXW  250115C05950000": "1", "SPXW  250115C05970000": "-1"},
    }


async def test_a_fill_of_the_matcher_and_a_cancellation_are_told(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        waiting, canceled = await placed(trader, market, WAITING), await placed(trader, market, WAITING)
        async with opened(trader.town, token_of(trader), subscribe(session)) as socket:
            await followed(socket)
            assert (await trader.http.delete(f"/live/orders/{canceled['id']}")).status_code == 204
            ended = [await heard(socket) for _ in range(2)]
            await market.tick(FILLS_AT)
            filled = [await heard(socket) for _ in range(2)]
    assert (ended[0]["payload"]["id"], ended[0]["payload"]["status"]) == (canceled["id"], "canceled")
    assert (filled[0]["payload"]["id"], filled[0]["payload"]["status"]) == (waiting["id"], "filled")
    assert filled[0]["payload"]["fill_datetime"] == "2025-01-15T14:33:55Z"
    assert filled[1]["payload"]["cash_balance"] == "99698.28"
    assert [frame["id"] for frame in ended + filled] == [6, 7, 8, 9]


async def test_who_was_away_is_told_what_he_missed(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        await placed(trader, market, VERTICAL)
        async with opened(trader.town, token_of(trader), subscribe(session, 2)) as socket:
            assert await told(socket, 2) == FILLED_AT_ONCE[1:]
            await hears_nothing(socket)
            await placed(trader, market, WAITING)
            assert await told(socket, 2) == [(5, "order_update"), (6, "financials_update")]


async def test_a_number_that_nobody_was_told_means_from_now_on(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        await placed(trader, market, VERTICAL)
        for last in (99, -1, True, "2", None):
            message = subscribe(session) | {"last_event_by_sim": {session: last, "x": 1}}
            async with opened(trader.town, token_of(trader), message) as socket:
                await hears_nothing(socket)


async def test_several_sessions_are_named_by_their_last_events(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        await placed(trader, market, VERTICAL)
        named = {"action": "subscribe", "channels": ["simulation_events"], "last_event_by_sim": {session: 0}}
        async with opened(trader.town, token_of(trader), named) as socket:
            assert await told(socket, 3) == FILLED_AT_ONCE


async def test_the_own_session_is_told_of_unasked(trader: Desk) -> None:
    with on_air(trader.town) as market:
        async with opened(trader.town, token_of(trader)) as socket:
            await followed(socket)
            await started(trader, market)
            await placed(trader, market, VERTICAL)
            assert await told(socket, 3) == FILLED_AT_ONCE

            await trader.http.delete("/live")
            second = await started(trader, market)
            await placed(trader, market, VERTICAL)
            frames = [await heard(socket) for _ in range(3)]
            assert {frame["live_simulation_id"] for frame in frames} == {second}

            await socket.send('{"action": "unsubscribe", "channel": "simulation_events"}')
            await followed(socket)
            await placed(trader, market, WAITING)
            await hears_nothing(socket)


async def test_who_chooses_is_told_of_nothing_twice(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        async with opened(trader.town, token_of(trader)) as socket:
            await followed(socket)
            await placed(trader, market, VERTICAL)
            assert await told(socket, 3) == FILLED_AT_ONCE
            await socket.send(orjson.dumps(subscribe(session)).decode())
            await followed(socket)
            await placed(trader, market, WAITING)
            assert await told(socket, 2) == [(5, "order_update"), (6, "financials_update")]
            await hears_nothing(socket)


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("told_before", [0, 3])
async def test_who_names_another_session_is_told_of_his_own_no_more(
    trader: Desk, action: str, told_before: int
) -> None:
    with on_air(trader.town) as market:
        await started(trader, market)
        async with opened(trader.town, token_of(trader)) as socket:
            if told_before:
                await followed(socket)
                await placed(trader, market, VERTICAL)
                assert await told(socket, told_before) == FILLED_AT_ONCE
            await socket.send(orjson.dumps(subscribe(str(uuid4())) | {"action": action}).decode())
            await followed(socket)
            await placed(trader, market, WAITING)
            await hears_nothing(socket)


async def test_a_live_day_of_an_account_is_told_where_it_is_named(trader: Desk) -> None:
    with on_air(trader.town) as market:
        await market.match()
        account = await trader.account(engine="live_sim")
        day = await trader.day(account)
        session = day.rpartition("/")[2]
        async with opened(trader.town, token_of(trader)) as silent:
            async with opened(trader.town, token_of(trader), subscribe(session)) as socket:
                await followed(socket)
                await market.match()
                order = await trader.post(f"{day}/orders", VERTICAL)
                assert order.status_code == 201, order.text
                assert [kind for _, kind in await told(socket, 3)] == [kind for _, kind in FILLED_AT_ONCE]
            await hears_nothing(silent)


async def test_others_visitors_and_simulations_are_told_nothing(trader: Desk, stranger: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        await placed(trader, market, VERTICAL)
        simulation = (await trader.simulation()).rpartition("/")[2]
        for who, whose in ((token_of(stranger), session), (PUBLIC, session), (token_of(trader), simulation)):
            async with opened(trader.town, who, subscribe(whose, 0)) as socket:
                await hears_nothing(socket)


async def test_settlement_is_told_and_ends_it(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        async with opened(trader.town, token_of(trader), subscribe(session)) as socket:
            await followed(socket)
            await placed(trader, market, HOPELESS)
            assert await told(socket, 2) == [(2, "order_update"), (3, "financials_update")]
            market.tell(600)
            await market.match()
            market.publish()
            await settle_due(trader.town.ports)
            frames = [await heard(socket) for _ in range(4)]
            settled = (await trader.get(f"/simulations/{session}")).json()
    types = ["order_update", "financials_update", "ended", "financials_update"]
    assert [frame["type"] for frame in frames] == types
    assert (frames[0]["payload"]["status"], frames[2]["payload"]) == ("expired", {})
    assert frames[3]["payload"] == {
        "cash_balance": settled["net_liquidation_value"],
        "available_buying_power": settled["available_buying_power"],
        "realized_profit_loss": settled["realized_profit_loss"],
        "positions": {},
    }


async def test_a_settlement_that_fails_is_told(trader: Desk) -> None:
    with on_air(trader.town) as market:
        session = await started(trader, market)
        async with opened(trader.town, token_of(trader), subscribe(session)) as socket:
            await followed(socket)
            market.tell(600)
            await market.match()
            market.end(refusal="its quotes are torn")
            for _ in range(5):
                await settle_due(trader.town.ports, with_failed=True)
            frame = await heard(socket)
    assert (frame["type"], frame["payload"]) == ("settlement_failed", {})
