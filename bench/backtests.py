"""Backtests through the public call: a program not run before on each lap, over days that no cache
holds. W1 sells the 30-delta put and buys the 20-delta put at 10:00, closes at 50 % of the credit,
else at 15:55; W2 does so on both sides. A full day is W2 that never reaches its target."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from bench.chains import chain_day
from bench.figures import Figure
from engine.backtesting import Backtest, Tapes, run
from engine.contracts import Right
from engine.market import Day
from engine.strategies import Entry, Exit, Side, Strategy, StrategyLeg, StrikeMethod, StrikeRule

DAYS, CONTRACTS, LAPS = 250, 40, 21
WIDE_DAYS, WIDTHS = 20, (150, 300, 600)
TEN, FIVE_TO_FOUR = 36_000, 57_300
HALF_E4, NEVER_E4 = 500_000, 100_000_000
QUOTE_BYTES = 4
CACHE = Path("/sys/devices/system/cpu/cpu0/cache/index3/size")
READ_BYTES = 400 * 2**20

Program = Callable[[int], Strategy]


@dataclass(frozen=True, slots=True)
class Lap:
    """What a run over all days took and the bytes of quotes it touched, a session, and how fast the
    memory was read in between."""

    session_seconds: float
    session_bytes: float
    read_bytes_a_second: float

    @property
    def sessions_a_second(self) -> float:
        return 1 / self.session_seconds


def backtest_figures() -> Iterator[Figure]:
    days = [chain_day(number, CONTRACTS) for number in range(DAYS)]
    tapes = tapes_of(days)
    yield Figure("days in memory", memory_bytes(days) / 2**20, "MiB", least=4 * cache_bytes() / 2**20)
    for name, program, least in (
        ("W1", w1, 150_000),
        ("W2", w2, 40_000),
        ("W2, a full day", full_day, 40_000),
    ):
        lap = measured(tapes, program)
        yield Figure(f"{name}, warm, one core", lap.sessions_a_second, "sessions/s", least=least)
        yield Figure(f"{name}: quotes read a session", lap.session_bytes / 2**10, "KiB")
        limit = lap.read_bytes_a_second / lap.session_bytes
        speed = f"at {lap.read_bytes_a_second / 1e9:.1f} GB/s, read in between"
        yield Figure(
            f"{name}: of what the memory allows", lap.sessions_a_second / limit * 100, "%", note=speed
        )
    yield from growth_figures(days)


def growth_figures(days: Sequence[Day]) -> Iterator[Figure]:
    for share in (4, 2, 1):
        some = tapes_of(days[: len(days) // share])
        micros = measured(some, full_day).session_seconds * 1e6
        yield Figure(f"growth, W2 a full day: {len(some)} sessions", micros, "µs a session")
    tapes = tapes_of(days)
    for entries in (1, 2, 4, 8):
        micros = measured(tapes, lambda lap, n=entries: entered_often(n, lap)).session_seconds * 1e6
        yield Figure(f"growth, W2 a full day: {entries} positions at once", micros, "µs a session")
    for width in (CONTRACTS, *WIDTHS):
        wide = [chain_day(number, width) for number in range(WIDE_DAYS)]
        micros = measured(tapes_of(wide), full_day).session_seconds * 1e6
        yield Figure(f"growth, W2 a full day: {width} contracts", micros, "µs a session", note="20 days")


def w1(lap: int) -> Strategy:
    return strategy((Right.PUT,), Entry((TEN,)), Exit(HALF_E4 + lap, time=FIVE_TO_FOUR))


def w2(lap: int) -> Strategy:
    return strategy(tuple(Right), Entry((TEN,)), Exit(HALF_E4 + lap, time=FIVE_TO_FOUR))


def full_day(lap: int) -> Strategy:
    return strategy(tuple(Right), Entry((TEN,)), Exit(NEVER_E4 + lap, time=FIVE_TO_FOUR))


def entered_often(entries: int, lap: int) -> Strategy:
    """Entered once a second, all held to the end."""
    times = tuple(range(TEN, TEN + entries))
    return strategy(tuple(Right), Entry(times, max_open=entries), full_day(lap).exit)


def strategy(sides: Sequence[Right], entry: Entry, leave: Exit) -> Strategy:
    """The 30-delta option sold and the 20-delta one bought, of each right."""
    legs = [
        StrategyLeg(side, right, 1, StrikeRule(StrikeMethod.DELTA, delta_e4))
        for right in sides
        for side, delta_e4 in ((Side.SELL, 3_000), (Side.BUY, 2_000))
    ]
    return Strategy(tuple(legs), entry, leave)


def tapes_of(days: Sequence[Day]) -> Tapes:
    return Tapes(days, [None, *[day.settlement_cents for day in days[:-1]]])


def measured(tapes: Tapes, program: Program) -> Lap:
    """The median lap. Before each one a column is read that pushes the last lap out of the caches."""
    column = np.ones(READ_BYTES // 4, np.int32)
    taken, reads, backtest = [], [], run(tapes, [program(0)])
    for lap in range(1, LAPS + 1):
        start = time.perf_counter()
        column.max()
        between = time.perf_counter()
        backtest = run(tapes, [program(lap)])
        taken.append((time.perf_counter() - between) / len(tapes))
        reads.append(READ_BYTES / (between - start))
    return Lap(median(taken), quote_bytes(backtest) / len(tapes), median(reads))


def quote_bytes(backtest: Backtest) -> float:
    trades = backtest.trades
    held_seconds = trades["exit_second"] - trades["entry_second"]
    return float((held_seconds * trades["leg_count"]).sum() * QUOTE_BYTES)


def memory_bytes(days: Sequence[Day]) -> int:
    return sum(day.bid_ticks.nbytes + day.ask_ticks.nbytes + day.delta_e4.nbytes for day in days)


def cache_bytes() -> int:
    """The L3 cache as Linux tells it, 32 MiB where it does not."""
    return int(CACHE.read_text().strip().removesuffix("K")) * 2**10 if CACHE.exists() else 32 * 2**20
