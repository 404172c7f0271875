"""What an account's settled days came to. Only their settlements are read, in one statement, and never
their markets; a thread adds them up, as they may be many."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from engine.denials import Denial
from engine.money import Cents, money_text
from engine.statistics import DayResult, EquityPoint, Statistics, equity_curve, statistics_of
from store import settlements
from store.settlements import Settled
from usecases.accounts import NO_ACCOUNT
from usecases.ports import Ports, Viewer

T = TypeVar("T")
Curve = tuple[EquityPoint, ...]

CSV_HEADER = "date,opening_balance,profit_loss,fees,closing_balance,drawdown"


async def account_equity(ports: Ports, viewer: Viewer, account_id: UUID) -> Curve | Denial:
    """The equity curve of the account: a point for each settled day."""
    return await _told(ports, viewer, account_id, lambda _, curve: curve)


async def account_equity_csv(ports: Ports, viewer: Viewer, account_id: UUID) -> str | Denial:
    """The equity curve as CSV with a header, a line a day in dollars: ``profit_loss`` is net of ``fees``,
    and ``drawdown`` is how far the close lies below the highest one so far."""
    return await _told(ports, viewer, account_id, lambda _, curve: _csv(curve))


async def account_statistics(ports: Ports, viewer: Viewer, account_id: UUID) -> Statistics | Denial:
    """The statistics of the account over its settled days."""
    return await _told(ports, viewer, account_id, statistics_of)


async def _told(
    ports: Ports, viewer: Viewer, account_id: UUID, tell: Callable[[Cents, Curve], T]
) -> T | Denial:
    """What ``tell`` makes of the account's starting capital and equity curve as of one moment."""
    async with ports.database.asking() as tx:
        settled = await settlements.of_owned(tx, viewer.user_id, account_id)
    if settled is None:
        return NO_ACCOUNT
    return await asyncio.to_thread(lambda: tell(settled.starting_cents, _curve(settled)))


def _curve(settled: Settled) -> Curve:
    return equity_curve(settled.starting_cents, (DayResult(*day) for day in settled.days))


def _csv(curve: Sequence[EquityPoint]) -> str:
    return "".join(f"{line}\n" for line in (CSV_HEADER, *map(_csv_line, curve)))


def _csv_line(point: EquityPoint) -> str:
    amounts = (
        point.opening_cents,
        point.profit_cents,
        point.fees_cents,
        point.closing_cents,
        point.drawdown_cents,
    )
    return ",".join((point.date.isoformat(), *map(money_text, amounts)))
