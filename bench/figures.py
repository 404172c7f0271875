"""A measured figure beside its target, and the stopwatch."""

import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

MICROS_A_SECOND = 1_000_000
NANOS_A_MICRO = 1_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. ``most`` and ``least`` are the target; ``note`` says what it was taken on."""

    name: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def target(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g} {self.unit}"
        return "" if self.least is None else f"≥ {self.least:g} {self.unit}"

    @property
    def verdict(self) -> str:
        if not self.target:
            return ""
        too_much = self.most is not None and self.value > self.most
        too_little = self.least is not None and self.value < self.least
        return "MISSED" if too_much or too_little else "met"


def print_figures(command: str, figures: Iterable[Figure]) -> None:
    """Prints each figure as soon as it is taken, under the command that takes them again."""
    print(f"\n{command}")
    for figure in figures:
        measured = (
            f"{figure.value:,.4g} {figure.unit}"
            if figure.value < MICROS_A_SECOND
            else (f"{figure.value:,.0f} {figure.unit}")
        )
        line = f"  {figure.name:<54} {measured:>18}  {figure.target:<14} {figure.verdict:<7} {figure.note}"
        print(line.rstrip(), flush=True)


def laps_micros(call: Callable[[int], object], laps: int) -> list[float]:
    """How long each lap took; ``call`` is told the lap's number. The first tenth only warms up."""
    taken = []
    for lap in range(-(laps // 10), laps):
        start = time.perf_counter_ns()
        call(lap)
        taken.append((time.perf_counter_ns() - start) / NANOS_A_MICRO)
    return taken[laps // 10 :]


def median_micros(call: Callable[[int], object], laps: int) -> float:
    return statistics.median(laps_micros(call, laps))


def percentile(values: Sequence[float], percent: int) -> float:
    """The smallest value that at least ``percent`` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
