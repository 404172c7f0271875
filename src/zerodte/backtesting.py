"""Backtests without a server, for notebooks and for the command line.

>>> from zerodte.backtesting import backtest
>>> result = backtest({"legs": [...], "entry": {"time": "10:00"}}, data_dir="var")
>>> result.metrics["total_return"]
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from engine.configs import config_of, read_config
from engine.costs import DEFAULT_COSTS, Costs
from engine.denials import Denial
from engine.descriptions import Description, describe
from engine.money import Cents, money_text, price_text
from engine.outcomes import NetDay, NetTrade, net_days, partial_days
from engine.performance import Performance, performance_of
from engine.programs import write_program
from engine.settings import fee_texts
from engine.strategies import Strategy
from engine.trade_logs import daily_log_csv, days_csv, trade_log_csv
from marketdata.library import Library
from marketdata.refusals import DayUnavailable
from usecases.backtest_documents import (
    Document,
    certificate_document,
    day_document,
    metrics_document,
    recorded_span,
    tables_document,
    trade_document,
)
from usecases.backtesting import Backtest, Progress, run_library

__all__ = ["EVERY_DAY", "Costs", "InvalidConfig", "Result", "Window", "backtest"]


class InvalidConfig(ValueError):
    """``fields`` has what is wrong by its dotted path, such as ``legs.0.strike.value``."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self.fields = dict(fields)
        super().__init__("; ".join(f"{path} {problem}" for path, problem in self.fields.items()))


@dataclass(frozen=True)
class Window:
    """Days from ``first`` to ``last``, both included; None does not bound. Raises ValueError where a bound is
    no date, or the last is before the first."""

    first: date | None = None
    last: date | None = None

    def __post_init__(self) -> None:
        for name, on in (("first", self.first), ("last", self.last)):
            if type(on) not in {date, type(None)}:
                raise ValueError(f"{name} must be a datetime.date or None, not {on!r}")
        if self.first is not None and self.last is not None and self.last < self.first:
            raise ValueError(f"{self.first} is after {self.last}")


EVERY_DAY = Window()


@dataclass(frozen=True)
class Result:
    """What a strategy came to, after costs. ``days`` and ``performance`` are exact, in integer cents;
    ``metrics`` and ``document`` are for reading."""

    strategy: Strategy
    backtest: Backtest
    costs: Costs

    @cached_property
    def description(self) -> Description:
        return describe(self.strategy)

    @cached_property
    def days(self) -> tuple[NetDay, ...]:
        return net_days(self.backtest.days, self.costs)

    @property
    def trades(self) -> tuple[NetTrade, ...]:
        return tuple(trade for day in self.days for trade in day.trades)

    @cached_property
    def performance(self) -> Performance:
        return performance_of(self.days)

    @property
    def metrics(self) -> Document:
        """The metrics as numbers: rates as fractions, money in dollars."""
        return metrics_document(self.performance, _dollars)

    @property
    def days_csv(self) -> str:
        return days_csv(self.days)

    @property
    def daily_log_csv(self) -> str:
        return daily_log_csv(self.performance.curve)

    @property
    def trade_log_csv(self) -> str:
        return trade_log_csv(self.days, self.description.description)

    def document(self) -> Document:
        """All of it as JSON says it; money is text, so that no cent is lost."""
        told = self.description
        return {
            "description": told.description,
            "summary": told.summary,
            "risks": list(told.risks),
            "config": config_of(self.strategy),
            "program": self.backtest.program,
            **certificate_document(self.backtest),
            "partial_days": {
                facts.date.isoformat(): recorded_span(facts) for facts in partial_days(self.days)
            },
            "fee_schedule": fee_texts(self.costs.fees),
            "slippage": price_text(self.costs.slippage_cents),
            "metrics": metrics_document(self.performance, money_text),
            **tables_document(self.performance, money_text),
            "days": [day_document(day, money_text) for day in self.days],
            "trades": [trade_document(trade, money_text) for trade in self.trades],
        }


def backtest(
    config: Mapping[str, Any],
    data_dir: Path | str = "var",
    window: Window = EVERY_DAY,
    costs: Costs = DEFAULT_COSTS,
    tell: Progress = lambda _done, _total: None,
) -> Result:
    """Runs a strategy's config over the recorded days of a data directory, or over its synthetic ones where
    none is recorded. Raises InvalidConfig, ValueError for slippage below 0, LookupError where there is no day
    at all, or DayUnavailable where none can be read."""
    if not isinstance(config, Mapping):
        raise InvalidConfig({"config": "must be a mapping with legs, entry and exit"})
    if costs.slippage_cents < 0:
        raise ValueError(f"costs.slippage_cents must be 0 or more, not {costs.slippage_cents}")
    strategy = read_config(config)
    if isinstance(strategy, Denial):
        raise InvalidConfig(strategy.fields)
    root = Path(data_dir) / "days"
    ran = run_library(Library(root), write_program(strategy), window.first, window.last, tell)
    if not ran.days and ran.unreadable:
        raise DayUnavailable(ran.unreadable[0][1])
    if not ran.days:
        raise LookupError(f"no day is recorded in {root}{_span(window)}")
    return Result(strategy, ran, costs)


def _span(window: Window) -> str:
    bounds = (("from", window.first), ("to", window.last))
    return "".join(f" {word} {on}" for word, on in bounds if on is not None)


def _dollars(cents: Cents) -> float:
    return cents / 100
