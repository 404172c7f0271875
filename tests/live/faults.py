"""What can go wrong around a live market. Each fault returns how hard it bit; 0 is a fault that missed."""

import asyncio
import resource
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

from redis.asyncio import Redis

from marketdata.recording_files import TAPE
from tests.live.rig import Rig

STALL_SECONDS = 6.0
NO_ROOM_SECONDS = 0.6
LIED_SECONDS = 5
COMMITS = 3
LIES = ("duplicate", "out_of_order", "late")
TOGETHER_SECONDS = 1.5
POSTGRESQL_STARTED = "SELECT extract(epoch FROM pg_postmaster_start_time()) * 1000"

Fault = Callable[[Rig], Awaitable[int]]


async def kill_the_matcher(rig: Rig) -> int:
    """kill -9: the one who stands by goes on, and another comes to stand by."""
    epoch = await rig.epoch()
    rig.kill_worker(await rig.holder())
    await rig.until(lambda: _rose(rig, epoch))
    rig.start_worker()
    return await rig.epoch() - epoch


async def stop_the_matcher(rig: Rig) -> int:
    """SIGSTOP: it wakes up after another has taken over, and still believes that the market is its own."""
    epoch, holder = await rig.epoch(), await rig.holder()
    holder.send_signal(signal.SIGSTOP)
    await rig.until(lambda: _rose(rig, epoch))
    holder.send_signal(signal.SIGCONT)
    return await rig.epoch() - epoch


async def start_a_second_matcher(rig: Rig) -> int:
    """By hand, while two are there: nobody else takes the market."""
    epoch = await rig.epoch()
    extra = rig.start_worker()
    await rig.until(lambda: _is_there(rig, extra.pid))
    matched = await rig.matched()
    await asyncio.sleep(TOGETHER_SECONDS)
    is_alone = await rig.epoch() == epoch
    rig.kill_worker(extra)
    return int(is_alone and await rig.matched() > matched)


async def kill_postgresql(rig: Rig) -> int:
    started = await rig.count(POSTGRESQL_STARTED)
    rig.kill_server("postgresql")

    async def is_another() -> bool:
        return await rig.count(POSTGRESQL_STARTED) > started

    await rig.until(is_another)
    return 1


async def kill_valkey(rig: Rig) -> int:
    """All that it knew is forgotten but what its log kept."""
    pid = rig.kill_server("valkey")

    async def is_another() -> bool:
        async with Redis.from_url(rig.environment["ZERODTE_REDIS_URL"]) as redis:
            return bool((await redis.info("server"))["process_id"] != pid)

    await rig.until(is_another)
    return 1


async def swallow_commits(rig: Rig) -> int:
    """Whoever commits next never learns whether he did."""
    before = rig.swallower.swallowed
    rig.swallower.hungry = COMMITS

    async def are_swallowed() -> bool:
        return rig.swallower.swallowed - before >= COMMITS

    await rig.until(are_swallowed)
    return rig.swallower.swallowed - before


async def lie(rig: Rig) -> int:
    """Duplicates, old numbers and stale seconds, with prices that would fill or spoil everything."""
    before = Counter(rig.pusher.counts)
    rig.pusher.lies = LIED_SECONDS

    async def is_noticed() -> bool:
        return all(rig.pusher.counts[rule] > before[rule] for rule in LIES)

    await rig.until(is_noticed)
    return (rig.pusher.counts - before).total()


async def stall_the_feed(rig: Rig) -> int:
    """No tick for so long that quotes are stale: nobody may trade on them."""
    told = "live trading is briefly unavailable: no market data is coming in"
    before = rig.client.troubles[told]
    rig.pusher.may_go.clear()
    await asyncio.sleep(STALL_SECONDS)
    rig.pusher.may_go.set()
    return rig.client.troubles[told] - before


async def kill_the_feed(rig: Rig) -> int:
    before = rig.pusher.connections
    rig.kill_feed()
    rig.start_feed()

    async def is_told_again() -> bool:
        return rig.pusher.connections > before

    await rig.until(is_told_again)
    return rig.pusher.connections - before


async def kill_the_api(rig: Rig) -> int:
    """Requests and streams break off in the middle."""
    before = rig.client.troubles.total()
    rig.kill_api()
    rig.start_api()

    async def is_felt() -> bool:
        return rig.client.troubles.total() > before

    await rig.until(is_felt)
    return rig.client.troubles.total() - before


async def fill_the_disk(rig: Rig) -> int:
    """The tape takes no row for a while; what was not written is a skipped second."""
    assert rig.feed is not None
    air = rig.town.ports.live.on_air()
    assert air is not None
    tape = rig.data_dir / "live" / str(air.recording.id) / TAPE
    _, hard = resource.prlimit(rig.feed.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(rig.feed.pid, resource.RLIMIT_FSIZE, (tape.stat().st_size + 7, hard))
    size = tape.stat().st_size
    told = rig.pusher.second
    await asyncio.sleep(NO_ROOM_SECONDS)
    refused = rig.pusher.second - told if tape.stat().st_size <= size + 7 else 0
    resource.prlimit(rig.feed.pid, resource.RLIMIT_FSIZE, (hard, hard))
    return refused


async def _rose(rig: Rig, epoch: int) -> bool:
    return await rig.epoch() > epoch


async def _is_there(rig: Rig, pid: int) -> bool:
    return any(pulse.id.endswith(f"-{pid}") for pulse in await rig.town.ports.health.all())


FAULTS: tuple[Fault, ...] = (
    kill_the_matcher,
    stop_the_matcher,
    start_a_second_matcher,
    kill_postgresql,
    kill_valkey,
    swallow_commits,
    lie,
    stall_the_feed,
    kill_the_feed,
    kill_the_api,
    fill_the_disk,
)
