"""A mail server of a few lines, which keeps what it takes and can be told to refuse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class MailServer:
    """Answers RCPT with ``verdicts`` in turn, then with 250; DATA ends up in ``messages``."""

    verdicts: list[bytes] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                self.messages.append(await reader.readuntil(b"\r\n.\r\n"))
            refused = verb == b"RCPT" and self.verdicts
            writer.write((self.verdicts.pop(0) if refused else b"250 fine") + b"\r\n")
            if verb == b"QUIT":
                break
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def mail_server(*verdicts: bytes) -> AsyncIterator[MailServer]:
    one = MailServer(list(verdicts))
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield one
