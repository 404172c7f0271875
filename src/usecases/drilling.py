"""One session of a strategy in full, which is not stored: it is run again, for credits."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from engine.decisions import Decision
from engine.denials import Denial
from engine.drilling import DealtOrder, DealtTransaction
from engine.money import Cents
from engine.outcomes import NetDay
from usecases.charging import Payer
from usecases.ports import Ports

DRILL_IN_CREDITS = 10


@dataclass(frozen=True, slots=True)
class SessionDetail:
    """A session run again, after the viewer's costs.

    ``curve_cents`` has for each second from the open to the close the profit so far, what is open
    at its latest closing price, and after the costs until then; it ends with the day's net.
    ``differing`` names the fields in which it is not what is stored: the engine changed since.
    """

    source_hash: str
    day: NetDay
    orders: tuple[DealtOrder, ...]
    transactions: tuple[DealtTransaction, ...]
    decisions: tuple[Decision, ...]
    curve_cents: tuple[Cents, ...]
    differing: tuple[str, ...]

    @property
    def reconciliation_warning(self) -> bool:
        return bool(self.differing)


async def session_detail(ports: Ports, payer: Payer, strategy_id: UUID, on: date) -> SessionDetail | Denial:
    """A covered session of a strategy that ``get_strategy`` would answer with, run again; kept for a few
    minutes. Seconds in ``orders``, ``transactions`` and ``decisions`` count from the day's open."""
    raise NotImplementedError
