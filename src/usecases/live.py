"""The one live session of a user that belongs to no account: started, read and ended."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from engine.accounts import capital_denial
from engine.denials import Code, Denial
from engine.money import Cents
from engine.settings import read_description
from marketdata.live import OnAir
from store import locks, orders, recordings, sessions
from store.database import Tx
from store.sessions import NewSession, StoredSession
from usecases.airing import entered, on_air, opening_denial
from usecases.belonging import remember_live
from usecases.failpoints import Failpoint
from usecases.loading import Loaded, load, session_view
from usecases.ports import Ports, Viewer
from usecases.views import SessionEventKind, SessionMode, SessionView

NO_LIVE_SESSION = Denial(Code.NOT_FOUND, "you have no live session: start one first")


@dataclass(frozen=True, slots=True)
class StartLive:
    starting_capital_cents: Cents
    description: str | None = None


async def start(ports: Ports, viewer: Viewer, command: StartLive) -> SessionView | Denial:
    """Start a live session on the market that is on air; one at a time and user."""
    air = on_air(ports)
    denial = _invalid(command) or opening_denial(air)
    if denial is not None:
        return denial
    assert air is not None, "nothing can be started on no market"

    async with ports.database.transaction() as tx:
        market = await entered(tx, air)
        if isinstance(market, Denial):
            return market
        stored = await sessions.add(tx, _new(ports, viewer, command, air))
        if stored is None:
            return await _existing(tx, viewer)
        version = await sessions.record_event(tx, stored, SessionEventKind.CREATED, stored.created_at)
        loaded = await load(ports, tx, viewer, replace(stored, version=version), market)

    remember_live(stored, None)
    await ports.topics.user_changed(viewer.uuid)
    return _view(loaded)


def _new(ports: Ports, viewer: Viewer, command: StartLive, air: OnAir) -> NewSession:
    return NewSession(
        uuid=ports.new_id(),
        user_id=viewer.user_id,
        mode=SessionMode.LIVE,
        date=air.recording.opening.date,
        day_hash=None,
        opening_cents=command.starting_capital_cents,
        description=command.description,
        created_at=ports.wall(),
        recording_uuid=air.recording.id,
    )


def _invalid(command: StartLive) -> Denial | None:
    description = read_description(command.description)
    return capital_denial(command.starting_capital_cents) or (
        description if isinstance(description, Denial) else None
    )


async def _existing(tx: Tx, viewer: Viewer) -> Denial:
    existing = await sessions.active_live(tx, viewer.user_id)
    which = f" of {existing.date}: {existing.uuid}" if existing else ""
    message = f"live_session_exists: end your live session{which} before starting another"
    return Denial(Code.LIVE_SESSION_EXISTS, message)


async def active(ports: Ports, viewer: Viewer) -> UUID | Denial:
    """The id of the viewer's live session that is not settled."""
    async with ports.database.asking() as tx:
        stored = await sessions.active_live(tx, viewer.user_id)
    if stored is None:
        return NO_LIVE_SESSION
    remember_live(stored, None)
    return stored.uuid


async def get_live(ports: Ports, viewer: Viewer) -> SessionView | Denial | None:
    """The viewer's live session at the market's clock; None where he has none, or it is settled."""
    async with ports.database.reading() as tx:
        stored = await sessions.active_live(tx, viewer.user_id)
        return None if stored is None else _view(await load(ports, tx, viewer, stored))


async def end(ports: Ports, viewer: Viewer) -> UUID | Denial:
    """Delete the viewer's live session with its orders and transactions; another may be started. Its id."""
    session_id = await active(ports, viewer)
    if isinstance(session_id, Denial):
        return session_id
    async with ports.database.transaction() as tx:
        stored = await locks.simulation(tx, viewer.user_id, session_id)
        if stored is None or stored.settled_at is not None:
            return NO_LIVE_SESSION
        version = await give_up(ports, tx, stored)

    ports.reach(Failpoint.COMMITTED)
    await ports.topics.session_changed(session_id, version)
    return session_id


async def give_up(ports: Ports, tx: Tx, stored: StoredSession) -> int:
    """Delete a locked session; what is pending in a live one is canceled, so that nobody matches it.
    The new version."""
    now = ports.wall()
    if stored.recording_uuid is not None and stored.settled_at is None:
        market = await recordings.find(tx, stored.recording_uuid)
        assert market is not None, "a session's recording stays"
        ended_at = market.open_at + timedelta(seconds=max(market.matched_second, 0))
        await orders.cancel_all(tx, stored, ended_at=ended_at, at=now)
    return await sessions.remove(tx, stored, SessionEventKind.DELETED, now)


def _view(loaded: Loaded | Denial) -> SessionView | Denial:
    return loaded if isinstance(loaded, Denial) else session_view(loaded)
