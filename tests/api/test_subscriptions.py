import asyncio

import orjson
import pytest
from gql import Client, gql
from gql.transport.websockets import WebsocketsTransport
from websockets.exceptions import ConnectionClosed

from api.limits import Limits
from tests.api.asking import WAITING_CALL, Desk, move, open_simulation, place
from tests.api.streaming import Socket, connected, served
from tests.people import HOME, PASSWORD
from usecases import auth
from usecases.auth import NewToken

FOLLOW = (
    "subscription($id: ID!, $after: Int) { sessionEvents(sessionId: $id, after: $after)"
    " { seq kind orderUuid session { version time } order { status } userErrors { code path } } }"
)


async def test_a_snapshot_comes_first_and_every_change_after_it(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": opened["id"]})
        assert (await socket.next())["sessionEvents"] == {
            "seq": 2,
            "kind": None,
            "orderUuid": None,
            "session": {"version": 2, "time": "2025-01-15T14:31:00Z"},
            "order": None,
            "userErrors": [],
        }

        order = (await place(desk.owner, opened["id"], WAITING_CALL))["order"]
        assert (await socket.next())["sessionEvents"] == {
            "seq": 3,
            "kind": "ORDER_PLACED",
            "orderUuid": order["uuid"],
            "session": {"version": 3, "time": "2025-01-15T14:31:00Z"},
            "order": {"status": "PENDING"},
            "userErrors": [],
        }

        await move(desk.owner, opened["id"], "14:32:00")
        moved = (await socket.next())["sessionEvents"]
        assert (moved["seq"], moved["kind"], moved["session"]["time"]) == (
            4,
            "CLOCK_MOVED",
            "2025-01-15T14:32:00Z",
        )


async def test_a_follower_resumes_without_a_gap(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    for second in range(5):
        await move(desk.owner, opened["id"], f"14:33:0{second}")
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": opened["id"], "after": 3})
        seen = [(await socket.next())["sessionEvents"]["seq"] for _ in range(5)]
    assert seen == [7, 4, 5, 6, 7]


@pytest.mark.parametrize("after", [3, 1_000_000, -1])
async def test_nobody_resumes_from_a_number_that_was_never_told(desk: Desk, after: int) -> None:
    opened = await open_simulation(desk.owner)
    document = (
        "subscription($id: ID!, $after: Int) { sessionEvents(sessionId: $id, after: $after)"
        " { seq userErrors { code message path } } }"
    )
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation = await socket.subscribe(document, {"id": opened["id"], "after": after})
        assert (await socket.next())["sessionEvents"] == {
            "seq": None,
            "userErrors": [
                {
                    "code": "invalid_input",
                    "message": "after must be from 0 to 2, the number of the last event",
                    "path": ["after"],
                }
            ],
        }
        assert await socket.receive() == {"id": operation, "type": "complete"}


async def test_a_deletion_is_told_last_and_ends_the_stream(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"id": opened["id"]})
        await socket.next()
        await desk.owner.ask(
            "mutation($id: ID!) { deleteSimulation(input: {sessionId: $id}) { deletedId } }",
            {"id": opened["id"]},
        )
        last = (await socket.next())["sessionEvents"]
        assert (last["seq"], last["kind"], last["session"]) == (3, "DELETED", None)
        assert await socket.receive() == {"id": operation, "type": "complete"}


async def test_a_token_that_ended_ends_the_stream_at_the_next_event(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    second = await auth.login(desk.town.ports, "owner@example.com", PASSWORD, None, HOME)
    assert isinstance(second, NewToken)
    async with served(desk.app) as address, Socket.open(address, second.token) as socket:
        await socket.subscribe(FOLLOW, {"id": opened["id"]})
        await socket.next()
        await socket.subscribe("mutation { logout { done } }", {})
        assert (await socket.receive())["payload"]["data"] == {"logout": {"done": True}}
        assert (await socket.receive())["type"] == "complete"
        await move(desk.owner, opened["id"], "14:32:00")
        refused = (await socket.receive())["payload"]
    assert [error["extensions"]["code"] for error in refused["errors"]] == ["UNAUTHENTICATED"]


async def test_an_invalid_token_is_turned_away_at_the_door(desk: Desk) -> None:
    async with served(desk.app) as address, connected(address) as connection:
        await connection.send('{"type": "connection_init", "payload": {"token": "' + "0" * 32 + '"}}')
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 4403


async def test_a_socket_that_says_nothing_is_closed_within_five_seconds(desk: Desk) -> None:
    async with served(desk.app) as address, connected(address) as connection, asyncio.timeout(6):
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        assert connection.close_code == 4408


async def test_a_socket_has_twenty_subscriptions_and_no_more(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        for _ in range(Limits().socket_operations):
            await socket.subscribe(FOLLOW, {"id": opened["id"]})
            await socket.next()
        refused = await socket.first(FOLLOW, {"id": opened["id"]})
    assert [error["message"] for error in refused["errors"]] == [
        "A socket carries at most 20 operations at once."
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("subscription { nothing }", "Cannot query field 'nothing'"),
        ("query { marketSessions(first: 1000) { nodes { id } } }", "first must be from 1 to 100"),
    ],
)
async def test_what_is_malformed_is_told_over_a_socket_too(desk: Desk, document: str, message: str) -> None:
    async with served(desk.app) as address, Socket.open(address) as socket:
        errors = (await socket.first(document, {}))["errors"]
    assert message in errors[0]["message"]
    assert errors[0]["extensions"]["code"] == "MALFORMED"


async def test_a_document_that_does_not_parse_ends_its_operation_and_not_the_socket(desk: Desk) -> None:
    async with served(desk.app) as address, Socket.open(address) as socket:
        (error,) = (await socket.first("subscription {", {}))["errors"]
        assert error["message"].startswith("Syntax Error: ")
        assert error["extensions"] == {"code": "MALFORMED"}
        assert (await socket.first("{ __typename }", {}))["data"] == {"__typename": "Query"}


async def follow_once(desk: Desk, address: str, session_id: str) -> None:
    async with Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"id": session_id})
        await socket.next()


