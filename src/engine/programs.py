"""The program of a strategy: the text that a trader can check, that the engine runs, and that is hashed.

One statement a line. A strategy has exactly one program, and only that text reads as it. What a
statement says never changes, for programs are kept for ever; what is new comes under a new header.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from hashlib import sha256
from itertools import zip_longest
from typing import Any

from engine.clocks import WEEKDAYS, clock_text, read_clock
from engine.contracts import Right
from engine.forms import read_number_e4
from engine.money import fixed_text
from engine.strategies import (
    LEGS_MAX,
    After,
    Bounds,
    Entry,
    Exit,
    Reentry,
    Side,
    Strategy,
    StrategyLeg,
    StrikeMethod,
    StrikeRule,
    TrailingStop,
)

HEADER = "zerodte strategy 1"


class Statement(StrEnum):
    """The statements in the order in which a program makes them, with blanks for their values."""

    LEG = "leg {}: {} {} {} at {}"
    TIMES = "enter at {}"
    WEEKDAYS = "enter on {}"
    AT_LEAST = "enter only if {} is at least {}"
    AT_MOST = "enter only if {} is at most {}"
    HOLD = "hold at most {} open"
    AGAIN = "enter again up to {} times, {} minutes after {}"
    STOP_LOSS = "exit at a loss of {}% of the maximum loss"
    STOP_LOSS_CREDIT = "exit at a loss of {}% of the credit"
    TRAILING_STOP = "exit when the profit, once {}% of the maximum, falls {}% of the maximum below its best"
    PROFIT_TARGET = "exit at a profit of {}% of the maximum profit"
    TOUCH = "exit when the index touches a short strike"
    SHORT_DELTA = "exit when the delta of a short leg reaches {}"
    TIME = "exit at {}"
    SETTLE = "settle what is open at the close"


FILTERS = {
    "vix": "vix",
    "expected_move": "expected move percent",
    "gap": "gap percent",
    "move": "move percent",
}
_FILTER_OF = {words: name for name, words in FILTERS.items()}
_PATTERNS = {
    statement: re.compile(re.escape(statement).replace(r"\{\}", "(.+?)"), re.ASCII) for statement in Statement
}


def source_hash(text: str) -> str:
    """The SHA-256 of a program in hex: the name of its results."""
    return sha256(text.encode()).hexdigest()


def write_program(strategy: Strategy) -> str:
    """The program of a strategy: the header, then its statements, each ended by a newline."""
    lines = (HEADER, *_legs(strategy), *_entry(strategy.entry), *_exit(strategy.exit), Statement.SETTLE)
    return "".join(f"{line}\n" for line in lines)


def read_program(text: str) -> Strategy:
    """The strategy whose program ``text`` is. Raises ValueError naming the first line that is not as
    ``write_program`` writes it."""
    header, *lines = text.removesuffix("\n").split("\n")
    if header != HEADER:
        raise ValueError(f"line 1: must be {HEADER!r}, not {header!r}")
    strategy = Strategy((), Entry(()), Exit())
    for number, line in enumerate(lines, 2):
        try:
            strategy = _with_line(strategy, line)
        except (ValueError, KeyError) as wrong:
            raise ValueError(f"line {number}: not a statement: {line!r}") from wrong
    if not 1 <= len(strategy.legs) <= LEGS_MAX:
        raise ValueError(f"line 2: must be the first of 1 to {LEGS_MAX} legs")
    _check_canonical(text, write_program(strategy))
    return strategy


def _check_canonical(text: str, canonical: str) -> None:
    pairs = zip_longest(text.split("\n"), canonical.split("\n"))
    for number, (given, wanted) in enumerate(pairs, 1):
        if given != wanted:
            raise ValueError(f"line {number}: must be {wanted!r}, not {given!r}")


def _legs(strategy: Strategy) -> Iterator[str]:
    for place, leg in enumerate(strategy.legs):
        strike = _strike_text(leg.strike)
        yield Statement.LEG.format(place, leg.side, leg.quantity, leg.right.name.lower(), strike)


def _strike_text(strike: StrikeRule) -> str:
    if strike.method is StrikeMethod.ATM:
        return strike.method
    text = f"{strike.method} {_number_text(strike.value_e4)}"
    return text if strike.from_leg is None else f"{text} from leg {strike.from_leg}"


def _entry(entry: Entry) -> Iterator[str]:
    yield Statement.TIMES.format(" ".join(clock_text(time) for time in entry.times))
    yield Statement.WEEKDAYS.format(" ".join(WEEKDAYS[day] for day in entry.weekdays))
    for name, words in FILTERS.items():
        bounds: Bounds = getattr(entry, name)
        if bounds.least_e4 is not None:
            yield Statement.AT_LEAST.format(words, _number_text(bounds.least_e4))
        if bounds.most_e4 is not None:
            yield Statement.AT_MOST.format(words, _number_text(bounds.most_e4))
    yield Statement.HOLD.format(entry.max_open)
    if entry.reentry is not None:
        again = entry.reentry
        yield Statement.AGAIN.format(again.count, again.wait_minutes, again.after)


def _exit(leave: Exit) -> Iterator[str]:
    if leave.stop_loss_pct_e4 is not None:
        yield Statement.STOP_LOSS.format(_number_text(leave.stop_loss_pct_e4))
    if leave.stop_loss_credit_pct_e4 is not None:
        yield Statement.STOP_LOSS_CREDIT.format(_number_text(leave.stop_loss_credit_pct_e4))
    if leave.trailing_stop is not None:
        activate_e4, trail_e4 = leave.trailing_stop.activate_e4, leave.trailing_stop.trail_e4
        yield Statement.TRAILING_STOP.format(_number_text(activate_e4), _number_text(trail_e4))
    if leave.profit_target_pct_e4 is not None:
        yield Statement.PROFIT_TARGET.format(_number_text(leave.profit_target_pct_e4))
    if leave.short_strike_touch:
        yield Statement.TOUCH
    if leave.short_delta_max_e4 is not None:
        yield Statement.SHORT_DELTA.format(_number_text(leave.short_delta_max_e4))
    if leave.time is not None:
        yield Statement.TIME.format(clock_text(leave.time))


def _number_text(value_e4: int) -> str:
    return fixed_text(value_e4, 4)


def _with_line(strategy: Strategy, line: str) -> Strategy:
    """The strategy with what one more line says; a line that says nothing raises ValueError."""
    for statement, pattern in _PATTERNS.items():
        match = pattern.fullmatch(line)
        if match is not None:
            return _READERS[statement](strategy, *match.groups())
    raise ValueError(line)


def _with_leg(strategy: Strategy, *words: str) -> Strategy:
    _, side, quantity, right, strike = words
    leg = StrategyLeg(Side(side), Right[right.upper()], int(quantity), _strike(strike))
    if (leg.strike.from_leg or 0) >= max(len(strategy.legs), 1):
        raise ValueError(strike)
    return replace(strategy, legs=(*strategy.legs, leg))


def _strike(text: str) -> StrikeRule:
    """The rule of ``atm``, ``delta 0.3`` or ``width 20 from leg 0``."""
    rule, _, leg = text.partition(" from leg ")
    method, _, value = rule.partition(" ")
    if (method == StrikeMethod.WIDTH) != bool(leg):
        raise ValueError(text)
    value_e4 = _number_e4(value) if value else 0
    return StrikeRule(StrikeMethod(method), value_e4, int(leg) if leg else None)


def _with_bounds(strategy: Strategy, words: str, **bound: int) -> Strategy:
    name = _FILTER_OF[words]
    bounds: Bounds = getattr(strategy.entry, name)
    return _entering(strategy, **{name: replace(bounds, **bound)})


def _entering(strategy: Strategy, **changes: Any) -> Strategy:
    return replace(strategy, entry=replace(strategy.entry, **changes))


def _leaving(strategy: Strategy, **changes: Any) -> Strategy:
    return replace(strategy, exit=replace(strategy.exit, **changes))


def _number_e4(text: str) -> int:
    value_e4 = read_number_e4(text)
    if value_e4 is None:
        raise ValueError(text)
    return value_e4


def _time(text: str) -> int:
    time = read_clock(text)
    if time is None:
        raise ValueError(text)
    return time


_READERS: Mapping[Statement, Callable[..., Strategy]] = {
    Statement.LEG: _with_leg,
    Statement.TIMES: lambda s, times: _entering(s, times=tuple(map(_time, times.split(" ")))),
    Statement.WEEKDAYS: lambda s, days: _entering(s, weekdays=tuple(map(WEEKDAYS.index, days.split(" ")))),
    Statement.AT_LEAST: lambda s, words, value: _with_bounds(s, words, least_e4=_number_e4(value)),
    Statement.AT_MOST: lambda s, words, value: _with_bounds(s, words, most_e4=_number_e4(value)),
    Statement.HOLD: lambda s, most: _entering(s, max_open=int(most)),
    Statement.AGAIN: lambda s, count, wait, after: _entering(
        s, reentry=Reentry(int(count), int(wait), After(after))
    ),
    Statement.STOP_LOSS: lambda s, pct: _leaving(s, stop_loss_pct_e4=_number_e4(pct)),
    Statement.STOP_LOSS_CREDIT: lambda s, pct: _leaving(s, stop_loss_credit_pct_e4=_number_e4(pct)),
    Statement.TRAILING_STOP: lambda s, activate, trail: _leaving(
        s, trailing_stop=TrailingStop(_number_e4(activate), _number_e4(trail))
    ),
    Statement.PROFIT_TARGET: lambda s, pct: _leaving(s, profit_target_pct_e4=_number_e4(pct)),
    Statement.TOUCH: lambda s: _leaving(s, short_strike_touch=True),
    Statement.SHORT_DELTA: lambda s, delta: _leaving(s, short_delta_max_e4=_number_e4(delta)),
    Statement.TIME: lambda s, time: _leaving(s, time=_time(time)),
    Statement.SETTLE: lambda s: s,
}
