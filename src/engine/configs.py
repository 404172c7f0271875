"""A strategy's config: reading what a person sent, and writing it normalised (rulings 7.1, 7.4, 7.5).

Absent and null are the same. Numbers may be JSON numbers or decimal texts.
"""

from collections.abc import Mapping, Sequence

from engine.clocks import WEEKDAYS, clock_text, read_clock
from engine.denials import Code, Denial
from engine.forms import Form, Span, number_of
from engine.leg_configs import DELTA, leg_config, read_legs
from engine.shapes import is_profit_unbounded
from engine.strategies import (
    POSITIONS_MAX,
    REENTRIES_MAX,
    TIMES_MAX,
    UNBOUNDED,
    After,
    Bounds,
    Entry,
    Exit,
    Reentry,
    Strategy,
    StrategyLeg,
    TrailingStop,
)

FIRST_TIME, LAST_TIME = 34_200, 57_599
WAIT_MINUTES_MAX = 390
AFTERS = {after.value: after for after in After}
DAYS = {name: day for day, name in enumerate(WEEKDAYS)}

FILTER_SPANS = {
    "vix": Span(0, 200_0000),
    "expected_move": Span(0, 100_0000),
    "gap": Span(-50_0000, 50_0000),
    "move": Span(-50_0000, 50_0000),
}
PERCENT = Span(100, 100_0000)
PERCENT_OF_PREMIUM = Span(100, 10_000_0000)
EXIT_FIELDS = (
    "profit_target_pct",
    "stop_loss_pct",
    "stop_loss_credit_pct",
    "trailing_stop",
    "short_strike_touch",
    "short_delta_max",
    "time",
)


def read_config(raw: Mapping[str, object]) -> Strategy | Denial:
    """The strategy of a config, or a denial whose ``fields`` names all that is wrong by dotted paths
    such as ``legs.0.strike.value``."""
    form = Form(raw)
    form.expect("legs", "entry", optional=("exit",))
    legs = read_legs(form)
    entry = _read_entry(form.group("entry"))
    leave = _read_exit(form.group("exit"), legs, entry)
    if form.wrong:
        path, problem = next(iter(form.wrong.items()))
        return Denial(Code.INVALID_CONFIG, f"{path} {problem}", tuple(path.split(".")), form.wrong)
    assert legs is not None, "what is missing was noted"
    assert entry is not None, "what is missing was noted"
    return Strategy(legs, entry, leave)


def _read_entry(form: Form | None) -> Entry | None:
    if form is None:
        return None
    form.expect(optional=("time", "times", "weekdays", *FILTER_SPANS, "max_open", "reentry"))
    times = _read_times(form)
    weekdays = _read_weekdays(form)
    bounds = {name: _read_bounds(form.group(name), span) for name, span in FILTER_SPANS.items()}
    max_open = form.count("max_open", 1, POSITIONS_MAX) or 1
    return Entry(times, weekdays, **bounds, max_open=max_open, reentry=_read_reentry(form.group("reentry")))


def _read_times(form: Form) -> tuple[int, ...]:
    if form.has("time"):
        if form.has("times"):
            form.reject("time", "must be left out where times is given")
        time = _read_time(form, "time", form.raw["time"])
        return () if time is None else (time,)
    if not form.has("times"):
        form.reject("times", "is required")
    times: list[int] = []
    for place, raw in enumerate(form.items("times", TIMES_MAX)):
        time = _read_time(form, f"times.{place}", raw)
        if time in times:
            form.reject(f"times.{place}", "must not be given twice")
        elif time is not None:
            times.append(time)
    return tuple(sorted(times))


def _read_time(form: Form, name: str, raw: object) -> int | None:
    time = read_clock(raw)
    if time is not None and FIRST_TIME <= time <= LAST_TIME:
        return time
    form.reject(name, "must be a New York time from 09:30:00 to 15:59:59, as HH:MM or HH:MM:SS")
    return None


def _read_weekdays(form: Form) -> tuple[int, ...]:
    days: list[int] = []
    for place, raw in enumerate(form.items("weekdays", len(WEEKDAYS))):
        day = DAYS.get(raw) if isinstance(raw, str) else None
        if day is None:
            form.reject(f"weekdays.{place}", "must be one of: " + ", ".join(WEEKDAYS))
        elif day in days:
            form.reject(f"weekdays.{place}", "must not be given twice")
        else:
            days.append(day)
    return tuple(sorted(days)) or tuple(DAYS.values())


