"""How many sockets there may be: as many as he likes for a user, some for each address of visitors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bus.seats import RENEWAL_SECONDS
from usecases.charging import Payer
from usecases.ports import Ports


@asynccontextmanager
async def visitors_place(ports: Ports, address: str) -> AsyncIterator[bool]:
    """A place among the sockets of visitors at an address, kept until the end; False where none is left."""
    row, seat, room = Payer(None, address).name, str(ports.new_id()), ports.policy.visitor_sockets
    if not await ports.seats.take(row, seat, room):
        yield False
        return
    renewing = asyncio.create_task(_renew(ports, row, seat), name="visitors_place")
    try:
        yield True
    finally:
        renewing.cancel()
        await ports.seats.leave(row, seat)


async def _renew(ports: Ports, row: str, seat: str) -> None:
    while True:
        await asyncio.sleep(RENEWAL_SECONDS)
        await ports.seats.take(row, seat, ports.policy.visitor_sockets)
