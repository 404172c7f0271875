"""The days of live accounts: today's session of the market that is on air, opened with the carried cash."""

from dataclasses import dataclass, replace
from datetime import date

from engine.accounts import insertion_denial
from engine.denials import Code, Denial
from marketdata.live import OnAir
from store import accounts, sessions
from store.accounts import AboutAccount, StoredAccount
from store.database import Tx
from store.sessions import NewSession, StoredSession
from usecases.airing import entered, on_air, opening_denial
from usecases.loading import Loaded, load
from usecases.ports import Ports, Viewer
from usecases.settling import reopening_denial
from usecases.views import AccountEventKind, SessionEventKind, SessionMode


@dataclass(frozen=True, slots=True)
class OpenDay:
    """A day of an account that was opened; ``is_new`` where it was not there before."""

    loaded: Loaded
    is_new: bool


async def open_live_day(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, on: date | None
) -> OpenDay | Denial:
    """Today's session of a locked live account: the open one as it is, or a new one while the market is
    open. ``on`` may be today's date, or be left out."""
    found = await _open_one(ports, tx, account)
    if found is None:
        opened = await _open_new(ports, tx, viewer, account, on)
    else:
        opened = _other_date(on, found.date) or await load(ports, tx, viewer, found)
    return opened if isinstance(opened, Denial) else OpenDay(opened, found is None)


async def _open_one(ports: Ports, tx: Tx, account: StoredAccount) -> StoredSession | None:
    """The account's open session, unless another market is on air by now."""
    if account.open_session_id is None:
        return None
    stored, air = await sessions.with_id(tx, account.open_session_id), on_air(ports)
    is_current = air is None or air.recording.id == stored.recording_uuid
    return stored if is_current else None


async def _open_new(
    ports: Ports, tx: Tx, viewer: Viewer, account: StoredAccount, on: date | None
) -> Loaded | Denial:
    air = on_air(ports)
    denial = None if air is None else _other_date(on, air.recording.opening.date)
    denial = denial or await reopening_denial(tx, account) or opening_denial(air)
    if denial is not None:
        return denial
    assert air is not None, "nothing can be opened on no market"
    today = air.recording.opening.date
    denial = insertion_denial(today, await accounts.latest_day(tx, account))
    denial = denial or await _settled_today(tx, account, today)
    market = denial or await entered(tx, air)
    if isinstance(market, Denial):
        return market
    stored = await enter_day(tx, account, _new(ports, viewer, account, air))
    return await load(ports, tx, viewer, stored, market)


def _other_date(on: date | None, today: date) -> Denial | None:
    if on is None or on == today:
        return None
    message = f"date must be left out, or today's: a live account trades {today}"
    return Denial(Code.INVALID_INPUT, message, ("date",), {"date": message})


async def _settled_today(tx: Tx, account: StoredAccount, today: date) -> Denial | None:
    if await sessions.day_of_account(tx, account.id, today) is None:
        return None
    message = f"session_frozen: the account's live session of {today} has settled and cannot be opened again"
    return Denial(Code.SESSION_FROZEN, message)


def _new(ports: Ports, viewer: Viewer, account: StoredAccount, air: OnAir) -> NewSession:
    return NewSession(
        uuid=ports.new_id(),
        user_id=viewer.user_id,
        account_id=account.id,
        mode=SessionMode.LIVE,
        date=air.recording.opening.date,
        day_hash=None,
        opening_cents=None,
        description=None,
        created_at=ports.wall(),
        recording_uuid=air.recording.id,
    )


async def enter_day(tx: Tx, account: StoredAccount, new: NewSession) -> StoredSession:
    """Add a day to a locked account that has none on its date, as its open one."""
    stored = await sessions.add(tx, new)
    assert stored is not None, "the account is held, and had no day on this date"
    await accounts.set_open(tx, account, stored.id)
    version = await sessions.record_event(tx, stored, SessionEventKind.CREATED, new.created_at)
    about = AboutAccount(stored.uuid)
    await accounts.record_event(tx, account, AccountEventKind.SESSION_OPENED, new.created_at, about)
    return replace(stored, version=version)
