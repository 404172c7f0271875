"""Live trading over GraphQL: the session, its orders, and what its followers are told."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.accounting import create_account, open_day
from tests.api.asking import CALL_5930, WAITING_CALL, Desk, leg, place, session
from tests.api.streaming import Socket, served
from tests.api.trading import CAPITAL, START, started
from tests.days import tiny_day
from tests.live_market import Market, on_air
from usecases.live_settling import settle_due

LIVE = "{ liveSession { uuid mode status ended settledAt time } }"
END = "mutation { endLiveSession { deletedId userErrors { code message path } } }"
DELETE = (
    "mutation($session: ID!, $order: ID!) { deleteOrder(input: {sessionId: $session, orderId: $order})"
    " { deletedId order { status updatedAt } session { version } userErrors { code message path } } }"
)
FOLLOW = (
    "subscription($id: ID!, $after: Int) { sessionEvents(sessionId: $id, after: $after)"
    " { seq kind order { uuid status } session { financials { availableBuyingPower } } } }"
)
CRASH_SECOND = 10
NAKED_PUT = {
    "type": "STOP",
    "stopTrigger": "4.80",
    "priceEffect": "CREDIT",
    "triggerDirection": "AT_OR_BELOW",
    "legs": [leg("SPXW  250115P05950000", "SELL_TO_OPEN")],
}
MARKET_ORDER = {"type": "MARKET", "legs": [leg(CALL_5930, "BUY_TO_OPEN")]}


@pytest.fixture
def market(desk: Desk) -> Iterator[Market]:
    with on_air(desk.town) as one:
        yield one


async def delete(desk: Desk, session_id: str, order_uuid: str) -> dict[str, Any]:
    data = await desk.owner.ask(DELETE, {"session": session_id, "order": order_uuid})
    return data["deleteOrder"]  # type: ignore[no-any-return]


async def test_a_live_session_is_started_read_and_ended(desk: Desk, market: Market) -> None:
    assert (await desk.owner.ask(LIVE))["liveSession"] is None
    await market.tick(30)
    opened = await started(desk.owner, market)
    assert (await desk.owner.ask(LIVE))["liveSession"] == {
        "uuid": opened["uuid"],
        "mode": "LIVE",
        "status": "OPEN",
        "ended": False,
        "settledAt": None,
        "time": "2025-01-15T14:30:30Z",
    }
    assert (await desk.owner.ask(END))["endLiveSession"] == {"deletedId": opened["id"], "userErrors": []}
    assert (await desk.owner.ask(LIVE))["liveSession"] is None
    (error,) = (await desk.owner.ask(END))["endLiveSession"]["userErrors"]
    assert error == {
        "code": "not_found",
        "message": "you have no live session: start one first",
        "path": [],
    }


async def test_a_second_one_is_denied(desk: Desk, market: Market) -> None:
    await started(desk.owner, market)
    (error,) = (await desk.owner.ask(START, CAPITAL))["startLiveSession"]["userErrors"]
    assert (error["code"], error["path"]) == ("live_session_exists", ["input"])


async def test_there_is_none_without_a_market(desk: Desk) -> None:
    (error,) = (await desk.owner.ask(START, CAPITAL))["startLiveSession"]["userErrors"]
    assert error["code"] == "market_closed"
    assert error["message"].endswith("no market is on air; after a start it takes some seconds to come")


async def test_a_pending_order_is_canceled_by_its_deletion_and_stays(desk: Desk, market: Market) -> None:
    opened = await started(desk.owner, market)
    order = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
    payload = await delete(desk, opened["id"], order["uuid"])
    assert payload["userErrors"] == []
    assert (payload["deletedId"], payload["order"]["status"]) == (None, "CANCELED")
    (error,) = (await delete(desk, opened["id"], order["uuid"]))["userErrors"]
    assert (error["code"], error["message"]) == (
        "order_not_pending",
        "order_not_pending: the order is canceled already",
    )


async def test_a_rejected_order_says_why(desk: Desk) -> None:
    """A naked put is within the means of 150,000 dollars, until the index falls by a sixth."""
    day = tiny_day()
    index = day.spx_e4.copy()
    index[CRASH_SECOND:] = 5_000 * 10_000
    with on_air(desk.town, replace(day, spx_e4=index)) as market:
        opened = await started(desk.owner, market, "150000")
        await place(desk.owner, opened["id"], NAKED_PUT)
        await market.tick(40)
    seen = await session(desk.owner, opened["uuid"], "orders { nodes { status rejectionReason fillTime } }")
    (order,) = seen["orders"]["nodes"]
    assert (order["status"], order["fillTime"]) == ("REJECTED", None)
    assert order["rejectionReason"].startswith("insufficient buying power: ")


async def test_an_outage_of_the_matcher_is_a_user_error_that_is_worth_a_retry(
    desk: Desk, market: Market
) -> None:
    opened = await started(desk.owner, market)
    market.tell(20)
    payload = await place(desk.owner, opened["id"], WAITING_CALL)
    assert [error["code"] for error in payload["userErrors"]] == ["live_unavailable"]


async def test_followers_are_told_each_change_and_the_money_after_it(desk: Desk, market: Market) -> None:
    opened = await started(desk.owner, market)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": opened["id"]})
        assert (await socket.next())["sessionEvents"]["seq"] == opened["version"]
        order = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
        told = [(await socket.next())["sessionEvents"] for _ in range(2)]
        assert [(one["seq"], one["kind"]) for one in told] == [(2, "ORDER_PLACED"), (3, "FINANCIALS_CHANGED")]

        await market.tick(115)
        told = [(await socket.next())["sessionEvents"] for _ in range(2)]
        assert [(one["seq"], one["kind"], one["order"]) for one in told] == [
            (4, "ORDER_FILLED", {"uuid": order["uuid"], "status": "FILLED"}),
            (5, "FINANCIALS_CHANGED", None),
        ]

        market.tell(599)
        market.publish()
        await market.match()
        assert await settle_due(market.ports) == 1
        told = [(await socket.next())["sessionEvents"] for _ in range(2)]
    assert [(one["seq"], one["kind"]) for one in told] == [(6, "SETTLED"), (7, "FINANCIALS_CHANGED")]
    settled = await session(desk.owner, opened["uuid"], "mode status ended time")
    assert settled == {"mode": "LIVE", "status": "SETTLED", "ended": True, "time": "2025-01-15T14:40:00Z"}
    simulations = (await desk.owner.ask("{ simulations { nodes { uuid } } }"))["simulations"]["nodes"]
    assert simulations == [{"uuid": opened["uuid"]}]


async def test_a_follower_of_a_live_session_resumes_without_a_gap(desk: Desk, market: Market) -> None:
    opened = await started(desk.owner, market)
    await place(desk.owner, opened["id"], WAITING_CALL)
    await place(desk.owner, opened["id"], MARKET_ORDER)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": opened["id"], "after": 2})
        told = [(await socket.next())["sessionEvents"] for _ in range(5)]
    assert [(one["seq"], one["kind"]) for one in told] == [
        (6, None),
        (3, "FINANCIALS_CHANGED"),
        (4, "ORDER_PLACED"),
        (5, "ORDER_FILLED"),
        (6, "FINANCIALS_CHANGED"),
    ]


async def test_a_live_account_trades_today(desk: Desk, market: Market) -> None:
    await market.match()
    account = await create_account(desk.owner, name="Live", engine="LIVE_SIM")
    opened = await open_day(desk.owner, account["id"], date=None)
    assert (opened["userErrors"], opened["session"]["date"]) == ([], "2025-01-15")
    filled = (await place(desk.owner, opened["session"]["id"], MARKET_ORDER))["order"]
    assert (filled["status"], filled["fillTime"]) == ("FILLED", "2025-01-15T14:30:00Z")
    asked = "query($uuid: UUID!) { account(uuid: $uuid) { currentSession { uuid mode } } }"
    current = (await desk.owner.ask(asked, {"uuid": account["uuid"]}))["account"]["currentSession"]
    assert current == {"uuid": opened["session"]["uuid"], "mode": "LIVE"}