async def test_nothing_is_left_behind_when_followers_hang_up(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address:
        await follow_once(desk, address, opened["id"])
        await asyncio.sleep(0.2)
        before = len(asyncio.all_tasks())
        for _ in range(3):
            await follow_once(desk, address, opened["id"])
        await asyncio.sleep(0.2)
        assert len(asyncio.all_tasks()) == before


async def test_the_gql_client_follows_a_session(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address:
        transport = WebsocketsTransport(
            f"ws://{address}/graphql", init_payload={"Authorization": f"Bearer {desk.owner.token}"}
        )
        async with Client(transport=transport) as client:
            document = gql(FOLLOW)
            document.variable_values = {"id": opened["id"]}
            updates = client.subscribe(document)
            assert (await anext(updates))["sessionEvents"]["seq"] == 2
            await move(desk.owner, opened["id"], "14:32:00")
            assert (await anext(updates))["sessionEvents"]["kind"] == "CLOCK_MOVED"
            await updates.aclose()


async def test_events_come_as_server_sent_events_where_a_socket_cannot(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address:
        reader, writer = await asyncio.open_connection(*address.split(":"))
        document = "subscription($id: ID!) { sessionEvents(sessionId: $id) { seq } }"
        content = orjson.dumps({"query": document, "variables": {"id": opened["id"]}})
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: zerodte\r\ncontent-type: application/json\r\n"
            b"accept: text/event-stream\r\nauthorization: %s\r\ncontent-length: %d\r\n\r\n%s"
            % (str(desk.owner.token).encode(), len(content), content)
        )
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            event = await reader.readuntil(b"}}}")
        writer.close()
    assert b"200 OK" in head and b"text/event-stream" in head
    assert b'event: next\r\ndata: {"data":{"sessionEvents":{"seq":2}}' in event
