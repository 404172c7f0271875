"""Every rule of the books sees the corruption that it is for, and a busy ledger breaks none."""

import shutil
from dataclasses import replace
from uuid import UUID

import pytest
import pytest_asyncio
from sqlalchemy import text

from engine.fees import DEFAULT_FEES
from engine.settings import fee_texts
from marketdata.library import Library
from store.auditing import Extent
from tests.ledgers import long_account
from tests.people import Town
from tests.usecases.test_account_sessions import (
    CALL,
    CAPITAL,
    FRIDAY,
    PUT_SOLD,
    THURSDAY,
    WEDNESDAY,
    account,
    move,
    opened,
    placed,
    traded,
)
from tests.usecases.test_accounts import CONDORS, funded
from usecases import account_sessions, accounts, auditing, orders, sessions, users
from usecases.accounts import AccountChanges
from usecases.auditing import Recomputed, Recomputing, Rule
from usecases.ports import Viewer
from usecases.users import ProfileChanges
from usecases.views import AccountView, SessionView

__all__ = ["account"]

UNPROTECTED = "ALTER TABLE journal DISABLE TRIGGER journal_append_only"
SETTLED = "SELECT session_id FROM settlements ORDER BY date LIMIT 1"
LAST_SEQ = "SELECT max(seq) FROM journal"
MISPOSTED = "cash_cents = cash_cents + 1, fees_cents = fees_cents - 1"

CORRUPTIONS = {
    Rule.ENTRIES_BALANCE: """
        ALTER TABLE journal DROP CONSTRAINT journal_balanced;
        UPDATE journal SET fees_cents = fees_cents + 1 WHERE kind = 'genesis'
    """,
    Rule.ENTRIES_NUMBERED: f"UPDATE journal SET seq = seq + 1 WHERE seq = ({LAST_SEQ})",
    Rule.CASH_POSTED: f"UPDATE journal SET {MISPOSTED} WHERE kind = 'genesis'",
    Rule.CASH_CARRIED: f"""
        UPDATE journal SET {MISPOSTED} WHERE kind = 'genesis';
        UPDATE accounts SET cash_cents = cash_cents + 1
    """,
    Rule.CAPITAL_POSTED: """
        UPDATE journal SET capital_cents = capital_cents + 1, fees_cents = fees_cents - 1
        WHERE kind = 'genesis'
    """,
    Rule.SETTLED_ONCE: f"""
        INSERT INTO journal
        SELECT account_id, seq + 1, 'settle', session_uuid, date, 0, 0, 0, 0, 0, posted_at
        FROM journal WHERE seq = ({LAST_SEQ});
        UPDATE accounts SET journal_seq = journal_seq + 1
    """,
    Rule.DAYS_POSTED: f"""
        UPDATE journal SET options_cents = options_cents + 1, fees_cents = fees_cents - 1
        WHERE seq = ({LAST_SEQ})
    """,
    Rule.LAST_REVISION: f"UPDATE settlements SET revision = revision + 1 WHERE session_id = ({SETTLED})",
    Rule.DAYS_PLACED: f"UPDATE journal SET date = date + 1 WHERE seq = ({LAST_SEQ})",
    Rule.SETTLED_OR_OPEN: "UPDATE accounts SET open_session_id = NULL",
    Rule.OPEN_DAY_KNOWN: """
        UPDATE sessions SET deleted_at = created_at WHERE id = (SELECT open_session_id FROM accounts)
    """,
    Rule.DELETED_UNSETTLED: f"UPDATE sessions SET deleted_at = created_at WHERE id = ({SETTLED})",
    Rule.CHAIN_UNBROKEN: f"""
        DROP INDEX settlements_carry;
        DROP INDEX sessions_one_a_date_of_account;
        UPDATE settlements SET date = '{WEDNESDAY}';
        UPDATE sessions SET date = '{WEDNESDAY}';
        UPDATE journal SET date = '{WEDNESDAY}' WHERE session_uuid IS NOT NULL
    """,
    Rule.ACCOUNT_EVENTS_NUMBERED: "DELETE FROM account_events WHERE seq = 2",
    Rule.SESSION_EVENTS_NUMBERED: f"DELETE FROM session_events WHERE seq = 2 AND session_id = ({SETTLED})",
    Rule.FEES_RECOMPUTED: """
        UPDATE accounts SET fee_micros = jsonb_set(fee_micros, '{sell_to_open_option}', '9000000')
    """,
    Rule.FLOWS_RECOMPUTED: f"""
        UPDATE orders SET fill_leg_price_cents = '{{511}}'
        WHERE fill_at IS NOT NULL AND session_id = ({SETTLED})
    """,
    Rule.CLOCK_AT_CLOSE: f"""
        UPDATE sessions SET clock_at = clock_at - interval '1 second' WHERE id = ({SETTLED})
    """,
}


