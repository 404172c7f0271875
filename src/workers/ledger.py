"""Recomputing the books of accounts, for what takes longer than a request should."""

from typing import Any

from bus.jobs import JobName
from usecases.ports import Ports
from usecases.repricing import reprice, unfinished
from workers.outlasting import outlasting


async def reprice_account(ctx: dict[str, Any], account_id: int) -> None:
    """Job: move an account to the fees asked for, from where the last one stopped."""
    ports: Ports = ctx["ports"]
    await reprice(ports, account_id)


@outlasting
async def take_up(ctx: dict[str, Any]) -> None:
    """Enqueue what nobody is working on: its worker was killed, or its job was lost."""
    ports: Ports = ctx["ports"]
    for account_id in await unfinished(ports):
        await ports.jobs.enqueue(JobName.REPRICE_ACCOUNT, {"account_id": account_id})
