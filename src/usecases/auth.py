"""Who is asking: registration, login, logout, and a forgotten password."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from bus.jobs import JobName
from engine.denials import Code, Denial, try_again
from engine.people import (
    TOKEN,
    login_delay_seconds,
    network_of,
    password_denial,
    read_email,
    token_digest,
)
from store import codes, logins, outbox, tokens, users
from store.database import Tx
from store.users import StoredUser
from usecases.delivery import deliver_outbox
from usecases.ports import Ports, Viewer
from usecases.users import viewer_of
from usecases.verification import submit_code

TOKEN_BYTES = 16
NONCE_BYTES = 16
TOUCH_INTERVAL = timedelta(hours=1)

EMAIL_NOT_FOUND = Denial(Code.EMAIL_NOT_FOUND, "no account has this address", ("email",))
EMAIL_TAKEN = Denial(Code.EMAIL_TAKEN, "this address already has an account; log in", ("email",))
INVALID_CREDENTIALS = Denial(Code.INVALID_CREDENTIALS, "the email or the password is wrong")


@dataclass(frozen=True, slots=True)
class NewToken:
    """A bearer token, shown once, and the person it now speaks for."""

    token: str = field(repr=False)
    viewer: Viewer


@dataclass(frozen=True, slots=True)
class HasPassword:
    has_password: bool


async def authenticate(ports: Ports, token: str) -> Viewer | None:
    """The person behind a token, or None. A use keeps it valid for another 30 days."""
    if not TOKEN.fullmatch(token):
        return None
    now = ports.wall()
    async with ports.database.asking() as tx:
        known = await tokens.find(tx, token_digest(token))
    if known is None or now - known.used_at >= timedelta(days=ports.policy.token_days):
        return None

    if now - known.used_at >= TOUCH_INTERVAL:
        async with ports.database.transaction() as tx:
            await tokens.touch(tx, known.id, now)
    return viewer_of(known.user, known.id)


async def check_email(ports: Ports, email: str) -> HasPassword | Denial:
    """Whether an address has an account with a password; EMAIL_NOT_FOUND where it has no account.

    The documented API tells strangers who has an account here; nothing else does.
    """
    address = read_email(email)
    if isinstance(address, Denial):
        return address
    async with ports.database.reading() as tx:
        user = await users.with_email(tx, address)
    return HasPassword(user.password_hash is not None) if user else EMAIL_NOT_FOUND


async def request_code(ports: Ports, email: str) -> Denial | None:
    """Mail a fresh code to an address, whether it has an account or not; it replaces an older one.

    One request a minute for an address, or RATE_LIMITED.
    """
    address = read_email(email)
    if isinstance(address, Denial):
        return address
    now = ports.wall()
    interval = timedelta(seconds=ports.policy.code_interval_seconds)

    async with ports.database.transaction() as tx:
        nonce = secrets.token_bytes(NONCE_BYTES)
        code = await codes.request(tx, address, nonce, now, now - interval)
        if not code.is_fresh:
            return _wait(code.requested_at + interval - now, "a code was requested a moment ago")
        await outbox.add(tx, JobName.MAIL_CODE, {"code_id": code.id}, now)

    await deliver_outbox(ports)
    return None


async def register(
    ports: Ports, email: str, password: str | None, verification_code: str
) -> NewToken | Denial:
    """Open an account for an address that a mailed code proves, and log in. Without a password
    every later login takes a fresh code."""
    address = read_email(email)
    if isinstance(address, Denial):
        return address
    weak = password_denial(password) if password is not None else None
    if weak is not None:
        return weak
    password_hash = await _hashed(ports, password) if password is not None else None

    async with ports.database.transaction() as tx:
        denial = await submit_code(ports, tx, address, verification_code)
        if denial is not None:
            return denial
        user = await users.add(tx, ports.new_id(), address, password_hash, ports.wall())
        if user is None:
            return EMAIL_TAKEN
        await codes.spend(tx, address, ports.wall())
        return await _issue(ports, tx, user)


async def login(
    ports: Ports,
    email: str,
    password: str | None,
    verification_code: str | None,
    address: str,
) -> NewToken | Denial:
    """Log in by password or by a fresh mailed code, one of the two. ``address`` is where the
    caller's connection comes from: failed passwords slow that network down for that account."""
    account = read_email(email)
    if isinstance(account, Denial):
        return account
    if (password is None) == (verification_code is None):
        either = "send either password or verification_code"
        return Denial(Code.INVALID_INPUT, either, ("password",))
    if verification_code is not None:
        return await _login_by_code(ports, account, verification_code)
    return await _login_by_password(ports, account, password or "", network_of(address))


