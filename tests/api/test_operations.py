"""How the product is doing, told to its operators and to nobody else."""

from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest

from bus.health import Health
from tests.api.asking import Asker, Desk, application
from tests.api.streaming import Socket, served
from tests.live_market import Market, on_air
from usecases.matching import Tally
from usecases.users import grant_operator

ALL = (
    " { redisReachable market { recordingUuid label date time second fresh closed }"
    " recorders { process market recordingUuid rows missing }"
    " matchers { process recordingUuid epoch second pending fills lagSeconds }"
    " settlements { process due failed } workers { process queue running done failed } }"
)
QUERY = "{ operations" + ALL + " }"
NOBODY: dict[str, object] = {"recorders": [], "matchers": [], "settlements": [], "workers": []}


@pytest.fixture
def market(desk: Desk) -> Iterator[Market]:
    with on_air(desk.town) as one:
        yield one


async def test_an_operator_sees_what_the_processes_tell(desk: Desk, market: Market) -> None:
    await grant_operator(desk.town.ports, "owner@example.com")
    health, recording = desk.town.ports.health, str(market.id)
    await health.tell(
        "matcher", "a-1", asdict(Tally(fills=3, pending=2, epoch=7, second=5)) | {"recording": recording}
    )
    await health.tell("matcher", "b-2", asdict(Tally()) | {"recording": None})
    await health.tell("recorder", "c-3", {"market": "demo", "recording": recording, "rows": 6})
    await health.tell("settlement", "a-1", {"due": 4, "failed": 1})
    await health.tell("worker", "mail-d-4", {"queue": "mail", "running": 1, "done": 9, "failed": 0})
    market.tell(5)

    assert (await desk.owner.ask(QUERY))["operations"] == {
        "redisReachable": True,
        "market": {
            "recordingUuid": recording,
            "label": market.recording.opening.label,
            "date": "2025-01-15",
            "time": "2025-01-15T14:30:05Z",
            "second": 5,
            "fresh": True,
            "closed": False,
        },
        "recorders": [
            {"process": "c-3", "market": "demo", "recordingUuid": recording, "rows": 6, "missing": None}
        ],
        "matchers": [
            {
                "process": "a-1", "recordingUuid": recording, "epoch": 7, "second": 5, "pending": 2,
                "fills": 3, "lagSeconds": 0,
            },
            {
                "process": "b-2", "recordingUuid": None, "epoch": 0, "second": -1, "pending": 0,
                "fills": 0, "lagSeconds": 0,
            },
        ],
        "settlements": [{"process": "a-1", "due": 4, "failed": 1}],
        "workers": [{"process": "mail-d-4", "queue": "mail", "running": 1, "done": 9, "failed": 0}],
    }  # fmt: skip


async def test_without_a_market_there_is_none(desk: Desk) -> None:
    await grant_operator(desk.town.ports, "owner@example.com")
    seen = (await desk.owner.ask(QUERY))["operations"]
    assert seen == {"redisReachable": True, "market": None, **NOBODY}


async def test_without_redis_the_market_is_still_seen(desk: Desk, market: Market) -> None:
    await grant_operator(desk.town.ports, "owner@example.com")
    away = Health("unix:///nowhere/valkey.sock")
    app = application(replace(desk.town.ports, health=away))
    seen = (await Asker(app, desk.owner.token).ask(QUERY))["operations"]
    assert seen["market"].pop("recordingUuid") == str(market.id)
    assert {name: seen[name] for name in NOBODY} == NOBODY
    assert seen["redisReachable"] is False
    await away.close()


async def test_nobody_else_sees_anything(desk: Desk) -> None:
    (error,) = await desk.other.errors(QUERY)
    assert error["message"] == "operations are shown to operators only"
    assert error["extensions"] == {"code": "MALFORMED", "reason": "forbidden"}


async def test_an_operator_follows_them(desk: Desk, market: Market) -> None:
    await grant_operator(desk.town.ports, "owner@example.com")
    document = "subscription { operations { market { second } matchers { process } } }"
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(document, {})
        assert (await socket.next())["operations"] == {"market": {"second": 0}, "matchers": []}
        market.tell(1)
        await desk.town.ports.health.tell("matcher", "a-1", {})
        assert (await socket.next())["operations"] == {
            "market": {"second": 1},
            "matchers": [{"process": "a-1"}],
        }
    async with served(desk.app) as address, Socket.open(address, desk.other.token) as socket:
        (error,) = (await socket.first(document, {}))["errors"]
    assert error["extensions"]["reason"] == "forbidden"
