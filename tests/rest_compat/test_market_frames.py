"""The live market on the WebSocket, second by second."""

from dataclasses import replace
from datetime import date

from engine.market import MISSING_DELTA, MISSING_TICKS, Day
from tests.days import tiny_day
from tests.live_market import Market, on_air
from tests.rest_compat.desk import Desk
from tests.rest_compat.streaming import PUBLIC, closed, heard, hears_nothing, opened, token_of

AGGREGATES, CHAIN = "live_aggregate_data", "live_option_chain"
BOTH = {"action": "subscribe", "channels": [AGGREGATES, CHAIN]}
ROWS = {"action": "subscribe", "channel": CHAIN}
COLUMNS = ROWS | {"format": "columnar"}
ALL_SERIES = "spx,vix,spxExpectedMove,spxOTMBids,spxExtrinsic"


async def tell(market: Market, second: int) -> None:
    """Put seconds on the tape and ring."""
    market.tell(second)
    await market.ports.topics.market_ticked(second)


def gapped_day() -> Day:
    """A day, recorded by nobody so far, on which the call at 5930 is not quoted and the delta of the put
    there is not known."""
    day = tiny_day(date(2025, 1, 16))
    bids, asks, deltas = day.bid_ticks.copy(), day.ask_ticks.copy(), day.delta_e4.copy()
    bids[0] = asks[0] = MISSING_TICKS
    deltas[:, 1] = MISSING_DELTA
    return replace(day, bid_ticks=bids, ask_ticks=asks, delta_e4=deltas)


async def test_the_latest_second_comes_at_once_and_then_each_new_one(trader: Desk) -> None:
    with on_air(trader.town) as market:
        subscribe = {"action": "subscribe", "channel": AGGREGATES}
        async with opened(trader.town, PUBLIC, subscribe) as socket:
            assert (await heard(socket))["payload"]["datetime"] == "2025-01-15T14:30:00Z"
            await tell(market, 1)
            frame = await heard(socket)
            await hears_nothing(socket)

        history = await trader.get("/market-data/historical/2025-01-15", params={"series": ALL_SERIES})
        assert frame == {"channel": AGGREGATES, "payload": history.json()[1]}


async def test_the_chain_comes_in_rows(trader: Desk) -> None:
    with on_air(trader.town, gapped_day()):
        async with opened(trader.town, token_of(trader), ROWS) as socket:
            frame = await heard(socket)

        chain = (await trader.get("/market-data/option-chain-snapshots/2025-01-16T14:30:00")).json()
    assert frame["channel"] == CHAIN
    assert frame["payload"][0] == {
        "strike": 5930,
        "call": None,
        "put": {"bid": 4.9, "ask": 5.1, "delta": None},
    }
    assert {
        f"{side}_{row['strike']}": row[side] for row in frame["payload"] for side in ("call", "put")
    } == chain


async def test_the_chain_comes_in_columns_for_who_asks(trader: Desk) -> None:
    with on_air(trader.town, gapped_day()):
        async with opened(trader.town, token_of(trader), COLUMNS) as socket:
            frame = await heard(socket)
    assert frame == {
        "channel": CHAIN,
        "payload": {
            "k": [5930, 5940, 5950, 5960, 5970],
            "cb": [None, 1490, 490, 490, 490],
            "ca": [None, 1510, 510, 510, 510],
            "cd": [None, 6000, 5000, 4000, 3000],
            "pb": [490, 490, 490, 1490, 2490],
            "pa": [510, 510, 510, 1510, 2510],
            "pd": [None, 4000, 5000, 6000, 7000],
        },
    }


async def test_a_chain_has_one_format_at_a_time(trader: Desk) -> None:
    with on_air(trader.town) as market:
        async with opened(trader.town, token_of(trader), ROWS, COLUMNS) as socket:
            frames = [await heard(socket)]
            if isinstance(frames[0]["payload"], list):  # the rows were sent before the columns were asked for
                frames = [await heard(socket)]
            await tell(market, 1)
            frames.append(await heard(socket))
            await hears_nothing(socket)
    assert [list(frame["payload"]) for frame in frames] == [["k", "cb", "ca", "cd", "pb", "pa", "pd"]] * 2


async def test_what_is_unsubscribed_comes_no_more(trader: Desk) -> None:
    with on_air(trader.town) as market:
        async with opened(trader.town, token_of(trader), BOTH) as socket:
            assert {(await heard(socket))["channel"] for _ in range(2)} == {AGGREGATES, CHAIN}
            await socket.send('{"action": "unsubscribe", "channel": "live_option_chain"}')
            await hears_nothing(socket)
            await tell(market, 1)
            assert (await heard(socket))["channel"] == AGGREGATES
            await hears_nothing(socket)


async def test_a_visitor_gets_no_chain_and_nobody_what_he_did_not_ask_for(trader: Desk) -> None:
    with on_air(trader.town):
        async with (
            opened(trader.town, PUBLIC, ROWS) as visitor,
            opened(trader.town, token_of(trader)) as silent,
        ):
            await hears_nothing(visitor)
            await hears_nothing(silent)


async def test_without_a_market_or_a_fresh_second_nothing_comes_until_there_is_one(trader: Desk) -> None:
    async with opened(trader.town, token_of(trader), ROWS) as socket:
        await hears_nothing(socket)
        with on_air(trader.town) as market:
            await trader.town.ports.topics.market_ticked(0)
            assert (await heard(socket))["channel"] == CHAIN
            await hears_nothing(socket)
        with on_air(trader.town) as market:
            await tell(market, 3)
            assert (await heard(socket))["channel"] == CHAIN


async def test_a_lost_bell_is_made_good(trader: Desk) -> None:
    with on_air(trader.town) as market:
        async with opened(trader.town, token_of(trader), ROWS) as socket:
            await heard(socket)
            market.tell(1)
            assert (await heard(socket))["channel"] == CHAIN


async def test_who_signs_out_is_closed_at_once(trader: Desk) -> None:
    with on_air(trader.town):
        async with opened(trader.town, token_of(trader), ROWS) as socket:
            await heard(socket)
            await trader.http.delete("/auth/sessions")
            assert await closed(socket) == 4401
