"""Accounts: named cash that is carried from day to day."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from engine.accounts import (
    CAPITAL_IMMUTABLE,
    AccountStatus,
    Engine,
    capital_denial,
    name_taken,
    read_engine,
    read_name,
    read_status,
    read_type,
)
from engine.denials import Code, Denial
from engine.fees import DEFAULT_FEES
from engine.journal import capital_edit, genesis
from engine.money import Cents
from engine.settings import read_description
from store import accounts, journal, locks, repricings, sessions, users
from store.accounts import NewAccount, StoredAccount
from store.database import Tx
from usecases.absence import ABSENT, Absent
from usecases.failpoints import Failpoint
from usecases.loading import load
from usecases.ports import Ports, Viewer
from usecases.settling import open_day_denial
from usecases.views import AccountEventKind, AccountView, SessionEventKind

NO_ACCOUNT = Denial(Code.NOT_FOUND, "no such account")


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """What to create, as it was sent."""

    name: str
    engine: str
    starting_capital_cents: Cents
    description: str | None = None
    type: str = "manual"


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """What to change, as it was sent. ``description`` None takes it away."""

    name: str | None = None
    description: str | Absent | None = ABSENT
    status: str | None = None
    starting_capital_cents: Cents | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class AccountsPage:
    """A page of accounts, oldest first."""

    accounts: tuple[AccountView, ...]
    has_next: bool


async def create_account(ports: Ports, viewer: Viewer, command: CreateAccount) -> AccountView | Denial:
    """Open an account with its starting capital as cash."""
    new = _read_new(ports, viewer, command)
    if isinstance(new, Denial):
        return new

    async with ports.database.transaction() as tx:
        await locks.user(tx, viewer.user_id)
        owner = await users.with_id(tx, viewer.user_id)
        account = await accounts.add(tx, replace(new, fees=owner.fees or DEFAULT_FEES))
        if account is None:
            return name_taken(new.name)
        await journal.post(tx, account, genesis(account.starting_cents), new.created_at)
        version = await accounts.record_event(tx, account, AccountEventKind.CREATED, new.created_at)

    return account_view(replace(account, cash_cents=account.starting_cents, version=version), 0)


def _read_new(ports: Ports, viewer: Viewer, command: CreateAccount) -> NewAccount | Denial:
    name = read_name(command.name)
    if isinstance(name, Denial):
        return name
    engine = read_engine(command.engine)
    if isinstance(engine, Denial):
        return engine
    kind = read_type(command.type)
    if isinstance(kind, Denial):
        return kind
    description = read_description(command.description)
    if isinstance(description, Denial):
        return description
    return capital_denial(command.starting_capital_cents) or NewAccount(
        uuid=ports.new_id(),
        user_id=viewer.user_id,
        name=name,
        description=description,
        engine=engine,
        type=kind,
        starting_cents=command.starting_capital_cents,
        fees=viewer.fees,
        created_at=ports.wall(),
    )


async def list_accounts(ports: Ports, viewer: Viewer) -> tuple[AccountView, ...]:
    """The viewer's accounts, oldest first, archived ones too."""
    page = await page_accounts(ports, viewer, first=None)
    return page.accounts


async def page_accounts(
    ports: Ports,
    viewer: Viewer,
    *,
    first: int | None,
    after_key: int = 0,
    status: AccountStatus | None = None,
) -> AccountsPage:
    """``first`` accounts newer than ``after_key``, of one status or of any; all of them without a number."""
    async with ports.database.reading() as tx:
        limit = None if first is None else first + 1
        found = await accounts.page(tx, viewer.user_id, limit=limit, after_id=after_key, status=status)
        views = [await view_of(ports, tx, viewer, account) for account in found[:first]]
    return AccountsPage(tuple(views), first is not None and len(found) > first)


async def get_account(ports: Ports, viewer: Viewer, account_id: UUID) -> AccountView | Denial:
    async with ports.database.reading() as tx:
        account = await accounts.find(tx, viewer.user_id, account_id)
        return NO_ACCOUNT if account is None else await view_of(ports, tx, viewer, account)