@pytest_asyncio.fixture
async def busy(town: Town, trader: Viewer, account: UUID) -> UUID:
    """An account with two settled days of which the first was edited, and an open one."""
    wednesday = await traded(town, trader, account, WEDNESDAY, CALL)
    await traded(town, trader, account, THURSDAY, PUT_SOLD)
    reopened = await opened(town, trader, account, WEDNESDAY)
    order = await placed(town, trader, reopened, CALL)
    await move(town, trader, wednesday, 600)
    assert await orders.delete_order(town.ports, trader, wednesday.id, order) is None
    edited = AccountChanges(starting_capital_cents=CAPITAL + 1_00)
    assert isinstance(await accounts.update_account(town.ports, trader, account, edited), AccountView)
    dearer = ProfileChanges(fee_schedule=fee_texts(replace(DEFAULT_FEES, buy_to_open_option=2_720_000)))
    trader = await updated(town, trader, dearer)
    friday = await opened(town, trader, account, FRIDAY)
    await placed(town, trader, friday, CALL)
    return account


async def updated(town: Town, viewer: Viewer, changes: ProfileChanges) -> Viewer:
    answer = await users.update_profile(town.ports, viewer, changes)
    assert isinstance(answer, Viewer), answer
    return answer


async def corrupt(town: Town, statements: str) -> None:
    async with town.ports.database.transaction() as tx:
        for statement in (UNPROTECTED, *statements.split(";")):
            await tx.execute(text(statement))


@pytest.mark.parametrize("rule", [*CORRUPTIONS])
async def test_each_corruption_breaks_its_own_rule(town: Town, busy: UUID, rule: Rule) -> None:
    assert (await auditing.audit(town.ports)).violations == ()
    await corrupt(town, CORRUPTIONS[rule])
    found = (await auditing.audit(town.ports)).violations
    assert {one.rule for one in found} == {rule}, [str(one) for one in found]
    assert {one.account_id for one in found} <= {busy, None}
    assert all(str(one).startswith(f"{rule}: ") for one in found)


async def test_what_differs_is_told_in_words(town: Town, busy: UUID) -> None:
    await corrupt(town, "UPDATE accounts SET version = version + 1")
    (found,) = (await auditing.audit(town.ports)).violations
    assert str(found) == (f"account_events_numbered: account {busy}: 12 events, 1 to 12, at version 13")


async def test_deleted_days_and_accounts_leave_provable_books(town: Town, trader: Viewer, busy: UUID) -> None:
    head = await account_sessions.head(town.ports, trader, busy)
    assert isinstance(head, SessionView)
    assert await account_sessions.delete_session(town.ports, trader, head.id) is None
    latest = await account_sessions.head(town.ports, trader, busy)
    assert isinstance(latest, SessionView)
    assert await account_sessions.delete_session(town.ports, trader, latest.id) is None
    assert (await auditing.audit(town.ports)).violations == ()
    assert await accounts.delete_account(town.ports, trader, busy) is None
    assert (await auditing.audit(town.ports)).violations == ()


async def test_empty_accounts_and_simulations_are_audited_too(town: Town, trader: Viewer) -> None:
    assert (await auditing.audit(town.ports)).violations == ()
    await funded(town, trader, CONDORS)
    simulation = await sessions.create_simulation(
        town.ports, trader, sessions.CreateSimulation(WEDNESDAY, CAPITAL)
    )
    assert isinstance(simulation, SessionView)
    clean = await auditing.audit(town.ports)
    assert (clean.violations, clean.extent) == ((), Extent(accounts=1, settled_days=0, entries=1))
    await corrupt(town, "DELETE FROM session_events")
    (found,) = (await auditing.audit(town.ports)).violations
    assert (found.rule, found.account_id) == (Rule.SESSION_EVENTS_NUMBERED, None)


async def test_days_are_recomputed_in_turns(town: Town, trader: Viewer) -> None:
    await long_account(town, trader, 1_200)
    await corrupt(
        town, "UPDATE settlements SET exercises = 1 WHERE date = (SELECT max(date) FROM settlements)"
    )
    first = await auditing.audit(town.ports, Recomputing(most=1_000))
    assert (first.violations, first.recomputed.days, first.recomputed.unread) == ((), 1_000, 999)
    second = await auditing.audit(town.ports, Recomputing(first.recomputed.last_id, most=1_000))
    assert [one.rule for one in second.violations] == [Rule.FEES_RECOMPUTED]
    assert second.recomputed == Recomputed(days=200, unread=200, last_id=0)
    whole = await auditing.audit(town.ports)
    assert whole.violations == second.violations
    assert whole.recomputed == Recomputed(days=1_200, unread=1_199, last_id=0)


async def test_fills_are_held_to_the_settlement_as_far_as_the_recording_can_be_read(
    town: Town, trader: Viewer, account: UUID
) -> None:
    day = await traded(town, trader, account, WEDNESDAY, PUT_SOLD)
    await corrupt(town, "UPDATE settlements SET debits_cents = debits_cents + 100")
    (found,) = await of_rule(town, Rule.FLOWS_RECOMPUTED)
    assert f"session {day.id} of {WEDNESDAY}" in found
    shutil.rmtree(town.days / WEDNESDAY.isoformat())
    bereft = replace(town, ports=replace(town.ports, library=Library(town.days)))
    assert await of_rule(bereft, Rule.FLOWS_RECOMPUTED) == []
    await corrupt(town, "UPDATE settlements SET credits_cents = credits_cents + 100")
    assert len(await of_rule(bereft, Rule.FLOWS_RECOMPUTED)) == 1


async def of_rule(town: Town, rule: Rule) -> list[str]:
    return [one.differs for one in (await auditing.audit(town.ports)).violations if one.rule is rule]