async def logout(ports: Ports, viewer: Viewer) -> None:
    """End the session of the viewer's token."""
    async with ports.database.transaction() as tx:
        await tokens.remove(tx, viewer.token_id)
    await ports.topics.user_changed(viewer.uuid)


async def forgot_password(ports: Ports, email: str) -> Denial | None:
    """Mail the code that a reset needs. Strangers' addresses get the same answer and the same
    mail, so neither tells whether there is an account."""
    return await request_code(ports, email)


async def reset_password(ports: Ports, email: str, verification_code: str, password: str) -> Denial | None:
    """Set a password by a mailed code and end every session of the person's."""
    address = read_email(email)
    if isinstance(address, Denial):
        return address
    weak = password_denial(password)
    if weak is not None:
        return weak
    password_hash = await _hashed(ports, password)

    async with ports.database.transaction() as tx:
        denial = await submit_code(ports, tx, address, verification_code)
        if denial is not None:
            return denial
        user = await users.with_email(tx, address)
        if user is None:
            return EMAIL_NOT_FOUND
        await codes.spend(tx, address, ports.wall())
        await users.set_password(tx, user.id, password_hash)
        await tokens.remove_all(tx, user.id)
    await ports.topics.user_changed(user.uuid)
    return None


async def _login_by_code(ports: Ports, account: str, code: str) -> NewToken | Denial:
    async with ports.database.transaction() as tx:
        denial = await submit_code(ports, tx, account, code)
        if denial is not None:
            return denial
        user = await users.with_email(tx, account)
        if user is None:
            return EMAIL_NOT_FOUND
        await codes.spend(tx, account, ports.wall())
        return await _issue(ports, tx, user)


async def _login_by_password(ports: Ports, account: str, password: str, network: str) -> NewToken | Denial:
    """An attempt counts as a failure before its password is looked at, so that guesses sent in
    parallel cannot outrun the count. An unknown account takes the same steps as a known one."""
    async with ports.passwords.turn():
        async with ports.database.transaction() as tx:
            denial = await _count_attempt(ports, tx, account, network)
            if denial is not None:
                return denial
            user = await users.with_email(tx, account)

        verdict = await ports.passwords.verify(password, user.password_hash if user else None)

    if user is None or not verdict.is_right:
        return INVALID_CREDENTIALS
    async with ports.database.transaction() as tx:
        await logins.forgive(tx, account, network)
        if verdict.newer_hash is not None:
            await users.set_password(tx, user.id, verdict.newer_hash)
        return await _issue(ports, tx, user)


async def _count_attempt(ports: Ports, tx: Tx, account: str, network: str) -> Denial | None:
    now = ports.wall()
    known = await logins.hold(tx, account, network, now)
    delay = login_delay_seconds(known.failures, ports.policy.login_failures_free)
    wait = known.failed_at + timedelta(seconds=delay) - now
    if delay and wait > timedelta(0):
        return _wait(wait, "too many failed logins")
    await logins.count(tx, account, network, now)
    return None


async def _issue(ports: Ports, tx: Tx, user: StoredUser) -> NewToken:
    token = secrets.token_hex(TOKEN_BYTES)
    token_id = await tokens.add(tx, user.id, token_digest(token), ports.wall())
    return NewToken(token, viewer_of(user, token_id))


async def _hashed(ports: Ports, password: str) -> str:
    async with ports.passwords.turn():
        return await ports.passwords.hashed(password)


def _wait(wait: timedelta, why: str) -> Denial:
    seconds = max(1, -(-wait // timedelta(seconds=1)))
    return try_again(Code.RATE_LIMITED, why, seconds)
