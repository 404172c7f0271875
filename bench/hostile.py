"""What hostile requests cost the thread that serves everybody, and what everybody else notices."""

import multiprocessing
import threading
import time
from collections.abc import Iterator, Sequence
from operator import itemgetter

from bench.corpus import GRAPHQL, Hostile, graphql_corpus, rest_corpus
from bench.figures import Figure, percentile
from bench.product import Client, Product, UnexpectedAnswer, running_product
from bench.served import Trader, listen_while, open_simulation, waits

TRIES = 8
QUERIES = 200
QUERIES_A_SECOND = 100
SENDERS = 20
ROUNDS = 5
AS_SHIPPED: dict[str, str] = {}


def hostile_figures() -> Iterator[Figure]:
    """Single requests where no limit a minute stops them; a crowd as the product is shipped."""
    with running_product() as product:
        path = open_simulation(product.client).path
        yield dearest("REST", product, list(rest_corpus(f"{path}/orders")))
        yield dearest("GraphQL", product, list(graphql_corpus()))
    with running_product(AS_SHIPPED) as product:
        yield from crowd_figures(product, open_simulation(product.client))


def dearest(face: str, product: Product, corpus: Sequence[Hostile]) -> Figure:
    """The request that keeps the event loop's thread busy longest, its processor time on average."""
    cost, worst = max(((loop_millis(product, one), one) for one in corpus), key=itemgetter(0))
    note = f"{worst.name} in {worst.size:,} bytes, of {len(corpus)}"
    return Figure(f"{face}, the dearest request of ≤ 256 KiB, loop CPU", cost, "ms", most=50, note=note)


def loop_millis(product: Product, hostile: Hostile) -> float:
    client = product.another_client()
    refuse(client, hostile, 0)
    before = loop_seconds(product)
    for number in range(1, TRIES + 1):
        refuse(client, hostile, number)
    return (loop_seconds(product) - before) / TRIES * 1_000


def loop_seconds(product: Product) -> float:
    """Processor time of the thread that runs the event loop: the first one of the API's process."""
    times = next(one for one in product.api.threads() if one.id == product.api.pid)
    return float(times.user_time + times.system_time)


def refuse(client: Client, hostile: Hostile, number: int) -> None:
    status = client.attempt("POST", hostile.path, hostile.body(number))
    if status >= 500 or (status < 400 and hostile.path != GRAPHQL):
        raise UnexpectedAnswer(f"{hostile.name} was answered {status}")


def crowd_figures(product: Product, trader: Trader) -> Iterator[Figure]:
    """How long an ordinary caller waits, alone and beside hostile ones, over some rounds."""
    corpus = [*rest_corpus(f"{trader.path}/orders"), *graphql_corpus()]
    ordinary = waits(product.another_client(), trader.path)
    quiet: list[float] = []
    beside: list[float] = []
    for _ in range(ROUNDS):
        quiet += listen_while(lambda: time.sleep(QUERIES / QUERIES_A_SECOND), ordinary)
        beside += listen_while(lambda: attack(product.client, corpus), ordinary)
    alone, crowded = percentile(quiet, 99), percentile(beside, 99)
    note = f"{ROUNDS} times {QUERIES} hostile queries, {QUERIES_A_SECOND} a second"
    yield Figure("a session's state beside nothing, p99", alone, "ms")
    yield Figure("the same beside hostile callers, p99", crowded, "ms", note=note)
    yield Figure("hostile over quiet", crowded / alone, "×", most=2)


def attack(client: Client, corpus: Sequence[Hostile]) -> None:
    """The queries at their pace, whatever becomes of them, from a process of their own."""
    process = multiprocessing.get_context("fork").Process(target=send_all, args=(client, corpus))
    process.start()
    process.join()
    if process.exitcode:
        raise UnexpectedAnswer("the hostile queries could not be sent")


def send_all(client: Client, corpus: Sequence[Hostile]) -> None:
    chosen = [corpus[number * 7 % len(corpus)] for number in range(QUERIES)]
    bodies = [(hostile, hostile.body(time.time_ns())) for hostile in chosen]
    start = time.monotonic()
    senders = [
        threading.Thread(target=send_some, args=(Client(client.port, client.token), bodies, first, start))
        for first in range(SENDERS)
    ]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()


def send_some(client: Client, bodies: Sequence[tuple[Hostile, bytes]], first: int, start: float) -> None:
    """Every so many-th query, each when its time has come."""
    for number in range(first, len(bodies), SENDERS):
        time.sleep(max(0.0, start + number / QUERIES_A_SECOND - time.monotonic()))
        hostile, body = bodies[number]
        client.attempt("POST", hostile.path, body)
