"""What a trader waits for: requests over loopback to the running product."""

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bench.figures import Figure, laps_micros, percentile
from bench.product import Client, Product, UnexpectedAnswer, running_product

ORDERS = 50
LAPS = 200
STRIKES_EACH_SIDE = 10
CAPITAL = 10_000_000
LISTEN_SECONDS = 0.002
CLOCK = timedelta(minutes=30)

chance = random.Random(20250115)


@dataclass(frozen=True, slots=True)
class Trader:
    """A simulation on the generated day, its clock half an hour after the open."""

    client: Client
    path: str
    start_at: datetime
    end_at: datetime
    strikes: tuple[int, ...]

    def order(self, number: int) -> dict[str, Any]:
        """A 20-wide call vertical bought at any price, on one of the strikes around the money."""
        strike = self.strikes[number % len(self.strikes)]
        legs = [
            {"instrument": self.symbol(strike), "quantity": "1", "action": "buy to open"},
            {"instrument": self.symbol(strike + 20), "quantity": "1", "action": "sell to open"},
        ]
        return {"type": "limit", "price": "20.00", "price_effect": "debit", "legs": legs}

    def symbol(self, strike: int) -> str:
        return f"SPXW  {self.start_at:%y%m%d}C{strike * 1000:08d}"

    def move(self, at: datetime) -> None:
        self.client.send("PATCH", self.path, {"time": f"{at:%Y-%m-%dT%H:%M:%SZ}"})


def rest_figures() -> Iterator[Figure]:
    """Everything on a day with 50 orders, and the order at half and twice as many."""
    with running_product() as product:
        trader = open_simulation(product.client)
        place_all(trader, range(ORDERS // 2))
        yield from order_figures(trader, ORDERS // 2)
        place_all(trader, range(ORDERS // 2, ORDERS))
        yield from order_figures(trader, ORDERS, p50=6, p99=20)
        check_history(trader)
        yield from clock_figures(trader)
        yield from chain_figures(trader)
        yield from history_figures(trader, product)
        trader.move(trader.start_at + CLOCK)
        place_all(trader, range(ORDERS, ORDERS * 2))
        yield from order_figures(trader, ORDERS * 2)


def open_simulation(client: Client) -> Trader:
    date, bounds = next(iter(client.ask("GET", "/market-data/sessions").items()))
    created = client.ask("POST", "/simulations", {"date": date, "starting_capital": CAPITAL}, expect=201)
    start, end = (datetime.fromisoformat(bounds[name]) for name in ("start-time", "end-time"))
    at = start + CLOCK
    trader = Trader(client, f"/simulations/{created['id']}", start, end, strikes_around(client, at))
    trader.move(at)
    return trader


def strikes_around(client: Client, at: datetime) -> tuple[int, ...]:
    """Strikes near the money, of those that are listed and quoted 20 points higher too."""
    chain = client.ask("GET", f"/market-data/option-chain-snapshots/{at:%Y-%m-%dT%H:%M:%S}")
    calls = {int(key[5:]): quote for key, quote in chain.items() if key.startswith("call_") and quote}
    usable = [strike for strike in calls if strike + 20 in calls]
    nearest = sorted(usable, key=lambda strike: abs(calls[strike]["delta"] - 0.5))
    return tuple(sorted(nearest[: 2 * STRIKES_EACH_SIDE]))


def place_all(trader: Trader, numbers: range) -> None:
    for number in numbers:
        place(trader, number)


def order_figures(
    trader: Trader, orders: int, *, p50: float | None = None, p99: float | None = None
) -> Iterator[Figure]:
    """One more order beside so many; it is deleted again before the next one."""
    taken = [place_and_delete(trader, orders + lap) * 1_000 for lap in range(LAPS)]
    yield Figure(f"order beside {orders}, p50", percentile(taken, 50), "ms", most=p50)
    yield Figure(f"order beside {orders}, p99", percentile(taken, 99), "ms", most=p99)


def place(trader: Trader, number: int) -> str:
    answer = trader.client.ask("POST", f"{trader.path}/orders", trader.order(number), expect=201)
    if answer["status"] != "filled" or "buying-power-effect" not in answer:
        raise UnexpectedAnswer(f"order {number} did not fill with its effect: {answer}")
    return str(answer["id"])


def place_and_delete(trader: Trader, number: int) -> float:
    """The seconds that placing took."""
    start = time.perf_counter()
    order = place(trader, number)
    taken = time.perf_counter() - start
    trader.client.send("DELETE", f"{trader.path}/orders/{order}", expect=204)
    return taken


def check_history(trader: Trader) -> None:
    """Once an order is answered, the history agrees with the session at its clock."""
    order = place(trader, ORDERS)
    session = trader.client.ask("GET", trader.path)
    rows = trader.client.ask("GET", f"{trader.path}/history?interval=60")
    row = next(row for row in rows if row["timestamp"] == session["time"])
    differing = sorted(name for name in set(row) - {"timestamp"} if session[name] != row[name])
    if differing:
        raise UnexpectedAnswer(f"the history at {session['time']} differs in {differing}")
    trader.client.send("DELETE", f"{trader.path}/orders/{order}", expect=204)


def clock_figures(trader: Trader) -> Iterator[Figure]:
    seconds = int((trader.end_at - trader.start_at).total_seconds())

    def move(_: int) -> None:
        trader.move(trader.start_at + timedelta(seconds=chance.randrange(1_800, seconds)))

    yield from quantiles("clock move", move, most=4)


def chain_figures(trader: Trader) -> Iterator[Figure]:
    def snapshot(_: int) -> None:
        at = trader.start_at + timedelta(seconds=chance.randrange(120, 23_000))
        trader.client.send("GET", f"/market-data/option-chain-snapshots/{at:%Y-%m-%dT%H:%M:%S}")

    yield from quantiles("chain snapshot", snapshot)


def quantiles(name: str, call: Callable[[int], None], most: float | None = None) -> Iterator[Figure]:
    taken = [micros / 1_000 for micros in laps_micros(call, LAPS)]
    yield Figure(f"{name}, p50", percentile(taken, 50), "ms", most=most)
    yield Figure(f"{name}, p99", percentile(taken, 99), "ms")


def history_figures(trader: Trader, product: Product) -> Iterator[Figure]:
    """The whole history, alone, and how long other requests wait while it is streamed."""
    taken = [micros / 1_000 for micros in laps_micros(lambda _: read_history(trader), 20)]
    size = read_history(trader)
    yield Figure("full history, p50", percentile(taken, 50), "ms", most=40, note=f"{size:,} bytes")

    health = waits(product.another_client(), "/health")
    quiet = list(itertools.islice(health, 500))
    waited = listen_while(lambda: [read_history(trader) for _ in range(20)], health)
    yield Figure("another request beside nothing, p99", percentile(quiet, 99), "ms")
    yield Figure(
        "another request beside a history, p99", percentile(waited, 99), "ms", note="the loop is shared"
    )


def read_history(trader: Trader) -> int:
    return len(trader.client.send("GET", f"{trader.path}/history"))


def waits(client: Client, path: str) -> Iterator[float]:
    """How many milliseconds each of a string of small requests takes."""
    while True:
        start = time.perf_counter()
        client.send("GET", path)
        yield (time.perf_counter() - start) * 1_000
        time.sleep(LISTEN_SECONDS)


def listen_while(work: Callable[[], object], waiting: Iterator[float]) -> list[float]:
    done = threading.Event()
    waited: list[float] = []

    def listen() -> None:
        waited.extend(itertools.takewhile(lambda _: not done.is_set(), waiting))

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        work()
    finally:
        done.set()
        listener.join()
    return waited
