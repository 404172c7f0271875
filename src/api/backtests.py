"""A program's backtest as one viewer sees it: how far it is, what it is worth, its days and trades."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import TypeAlias

import strawberry
from strawberry.dataloader import DataLoader

from api.connections import PAGE_SIZE_DEFAULT, After, Connection, First, Key, Page, connect, read_page
from api.context import Info
from api.errors import found
from api.performances import Performance, render_performance
from api.scalars import (
    DecimalText,
    OsiSymbol,
    dollars,
    dollars_or_null,
    index_or_null,
    points,
    points_or_null,
)
from engine.calendar import new_york_to_utc
from engine.contracts import format_osi
from engine.decisions import ExitRule, SkipReason
from engine.outcomes import DayFacts, NetDay, NetTrade, partial_days
from engine.results import SessionStatus, TradeLeg
from usecases import snapshots as kept
from usecases import strategies
from usecases.ports import Ports
from usecases.snapshots import ExecStatus, Snapshot, in_full

strawberry.enum(ExecStatus, description="PARKED: its owner runs as many backtests as he may.")
strawberry.enum(ExitRule, description="Why a position ended.")
strawberry.enum(SkipReason, description="Why an entry was not taken.")
strawberry.enum(SessionStatus, name="BacktestDayStatus")

MIDNIGHT = time(0)

NumberedTrade: TypeAlias = tuple[int, NetTrade]
Whole: TypeAlias = Callable[[], Awaitable[NetDay]]


@strawberry.type(
    description="How far a program has been run over the sessions: all recorded ones or, where there are "
    "none, the synthetic ones."
)
class Coverage:
    source_hash: str
    exec_status: ExecStatus
    covered_days: int
    total_sessions: int
    new_sessions_available: int = strawberry.field(
        description="Sessions that are missing and that nothing is about to run."
    )
    update_allowed: bool
    window_label: str
    window_from: date | None
    window_to: date | None
    synthetic: bool = strawberry.field(description="True where the sessions were generated, not recorded.")


@strawberry.type(description="What the results follow from: run again from these they are the same.")
class Certificate:
    source_hash: str = strawberry.field(description="The SHA-256 of the program, in hex.")
    days_digest: str = strawberry.field(
        description="The SHA-256, in hex, of a line DATE HASH for each covered day."
    )
    engine_version: int


@strawberry.type
class BacktestLeg:
    instrument: OsiSymbol
    quantity: int = strawberry.field(description="Negative for a short.")
    entry_price: DecimalText
    exit_price: DecimalText = strawberry.field(description="Of a settled leg its intrinsic value.")


@strawberry.type(
    description="One position from its entry to its end. Nets are index points for one unit of the "
    "structure, a debit positive; the rest is dollars."
)
class BacktestTrade:
    date: date
    entry: int = strawberry.field(description="The place of its time among the strategy's entry times.")
    reentry: int = strawberry.field(description="How many re-entries lie between that time and this one.")
    entry_time: datetime
    exit_time: datetime
    rule: ExitRule
    legs: list[BacktestLeg]
    entry_net: DecimalText = strawberry.field(description="What opening it cost.")
    exit_net: DecimalText = strawberry.field(description="What closing it cost.")
    gross_profit_loss: DecimalText
    fees: DecimalText
    slippage: DecimalText
    net_profit_loss: DecimalText
    max_profit: DecimalText | None = strawberry.field(description="Null where it is practically unbounded.")
    max_loss: DecimalText
    adverse_excursion: DecimalText = strawberry.field(description="The worst moment, before costs.")
    favourable_excursion: DecimalText = strawberry.field(description="The best moment, before costs.")
    entry_spx: DecimalText | None
    exit_spx: DecimalText | None
    entry_vix: DecimalText | None
    exit_vix: DecimalText | None


@strawberry.type(description="One session of a program after the viewer's costs, in dollars.")
class BacktestDay:
    whole: strawberry.Private[Whole]
    date: date
    status: SessionStatus
    synthetic: bool
    content_hash: str = strawberry.field(description="Of the recorded day.")
    gross_profit_loss: DecimalText
    fees: DecimalText
    slippage: DecimalText
    net_profit_loss: DecimalText
    opening_orders: int
    closing_orders: int
    intraday_drawdown: DecimalText = strawberry.field(
        description="The largest fall within the session, before costs."
    )
    skipped_entries: int
    first_skip: SkipReason | None = strawberry.field(description="Why the first of them was not taken.")
    spx_open: DecimalText | None
    vix_open: DecimalText | None
    spx_close: DecimalText | None = strawberry.field(description="The settlement value.")
    error: str | None = strawberry.field(description="Why a failed session failed.")
    halt_reason: str | None

    @strawberry.field(description="The session's trades, in the order of their entry.")
    async def trades(
        self, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[BacktestTrade]:
        page = _trades_page(first, after)
        return _connect_trades([await self.whole()], page)


@strawberry.type(description="The results of a program so far, after the viewer's costs.")
class Backtest:
    snapshot: strawberry.Private[Snapshot]
    whole_days: strawberry.Private["DataLoader[date, NetDay]"]
    source_hash: str
    coverage: Coverage
    certificate: Certificate

    @strawberry.field
    def performance(self) -> Performance:
        return render_performance(self.snapshot.results.performance)

    @strawberry.field(description="The covered sessions, oldest first.")
    def days(self, first: First = PAGE_SIZE_DEFAULT, after: After = None) -> Connection[BacktestDay]:
        page = read_page(first, after, str)
        return connect(self.snapshot.results.days, page, _day_key, self._render)

    @strawberry.field(description="One covered session; null when there is none on that date.")
    def day(self, date: date) -> BacktestDay | None:
        days = self.snapshot.results.days
        return next((self._render(day) for day in days if day.date == date), None)

    @strawberry.field(
        description="The dates of sessions whose recording begins late or ends early by more than a minute: "
        "what was open at its end was settled, whatever exits were to come."
    )
    def partial_days(self) -> list[date]:
        return [facts.date for facts in partial_days(self.snapshot.results.days)]

    @strawberry.field(description="Every trade, in the order of entry.")
    async def trades(
        self, first: First = PAGE_SIZE_DEFAULT, after: After = None
    ) -> Connection[BacktestTrade]:
        page = _trades_page(first, after)
        dates = [day.date for day in _days_of_page(self.snapshot.results.days, page)]
        return _connect_trades(await self.whole_days.load_many(dates), page)

    def _render(self, day: NetDay) -> BacktestDay:
        return render_day(day, partial(self.whole_days.load, day.date))


@strawberry.type
class BacktestQuery:
    @strawberry.field(
        description="The results of a program that the viewer previewed lately or has saved, else null. "
        "Reading keeps an unsaved preview running."
    )
    async def backtest(self, info: Info, source_hash: str) -> Backtest | None:
        viewer = await info.context.viewer()
        snapshot = found(await strategies.preview_results(info.context.ports, viewer, source_hash))
        return render_backtest(info.context.ports, snapshot) if snapshot else None


def render_backtest(ports: Ports, snapshot: Snapshot) -> Backtest:
    told = snapshot.certificate
    return Backtest(
        snapshot=snapshot,
        whole_days=_whole_days(ports, snapshot),
        source_hash=told.source_hash,
        coverage=render_coverage(snapshot.coverage),
        certificate=Certificate(
            source_hash=told.source_hash, days_digest=told.days_digest, engine_version=told.engine_version
        ),
    )


def _whole_days(ports: Ports, snapshot: Snapshot) -> "DataLoader[date, NetDay]":
    """The days with their trades, as many as an answer needs in one reading."""
    briefly = {day.date: day for day in snapshot.results.days}

    async def load(dates: list[date]) -> list[NetDay]:
        whole = {day.date: day for day in await in_full(ports, snapshot, [briefly[on] for on in dates])}
        return [whole[on] for on in dates]

    return DataLoader(load)


def render_coverage(coverage: kept.Coverage) -> Coverage:
    return Coverage(
        source_hash=coverage.source_hash,
        exec_status=coverage.exec_status,
        covered_days=coverage.covered_days,
        total_sessions=coverage.total_sessions,
        new_sessions_available=coverage.new_sessions_available,
        update_allowed=coverage.update_allowed,
        window_label=coverage.window_label,
        window_from=coverage.window_from,
        window_to=coverage.window_to,
        synthetic=coverage.synthetic,
    )


def render_day(day: NetDay, whole: Whole) -> BacktestDay:
    """A day of which brief is enough; ``whole`` brings it with its trades."""
    facts, session = day.run.facts, day.run.session
    return BacktestDay(
        whole=whole,
        date=day.date,
        status=day.status,
        synthetic=facts.synthetic,
        content_hash=facts.content_hash,
        gross_profit_loss=dollars(day.gross_cents),
        fees=dollars(day.fees_cents),
        slippage=dollars(day.slippage_cents),
        net_profit_loss=dollars(day.net_cents),
        opening_orders=day.opening_orders,
        closing_orders=day.closing_orders,
        intraday_drawdown=dollars(session.drawdown_cents),
        skipped_entries=session.skipped,
        first_skip=session.first_skip,
        spx_open=index_or_null(facts.open_spx_e4),
        vix_open=index_or_null(facts.open_vix_e4),
        spx_close=points_or_null(facts.settlement_cents),
        error=day.run.error or None,
        halt_reason=day.halt_reason or None,
    )


def time_of(facts: DayFacts, second: int) -> datetime:
    """The time at a second after a day's open, in UTC."""
    return new_york_to_utc(facts.date, MIDNIGHT) + timedelta(seconds=facts.open_clock + second)


