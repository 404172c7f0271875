"""Tapes go when nobody needs them any more, and not before."""

from datetime import date, timedelta
from uuid import UUID

from marketdata.recording_files import recording_ids
from store import recordings
from store.recordings import NewRecording
from tests.days import tiny_day
from tests.people import Town
from tests.tapes import Told, closing_of, opening_of, row_of
from usecases.recording import record

DAY = tiny_day()


async def recorded(town: Town) -> UUID:
    """A session of one row, published and still on air."""
    await record(town.ports, Told([opening_of(DAY), row_of(DAY, 0), closing_of(DAY)]), pace=None)
    air = town.ports.live.on_air()
    assert air is not None
    return air.recording.id


async def entered(town: Town, recording_id: UUID) -> int:
    """As by a matcher that began with a recording; its epoch."""
    async with town.ports.database.transaction() as tx:
        new = NewRecording(recording_id, DAY.date, "tiny", DAY.open_at, DAY.close_second, DAY.open_at)
        await recordings.enter(tx, new)
        epoch = await recordings.take(tx, recording_id, town.ports.new_id(), timedelta(minutes=1))
    assert epoch is not None
    return epoch


async def is_kept_when_the_next_session_opens(town: Town, recording_id: UUID, on: date) -> bool:
    await record(town.ports, Told([opening_of(tiny_day(on))]), pace=None)
    return recording_id in recording_ids(town.ports.live.root)


async def test_a_session_that_nobody_traded_goes_when_the_next_one_opens(town: Town) -> None:
    recording_id = await recorded(town)
    assert recording_ids(town.ports.live.root) == (recording_id,)
    assert not await is_kept_when_the_next_session_opens(town, recording_id, date(2025, 1, 16))
    assert town.ports.library.current(DAY.date) is not None


async def test_a_tape_is_kept_until_all_of_it_is_matched(town: Town) -> None:
    recording_id = await recorded(town)
    epoch = await entered(town, recording_id)
    assert await is_kept_when_the_next_session_opens(town, recording_id, date(2025, 1, 16))

    async with town.ports.database.transaction() as tx:
        await recordings.closed(tx, recording_id, epoch, DAY.close_at)
    assert not await is_kept_when_the_next_session_opens(town, recording_id, date(2025, 1, 17))
