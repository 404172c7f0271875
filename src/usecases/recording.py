"""Recording a feed: each second goes on the tape, at the close the tape becomes a recorded day."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic_ns
from uuid import UUID

import structlog

from bus.topics import UNKNOWN_SEQ, Wakes, matched_topic
from engine.market import SettlementSource
from marketdata.checking import is_sound
from marketdata.publishing import publish_beside
from marketdata.recording_files import (
    TAPE,
    begin,
    id_on_air,
    read_closed,
    read_recording,
    recording_ids,
    sole_recorder,
    write_closed,
)
from marketdata.recordings import (
    ChainRow,
    Closed,
    Closing,
    Feed,
    FeedEvent,
    Opening,
    Reached,
    Recording,
)
from marketdata.refusals import DayRefused
from marketdata.settling import settled_by_index
from marketdata.tapes import RowRefused, TapeWriter
from store import recordings
from store.database import DatabaseUnavailable
from usecases.old_tapes import remove_old_tapes
from usecases.ports import Ports

LATE_SECONDS_MAX = 1.0
RETRY_SECONDS = 0.5
BELL_SECONDS = 0.25
"""How long a bell may take to be heard, and how long after it nobody waits for word any more but looks."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the market runs: ``speed`` market seconds, above 0, to one second of a monotonic clock.

    Above 1 it runs in lockstep: no row before every order was matched against the one before it.
    """

    speed: float

    @property
    def is_lockstep(self) -> bool:
        return self.speed > 1


@dataclass(frozen=True, slots=True)
class RecorderFacts:
    """What a recorder did since it was started. ``recording`` is the last one and ``second`` its last row.

    ``rows`` were told and written. Of skipped seconds ``carried`` stand with the quotes before them and
    ``missing`` without quotes. ``disordered`` rows did not rise or lay outside the session, ``unsound``
    ones broke a promise of a chain, ``refused`` tries to write one failed, for want of room or of a disk.
    ``resumed`` recordings had been begun by a recorder before this one; ``published`` are recorded days.
    """

    recording: Recording | None = None
    second: int = -1
    rows: int = 0
    carried: int = 0
    missing: int = 0
    disordered: int = 0
    unsound: int = 0
    refused: int = 0
    resumed: int = 0
    published: int = 0


def tell_nobody(_: RecorderFacts) -> None:
    """What is done with facts that nobody asked for."""


async def record(
    ports: Ports, feed: Feed, pace: Pace | None, tell: Callable[[RecorderFacts], None] = tell_nobody
) -> None:
    """Record what a feed tells until it ends, or until cancelled.

    ``pace`` is the rest between the rows of a feed that has them all at once, as a replay has; None where
    rows come in their own time. A paced row that the disk does not take is written again until it does,
    another one is given up. ``tell`` is handed the facts whenever they change. Raises AnotherRecorder.
    """
    with sole_recorder(ports.live.root):
        recorder = _Recorder(ports, pace, tell)
        try:
            async for event in feed.events(await recorder.take_up()):
                await recorder.hear(event)
        finally:
            recorder.stop()


class Timetable:
    """When the rows of a session are due. It counts from the first row on and so does not drift; whoever
    is late by more than ``LATE_SECONDS_MAX`` begins it anew instead of rushing after it."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began: tuple[float, int] | None = None

    def rest_seconds(self, second: int, now: float) -> float:
        """How long a row is to wait; ``now`` is a monotonic clock in seconds."""
        if self._began is None:
            self._began = now, second
        began_at, first_second = self._began
        rest = began_at + (second - first_second) / self._speed - now
        if rest < -LATE_SECONDS_MAX:
            self._began = now, second
        return max(rest, 0.0)


@dataclass(frozen=True, slots=True)
class _Open:
    """The recording that is being made."""

    recording: Recording
    tape: TapeWriter
    timetable: Timetable | None

    @property
    def opening(self) -> Opening:
        return self.recording.opening


