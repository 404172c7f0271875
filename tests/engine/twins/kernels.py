"""The loops over quotes, a second and a leg at a time, in plain integers."""

from collections.abc import Iterable, Sequence

from engine.market import MISSING_TICKS, TickMatrix

Legs = Sequence[tuple[int, int]]


def slow_first_at_or_below(
    bid_ticks: TickMatrix, ask_ticks: TickMatrix, legs: Legs, threshold: int, seconds: Iterable[int]
) -> int:
    for second in seconds:
        sums = [_sum(bid_ticks, ask_ticks, row, second) for row, _ in legs]
        quoted = [total for total in sums if total is not None]
        net = sum(ratio * total for (_, ratio), total in zip(legs, quoted, strict=False))
        if len(quoted) == len(legs) and net <= threshold:
            return second
    return -1


def slow_option_values(bid_ticks: TickMatrix, ask_ticks: TickMatrix, legs: Legs, seconds: range) -> list[int]:
    """Cents: half a tick of 0.05 points, times 100 dollars a point, times the contracts."""
    values = [0] * len(seconds)
    for row, contracts in legs:
        last = 0
        for second in range(seconds.stop):
            total = _sum(bid_ticks, ask_ticks, row, second)
            last = last if total is None else total
            if second in seconds:
                values[second - seconds.start] += 250 * contracts * last
    return values


def slow_with_steps(column: Sequence[int], steps: Legs) -> list[int]:
    return [
        value + [cents for start, cents in steps if start <= second][-1]
        for second, value in enumerate(column)
    ]


def _sum(bid_ticks: TickMatrix, ask_ticks: TickMatrix, row: int, second: int) -> int | None:
    bid, ask = int(bid_ticks[row, second]), int(ask_ticks[row, second])
    return None if ask == MISSING_TICKS else bid + ask
