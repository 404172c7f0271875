"""A newcomer trades a whole live day of `zerodte up`, through the close and its settlement, and
back-tests on it. All that he is told is held to the day's file."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from engine.fills import first_fill
from engine.market import Day
from engine.orders import Ticket
from engine.tickets import OrderRequest, read_ticket
from marketdata.library import Library
from marketdata.live import LiveMarket
from marketdata.recording_files import recording_ids
from tests.campaigns import CAMPAIGN
from tests.days import DATE, publish_day, tiny_day
from tests.engine.tapes import request
from tests.zerodte.installations import Installation, installed
from tests.zerodte.newcomer import Body, Heard, Newcomer, body_of, eventually
from tests.zerodte.processes import directory_in_memory

SHORT_SECONDS, SHORT_SPEED = 1_200, 120
WHOLE_SECONDS, WHOLE_SPEED = 23_400, 1_200
START = {"starting_capital": "100000", "description": "my live session"}
STRADDLE = "+1 5950C, +1 5950P"
WAITING = request(STRADDLE, "6.00", "debit")
AT_ONCE = request("+1 5940C", type="market")
SPREAD = request("-1 5960P, +1 5970P", "10.00", "debit")
STOP = request(
    "-1 5940C close", effect="credit", type="stop", stop_trigger="12.00", trigger_direction="at_or_below"
)
TOO_LOW = request("+1 5950C", "0.05", "debit")
BETTER = replace(TOO_LOW, price="1.50")
NEVER = request("+1 5930C", "0.05", "debit")
CONFIG = {
    "legs": [{"direction": "buy", "type": "call", "qty": 1, "strike": {"method": "points_otm", "value": 10}}],
    "entry": {"times": ["09:30:10"]},
    "exit": {"time": "09:38"},
}


@dataclass(slots=True)
class Traded:
    """The orders of a live session as they were accepted, by what becomes of them."""

    fills: list[tuple[OrderRequest, Body]] = field(default_factory=list)
    canceled: list[Body] = field(default_factory=list)
    expires: list[Body] = field(default_factory=list)


def second_of(day: Day, text: str) -> int:
    return day.second_of(datetime.fromisoformat(text))


def fill_of(day: Day, asked: OrderRequest, placed: Body) -> tuple[int, int]:
    """The second and the net price at which a scan of the whole day fills an order."""
    ticket = read_ticket(asked, DATE)
    assert isinstance(ticket, Ticket), ticket
    fill = first_fill(day, ticket, 0, second_of(day, placed["datetime"]), day.close_second)
    assert fill is not None, asked
    return fill.second, abs(fill.net_price_cents)


def filled_at(day: Day, order: Body) -> tuple[int, int]:
    assert order["status"] == "filled", order
    return second_of(day, order["fill_datetime"]), round(100 * float(order["fill_price"]))


async def traded(trader: Newcomer) -> Traded:
    """Every kind of order; one is asked for twice, one is replaced, one is canceled."""
    done = Traded()
    for number, asked in enumerate((AT_ONCE, SPREAD, STOP, WAITING)):
        trader.http.headers["Idempotency-Key"] = f"order-{number}"
        answers = [await trader.ask("POST", "/live/orders", body_of(asked), expect=201) for _ in range(2)]
        assert answers[0] == answers[1], "a repeat is told what was told first"
        done.fills.append((asked, answers[0]))
    del trader.http.headers["Idempotency-Key"]
    preview = await trader.ask("POST", "/live/orders/dry-run", body_of(NEVER))
    assert preview["status"] == "pending"
    replaced, canceled, never = [
        await trader.ask("POST", "/live/orders", body_of(asked), expect=201)
        for asked in (TOO_LOW, TOO_LOW, NEVER)
    ]
    better = await trader.ask("PUT", "/live/orders", {"order_id": replaced["id"], **body_of(BETTER)})
    done.fills.append((BETTER, better))
    await trader.ask("DELETE", f"/live/orders/{canceled['id']}", expect=204)
    await trader.ask("DELETE", f"/live/orders/{canceled['id']}", expect=409)
    done.canceled += [replaced, canceled]
    done.expires.append(never)
    return done


async def settled(trader: Newcomer, session_id: str) -> Body:
    """Wait until nothing is live any more; the session as the past has it."""

    async def is_over() -> bool:
        return await trader.ask("GET", "/live") is None

    await eventually(is_over, seconds=10 * 60)
    past = await trader.ask("GET", f"/simulations/{session_id}")
    assert past["id"] in {one["id"] for one in await trader.ask("GET", "/simulations")}
    assert (past["mode"], past["ended"], past["date"]) == ("live", True, str(DATE))
    return dict(past)


async def orders_became(trader: Newcomer, day: Day, session_id: str, done: Traded) -> None:
    """Each order is as the scan of the day's file says."""
    listed = await trader.ask("GET", f"/simulations/{session_id}/orders")
    orders = {order["id"]: order for order in listed}
    assert len(orders) == len(listed) == len(done.fills) + len(done.canceled) + len(done.expires)
    for asked, placed in done.fills:
        assert filled_at(day, orders[placed["id"]]) == fill_of(day, asked, placed), asked
    assert [orders[one["id"]]["status"] for one in done.canceled] == ["canceled"] * len(done.canceled)
    assert [orders[one["id"]]["status"] for one in done.expires] == ["expired"] * len(done.expires)


