"""What the config of a strategy looks like. It is read by the engine, alike for every face."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from typing_extensions import TypeAliasType

from engine.clocks import WEEKDAYS
from engine.leg_configs import RIGHTS
from engine.strategies import LEGS_MAX, TIMES_MAX, After, Side, StrikeMethod
from rest_compat.wire import one_of

ClockText = TypeAliasType(
    "ClockText",
    Annotated[
        str,
        WithJsonSchema(
            {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$", "examples": ["10:00", "15:55:30"]}
        ),
    ],
)
ConfigNumber = TypeAliasType(
    "ConfigNumber",
    Annotated[
        Any,
        WithJsonSchema(
            {
                "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}],
                "examples": [50],
            }
        ),
    ],
)


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConfigStrike(_Part):
    method: Annotated[str, one_of(*StrikeMethod)]
    value: ConfigNumber | None = None
    from_leg: Annotated[ConfigNumber | None, Field(description="The leg that a width counts from.")] = None


class ConfigLeg(_Part):
    direction: Annotated[str, one_of(*Side)]
    type: Annotated[str, one_of(*RIGHTS)]
    qty: ConfigNumber
    strike: ConfigStrike


class ConfigBounds(_Part):
    min: ConfigNumber | None = None
    max: ConfigNumber | None = None


class ConfigReentry(_Part):
    count: ConfigNumber
    wait_minutes: ConfigNumber | None = None
    after: Annotated[str, one_of(*After)] | None = None


class ConfigEntry(_Part):
    """When to enter, by New York time: ``times``, or a single ``time``."""

    times: Annotated[list[ClockText] | None, Field(min_length=1, max_length=TIMES_MAX)] = None
    time: ClockText | None = None
    weekdays: list[Annotated[str, one_of(*WEEKDAYS)]] | None = None
    vix: ConfigBounds | None = None
    expected_move: ConfigBounds | None = None
    gap: ConfigBounds | None = None
    move: ConfigBounds | None = None
    max_open: ConfigNumber | None = None
    reentry: ConfigReentry | None = None


class ConfigTrailingStop(_Part):
    activate_pct: ConfigNumber
    trail_pct: ConfigNumber


class ConfigExit(_Part):
    """When to leave; what none of these closes settles at the close."""

    profit_target_pct: ConfigNumber | None = None
    stop_loss_pct: ConfigNumber | None = None
    stop_loss_credit_pct: ConfigNumber | None = None
    trailing_stop: ConfigTrailingStop | None = None
    short_strike_touch: bool | None = None
    short_delta_max: ConfigNumber | None = None
    time: ClockText | None = None


class StrategyConfig(_Part):
    """The config of a strategy. Null is the same as leaving a field out."""

    legs: Annotated[list[ConfigLeg], Field(min_length=1, max_length=LEGS_MAX)]
    entry: ConfigEntry
    exit: ConfigExit | None = None
