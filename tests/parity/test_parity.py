"""The same story told through REST and through GraphQL leaves the same rows and the same answers."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from starlette.applications import Starlette

from engine.money import fixed_text
from rest_compat.application import rest_face
from store.database import Database
from store.tables.events import SessionEventRow
from store.tables.orders import OrderRow
from store.tables.sessions import SessionRow
from tests.api.asking import Asker, application
from tests.days import publish_tiny_day
from tests.parity.faces import DAY, Face, GraphQL, Rest
from tests.people import town as a_town

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OWN = {"id", "uuid", "user_id", "session_id", "request_hash", "created_at", "updated_at", "at"}


def order(price: str, *legs: tuple[str, str], effect: str = "debit", kind: str = "limit") -> dict[str, Any]:
    """An order as REST writes it; a leg is a side with its strike, and an action."""
    written = [
        {"instrument": f"SPXW  250115{side[0]}0{side[1:]}000", "quantity": "1", "action": action}
        for side, action in legs
    ]
    return {"type": kind, "price": price, "price_effect": effect, "legs": written}


VERTICAL = order("20.50", ("C5930", "buy to open"), ("C5970", "sell to open"))
WAITING = order("4.00", ("C5950", "buy to open"))
CREDIT = order("9.50", ("P5970", "sell to open"), ("P5960", "buy to open"), effect="credit")
CLOSE = order("19.50", ("C5930", "sell to close"), ("C5970", "buy to close"), effect="credit")
STOP = {
    "type": "stop",
    "stop_trigger": "4.00",
    "price_effect": "debit",
    "legs": [{"instrument": "SPXW  250115C05950000", "quantity": "2", "action": "buy to open"}],
}
MARKET = {"type": "market", "legs": STOP["legs"]}


@dataclass(frozen=True, slots=True)
class Market:
    """An installation that both faces serve."""

    app: Starlette
    database: Database
    rest: Rest
    graphql: GraphQL


@pytest_asyncio.fixture
async def market(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Market]:
    publish_tiny_day(tmp_path)
    async with a_town(database_url, redis_url, tmp_path) as town:
        ports = replace(town.ports, market_now=lambda: datetime(2025, 1, 15, 15, tzinfo=UTC))
        app = application(ports)
        app.router.default = rest_face()
        one = await town.person("rest@example.com", password=None)
        two = await town.person("graphql@example.com", password=None)
        yield Market(app, ports.database, Rest(app, one.token), GraphQL(Asker(app, two.token)))


async def trade(face: Face) -> list[Any]:
    """A day of trading; everything that the trader is told."""
    told = [await face.create(starting_capital="100000", description="both"), await face.move("14:31:00")]
    for entry in (VERTICAL, WAITING, CREDIT, STOP, MARKET):
        told += [await face.dry_run(entry), await face.place(entry)]
    told += [await face.place(CLOSE), *await everything(face)]
    told += [await face.move("14:35:00"), *await everything(face)]
    told += [await face.move("14:30:00"), *await everything(face)]
    told += [await face.move("14:40:00"), *await everything(face), await face.history(7)]
    return told


async def look(face: Face) -> list[Any]:
    """What was held and what had happened at times other than the clock's, and outside the session."""
    told = [await face.create(starting_capital="100000"), await face.move("14:31:00")]
    told += [await face.place(VERTICAL), await face.place(WAITING)]
    times = ("14:29:59", "14:30:00", "14:31:00", "14:31:55", "14:35:00", "14:40:00", "14:40:01")
    told += [await face.read(what, at) for at in times for what in ("positions", "transactions")]
    return [*told, await face.session()]


async def everything(face: Face) -> list[Any]:
    return [
        await face.session(),
        *[await face.read(what) for what in ("orders", "positions", "transactions")],
    ]


