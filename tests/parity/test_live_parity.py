"""Live and historical are one market: the same orders at the same clocks fill at the same second, price and
fees on a day told live as in a simulation of it, and its tape is published under the hash of its source."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import pytest_asyncio

from engine.calendar import session_of
from engine.contracts import Contract, Right, format_osi
from engine.denials import Code, Denial
from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day, SettlementSource
from engine.orders import Order, OrderStatus
from engine.synthetic import SEED_DEFAULT, synthesize
from engine.tickets import LegRequest, OrderRequest
from marketdata.importing import ImportRequest, run_import
from marketdata.library import Library
from tests.campaigns import CAMPAIGN, Campaign
from tests.days import publish_day
from tests.engine.chances import day_of
from tests.marketdata.vendor_files import NOW
from tests.parity.striding import Strider, striding
from tests.people import Town
from tests.people import town as a_town
from tests.zerodte.processes import directory_in_memory
from usecases import live, orders, sessions
from usecases.live import StartLive
from usecases.ports import Ports, Viewer
from usecases.sessions import CreateSimulation
from usecases.submissions import Submission
from usecases.views import OrderReceipt, OrderView, PositionsView, SessionView

CAPITAL_CENTS = 10_000_000_00
CLOCKS, ORDERS_A_CLOCK, PENDING_MAX = 25, 3, 8
SYNTHETIC = ("2024-11-29", "2025-01-13", "2025-01-14")  # the first is half a day
IMPORTED = {
    date(2018, 1, 5): ("cboe", "cboe-intervals-gpl2"),
    date(2021, 1, 4): ("lean", "lean-apache2/Data"),
}


@pytest_asyncio.fixture
async def town(database_url: str, redis_url: str) -> AsyncIterator[Town]:
    with directory_in_memory() as directory:
        async with a_town(database_url, redis_url, directory / "days") as one:
            yield one


@dataclass(frozen=True, slots=True)
class Act:
    """What a trader did at a second, and what he was told: a denial, or the order's number among his.

    ``about`` is the order that he replaces, or without a request cancels.
    """

    second: int
    asked: OrderRequest | None
    about: int | None
    told: Denial | int | None


@dataclass(slots=True)
class Trader:
    """Somebody who trades at random in one session, and writes down what he does."""

    ports: Ports
    viewer: Viewer
    session_id: UUID
    acts: list[Act] = field(default_factory=list)
    orders: list[UUID] = field(default_factory=list)

    async def do(self, second: int, asked: OrderRequest | None, about: int | None) -> bool:
        """False where nothing was done, as nobody could have done it just then."""
        replaced = None if about is None else self.orders[about]
        told: Denial | int | None
        if asked is None:
            assert replaced is not None
            told = await orders.delete_order(self.ports, self.viewer, self.session_id, replaced)
        else:
            submission = Submission(self.session_id, asked, replaces=replaced)
            answer = await orders.place_order(self.ports, self.viewer, submission)
            told = answer if isinstance(answer, Denial) else self._number(answer)
        if isinstance(told, Denial) and told.code is Code.LIVE_UNAVAILABLE:
            return False
        self.acts.append(Act(second, asked, about, told))
        return True

    def _number(self, receipt: OrderReceipt) -> int:
        self.orders.append(receipt.order.id)
        return len(self.orders) - 1

    async def seen(self) -> dict[UUID, OrderView]:
        views = await orders.list_orders(self.ports, self.viewer, self.session_id)
        assert not isinstance(views, Denial), views
        return {view.id: view for view in views}

    async def pending(self) -> list[int]:
        seen = await self.seen()
        return [n for n, one in enumerate(self.orders) if one in seen and _is_pending(seen[one])]

    async def held(self) -> list[tuple[Contract, int]]:
        view = await orders.positions(self.ports, self.viewer, self.session_id)
        assert isinstance(view, PositionsView), view
        return [(one.contract, one.direction.sign * one.quantity) for one in view.positions]

    async def session(self) -> SessionView:
        view = await sessions.get_session(self.ports, self.viewer, self.session_id)
        assert isinstance(view, SessionView), view
        return view


def _is_pending(view: OrderView) -> bool:
    return view.status is OrderStatus.PENDING


def dice(day: Day, second: int, chance: Random, held: list[tuple[Contract, int]]) -> OrderRequest:
    """An order on what is quoted at a second or held by then, at a price near its mid."""
    if held and chance.random() < 0.3:
        contract, quantity = chance.choice(held)
        return _priced(day, second, chance, [(contract, -quantity)], "close")
    spx = day.spx(second) or day.spx(day.known_until) or 0
    near = sorted(day.contracts, key=lambda one: abs(10_000 * one.strike_points - spx))[:24]
    quantity = chance.choice([1, 1, 2, 5])
    if chance.random() < 0.4:
        return _priced(day, second, chance, [(chance.choice(near), quantity)], "open")
    spreads = [_spread(near, right, chance) for right in chance.sample([*Right], chance.choice([1, 2]))]
    legs = [(leg, sign * quantity) for spread in spreads for leg, sign in zip(spread, (1, -1), strict=True)]
    return _priced(day, second, chance, legs, "open")


def _spread(near: list[Contract], right: Right, chance: Random) -> list[Contract]:
    return chance.sample([one for one in near if one.right is right], 2)


def _priced(
    day: Day, second: int, chance: Random, legs: list[tuple[Contract, int]], deed: str
) -> OrderRequest:
    quantity = min(abs(signed) for _, signed in legs)
    quotes = [(day.quote(contract, second), signed // quantity) for contract, signed in legs]
    mid_cents = sum(round(2.5 * (q.bid_ticks + q.ask_ticks)) * weight for q, weight in quotes if q)
    net_cents = mid_cents - mid_cents % 10 + 10 * chance.randint(-12, 6)
    price = f"{abs(net_cents) / 100:.2f}"
    effect = "debit" if net_cents >= 0 else "credit"
    named = tuple(
        LegRequest(format_osi(day.date, contract), str(abs(signed)), _action(signed, deed))
        for contract, signed in legs
    )
    match chance.choice(["limit"] * 6 + ["market", "stop"]):
        case "market":
            return OrderRequest("market", named)
        case "stop":
            direction = chance.choice(["at_or_above", "at_or_below"])
            return OrderRequest(
                "stop", named, price_effect=effect, stop_trigger=price, trigger_direction=direction
            )
    return OrderRequest("limit", named, price=price, price_effect=effect)


def _action(signed: int, deed: str) -> str:
    return f"{'buy' if signed > 0 else 'sell'} to {deed}"


async def trade_live(strider: Strider, trader: Trader, day: Day, chance: Random) -> None:
    """Random acts at random clocks; nothing happens between them but the market."""
    clocks = sorted(chance.sample(range(day.known_from, day.known_until), CLOCKS))
    for second in clocks:
        for _ in range(ORDERS_A_CLOCK):
            await strider.stride(max(second, strider.second))
            while not await trader.do(strider.second, *await _choice(trader, day, strider.second, chance)):
                await strider.stride(strider.second + 1)  # this machine was slow, and the data is stale


async def _choice(
    trader: Trader, day: Day, second: int, chance: Random
) -> tuple[OrderRequest | None, int | None]:
    """An order, or what to put in the place of a pending one: nothing, or the same at another price."""
    pending = await trader.pending()
    if not pending or (len(pending) < PENDING_MAX and chance.random() < 0.85):
        return dice(day, second, chance, await trader.held()), None
    about = chance.choice(pending)
    return _better(trader, about) if chance.random() < 0.6 else None, about


def _better(trader: Trader, about: int) -> OrderRequest | None:
    """The same limit order at another price; None, a cancellation, for another order."""
    asked = next(act.asked for act in trader.acts if act.told == about)
    if asked is None or asked.type != "limit" or asked.price is None:
        return None
    return replace(asked, price=f"{float(asked.price) + 0.20:.2f}")


async def trade_again(trader: Trader, acts: list[Act], day: Day) -> None:
    """The same acts at the same clocks in a simulation of the recorded day."""
    for act in acts:
        moved = await sessions.move_clock(
            trader.ports, trader.viewer, trader.session_id, day.open_at + timedelta(seconds=act.second)
        )
        assert isinstance(moved, SessionView), moved
        assert await trader.do(act.second, act.asked, act.about)
    await sessions.move_clock(trader.ports, trader.viewer, trader.session_id, day.close_at)


async def came_to_the_same(live_trader: Trader, trader: Trader) -> Counter[str]:
    """Every answer, fill, fee and cent is equal; how many orders there were by what became of them."""
    for did, did_live in zip(trader.acts, live_trader.acts, strict=True):
        assert did == did_live
    lives, historical = await live_trader.seen(), await trader.seen()
    became: Counter[str] = Counter()
    for live_id, id_ in zip(live_trader.orders, trader.orders, strict=True):
        view = lives[live_id]
        became[view.status.value] += 1
        became["filled later"] += view.state.fill is not None and _later(view)
        if view.status is OrderStatus.CANCELED:
            assert id_ not in historical
        else:
            assert _became(view) == _became(historical[id_])
    ended, past = await live_trader.session(), await trader.session()
    assert (ended.ended, ended.financials, ended.at) == (past.ended, past.financials, past.at)
    became["denied"] = sum(isinstance(act.told, Denial) for act in trader.acts)
    return became


def _became(view: OrderView) -> tuple[Any, ...]:
    state = view.state
    fill = None if state.fill is None else replace(state.fill, leg_fee_cents=None)
    return view.status, state.order.placed_second, fill, state.fees_cents


def _later(view: OrderView) -> bool:
    order: Order = view.state.order
    return order.fill is not None and order.fill.second > order.placed_second


def imported(root: Path, shared_data: Path, on: date) -> Day:
    format_, folder = IMPORTED[on]
    run_import(ImportRequest(format_, (shared_data / folder,)), root, NOW)
    day = Library(root).open(on)
    assert day is not None
    return day


def synthetic(root: Path, on: date) -> Day:
    bounds = session_of(on)
    assert bounds is not None
    return publish_day(root, synthesize(bounds, SEED_DEFAULT))


def scattered(root: Path, seed: int) -> Day:
    """Twenty minutes with everything that data can lack."""
    day = day_of(seed)
    seconds = np.arange(day.close_second + 1)
    known = (day.known_from <= seconds) & (seconds <= day.known_until)
    cut = replace(
        day,
        bid_ticks=np.where(known, day.bid_ticks, np.uint16(MISSING_TICKS)),
        ask_ticks=np.where(known, day.ask_ticks, np.uint16(MISSING_TICKS)),
        delta_e4=np.where(known[:, None], day.delta_e4, np.int16(MISSING_DELTA)),
        spx_e4=np.where(known, day.spx_e4, np.int32(MISSING_INDEX)),
        vix_e4=np.where(known, day.vix_e4, np.int32(MISSING_INDEX)),
        settlement_cents=595_000,
        settlement_source=SettlementSource.OFFICIAL,
    )
    return publish_day(root, cut)


def source_of(name: str) -> Callable[[Path, Path], Day]:
    """``recorded 2018-01-05``, ``synthetic 2024-11-29`` or ``scattered 3``."""
    kind, _, which = name.partition(" ")
    match kind:
        case "recorded":
            return lambda root, data: imported(root, data, date.fromisoformat(which))
        case "synthetic":
            return lambda root, _: synthetic(root, date.fromisoformat(which))
    return lambda root, _: scattered(root, int(which))


SOURCES = [
    *(f"recorded {on}" for on in IMPORTED),
    *(f"synthetic {on}" for on in SYNTHETIC[: CAMPAIGN.size(1, len(SYNTHETIC))]),
    *(f"scattered {seed}" for seed in range(CAMPAIGN.size(3, 100))),
]


@pytest.mark.parametrize("name", SOURCES)
async def test_orders_fill_live_as_they_do_in_a_simulation_of_the_day(
    town: Town, shared_data: Path, campaign: Campaign, name: str
) -> None:
    day = await asyncio.to_thread(source_of(name), town.days, shared_data)
    chance = Random(f"{campaign.seed} {name}")
    found = await town.viewer(await town.person("trader@example.com", None))
    assert found is not None
    viewer = replace(found, slippage_cents=chance.choice([0, 5]))
    async with striding(town.ports, day) as strider:
        await strider.stride(day.known_from)
        started = await live.start(town.ports, viewer, StartLive(CAPITAL_CENTS))
        assert isinstance(started, SessionView), started
        live_trader = Trader(town.ports, viewer, started.id)
        await trade_live(strider, live_trader, day, chance)
        assert await strider.end() == 1

    tape = town.ports.live.on_air()
    assert tape is not None and tape.closed is not None
    assert tape.closed.day_hash == day.content_hash
    wanted = CreateSimulation(day.date, CAPITAL_CENTS)
    simulation = await sessions.create_simulation(town.ports, viewer, wanted)
    assert isinstance(simulation, SessionView), simulation
    trader = Trader(town.ports, viewer, simulation.id)
    await trade_again(trader, live_trader.acts, day)
    became = await came_to_the_same(live_trader, trader)
    assert became["filled"] > 10, became
    assert became["filled later"] > 1 or name.startswith("scattered"), became
