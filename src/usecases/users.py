"""A person's profile: the settings his orders are stamped with, his address and his password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bus.jobs import JobName
from engine.denials import Code, Denial
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.money import PriceCents
from engine.people import password_denial, read_email
from engine.settings import read_fees, read_slippage
from store import codes, locks, outbox, sessions, tokens, users
from store.database import Tx
from store.users import StoredUser
from usecases.absence import ABSENT, Absent
from usecases.delivery import deliver_outbox
from usecases.failpoints import Failpoint
from usecases.ports import Ports, Viewer
from usecases.repricing import Asked, ask, reprice, within_a_request
from usecases.verification import submit_code
from usecases.views import SessionEventKind, SessionMode


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to change, as it was sent. ``fee_schedule`` None goes back to the default schedule.

    A new ``email`` needs the code that was mailed to it; a new ``password`` the code that was
    mailed to the account's present address. One of the two at a time.
    """

    fee_schedule: Mapping[str, object] | Absent | None = ABSENT
    slippage: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    verification_code: str | None = field(default=None, repr=False)


async def update_profile(ports: Ports, viewer: Viewer, changes: ProfileChanges) -> Viewer | Denial:
    """Apply all of the changes or none. A new password ends every other session of the person's."""
    edit = _read(viewer, changes)
    if isinstance(edit, Denial):
        return edit
    password_hash = await _hashed(ports, changes.password)
    repriced: tuple[tuple[UUID, int], ...] = ()
    asked: tuple[Asked, ...] = ()

    async with ports.database.transaction() as tx:
        await locks.user(tx, viewer.user_id)

        denial = await _unproven(ports, tx, edit.proven_email, changes.verification_code or "")
        if denial is not None:
            return denial

        if edit.email is not None and not await users.set_email(tx, viewer.user_id, edit.email):
            return Denial(Code.EMAIL_TAKEN, "this address already has an account", ("email",))
        if password_hash is not None:
            await users.set_password(tx, viewer.user_id, password_hash)
            await tokens.remove_others(tx, viewer.user_id, viewer.token_id)
        if not isinstance(edit.fees, Absent):
            await users.set_fees(tx, viewer.user_id, edit.fees)
            asked = await _asked(tx, viewer.user_id, edit.fees or DEFAULT_FEES, ports.wall())
            repriced = await _repriced(tx, viewer.user_id, ports.wall())
        if edit.slippage_cents is not None:
            await users.set_slippage(tx, viewer.user_id, edit.slippage_cents)
        if edit.proven_email is not None:
            await codes.spend(tx, edit.proven_email, ports.wall())
        user = await users.with_id(tx, viewer.user_id)

    if password_hash is not None:
        await ports.topics.user_changed(viewer.uuid)
    for session_id, version in repriced:
        await ports.topics.session_changed(session_id, version)
    await _reprice(ports, asked)
    return viewer_of(user, viewer.token_id)


async def _asked(tx: Tx, user_id: int, fees: FeeSchedule, at: datetime) -> tuple[Asked, ...]:
    """Every account is to carry the new fees through its settled days; those beyond the request owe a job."""
    asked = [await ask(tx, account, fees, at) for account in await locks.accounts_of(tx, user_id)]
    wanted = within_a_request(one for one in asked if one is not None)
    for one in wanted:
        if not one.is_at_once:
            await outbox.add(tx, JobName.REPRICE_ACCOUNT, {"account_id": one.account_id}, at)
    return wanted


async def _reprice(ports: Ports, asked: tuple[Asked, ...]) -> None:
    """Reprice as many days as a request may, and hand the other accounts to a worker."""
    ports.reach(Failpoint.REPRICING_ASKED)
    for one in asked:
        if one.is_at_once:
            await reprice(ports, one.account_id)
    if not all(one.is_at_once for one in asked):
        await deliver_outbox(ports)


async def _repriced(tx: Tx, user_id: int, at: datetime) -> tuple[tuple[UUID, int], ...]:
    """Every historical session shows the new fees from now on; its followers are told (rulings 3.6)."""
    await locks.simulations_of(tx, user_id)
    kind = SessionEventKind.REPRICED
    return await sessions.record_event_each(tx, user_id, SessionMode.HISTORICAL, kind, at)


async def grant_operator(ports: Ports, email: str) -> Denial | None:
    """Give the person of an address the operator's role; again changes nothing."""
    address = read_email(email)
    if isinstance(address, Denial):
        return address
    async with ports.database.transaction() as tx:
        user = await users.with_email(tx, address)
        if user is None:
            return Denial(Code.EMAIL_NOT_FOUND, "no account has this address", ("email",))
        await users.set_operator(tx, user.id)
    return None


def viewer_of(user: StoredUser, token_id: int) -> Viewer:
    """The person as the caller behind one of his tokens."""
    return Viewer(
        user_id=user.id,
        uuid=user.uuid,
        email=user.email,
        fees=user.fees or DEFAULT_FEES,
        fees_overridden=user.fees is not None,
        slippage_cents=user.slippage_cents,
        operator=user.operator,
        token_id=token_id,
    )


@dataclass(frozen=True, slots=True)
class _Edit:
    """Changes that were read and found valid. ``proven_email`` is the address whose code must come
    with them, None where they need none."""

    fees: FeeSchedule | Absent | None
    slippage_cents: PriceCents | None
    email: str | None
    proven_email: str | None


def _read(viewer: Viewer, changes: ProfileChanges) -> _Edit | Denial:
    sent = changes.fee_schedule
    fees = read_fees(sent) if isinstance(sent, Mapping) else sent
    if isinstance(fees, Denial):
        return fees
    slippage_cents = read_slippage(changes.slippage) if changes.slippage is not None else None
    if isinstance(slippage_cents, Denial):
        return slippage_cents
    email = read_email(changes.email) if changes.email is not None else None
    if isinstance(email, Denial):
        return email
    proven_email = _proven_email(viewer, changes, email)
    if isinstance(proven_email, Denial):
        return proven_email
    return _Edit(fees, slippage_cents, email, proven_email)


def _proven_email(viewer: Viewer, changes: ProfileChanges, email: str | None) -> str | Denial | None:
    """The address that a code must prove, or why the sign-in cannot be changed like this."""
    if email is None and changes.password is None:
        return None
    if email is not None and changes.password is not None:
        one = "change email and password one at a time: each needs a code of its own"
        return Denial(Code.INVALID_INPUT, one, ("password",))
    if changes.verification_code is None:
        code = "verification_code is needed to change email or password; request one"
        return Denial(Code.INVALID_INPUT, code, ("verification_code",))
    return email or password_denial(changes.password or "") or viewer.email


async def _hashed(ports: Ports, password: str | None) -> str | None:
    if password is None:
        return None
    async with ports.passwords.turn():
        return await ports.passwords.hashed(password)


async def _unproven(ports: Ports, tx: Tx, email: str | None, code: str) -> Denial | None:
    """Why the code does not prove the address; None where it does, or where none is to be proven."""
    if email is None:
        return None
    return await submit_code(ports, tx, email, code)
