"""Every rule of live books sees the corruption that it is for, and a day of live trading breaks none."""

from dataclasses import replace
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from tests.engine.tapes import request
from tests.ledgers import DEARER
from tests.live_market import on_air
from tests.people import Town
from tests.usecases.test_accounts import CONDORS, funded
from tests.usecases.test_auditing import CORRUPTIONS, updated
from usecases import account_sessions, accounts, auditing
from usecases.account_sessions import Opened
from usecases.auditing import Rule
from usecases.live_settling import settle_due
from usecases.ports import Viewer
from usecases.views import AccountView

EXERCISED = request("+1 5940C", "16.00", "debit")
NEVER = request("+1 5950C", "0.05", "debit")
UNPROTECTED = "ALTER TABLE orders DISABLE TRIGGER orders_terminal_is_final"
OF_ACCOUNT = "SELECT id FROM sessions WHERE account_id IS NOT NULL"

LIVE_CORRUPTIONS = {
    Rule.LIVE_ORDERS_ENDED: [
        "UPDATE orders SET status = 'pending', ended_at = NULL WHERE status = 'expired'",
    ],
    Rule.LIVE_FILLS_MATCHED: [
        "UPDATE orders SET fill_at = placed_at - interval '1 second' WHERE status = 'filled'",
    ],
    Rule.LIVE_SESSIONS_RECORDED: ["UPDATE recordings SET day_hash = 'of another day'"],
    Rule.LIVE_DAYS_SETTLED: [
        f"UPDATE sessions SET settled_at = NULL, day_hash = NULL WHERE id IN ({OF_ACCOUNT})",
    ],
}


@pytest_asyncio.fixture
async def account(town: Town, trader: Viewer) -> UUID:
    """A live account, the day of which is settled, beside a session of its owner's."""
    account = (await funded(town, trader, replace(CONDORS, engine="live_sim"))).id
    with on_air(town) as market:
        session = await market.started(trader)
        opened = await account_sessions.open_session(town.ports, trader, account, None)
        assert isinstance(opened, Opened), opened
        for traded in (session.id, opened.session.id):
            await market.placed(trader, traded, EXERCISED)
            await market.placed(trader, traded, NEVER)
        market.end()
        await market.match()
        market.publish()
        await market.match()
        assert await settle_due(town.ports) == 2
    return account


async def broken(town: Town) -> set[Rule]:
    return {one.rule for one in (await auditing.audit(town.ports)).violations}


async def corrupt(town: Town, *statements: str) -> None:
    async with town.ports.database.transaction() as tx:
        for statement in (UNPROTECTED, *statements):
            await tx.execute(text(statement))


@pytest.mark.parametrize("rule", [*LIVE_CORRUPTIONS])
async def test_each_corruption_breaks_its_own_rule(town: Town, account: UUID, rule: Rule) -> None:
    assert await broken(town) == set()
    await corrupt(town, *LIVE_CORRUPTIONS[rule])
    assert await broken(town) == {rule}


@pytest.mark.parametrize(
    ("change", "of"),
    [
        ("fill_at = placed_at - interval '1 second'", "was placed at"),
        ("fill_at = (SELECT open_at + close_second * interval '1 second' FROM recordings)", "closes at"),
    ],
)
async def test_a_fill_belongs_between_its_placing_and_the_close(
    town: Town, account: UUID, change: str, of: str
) -> None:
    await corrupt(town, f"UPDATE orders SET {change} WHERE status = 'filled'")
    found = (await auditing.audit(town.ports)).violations
    assert [one.rule for one in found] == [Rule.LIVE_FILLS_MATCHED] * 2
    assert all(of in one.differs for one in found)


async def test_a_fill_of_a_second_that_nobody_matched_is_found(town: Town, account: UUID) -> None:
    await corrupt(
        town,
        "UPDATE recordings SET matched_second = 1",
        "UPDATE orders SET fill_at = fill_at + interval '2 seconds' WHERE status = 'filled'",
    )
    assert await broken(town) == {Rule.LIVE_FILLS_MATCHED}


async def test_dearer_fees_leave_what_live_fills_were_charged(
    town: Town, trader: Viewer, account: UUID
) -> None:
    before = await read(town, trader, account)
    trader = await updated(town, trader, DEARER)
    assert (await read(town, trader, account)).cash_cents == before.cash_cents
    assert await broken(town) == set()


async def read(town: Town, trader: Viewer, account: UUID) -> AccountView:
    view = await accounts.get_account(town.ports, trader, account)
    assert isinstance(view, AccountView)
    return view


def test_every_rule_has_its_corruption() -> None:
    assert {*CORRUPTIONS, *LIVE_CORRUPTIONS} == {*Rule}
