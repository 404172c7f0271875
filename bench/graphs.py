"""What GraphQL costs the processor, as the operating system counts it for the API's process."""

from collections.abc import Iterator
from typing import Any

from bench.figures import Figure
from bench.product import Client, Product, UnexpectedAnswer, running_product

LAPS = 2_000
ONE_OBJECT = "query Viewer { viewer { id email } }"
CHAIN = """query Chain($date: Date!, $at: DateTime!) {
  marketDay(date: $date) { chain(at: $at) {
    strikes callBidCents callAskCents callDeltaE4 putBidCents putAskCents putDeltaE4
  } }
}"""


def graphql_figures() -> Iterator[Figure]:
    with running_product() as product:
        date, bounds = next(iter(product.client.ask("GET", "/market-data/sessions").items()))
        at = bounds["data-end-time"]
        one = cpu_micros(product, {"query": ONE_OBJECT})
        chain = cpu_micros(product, {"query": CHAIN, "variables": {"date": date, "at": at}})
        yield Figure("GraphQL, one object, CPU a request", one, "µs", most=300)
        yield Figure("GraphQL, columnar chain, CPU a request", chain, "µs", most=400)


def cpu_micros(product: Product, operation: dict[str, Any]) -> float:
    for _ in range(LAPS // 10):
        ask(product.client, operation)
    before = spent_seconds(product)
    for _ in range(LAPS):
        ask(product.client, operation)
    return (spent_seconds(product) - before) / LAPS * 1_000_000


def ask(client: Client, operation: dict[str, Any]) -> None:
    answer = client.send("POST", "/graphql", operation)
    if b'"errors"' in answer or b'"data"' not in answer:
        raise UnexpectedAnswer(f"GraphQL answered {answer[:300]!r}")


def spent_seconds(product: Product) -> float:
    times = product.api.cpu_times()
    return float(times.user + times.system)
