"""Running backtests: one chunk of sessions a job."""

from typing import Any

from usecases.running import ring_for_waiting, run_next_chunk
from workers.outlasting import outlasting


async def run_chunk(ctx: dict[str, Any]) -> None:
    """Job: run the most urgent chunk. The job names none, so one that comes late or twice is harmless."""
    await run_next_chunk(ctx["ports"])


@outlasting
async def take_up_chunks(ctx: dict[str, Any]) -> None:
    """Cron: ring for what nobody works on: its worker was killed, or its job was lost."""
    await ring_for_waiting(ctx["ports"])
