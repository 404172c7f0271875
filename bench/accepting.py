"""Live orders accepted over REST: several traders at once, each order under an idempotency key of its own."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

from bench.figures import Figure, percentile
from bench.product import Client, Product, UnexpectedAnswer, register, running_product
from engine.contracts import Right, format_osi
from engine.market import Day
from marketdata.generating import first_run_dates
from marketdata.live import LiveMarket

TRADERS = 8
ORDERS_EACH = 50
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1


def accepting_figures() -> Iterator[Figure]:
    (on,) = first_run_dates(1)
    with running_product(market=f"replay:{on}") as product:
        body = waiting_order(day_on_air(product))
        traders = [trader(product, number) for number in range(TRADERS)]
        alone = place(traders[0], body)
        start = time.perf_counter()
        with ThreadPoolExecutor(TRADERS) as threads:
            taken = [ms for one in threads.map(lambda one: place(one, body), traders[1:]) for ms in one]
        rate = len(taken) / (time.perf_counter() - start)
        yield Figure("a live order by REST, p50", percentile(alone, 50), "ms", note="one trader, nobody else")
        yield Figure("a live order by REST, p99", percentile(alone, 99), "ms")
        note = f"{TRADERS - 1} traders at once, {ORDERS_EACH} orders each, clients on the same cores"
        yield Figure("live orders accepted", rate, "a second", note=note)
        yield Figure("the same: one of them, p99", percentile(taken, 99), "ms")


def day_on_air(product: Product) -> Day:
    live = LiveMarket(product.data_dir / "live")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (air := live.on_air()) is None or air.day is None:
        if time.monotonic() > deadline:
            raise UnexpectedAnswer("nothing came on air")
        time.sleep(POLL_SECONDS)
    return air.day


def waiting_order(day: Day) -> bytes:
    """A call at the money for next to nothing."""
    spx = day.spx_e4[day.known_until]
    calls = [one for one in day.contracts if one.right is Right.CALL]
    nearest = min(calls, key=lambda one: abs(10_000 * one.strike_points - int(spx)))
    leg = {"instrument": format_osi(day.date, nearest), "quantity": "1", "action": "buy to open"}
    order: dict[str, Any] = {"type": "limit", "price": "0.05", "price_effect": "debit", "legs": [leg]}
    return json.dumps(order).encode()


def trader(product: Product, number: int) -> Client:
    """Somebody with a live session."""
    port = product.client.port
    client = Client(port, register(port, product.data_dir / "outbox", f"live{number}@example.com"))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while client.attempt("POST", "/live", b'{"starting_capital": "1000000"}') != 201:
        if time.monotonic() > deadline:
            raise UnexpectedAnswer("no live session can be started")
        time.sleep(POLL_SECONDS)
    return client


def place(client: Client, body: bytes) -> list[float]:
    """Milliseconds to the answer of each order."""
    taken = []
    for _ in range(ORDERS_EACH):
        start = time.perf_counter()
        status = client.attempt("POST", "/live/orders", body, str(uuid4()))
        taken.append(1_000 * (time.perf_counter() - start))
        if status != 201:
            raise UnexpectedAnswer(f"an order was answered {status}")
    return taken
