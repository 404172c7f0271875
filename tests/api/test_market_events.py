"""The live market as subscriptions, second by second."""

import asyncio
from asyncio import StreamWriter
from dataclasses import replace
from typing import Any

import orjson
import pytest

from api.market_events import rendered_chain
from api.sockets import SEND_SECONDS
from engine.money import fixed_text
from tests.api.asking import Desk, application
from tests.api.streaming import PATIENCE_SECONDS, PROTOCOL, Socket, served
from tests.api.trading import tell
from tests.days import tiny_day
from tests.live_market import on_air
from tests.rest_compat.test_market_frames import gapped_day
from tests.streams import deaf

TICK = "subscription { marketTick { date time spx vix spxExpectedMove spxOtmBids spxExtrinsic } }"
SERIES = (
    '{ marketDay(date: "2025-01-15")'
    " { series { spxE4 vixE4 spxExpectedMoveE6 spxOtmBidsCents spxExtrinsicE4 } } }"
)
COLUMNS = "strikes callBidCents callAskCents callDeltaE4 putBidCents putAskCents putDeltaE4"
CHAIN = f"subscription {{ optionChain {{ time {COLUMNS} }} }}"
RECORDED = f'{{ marketDay(date: "2025-01-16") {{ chain(at: "2025-01-16T14:30:00Z") {{ time {COLUMNS} }} }} }}'
SECOND = "subscription { marketTick { time } }"


async def hears_nothing(socket: Socket) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await socket.receive()


async def test_the_latest_second_comes_at_once_and_then_each_new_one(desk: Desk) -> None:
    with on_air(desk.town) as market:
        async with served(desk.app) as address, Socket.open(address) as socket:
            await socket.subscribe(TICK, {})
            assert (await socket.next())["marketTick"]["time"] == "2025-01-15T14:30:00Z"
            await tell(market, 1)
            tick = (await socket.next())["marketTick"]
            await hears_nothing(socket)
    day = (await desk.owner.ask(SERIES))["marketDay"]["series"]
    assert tick == {
        "date": "2025-01-15",
        "time": "2025-01-15T14:30:01Z",
        "spx": fixed_text(day["spxE4"][1], 4, 2),
        "vix": fixed_text(day["vixE4"][1], 4, 2),
        "spxExpectedMove": fixed_text(day["spxExpectedMoveE6"][1], 6, 2),
        "spxOtmBids": fixed_text(day["spxOtmBidsCents"][1], 2, 2),
        "spxExtrinsic": fixed_text(day["spxExtrinsicE4"][1], 4, 2),
    }


async def test_the_chain_comes_in_the_columns_of_the_recorded_one(desk: Desk) -> None:
    with on_air(desk.town, gapped_day()):
        async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
            await socket.subscribe(CHAIN, {})
            told = (await socket.next())["optionChain"]
        recorded = (await desk.owner.ask(RECORDED))["marketDay"]["chain"]
    assert told == recorded
    assert (told["callBidCents"][0], told["putDeltaE4"][0]) == (None, None)


async def test_a_visitors_market_ends_after_a_while(desk: Desk) -> None:
    policy = replace(desk.town.ports.policy, visitor_socket_seconds=0.5)
    app = application(replace(desk.town.ports, policy=policy))
    with on_air(desk.town) as market:
        async with served(app) as address, Socket.open(address) as socket:
            operation = await socket.subscribe(SECOND, {})
            await socket.next()
            assert await socket.receive() == {"id": operation, "type": "complete"}
            await tell(market, 1)
            await hears_nothing(socket)


async def test_who_signs_out_hears_no_other_second(desk: Desk) -> None:
    with on_air(desk.town) as market:
        async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
            await socket.subscribe(SECOND, {})
            await socket.next()
            await desk.owner.ask("mutation { logout { done } }")
            for second in range(1, 20):
                await tell(market, second)
                payload = (await socket.receive())["payload"]
                if "errors" in payload:
                    break
                await asyncio.sleep(0.05)
    assert [error["extensions"]["code"] for error in payload["errors"]] == ["UNAUTHENTICATED"]