async def change(face: Face) -> list[Any]:
    """Replacements and deletions, allowed and refused."""
    told = [await face.create(starting_capital="100000"), await face.move("14:31:00")]
    vertical, waiting = await face.place(VERTICAL), await face.place(WAITING)
    closing = await face.place(CLOSE)
    told += [vertical, waiting, closing]
    told += [await face.replace(waiting["id"], order("3.80", ("C5950", "buy to open")))]
    told += [await face.replace(waiting["id"], WAITING), await face.delete(vertical["id"])]
    told += [
        await face.delete(closing["id"]),
        await face.delete(vertical["id"]),
        await face.delete(vertical["id"]),
    ]
    return [*told, *await everything(face)]


async def repeat(face: Face) -> list[Any]:
    """Repeats under a key and under a client's own order id."""
    told = [await face.create(starting_capital="100000"), await face.move("14:31:00")]
    told += [await face.place(WAITING, key="one"), await face.place(WAITING, key="one")]
    told += [await face.place(VERTICAL, key="one")]
    return [*told, *await everything(face)]


REFUSED = [
    order("3.05", ("C5950", "buy to open")),
    order("4.001", ("C5950", "buy to open")),
    order("40.05", ("C5930", "buy to open"), ("C5970", "sell to open")),
    order("4.00", ("C5950", "buy to open"), effect="credit"),
    order("4.00", ("C5955", "buy to open")),
    order("4.00", ("C5950", "sell to close"), effect="credit"),
    order("4.00", ("C5950", "buy to open"), ("C5950", "sell to open")),
    order("1.00", ("P5950", "sell to open"), effect="credit"),
    {**STOP, "stop_trigger": "6.00"},
    {**VERTICAL, "type": "market"},
    {**WAITING, "legs": []},
    {"type": "limit", "price_effect": "debit", "legs": WAITING["legs"]},
    {"type": "stop", "price_effect": "debit", "legs": WAITING["legs"]},
    {**WAITING, "legs": [{**WAITING["legs"][0], "quantity": "1001"}]},
    {**WAITING, "legs": [{**WAITING["legs"][0], "instrument": "SPXW  250116C05950000"}]},
    {**WAITING, "legs": [{**WAITING["legs"][0], "instrument": "SPX   250115C05950000"}]},
]


async def refusals(face: Face) -> list[Any]:
    """Everything that is refused, by its code and its words."""
    told = [await face.create(starting_capital="999"), await face.create(starting_capital="100000")]
    told += [await face.create(starting_capital="100000")]
    told += [await face.move("14:29:59"), await face.move("14:40:01"), await face.move("14:31:00")]
    for entry in REFUSED:
        told += [await face.dry_run(entry), await face.place(entry)]
    told += [await face.delete("00000000-0000-0000-0000-000000000001"), await face.move("14:40:00")]
    return [*told, await face.place(WAITING), *await everything(face)]


@pytest.mark.parametrize("story", [trade, change, repeat, look, refusals])
async def test_both_faces_tell_the_same_story(
    market: Market, story: Callable[[Face], Awaitable[list[Any]]]
) -> None:
    rest, graphql = await story(market.rest), await story(market.graphql)
    for number, (one, two) in enumerate(zip(numbered(rest), numbered(graphql), strict=True)):
        assert one == two, f"answer {number}"
    one, two = await rows(market.database, "rest"), await rows(market.database, "graphql")
    assert one == two


async def test_a_key_used_in_one_face_is_used_in_the_other(market: Market) -> None:
    await market.rest.create(starting_capital="100000")
    await market.rest.move("14:31:00")
    same_trader = GraphQL(Asker(market.app, market.rest.token), market.rest.path.rpartition("/")[2])
    first = await market.rest.place(WAITING, key="one")
    assert await same_trader.place(WAITING, key="one") == first
    assert (await same_trader.place(VERTICAL, key="one"))["code"] == "idempotency_key_reused"
    assert [one["id"] for one in await market.rest.read("orders")] == [first["id"]]


