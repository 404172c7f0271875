"""A live market that a test runs by hand: it tells the seconds of a day when it is asked to, and
matches them when it is asked to."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from uuid import UUID, uuid4

from engine.market import Day
from engine.tickets import OrderRequest
from marketdata.publishing import publish_beside
from marketdata.recording_files import TAPE, begin, write_closed
from marketdata.recordings import Closed, Recording
from marketdata.tapes import TapeWriter
from tests.days import PROVENANCE, tiny_day
from tests.people import Town
from tests.tapes import opening_of, row_of
from usecases import live, orders
from usecases.live import StartLive
from usecases.matching import Matcher, turn
from usecases.ports import Ports, Viewer
from usecases.submissions import Submission
from usecases.views import OrderReceipt, OrderView, SessionView

CAPITAL_CENTS = 100_000_00
BEAT_SECONDS = 0.5


@dataclass(slots=True)
class Market:
    """A recording on air of ``day``, of which only the rows that were told are known, and one matcher."""

    ports: Ports
    day: Day
    recording: Recording
    tape: TapeWriter
    matcher: Matcher

    @property
    def id(self) -> UUID:
        return self.recording.id

    def tell(self, second: int) -> None:
        """Put the rows up to a second on the tape; nobody is woken."""
        for one in range(self.tape.second + 1, second + 1):
            self.tape.append(row_of(self.day, one), monotonic_ns())

    async def match(self) -> None:
        """One turn of the matcher: what is on the tape is matched, or its lease is held for longer."""
        await turn(self.ports, self.matcher)

    async def tick(self, second: int) -> None:
        """Tell every second up to one and match each by itself."""
        for one in range(self.tape.second + 1, second + 1):
            self.tell(one)
            await self.match()

    def end(self, refusal: str | None = None) -> None:
        """Tell that the session is over, without publishing it."""
        closed = Closed(self.day.settlement_cents, self.day.settlement_source, refusal=refusal)
        write_closed(self._folder, closed)

    def publish(self) -> str:
        """Make the day a recorded one, from its source instead of from the tape; its hash."""
        day_hash = publish_beside(self.ports.library.root, self.day, PROVENANCE).content_hash
        write_closed(
            self._folder, Closed(self.day.settlement_cents, self.day.settlement_source, day_hash=day_hash)
        )
        return day_hash

    async def started(self, viewer: Viewer, capital_cents: int = CAPITAL_CENTS) -> SessionView:
        """A live session of the viewer's."""
        await self.match()
        session = await live.start(self.ports, viewer, StartLive(capital_cents))
        assert isinstance(session, SessionView), session
        return session

    async def placed(self, viewer: Viewer, session_id: UUID, request: OrderRequest) -> OrderView:
        """An order that was accepted at the last second told."""
        await self.match()
        receipt = await orders.place_order(self.ports, viewer, self.submission(session_id, request))
        assert isinstance(receipt, OrderReceipt), receipt
        return receipt.order

    @staticmethod
    def submission(session_id: UUID, request: OrderRequest) -> Submission:
        return Submission(session_id, request)

    async def seen(self, viewer: Viewer, session_id: UUID, order_id: UUID) -> OrderView:
        view = await orders.get_order(self.ports, viewer, session_id, order_id)
        assert isinstance(view, OrderView), view
        return view

    @property
    def _folder(self) -> Path:
        return self.ports.live.root / str(self.id)


@asynccontextmanager
async def kept_open(market: Market) -> AsyncIterator[None]:
    """The market goes on by itself, a second at a time and well before its quotes are stale or its lease
    runs out."""

    async def beat() -> None:
        for second in range(market.tape.second + 1, market.day.close_second):
            await market.tick(second)
            await asyncio.sleep(BEAT_SECONDS)

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


@contextmanager
def on_air(town: Town, day: Day | None = None, first_second: int = 0) -> Iterator[Market]:
    """A market on air whose first second has been told; a replay may begin in the middle of its day."""
    day = day or tiny_day()
    root = town.ports.live.root
    root.mkdir(parents=True, exist_ok=True)
    recording = Recording(uuid4(), opening_of(day))
    tape = TapeWriter(begin(root, recording) / TAPE, len(day.contracts))
    market = Market(town.ports, day, recording, tape, Matcher(uuid4()))
    tape.append(row_of(day, first_second), monotonic_ns())
    try:
        yield market
    finally:
        tape.close()
