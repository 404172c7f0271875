"""Strategies kept through either face: the same answers, the same refusals, the same results."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from engine.programs import source_hash
from tests.api.asking import Asker
from tests.backtests import STRANGLE, program_of, publish_sessions, run_all, strangle
from tests.engine.configuring import DOCUMENTED, FULL, changed
from tests.parity.strategy_faces import StrategyFace, StrategyGraphQL, StrategyRest
from tests.parity.test_parity import Market, market, numbered

__all__ = ["market"]

SETTLED = {**STRANGLE, "exit": {}}
BAD = changed(changed(FULL, "legs.1.strike.from_leg", 1), "entry.times", ["25:00", "10:00"])


async def build(face: StrategyFace) -> list[Any]:
    """Configs previewed one after the other, and their results read."""
    told = [await face.preview(config) for config in (DOCUMENTED, FULL, STRANGLE)]
    told += [await face.preview({**STRANGLE, "entry": {"time": "09:30:10"}})]
    told += [await face.results(source_hash(program_of(config))) for config in (DOCUMENTED, STRANGLE)]
    return [*told, await face.results("0" * 64), await face.listed()]


async def keep(face: StrategyFace) -> list[Any]:
    """A strategy saved, described, published, drilled into, removed, and saved again."""
    told = [await face.save(STRANGLE), await face.strategy(), await face.listed(), await face.csv()]
    told += [await face.change(description="mine"), await face.change(privacy="public"), await face.listed()]
    told += [await face.change(description=None), await face.change(), await face.save(STRANGLE)]
    told += [await face.drill(day) for day in ("2025-01-15", "2025-01-14")]
    told += [await face.save(SETTLED, privacy="public"), await face.drill("2025-01-16"), await face.listed()]
    told += [await face.remove(), await face.strategy(), await face.remove(), await face.drill("2025-01-16")]
    return [*told, await face.csv(), await face.save(SETTLED), await face.change(privacy="private")]


async def refusals(face: StrategyFace) -> list[Any]:
    """What a config or a strategy is refused for, field by field."""
    told = [await face.preview(BAD), await face.save(BAD), await face.change(description="mine")]
    told += [await face.preview({**STRANGLE, "entry": {}}), await face.save({**STRANGLE, "legs": []})]
    told += [await face.preview(changed(STRANGLE, "legs.0.direction", "sell"))]
    told += [await face.save(strangle(33)), await face.change(description="x" * 10_000)]
    return [*told, await face.strategy(), await face.listed()]


@pytest.mark.parametrize("story", [build, keep, refusals])
async def test_both_faces_keep_the_same_strategies(
    market: Market, tmp_path: Path, story: Callable[[StrategyFace], Awaitable[list[Any]]]
) -> None:
    """Every program is run beforehand: what one of the two had run, the other would find."""
    publish_sessions(tmp_path, 3, first=3)
    rest = StrategyRest(market.app, market.rest.token)
    graphql = StrategyGraphQL(Asker(market.app, market.graphql.asker.token))
    for config in (DOCUMENTED, FULL, STRANGLE, SETTLED, strangle(33)):
        await rest.preview(config)
        await run_all(market.app.state.ports)
    first, second = await story(rest), await story(graphql)
    for number, (one, two) in enumerate(zip(numbered(first), numbered(second), strict=True)):
        assert one == two, f"answer {number}"