class _Recorder:
    def __init__(self, ports: Ports, pace: Pace | None, tell: Callable[[RecorderFacts], None]) -> None:
        self._ports = ports
        self._pace = pace
        self._tell = tell
        self._root = ports.live.root
        self._facts = RecorderFacts()
        self._open: _Open | None = None

    async def take_up(self) -> Reached | None:
        """Finish what an earlier recorder left: publish what is closed, and go on with what is on air.

        What is neither is the trace of one that was killed between two recordings; it is closed.
        """
        on_air_id = id_on_air(self._root)
        for recording_id in recording_ids(self._root):
            closed = read_closed(self._folder(recording_id))
            if closed is None and recording_id == on_air_id:
                self._take_tape(read_recording(self._folder(recording_id)))
                self._count(resumed=1)
            elif closed is None or not closed.is_settled:
                await self._finish(recording_id, closed or self._ending(recording_id, Closing()))
        if self._open is None:
            return None
        await self._ring()
        return Reached(self._open.recording, self._open.tape.second)

    async def hear(self, event: FeedEvent) -> None:
        match event:
            case Opening():
                await self._hear_opening(event)
            case ChainRow() if self._open is not None:
                await self._hear_row(self._open, event)
            case ChainRow():
                self._count(disordered=1)
            case Closing():
                await self._close(event)

    def stop(self) -> None:
        if self._open is not None:
            self._open.tape.close()
            self._open = None

    async def _hear_opening(self, opening: Opening) -> None:
        if self._open is not None and _is_same_session(self._open.opening, opening):
            return
        await self._close(Closing())
        recording = Recording(self._ports.new_id(), opening)
        begin(self._root, recording)
        self._take_tape(recording)
        await self._ring()
        with suppress(DatabaseUnavailable):
            await remove_old_tapes(self._ports)

    def _take_tape(self, recording: Recording) -> None:
        tape = TapeWriter(self._folder(recording.id) / TAPE, len(recording.opening.contracts))
        timetable = None if self._pace is None else Timetable(self._pace.speed)
        self._open = _Open(recording, tape, timetable)
        self._facts = replace(self._facts, recording=recording)

    async def _hear_row(self, open_: _Open, row: ChainRow) -> None:
        if not open_.tape.second < row.second <= open_.opening.close_second:
            self._count(disordered=1)
        elif not is_sound(row, len(open_.opening.contracts)):
            self._count(unsound=1)
        else:
            if open_.timetable is not None:
                now = asyncio.get_running_loop().time()
                await asyncio.sleep(open_.timetable.rest_seconds(row.second, now))
            await self._append(open_.tape, row)

    async def _append(self, tape: TapeWriter, row: ChainRow) -> None:
        while True:
            try:
                appended = tape.append(row, monotonic_ns())
            except RowRefused as refused:
                log.warning("row_refused", second=row.second, reason=str(refused))
                self._count(refused=1)
                if self._pace is None:
                    return
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._count(rows=1, carried=appended.carried, missing=appended.missing)
                await self._ring()
                return

    async def _ring(self) -> None:
        """Tell of what is new on the tape; in lockstep, wait until it was matched."""
        assert self._open is not None
        recording_id, second = self._open.recording.id, self._open.tape.second
        self._facts = replace(self._facts, second=second)
        self._tell(self._facts)
        if self._pace is None or not self._pace.is_lockstep or second < 0:
            await self._bell(second)
            return
        with self._ports.topics.listen(matched_topic(recording_id)) as wakes:
            await self._bell(second)
            while not await self._is_matched(wakes, recording_id, second):
                pass

    async def _bell(self, second: int) -> None:
        """Wake whoever reads the tape. Redis may hang: whoever is not woken looks by himself."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BELL_SECONDS):
                await self._ports.topics.market_ticked(second)

    async def _is_matched(self, wakes: Wakes, recording_id: UUID, second: int) -> bool:
        """Wait for the matcher's word, and where it does not come or says nothing, look."""
        with suppress(TimeoutError):
            async with asyncio.timeout(BELL_SECONDS):
                heard = await wakes.next()
            if heard > UNKNOWN_SEQ and heard >= second:
                return True
        with suppress(DatabaseUnavailable):
            async with self._ports.database.asking() as tx:
                stored = await recordings.find(tx, recording_id)
            return stored is not None and stored.matched_second >= second
        return False

    async def _close(self, closing: Closing) -> None:
        """End the recording, if there is one, and make it a recorded day."""
        if self._open is None:
            return
        recording_id = self._open.recording.id
        self.stop()
        await self._finish(recording_id, self._ending(recording_id, closing))

    def _ending(self, recording_id: UUID, closing: Closing) -> Closed:
        """What the session settles at: the value told, else that of the last known index (rulings 3.5)."""
        if closing.settlement_cents is not None:
            return Closed(closing.settlement_cents, closing.settlement_source or SettlementSource.OFFICIAL)
        seen = self._ports.live.tape(recording_id)
        if seen is None or seen.day is None:
            return Closed(None, None)
        return Closed(*settled_by_index(seen.day))

    async def _finish(self, recording_id: UUID, closed: Closed) -> None:
        """Say that it is over, publish it, and say that too. A full disk is waited for."""
        folder = self._folder(recording_id)
        while not closed.is_settled or read_closed(folder) != closed:
            try:
                await asyncio.to_thread(write_closed, folder, closed)
                await self._bell(UNKNOWN_SEQ)
                if not closed.is_settled:
                    closed = await asyncio.to_thread(self._published, recording_id, closed)
            except OSError as error:
                log.warning("recording_not_published", recording=str(recording_id), reason=str(error))
                await asyncio.sleep(RETRY_SECONDS)
        self._count(published=int(closed.day_hash is not None))

    def _published(self, recording_id: UUID, closed: Closed) -> Closed:
        seen = self._ports.live.tape(recording_id)
        if seen is None or seen.day is None:
            return replace(closed, refusal="not a single row was told")
        settled, source = closed.settlement_cents, closed.settlement_source
        day = replace(seen.day, settlement_cents=settled, settlement_source=source)
        try:
            info = publish_beside(self._ports.library.root, day, seen.recording.opening.provenance)
        except DayRefused as refused:
            return replace(closed, refusal=str(refused))
        return replace(closed, day_hash=info.content_hash)

    def _count(self, **more: int) -> None:
        counted = {name: getattr(self._facts, name) + count for name, count in more.items()}
        self._facts = replace(self._facts, **counted)
        self._tell(self._facts)

    def _folder(self, recording_id: UUID) -> Path:
        return self._root / str(recording_id)


def _is_same_session(one: Opening, other: Opening) -> bool:
    """Whether a feed begins again to tell of a session, whenever it says that its rows were made."""
    return one == replace(other, provenance=one.provenance)
