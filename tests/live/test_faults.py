"""Everything around a live market fails while somebody trades it, and his own history is right in the end.

Real processes, one seeded schedule of faults in `make test` and a campaign in `make soak`; each fault has
to bite. Clocks of the wall jump in process instead: `tests/usecases/test_matching.py`.
"""

import asyncio
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

import pytest

from engine.fills import first_fill
from engine.market import Day
from engine.orders import Ticket
from engine.tickets import OrderRequest, read_ticket
from marketdata.library import Library
from tests.campaigns import CAMPAIGN
from tests.days import DATE
from tests.live.faults import FAULTS, Fault
from tests.live.rig import Rig, rigged
from tests.zerodte.test_live_day import second_of

CLOSE_SECOND = 450
SECONDS_A_SECOND = 25
OPENED, AT_THE_END = 20, 40
FAULTS_A_DAY = 5
SCHEDULES = CAMPAIGN.size(1, 25)
ENDED = {"ORDER_FILLED", "ORDER_CANCELED", "ORDER_EXPIRED"}

Body = dict[str, Any]


def schedule(number: int) -> list[Fault]:
    """The faults of a schedule in their order. All of them come before any comes again."""
    chance = Random(CAMPAIGN.seed)
    rounds = (chance.sample(FAULTS, len(FAULTS)) for _ in range(SCHEDULES))
    return [fault for one in rounds for fault in one][number * FAULTS_A_DAY :][:FAULTS_A_DAY]


async def suffer(rig: Rig, faults: list[Fault]) -> Counter[str]:
    """One fault after the other, evenly over the day; how hard each of them bit."""
    bites: Counter[str] = Counter()
    stride = (CLOSE_SECOND - AT_THE_END - OPENED) // len(faults)
    for number, fault in enumerate(faults):
        await until_told(rig, OPENED + stride * number)
        bites[fault.__name__] = await fault(rig)
    return bites


async def until_told(rig: Rig, second: int) -> None:
    async def is_told() -> bool:
        return rig.pusher.second >= second

    await rig.until(is_told)


async def close_while_the_workers_are_down(rig: Rig) -> int:
    """The last seconds and the close are told while nobody matches; how many orders were pending."""
    for worker in [*rig.workers]:
        rig.kill_worker(worker)
    await rig.pusher.run(CLOSE_SECOND - 1)
    await rig.pusher.close()

    async def is_published() -> bool:
        air = rig.town.ports.live.on_air()
        return air is not None and air.closed is not None and air.closed.day_hash is not None

    await rig.until(is_published)
    pending = await rig.count("SELECT count(*) FROM orders WHERE status = 'pending'")
    assert await rig.count("SELECT count(*) FROM sessions WHERE settled_at IS NOT NULL") == 0
    rig.start_worker()
    rig.start_worker()
    return pending


async def until_settled(rig: Rig) -> None:
    async def is_settled() -> bool:
        return (await rig.client.answer("GET", "/live")).json() is None

    async def is_told() -> bool:
        return [one["kind"] for one in rig.client.heard][-2:] == ["SETTLED", "FINANCIALS_CHANGED"]

    await rig.until(is_settled)
    await rig.until(is_told)


def recorded_day(rig: Rig) -> Day:
    day = Library(rig.data_dir / "days").open(DATE)
    assert day is not None
    return day


def expected_fill(day: Day, asked: OrderRequest, from_second: int) -> int | None:
    ticket = read_ticket(asked, DATE)
    assert isinstance(ticket, Ticket), ticket
    fill = first_fill(day, ticket, 0, from_second, day.close_second)
    return None if fill is None else fill.second


async def history_is_right(rig: Rig, day: Day) -> Counter[str]:
    """What he was promised, against what there is; how many orders by what became of them."""
    client = rig.client
    answer = await client.answer("GET", f"/simulations/{client.session_id}/orders")
    orders: dict[str, Body] = {order["id"]: order for order in answer.json()}
    assert orders.keys() == client.placed.keys(), "no acknowledged order is lost, and there is no other"
    for order_id, (asked, placed) in client.placed.items():
        order = orders[order_id]
        at = expected_fill(day, asked, second_of(day, placed["datetime"]))
        if order_id in client.canceled:
            assert order["status"] == "canceled", order
        elif at is None:
            assert order["status"] == "expired", order
        else:
            assert order["status"] == "filled", (order, at)
            assert second_of(day, order["fill_datetime"]) == at, order
    return Counter(order["status"] for order in orders.values())


def events_are_whole(heard: list[Body], became: Counter[str]) -> None:
    """No gap, and each order, and the session, ended once."""
    assert [one["seq"] for one in heard] == list(range(1, len(heard) + 1))
    kinds = Counter(one["kind"] for one in heard)
    del kinds["FINANCIALS_CHANGED"]
    assert kinds == {
        "CREATED": 1,
        "ORDER_PLACED": became.total(),
        "ORDER_FILLED": became["filled"],
        "ORDER_CANCELED": became["canceled"],
        "ORDER_EXPIRED": became["expired"],
        "SETTLED": 1,
    }
    ended = Counter(
        one["orderUuid"]
        for one in heard
        if one["kind"] in {"ORDER_FILLED", "ORDER_CANCELED", "ORDER_EXPIRED"}
    )
    assert set(ended.values()) == {1}


def books_are_right(rig: Rig) -> None:
    command = [sys.executable, "-P", "-m", "zerodte.cli", "audit"]
    circumstances = {**rig.environment, "PATH": "", "PYTHONPATH": ":".join(sys.path)}
    found = subprocess.run(command, env=circumstances, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("number", range(SCHEDULES))
async def test_a_live_day_ends_right_whatever_fails(number: int) -> None:
    faults = schedule(number)
    async with rigged(CLOSE_SECOND, SECONDS_A_SECOND, CAMPAIGN.seed + number) as rig:
        await rig.until(rig.is_there)
        rig.pusher.may_go.set()
        pushing = asyncio.create_task(rig.pusher.run(CLOSE_SECOND - AT_THE_END))
        await rig.client.start()
        busy = [asyncio.create_task(rig.client.trade()), asyncio.create_task(rig.client.follow())]
        try:
            bites = await suffer(rig, faults)
            await pushing
            bites["down over the close"] = await close_while_the_workers_are_down(rig)
            await busy[0]
            await until_settled(rig)
        finally:
            for task in (pushing, *busy):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        became = await history_is_right(rig, recorded_day(rig))
        events_are_whole(rig.client.heard, became)
        await asyncio.to_thread(books_are_right, rig)
    # Arq gives up where Redis breaks off while it takes a job: going on it would have a place less for jobs
    assert rig.ended == 0 or bites["kill_valkey"], "no failure of others ends a worker"
    assert min(bites.values()) > 0, bites
    assert min(became[status] for status in ("filled", "canceled", "expired")) > 0, became
