"""What workers do without being asked: deliver what is owed, forget what is old."""

from typing import Any

from usecases.delivery import deliver_outbox, prune
from workers.outlasting import outlasting


@outlasting
async def sweep(ctx: dict[str, Any]) -> None:
    """Cron: deliver jobs whose own delivery failed after their commit."""
    await deliver_outbox(ctx["ports"])


@outlasting
async def tidy(ctx: dict[str, Any]) -> None:
    """Cron: forget tokens, codes, login failures and idempotency keys past their time."""
    await prune(ctx["ports"])
