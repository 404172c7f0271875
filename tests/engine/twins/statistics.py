"""Statistics the slow way: every number from its definition, in exact fractions or in floats."""

import math
import statistics
from datetime import date
from fractions import Fraction

from engine.statistics import DayResult


def closes(capital: int, days: list[DayResult]) -> list[int]:
    """The balance before the first day and after each."""
    return [capital + sum(day.profit_cents for day in days[:count]) for count in range(len(days) + 1)]


def deepest(capital: int, days: list[DayResult]) -> tuple[int, Fraction]:
    """The largest fall below the highest balance until then, in cents and as a fraction of it."""
    balances = closes(capital, days)
    falls = [(max(balances[: n + 1]) - balance, max(balances[: n + 1])) for n, balance in enumerate(balances)]
    return max(fall for fall, _ in falls), max(Fraction(fall, peak) for fall, peak in falls)


def sharpe(capital: int, days: list[DayResult]) -> float | None:
    """By the standard library, on returns of a fixed capital."""
    returns = [Fraction(day.profit_cents, capital) for day in days]
    if len(set(returns)) < 2:
        return None
    return float(statistics.mean(returns)) / math.sqrt(statistics.variance(returns)) * math.sqrt(252)


def yearly(capital: int, days: list[DayResult]) -> float | None:
    """The compound rate a year, by logarithms; None for less than a year or where nothing is left."""
    span = (days[-1].date - days[0].date).days if days else 0
    last = closes(capital, days)[-1]
    if span < 365 or last <= 0:
        return None
    return math.expm1(math.log(last / capital) * 365.25 / span)


def longest_run(days: list[DayResult], sign: int) -> int:
    """The length of the longest stretch in which every day's profit has the sign."""
    stretches = [days[start:end] for start in range(len(days)) for end in range(start + 1, len(days) + 1)]
    return max(
        (len(stretch) for stretch in stretches if all(day.profit_cents * sign > 0 for day in stretch)),
        default=0,
    )


def by_month(days: list[DayResult]) -> dict[date, tuple[int, int]]:
    """Profit and fees by the first of the month."""
    months: dict[date, tuple[int, int]] = {}
    for day in days:
        profit, fees = months.get(day.date.replace(day=1), (0, 0))
        months[day.date.replace(day=1)] = (profit + day.profit_cents, fees + day.fees_cents)
    return months
