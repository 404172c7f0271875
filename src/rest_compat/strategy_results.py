"""The results of a strategy: its snapshot, its days, and their renewal."""

import asyncio
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from engine.denials import Code, Denial
from engine.money import money_text
from engine.outcomes import NetDay, partial_days
from engine.results import SessionStatus
from rest_compat.operations import Auth, Call, Gives, Routes, Takes
from rest_compat.strategy_metrics import EquityRow, Metrics, render_curve, render_metrics
from rest_compat.wire import Answered, DateText, HashText, MoneyText, absent, one_of
from usecases import strategies
from usecases.snapshots import WINDOW_LABEL, Coverage, ExecStatus, Snapshot
from usecases.strategies import StrategyDays

routes = Routes("Strategies")

RESULTS = "/strategies/{strategy_id}/results"
CSV = "text/csv"

StatusName = Annotated[str, one_of(*(status.name.lower() for status in SessionStatus))]


class Window(Answered):
    """The sessions that results are of: the recorded ones where there are any, else ``synthetic`` ones."""

    window_label: Literal["all recorded sessions"]
    window_from: DateText | None
    window_to: DateText | None
    synthetic: bool


class Covering(Window):
    """How far a backtest is. It is done where ``exec_status`` is ``idle`` and every session is covered."""

    source_hash: HashText
    exec_status: Annotated[str, one_of(*ExecStatus)]
    covered_days: int
    total_sessions: int
    new_sessions_available: int
    update_allowed: bool


class DayRow(Answered):
    """One session. Fees and slippage are the viewer's; ``net_pnl`` is what they leave of ``gross_pnl``."""

    date: DateText
    status: StatusName
    gross_pnl: MoneyText
    fees: MoneyText
    slippage: MoneyText
    net_pnl: MoneyText
    opening_orders: int
    closing_orders: int
    error_message: str = absent()
    halt_reason: str = absent()


class Results(Answered):
    """The covered sessions and what they are worth, net of the viewer's costs."""

    metrics: Metrics
    days: list[DayRow]
    equity_curve: list[EquityRow]
    partial_days: Annotated[
        list[DateText],
        Field(
            description="Sessions whose recording begins late or ends early by more than a minute: what was "
            "open at its end was settled, whatever exits were to come."
        ),
    ]


class ResultsCertificate(Answered):
    """What the results follow from. ``days_digest`` is the SHA-256 of a line ``DATE HASH`` for each day."""

    source_hash: HashText
    days_digest: HashText
    engine_version: int


class ResultsSnapshot(Covering):
    results: Results
    certificate: ResultsCertificate


class DayList(Window):
    days: list[DayRow]


class Queued(Answered):
    status: Literal["queued"]


def render_window(coverage: Coverage) -> dict[str, object]:
    first, last = coverage.window_from, coverage.window_to
    return {
        "window_label": WINDOW_LABEL,
        "window_from": None if first is None else first.isoformat(),
        "window_to": None if last is None else last.isoformat(),
        "synthetic": coverage.synthetic,
    }


def render_coverage(coverage: Coverage) -> dict[str, object]:
    return {
        **render_window(coverage),
        "source_hash": coverage.source_hash,
        "exec_status": coverage.exec_status.value,
        "covered_days": coverage.covered_days,
        "total_sessions": coverage.total_sessions,
        "new_sessions_available": coverage.new_sessions_available,
        "update_allowed": coverage.update_allowed,
    }


def render_snapshot(snapshot: Snapshot) -> ResultsSnapshot:
    """The snapshot on the wire; of thousands of sessions, so callers do it beside the event loop."""
    performance, certificate = snapshot.results.performance, snapshot.certificate
    return ResultsSnapshot.model_validate(
        {
            **render_coverage(snapshot.coverage),
            "results": Results(
                metrics=render_metrics(performance),
                days=[render_day(day) for day in snapshot.results.days],
                equity_curve=render_curve(performance),
                partial_days=[facts.date.isoformat() for facts in partial_days(snapshot.results.days)],
            ),
            "certificate": ResultsCertificate(
                source_hash=certificate.source_hash,
                days_digest=certificate.days_digest,
                engine_version=certificate.engine_version,
            ),
        }
    )


def render_day(day: NetDay) -> DayRow:
    reasons = {"error_message": day.run.error, "halt_reason": day.halt_reason}
    return DayRow(
        **money_of(day),
        opening_orders=day.opening_orders,
        closing_orders=day.closing_orders,
        **{name: reason for name, reason in reasons.items() if reason},
    )


def render_days(found: StrategyDays) -> DayList:
    rows = [render_day(day) for day in found.days]
    return DayList.model_validate({**render_window(found.coverage), "days": rows})


def money_of(day: NetDay) -> dict[str, str]:
    """What a session came to, before and after costs."""
    return {
        "date": day.date.isoformat(),
        "status": day.status.name.lower(),
        "gross_pnl": money_text(day.gross_cents),
        "fees": money_text(day.fees_cents),
        "slippage": money_text(day.slippage_cents),
        "net_pnl": money_text(day.net_cents),
    }


@routes.operation("GET", f"{RESULTS}/days", Takes(auth=Auth.OPTIONAL), Gives(200, DayList, (Code.NOT_FOUND,)))
async def list_strategy_days(call: Call[None]) -> DayList | Denial:
    """The day list: a row for every covered session, by date, net of your costs."""
    found = await strategies.strategy_days(call.ports, call.caller, call.path["strategy_id"])
    if isinstance(found, Denial):
        return found
    return await asyncio.to_thread(render_days, found)


@routes.operation(
    "GET",
    f"{RESULTS}/days.csv",
    Takes(auth=Auth.OPTIONAL),
    Gives(200, str, (Code.NOT_FOUND,), CSV),
)
async def get_strategy_days_csv(call: Call[None]) -> Response | Denial:
    """The day list as an attachment, with the drawdown within each session and SPX at its close."""
    strategy_id = call.path["strategy_id"]
    text = await strategies.strategy_csv(call.ports, call.caller, strategy_id)
    if isinstance(text, Denial):
        return text
    attached = {"Content-Disposition": f'attachment; filename="strategy-{strategy_id}-days.csv"'}
    return Response(text, headers=attached, media_type=CSV)


@routes.operation(
    "POST",
    f"{RESULTS}/update",
    Takes(),
    Gives(202, Queued, (Code.NOT_FOUND, Code.TOO_MANY_ACTIVE_BACKTESTS)),
)
async def update_strategy_results(call: Call[None]) -> Queued | Denial:
    """Run the sessions that were recorded since, and those that failed again, for everybody."""
    outcome = await strategies.update_results(call.ports, call.viewer, call.path["strategy_id"])
    return outcome if isinstance(outcome, Denial) else Queued(status="queued")