def _read_bounds(form: Form | None, span: Span) -> Bounds:
    if form is None:
        return UNBOUNDED
    form.expect(optional=("min", "max"))
    bounds = Bounds(form.number_e4("min", span), form.number_e4("max", span))
    if bounds.least_e4 is not None and bounds.most_e4 is not None and bounds.least_e4 > bounds.most_e4:
        form.reject("min", "must be at most max")
    return bounds


def _read_reentry(form: Form | None) -> Reentry | None:
    if form is None:
        return None
    form.expect("count", optional=("wait_minutes", "after"))
    count = form.count("count", 1, REENTRIES_MAX) or 1
    wait_minutes = form.count("wait_minutes", 0, WAIT_MINUTES_MAX) or 0
    return Reentry(count, wait_minutes, form.choice("after", AFTERS) or After.ANY)


def _read_exit(form: Form | None, legs: Sequence[StrategyLeg] | None, entry: Entry | None) -> Exit:
    if form is None:
        return Exit()
    form.expect(optional=EXIT_FIELDS)
    profit = PERCENT_OF_PREMIUM if legs is None or is_profit_unbounded(legs) else PERCENT
    return Exit(
        profit_target_pct_e4=form.number_e4("profit_target_pct", profit),
        stop_loss_pct_e4=form.number_e4("stop_loss_pct", PERCENT),
        stop_loss_credit_pct_e4=form.number_e4("stop_loss_credit_pct", PERCENT_OF_PREMIUM),
        trailing_stop=_read_trailing(form.group("trailing_stop"), profit),
        short_strike_touch=form.flag("short_strike_touch") or False,
        short_delta_max_e4=form.number_e4("short_delta_max", DELTA),
        time=_read_exit_time(form, entry),
    )


def _read_trailing(form: Form | None, span: Span) -> TrailingStop | None:
    if form is None:
        return None
    form.expect("activate_pct", "trail_pct")
    activate_e4, trail_e4 = (form.number_e4(name, span) for name in ("activate_pct", "trail_pct"))
    return None if activate_e4 is None or trail_e4 is None else TrailingStop(activate_e4, trail_e4)


def _read_exit_time(form: Form, entry: Entry | None) -> int | None:
    if not form.has("time"):
        return None
    time = _read_time(form, "time", form.raw["time"])
    last = entry.times[-1] if entry is not None and entry.times else None
    if time is not None and last is not None and time <= last:
        form.reject("time", f"must be later than the last entry at {clock_text(last)}")
    return time


def config_of(strategy: Strategy) -> dict[str, object]:
    """The normalised config: the one that ``read_config`` reads as this strategy, with defaults filled,
    keys in a fixed order, and what is switched off left out."""
    return {
        "legs": [leg_config(leg) for leg in strategy.legs],
        "entry": _entry_config(strategy.entry),
        "exit": _exit_config(strategy.exit),
    }


def _entry_config(entry: Entry) -> dict[str, object]:
    config: dict[str, object] = {
        "times": [clock_text(time) for time in entry.times],
        "weekdays": [WEEKDAYS[day] for day in entry.weekdays],
    }
    for name in FILTER_SPANS:
        bounds: Bounds = getattr(entry, name)
        if bounds != UNBOUNDED:
            config[name] = _given({"min": bounds.least_e4, "max": bounds.most_e4})
    config["max_open"] = entry.max_open
    if entry.reentry is not None:
        count, wait, after = entry.reentry.count, entry.reentry.wait_minutes, entry.reentry.after
        config["reentry"] = {"count": count, "wait_minutes": wait, "after": after.value}
    return config


def _exit_config(leave: Exit) -> dict[str, object]:
    config = _given(
        {
            "profit_target_pct": leave.profit_target_pct_e4,
            "stop_loss_pct": leave.stop_loss_pct_e4,
            "stop_loss_credit_pct": leave.stop_loss_credit_pct_e4,
        }
    )
    if leave.trailing_stop is not None:
        activate_e4, trail_e4 = leave.trailing_stop.activate_e4, leave.trailing_stop.trail_e4
        config["trailing_stop"] = {"activate_pct": number_of(activate_e4), "trail_pct": number_of(trail_e4)}
    config["short_strike_touch"] = leave.short_strike_touch
    config |= _given({"short_delta_max": leave.short_delta_max_e4})
    if leave.time is not None:
        config["time"] = clock_text(leave.time)
    return config


def _given(values_e4: Mapping[str, int | None]) -> dict[str, object]:
    return {name: number_of(value_e4) for name, value_e4 in values_e4.items() if value_e4 is not None}