def streams_were_whole(day: Day, heard: Heard, done: Traded) -> None:
    """The market came second by second, and what became of the session without a gap."""
    seconds = [second_of(day, one["payload"]["datetime"]) for one in heard.of("live_aggregate_data")]
    assert seconds == sorted(set(seconds)) and len(seconds) > 10
    ticks = [second_of(day, one["time"]) for one in heard.ticks]
    assert ticks == sorted(set(ticks)) and len(ticks) > 10
    strikes = {tuple(one["payload"]["k"]) for one in heard.of("live_option_chain")}
    assert strikes == {tuple(sorted({contract.strike_points for contract in day.contracts}))}

    frames = heard.of("simulation_events")
    ids = [one["id"] for one in frames]
    assert ids == sorted(set(ids))
    assert frames.index(next(one for one in frames if one["type"] == "ended")) >= len(frames) - 2
    last = {one["payload"]["id"]: one["payload"]["status"] for one in frames if one["type"] == "order_update"}
    assert {last[placed["id"]] for _, placed in done.fills} == {"filled"}
    assert {last[placed["id"]] for placed in done.canceled} == {"canceled"}
    assert {last[placed["id"]] for placed in done.expires} == {"expired"}


def events_were_whole(heard: Heard, done: Traded) -> None:
    told = [one for one in heard.events if one["kind"] is not None]
    assert [one["seq"] for one in told] == list(range(1, len(told) + 1))
    kinds = [one["kind"] for one in told]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    assert counts.pop("FINANCIALS_CHANGED") > 0
    assert counts == {
        "CREATED": 1,
        "ORDER_PLACED": len(done.fills) + len(done.canceled) + len(done.expires) - 1,
        "ORDER_REPLACED": 1,
        "ORDER_CANCELED": len(done.canceled),
        "ORDER_FILLED": len(done.fills),
        "ORDER_EXPIRED": len(done.expires),
        "SETTLED": 1,
    }


async def the_past_says_the_same(trader: Newcomer, day: Day, session_id: str, done: Traded) -> None:
    """The same orders of a historical simulation of the day, at the same clocks, come to the same."""
    wanted = {"date": str(DATE), "starting_capital": START["starting_capital"]}
    simulation = await trader.ask("POST", "/simulations", wanted, expect=201)
    path = f"/simulations/{simulation['id']}"
    live = {one["id"]: one for one in await trader.ask("GET", f"/simulations/{session_id}/orders")}
    told = ("fill_datetime", "fill_price", "fees", "datetime")
    historical = []
    for asked, placed in done.fills:
        await trader.ask("PATCH", path, {"time": placed["datetime"]})
        historical.append((await trader.ask("POST", f"{path}/orders", body_of(asked), expect=201))["id"])
    ended = await trader.ask("PATCH", path, {"time": simulation["end_time"]})
    for id_, (_, placed) in zip(historical, done.fills, strict=True):
        order = await trader.ask("GET", f"{path}/orders/{id_}")
        assert {name: order[name] for name in told} == {name: live[placed["id"]][name] for name in told}
    past = await trader.ask("GET", f"/simulations/{session_id}")
    money = ("credits", "debits", "fees", "net_liquidation_value", "realized_profit_loss")
    assert {name: past[name] for name in money} == {name: ended[name] for name in money}


async def can_be_backtested(trader: Newcomer) -> None:
    preview = await trader.ask("POST", "/strategies/preview", {"config": CONFIG})
    results = f"/strategies/preview/{preview['snapshot']['source_hash']}/results"
    found: dict[str, Any] = {}

    async def is_run() -> bool:
        found.update(await trader.ask("GET", results))
        return bool(found["covered_days"] == found["total_sessions"] == 1)

    await eventually(is_run)
    assert (found["window_from"], found["window_to"]) == (str(DATE), str(DATE))


async def trade_the_day(up: Installation, day: Day) -> None:
    token = up.register("newcomer@example.com")
    async with Newcomer.at(up.url, token) as trader:
        await eventually(lambda: started(trader))
        session = await trader.ask("GET", "/live")
        async with trader.following(session["id"]) as heard:
            done = await traded(trader)
            await settled(trader, session["id"])

            async def was_told() -> bool:
                kinds = [one["kind"] for one in heard.events]
                return "SETTLED" in kinds and kinds[-1] == "FINANCIALS_CHANGED"

            await eventually(was_told)
        await orders_became(trader, day, session["id"], done)
        streams_were_whole(day, heard, done)
        events_were_whole(heard, done)
        await the_past_says_the_same(trader, day, session["id"], done)
        await can_be_backtested(trader)
    the_tape_is_the_day(up.data_dir, day)


async def started(trader: Newcomer) -> bool:
    """Start a live session, once the market's first second is matched."""
    answer = await trader.http.post("/live", json=START)
    assert answer.status_code in {201, 400, 503}, answer.text
    return answer.status_code == 201


def the_tape_is_the_day(data_dir: Path, day: Day) -> None:
    live = LiveMarket(data_dir / "live")
    (recording_id,) = recording_ids(live.root)
    tape = live.tape(recording_id)
    assert tape is not None and tape.closed is not None
    assert tape.closed.day_hash == day.content_hash
    info = Library(data_dir / "days").current(DATE)
    assert info is not None and info.content_hash == day.content_hash


@pytest.mark.parametrize(
    ("close_second", "speed"),
    [
        (SHORT_SECONDS, SHORT_SPEED),
        pytest.param(
            WHOLE_SECONDS,
            WHOLE_SPEED,
            marks=pytest.mark.skipif(not CAMPAIGN.is_whole, reason="a minute and a half, in `make soak`"),
        ),
    ],
)
async def test_a_newcomer_trades_a_whole_live_day(close_second: int, speed: int) -> None:
    with directory_in_memory() as directory:
        day = publish_day(directory / "var" / "days", tiny_day(close_second=close_second))
        with installed(directory / "var", "--market", f"replay:{DATE}", "--speed", str(speed)) as up:
            await trade_the_day(up, day)
            assert up.stop() < 5