async def update_account(
    ports: Ports, viewer: Viewer, account_id: UUID, changes: AccountChanges
) -> AccountView | Denial:
    """Apply all of the changes or none. A new starting capital carries through every settled day."""
    async with ports.database.transaction() as tx:
        if changes.name is not None or changes.status is not None:
            await locks.user(tx, viewer.user_id)  # a name is taken among all of the owner's accounts
        account = await locks.account(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        edited = await _edited(tx, account, changes)
        if isinstance(edited, Denial):
            return edited
        version = await _write(ports, tx, account, edited, ports.wall())
        if version is None:
            return name_taken(edited.name)
        view = await view_of(ports, tx, viewer, await accounts.with_id(tx, account.id))

    ports.reach(Failpoint.COMMITTED)
    await ports.topics.account_changed(account_id, version)
    return view


async def _edited(tx: Tx, account: StoredAccount, changes: AccountChanges) -> StoredAccount | Denial:
    """The account as it is to be, or why it may not be."""
    described = _described(account, changes)
    if isinstance(described, Denial):
        return described
    capital = changes.starting_capital_cents
    denial = _changed_since(account, changes) or await _capital_denial(tx, account, capital)
    if denial is not None:
        return denial
    if described.status is AccountStatus.ARCHIVED:
        denial = await open_day_denial(tx, account)
    edited = described if capital is None else replace(described, starting_cents=capital)
    return denial or edited


def _described(account: StoredAccount, changes: AccountChanges) -> StoredAccount | Denial:
    name = account.name if changes.name is None else read_name(changes.name)
    if isinstance(name, Denial):
        return name
    status = account.status if changes.status is None else read_status(changes.status)
    if isinstance(status, Denial):
        return status
    sent = changes.description
    description = account.description if isinstance(sent, Absent) else read_description(sent)
    if isinstance(description, Denial):
        return description
    return replace(account, name=name, status=status, description=description)


def _changed_since(account: StoredAccount, changes: AccountChanges) -> Denial | None:
    if changes.expected_version in (None, account.version):
        return None
    message = f"the account is at version {account.version}, not {changes.expected_version}"
    return Denial(Code.VERSION_CONFLICT, message, ("expectedVersion",))


async def _capital_denial(tx: Tx, account: StoredAccount, capital_cents: Cents | None) -> Denial | None:
    denial = None if capital_cents is None else capital_denial(capital_cents)
    if capital_cents is None or denial is not None:
        return denial
    denial = await open_day_denial(tx, account)
    if denial is not None:
        return denial
    if account.engine is Engine.LIVE_SIM and await sessions.has_traded(tx, account.id):
        return CAPITAL_IMMUTABLE
    return None


async def _write(
    ports: Ports, tx: Tx, before: StoredAccount, after: StoredAccount, at: datetime
) -> int | None:
    """Store what was edited; the version after it, or None where the name is taken."""
    version = before.version
    if (before.name, before.description, before.status) != (after.name, after.description, after.status):
        if not await accounts.describe(tx, before, after.name, after.description, after.status):
            return None
        version = await accounts.record_event(tx, before, AccountEventKind.UPDATED, at)
    if before.starting_cents != after.starting_cents:
        await accounts.set_capital(tx, before, after.starting_cents)
        await journal.post(tx, before, capital_edit(before.starting_cents, after.starting_cents), at)
        ports.reach(Failpoint.CAPITAL_POSTED)
        version = await accounts.record_event(tx, before, AccountEventKind.CAPITAL_EDITED, at)
    return version


async def delete_account(ports: Ports, viewer: Viewer, account_id: UUID) -> Denial | None:
    """Delete an account with its days; its name is free again and its books stay."""
    async with ports.database.transaction() as tx:
        account = await locks.account(tx, viewer.user_id, account_id)
        if account is None:
            return NO_ACCOUNT
        denial = await open_day_denial(tx, account)
        if denial is not None:
            return denial

        now = ports.wall()
        await repricings.drop(tx, account)
        removed = await sessions.remove_each(tx, account.id, SessionEventKind.DELETED, now)
        await accounts.remove(tx, account, now)
        version = await accounts.record_event(tx, account, AccountEventKind.DELETED, now)

    for session_id, seq in removed:
        await ports.topics.session_changed(session_id, seq)
    await ports.topics.account_changed(account_id, version)
    return None


async def view_of(ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount) -> AccountView:
    """The account with what its open day has made; its cash alone where that day cannot be read."""
    if account.open_session_id is None:
        return account_view(account, 0)
    stored = await sessions.with_id(tx, account.open_session_id)
    loaded = await load(ports, tx, viewer, stored)
    profit = 0 if isinstance(loaded, Denial) else loaded.state().financials.profit_cents
    return account_view(account, profit)


def account_view(account: StoredAccount, open_profit_cents: Cents) -> AccountView:
    return AccountView(
        key=account.id,
        id=account.uuid,
        name=account.name,
        description=account.description,
        engine=account.engine,
        type=account.type,
        status=account.status,
        starting_cents=account.starting_cents,
        cash_cents=account.cash_cents,
        current_cents=account.cash_cents + open_profit_cents,
        fees=account.fees,
        version=account.version,
        created_at=account.created_at,
    )
