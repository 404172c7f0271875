"""The sessions of an account: one trading day each, opened, replayed, settled and edited."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from engine.denials import Code, Denial
from engine.money import money_text
from rest_compat.operations import OF_SESSION, Call, Gives, Prefix, Routes, Statused, Takes
from rest_compat.simulations import ClockMove, Simulation, session_fields
from rest_compat.wire import Asked, DateIn, MoneyText, absent
from usecases import account_sessions, sessions
from usecases.belonging import session_under
from usecases.views import SessionView

TAG = "Account sessions"
routes = Routes(TAG)
own_routes = Routes(TAG)

SESSIONS = "/accounts/{account_id}/sessions"


class NewSession(Asked):
    date: Annotated[DateIn | None, Field(description="The recorded day; a live account takes none.")] = None


class AccountSession(Simulation):
    """A day of an account at its clock. ``closing_balance`` and ``settled_at`` are there once it is
    settled."""

    closing_balance: Annotated[MoneyText, Field(description="The cash that was carried on.")] = absent()


def render_account_session(view: SessionView) -> AccountSession:
    fields = session_fields(view)
    if view.closing_cents is not None:
        fields["closing_balance"] = money_text(view.closing_cents)
    return AccountSession(**fields)


@routes.operation("GET", SESSIONS, Takes(), Gives(200, list[AccountSession], (Code.NOT_FOUND,)))
async def list_account_sessions(call: Call[None]) -> list[AccountSession] | Denial:
    """The account's trading days, newest first."""
    page = await account_sessions.page_sessions(call.ports, call.viewer, call.path["account_id"])
    if isinstance(page, Denial):
        return page
    return [render_account_session(view) for view in page.sessions]


@routes.operation(
    "POST",
    SESSIONS,
    Takes(NewSession),
    Gives(
        201,
        AccountSession,
        (
            Code.NOT_FOUND,
            Code.SESSION_NOT_RECORDED,
            Code.SESSION_OPEN,
            Code.INSERT_EARLIER,
            Code.ACCOUNT_ARCHIVED,
            Code.SESSION_FROZEN,
            Code.MARKET_CLOSED,
            Code.NO_MARKET_DATA,
            Code.LIVE_UNAVAILABLE,
            Code.DAY_UNAVAILABLE,
        ),
        other_status=200,
    ),
)
async def open_account_session(call: Call[NewSession]) -> Statused | Denial:
    """Open a day, or open a settled one again for editing.

    A day that was there before is answered with 200. A re-opened day is parked at its start with
    its trades; it counts nothing in the balance until it settles again. A live account takes no date
    and opens today's session, while the market is open.
    """
    outcome = await account_sessions.open_session(
        call.ports, call.viewer, call.path["account_id"], call.body.date
    )
    if isinstance(outcome, Denial):
        return outcome
    return Statused(201 if outcome.is_new else 200, render_account_session(outcome.session))


@routes.operation("GET", f"{SESSIONS}/current", Takes(), Gives(200, AccountSession | None, OF_SESSION))
async def get_current_account_session(call: Call[None]) -> AccountSession | Denial | None:
    """The open live session, or null; a historical account has none and answers 404."""
    return _answer(await account_sessions.current(call.ports, call.viewer, call.path["account_id"]))


@routes.operation("GET", f"{SESSIONS}/head", Takes(), Gives(200, AccountSession | None, OF_SESSION))
async def get_head_account_session(call: Call[None]) -> AccountSession | Denial | None:
    """The session to land on: the open one if any, else the latest; null where there is none."""
    return _answer(await account_sessions.head(call.ports, call.viewer, call.path["account_id"]))


async def account_session_of(call: Call[None]) -> UUID | Denial:
    """The session that the path names, where it is a day of the account that the path names."""
    path = call.path
    return await session_under(call.ports, call.viewer, path["account_id"], path["session_id"])


ACCOUNT_SESSION = Prefix(SESSIONS + "/{session_id}", "account_session", account_session_of)


@own_routes.operation("GET", "", Takes(), Gives(200, AccountSession, OF_SESSION))
async def get(call: Call[None]) -> AccountSession | Denial | None:
    """One session, with its financials at its clock.

    A live session that was deleted before it traded is ``abandoned``, and is found here alone.
    """
    return _answer(await account_sessions.get_day(call.ports, call.viewer, call.session_id))


@own_routes.operation(
    "PATCH",
    "",
    Takes(ClockMove),
    Gives(
        200,
        AccountSession,
        (
            *OF_SESSION,
            Code.TIME_BEFORE_START,
            Code.TIME_AFTER_END,
            Code.SESSION_FROZEN,
            Code.SESSION_OPEN,
            Code.ACCOUNT_ARCHIVED,
        ),
    ),
)
async def move_clock(call: Call[ClockMove]) -> AccountSession | Denial | None:
    """Set the clock, forward or back.

    At the end the session settles and its balance is carried; a settled session that is set back is
    open again.
    """
    at: datetime = call.body.time
    return _answer(await sessions.move_clock(call.ports, call.viewer, call.session_id, at))


@own_routes.operation("DELETE", "", Takes(), Gives(204, None, (Code.NOT_FOUND, Code.SESSION_TRADED)))
async def delete(call: Call[None]) -> Denial | None:
    """Delete a session with its trades; every later day follows.

    A live session without orders is abandoned, and its date is free again; one that has traded stays.
    """
    return await account_sessions.delete_session(call.ports, call.viewer, call.session_id)


def _answer(outcome: SessionView | Denial | None) -> AccountSession | Denial | None:
    return render_account_session(outcome) if isinstance(outcome, SessionView) else outcome
