import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest_asyncio
from httpx2 import ASGITransport, AsyncClient

from bus.health import Health
from runtime.resources import open_ports
from runtime.settings import Settings
from store.database import Database
from tests.days import publish_tiny_day
from usecases.ports import Ports
from zerodte.asgi import application

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@asynccontextmanager
async def client(ports: Ports) -> AsyncIterator[AsyncClient]:
    @asynccontextmanager
    async def opening() -> AsyncIterator[Ports]:
        yield ports

    app = application(opening())
    async with (
        app.router.lifespan_context(app),
        AsyncClient(
            transport=ASGITransport(app, raise_app_exceptions=False), base_url="http://zerodte.test"
        ) as http,
    ):
        yield http


@pytest_asyncio.fixture
async def ports(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Ports]:
    publish_tiny_day(tmp_path / "days")
    async with open_ports(Settings(database_url=database_url, redis_url=redis_url, data_dir=tmp_path)) as one:
        yield one


async def test_health_counts_the_recorded_days(ports: Ports) -> None:
    async with client(ports) as http:
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "days": 1})


async def test_health_is_503_while_the_database_is_away(ports: Ports, tmp_path: Path) -> None:
    away = Database(f"postgresql://zerodte@/zerodte?host={tmp_path}")
    async with client(replace(ports, database=away)) as http:
        answer = await http.get("/health")
        assert (answer.status_code, answer.json()) == (503, {"status": "unavailable"})
    await away.close()


async def test_every_answer_carries_an_id_of_its_request(ports: Ports) -> None:
    async with client(ports) as http:
        ids = [(await http.get(path)).headers["X-Request-Id"] for path in ("/health", "/user", "/graphql")]
        assert [bool(UUID.fullmatch(one)) for one in ids] == [True] * 3
        assert len(set(ids)) == 3


async def test_a_clients_own_request_id_is_kept_when_it_is_plain(ports: Ports) -> None:
    async with client(ports) as http:
        kept = await http.get("/health", headers={"X-Request-Id": "trial-17"})
        assert kept.headers["X-Request-Id"] == "trial-17"
        replaced = await http.get("/health", headers={"X-Request-Id": "a b\tc"})
        assert UUID.fullmatch(replaced.headers["X-Request-Id"])


async def test_headers_beyond_their_bound_are_refused(ports: Ports) -> None:
    async with client(ports) as http:
        answer = await http.get("/user", headers={"X-Large": "x" * 16 * 1024})
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (431, "headers_too_large")


async def test_an_address_beyond_their_bound_is_refused(ports: Ports) -> None:
    async with client(ports) as http:
        path, accept = "/market-data/historical/2025-01-15", {"Accept": "application/json"}
        room = 16 * 1024 - len(path) - len("series=")
        answers = [await http.get(path, params={"series": "x" * n}) for n in (room, room + 1)]
        as_json = await http.get("/" + "x" * 16 * 1024, headers=accept)
    assert [answer.status_code for answer in answers] == [400, 414]
    assert as_json.json() == {
        "error": "address_too_long",
        "message": "the address is longer than 16384 bytes",
    }


async def test_a_graphql_body_beyond_its_bound_is_refused(ports: Ports) -> None:
    async with client(ports) as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }", "padding": "x" * 256 * 1024})
        assert answer.status_code == 413


async def test_a_rest_body_beyond_its_bound_is_refused_in_its_own_words(ports: Ports) -> None:
    async with client(ports) as http:
        answer = await http.post("/auth/check-email", json={"email": "x" * 256 * 1024})
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (413, "body_too_large")


async def test_what_a_route_refuses_looks_like_every_refusal(ports: Ports) -> None:
    async with client(ports) as http:
        for method, path in (("PUT", "/health"), ("OPTIONS", "/metrics"), ("POST", "/graphql/assets/x")):
            answer = await http.request(method, path)
            assert (answer.status_code, answer.headers["X-Error-Code"]) == (405, "method_not_allowed")
            assert (answer.headers["Allow"], answer.text) == ("GET, HEAD", "this address takes GET, HEAD")
        missing = await http.get("/graphql/assets/nope.js")
        assert (missing.status_code, missing.headers["X-Error-Code"]) == (404, "not_found")
        assert missing.text == "no such asset"


async def test_an_address_of_nobodys_is_answered_by_rest(ports: Ports) -> None:
    async with client(ports) as http:
        answer = await http.get("/nowhere")
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (404, "not_found")


@asynccontextmanager
async def silent_redis() -> AsyncIterator[str]:
    """The address of one that takes connections and never answers."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_metrics_tell_of_live_processes_and_wait_for_none(ports: Ports) -> None:
    await ports.health.tell("matcher", "a-1", {"fills": 3})
    async with client(ports) as http:
        there = (await http.get("/metrics")).text.splitlines()
    away = Health("unix:///nowhere/valkey.sock")
    async with client(replace(ports, health=away)) as http, asyncio.timeout(2):
        alone = (await http.get("/metrics")).text.splitlines()
    await away.close()
    async with silent_redis() as url:
        mute = Health(url)
        async with client(replace(ports, health=mute)) as http, asyncio.timeout(2):
            unanswered = (await http.get("/metrics")).text.splitlines()
        await mute.close()
    assert "zerodte_redis_up 0.0" in unanswered
    assert 'zerodte_matcher_fills_total{process="a-1"} 3.0' in there
    assert "zerodte_redis_up 0.0" in alone
    assert not any(line.startswith("zerodte_matcher_fills") for line in alone)


async def test_metrics_count_answers_by_face_and_status(ports: Ports) -> None:
    async with client(ports) as http:
        await http.get("/user")
        await http.get("/user")
        await http.post("/graphql", json={"query": "{ __typename }"})
        await http.request("BREW", "/user")
        lines = (await http.get("/metrics")).text.splitlines()
    counted = {line for line in lines if line.startswith("zerodte_http_requests_total")}
    assert counted == {
        'zerodte_http_requests_total{face="rest",method="GET",status="401"} 2.0',
        'zerodte_http_requests_total{face="graphql",method="POST",status="200"} 1.0',
        'zerodte_http_requests_total{face="rest",method="OTHER",status="405"} 1.0',
    }
