"""The same live day traded through REST and through GraphQL leaves the same rows and the same answers."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import pytest_asyncio

from rest_compat.application import rest_face
from tests.api.asking import Asker, application
from tests.live_market import Market, on_air
from tests.parity.live_faces import LiveGraphQL, LiveRest
from tests.parity.test_parity import CREDIT, MARKET, REFUSED, STOP, VERTICAL, WAITING, numbered, order, rows
from tests.people import Town
from tests.people import town as a_town
from usecases.live_settling import settle_due

Live: TypeAlias = LiveRest | LiveGraphQL
_OWN = {"recording_uuid", "settled_at"}


@dataclass(frozen=True, slots=True)
class Floor:
    """An installation that both faces serve."""

    town: Town
    rest: LiveRest
    graphql: LiveGraphQL


@pytest_asyncio.fixture
async def floor(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Floor]:
    async with a_town(database_url, redis_url, tmp_path / "days") as town:
        app = application(town.ports)
        app.router.default = rest_face()
        one = await town.person("rest@example.com", password=None)
        two = await town.person("graphql@example.com", password=None)
        yield Floor(town, LiveRest(app, one.token), LiveGraphQL(Asker(app, two.token)))


async def trade(face: Live, market: Market) -> list[Any]:
    """A live day from its start to its settlement; everything that the trader is told."""
    told = [await face.create(starting_capital="100000"), await face.create(starting_capital="100000")]
    for entry in (VERTICAL, WAITING, CREDIT, STOP, MARKET):
        told += [await face.dry_run(entry), await face.place(entry)]
    told += await everything(face)
    await market.tick(130)
    told += await everything(face)
    market.tell(599)
    market.publish()
    told += [await face.place(MARKET)]
    await market.match()
    told += [await face.session(), await face.place(MARKET)]
    assert await settle_due(market.ports) == 1
    await face.look_back()
    return [*told, *await everything(face), await face.history(7)]


async def change(face: Live, market: Market) -> list[Any]:
    """Replacements and cancellations, allowed and refused."""
    told = [await face.create(starting_capital="100000")]
    filled, waiting = await face.place(MARKET), await face.place(WAITING)
    cheaper = order("3.80", ("C5950", "buy to open"))
    replaced = await face.replace(waiting["id"], cheaper)
    told += [filled, waiting, replaced, await face.replace(waiting["id"], cheaper)]
    told += [await face.replace(filled["id"], cheaper), await face.replace(replaced["id"], VERTICAL)]
    told += [await face.delete(filled["id"]), await face.delete(replaced["id"])]
    told += [await face.delete(replaced["id"]), *await everything(face)]
    return [*told, await face.end(), await face.end()]


async def repeat(face: Live, market: Market) -> list[Any]:
    """Repeats under a key."""
    told = [await face.create(starting_capital="100000")]
    told += [await face.place(WAITING, key="one"), await face.place(WAITING, key="one")]
    return [*told, await face.place(VERTICAL, key="one"), *await everything(face)]


async def refusals(face: Live, market: Market) -> list[Any]:
    """Everything that is refused, by its code and its words."""
    told = [await face.create(starting_capital="999"), await face.create(starting_capital="100000")]
    for entry in REFUSED:
        told += [await face.dry_run(entry), await face.place(entry)]
    told += [await face.delete("00000000-0000-0000-0000-000000000001")]
    market.tell(30)
    return [*told, await face.place(WAITING), await face.dry_run(WAITING)]


async def everything(face: Live) -> list[Any]:
    return [
        await face.session(),
        *[await face.read(what) for what in ("orders", "positions", "transactions")],
    ]


@pytest.mark.parametrize("story", [trade, change, repeat, refusals])
async def test_both_faces_tell_the_same_live_story(
    floor: Floor, story: Callable[[Live, Market], Awaitable[list[Any]]]
) -> None:
    rest, graphql = [await told(floor.town, face, story) for face in (floor.rest, floor.graphql)]
    for number, (one, two) in enumerate(zip(rest, graphql, strict=True)):
        assert one == two, f"answer {number}"
    one, two = [await left(floor.town, who) for who in ("rest", "graphql")]
    assert one == two


async def told(town: Town, face: Live, story: Callable[[Live, Market], Awaitable[list[Any]]]) -> list[Any]:
    """The story on a recording of its own."""
    with on_air(town) as market:
        await market.match()
        answers: list[Any] = numbered(without_updates(await story(face, market)))
        return answers


def without_updates(told: Any) -> Any:
    """REST tells it of live orders alone, to the microsecond."""
    if isinstance(told, list):
        return [without_updates(one) for one in told]
    if isinstance(told, dict):
        return {name: without_updates(value) for name, value in told.items() if name != "updated_at"}
    return told


async def left(town: Town, who: str) -> dict[str, list[dict[str, Any]]]:
    found = await rows(town.ports.database, who)
    return {
        table: [{name: value for name, value in row.items() if name not in _OWN} for row in kept]
        for table, kept in found.items()
    }


async def test_an_order_was_changed_at_the_same_time(floor: Floor) -> None:
    with on_air(floor.town) as market:
        await market.match()
        session = await floor.rest.create(starting_capital="100000")
        placed = await floor.rest.place(WAITING)
        seen = await Asker(floor.rest.app, floor.rest.token).ask(
            "query($uuid: UUID!, $order: UUID!)"
            " { simulation(uuid: $uuid) { order(uuid: $order) { updatedAt } } }",
            {"uuid": session["id"], "order": placed["id"]},
        )
    assert placed["updated_at"].replace(".000000", "") == seen["simulation"]["order"]["updatedAt"]
