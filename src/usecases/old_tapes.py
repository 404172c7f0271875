"""Tapes that nobody needs any more: what they hold is a recorded day."""

import asyncio

from marketdata.recording_files import id_on_air, read_closed, recording_ids, remove
from store import recordings
from usecases.ports import Ports


async def remove_old_tapes(ports: Ports) -> None:
    """Remove each recording that is off the air, published or refused, matched to its end and settled. Only
    the recorder may, which holds the directory."""
    root = ports.live.root
    on_air_id = id_on_air(root)
    ended = [
        recording_id
        for recording_id in recording_ids(root)
        if recording_id != on_air_id
        and (closed := read_closed(root / str(recording_id))) is not None
        and closed.is_settled
    ]
    if not ended:
        return
    async with ports.database.asking() as tx:
        needed = [*await recordings.unfinished(tx), *await recordings.with_unsettled(tx)]
    for recording_id in set(ended) - {recording.uuid for recording in needed}:
        await asyncio.to_thread(remove, root, recording_id)
