"""Backtests: strategies over recorded days, in columns, and each session as a value.

>>> tapes = Tapes(days, previous_settlements_cents)
>>> backtest = run(tapes, [strategy])
>>> backtest.sessions["gross_cents"].sum()
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.aggregates import UNKNOWN
from engine.backtests import SESSION, TRADE, Tapes, run_sessions
from engine.contracts import Contract
from engine.decisions import ExitRule, SkipReason
from engine.market import MISSING_INDEX
from engine.money import IndexE4
from engine.results import SessionResult, SessionStatus, Trade, TradeLeg
from engine.strategies import Strategy


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """What strategies came to: ``sessions`` [day, strategy], and ``trades``, by day, then by
    strategy (``cell``), then as they were entered. Both are structured arrays, whose fields are
    those of ``SessionResult`` and ``Trade``; the legs' columns have four places. ``words`` holds the
    decisions where they were asked for, session after session, else nothing.
    """

    strategies: tuple[Strategy, ...]
    sessions: NDArray[Any]
    trades: NDArray[Any]
    words: NDArray[np.int64]

    def result(self, day: int, cell: int = 0) -> SessionResult:
        """One session as a value, the same that ``engine.replaying`` makes."""
        row = _fields(SESSION, self.sessions[day, cell].item())
        first, skip = row["first_trade"], row["first_skip"]
        trades = self.trades[first : first + row["trade_count"]].tolist()
        return SessionResult(
            SessionStatus(row["status"]),
            row["gross_cents"],
            row["drawdown_cents"],
            tuple(_trade(_fields(TRADE, trade), self.strategies[cell]) for trade in trades),
            row["skipped"],
            SkipReason(skip) if skip else None,
            row["decisions_hash"],
        )


def run(tapes: Tapes, strategies: Sequence[Strategy], *, wants_words: bool = False) -> Backtest:
    """Every strategy on every day. Holds no lock while it runs: threads share the cores.

    Raises ValueError for a strategy whose numbers are beyond what 64 bits compare exactly, or whose
    risk is not defined.
    """
    return Backtest(tuple(strategies), *run_sessions(tapes, strategies, wants_words))


def _fields(kind: np.dtype[np.void], values: tuple[Any, ...]) -> dict[str, Any]:
    """A whole row at once: asking an array for one field after another takes ten times as long."""
    return dict(zip(kind.names or (), values, strict=True))


def _trade(row: Mapping[str, Any], strategy: Strategy) -> Trade:
    most_cents = row["max_profit_cents"]
    return Trade(
        rule=ExitRule(row["rule"]),
        legs=_legs(row, strategy),
        max_profit_cents=None if most_cents == UNKNOWN else most_cents,
        entry_spx_e4=_index(row["entry_spx_e4"]),
        exit_spx_e4=_index(row["exit_spx_e4"]),
        entry_vix_e4=_index(row["entry_vix_e4"]),
        exit_vix_e4=_index(row["exit_vix_e4"]),
        **{name: row[name] for name in _PLAIN},
    )


_PLAIN = (
    "entry",
    "reentry",
    "entry_second",
    "exit_second",
    "entry_net_cents",
    "exit_net_cents",
    "gross_cents",
    "max_loss_cents",
    "adverse_cents",
    "favourable_cents",
)


def _legs(row: Mapping[str, Any], strategy: Strategy) -> tuple[TradeLeg, ...]:
    columns = (row[name].tolist() for name in ("strike_points", "entry_price_cents", "exit_price_cents"))
    dealt = zip(strategy.legs, *columns, strict=False)
    return tuple(
        TradeLeg(Contract(strike, leg.right), leg.side.sign * leg.quantity, into, out)
        for leg, strike, into, out in dealt
    )


def _index(value_e4: IndexE4) -> IndexE4 | None:
    return None if value_e4 == MISSING_INDEX else value_e4
