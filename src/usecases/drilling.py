"""One session of a strategy in full, which is not stored: it is run again, for credits."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from datetime import date
from functools import partial
from uuid import UUID

from engine.costs import Costs
from engine.decisions import Decision
from engine.denials import Code, Denial
from engine.drilling import DealtOrder, DealtTransaction, net_curve_cents, orders_of, transactions_of
from engine.money import Cents
from engine.outcomes import DayRun, NetDay, net_days
from engine.programs import read_program
from engine.replaying import Replay, replay
from engine.results import SessionResult
from marketdata.refusals import DayUnavailable
from store import day_results, programs, runs, strategies
from store.programs import StoredProgram
from usecases.backtesting import RecordedDay
from usecases.charging import Payer, charged
from usecases.loading import RETRY_DAY_SECONDS
from usecases.ports import Ports, Viewer
from usecases.snapshots import costs_of, inputs_of_day, sessions_of, unreadable
from usecases.strategies import NO_STRATEGY

DRILL_IN_CREDITS = 10
REPLAYS_KEPT = 16


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """A session run again, after the viewer's costs.

    ``curve_cents`` has for each second from the open to the close the profit so far, what is open
    at its latest closing price, and after the costs until then; it ends with the day's net.
    ``differing`` names the fields in which it is not what is stored: the engine changed since.
    """

    source_hash: str
    day: NetDay
    orders: tuple[DealtOrder, ...]
    transactions: tuple[DealtTransaction, ...]
    decisions: tuple[Decision, ...]
    curve_cents: tuple[Cents, ...]
    differing: tuple[str, ...]

    @property
    def reconciliation_warning(self) -> bool:
        return bool(self.differing)


# what follows from a program and a day alone, so that it never grows stale
_replays: OrderedDict[tuple[str, date, str], Replay] = OrderedDict()


async def session_detail(ports: Ports, payer: Payer, strategy_id: UUID, on: date) -> SessionDetail | Denial:
    """A covered session of a strategy that ``get_strategy`` would answer with, run again. The latest
    are kept, so that reading one twice is quick. Seconds in ``orders``, ``transactions`` and
    ``decisions`` count from the day's open."""
    return await charged(
        ports, payer, DRILL_IN_CREDITS, partial(_detail, ports, payer.viewer, strategy_id, on)
    )


async def _detail(ports: Ports, viewer: Viewer | None, strategy_id: UUID, on: date) -> SessionDetail | Denial:
    sessions = {day.info.date: day for day in await sessions_of(ports)}
    async with ports.database.reading() as tx:
        strategy = await strategies.readable(tx, None if viewer is None else viewer.user_id, strategy_id)
        if strategy is None:
            return NO_STRATEGY
        program = await programs.with_hash(tx, strategy.program_hash)
        day = sessions.get(on)
        if day is None:
            return Denial(Code.NOT_FOUND, f"{on} is no session that strategies are run over", ("date",))
        stored = await day_results.of_day(tx, program.hash, on, inputs_of_day(day))
        run = await runs.find(tx, program.hash)
    if stored is None:
        return _not_run(on, is_awaited=run is not None and run.is_awaited)
    if stored.error:
        return _unavailable(stored.error)
    again = await _replayed(ports, program, day)
    if isinstance(again, Denial):
        return again
    return _detail_of(program.hash, stored, again, costs_of(viewer))


def _not_run(on: date, *, is_awaited: bool) -> Denial:
    what_to_do = "wait until its turn comes" if is_awaited else "update the results to run it"
    return Denial(Code.NOT_FOUND, f"the session of {on} has not been run yet: {what_to_do}", ("date",))


def _unavailable(why: str) -> Denial:
    return Denial(Code.DAY_UNAVAILABLE, why, ("date",), retry_after_seconds=RETRY_DAY_SECONDS)


async def _replayed(ports: Ports, program: StoredProgram, day: RecordedDay) -> Replay | Denial:
    """The session as it was run a short while ago, or run anew in a thread."""
    key = (program.hash, day.info.date, inputs_of_day(day))
    kept = _replays.pop(key, None)
    try:
        replayed = await asyncio.to_thread(_replay, ports, program, day) if kept is None else kept
    except DayUnavailable as unavailable:
        return _unavailable(unreadable(unavailable))
    _replays[key] = replayed
    while len(_replays) > REPLAYS_KEPT:
        _replays.popitem(last=False)
    return replayed


def _replay(ports: Ports, program: StoredProgram, day: RecordedDay) -> Replay:
    recorded = ports.library.open(day.info.date, day.info.content_hash)
    return replay(read_program(program.text), recorded, day.previous_settlement_cents)


def _detail_of(source_hash: str, stored: DayRun, again: Replay, costs: Costs) -> SessionDetail:
    (day,) = net_days([replace(stored, session=again.result)], costs)
    return SessionDetail(
        source_hash=source_hash,
        day=day,
        orders=orders_of(day),
        transactions=transactions_of(day, costs.fees),
        decisions=again.decisions,
        curve_cents=net_curve_cents(day, again.equity_cents),
        differing=tuple(_differing(again.result, stored.session)),
    )


def _differing(again: SessionResult, stored: SessionResult) -> Iterator[str]:
    for field in fields(SessionResult):
        if getattr(again, field.name) != getattr(stored, field.name):
            yield field.name
