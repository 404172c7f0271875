"""The WebSocket ``/__ws`` by its documented messages, on loopback."""

from typing import Any

import pytest

from tests.backtests import STRANGLE, run_all, strangle
from tests.rest_compat.desk import Desk
from tests.rest_compat.streaming import PUBLIC, closed, followed, heard, hears_nothing, opened, token_of
from tests.rest_compat.test_strategies import HASH, PREVIEW, RESULTS, previewed

BACKTEST: dict[str, Any] = {"action": "subscribe", "channels": ["backtest_events"], "source_hash": HASH}


@pytest.mark.parametrize(
    "naming", [{"channels": ["backtest_events", "nothing", 1]}, {"channel": "backtest_events"}]
)
async def test_a_follower_hears_a_backtest_to_its_end(trader: Desk, naming: dict[str, Any]) -> None:
    await previewed(trader, STRANGLE)
    subscribe = {"action": "subscribe", "source_hash": HASH, **naming}
    async with opened(trader.town, token_of(trader), subscribe) as socket:
        await followed(socket)
        await run_all(trader.town.ports)
        frame = await heard(socket)
        while frame["data"]["type"] != "completed":
            assert frame["data"]["type"] in {"started", "day_completed"}
            frame = await heard(socket)

    assert list(frame) == ["channel", "id", "source_hash", "data"]
    assert (frame["channel"], frame["source_hash"]) == ("backtest_events", HASH)
    assert frame["data"]["snapshot"] == (await trader.get(RESULTS)).json()


async def test_a_stop_is_heard(trader: Desk) -> None:
    await previewed(trader, STRANGLE)
    async with opened(trader.town, token_of(trader), BACKTEST) as socket:
        await followed(socket)
        await trader.post(f"{PREVIEW}/abandon", {"source_hash": HASH})
        assert (await heard(socket))["data"]["type"] == "stopped"


async def test_what_is_unsubscribed_is_heard_no_more(trader: Desk) -> None:
    other = (await previewed(trader, strangle(33)))["snapshot"]["source_hash"]
    await previewed(trader, STRANGLE)
    both = [BACKTEST, BACKTEST | {"source_hash": other}]
    leave = {"action": "unsubscribe", "channel": "backtest_events"}
    async with opened(trader.town, token_of(trader), *both, leave | {"source_hash": HASH}) as socket:
        await followed(socket)
        await run_all(trader.town.ports)
        assert (await heard(socket))["source_hash"] == other
    async with opened(trader.town, token_of(trader), *both, leave) as socket:
        await followed(socket)
        await trader.post(f"{PREVIEW}/abandon", {"source_hash": HASH})
        await hears_nothing(socket)


async def test_others_backtests_and_visitors_hear_nothing(trader: Desk, stranger: Desk) -> None:
    await previewed(trader, STRANGLE)
    for who in (token_of(stranger), PUBLIC):
        async with opened(trader.town, who, BACKTEST) as socket:
            await followed(socket)
            await trader.post(f"{PREVIEW}/abandon", {"source_hash": HASH})
            await hears_nothing(socket)
        await previewed(trader, STRANGLE)


async def test_what_comes_before_the_token_is_dropped(trader: Desk) -> None:
    await previewed(trader, STRANGLE)
    async with opened(trader.town, BACKTEST, token_of(trader)) as socket:
        await followed(socket)
        await run_all(trader.town.ports)
        await hears_nothing(socket)


NOISE: list[bytes | str] = ["", b"\x00", "{", "[]", "null", "1", '"x"', "[" * 60_000, "{}"]
NOISE += ['{"action": "subscribe"}', '{"action": 1}']


async def test_noise_is_dropped_in_silence(trader: Desk) -> None:
    await previewed(trader, STRANGLE)
    hashes: list[Any] = [None, 1, [], "\x00", "nothing"]
    channels: list[Any] = [None, 1, {}, [[]], ["end_of_data"]]
    wrong = [BACKTEST | {"source_hash": value} for value in hashes]
    wrong += [BACKTEST | {"channels": value} for value in channels]
    async with opened(trader.town, *NOISE, token_of(trader), *NOISE, *wrong, BACKTEST) as socket:
        await followed(socket)
        await run_all(trader.town.ports)
        assert (await heard(socket))["channel"] == "backtest_events"


async def test_who_says_nothing_in_time_is_closed(trader: Desk) -> None:
    async with opened(trader.town, BACKTEST, socket_auth_seconds=0.1) as socket:
        assert await closed(socket) == 4408


@pytest.mark.parametrize("token", ["x", "0" * 32, "\x00", "x" * 5_000])
async def test_an_invalid_token_closes_and_makes_no_visitor(trader: Desk, token: str) -> None:
    async with opened(trader.town, {"token": token}) as socket:
        assert await closed(socket) == 4401


async def test_a_token_that_ended_ends_what_it_opened(trader: Desk) -> None:
    await previewed(trader, STRANGLE)
    async with opened(trader.town, token_of(trader), BACKTEST) as socket:
        await followed(socket)
        await trader.http.delete("/auth/sessions")
        await run_all(trader.town.ports)
        assert await closed(socket) == 4401


async def test_a_public_socket_ends_with_the_end_of_data(trader: Desk) -> None:
    async with opened(trader.town, PUBLIC, visitor_socket_seconds=0.2) as socket:
        assert await heard(socket) == {"channel": "end_of_data"}
        assert await closed(socket) == 1000


async def test_an_address_has_so_many_sockets_without_a_token(trader: Desk) -> None:
    async with opened(trader.town, PUBLIC, visitor_sockets=0) as socket:
        assert await closed(socket) == 4429


async def test_a_plain_request_is_told_to_upgrade(visitor: Desk) -> None:
    answer = await visitor.get("/__ws")
    assert (answer.status_code, answer.headers["x-error-code"]) == (426, "upgrade_required")
    assert answer.headers["upgrade"] == "websocket"
