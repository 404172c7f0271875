"""A strategy's parts in plain English: its legs, when it is entered, and what it is left for."""

from collections.abc import Iterator, Sequence

from engine.clocks import clock_text
from engine.contracts import Right
from engine.money import fixed_text
from engine.orders import Effect
from engine.shapes import is_profit_unbounded
from engine.strategies import After, Bounds, Entry, Side, Strategy, StrategyLeg, StrikeMethod

TIMES_LISTED_MAX = 4
PLACES = ("first", "second", "third", "fourth")
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
FILTERS = {
    "vix": ("VIX", ""),
    "expected_move": ("the expected move", "%"),
    "gap": ("the gap from the previous settlement to the open", "%"),
    "move": ("the move since the open", "%"),
}

STRIKES = {
    StrikeMethod.DELTA: "at {} delta",
    StrikeMethod.POINTS_OTM: "{} points out of the money",
    StrikeMethod.PERCENT_OTM: "{}% out of the money",
    StrikeMethod.EXPECTED_MOVE: "{} expected moves out of the money",
    StrikeMethod.ATM: "at the money",
}


def listed(words: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *head, tail = words
    return f"{', '.join(head)} {last} {tail}" if head else tail


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def number(value_e4: int) -> str:
    return fixed_text(value_e4, 4)


def leg_phrase(leg: StrategyLeg) -> str:
    """``sells 1 put at 0.3 delta``."""
    verb = "buys" if leg.side is Side.BUY else "sells"
    return f"{verb} {counted(leg.quantity, leg.right.name.lower())} {_strike(leg)}"


def times_phrase(times: Sequence[int]) -> str:
    texts = [clock_text(time) for time in times]
    if len(texts) <= TIMES_LISTED_MAX:
        return f"at {listed(texts)}"
    return f"at {len(texts)} times from {texts[0]} to {texts[-1]}"


def days_phrase(weekdays: Sequence[int]) -> str:
    if len(weekdays) == len(DAY_NAMES):
        return "every session"
    return f"every {listed([DAY_NAMES[day] for day in weekdays])}"


def filter_phrases(entry: Entry) -> list[str]:
    """``VIX is from 12 to 30.5``, one phrase a filter."""
    bounded = [(words, getattr(entry, name)) for name, words in FILTERS.items()]
    return [f"{name} is {_bounds(bounds, unit)}" for (name, unit), bounds in bounded if bounds != Bounds()]


def reentry_phrase(entry: Entry) -> str | None:
    if entry.reentry is None:
        return None
    outcome = {After.WIN: "a winning", After.LOSS: "a losing", After.ANY: "any"}[entry.reentry.after]
    wait = (
        f"{counted(entry.reentry.wait_minutes, 'minute')} later" if entry.reentry.wait_minutes else "at once"
    )
    return f"after {outcome} exit it is entered again {wait}, up to {counted(entry.reentry.count, 'time')}"


def exit_phrases(strategy: Strategy, effect: Effect | None) -> Iterator[str]:
    """What the position is left for, in the order in which it is looked at."""
    leave, most = strategy.exit, _profit_base(strategy, effect)
    if leave.stop_loss_pct_e4 is not None:
        yield f"at a loss of {number(leave.stop_loss_pct_e4)}% of the maximum loss"
    if leave.stop_loss_credit_pct_e4 is not None:
        yield f"at a loss of {number(leave.stop_loss_credit_pct_e4)}% of the credit received"
    if leave.trailing_stop is not None:
        activate, trail = number(leave.trailing_stop.activate_e4), number(leave.trailing_stop.trail_e4)
        yield f"when a profit that was once {activate}% of {most} falls {trail}% of it below its best"
    if leave.profit_target_pct_e4 is not None:
        yield f"at a profit of {number(leave.profit_target_pct_e4)}% of {most}"
    if leave.short_strike_touch:
        yield "when SPX crosses a sold strike"
    if leave.short_delta_max_e4 is not None:
        yield f"when the delta of a sold leg reaches {number(leave.short_delta_max_e4)}"
    if leave.time is not None:
        yield f"at {clock_text(leave.time)}"


def sells(strategy: Strategy) -> bool:
    return any(leg.side is Side.SELL for leg in strategy.legs)


def exit_names(strategy: Strategy, effect: Effect | None) -> Iterator[str]:
    """The same in a trader's shorthand, the profit target first, without what can never trigger."""
    leave, is_sold = strategy.exit, sells(strategy)
    if leave.profit_target_pct_e4 is not None:
        yield f"{number(leave.profit_target_pct_e4)}% profit target"
    if leave.stop_loss_pct_e4 is not None:
        yield f"{number(leave.stop_loss_pct_e4)}% stop loss"
    if leave.stop_loss_credit_pct_e4 is not None and effect is not Effect.DEBIT:
        yield f"stop at {number(leave.stop_loss_credit_pct_e4)}% of the credit"
    if leave.trailing_stop is not None:
        yield "trailing stop"
    if leave.short_strike_touch and is_sold:
        yield "exit on touch"
    if leave.short_delta_max_e4 is not None and is_sold:
        yield f"exit at {number(leave.short_delta_max_e4)} short delta"
    yield "held to the close" if leave.time is None else f"out at {clock_text(leave.time)}"


def _profit_base(strategy: Strategy, effect: Effect | None) -> str:
    """What profits are a percentage of (rulings 7.5)."""
    if not is_profit_unbounded(strategy.legs):
        return "the maximum profit"
    return "the debit" if effect is Effect.DEBIT else "the debit, or after a credit of the maximum loss"


def _strike(leg: StrategyLeg) -> str:
    value = number(leg.strike.value_e4)
    match leg.strike.method:
        case StrikeMethod.PREMIUM:
            return f"{'asked' if leg.side is Side.BUY else 'bid'} nearest to {value}"
        case StrikeMethod.WIDTH:
            assert leg.strike.from_leg is not None, "a width counts from a leg"
            beyond = "above" if leg.right is Right.CALL else "below"
            return f"{value} points {beyond} the {PLACES[leg.strike.from_leg]} leg"
        case method:
            return STRIKES[method].format(value)


def _bounds(bounds: Bounds, unit: str) -> str:
    least = None if bounds.least_e4 is None else f"{number(bounds.least_e4)}{unit}"
    most = None if bounds.most_e4 is None else f"{number(bounds.most_e4)}{unit}"
    if least and most:
        return f"from {least} to {most}"
    return f"at least {least}" if least else f"at most {most}"
