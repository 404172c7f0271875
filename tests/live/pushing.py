"""Somebody who pushes a day in at a steady pace, and who can be made to stall, stutter and lie."""

import asyncio
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from engine.market import Day

NO_ANSWER_SECONDS = 3.0
AGAIN_SECONDS = 0.05
BEFORE = -1

Message = dict[str, Any]


@dataclass(slots=True)
class Pusher:
    """Tells ``day`` second by second; a second counts when it was answered, and until then is told again.

    ``lies`` is how many of the next seconds come with duplicates, old numbers, old seconds and crossed
    quotes around them. ``may_go`` holds the market up while it is cleared. ``counts`` is what the feed
    says it ignored, on this connection and those before.
    """

    day: Day
    port: int
    seconds_a_second: float
    second: int = -1
    lies: int = 0
    connections: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    may_go: asyncio.Event = field(default_factory=asyncio.Event)
    _seq: int = 0

    async def run(self, until: int) -> None:
        """Until ``until`` was taken, on as many connections as it takes."""
        while self.second < until:
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                try:
                    await self._tell(reader, writer, until)
                finally:
                    writer.close()
            await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        """Tell that the session is over."""
        _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        settlement = (self.day.settlement_cents or 0) / 100
        for message in (self._session(), {"type": "close", "settlement": settlement}):
            writer.write(json.dumps(message).encode() + b"\n")
        await writer.drain()
        writer.close()

    async def _tell(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, until: int) -> None:
        self.connections += 1
        self._seq = 0
        writer.write(json.dumps(self._session()).encode() + b"\n")
        heard: Counter[str] = Counter()
        while self.second < until:
            await self.may_go.wait()
            second = self.second + 1
            for message in (self._quotes(second), *self._lies(second), self._out(second)):
                writer.write(json.dumps(message).encode() + b"\n")
            answer: Message = {"second": BEFORE}
            while answer["second"] < second:
                async with asyncio.timeout(NO_ANSWER_SECONDS):
                    answer = json.loads(await reader.readuntil(b"\n"))
                if "counts" not in answer:
                    return  # busy: the connection before this one is not forgotten yet
            counts: Counter[str] = Counter(answer["counts"])
            self.counts += counts - heard
            heard, self.second = counts, second
            await asyncio.sleep(1 / self.seconds_a_second)

    def _session(self) -> Message:
        return {
            "type": "session",
            "date": str(self.day.date),
            "open": self.day.open_at.isoformat(),
            "close": self.day.close_at.isoformat(),
            "contracts": [[one.right.value, one.strike_points] for one in self.day.contracts],
            "label": "pushed by a test",
        }

    def _quotes(self, second: int, number: int | None = None) -> Message:
        self._seq += number is None
        rows = []
        for contract in self.day.contracts:
            quote, row = self.day.quote(contract, second), self.day.row_of[contract]
            assert quote is not None
            delta = int(self.day.delta_e4[second, row]) / 10_000
            prices = (quote.bid_ticks / 20, quote.ask_ticks / 20, delta)
            rows.append([contract.right.value, contract.strike_points, *prices])
        at = self.day.time_of(second).isoformat()
        spx, vix = int(self.day.spx_e4[second]) / 10_000, int(self.day.vix_e4[second]) / 10_000
        seq = self._seq if number is None else number
        return {"type": "quotes", "at": at, "seq": seq, "spx": spx, "vix": vix, "quotes": rows}

    def _lies(self, second: int) -> list[Message]:
        """What has to be ignored: other quotes under the same number, an old one, and of an old second."""
        if not self.lies or second < 2:
            return []
        self.lies -= 1
        contract = self.day.contracts[0]
        wild = [[contract.right.value, contract.strike_points, 3_000, 3_001]]
        duplicate = self._quotes(second, self._seq) | {"quotes": wild}
        old = self._quotes(second, self._seq - 1) | {"quotes": wild}
        self._seq += 1
        stale = self._quotes(second - 2, self._seq) | {"quotes": wild}
        return [duplicate, old, stale, self._out(second - 1)]

    def _out(self, second: int) -> Message:
        return {"type": "second", "at": self.day.time_of(second).isoformat()}