async def test_the_chain_is_the_same_market(market: Market) -> None:
    rest = (await market.rest._send("GET", f"/market-data/option-chain-snapshots/{DAY}T14:31:00")).json()
    data = await market.graphql.asker.ask(
        f'{{ marketDay(date: "{DAY}") {{ strikes chain(at: "{DAY}T14:31:00Z") {{ strikes'
        " callBidCents callAskCents callDeltaE4 putBidCents putAskCents putDeltaE4 } } }"
    )
    chain = data["marketDay"]["chain"]
    assert rest == {
        f"{side}_{strike}": {
            "bid": chain[f"{side}BidCents"][row] / 100,
            "ask": chain[f"{side}AskCents"][row] / 100,
            "delta": chain[f"{side}DeltaE4"][row] / 10_000,
        }
        for row, strike in enumerate(chain["strikes"])
        for side in ("call", "put")
    }
    strikes = (await market.rest._send("GET", f"/market-data/strikes/{DAY}")).json()
    assert strikes == data["marketDay"]["strikes"] == chain["strikes"]


async def test_a_range_of_chains_is_the_same_market(market: Market) -> None:
    path = f"/market-data/option-chain-snapshots/{DAY}T14:30:00/{DAY}T14:34:00?interval=60"
    rest = (await market.rest._send("GET", path)).json()
    data = await market.graphql.asker.ask(
        f'{{ marketDay(date: "{DAY}") {{'
        f' chains(start: "{DAY}T14:30:00Z", end: "{DAY}T14:34:00Z", interval: 60)'
        " { time strikes callBidCents putAskCents putDeltaE4 } } }"
    )
    assert {
        time: {
            strike: (
                chain[f"call_{strike}"]["bid"],
                *[chain[f"put_{strike}"][name] for name in ("ask", "delta")],
            )
            for strike in (5930, 5940, 5950, 5960, 5970)
        }
        for time, chain in rest.items()
    } == {
        chain["time"]: {
            strike: (
                chain["callBidCents"][row] / 100,
                chain["putAskCents"][row] / 100,
                chain["putDeltaE4"][row] / 10_000,
            )
            for row, strike in enumerate(chain["strikes"])
        }
        for chain in data["marketDay"]["chains"]
    }


@pytest.mark.parametrize(
    ("start", "end", "interval"),
    [
        ("14:30:00", "14:30:30", 1),
        ("14:30:01", "14:30:00", 1),
        ("14:30:00", "14:30:01", 0),
        ("14:30:00", "14:40:01", 60),
    ],
)
async def test_a_range_of_chains_is_refused_in_the_same_words(
    market: Market, start: str, end: str, interval: int
) -> None:
    path = f"/market-data/option-chain-snapshots/{DAY}T{start}/{DAY}T{end}?interval={interval}"
    rest = await market.rest._send("GET", path)
    (error,) = await market.graphql.asker.errors(
        f'{{ marketDay(date: "{DAY}") {{'
        f' chains(start: "{DAY}T{start}Z", end: "{DAY}T{end}Z", interval: {interval})'
        " { time } } }"
    )
    told = rest.headers["x-error-code"], rest.text
    assert told == (error["extensions"]["reason"], error["message"])


async def test_the_average_expected_move_is_the_same_market(market: Market) -> None:
    path = f"/market-data/average-expected-move?from={DAY}&to={DAY}&interval=120"
    rest = (await market.rest._send("GET", path)).json()
    told = (
        await market.graphql.asker.ask(
            f'{{ averageExpectedMove(from: "{DAY}", to: "{DAY}", interval: 120) {{'
            " from to days synthetic timeOfDaySeconds spxExpectedMoveE6 dayCounts } }"
        )
    )["averageExpectedMove"]
    columns = (told.pop(name) for name in ("timeOfDaySeconds", "spxExpectedMoveE6", "dayCounts"))
    rows = [
        {
            "time": f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}",
            "spx_expected_move": fixed_text(move, 6),
            "days": days,
        }
        for second, move, days in zip(*columns, strict=True)
    ]
    assert rest == {**told, "averages": rows}
    assert len(rows) == 6


