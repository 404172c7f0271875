"""A whole recorded day through the stepper: one session's decisions and what they came to."""

from dataclasses import dataclass

from engine.decisions import (
    Decision,
    EntrySkipped,
    ExitRule,
    PositionClosed,
    PositionSettled,
    hash_of_words,
    words_of,
)
from engine.market import Day
from engine.moments import moment_of, opening_of
from engine.money import Cents, IndexE4, PriceCents
from engine.results import SessionResult, SessionStatus, Trade, TradeLeg
from engine.stepping import Ended, Stepper
from engine.strategies import CAPITAL_CENTS, Strategy

CENT_E4 = 100


@dataclass(frozen=True, slots=True)
class Replay:
    """``equity_cents`` counts from 0 and has the equity after each second's decisions; its last is the
    close, after settlement."""

    result: SessionResult
    decisions: tuple[Decision, ...]
    equity_cents: tuple[Cents, ...]


def replay(strategy: Strategy, day: Day, previous_settlement_cents: Cents | None) -> Replay:
    """The session of a strategy on a recorded day, one second after the other."""
    if day.settlement_cents is None:
        return Replay(_FAILED, (), ())
    stepper = Stepper(strategy, opening_of(day, previous_settlement_cents))
    decisions: list[Decision] = []
    equity_cents: list[Cents] = []
    for second in range(day.close_second):
        decisions += stepper.see(moment_of(day, second))
        equity_cents.append(stepper.equity_cents)
    decisions += stepper.settle(day.settlement_cents)
    equity_cents.append(stepper.equity_cents)
    return Replay(_result(stepper, day, decisions), tuple(decisions), tuple(equity_cents))


_FAILED = SessionResult(SessionStatus.FAILED, 0, 0, (), 0, None, hash_of_words(()))


def _result(stepper: Stepper, day: Day, decisions: list[Decision]) -> SessionResult:
    skips = [decision.reason for decision in decisions if isinstance(decision, EntrySkipped)]
    ended = sorted(stepper.ended, key=lambda one: one.taken.position)
    return SessionResult(
        _status(stepper),
        stepper.realized_cents,
        stepper.drawdown_cents,
        tuple(_trade(one, stepper, day) for one in ended),
        len(skips),
        skips[0] if skips else None,
        hash_of_words(words_of(decisions)),
    )


def _status(stepper: Stepper) -> SessionStatus:
    if not stepper.ended:
        return SessionStatus.SKIPPED
    spent = CAPITAL_CENTS + stepper.realized_cents <= 0
    return SessionStatus.HALTED if spent else SessionStatus.COMPLETED


def _trade(one: Ended, stepper: Stepper, day: Day) -> Trade:
    taken, end = one.taken, one.end
    spx_e4, vix_e4 = _index_at(end, day)
    return Trade(
        entry=taken.attempt.entry,
        reentry=taken.attempt.reentry,
        entry_second=taken.attempt.second,
        exit_second=end.second,
        rule=end.rule if isinstance(end, PositionClosed) else ExitRule.SETTLEMENT,
        legs=_legs(one, stepper.strategy),
        entry_net_cents=taken.dealing.net_cents,
        exit_net_cents=end.dealing.net_cents if isinstance(end, PositionClosed) else end.net_cents,
        gross_cents=end.gross_cents,
        max_profit_cents=taken.max_profit_cents,
        max_loss_cents=taken.max_loss_cents,
        adverse_cents=one.adverse_cents,
        favourable_cents=one.favourable_cents,
        entry_spx_e4=taken.dealing.spx_e4,
        exit_spx_e4=spx_e4,
        entry_vix_e4=taken.dealing.vix_e4,
        exit_vix_e4=vix_e4,
    )


def _legs(one: Ended, strategy: Strategy) -> tuple[TradeLeg, ...]:
    prices = zip(one.taken.dealing.leg_price_cents, _exit_prices(one), strict=True)
    legs = zip(strategy.legs, one.structure.contracts, prices, strict=True)
    return tuple(TradeLeg(at, leg.side.sign * leg.quantity, into, out) for leg, at, (into, out) in legs)


def _exit_prices(one: Ended) -> tuple[PriceCents, ...]:
    if isinstance(one.end, PositionClosed):
        return one.end.dealing.leg_price_cents
    level_cents = one.end.settlement_cents
    return tuple(contract.intrinsic_cents(level_cents) for contract in one.structure.contracts)


def _index_at(end: PositionClosed | PositionSettled, day: Day) -> tuple[IndexE4 | None, IndexE4 | None]:
    """SPX and VIX at the end of a position; a settled one ends at the settlement value."""
    if isinstance(end, PositionClosed):
        return end.dealing.spx_e4, end.dealing.vix_e4
    return end.settlement_cents * CENT_E4, moment_of(day, end.second).vix_e4
