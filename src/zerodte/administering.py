"""The commands about the database."""

import asyncio

from engine.denials import Denial
from runtime.resources import UNHURRIED, open_ports
from runtime.settings import Settings
from store.migrating import SchemaUnknown, head
from store.migrating import migrate as migrate_database
from usecases.auditing import Audit
from usecases.auditing import audit as audit_books
from usecases.outages import OUTAGES
from usecases.users import grant_operator
from zerodte.connecting import require_servers
from zerodte.failures import CannotRun

AWAY = "the database cannot be reached: start `zerodte up`, or set ZERODTE_DATABASE_URL"


def migrate(settings: Settings) -> str:
    """Bring the database to the newest schema; its revision. Raises CannotRun."""
    assert settings.database_url is not None
    require_servers(settings, "database_url")
    try:
        asyncio.run(migrate_database(settings.database_url.get_secret_value()))
    except SchemaUnknown as error:
        raise CannotRun(str(error)) from error
    except OUTAGES as error:
        raise CannotRun(AWAY) from error
    return head()


def add_operator(settings: Settings, email: str) -> None:
    """Grant the operator's role. Raises CannotRun where nobody has the address."""
    require_servers(settings, "database_url")
    try:
        outcome = asyncio.run(_grant(settings, email))
    except OUTAGES as error:
        raise CannotRun(AWAY) from error
    if isinstance(outcome, Denial):
        raise CannotRun(outcome.message)


async def _grant(settings: Settings, email: str) -> Denial | None:
    async with open_ports(settings) as ports:
        return await grant_operator(ports, email)


def audit(settings: Settings) -> Audit:
    """What is wrong with the books, if anything, and how much was looked at. Raises CannotRun."""
    try:
        return asyncio.run(_audit(settings))
    except OUTAGES as error:
        raise CannotRun(AWAY) from error


def summary(found: Audit) -> str:
    """What an audit looked at, and how closely."""
    extent, recomputed = found.extent, found.recomputed
    days = _counted(recomputed.days, "day")
    lost = _counted(recomputed.unread, "day")
    unread = f"; the settlement of {lost} only within bounds, for want of the recording"
    return (
        f"{_counted(extent.accounts, 'account')}, {_counted(extent.settled_days, 'settled day')},"
        f" {_counted(extent.entries, 'entry', 'entries')};"
        f" {days} recomputed from the fills{unread if recomputed.unread else ''}"
    )


def _counted(number: int, one: str, many: str | None = None) -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


async def _audit(settings: Settings) -> Audit:
    async with open_ports(settings, UNHURRIED) as ports:
        return await audit_books(ports)
