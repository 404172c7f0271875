"""What an account's settled days came to. Only their settlements are read, never their markets."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from engine.denials import Denial
from engine.money import Cents, money_text
from engine.statistics import DayResult, EquityPoint, Statistics, equity_curve, statistics_of
from store import settlements
from usecases.accounts import NO_ACCOUNT
from usecases.ports import Ports, Viewer

CSV_HEADER = "date,opening_balance,profit_loss,fees,closing_balance,drawdown"


@dataclass(frozen=True, slots=True)
class Performance:
    """The equity curve of an account over its settled days, and what it began with."""

    capital_cents: Cents
    curve: tuple[EquityPoint, ...]

    @property
    def statistics(self) -> Statistics:
        return statistics_of(self.capital_cents, self.curve)


async def performance(ports: Ports, viewer: Viewer, account_id: UUID) -> Performance | Denial:
    """The account as of one moment: its settled days and the capital they were traded with."""
    async with ports.database.asking() as tx:
        settled = await settlements.of_owned(tx, viewer.user_id, account_id)
    if settled is None:
        return NO_ACCOUNT
    days = (DayResult(*day) for day in settled.days)
    return Performance(settled.starting_cents, equity_curve(settled.starting_cents, days))


def equity_csv(curve: Sequence[EquityPoint]) -> str:
    """The curve as text, a line a day in dollars: ``profit_loss`` is net of ``fees``, and
    ``drawdown`` is how far the close lies below the highest one so far."""
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
