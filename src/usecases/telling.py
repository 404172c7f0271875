"""How the processes are: each says so again and again, and falls silent with its end."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum

from bus.health import Facts
from usecases.outages import OUTAGES
from usecases.ports import Ports

TELLING_SECONDS = 1.0


class Role(StrEnum):
    """What a process, or a part of one, does."""

    RECORDER = "recorder"
    MATCHER = "matcher"
    SETTLEMENT = "settlement"
    WORKER = "worker"


async def keep_telling(
    ports: Ports, role: Role, facts: Callable[[], Awaitable[Facts]], part: str = ""
) -> None:
    """Tell the facts each second until cancelled; nothing while they cannot be had. ``part`` tells apart
    those parts of a process that have one role."""
    process = f"{part}{'-' if part else ''}{socket.gethostname()}-{os.getpid()}"
    while True:
        with suppress(*OUTAGES):
            await ports.health.tell(role, process, await facts())
        await asyncio.sleep(TELLING_SECONDS)