async def test_everybody_is_sent_the_same_text(desk: Desk) -> None:
    before = rendered_chain.cache_info().misses
    with on_air(desk.town):
        async with (
            served(desk.app) as address,
            Socket.open(address, desk.owner.token) as one,
            Socket.open(address, desk.other.token) as other,
        ):
            for socket in (one, other, one):
                await socket.subscribe(CHAIN, {})
                await socket.next()
    assert rendered_chain.cache_info().misses == before + 1


async def test_everybody_is_sent_what_he_asked_for_of_it(desk: Desk) -> None:
    """The answer to a document is shared, unless what it asks for depends on variables."""
    chosen = "subscription($is: Boolean!) { marketTick { spx @include(if: $is) vix @skip(if: $is) } }"
    several = "subscription A { marketTick { spx } } subscription B { marketTick { named: vix } }"
    with on_air(desk.town):
        async with served(desk.app) as address, Socket.open(address) as socket:
            for _ in range(2):
                assert await first(socket, chosen, {"is": True}) == {"spx": "5950.00"}
                assert await first(socket, chosen, {"is": False}) == {"vix": "15.00"}
                assert await first(socket, several, {}, "A") == {"spx": "5950.00"}
                assert await first(socket, several, {}, "B") == {"named": "15.00"}


async def first(socket: Socket, document: str, variables: dict[str, Any], name: str | None = None) -> Any:
    """What is told of the first second."""
    await socket.subscribe(document, variables, name)
    return (await socket.next())["marketTick"]


async def streamed(address: str, document: str, token: str | None = None) -> tuple[bytes, StreamWriter]:
    """The first server-sent event of a subscription, which is still open."""
    reader, writer = await asyncio.open_connection(*address.split(":"))
    content = orjson.dumps({"query": document})
    signed = f"authorization: {token}\r\n" if token else ""
    head = (
        "POST /graphql HTTP/1.1\r\nhost: zerodte\r\ncontent-type: application/json\r\n"
        f"accept: text/event-stream\r\n{signed}content-length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await reader.readuntil(b"data: ")
        return await reader.readuntil(b"\n"), writer


async def test_the_chain_comes_as_server_sent_events_too(desk: Desk) -> None:
    with on_air(desk.town):
        async with served(desk.app) as address:
            document = "subscription { optionChain { time callBidCents } }"
            event, writer = await streamed(address, document, desk.owner.token)
            writer.close()
    chain = b'{"time":"2025-01-15T14:30:00Z","callBidCents":[2490,1490,490,490,490]}'
    assert event.startswith(b'{"data":{"optionChain":' + chain)


async def test_visitors_who_use_no_socket_take_the_same_places(desk: Desk) -> None:
    app = application(replace(desk.town.ports, policy=replace(desk.town.ports.policy, visitor_sockets=1)))
    with on_air(desk.town):
        async with served(app) as address:
            event, writer = await streamed(address, SECOND)
            assert b"2025-01-15T14:30:00Z" in event
            refused, other = await streamed(address, SECOND)
            (error,) = orjson.loads(refused)["errors"]
            assert error["extensions"]["code"] == "RATE_LIMITED"
            assert error["message"] == "too many streams from your address; wait 300 seconds"
            signed, third = await streamed(address, SECOND, desk.owner.token)
            assert b"2025-01-15T14:30:00Z" in signed
            for one in (writer, other, third):
                one.close()


async def test_who_does_not_read_is_dropped_and_the_others_hear_on(desk: Desk) -> None:
    messages = [{"type": "connection_init", "payload": {"token": desk.owner.token}}]
    messages += [{"type": "subscribe", "id": str(n), "payload": {"query": CHAIN}} for n in range(20)]
    texts = [orjson.dumps(message).decode() for message in messages]
    with on_air(desk.town, tiny_day(strikes=tuple(range(5000, 6500, 5)))) as market:
        async with served(desk.app) as address, Socket.open(address, desk.other.token) as reader:
            await reader.subscribe(SECOND, {})
            slow = await asyncio.to_thread(deaf, f"ws://{address}/graphql", texts, PROTOCOL)
            for second in range(1, 80):
                await tell(market, second)
                await reader.next()
            await asyncio.sleep(SEND_SECONDS + 1)
            slow.settimeout(PATIENCE_SECONDS)
            while await asyncio.to_thread(slow.recv, 65_536):
                pass
            slow.close()
