"""Strategies the way a trader writes them down, and what became of them on a scripted day."""

from collections.abc import Iterable
from typing import Any

from engine.contracts import Right
from engine.decisions import EntrySkipped, EntryTaken, PositionClosed
from engine.market import Day
from engine.money import price_text
from engine.replaying import Replay, replay
from engine.strategies import (
    Entry,
    Exit,
    Side,
    Strategy,
    StrategyLeg,
    StrikeMethod,
    StrikeRule,
    TrailingStop,
)

OPEN_CLOCK = 34_200
SCALE = 10_000


def strategy(legs: str, at: Iterable[int] = (10,), *, entry: Any = None, **rules: Any) -> Strategy:
    """Legs as ``"-1 P otm 20, +1 P width 20 from 0"``; entry and exit times are seconds of the session.

    Percentages are whole: ``profit_target=50``, ``trailing_stop=(20, 10)``.
    """
    return Strategy(
        legs=tuple(_leg(text.split()) for text in legs.split(",")),
        entry=Entry(times=tuple(OPEN_CLOCK + second for second in at), **(entry or {})),
        exit=_exit(rules),
    )


_METHODS = {
    "delta": StrikeMethod.DELTA,
    "premium": StrikeMethod.PREMIUM,
    "otm": StrikeMethod.POINTS_OTM,
    "percent": StrikeMethod.PERCENT_OTM,
    "atm": StrikeMethod.ATM,
    "move": StrikeMethod.EXPECTED_MOVE,
    "width": StrikeMethod.WIDTH,
}


def _leg(words: list[str]) -> StrategyLeg:
    quantity, method = int(words[0]), _METHODS[words[2]]
    value_e4 = round(float(words[3]) * SCALE) if len(words) > 3 else 0
    from_leg = int(words[5]) if method is StrikeMethod.WIDTH else None
    side = Side.BUY if quantity > 0 else Side.SELL
    return StrategyLeg(side, Right(words[1]), abs(quantity), StrikeRule(method, value_e4, from_leg))


def _exit(rules: dict[str, Any]) -> Exit:
    percent = {name: rules.get(name) for name in ("profit_target", "stop_loss", "stop_loss_credit")}
    trailing = rules.get("trailing_stop")
    delta, time = rules.get("short_delta"), rules.get("time")
    return Exit(
        **{f"{name}_pct_e4": None if value is None else value * SCALE for name, value in percent.items()},
        trailing_stop=trailing and TrailingStop(*(value * SCALE for value in trailing)),
        short_strike_touch=rules.get("touch", False),
        short_delta_max_e4=None if delta is None else round(delta * SCALE),
        time=None if time is None else OPEN_CLOCK + time,
    )


def replayed(strategy: Strategy, day: Day, before: float | None = None) -> Replay:
    """``before`` is the previous settlement in points."""
    return replay(strategy, day, None if before is None else round(before * 100))


def told(replay: Replay) -> list[str]:
    """The decisions in a line each: ``10 enter -1.50``, ``20 PROFIT_TARGET 0.75 makes 75``."""
    return [_line(decision) for decision in replay.decisions]


def _line(decision: Any) -> str:
    match decision:
        case EntrySkipped():
            return f"{decision.attempt.second} skip {decision.reason.name} {decision.value}"
        case EntryTaken():
            return f"{decision.attempt.second} enter {price_text(decision.dealing.net_cents)}"
        case PositionClosed():
            net, gross = price_text(decision.dealing.net_cents), decision.gross_cents // 100
            return f"{decision.second} {decision.rule.name} {net} makes {gross}"
        case _:
            gross = decision.gross_cents // 100
            return f"{decision.second} settle {price_text(decision.net_cents)} makes {gross}"