def _trades_page(first: int, after: str | None) -> Page:
    return read_page(first, after, str, int)


def _days_of_page(days: Sequence[NetDay], page: Page) -> Iterator[NetDay]:
    """The days that a page of trades is of, and one more trade where there is one."""
    after, place = page.after or ("", -1)
    missing = int(place) + 1 + page.first + 1
    for day in days:
        if missing > 0 and day.opening_orders and day.date.isoformat() >= str(after):
            missing -= day.opening_orders
            yield day


def _connect_trades(days: Sequence[NetDay], page: Page) -> Connection[BacktestTrade]:
    rows = [numbered for day in days for numbered in enumerate(day.trades)]
    return connect(rows, page, _trade_key, lambda row: _render_trade(row[1]))


def _render_trade(net: NetTrade) -> BacktestTrade:
    trade, facts = net.trade, net.facts
    return BacktestTrade(
        date=facts.date,
        entry=trade.entry,
        reentry=trade.reentry,
        entry_time=time_of(facts, trade.entry_second),
        exit_time=time_of(facts, trade.exit_second),
        rule=trade.rule,
        legs=[_render_leg(facts, leg) for leg in trade.legs],
        entry_net=points(trade.entry_net_cents),
        exit_net=points(trade.exit_net_cents),
        gross_profit_loss=dollars(trade.gross_cents),
        fees=dollars(net.costs.fees_cents),
        slippage=dollars(net.costs.slippage_cents),
        net_profit_loss=dollars(net.net_cents),
        max_profit=dollars_or_null(trade.max_profit_cents),
        max_loss=dollars(trade.max_loss_cents),
        adverse_excursion=dollars(trade.adverse_cents),
        favourable_excursion=dollars(trade.favourable_cents),
        entry_spx=index_or_null(trade.entry_spx_e4),
        exit_spx=index_or_null(trade.exit_spx_e4),
        entry_vix=index_or_null(trade.entry_vix_e4),
        exit_vix=index_or_null(trade.exit_vix_e4),
    )


def _render_leg(facts: DayFacts, leg: TradeLeg) -> BacktestLeg:
    return BacktestLeg(
        instrument=OsiSymbol(format_osi(facts.date, leg.contract)),
        quantity=leg.quantity,
        entry_price=points(leg.entry_price_cents),
        exit_price=points(leg.exit_price_cents),
    )


def _day_key(day: NetDay) -> Key:
    return (day.date.isoformat(),)


def _trade_key(row: NumberedTrade) -> Key:
    place, net = row
    return net.facts.date.isoformat(), place
