"""A strategy's config as GraphQL types. Its rules are the engine's; what is given here is only passed on.

Input and output have the same fields, so that what was read can be sent back.
"""

from dataclasses import fields, is_dataclass
from enum import StrEnum

import strawberry

from api.scalars import DecimalText
from engine.clocks import WEEKDAYS, clock_text
from engine.money import fixed_text
from engine.strategies import (
    UNBOUNDED,
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


@strawberry.enum
class OptionType(StrEnum):
    CALL = "call"
    PUT = "put"


@strawberry.enum
class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"


strawberry.enum(Side, name="LegDirection")
strawberry.enum(StrikeMethod)
strawberry.enum(After, name="ReentryAfter")

FROM_LEG = "Of a width: the place of the earlier leg that it counts from."
STRIKE_VALUE = (
    "A delta, points of premium or distance, percent, or a multiple of the expected move; none at the money."
)
CLOCK = "New York times, such as 10:00 or 10:00:30."


@strawberry.input
class StrikeInput:
    method: StrikeMethod
    value: DecimalText | None = strawberry.field(default=None, description=STRIKE_VALUE)
    from_leg: int | None = strawberry.field(default=None, description=FROM_LEG)


@strawberry.input
class StrategyLegInput:
    direction: Side
    type: OptionType
    qty: int
    strike: StrikeInput


@strawberry.input(description="At least and at most; what is left out does not bound.")
class BoundsInput:
    min: DecimalText | None = None
    max: DecimalText | None = None


@strawberry.input
class ReentryInput:
    count: int
    wait_minutes: int | None = None
    after: After | None = None


@strawberry.input
class EntryInput:
    times: list[str] | None = strawberry.field(default=None, description=CLOCK)
    time: str | None = strawberry.field(default=None, description="One such time, instead of times.")
    weekdays: list[Weekday] | None = None
    vix: BoundsInput | None = strawberry.field(default=None, description="In points.")
    expected_move: BoundsInput | None = strawberry.field(default=None, description="In percent of the index.")
    gap: BoundsInput | None = strawberry.field(default=None, description="In percent.")
    move: BoundsInput | None = strawberry.field(default=None, description="Since the open, in percent.")
    max_open: int | None = None
    reentry: ReentryInput | None = None


@strawberry.input
class TrailingStopInput:
    activate_pct: DecimalText
    trail_pct: DecimalText


@strawberry.input(description="What leaves a position; what is still open settles at the close.")
class ExitInput:
    profit_target_pct: DecimalText | None = None
    stop_loss_pct: DecimalText | None = None
    stop_loss_credit_pct: DecimalText | None = None
    trailing_stop: TrailingStopInput | None = None
    short_strike_touch: bool | None = None
    short_delta_max: DecimalText | None = None
    time: str | None = strawberry.field(default=None, description="A New York time.")


@strawberry.input(
    description="What a strategy enters, when, and when it leaves. Null is the same as left out."
)
class StrategyConfigInput:
    legs: list[StrategyLegInput]
    entry: EntryInput
    exit: ExitInput | None = None


@strawberry.type
class StrikeConfig:
    method: StrikeMethod
    value: DecimalText | None = strawberry.field(description=STRIKE_VALUE)
    from_leg: int | None = strawberry.field(description=FROM_LEG)


@strawberry.type
class StrategyLegConfig:
    direction: Side
    type: OptionType
    qty: int
    strike: StrikeConfig


@strawberry.type
class BoundsConfig:
    min: DecimalText | None
    max: DecimalText | None


@strawberry.type
class ReentryConfig:
    count: int
    wait_minutes: int
    after: After


@strawberry.type
class EntryConfig:
    times: list[str]
    weekdays: list[Weekday]
    vix: BoundsConfig | None
    expected_move: BoundsConfig | None
    gap: BoundsConfig | None
    move: BoundsConfig | None
    max_open: int
    reentry: ReentryConfig | None


@strawberry.type
class TrailingStopConfig:
    activate_pct: DecimalText
    trail_pct: DecimalText


@strawberry.type
class ExitConfig:
    profit_target_pct: DecimalText | None
    stop_loss_pct: DecimalText | None
    stop_loss_credit_pct: DecimalText | None
    trailing_stop: TrailingStopConfig | None
    short_strike_touch: bool
    short_delta_max: DecimalText | None
    time: str | None


@strawberry.type(description="A config normalised: defaults filled, times and weekdays in order.")
class StrategyConfig:
    legs: list[StrategyLegConfig]
    entry: EntryConfig
    exit: ExitConfig


def raw_config(config: StrategyConfigInput) -> dict[str, object]:
    """The config as it would be sent to REST, without what is null."""
    return {name: _raw(value) for name, value in _given(config)}


def _raw(value: object) -> object:
    if isinstance(value, list):
        return [_raw(item) for item in value]
    return {name: _raw(inner) for name, inner in _given(value)} if is_dataclass(value) else value


def _given(value: object) -> list[tuple[str, object]]:
    assert is_dataclass(value), "inputs are dataclasses"
    named = [(field.name, getattr(value, field.name)) for field in fields(value)]
    return [(name, inner) for name, inner in named if inner is not None]


def render_config(strategy: Strategy) -> StrategyConfig:
    return StrategyConfig(
        legs=[_leg(leg) for leg in strategy.legs], entry=_entry(strategy.entry), exit=_exit(strategy.exit)
    )


def _leg(leg: StrategyLeg) -> StrategyLegConfig:
    option = OptionType(leg.right.name.lower())
    return StrategyLegConfig(direction=leg.side, type=option, qty=leg.quantity, strike=_strike(leg.strike))


def _strike(rule: StrikeRule) -> StrikeConfig:
    value = None if rule.method is StrikeMethod.ATM else _decimal(rule.value_e4)
    return StrikeConfig(method=rule.method, value=value, from_leg=rule.from_leg)


def _entry(entry: Entry) -> EntryConfig:
    return EntryConfig(
        times=[clock_text(time) for time in entry.times],
        weekdays=[Weekday(WEEKDAYS[day]) for day in entry.weekdays],
        vix=_bounds(entry.vix),
        expected_move=_bounds(entry.expected_move),
        gap=_bounds(entry.gap),
        move=_bounds(entry.move),
        max_open=entry.max_open,
        reentry=None if entry.reentry is None else _reentry(entry.reentry),
    )


def _bounds(bounds: Bounds) -> BoundsConfig | None:
    if bounds == UNBOUNDED:
        return None
    return BoundsConfig(min=_decimal_or_null(bounds.least_e4), max=_decimal_or_null(bounds.most_e4))


def _reentry(reentry: Reentry) -> ReentryConfig:
    return ReentryConfig(count=reentry.count, wait_minutes=reentry.wait_minutes, after=reentry.after)


def _exit(leave: Exit) -> ExitConfig:
    return ExitConfig(
        profit_target_pct=_decimal_or_null(leave.profit_target_pct_e4),
        stop_loss_pct=_decimal_or_null(leave.stop_loss_pct_e4),
        stop_loss_credit_pct=_decimal_or_null(leave.stop_loss_credit_pct_e4),
        trailing_stop=None if leave.trailing_stop is None else _trailing(leave.trailing_stop),
        short_strike_touch=leave.short_strike_touch,
        short_delta_max=_decimal_or_null(leave.short_delta_max_e4),
        time=None if leave.time is None else clock_text(leave.time),
    )


def _trailing(stop: TrailingStop) -> TrailingStopConfig:
    return TrailingStopConfig(activate_pct=_decimal(stop.activate_e4), trail_pct=_decimal(stop.trail_e4))


def _decimal(value_e4: int) -> DecimalText:
    return DecimalText(fixed_text(value_e4, 4))


def _decimal_or_null(value_e4: int | None) -> DecimalText | None:
    return None if value_e4 is None else _decimal(value_e4)
