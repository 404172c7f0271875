"""The equity curve of a backtest beside the index held, and its drawdown below, as a PNG."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from engine.performance import Performance
from engine.statistics import E6
from zerodte.drawing import GLYPH_WIDTH, Canvas, Colour

WIDTH, HEIGHT = 1000, 560
LEFT, RIGHT = 80, 980
INK: Colour = (60, 66, 74)
FAINT: Colour = (226, 229, 233)
STRATEGY: Colour = (24, 105, 196)
INDEX: Colour = (150, 156, 164)
LOSS: Colour = (198, 60, 52)
STEPS = (1, 2, 2.5, 5, 10)
EXACT = 1e-9
"""Two values that differ by less are one in floating point."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of the canvas from ``top`` to ``bottom``, for values from ``low`` to ``high``."""

    top: int
    bottom: int
    low: float
    high: float

    def y(self, value: float) -> float:
        span = self.high - self.low or 1
        return self.bottom - (value - self.low) / span * (self.bottom - self.top)


def plot(told: Performance, title: str) -> bytes:
    """A PNG of the account and of the index, in dollars at the end of each day."""
    canvas = Canvas(WIDTH, HEIGHT)
    dates = [point.date for point in told.curve]
    start = told.curve[0].opening_cents / 100
    account = [start, *(point.closing_cents / 100 for point in told.curve)]
    held = [start, *(cents / 100 for cents in told.buy_and_hold_cents)]
    drawdown = [0.0, *(-100 * point.drawdown_e6 / E6 for point in told.curve)]
    upper = _panel(40, 380, [*account, *held])
    lower = _panel(420, 520, [*drawdown, 0, -0.01])
    canvas.words(LEFT, 14, _fitted(title), INK)
    _grid(canvas, upper, "", places=0)
    _grid(canvas, lower, "%", places=1)
    _curve(canvas, upper, held, INDEX)
    _curve(canvas, upper, account, STRATEGY)
    _curve(canvas, lower, drawdown, LOSS)
    canvas.words(LEFT + 8, 44, "strategy", STRATEGY)
    canvas.words(LEFT + 8, 58, "SPX held", INDEX)
    canvas.words(LEFT + 8, 404, "drawdown", LOSS)
    canvas.words(LEFT, 536, dates[0].isoformat(), INK)
    canvas.words(RIGHT - 10 * GLYPH_WIDTH, 536, dates[-1].isoformat(), INK)
    return canvas.png()


def _panel(top: int, bottom: int, values: Sequence[float]) -> Panel:
    return Panel(top, bottom, min(values), max(values))


def _fitted(title: str) -> str:
    return title[: (RIGHT - LEFT) // GLYPH_WIDTH]


def _curve(canvas: Canvas, panel: Panel, values: Sequence[float], colour: Colour) -> None:
    xs = np.linspace(LEFT, RIGHT, len(values))
    canvas.line(xs, np.array([panel.y(value) for value in values]), colour, 2)


def _grid(canvas: Canvas, panel: Panel, unit: str, places: int) -> None:
    """Lines at round values, told to ``places`` at least and to as many as they have."""
    values = _ticks(panel.low, panel.high)
    while any(abs(round(value, places) - value) > EXACT for value in values):
        places += 1
    for value in values:
        y = panel.y(value)
        text = f"{value:z,.{places}f}{unit}"
        canvas.line(np.array([LEFT, RIGHT], float), np.array([y, y]), FAINT)
        canvas.words(LEFT - 8 - len(text) * GLYPH_WIDTH, y - 3, text, INK)


def _ticks(low: float, high: float) -> Sequence[float]:
    """About five round values from low to high."""
    span = high - low or 1
    power = 10 ** np.floor(np.log10(span / 5))
    step = power * next(step for step in STEPS if power * step >= span / 5)
    return [float(number * step) for number in range(ceil(low / step), floor(high / step) + 1)]
