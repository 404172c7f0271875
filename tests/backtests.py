"""Strategies on tiny days: configs, the sessions they are run over, and workers that run them."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

from engine.configs import read_config
from engine.programs import write_program
from engine.strategies import Strategy
from tests.days import publish_day, tiny_day
from usecases.ports import Ports
from usecases.running import run_next_chunk

MONDAY = date(2025, 1, 13)
STRANGLE: dict[str, Any] = {
    "legs": [
        {"direction": "buy", "type": "call", "qty": 1, "strike": {"method": "points_otm", "value": 10}},
        {"direction": "buy", "type": "put", "qty": 1, "strike": {"method": "points_otm", "value": 10}},
    ],
    "entry": {"times": ["09:30:10"]},
    "exit": {"time": "09:38"},
}


def strangle(minute: int) -> dict[str, Any]:
    """A config of its own for each minute from 31 to 38."""
    return STRANGLE | {"exit": {"time": f"09:{minute}"}}


def program_of(config: dict[str, Any]) -> str:
    strategy = read_config(config)
    assert isinstance(strategy, Strategy), strategy
    return write_program(strategy)


def publish_sessions(root: Path, count: int, first: int = 0) -> None:
    """Consecutive dates from ``MONDAY``, whose index rises by 10 points a day and starts over."""
    for number in range(first, first + count):
        publish_day(root, tiny_day(MONDAY + timedelta(days=number), spx_points=5930 + 10 * (number % 5)))


async def run_all(ports: Ports) -> int:
    """Run every chunk that waits; how many there were."""
    done = 0
    while await run_next_chunk(ports):
        done += 1
    return done
