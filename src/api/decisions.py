"""The decision log of a session: why an entry was taken or not, and why and at which quotes it ended.

Each decision was made from what was known at its time, its quotes included.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import strawberry

from api.backtests import time_of
from api.scalars import (
    DecimalText,
    OsiSymbol,
    dollars,
    dollars_or_null,
    index_or_null,
    points,
)
from engine import decisions as engine
from engine.clocks import DAYS_OF_WEEK
from engine.contracts import format_osi
from engine.decisions import ExitRule, SkipReason
from engine.money import TICK_CENTS, fixed_text
from engine.outcomes import DayFacts

IN_DOLLARS = {SkipReason.NO_PROFIT, SkipReason.CAPITAL}
IN_E4 = {SkipReason.VIX, SkipReason.EXPECTED_MOVE, SkipReason.GAP, SkipReason.MOVE}


@strawberry.type(description="The listed contract that a leg's rule led to.")
class ChosenLeg:
    instrument: OsiSymbol
    off: DecimalText = strawberry.field(
        description="How far above what was asked for: in delta, in premium, or in index points."
    )


@strawberry.type(description="A leg's quote, in index points, and the price that it was dealt at.")
class DealtLeg:
    instrument: OsiSymbol
    bid: DecimalText
    ask: DecimalText
    price: DecimalText


@strawberry.type(description="What was known and dealt at the decision's time.")
class Dealing:
    spx: DecimalText | None
    vix: DecimalText | None
    legs: list[DealtLeg]
    net: DecimalText = strawberry.field(
        description="Index points for one unit of the structure, a debit positive."
    )


@strawberry.interface(description="What a strategy decided at a time, from what was known by then.")
class Decision:
    time: datetime


@strawberry.type(description="An entry that was not taken.")
class EntrySkipped(Decision):
    entry: int = strawberry.field(description="The place of its time among the strategy's entry times.")
    reentry: int
    reason: SkipReason
    value: str | None = strawberry.field(
        description="What failed: the weekday, VIX, a percentage, how many were open, the strike of the leg, "
        "or the maximum profit or loss in dollars. Null where it is not known."
    )
    leg: int | None = strawberry.field(description="The place of the leg that it failed at.")
    chosen: list[ChosenLeg]


@strawberry.type(description="An entry that was taken.")
class EntryTaken(Decision):
    entry: int = strawberry.field(description="The place of its time among the strategy's entry times.")
    reentry: int
    position: int = strawberry.field(description="Counts the session's positions from 0.")
    chosen: list[ChosenLeg]
    dealing: Dealing
    max_profit: DecimalText | None = strawberry.field(description="Null where it is practically unbounded.")
    max_loss: DecimalText


@strawberry.type(description="A position that an exit rule closed.")
class PositionClosed(Decision):
    position: int
    rule: ExitRule
    dealing: Dealing
    gross_profit_loss: DecimalText


@strawberry.type(description="A position that was still open at the close.")
class PositionSettled(Decision):
    position: int
    settlement: DecimalText = strawberry.field(description="The index that it was settled at.")
    net: DecimalText = strawberry.field(description="Index points that a unit was worth.")
    gross_profit_loss: DecimalText


DECISIONS = [EntrySkipped, EntryTaken, PositionClosed, PositionSettled]


def render_decisions(facts: DayFacts, decisions: Iterable[engine.Decision]) -> list[Decision]:
    """The decisions of a session in the order in which they were taken."""
    return list(_rendered(facts, decisions))


def _rendered(facts: DayFacts, decisions: Iterable[engine.Decision]) -> Iterator[Decision]:
    """What is closed has the contracts with which it was entered."""
    held: dict[int, tuple[engine.ChosenLeg, ...]] = {}
    for decision in decisions:
        match decision:
            case engine.EntrySkipped():
                yield _skipped(facts, decision)
            case engine.EntryTaken():
                held[decision.position] = decision.chosen
                yield _taken(facts, decision)
            case engine.PositionClosed():
                yield _closed(facts, decision, held[decision.position])
            case engine.PositionSettled():
                yield _settled(facts, decision)


def _skipped(facts: DayFacts, decision: engine.EntrySkipped) -> EntrySkipped:
    return EntrySkipped(
        time=time_of(facts, decision.attempt.second),
        entry=decision.attempt.entry,
        reentry=decision.attempt.reentry,
        reason=decision.reason,
        value=None if decision.value is None else _value(decision.reason, decision.value),
        leg=decision.leg,
        chosen=[_chosen(facts, leg) for leg in decision.chosen],
    )


def _taken(facts: DayFacts, decision: engine.EntryTaken) -> EntryTaken:
    return EntryTaken(
        time=time_of(facts, decision.attempt.second),
        entry=decision.attempt.entry,
        reentry=decision.attempt.reentry,
        position=decision.position,
        chosen=[_chosen(facts, leg) for leg in decision.chosen],
        dealing=_dealing(facts, decision.dealing, decision.chosen),
        max_profit=dollars_or_null(decision.max_profit_cents),
        max_loss=dollars(decision.max_loss_cents),
    )


def _closed(
    facts: DayFacts, decision: engine.PositionClosed, held: Sequence[engine.ChosenLeg]
) -> PositionClosed:
    return PositionClosed(
        time=time_of(facts, decision.second),
        position=decision.position,
        rule=decision.rule,
        dealing=_dealing(facts, decision.dealing, held),
        gross_profit_loss=dollars(decision.gross_cents),
    )


def _settled(facts: DayFacts, decision: engine.PositionSettled) -> PositionSettled:
    return PositionSettled(
        time=time_of(facts, decision.second),
        position=decision.position,
        settlement=points(decision.settlement_cents),
        net=points(decision.net_cents),
        gross_profit_loss=dollars(decision.gross_cents),
    )


def _value(reason: SkipReason, value: int) -> str:
    if reason is SkipReason.WEEKDAY:
        return DAYS_OF_WEEK[value]
    if reason in IN_DOLLARS:
        return dollars(value)
    return fixed_text(value, 4) if reason in IN_E4 else str(value)


def _chosen(facts: DayFacts, leg: engine.ChosenLeg) -> ChosenLeg:
    instrument = OsiSymbol(format_osi(facts.date, leg.contract))
    return ChosenLeg(instrument=instrument, off=DecimalText(fixed_text(leg.off_e4, 4)))


def _dealing(facts: DayFacts, dealing: engine.Dealing, held: Sequence[engine.ChosenLeg]) -> Dealing:
    dealt = zip(held, dealing.quotes, dealing.leg_price_cents, strict=True)
    return Dealing(
        spx=index_or_null(dealing.spx_e4),
        vix=index_or_null(dealing.vix_e4),
        legs=[
            DealtLeg(
                instrument=OsiSymbol(format_osi(facts.date, leg.contract)),
                bid=points(quote.bid_ticks * TICK_CENTS),
                ask=points(quote.ask_ticks * TICK_CENTS),
                price=points(price_cents),
            )
            for leg, quote, price_cents in dealt
        ],
        net=points(dealing.net_cents),
    )
