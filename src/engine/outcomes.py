"""The days of a backtest: what each came to in the engine, and what is left of it after costs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from engine.costs import Costs, TradeCosts, costs_of
from engine.money import Cents, IndexE4
from engine.results import SessionResult, SessionStatus, Trade

ENGINE_VERSION = 1
"""Raised whenever a decision, a fill or an amount may come out otherwise: results of another version
are not comparable."""
PARTIAL_SECONDS = 60
HALT_REASON = "the capital of the session was used up"


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What results tell of a day itself. ``open_clock`` is its open in New York as seconds since
    midnight; the index values are the first of the day, None where it has none.
    ``previous_settlement_cents`` is that of the trading day before. The recording goes from ``known_from``
    to ``known_until``, None for the close."""

    date: date
    content_hash: str
    synthetic: bool
    open_clock: int
    close_second: int
    settlement_cents: Cents | None
    previous_settlement_cents: Cents | None
    open_spx_e4: IndexE4 | None = None
    open_vix_e4: IndexE4 | None = None
    known_from: int = 0
    known_until: int | None = None

    @property
    def is_partial(self) -> bool:
        """The recording lacks more than a minute at its begin or at its end: nothing is entered or left by a
        rule in that time, and what is open at its end settles."""
        until = self.close_second if self.known_until is None else self.known_until
        return self.known_from > PARTIAL_SECONDS or until < self.close_second - PARTIAL_SECONDS


@dataclass(frozen=True, slots=True)
class DayRun:
    """A day as the engine ran it, free of costs. ``error`` says why a failed one failed."""

    facts: DayFacts
    session: SessionResult
    error: str = ""


FAILED = SessionResult(SessionStatus.FAILED, 0, 0, (), 0, None, 0)


@dataclass(frozen=True, slots=True)
class NetTrade:
    """A trade after its costs."""

    facts: DayFacts
    trade: Trade
    costs: TradeCosts

    @property
    def net_cents(self) -> Cents:
        return self.trade.gross_cents - self.costs.fees_cents - self.costs.slippage_cents


@dataclass(frozen=True, slots=True)
class NetDay:
    """A day after its costs, with its trades or, in ``brief``, without them. Every trade was opened by an
    order, and closed by another unless it was settled."""

    run: DayRun
    trades: tuple[NetTrade, ...]
    fees_cents: Cents
    slippage_cents: Cents
    opening_orders: int
    closing_orders: int

    @property
    def date(self) -> date:
        return self.run.facts.date

    @property
    def status(self) -> SessionStatus:
        return self.run.session.status

    @property
    def gross_cents(self) -> Cents:
        return self.run.session.gross_cents

    @property
    def net_cents(self) -> Cents:
        return self.gross_cents - self.fees_cents - self.slippage_cents

    @property
    def brief(self) -> "NetDay":
        """The same day without its trades, which are nearly all that it weighs."""
        return replace(self, run=replace(self.run, session=replace(self.run.session, trades=())), trades=())

    @property
    def halt_reason(self) -> str:
        return HALT_REASON if self.status is SessionStatus.HALTED else ""


def net_days(runs: Iterable[DayRun], costs: Costs) -> tuple[NetDay, ...]:
    """The days after somebody's costs, in their order."""
    return tuple(net_day(run, costs) for run in runs)


def partial_days(days: Iterable[NetDay]) -> tuple[DayFacts, ...]:
    """The days that were recorded only in part."""
    return tuple(day.run.facts for day in days if day.run.facts.is_partial)


def net_day(run: DayRun, costs: Costs) -> NetDay:
    trades, taken = run.session.trades, costs_of(run.session.trades, run.facts.settlement_cents, costs)
    return NetDay(
        run=run,
        trades=tuple(NetTrade(run.facts, trade, its) for trade, its in zip(trades, taken, strict=True)),
        fees_cents=sum(its.fees_cents for its in taken),
        slippage_cents=sum(its.slippage_cents for its in taken),
        opening_orders=len(trades),
        closing_orders=sum(trade.contracts_closed > 0 for trade in trades),
    )
