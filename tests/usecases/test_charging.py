"""The bucket of credits and the throttle of strangers, as every face meets them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from redis.asyncio import Redis

from bus.buckets import Buckets
from engine.denials import Code, Denial
from tests.days import DATE
from tests.people import HOME, PASSWORD, Town, denied
from usecases import charging, entrance, metered
from usecases.charging import Payer, charged, complexity_spent
from usecases.market import SnapshotRange
from usecases.policy import Policy
from usecases.ports import Ports, Viewer

NEIGHBOUR = "203.0.113.8"
LATER = Denial(Code.SESSION_NOT_RECORDED, "no session is recorded")


def held_to(town: Town, **limits: int) -> Ports:
    return replace(town.ports, policy=Policy(**limits))


async def done() -> str:
    return "done"


async def refused() -> Denial:
    return LATER


async def broken() -> str:
    raise ZeroDivisionError


async def used(ports: Ports, viewer: Viewer) -> int:
    return (await charging.usage(ports, viewer)).used


async def test_success_costs_what_it_says(town: Town, trader: Viewer) -> None:
    payer = Payer(trader, HOME)
    assert await charged(town.ports, payer, 30, done) == "done"
    assert payer.fill is not None
    assert (payer.fill.used, await used(town.ports, trader)) == (30, 30)


async def test_strikes_and_series_and_a_chain_cost_25(town: Town, trader: Viewer) -> None:
    payer = Payer(trader, HOME)
    strikes = await metered.strikes(town.ports, payer, DATE)
    series = await metered.series(town.ports, payer, DATE, ["spx"])
    chain = await metered.chain_at(town.ports, payer, town.clock.now)
    assert not any(isinstance(outcome, Denial) for outcome in (strikes, series, chain))
    assert await used(town.ports, trader) == 5 + 10 + 10


async def test_every_chain_of_a_range_costs_5_and_a_range_nobody_may_ask_for_nothing(
    town: Town, trader: Viewer
) -> None:
    start = town.clock.now
    chains = await metered.chains_over(
        town.ports, Payer(trader, HOME), SnapshotRange(start, start + timedelta(seconds=29))
    )
    assert len(chains) == 30  # type: ignore[arg-type]
    assert await used(town.ports, trader) == 150
    too_many = SnapshotRange(start, start + timedelta(seconds=30))
    assert denied(await metered.chains_over(town.ports, Payer(trader, HOME), too_many))
    unrecorded = SnapshotRange(start - timedelta(days=9), start - timedelta(days=9))
    assert denied(await metered.chains_over(town.ports, Payer(trader, HOME), unrecorded))
    assert await used(town.ports, trader) == 150


@pytest.mark.parametrize("work", [refused, broken])
async def test_failure_costs_nothing(
    town: Town, trader: Viewer, work: Callable[[], Awaitable[str | Denial]]
) -> None:
    try:
        assert await charged(town.ports, Payer(trader, HOME), 30, work) == LATER
    except ZeroDivisionError:
        assert work is broken
    assert await used(town.ports, trader) == 0


@pytest.mark.parametrize("turns", range(12))
async def test_whoever_leaves_pays_nothing(town: Town, trader: Viewer, turns: int) -> None:
    endless = asyncio.Event()
    payer = Payer(trader, HOME)
    task = asyncio.create_task(charged(town.ports, payer, 30, endless.wait))
    for _ in range(turns):
        await asyncio.sleep(0.0005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await used(town.ports, trader) == 0


async def test_a_spent_bucket_says_when_to_come_back(town: Town, trader: Viewer) -> None:
    ports = held_to(town, credits_capacity=100, credits_drain_seconds=1_000)
    payer = Payer(trader, HOME)
    await charged(ports, payer, 95, done)
    assert await charged(ports, payer, 10, done) == Denial(
        Code.RATE_LIMIT_EXCEEDED,
        "10 credits are needed, and 95 of 100 are used; wait 50 seconds",
        retry_after_seconds=50,
    )
    town.clock.pass_(seconds=49)
    soon = denied(await charged(ports, payer, 10, done))
    assert soon.message.endswith("wait 1 second")
    assert soon.retry_after_seconds == 1
    town.clock.pass_(seconds=1)
    assert await charged(ports, payer, 10, done) == "done"


async def test_what_the_whole_bucket_cannot_hold_is_never_promised(town: Town, trader: Viewer) -> None:
    ports = held_to(town, credits_capacity=100, complexity_a_minute=50)
    start = town.clock.now
    payer = Payer(trader, HOME)
    ranged = await metered.chains_over(ports, payer, SnapshotRange(start, start + timedelta(seconds=20)))
    assert ranged == Denial(
        Code.INVALID_INPUT, "105 credits are needed, and the most there can be is 100: ask for less"
    )
    assert await complexity_spent(ports, payer, 51) == Denial(
        Code.INVALID_INPUT,
        "your operations were too complex: this one costs 51, and the most there can be is 50: ask for less",
    )
    assert await used(ports, trader) == 0


async def test_the_bucket_drains_fully_in_a_day(town: Town, trader: Viewer) -> None:
    await charged(town.ports, Payer(trader, HOME), 10_000, done)
    fills = []
    for _ in range(3):
        fills.append((await charging.usage(town.ports, trader)).percent)
        town.clock.pass_(hours=12)
    assert fills == [100, 50, 0]


async def test_fifty_requests_at_the_edge_never_overdraw(town: Town, trader: Viewer, redis_url: str) -> None:
    """Some of them fail, in two processes; who succeeded has paid, and nobody else has."""
    second = Buckets(redis_url)
    processes = (town.ports, replace(town.ports, buckets=second))
    await charged(town.ports, Payer(trader, HOME), 9_900, done)

    async def slow(outcome: str | Denial) -> str | Denial:
        await asyncio.sleep(0.01)
        return outcome

    outcomes = await asyncio.gather(
        *(
            charged(processes[n % 2], Payer(trader, HOME), 10, partial(slow, LATER if n % 5 == 0 else "done"))
            for n in range(50)
        )
    )
    successes = outcomes.count("done")
    assert 0 < successes <= 10
    assert await used(town.ports, trader) == 9_900 + 10 * successes
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Denial)} == {
        Code.RATE_LIMIT_EXCEEDED,
        LATER.code,
    }
    await second.close()


async def test_everybody_has_a_bucket_of_his_own(town: Town, trader: Viewer, rival: Viewer) -> None:
    ports = held_to(town, credits_capacity=10)
    for payer in (Payer(trader, HOME), Payer(rival, HOME), Payer(None, HOME), Payer(None, NEIGHBOUR)):
        assert await charged(ports, payer, 10, done) == "done"
        assert denied(await charged(ports, payer, 1, done)).code == Code.RATE_LIMIT_EXCEEDED


async def test_a_visitors_line_of_ipv6_has_one_bucket(town: Town) -> None:
    ports = held_to(town, credits_capacity=10)
    assert await charged(ports, Payer(None, "2001:db8:1:2::1"), 10, done) == "done"
    assert isinstance(await charged(ports, Payer(None, "2001:db8:1:2:ffff::1"), 10, done), Denial)
    assert await charged(ports, Payer(None, "2001:db8:1:3::1"), 10, done) == "done"


async def test_a_redis_that_forgot_empties_the_buckets_and_changes_nothing_else(
    town: Town, trader: Viewer, redis_url: str
) -> None:
    ports = held_to(town, credits_capacity=10)
    await charged(ports, Payer(trader, HOME), 10, done)
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
    assert await charged(ports, Payer(trader, HOME), 10, done) == "done"


async def test_without_redis_everybody_is_served(town: Town, trader: Viewer) -> None:
    ports = replace(town.ports, buckets=Buckets("unix:///nowhere/valkey.sock"))
    assert await charged(ports, Payer(trader, HOME), 20_000, done) == "done"
    assert await charging.admitted(ports, HOME) is None
    assert not isinstance(await complexity_spent(ports, Payer(trader, HOME), 10_000), Denial)
    assert await used(ports, trader) == 0


async def entered(ports: Ports, verb: int) -> Denial | None:
    """Try one of the verbs that strangers may use, as the first one to last in turn."""
    email = "nobody@example.com"
    outcomes = (
        partial(entrance.check_email, ports, email, HOME),
        partial(entrance.register, ports, email, PASSWORD, "000000", HOME),
        partial(entrance.login, ports, email, None, "000000", HOME),
        partial(entrance.reset_password, ports, email, "000000", PASSWORD, HOME),
        partial(entrance.request_code, ports, "no address", HOME),
        partial(entrance.forgot_password, ports, "no address", HOME),
    )
    return denied(await outcomes[verb % len(outcomes)]())


async def test_strangers_have_twenty_tries_and_ten_more_a_minute(town: Town) -> None:
    ports = replace(town.ports, policy=Policy())
    codes = [denied(await entered(ports, n)).code for n in range(20)]
    assert Code.RATE_LIMITED not in codes
    for verb in range(6):
        assert await entered(ports, verb) == Denial(
            Code.RATE_LIMITED,
            "too many requests from your address; wait 6 seconds",
            retry_after_seconds=6,
        )
    town.clock.pass_(minutes=1)
    codes = [denied(await entered(ports, n)).code for n in range(11)]
    assert [code is Code.RATE_LIMITED for code in codes] == [False] * 10 + [True]
    assert await charging.admitted(ports, NEIGHBOUR) is None


async def test_complexity_is_six_thousand_a_minute(town: Town, trader: Viewer) -> None:
    ports, payer = held_to(town), Payer(trader, HOME)
    fills = [await complexity_spent(ports, payer, 1_000) for _ in range(7)]
    assert [None if isinstance(fill, Denial) else fill.left for fill in fills] == [
        5_000,
        4_000,
        3_000,
        2_000,
        1_000,
        0,
        None,
    ]
    assert denied(fills[-1]).retry_after_seconds == 10
    town.clock.pass_(seconds=10)
    assert not isinstance(await complexity_spent(ports, payer, 1_000), Denial)
    assert await used(town.ports, trader) == 0, "complexity is no credit"
