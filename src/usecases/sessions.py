"""Opening, reading, moving and deleting sessions."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from engine.accounts import capital_denial
from engine.denials import Code, Denial
from engine.history import History
from engine.money import Cents
from engine.settings import read_description
from engine.timeline import session_history
from store import locks, sessions
from store.database import Tx
from store.sessions import NewSession, StoredSession
from usecases.belonging import Belonging, remember
from usecases.failpoints import Failpoint
from usecases.loading import (
    NO_SESSION,
    Loaded,
    at_second,
    find,
    hold,
    listed,
    load,
    pinned_day,
    session_view,
)
from usecases.ports import Ports, Viewer
from usecases.settling import carry, clock_denial, tell
from usecases.views import SessionEventKind, SessionMode, SessionView

STILL_LIVE = Denial(
    Code.SESSION_FROZEN,
    "session_frozen: the live session has not settled: end it with DELETE /live or endLiveSession",
)


@dataclass(frozen=True, slots=True)
class CreateSimulation:
    date: date
    starting_capital_cents: Cents
    description: str | None = None


@dataclass(frozen=True, slots=True)
class SimulationsPage:
    """A page of simulations, newest first; ``after`` is the key of the page that follows, if any."""

    simulations: tuple[SessionView, ...]
    keys: tuple[int, ...]
    has_next: bool


async def create_simulation(ports: Ports, viewer: Viewer, command: CreateSimulation) -> SessionView | Denial:
    """Open a simulation on a recorded date; one a date and user."""
    denial = _invalid(command)
    info = ports.library.current(command.date)
    if denial is not None:
        return denial
    if info is None:
        message = f"{command.date} is not a recorded session"
        return Denial(Code.SESSION_NOT_RECORDED, message, ("date",), {"date": message})
    day = pinned_day(ports, command.date, info.content_hash)
    if isinstance(day, Denial):
        return day

    now = ports.wall()
    new = NewSession(
        uuid=ports.new_id(),
        user_id=viewer.user_id,
        mode=SessionMode.HISTORICAL,
        date=command.date,
        day_hash=info.content_hash,
        opening_cents=command.starting_capital_cents,
        description=command.description,
        created_at=now,
    )

    async with ports.database.transaction() as tx:
        stored = await sessions.add(tx, new)
        if stored is None:
            return await _existing(tx, viewer, command)
        version = await sessions.record_event(tx, stored, SessionEventKind.CREATED, now)
        loaded = await load(ports, tx, viewer, replace(stored, version=version))

    remember(new.uuid, Belonging(None))
    return _view(loaded)


async def _existing(tx: Tx, viewer: Viewer, command: CreateSimulation) -> Denial:
    """Names the simulation in the way, so that it can be deleted whether its day can be read or not."""
    existing = await sessions.simulation_on(tx, viewer.user_id, command.date)
    message = f"you already have a simulation on {command.date}" + (f": {existing}" if existing else "")
    return Denial(Code.SIMULATION_EXISTS, message, ("date",))


def _invalid(command: CreateSimulation) -> Denial | None:
    description = read_description(command.description)
    return capital_denial(command.starting_capital_cents) or (
        description if isinstance(description, Denial) else None
    )


async def list_simulations(ports: Ports, viewer: Viewer) -> tuple[SessionView, ...]:
    """The viewer's simulations at their clocks, newest first."""
    async with ports.database.reading() as tx:
        stored = await sessions.simulations(tx, viewer.user_id)
        return await listed(ports, tx, viewer, stored)


async def page_simulations(
    ports: Ports, viewer: Viewer, *, first: int, before_key: int | None
) -> SimulationsPage:
    """``first`` simulations older than ``before_key``."""
    async with ports.database.reading() as tx:
        found = await sessions.simulations(tx, viewer.user_id, limit=first + 1, before_id=before_key)
        views = await listed(ports, tx, viewer, found[:first])
    return SimulationsPage(views, tuple(stored.id for stored in found[:first]), len(found) > first)


async def get_session(ports: Ports, viewer: Viewer, session_id: UUID) -> SessionView | Denial:
    return _view(await find(ports, viewer, session_id))


def _view(loaded: Loaded | Denial) -> SessionView | Denial:
    return loaded if isinstance(loaded, Denial) else session_view(loaded)


async def move_clock(
    ports: Ports, viewer: Viewer, session_id: UUID, at: datetime, expected_version: int | None = None
) -> SessionView | Denial:
    """Set the clock, forward or back. Nothing but the clock is written (rulings 2.12), but that a day
    of an account settles at its close, and is open again before it."""
    async with ports.database.transaction() as tx:
        loaded = await hold(ports, tx, viewer, session_id)
        if isinstance(loaded, Denial):
            return loaded
        stored = loaded.stored

        denial = frozen(stored) or changed_since(stored, expected_version)
        second = denial or at_second(loaded.day, at)
        if isinstance(second, Denial):
            return second
        denial = await clock_denial(tx, loaded, second)
        if denial is not None:
            return denial
        clock = loaded.day.time_of(second)
        if clock == stored.clock_at:
            return session_view(loaded)

        kind = SessionEventKind.CLOCK_MOVED
        version = await sessions.set_clock(tx, stored, kind, clock_at=clock, at=ports.wall())
        ports.reach(Failpoint.CLOCK_SET)
        moved = replace(loaded, stored=replace(stored, clock_at=clock, version=version))
        carried = await carry(ports, tx, moved)

    await tell(ports, carried)
    return session_view(carried)


def is_still_live(stored: StoredSession) -> bool:
    """Whether it is on a live market that has not settled it."""
    return stored.mode == SessionMode.LIVE and stored.settled_at is None


async def delete_simulation(ports: Ports, viewer: Viewer, session_id: UUID) -> Denial | None:
    """Delete a simulation with its orders, or a session of no account that was live and has settled; its
    date is free again."""
    async with ports.database.transaction() as tx:
        stored = await locks.simulation(tx, viewer.user_id, session_id)
        if stored is None:
            return NO_SESSION
        if is_still_live(stored):
            return STILL_LIVE

        version = await sessions.remove(tx, stored, SessionEventKind.DELETED, ports.wall())

    await ports.topics.session_changed(session_id, version)
    return None


async def history(ports: Ports, viewer: Viewer, session_id: UUID) -> History | Denial:
    """The whole day of a session a second at a time, whatever its clock (rulings 7.8); that of a live
    one as far as it was matched."""
    loaded = await find(ports, viewer, session_id)
    if isinstance(loaded, Denial):
        return loaded
    return await asyncio.to_thread(session_history, loaded.session, loaded.day)


def frozen(stored: StoredSession) -> Denial | None:
    if stored.mode == SessionMode.HISTORICAL:
        return None
    return Denial(Code.SESSION_FROZEN, "a live session cannot be changed or replayed")


def changed_since(stored: StoredSession, expected_version: int | None) -> Denial | None:
    if expected_version is None or expected_version == stored.version:
        return None
    message = f"the session is at version {stored.version}, not {expected_version}"
    return Denial(Code.VERSION_CONFLICT, message, ("expectedVersion",))
