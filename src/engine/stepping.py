"""A strategy driven second by second: bots run on it, and the compiled backtest decides the same.

A ``Stepper`` is shown one moment after the other and sees nothing else, so that no decision can
know of a later one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.decisions import (
    Attempt,
    Decision,
    EntrySkipped,
    EntryTaken,
    ExitRule,
    PositionClosed,
    PositionSettled,
    SkipReason,
)
from engine.entering import Standing, deal, enter, quotes_of
from engine.moments import POINT_E4, Moment, Opening
from engine.money import Cents, IndexE4, PriceCents
from engine.strategies import CAPITAL_CENTS, After, Reentry, Side, Strategy
from engine.structures import Marks, Structure, marks_of


@dataclass(frozen=True, slots=True)
class Barrier:
    """A short strike that the index has not reached: a call's from below, a put's from above."""

    strike_e4: int
    is_call: bool

    def is_touched(self, spx_e4: IndexE4) -> bool:
        return spx_e4 >= self.strike_e4 if self.is_call else spx_e4 <= self.strike_e4


@dataclass(slots=True)
class OpenPosition:
    """A position while it is open; its profits are price cents per unit."""

    taken: EntryTaken
    structure: Structure
    rows: tuple[int, ...]
    marks: Marks
    barriers: tuple[Barrier, ...]
    profit_cents: PriceCents = 0
    best_cents: PriceCents = 0
    lowest_cents: PriceCents = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """A position that has ended, its excursions in money."""

    taken: EntryTaken
    structure: Structure
    end: PositionClosed | PositionSettled
    adverse_cents: Cents
    favourable_cents: Cents


@dataclass(slots=True)
class Stepper:
    """One session of a strategy. ``see`` every second from 0 to the one before the close, then
    ``settle``; each answers with what was decided. Equity counts from 0, in money."""

    strategy: Strategy
    opening: Opening
    realized_cents: Cents = 0
    equity_cents: Cents = 0
    peak_cents: Cents = 0
    drawdown_cents: Cents = 0
    open: list[OpenPosition] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    _due: list[Attempt] = field(init=False)
    _spx_open_e4: IndexE4 | None = None

    def __post_init__(self) -> None:
        times = enumerate(self.strategy.entry.times)
        self._due = [Attempt(time - self.opening.open_clock, entry) for entry, time in times]

    def see(self, moment: Moment) -> tuple[Decision, ...]:
        """What is decided at the next second: exits first, in the order of entry, then entries."""
        if self._spx_open_e4 is None:
            self._spx_open_e4 = moment.spx_e4
        decisions = [*self._exits(moment), *self._entries(moment)]
        self._mark()
        return tuple(decisions)

    def settle(self, settlement_cents: Cents) -> tuple[Decision, ...]:
        """Drops the entries that come too late and settles what is open at its intrinsic value."""
        late: list[Decision] = [EntrySkipped(due, SkipReason.AFTER_CLOSE) for due in self._take_due(None)]
        settled = [self._settled(position, settlement_cents) for position in self.open]
        self.open = []
        self._mark()
        return (*late, *settled)

    def _mark(self) -> None:
        """Takes the equity after a second's decisions into the drawdown."""
        open_cents = sum(p.structure.money_cents(p.profit_cents) for p in self.open)
        self.equity_cents = self.realized_cents + open_cents
        self.peak_cents = max(self.peak_cents, self.equity_cents)
        self.drawdown_cents = max(self.drawdown_cents, self.peak_cents - self.equity_cents)

    def _exits(self, moment: Moment) -> Iterator[PositionClosed]:
        for position in tuple(self.open):
            found = quotes_of(moment, position.rows)
            quotes = [quote for quote in found if quote is not None]
            if len(quotes) < len(found):
                continue
            profit_cents = -position.structure.closing_net_cents(quotes) - position.taken.dealing.net_cents
            position.best_cents = max(position.best_cents, profit_cents)
            rule = next(self._rules(position, moment, profit_cents), None)
            if rule is None:
                position.profit_cents = profit_cents
                position.lowest_cents = min(position.lowest_cents, profit_cents)
            else:
                dealing = deal(position.structure.closing, quotes, moment)
                gross_cents = position.structure.money_cents(
                    -position.taken.dealing.net_cents - dealing.net_cents
                )
                number = position.taken.position
                yield self._close(position, PositionClosed(moment.second, number, rule, dealing, gross_cents))

    def _rules(self, position: OpenPosition, moment: Moment, profit_cents: PriceCents) -> Iterator[ExitRule]:
        """Every rule that ends the position at this moment, in their order."""
        marks, time = position.marks, self.strategy.exit.time
        if marks.stop_loss_cents is not None and profit_cents <= marks.stop_loss_cents:
            yield ExitRule.STOP_LOSS
        if marks.stop_loss_credit_cents is not None and profit_cents <= marks.stop_loss_credit_cents:
            yield ExitRule.STOP_LOSS_CREDIT
        if _trails(marks, position.best_cents, profit_cents):
            yield ExitRule.TRAILING_STOP
        if marks.target_cents is not None and profit_cents >= marks.target_cents:
            yield ExitRule.PROFIT_TARGET
        if moment.spx_e4 is not None and any(b.is_touched(moment.spx_e4) for b in position.barriers):
            yield ExitRule.SHORT_STRIKE_TOUCH
        if self._is_short_delta_reached(position, moment):
            yield ExitRule.SHORT_DELTA
        if time is not None and moment.second >= time - self.opening.open_clock:
            yield ExitRule.TIME

    def _is_short_delta_reached(self, position: OpenPosition, moment: Moment) -> bool:
        most_e4 = self.strategy.exit.short_delta_max_e4
        if most_e4 is None:
            return False
        legs = zip(self.strategy.legs, position.rows, strict=True)
        deltas = [moment.delta(row) for leg, row in legs if leg.side is Side.SELL]
        return any(delta is not None and delta >= most_e4 for delta in deltas)

    def _close(self, position: OpenPosition, closed: PositionClosed) -> PositionClosed:
        self.open.remove(position)
        self._end(position, closed)
        self._plan_reentry(position.taken.attempt, closed)
        return closed

    def _settled(self, position: OpenPosition, settlement_cents: Cents) -> PositionSettled:
        taken, structure = position.taken, position.structure
        net_cents = -structure.intrinsic_cents(settlement_cents)
        gross_cents = structure.money_cents(-taken.dealing.net_cents - net_cents)
        second = self.opening.close_second
        settled = PositionSettled(second, taken.position, settlement_cents, net_cents, gross_cents)
        self._end(position, settled)
        return settled

    def _end(self, position: OpenPosition, end: PositionClosed | PositionSettled) -> None:
        self.realized_cents += end.gross_cents
        money_cents = position.structure.money_cents
        lowest_cents = min(money_cents(position.lowest_cents), end.gross_cents)
        highest_cents = max(money_cents(position.best_cents), end.gross_cents)
        self.ended.append(Ended(position.taken, position.structure, end, lowest_cents, highest_cents))

    def _plan_reentry(self, attempt: Attempt, closed: PositionClosed) -> None:
        reentry = self.strategy.entry.reentry
        if reentry is None or attempt.reentry >= reentry.count or not _follows(reentry, closed.gross_cents):
            return
        second = closed.second + 60 * reentry.wait_minutes
        self._due.append(Attempt(second, attempt.entry, attempt.reentry + 1))

    def _take_due(self, second: int | None) -> list[Attempt]:
        """The attempts due by a second, or all, by their second and then by the order of their times."""
        due = [attempt for attempt in self._due if second is None or attempt.second <= second]
        self._due = [attempt for attempt in self._due if attempt not in due]
        return sorted(due, key=lambda attempt: (attempt.second, attempt.entry))

    def _entries(self, moment: Moment) -> Iterator[EntrySkipped | EntryTaken]:
        for attempt in self._take_due(moment.second):
            yield self._enter(attempt, moment)

    def _enter(self, attempt: Attempt, moment: Moment) -> EntrySkipped | EntryTaken:
        entered = enter(self.strategy, self.opening, self._standing(), attempt, moment)
        if isinstance(entered, EntrySkipped):
            return entered
        taken = entered.taken
        self.open.append(
            OpenPosition(
                taken,
                entered.structure,
                tuple(self.opening.row_of[leg.contract] for leg in taken.chosen),
                marks_of(self.strategy.exit, entered.stakes),
                tuple(self._barriers(taken)),
            )
        )
        return taken

    def _standing(self) -> Standing:
        at_risk_cents = sum(position.taken.max_loss_cents for position in self.open)
        return Standing(
            self._spx_open_e4,
            open_count=len(self.open),
            entered_count=len(self.open) + len(self.ended),
            free_cents=CAPITAL_CENTS + self.realized_cents - at_risk_cents,
        )

    def _barriers(self, taken: EntryTaken) -> Iterator[Barrier]:
        """The short strikes that are out of the money at the entry."""
        spx_e4 = taken.dealing.spx_e4
        if spx_e4 is None or not self.strategy.exit.short_strike_touch:
            return
        for leg, chosen in zip(self.strategy.legs, taken.chosen, strict=True):
            barrier = Barrier(chosen.contract.strike_points * POINT_E4, chosen.contract.is_call)
            if leg.side is Side.SELL and not barrier.is_touched(spx_e4):
                yield barrier


def _trails(marks: Marks, best_cents: PriceCents, profit_cents: PriceCents) -> bool:
    """True when the best profit has armed the trailing stop and this one is far enough below it."""
    if marks.activate_cents is None or marks.trail_cents is None:
        return False
    return best_cents >= marks.activate_cents and best_cents - profit_cents >= marks.trail_cents


def _follows(reentry: Reentry, gross_cents: Cents) -> bool:
    """True when the outcome is one after which the strategy enters again."""
    match reentry.after:
        case After.WIN:
            return gross_cents > 0
        case After.LOSS:
            return gross_cents < 0
        case After.ANY:
            return True
