"""What tests of strategies ask for."""

from typing import Any

from strawberry.utils.str_converters import to_camel_case

from tests.api.accounting import change
from tests.api.asking import Asker

NAMED = {"direction", "type", "method", "after", "weekdays"}

STRIKE = "method value fromLeg"
BOUNDS = "{ min max }"
CONFIG = (
    f"legs {{ direction type qty strike {{ {STRIKE} }} }}"
    f" entry {{ times weekdays vix {BOUNDS} expectedMove {BOUNDS} gap {BOUNDS} move {BOUNDS} maxOpen"
    " reentry { count waitMinutes after } }"
    " exit { profitTargetPct stopLossPct stopLossCreditPct trailingStop { activatePct trailPct }"
    " shortStrikeTouch shortDeltaMax time }"
)
LOGIC = f"config {{ {CONFIG} }} program description summary risks"
COVERAGE = (
    "sourceHash execStatus coveredDays totalSessions newSessionsAvailable updateAllowed"
    " windowLabel windowFrom windowTo synthetic"
)
SAVED = "id uuid sourceHash privacy isOwner description createdAt updatedAt"


def as_sent(config: Any) -> Any:
    """A config of REST as GraphQL takes it: names in camel case, and enums."""
    if isinstance(config, list):
        return [as_sent(item) for item in config]
    if not isinstance(config, dict):
        return config
    return {
        to_camel_case(name): _upper(value) if name in NAMED else as_sent(value)
        for name, value in config.items()
    }


def _upper(value: Any) -> Any:
    return [item.upper() for item in value] if isinstance(value, list) else value.upper()


async def previewed(
    asker: Asker, config: Any, fields: str = f"coverage {{ {COVERAGE} }}", **sent: Any
) -> Any:
    """The payload of a preview; ``fields`` are of its backtest."""
    return await change(
        asker,
        "previewStrategy",
        "PreviewStrategyInput",
        f"preview {{ logic {{ {LOGIC} }} backtest {{ sourceHash {fields} }} }}",
        {"config": as_sent(config), **sent},
    )


async def saved(asker: Asker, config: Any, fields: str = SAVED, **sent: Any) -> Any:
    """The strategy that was saved."""
    payload = await change(
        asker,
        "saveStrategy",
        "SaveStrategyInput",
        f"strategy {{ {fields} }}",
        {"config": as_sent(config), **sent},
    )
    assert payload["userErrors"] == [], payload
    return payload["strategy"]


async def updated(asker: Asker, strategy_id: str, fields: str = SAVED, **sent: Any) -> Any:
    """The payload of a change."""
    return await change(
        asker,
        "updateStrategy",
        "UpdateStrategyInput",
        f"strategy {{ {fields} }}",
        {"strategyId": strategy_id, **sent},
    )


async def strategy(asker: Asker, uuid: str, fields: str = SAVED) -> Any:
    """Fields of a strategy, None where the asker may not read one."""
    data = await asker.ask(f"query($uuid: UUID!) {{ strategy(uuid: $uuid) {{ {fields} }} }}", {"uuid": uuid})
    return data["strategy"]


async def backtest(asker: Asker, source_hash: str, fields: str) -> Any:
    """Fields of a backtest, None where the asker may not read it."""
    data = await asker.ask(
        f"query($hash: String!) {{ backtest(sourceHash: $hash) {{ {fields} }} }}", {"hash": source_hash}
    )
    return data["backtest"]
