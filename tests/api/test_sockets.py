import asyncio
from typing import Any

import orjson
import pytest

from tests.api.asking import Desk, open_simulation
from tests.api.streaming import PATIENCE_SECONDS, Socket, connected, served
from tests.api.test_subscriptions import FOLLOW

INIT = b'{"type": "connection_init"}'
TYPENAME = {"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}


def changed(message: dict[str, Any], **fields: Any) -> bytes:
    return orjson.dumps({**message, **fields})


def operation(**fields: Any) -> bytes:
    return changed(TYPENAME, payload={**TYPENAME["payload"], **fields})  # type: ignore[dict-item]


NO_MESSAGES = [
    b"",
    b"{",
    b"null",
    b"1",
    b"[]",
    b'"connection_init"',
    b"[" * 60_000,
    b"{}",
    b'{"type": null}',
    b'{"type": ["subscribe"]}',
    b'{"type": "start"}',
    b'{"type": "' + b"x" * 60_000 + b'"}',
    b'{"type": "connection_ack"}',
    b'{"type": "next", "id": "1", "payload": {}}',
    b'{"type": "subscribe"}',
    b'{"type": "complete"}',
    b'{"type": "complete", "id": 1}',
    changed(TYPENAME, id=None),
    changed(TYPENAME, id=""),
    changed(TYPENAME, id=["1"]),
    changed(TYPENAME, payload=None),
    changed(TYPENAME, payload=[]),
    changed(TYPENAME, payload="{ __typename }"),
    changed(TYPENAME, payload={"query": None}),
    operation(query=1),
    operation(query=["{ __typename }"]),
    operation(variables=[]),
    operation(variables="{}"),
    operation(operationName=1),
    operation(extensions=[]),
]


async def close_of(address: str, *frames: bytes | str) -> int | None:
    """The code that the socket is closed with, once these frames were sent."""
    async with connected(address) as connection:
        for frame in frames:
            await connection.send(frame)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await connection.wait_closed()
        return connection.close_code


async def test_what_is_no_message_closes_the_socket_with_4400(desk: Desk) -> None:
    async with served(desk.app) as address:
        codes = [await close_of(address, INIT.decode(), frame.decode()) for frame in NO_MESSAGES]
    assert codes == [4400] * len(NO_MESSAGES)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([INIT.decode(), INIT], 4400),
        ([INIT], 4400),
        (['{"type": "connection_init", "payload": []}'], 4400),
        (['{"type": "connection_init", "payload": {"token": "x"}}'], 4403),
        (['{"type": "connection_init", "payload": {"Authorization": "Bearer x"}}'], 4403),
        ([INIT.decode()] * 2, 4429),
        ([changed(TYPENAME).decode()], 4401),
    ],
    ids=["binary", "binary first", "list", "token", "authorization", "two inits", "before init"],
)
async def test_a_broken_handshake_closes_as_the_protocol_says(
    desk: Desk, frames: list[str | bytes], code: int
) -> None:
    async with served(desk.app) as address:
        assert await close_of(address, *frames) == code


@pytest.mark.parametrize(
    "payload",
    [
        {"token": 5},
        {"token": ["x"]},
        {"token": ""},
        {"token": False},
        {"Authorization": "Bearer "},
        {"authorization": {"token": "x"}},
        {"headers": {"Authorization": 5}},
        {"headers": {"Authorization": "0" * 32}},
    ],
    ids=str,
)
async def test_a_token_that_is_no_text_is_not_valid_and_makes_no_visitor(
    desk: Desk, payload: dict[str, object]
) -> None:
    async with served(desk.app) as address:
        init = orjson.dumps({"type": "connection_init", "payload": payload}).decode()
        assert await close_of(address, init) == 4403


async def test_a_token_is_found_wherever_clients_put_it(desk: Desk) -> None:
    token = desk.owner.token
    payloads: list[dict[str, object]] = [
        {"token": token},
        {"Authorization": token},
        {"authorization": f"Bearer {token}"},
        {"headers": {"Authorization": f"Bearer {token}"}},
        {"headers": {"authorization": token}, "token": None},
    ]
    async with served(desk.app) as address:
        for payload in payloads:
            async with connected(address) as connection:
                socket = Socket(connection)
                await socket.send({"type": "connection_init", "payload": payload})
                assert await socket.receive() == {"type": "connection_ack"}
                viewer = await socket.first("{ viewer { email } }", {})
                assert viewer["data"] == {"viewer": {"email": "owner@example.com"}}


async def test_a_token_of_null_is_none_and_a_visitors(desk: Desk) -> None:
    async with served(desk.app) as address, connected(address) as connection:
        socket = Socket(connection)
        await socket.send({"type": "connection_init", "payload": {"token": None}})
        assert await socket.receive() == {"type": "connection_ack"}
        assert (await socket.first("{ viewer { email } }", {}))["data"] == {"viewer": None}


async def test_an_id_that_is_taken_closes_with_4409(desk: Desk) -> None:
    opened = await open_simulation(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        follow = {"query": FOLLOW, "variables": {"id": opened["id"]}}
        for _ in range(2):
            await socket.send({"type": "subscribe", "id": "1", "payload": follow})
        async with asyncio.timeout(PATIENCE_SECONDS):
            await socket.connection.wait_closed()
        assert socket.connection.close_code == 4409


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "{ nope }",
        "{ viewer { email " + "email " * 2_000 + "} }",
        "{ viewer {" + " a: email a: id" * 300 + "} }",
        "{ " + "a { " * 600 + "b" + " }" * 600 + " }",
        "#" + "x" * 60_000,
        "fragment f on User { email }",
        "query A { __typename } query B { __typename }",
        "subscription { sessionEvents(sessionId: 1) { seq } viewer { id } }",
        "mutation { nope }",
    ],
    ids=range(11),
)
async def test_an_operation_that_cannot_run_ends_alone(desk: Desk, document: str) -> None:
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation_id = await socket.subscribe(document, {})
        told = await socket.receive()
        assert (told["type"], told["id"]) == ("error", operation_id)
        assert {error["extensions"]["code"] for error in told["payload"]} == {"MALFORMED"}
        assert (await socket.first("{ __typename }", {}))["data"] == {"__typename": "Query"}


async def test_completing_what_never_ran_and_a_ping_do_no_harm(desk: Desk) -> None:
    async with served(desk.app) as address, Socket.open(address) as socket:
        await socket.send({"type": "complete", "id": "nobody"})
        await socket.send({"type": "pong", "payload": {"a": 1}})
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
