"""The decision log of a session: why each entry was taken or skipped, and each position closed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from engine.clocks import DAYS_OF_WEEK
from engine.contracts import Contract, format_osi
from engine.decisions import (
    Attempt,
    ChosenLeg,
    Dealing,
    Decision,
    EntrySkipped,
    EntryTaken,
    ExitRule,
    PositionClosed,
    PositionSettled,
    SkipReason,
)
from engine.money import TICK_CENTS, IndexE4, fixed_text, money_text, price_text
from rest_compat.wire import (
    Answered,
    InstantText,
    MoneyText,
    PriceText,
    SymbolText,
    absent,
    one_of,
    time_at,
)

TAKEN, SKIPPED = "entry_taken", "entry_skipped"
CLOSED, SETTLED = "position_closed", "position_settled"
RuleName = Annotated[str, one_of(*(rule.name.lower() for rule in ExitRule))]
ReasonName = Annotated[str, one_of(*(reason.name.lower() for reason in SkipReason))]
IN_E4 = {SkipReason.VIX, SkipReason.EXPECTED_MOVE, SkipReason.GAP, SkipReason.MOVE}
IN_CENTS = {SkipReason.NO_PROFIT, SkipReason.CAPITAL}


class LogLeg(Answered):
    """A leg as it was chosen or dealt: the contract, how far it is above what was asked for (in delta,
    points of premium, or index points), its quote at that second and its price."""

    instrument: SymbolText
    off_target: str = absent()
    bid: PriceText = absent()
    ask: PriceText = absent()
    price: PriceText = absent()


class LogEntry(Answered):
    """A decision, and every input of it as of that second. Fields that do not apply are left out.

    ``entry`` is the place of an entry time, ``reentry`` how often it was entered before. ``value`` is
    what a skipped entry failed by, in the units of the config; a net is of one unit of the
    structure, a debit positive.
    """

    datetime: InstantText
    type: Annotated[str, one_of(TAKEN, SKIPPED, CLOSED, SETTLED)]
    entry: int = absent()
    reentry: int = absent()
    position: int = absent()
    reason: ReasonName = absent()
    rule: RuleName = absent()
    value: str | None = absent()
    leg: int | None = absent()
    legs: list[LogLeg] = absent()
    net: PriceText = absent()
    spx: str | None = absent()
    vix: str | None = absent()
    settlement_value: PriceText = absent()
    max_profit: MoneyText | None = absent()
    max_loss: MoneyText = absent()
    gross_pnl: MoneyText = absent()


def render_log(decisions: Iterable[Decision], on: date, open_at: datetime) -> list[LogEntry]:
    """The decisions in the order taken; what is closed has the legs with which it was entered."""
    return [LogEntry(**fields) for fields in _entries(decisions, on, open_at)]


def _entries(decisions: Iterable[Decision], on: date, open_at: datetime) -> Iterator[dict[str, Any]]:
    held: dict[int, tuple[ChosenLeg, ...]] = {}
    for decision in decisions:
        match decision:
            case EntrySkipped():
                yield _attempt(decision.attempt, open_at) | _skipped(decision, on)
            case EntryTaken():
                held[decision.position] = decision.chosen
                yield _attempt(decision.attempt, open_at) | _taken(decision, on)
            case PositionClosed():
                contracts = [leg.contract for leg in held[decision.position]]
                yield {"datetime": time_at(open_at, decision.second)} | _closed(decision, contracts, on)
            case PositionSettled():
                yield {"datetime": time_at(open_at, decision.second)} | _settled(decision)


def _attempt(attempt: Attempt, open_at: datetime) -> dict[str, Any]:
    at = time_at(open_at, attempt.second)
    return {"datetime": at, "entry": attempt.entry, "reentry": attempt.reentry}


def _skipped(skipped: EntrySkipped, on: date) -> dict[str, Any]:
    return {
        "type": SKIPPED,
        "reason": skipped.reason.name.lower(),
        "value": _value_text(skipped),
        "leg": skipped.leg,
        "legs": [LogLeg(**_chosen(leg, on)) for leg in skipped.chosen],
    }


def _value_text(skipped: EntrySkipped) -> str | None:
    value = skipped.value
    if value is None:
        return None
    if skipped.reason is SkipReason.WEEKDAY:
        return DAYS_OF_WEEK[value]
    if skipped.reason in IN_E4:
        return fixed_text(value, 4)
    return money_text(value) if skipped.reason in IN_CENTS else str(value)


def _taken(taken: EntryTaken, on: date) -> dict[str, Any]:
    chosen = [_chosen(leg, on) for leg in taken.chosen]
    return {
        "type": TAKEN,
        "position": taken.position,
        **_dealing(taken.dealing, chosen),
        "max_profit": None if taken.max_profit_cents is None else money_text(taken.max_profit_cents),
        "max_loss": money_text(taken.max_loss_cents),
    }


def _closed(closed: PositionClosed, contracts: Sequence[Contract], on: date) -> dict[str, Any]:
    return {
        "type": CLOSED,
        "position": closed.position,
        "rule": closed.rule.name.lower(),
        **_dealing(closed.dealing, [{"instrument": format_osi(on, contract)} for contract in contracts]),
        "gross_pnl": money_text(closed.gross_cents),
    }


def _settled(settled: PositionSettled) -> dict[str, Any]:
    return {
        "type": SETTLED,
        "position": settled.position,
        "rule": ExitRule.SETTLEMENT.name.lower(),
        "settlement_value": price_text(settled.settlement_cents),
        "net": price_text(settled.net_cents),
        "gross_pnl": money_text(settled.gross_cents),
    }


def _chosen(leg: ChosenLeg, on: date) -> dict[str, Any]:
    return {"instrument": format_osi(on, leg.contract), "off_target": fixed_text(leg.off_e4, 4)}


def _dealing(dealing: Dealing, legs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    dealt = zip(legs, dealing.quotes, dealing.leg_price_cents, strict=True)
    return {
        "legs": [
            LogLeg(
                **leg,
                bid=price_text(quote.bid_ticks * TICK_CENTS),
                ask=price_text(quote.ask_ticks * TICK_CENTS),
                price=price_text(price_cents),
            )
            for leg, quote, price_cents in dealt
        ],
        "net": price_text(dealing.net_cents),
        "spx": _index_text(dealing.spx_e4),
        "vix": _index_text(dealing.vix_e4),
    }


def _index_text(value_e4: IndexE4 | None) -> str | None:
    return None if value_e4 is None else fixed_text(value_e4, 4)
