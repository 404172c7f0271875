"""The limits of the server itself, set by variables and met by a client."""

import asyncio
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from httpx2 import AsyncClient, Response
from websockets.exceptions import ConnectionClosed

from runtime.settings import Settings
from tests.api.streaming import Socket, connected
from zerodte.serving import keep_the_loop_prompt, server_of

INTROSPECT = "{ __schema { queryType { name } } }"


@asynccontextmanager
async def serving(database_url: str, redis_url: str, data_dir: Path, **limits: object) -> AsyncIterator[str]:
    """The address of a server with limits of its own."""
    servers = {"database_url": database_url, "redis_url": redis_url, "data_dir": data_dir}
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(Settings(**servers, **limits))
    task = asyncio.create_task(server.serve([listener]))
    try:
        while not server.started:
            await asyncio.sleep(0.01)
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task
        listener.close()


async def asked(address: str, method: str, path: str, **request: object) -> Response:
    async with AsyncClient(base_url=f"http://{address}") as http:
        return await http.request(method, path, **request)  # type: ignore[arg-type]


async def close_code(address: str, message: str) -> int | None:
    async with connected(address) as connection, asyncio.timeout(5):
        await connection.send(message)
        with pytest.raises(ConnectionClosed):
            await connection.recv()
        return connection.close_code


def test_what_was_loaded_at_the_start_is_no_garbage_to_look_for() -> None:
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    try:
        keep_the_loop_prompt()
        assert len(gc.get_objects()) < 1_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(interval)


async def test_a_message_of_64_kib_is_read_and_no_longer_one(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with serving(database_url, redis_url, tmp_path) as address:
        async with Socket.open(address) as open_socket:
            padded = "{ __typename }".ljust(65_000)
            assert (await open_socket.first(padded, {})).keys() == {"errors"}, "read, and then too long"
        assert await close_code(address, " " * (64 * 1024 + 1)) == 1009


async def test_every_bound_of_the_server_can_be_set(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    bounds = {
        "websocket_frame_bytes": 1_024,
        "header_bytes": 2_048,
        "body_bytes": 1_024,
        "graphql_get_queries": False,
        "graphql_introspection": 0,
        "graphql_socket_init_seconds": 0.05,
    }
    async with serving(database_url, redis_url, tmp_path, **bounds) as address:
        assert await close_code(address, " " * 1_025) == 1009
        async with connected(address) as silent, asyncio.timeout(2):
            with pytest.raises(ConnectionClosed):
                await silent.recv()
            assert silent.close_code == 4408
        headers = await asked(address, "GET", "/user", headers={"X-Large": "x" * 2_048})
        body = await asked(address, "POST", "/graphql", json={"query": " " * 1_024})
        get = await asked(address, "GET", "/graphql", params={"query": "{ __typename }"})
        introspection = await asked(address, "POST", "/graphql", json={"query": INTROSPECT})
        plain = await asked(address, "POST", "/graphql", json={"query": "{ __typename }"})

    assert (headers.status_code, headers.text) == (431, "the headers are larger than 2048 bytes")
    assert (body.status_code, get.status_code) == (413, 400)
    assert "introspection" in introspection.json()["errors"][0]["message"]
    assert plain.json()["data"] == {"__typename": "Query"}


async def test_so_many_requests_are_answered_at_once_and_sockets_do_not_count(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with (
        serving(database_url, redis_url, tmp_path, limit_concurrency=1) as address,
        connected(address),
        connected(address),
        AsyncClient(base_url=f"http://{address}") as http,
    ):
        alone = await http.get("/user")
        crowd = await asyncio.gather(*(http.get("/health") for _ in range(20)))
    refused = [answer for answer in crowd if answer.status_code == 503]
    assert alone.status_code == 401
    assert {answer.headers["x-error-code"] for answer in refused} == {"unavailable"}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert len(refused) < len(crowd)


@pytest.mark.parametrize("access_log", [False, True])
async def test_sockets_are_logged_only_where_requests_are(
    database_url: str, redis_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture, *, access_log: bool
) -> None:
    logger = logging.getLogger("uvicorn.error")
    caplog.set_level("INFO", logger.name)
    logger.addHandler(caplog.handler)  # whatever an earlier server of this run made of propagation
    async with (
        serving(database_url, redis_url, tmp_path, access_log=access_log) as address,
        connected(address),
    ):
        pass
    logger.removeHandler(caplog.handler)
    told = [record.message for record in caplog.records if record.name == "uvicorn.error"]
    assert any("Started server process" in line for line in told)
    assert any("WebSocket" in line for line in told) is access_log
