"""Watching over the books: they are audited again and again, and what is wrong is told once."""

from dataclasses import dataclass, field
from typing import Any

import structlog

from usecases.auditing import Recomputing, Violation, audit
from usecases.ports import Ports
from workers.outlasting import outlasting

DAYS_AN_AUDIT = 2_000

log = structlog.get_logger()


@dataclass(slots=True)
class Watch:
    """What the audits of this process have told, and the last day that they recomputed."""

    told: set[Violation] = field(default_factory=set)
    last_id: int = 0


@outlasting
async def watch_books(ctx: dict[str, Any]) -> None:
    """Cron: hold the books to every rule, and recompute the next days of them."""
    ports: Ports = ctx["ports"]
    watch: Watch = ctx["watch"]
    found = await audit(ports, Recomputing(watch.last_id, DAYS_AN_AUDIT))
    watch.last_id = found.recomputed.last_id
    for violation in found.violations:
        if violation not in watch.told:
            watch.told.add(violation)
            account = None if violation.account_id is None else str(violation.account_id)
            log.error("audit_violation", rule=violation.rule, account=account, differs=violation.differs)
