"""Live trading while Redis hangs: it takes connections and says nothing."""

import time

from tests.databases import hanging
from tests.days import tiny_day
from tests.live_market import on_air
from tests.people import Town
from tests.rest_compat.desk import Desk
from usecases.matching import LEASE

ANSWER_SECONDS = 2.0
LEGS = [{"instrument": "SPXW  250115C05930000", "quantity": "1", "action": "buy to open"}]
NEVER = {"type": "limit", "price": "0.05", "price_effect": "debit", "legs": LEGS}


async def test_orders_are_answered_and_matched_in_time_while_redis_hangs(
    town: Town, trader: Desk, redis_url: str
) -> None:
    with on_air(town, tiny_day()) as market:
        await market.match()
        assert (await trader.post("/live", {"starting_capital": "100000"})).status_code == 201
        async with hanging(redis_url):
            waited = []
            for second in range(1, 6):
                began = time.monotonic()
                await market.tick(second)
                waited.append(time.monotonic() - began)
                began = time.monotonic()
                answer = await trader.post("/live/orders", NEVER)
                assert answer.status_code == 201, answer.text
                assert time.monotonic() - began < ANSWER_SECONDS
    assert max(waited) < LEASE.total_seconds() / 2
    assert market.matcher.tally.second == 5
    assert market.matcher.tally.takeovers == 1
