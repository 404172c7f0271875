"""Queries on what programs came to on each day. A result is written once and never changed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Row, Select, Text, and_, cast, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from engine.contracts import Contract, Right
from engine.decisions import ExitRule, SkipReason
from engine.outcomes import ENGINE_VERSION, DayFacts, DayRun
from engine.results import SessionResult, SessionStatus, Trade, TradeLeg
from store.database import Tx
from store.tables.programs import DayResultRow

_results = DayResultRow.__table__  # type: ignore[attr-defined]
_PLAIN = tuple(field.name for field in fields(Trade) if field.name not in ("rule", "legs"))
_DOCUMENTS = ("facts", "trades")


@dataclass(frozen=True, slots=True)
class PackedRun:
    """A result as it came. Reading thousands of trades takes a while, which is no time to hold a
    connection or the event loop."""

    date: date
    inputs: str
    row: Row[*tuple[Any, ...]]

    def unpacked(self) -> DayRun:
        return _run(self.row)


def inputs_of(content_hash: str, previous_settlement_cents: int | None) -> str:
    """What a result follows from, besides its program and the engine."""
    return f"{content_hash} {'' if previous_settlement_cents is None else previous_settlement_cents}".rstrip()


async def add(tx: Tx, source_hash: str, runs: Iterable[DayRun]) -> None:
    """Store results of this engine; one that is there stays."""
    rows = [{"program_hash": source_hash, "engine_version": ENGINE_VERSION, **_row(run)} for run in runs]
    if rows:
        await tx.execute(upsert(_results).on_conflict_do_nothing(), rows)


async def of_program(tx: Tx, source_hash: str) -> tuple[PackedRun, ...]:
    """Every result that this engine has of a program, of superseded revisions too, by date."""
    return await _packed(tx, _select().where(*_mine(source_hash)))


async def of_days(tx: Tx, source_hash: str, days: Iterable[tuple[date, str]]) -> tuple[PackedRun, ...]:
    """The results that this engine has of a program on days, each by its date and its inputs."""
    some = tuple_(_results.c.date, _results.c.inputs).in_(list(days))
    return await _packed(tx, _select().where(*_mine(source_hash), some))


async def _packed(tx: Tx, statement: Select[Any]) -> tuple[PackedRun, ...]:
    rows = await tx.execute(statement.order_by(_results.c.date))
    return tuple(PackedRun(row.date, row.inputs, row) for row in rows)


def _select() -> Select[Any]:
    """All columns, the documents as texts."""
    documents = (cast(_results.c[name], Text).label(name) for name in _DOCUMENTS)
    return select(*(column for column in _results.c if column.name not in _DOCUMENTS), *documents)


async def of_day(tx: Tx, source_hash: str, on: date, inputs: str) -> DayRun | None:
    """The result of one day, of whichever engine made it last."""
    day = and_(_results.c.program_hash == source_hash, _results.c.date == on, _results.c.inputs == inputs)
    statement = _select().where(day).order_by(_results.c.engine_version.desc()).limit(1)
    row = (await tx.execute(statement)).one_or_none()
    return _run(row) if row else None


async def keys_of(tx: Tx, source_hash: str, *, with_failed: bool) -> frozenset[tuple[date, str]]:
    """The date and the inputs of each result that this engine has of a program."""
    statement = select(_results.c.date, _results.c.inputs).where(*_mine(source_hash))
    if not with_failed:
        statement = statement.where(_results.c.status != SessionStatus.FAILED.value)
    rows = await tx.execute(statement)
    return frozenset((row.date, row.inputs) for row in rows)


async def drop_failed(tx: Tx, source_hash: str) -> None:
    """Forget the days that failed, so that they are run again."""
    failed = _results.c.status == SessionStatus.FAILED.value
    await tx.execute(delete(_results).where(*_mine(source_hash), failed))


def _mine(source_hash: str) -> tuple[Any, Any]:
    return _results.c.program_hash == source_hash, _results.c.engine_version == ENGINE_VERSION


def _row(run: DayRun) -> Mapping[str, object]:
    facts, session = run.facts, run.session
    return {
        "date": facts.date,
        "inputs": inputs_of(facts.content_hash, facts.previous_settlement_cents),
        "status": session.status.value,
        "gross_cents": session.gross_cents,
        "drawdown_cents": session.drawdown_cents,
        "skipped": session.skipped,
        "first_skip": None if session.first_skip is None else session.first_skip.value,
        "decisions_hash": session.decisions_hash,
        "facts": {name: value for name, value in asdict(facts).items() if name != "date"},
        "trades": _columns(session.trades),
        "error": run.error,
    }


def _columns(trades: Sequence[Trade]) -> Mapping[str, object]:
    """The trades column by column; a leg is its strike, right, quantity, entry price and exit price."""
    columns: dict[str, object] = {name: [getattr(trade, name) for trade in trades] for name in _PLAIN}
    columns["rule"] = [trade.rule.value for trade in trades]
    columns["legs"] = [
        [(*leg.contract, leg.quantity, leg.entry_price_cents, leg.exit_price_cents) for leg in trade.legs]
        for trade in trades
    ]
    return columns


def _run(row: Row[*tuple[Any, ...]]) -> DayRun:
    session = SessionResult(
        SessionStatus(row.status),
        row.gross_cents,
        row.drawdown_cents,
        tuple(_trades(json.loads(row.trades))),
        row.skipped,
        None if row.first_skip is None else SkipReason(row.first_skip),
        int(row.decisions_hash),
    )
    return DayRun(DayFacts(date=row.date, **json.loads(row.facts)), session, row.error)


def _trades(columns: Mapping[str, Sequence[Any]]) -> Iterable[Trade]:
    for place, (rule, legs) in enumerate(zip(columns["rule"], columns["legs"], strict=True)):
        plain = {name: columns[name][place] for name in _PLAIN}
        yield Trade(rule=ExitRule(rule), legs=tuple(_leg(*leg) for leg in legs), **plain)


def _leg(strike: int, right: str, quantity: int, entry_cents: int, exit_cents: int) -> TradeLeg:
    return TradeLeg(Contract(strike, Right(right)), quantity, entry_cents, exit_cents)
