"""Carrying an edit of an account's first day, and a change of fees, through all of its days."""

import asyncio
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from bench.figures import Figure
from bench.product import UnexpectedAnswer
from store.migrating import migrate
from tests.ledgers import DAY_CENTS, DEARER, LongAccount, long_account
from tests.people import Town, town
from usecases import accounts, orders, repricing, users
from usecases.ports import Viewer
from usecases.views import AccountView
from zerodte.servers import postgres, prepare_site, urls, valkey
from zerodte.supervisor import supervised

EDITS = 15
SIZES = (250, 1_000, 6_500)
EDIT_MS = {250: 10.0, 6_500: 50.0}
FEES_MS = {250: 200.0, 6_500: 3_000.0}


def ledger_figures() -> Iterator[Figure]:
    with TemporaryDirectory(prefix="zd-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL runs as another user where root starts it
        site = prepare_site(Path(folder))
        with supervised(Event()) as supervisor:
            supervisor.start(postgres(site), valkey(site))
            taken = asyncio.run(measured(*urls(site.data_dir), Path(folder, "days")))
    for days, (edit_ms, fees_ms) in taken.items():
        yield Figure(f"edit of the first of {days:,} days", edit_ms, "ms", most=EDIT_MS.get(days))
        yield Figure(f"change of fees over {days:,} days", fees_ms, "ms", most=FEES_MS.get(days))


async def measured(database_url: str, redis_url: str, folder: Path) -> dict[int, tuple[float, float]]:
    """Milliseconds of the edit and of the change of fees, by the number of days."""
    await migrate(database_url)
    taken = {}
    for days in SIZES:
        async with town(database_url, redis_url, folder / str(days)) as one:
            viewer = await one.viewer(await one.person(f"{days}@example.com", None))
            if viewer is None:
                raise UnexpectedAnswer("the registered person is not known")
            account = await long_account(one, viewer, days)
            taken[days] = (await edited(one, viewer, account), await repriced(one, viewer, account))
    return taken


async def edited(one: Town, viewer: Viewer, account: LongAccount) -> float:
    """An order of the settled first day is deleted, until the account's cash tells of it."""
    taken = []
    order = account.first_order
    for _ in range(EDITS):
        start = time.perf_counter()
        await orders.delete_order(one.ports, viewer, account.first.id, order)
        cash = await cash_cents(one, viewer, account)
        taken.append(time.perf_counter() - start)
        if cash != account.cash_cents - DAY_CENTS:
            raise UnexpectedAnswer(f"the edit left {cash} cents")
        order = await account.trade_first(one, viewer)
    return 1_000 * statistics.median(taken)


async def repriced(one: Town, viewer: Viewer, account: LongAccount) -> float:
    """Until every day is told to have changed, by whoever does it: here this process alone."""
    start = time.perf_counter()
    await users.update_profile(one.ports, viewer, DEARER)
    await repricing.reprice(one.ports, account.key)
    cash = await cash_cents(one, viewer, account)
    taken = time.perf_counter() - start
    if cash != account.cash_cents - 100 * len(account.dates):
        raise UnexpectedAnswer(f"the change of fees left {cash} cents")
    return 1_000 * taken


async def cash_cents(one: Town, viewer: Viewer, account: LongAccount) -> int:
    view = await accounts.get_account(one.ports, viewer, account.id)
    if not isinstance(view, AccountView):
        raise UnexpectedAnswer(view.message)
    return view.cash_cents