async def test_the_series_are_the_same_market(market: Market) -> None:
    names = "spx,vix,spxExpectedMove,spxOTMBids,spxExtrinsic"
    rest = (await market.rest._send("GET", f"/market-data/historical/{DAY}?series={names}")).json()
    data = await market.graphql.asker.ask(
        f'{{ marketDay(date: "{DAY}") {{ series {{ timeUnix spxE4 vixE4 spxExpectedMoveE6'
        " spxOtmBidsCents spxExtrinsicE4 } } }"
    )
    series = data["marketDay"]["series"]
    assert [row["datetimeUnix"] for row in rest] == series["timeUnix"]
    for name, column, places in (
        ("spx", "spxE4", 4),
        ("vix", "vixE4", 4),
        ("spx_expected_move", "spxExpectedMoveE6", 6),
        ("spx_otm_bids", "spxOtmBidsCents", 2),
        ("spx_extrinsic", "spxExtrinsicE4", 4),
    ):
        assert [float(row[name]) for row in rest] == [
            float(fixed_text(value, places)) for value in series[column]
        ]


async def test_the_profile_is_the_same_person(market: Market) -> None:
    fees = {
        "buy_equity": "0.001",
        "sell_equity": "0.005",
        "buy_to_open_option": "2",
        "sell_to_open_option": "2",
        "buy_to_close_option": "0.25",
        "sell_to_close_option": "0.25",
        "exercise_option": "7.5",
    }
    changed = await market.rest._send("PATCH", "/user", json={"fee_schedule": fees, "slippage": "0.05"})
    assert changed.status_code == 204
    profile = (await market.rest._send("GET", "/user")).json()
    data = await Asker(market.app, market.rest.token).ask(
        "{ viewer { id: uuid email slippage fee_schedule: feeSchedule { buy_equity: buyEquity"
        " sell_equity: sellEquity buy_to_open_option: buyToOpenOption sell_to_open_option: sellToOpenOption"
        " buy_to_close_option: buyToCloseOption sell_to_close_option: sellToCloseOption"
        " exercise_option: exerciseOption } } }"
    )
    assert {name: profile[name] for name in data["viewer"]} == data["viewer"]


async def rows(database: Database, who: str) -> dict[str, list[dict[str, Any]]]:
    """What one trader's story left in the database, without what is his own."""
    users = f"(SELECT id FROM users WHERE email = '{who}@example.com')"
    sessions = f"(SELECT id FROM sessions WHERE user_id = {users})"
    tables = {
        SessionRow.__tablename__: f"user_id = {users}",
        OrderRow.__tablename__: f"session_id IN {sessions}",
        SessionEventRow.__tablename__: f"session_id IN {sessions}",
    }
    kept = {}
    async with database.reading() as tx:
        for table, own in tables.items():
            found = await tx.exec_driver_sql(f"SELECT * FROM {table} WHERE {own} ORDER BY 1, 2")
            kept[str(table)] = [
                {name: value for name, value in row._mapping.items() if name not in _OWN} for row in found
            ]
    return {name: numbered(values) for name, values in kept.items()}


def numbered(value: Any, seen: dict[str, str] | None = None) -> Any:
    """The same with each UUID replaced by its place among those seen, so that two stories compare."""
    seen = {} if seen is None else seen
    if isinstance(value, dict):
        return {name: numbered(inner, seen) for name, inner in sorted(value.items())}
    if isinstance(value, list):
        return [numbered(inner, seen) for inner in value]
    if isinstance(value, str | UUID):
        return _UUID.sub(lambda found: seen.setdefault(found[0], f"#{len(seen)}"), str(value))
    return value
