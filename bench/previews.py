"""Backtests as a trader waits for them: previews of configs that are new, and the leaderboard."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.offline import condor_config, published_year
from bench.product import Client, UnexpectedAnswer, running_product

PREVIEWS = 15
LISTED = 200
LISTINGS = 5
LOOK_AGAIN_SECONDS = 0.005
WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds from sending a config until a snapshot has content, and until it has every session."""

    content: float
    complete: float


def preview_figures() -> Iterator[Figure]:
    with published_year() as home, running_product(home=home) as product:
        client = product.client
        sessions = len(client.ask("GET", "/market-data/sessions"))
        waits = [previewed(client, lap) for lap in range(-3, PREVIEWS)][3:]
        note = f"{sessions} sessions"
        content, complete = [wait.content for wait in waits], [wait.complete for wait in waits]
        yield Figure("preview, first results, p50", median(content) * 1_000, "ms", most=100, note=note)
        yield Figure("preview, first results, the worst", max(content) * 1_000, "ms")
        yield Figure("preview, complete, p50", median(complete), "s", most=1.5, note=note)
        yield Figure("preview, complete, the worst", max(complete), "s")
        yield from leaderboard_figures(client)


def leaderboard_figures(client: Client) -> Iterator[Figure]:
    """Read for the first time after all its results came, and read again."""
    bodies = [{"config": config(PREVIEWS + lap)} for lap in range(LISTED)]
    saved = [client.ask("POST", "/strategies", body, expect=201)["id"] for body in bodies]
    for strategy in saved:
        wait_for(client, strategy)
    taken = [listing_seconds(client) for _ in range(LISTINGS)]
    yield Figure("leaderboard, after new results", taken[0] * 1_000, "ms", note=f"{LISTED} strategies")
    yield Figure("leaderboard, read again, p50", median(taken[1:]) * 1_000, "ms", most=300)


def config(number: int) -> Mapping[str, Any]:
    """The same condor but for its target: a program of its own for each number."""
    condor = condor_config()
    return {**condor, "exit": {**condor["exit"], "profit_target_pct": 40 + number / 10}}


def previewed(client: Client, number: int) -> Wait:
    started = time.perf_counter()
    snapshot = client.ask("POST", "/strategies/preview", {"config": config(number)})["snapshot"]
    path = f"/strategies/preview/{snapshot['source_hash']}/results"
    content = None
    while time.perf_counter() - started < WAIT_SECONDS:
        waited = time.perf_counter() - started
        if snapshot["covered_days"] and content is None:
            content = waited
        if content is not None and snapshot["covered_days"] == snapshot["total_sessions"]:
            return Wait(content, waited)
        time.sleep(LOOK_AGAIN_SECONDS)
        snapshot = client.ask("GET", path)
    raise UnexpectedAnswer(f"a preview was not complete after {WAIT_SECONDS} seconds: {snapshot}")


def wait_for(client: Client, strategy: str) -> None:
    """Nobody reads the leaderboard meanwhile, so that it has everything to fold."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        snapshot = client.ask("GET", f"/strategies/{strategy}")["snapshot"]
        if snapshot["covered_days"] == snapshot["total_sessions"]:
            return
        time.sleep(0.1)
    raise UnexpectedAnswer(f"a strategy's results were not there after {WAIT_SECONDS} seconds")


def listing_seconds(client: Client) -> float:
    started = time.perf_counter()
    client.send("GET", "/strategies")
    return time.perf_counter() - started
