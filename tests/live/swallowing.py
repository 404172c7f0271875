"""A proxy before PostgreSQL that can swallow the replies to commits: what was committed is not known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from zerodte.servers import POSTGRES_SOCKET

CHUNK = 64 * 1024
COMMIT = b"COMMIT"


@dataclass(slots=True)
class Swallower:
    """Hands everything on between clients and a server's Unix socket. Of the next ``hungry`` commits it
    keeps the replies, and hangs up on the clients; ``swallowed`` counts them."""

    server: Path
    hungry: int = 0
    swallowed: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            replies, requests = await asyncio.open_unix_connection(str(self.server))
            doomed = asyncio.Event()
            pumps = {
                asyncio.create_task(self._ask(reader, requests, doomed)),
                asyncio.create_task(self._answer(replies, writer, doomed)),
            }
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            requests.close()
        writer.close()

    async def _ask(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if self.hungry > 0 and COMMIT in chunk:
                self.hungry -= 1
                doomed.set()
            writer.write(chunk)
            await writer.drain()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while chunk := await reader.read(CHUNK):
            if doomed.is_set():
                self.swallowed += 1
                return
            writer.write(chunk)
            await writer.drain()


@asynccontextmanager
async def swallowing(sockets: Path, directory: Path) -> AsyncIterator[Swallower]:
    """A proxy whose socket is in ``directory``, before the server whose socket is in ``sockets``."""
    directory.mkdir()
    swallower = Swallower(sockets / POSTGRES_SOCKET)
    proxy = await asyncio.start_unix_server(swallower.serve, str(directory / POSTGRES_SOCKET))
    try:
        yield swallower
    finally:
        proxy.close()
