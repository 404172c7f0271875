"""Trades on the real day, through both faces, against figures made straight from the vendor's file."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.api.asking import Asker, application
from tests.oracle.vendor import CLOSE, DAY, VendorDay, read_legs, single_leg_price, vendor_day
from tests.people import Town
from tests.people import town as a_town
from tests.rest_compat.desk import Desk, client

FEE_OPEN, FEE_EXERCISE = Decimal("1.72"), Decimal(5)


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str, real_days: Path) -> AsyncIterator[Town]:
    async with a_town(database_url, redis_url, real_days) as one:
        yield one


@pytest_asyncio.fixture
async def trader(town: Town) -> AsyncIterator[Desk]:
    token = await town.person("trader@example.com")
    async with client(town.ports, token.token) as http:
        yield Desk(town, http)


@pytest_asyncio.fixture
async def simulation(trader: Desk) -> str:
    answer = await trader.post("/simulations", {"date": DAY, "starting_capital": "1000000"})
    assert answer.status_code == 201, answer.text
    return f"/simulations/{answer.json()['id']}"


@pytest.fixture
def vendor(shared_data: Path) -> VendorDay:
    return vendor_day(shared_data)


def utc(minute: str) -> str:
    """A New York minute of the day, which was five hours behind."""
    hour, rest = minute.split(":")
    return f"{DAY}T{int(hour) + 5:02d}:{rest}:00Z"


def legs(text: str, deed: str = "open") -> list[dict[str, str]]:
    return [
        {
            "instrument": f"SPXW  180105{name[-1]}{int(name[:-1]) * 1000:08d}",
            "quantity": str(abs(signed)),
            "action": f"{'buy' if signed > 0 else 'sell'} to {deed}",
        }
        for signed, name in read_legs(text)
    ]


def limit(text: str, signed: Decimal, deed: str = "open") -> dict[str, Any]:
    effect = "debit" if signed >= 0 else "credit"
    return {"type": "limit", "price": f"{abs(signed):.2f}", "price_effect": effect, "legs": legs(text, deed)}


async def place(trader: Desk, simulation: str, order: dict[str, Any]) -> Any:
    answer = await trader.post(f"{simulation}/orders", order)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def look(trader: Desk, simulation: str, minute: str) -> Any:
    answer = await trader.http.patch(simulation, json={"time": utc(minute)})
    assert answer.status_code == 200, answer.text
    return answer.json()


VERTICALS = [
    ("10:00", "+1 2730C, -1 2740C"),
    ("09:45", "-1 2725P, +1 2720P"),
    ("11:17", "+1 2735C, -1 2740C"),
    ("10:30", "-1 2725P, +1 2715P, -1 2740C, +1 2750C"),
    ("13:05", "+1 2725C, -2 2735C, +1 2745C"),
    ("14:10", "+1 2740P, -1 2730P"),
]


@pytest.mark.parametrize(("minute", "structure"), VERTICALS)
async def test_a_marketable_limit_fills_at_the_vendors_mid(
    trader: Desk, simulation: str, vendor: VendorDay, minute: str, structure: str
) -> None:
    await look(trader, simulation, minute)
    net = vendor.snapped(minute, structure)
    order = await place(trader, simulation, limit(structure, net))
    assert (order["status"], order["fill_datetime"]) == ("filled", utc(minute))
    assert (order["fill_price"], order["fill_price_effect"]) == (
        f"{abs(net):.2f}",
        "debit" if net >= 0 else "credit",
    )
    assert sum(Decimal(row["value"]) for row in order["transactions"]) == 100 * net


@pytest.mark.parametrize("better_by", ["0.05", "0.20", "0.45"])
@pytest.mark.parametrize("traded", VERTICALS)
async def test_a_waiting_limit_fills_in_the_minute_in_which_the_vendors_mid_first_reaches_it(
    trader: Desk, simulation: str, vendor: VendorDay, traded: tuple[str, str], better_by: str
) -> None:
    minute, structure = traded
    asked = vendor.snapped(minute, structure) - Decimal(better_by)
    filled_at = vendor.first_minute(minute, structure, asked)
    await look(trader, simulation, minute)
    order = await place(trader, simulation, limit(structure, asked))
    assert order["status"] == "pending"

    await look(trader, simulation, CLOSE)
    final = (await trader.get(f"{simulation}/orders/{order['id']}")).json()

    if filled_at is None:
        assert final["status"] == "expired"
        return
    net = vendor.snapped(filled_at, structure)
    assert (final["status"], final["fill_datetime"], final["fill_price"]) == (
        "filled",
        utc(filled_at),
        f"{abs(net):.2f}",
    )


@pytest.mark.parametrize(
    ("structure", "exercised"),
    [
        ("+1 2730C, -1 2740C", 1),
        ("-3 2740C, +3 2750C", 1),
        ("+1 2725C, -2 2735C, +1 2745C", 2),
        ("-2 2725P, +2 2720P", 0),
        ("+1 2750P, -1 2745P", 1),
    ],
)
async def test_what_is_held_to_the_close_settles_at_the_vendors_last_print(
    trader: Desk, simulation: str, vendor: VendorDay, structure: str, exercised: int
) -> None:
    assert vendor.settlement == Decimal("2743.15")
    await look(trader, simulation, "12:00")
    units = min(abs(signed) for signed, _ in read_legs(structure))
    unit = ", ".join(f"{signed // units:+d} {name}" for signed, name in read_legs(structure))
    net = vendor.snapped("12:00", unit)
    await place(trader, simulation, limit(structure, net))

    settled = await look(trader, simulation, CLOSE)

    contracts = sum(abs(signed) for signed, _ in read_legs(structure))
    fees = FEE_OPEN * contracts + FEE_EXERCISE * exercised
    gross = vendor.settlement_cash(structure) - 100 * net * units
    assert settled["ended"] is True
    assert Decimal(settled["realized_profit_loss"]) == gross
    assert Decimal(settled["fees"]) == fees
    assert Decimal(settled["net_liquidation_value"]) == 1_000_000 + gross - fees
    assert settled["available_buying_power"] == settled["net_liquidation_value"]


async def test_positions_are_marked_at_the_vendors_mids_at_every_minute(
    trader: Desk, simulation: str, vendor: VendorDay
) -> None:
    await look(trader, simulation, "10:00")
    paid = vendor.snapped("10:00", "+1 2730C, -1 2740C")
    await place(trader, simulation, limit("+1 2730C, -1 2740C", paid))
    rows = (await trader.get(f"{simulation}/history?interval=60")).json()
    worth = {row["timestamp"]: Decimal(row["net_liquidation_value"]) for row in rows}
    minutes = [minute for minute in vendor.minutes if "10:00" <= minute < CLOSE]
    assert len(minutes) == 360
    for minute in minutes:
        value = 100 * vendor.net_mid(minute, "+1 2730C, -1 2740C")
        assert worth[utc(minute)] == 1_000_000 - 100 * paid - 2 * FEE_OPEN + value, minute


@pytest.mark.parametrize(("name", "side"), [("2730C", 1), ("2730C", -1), ("2735P", 1), ("2725P", -1)])
async def test_a_single_leg_lands_on_its_own_grid(
    trader: Desk, simulation: str, vendor: VendorDay, name: str, side: int
) -> None:
    await look(trader, simulation, "11:30")
    mid = vendor.row("11:30", name).mid
    price = single_leg_price(mid, buying=side > 0)
    order = await place(trader, simulation, limit(f"{side:+d} {name}", side * price))
    assert (order["status"], order["fill_price"]) == ("filled", f"{price:.2f}")


async def test_both_faces_tell_the_same_day(town: Town, vendor: VendorDay) -> None:
    token = await town.person("both@example.com")
    async with client(town.ports, token.token) as http:
        trader = Desk(town, http)
        answer = await trader.post("/simulations", {"date": DAY, "starting_capital": "100000"})
        path = f"/simulations/{answer.json()['id']}"
        await look(trader, path, "10:00")
        await place(trader, path, limit("+1 2730C, -1 2740C", Decimal("3.50")))
        await place(trader, path, limit("-1 2725P, +1 2720P", Decimal("-0.70")))
        rest = await look(trader, path, "10:27")
        rest_positions = (await trader.get(f"{path}/positions")).json()
        rest_rows = (await trader.get(f"{path}/transactions")).json()

    told = await Asker(application(town.ports), token.token).ask(
        """query($uuid: UUID!) { simulation(uuid: $uuid) { time
            financials { availableBuyingPower netLiquidationValue fees maintenanceBuyingPower }
            positions { nodes { uuid instrument quantity netLiquidity delta } }
            transactions { nodes { uuid value fees } } } }""",
        {"uuid": answer.json()["id"]},
    )
    graph = told["simulation"]
    assert graph["time"] == rest["time"]
    assert graph["financials"] == {
        "availableBuyingPower": rest["available_buying_power"],
        "netLiquidationValue": rest["net_liquidation_value"],
        "fees": rest["fees"],
        "maintenanceBuyingPower": rest["maintenance_buying_power"],
    }
    assert [
        (p["uuid"], p["instrument"], str(p["quantity"]), p["netLiquidity"], p["delta"])
        for p in graph["positions"]["nodes"]
    ] == [(p["id"], p["instrument"], p["quantity"], p["net_liquidity"], p["delta"]) for p in rest_positions]
    assert [(t["uuid"], t["value"], t["fees"]) for t in graph["transactions"]["nodes"]] == [
        (t["id"], t["value"], t["fees"]) for t in rest_rows
    ]
