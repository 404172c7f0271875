"""Following a backtest: its snapshot, then the whole of it again as its days are completed."""

from typing import Any

import pytest

from tests.api.asking import Asker, Desk
from tests.api.strategizing import previewed
from tests.api.streaming import Socket, served
from tests.backtests import STRANGLE, publish_sessions, run_all, strangle
from usecases.running import run_next_chunk

FOLLOW = (
    "subscription($hash: String!, $after: Int) { backtest(sourceHash: $hash, after: $after)"
    " { seq kind backtest { coverage { execStatus coveredDays } days(first: 1) { nodes { date } } }"
    " userErrors { code path } } }"
)
SESSIONS = 30  # two chunks


@pytest.fixture(autouse=True)
def recorded(desk: Desk) -> None:
    publish_sessions(desk.town.days, SESSIONS, first=3)


async def queued(asker: Asker, config: dict[str, Any] = STRANGLE) -> str:
    return (await previewed(asker, config))["preview"]["backtest"]["sourceHash"]  # type: ignore[no-any-return]


async def followed(socket: Socket) -> dict[str, Any]:
    return (await socket.next())["backtest"]  # type: ignore[no-any-return]


def covered(update: dict[str, Any]) -> tuple[str | None, str, int]:
    coverage = update["backtest"]["coverage"]
    return update["kind"], coverage["execStatus"], coverage["coveredDays"]


async def test_a_snapshot_comes_first_and_then_the_days_as_they_are_completed(desk: Desk) -> None:
    source_hash = await queued(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"hash": source_hash})
        first = await followed(socket)
        assert covered(first) == (None, "QUEUED", 0)
        assert first["backtest"]["days"]["nodes"] == []
        assert await run_next_chunk(desk.town.ports)
        update = await followed(socket)
        while update["kind"] != "DAY_COMPLETED":
            update = await followed(socket)
        assert covered(update) == ("DAY_COMPLETED", "RUNNING", 25)
        assert update["backtest"]["days"]["nodes"] == [{"date": "2025-01-15"}]
        assert await run_next_chunk(desk.town.ports)
        last = await followed(socket)
        assert covered(last) == ("COMPLETED", "IDLE", SESSIONS + 1)
        assert first["seq"] < update["seq"] < last["seq"]


async def test_who_comes_back_is_told_what_he_missed(desk: Desk) -> None:
    source_hash = await queued(desk.owner)
    async with served(desk.app) as address:
        async with Socket.open(address, desk.owner.token) as socket:
            await socket.subscribe(FOLLOW, {"hash": source_hash})
            seen = (await followed(socket))["seq"]
        await run_all(desk.town.ports)
        async with Socket.open(address, desk.owner.token) as socket:
            await socket.subscribe(FOLLOW, {"hash": source_hash, "after": seen})
            now, missed = await followed(socket), await followed(socket)
            assert [covered(update) for update in (now, missed)] == [
                (None, "IDLE", SESSIONS + 1),
                ("COMPLETED", "IDLE", SESSIONS + 1),
            ]
            assert now["seq"] == missed["seq"] > seen


@pytest.mark.parametrize("after", [-1, 999_999])
async def test_what_nobody_can_have_seen_is_refused(desk: Desk, after: int) -> None:
    source_hash = await queued(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"hash": source_hash, "after": after})
        refusal = await followed(socket)
        assert refusal["userErrors"] == [{"code": "invalid_input", "path": ["after"]}]
        assert refusal["backtest"] is None
        assert await socket.receive() == {"id": operation, "type": "complete"}


async def test_a_backtest_that_is_abandoned_tells_so(desk: Desk) -> None:
    source_hash = await queued(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        await socket.subscribe(FOLLOW, {"hash": source_hash})
        await followed(socket)
        await previewed(desk.owner, strangle(33), abandonHash=source_hash)
        assert covered(await followed(socket)) == ("STOPPED", "IDLE", 0)


async def test_a_stranger_follows_nothing(desk: Desk) -> None:
    source_hash = await queued(desk.owner)
    async with served(desk.app) as address, Socket.open(address, desk.other.token) as socket:
        operation = await socket.subscribe(FOLLOW, {"hash": source_hash})
        assert await followed(socket) == {
            "seq": None,
            "kind": None,
            "backtest": None,
            "userErrors": [{"code": "not_found", "path": ["sourceHash"]}],
        }
        assert await socket.receive() == {"id": operation, "type": "complete"}
