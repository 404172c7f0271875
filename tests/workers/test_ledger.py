"""The ledger worker at its queue: what it is asked to reprice is repriced, whatever gets lost."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from bus.jobs import JobName, Jobs, Queue
from store import accounts as stored_accounts
from tests.ledgers import DEARER, LongAccount, long_account
from tests.people import Town
from tests.workers.test_main import until, working
from usecases import accounts, users
from usecases.auditing import audit
from usecases.ports import Viewer
from usecases.repricing import ABANDONED_AFTER, DAYS_IN_A_REQUEST
from usecases.views import AccountEventKind, AccountView
from workers.ledger import take_up

DAYS = 1_100  # three steps
DEARER_BY = 1_00  # for each call that was bought


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest_asyncio.fixture
async def account(town: Town, trader: Viewer) -> LongAccount:
    return await long_account(town, trader, DAYS)


async def dearer(town: Town, trader: Viewer) -> None:
    assert isinstance(await users.update_profile(town.ports, trader, DEARER), Viewer)


async def cash(town: Town, trader: Viewer, account: UUID) -> int:
    view = await accounts.get_account(town.ports, trader, account)
    assert isinstance(view, AccountView)
    return view.cash_cents


async def until_repriced(town: Town, trader: Viewer, account: LongAccount) -> None:
    """Until the new chain is there; before, the old one is, whole."""
    seen: set[int] = set()

    async def is_repriced() -> bool:
        seen.add(await cash(town, trader, account.id))
        return account.cash_cents - DAYS * DEARER_BY in seen

    await until(is_repriced)
    assert seen <= {account.cash_cents, account.cash_cents - DAYS * DEARER_BY}
    assert (await audit(town.ports)).violations == ()


async def happened(
    town: Town, trader: Viewer, account: LongAccount
) -> list[tuple[str, int | None, int | None]]:
    async with town.ports.database.reading() as tx:
        rows = await stored_accounts.events_after(tx, trader.user_id, account.id, 0, 100)
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [(row.kind, row.done, row.total) for row in rows]


async def test_a_change_of_fees_is_carried_by_the_worker(
    town: Town, trader: Viewer, account: LongAccount, redis_url: str, outbox: Path
) -> None:
    async with working(town, redis_url, outbox):
        await dearer(town, trader)
        assert await cash(town, trader, account.id) == account.cash_cents
        await until_repriced(town, trader, account)
    assert (await happened(town, trader, account))[-4:] == [
        (AccountEventKind.REPRICING, 500, DAYS),
        (AccountEventKind.REPRICING, 1_000, DAYS),
        (AccountEventKind.REPRICING, DAYS, DAYS),
        (AccountEventKind.REPRICED, None, None),
    ]


async def test_a_lost_job_is_taken_up(
    town: Town, trader: Viewer, account: LongAccount, redis_url: str, outbox: Path
) -> None:
    await dearer(town, trader)
    async with Redis.from_url(redis_url) as redis:
        assert await redis.zcard(Queue.LEDGER) == 1
        await redis.flushall()
    async with working(town, redis_url, outbox):
        town.clock.pass_(seconds=ABANDONED_AFTER.total_seconds())
        await until_repriced(town, trader, account)


async def test_fees_change_while_redis_is_away_and_follow_when_it_is_back(
    town: Town, trader: Viewer, account: LongAccount, redis_url: str, outbox: Path
) -> None:
    cut_off = replace(town, ports=replace(town.ports, jobs=Jobs("unix:///nowhere/valkey.sock")))
    await dearer(cut_off, trader)
    town.clock.pass_(seconds=ABANDONED_AFTER.total_seconds())
    async with working(town, redis_url, outbox):
        await until_repriced(town, trader, account)


@pytest.mark.parametrize(("days", "owed"), [(DAYS_IN_A_REQUEST, 0), (DAYS_IN_A_REQUEST + 1, 1)])
async def test_a_request_carries_a_year_by_itself(
    town: Town, trader: Viewer, redis_url: str, days: int, owed: int
) -> None:
    account = await long_account(town, trader, days)
    await dearer(town, trader)
    carried = 0 if owed else days
    assert await cash(town, trader, account.id) == account.cash_cents - carried * DEARER_BY
    async with Redis.from_url(redis_url) as redis:
        assert await redis.zcard(Queue.LEDGER) == owed


async def test_two_workers_with_the_same_job_reprice_once(
    town: Town, trader: Viewer, account: LongAccount, redis_url: str, outbox: Path
) -> None:
    async with working(town, redis_url, outbox), working(town, redis_url, outbox):
        await dearer(town, trader)
        for _ in range(4):
            await town.ports.jobs.enqueue(JobName.REPRICE_ACCOUNT, {"account_id": account.key})
        await until_repriced(town, trader, account)
    told = await happened(town, trader, account)
    assert [kind for kind, _, _ in told].count(AccountEventKind.REPRICED) == 1
    progress = [done for kind, done, _ in told if kind == AccountEventKind.REPRICING and done is not None]
    assert all(before < after for before, after in pairwise(progress))


async def test_what_waits_is_put_into_the_queue_once_in_a_while_and_not_each_second(
    town: Town, trader: Viewer, account: LongAccount, redis_url: str
) -> None:
    await dearer(town, trader)
    async with Redis.from_url(redis_url) as redis:
        waiting = []
        for _ in range(6):
            await take_up({"ports": town.ports})
            waiting.append(await redis.zcard(Queue.LEDGER))
            town.clock.pass_(seconds=1)
    assert waiting == [1, 1, 1, 2, 2, 2]
