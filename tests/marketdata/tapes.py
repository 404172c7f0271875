"""What a feed told, written down the slow way."""

from collections.abc import AsyncIterator, Sequence

import numpy as np

from engine.market import MISSING_DELTA, MISSING_INDEX, MISSING_TICKS, Day
from marketdata.recordings import ChainRow, Closing, FeedEvent, Opening


async def heard(events: AsyncIterator[FeedEvent], at_most: int | None = None) -> list[FeedEvent]:
    """What a feed tells, or the first of it."""
    told: list[FeedEvent] = []
    async for event in events:
        told.append(event)
        if len(told) == at_most:
            break
    return told


def day_of(opening: Opening, rows: Sequence[ChainRow], closing: Closing) -> Day:
    """The day of what was told, of rows without a gap."""
    length, width = opening.close_second + 1, len(opening.contracts)
    bids, asks = (np.full((width, length), MISSING_TICKS, np.uint16) for _ in range(2))
    deltas = np.full((length, width), MISSING_DELTA, np.int16)
    spx, vix = (np.full(length, MISSING_INDEX, np.int32) for _ in range(2))
    for row in rows:
        bids[:, row.second], asks[:, row.second] = row.bid_ticks, row.ask_ticks
        deltas[row.second] = row.delta_e4
        spx[row.second], vix[row.second] = row.spx_e4, row.vix_e4
    return Day(
        date=opening.date,
        open_at=opening.open_at,
        close_second=opening.close_second,
        contracts=opening.contracts,
        bid_ticks=bids,
        ask_ticks=asks,
        delta_e4=deltas,
        spx_e4=spx,
        vix_e4=vix,
        known_from=rows[0].second,
        known_until=rows[-1].second,
        settlement_cents=closing.settlement_cents,
        settlement_source=closing.settlement_source,
        content_hash="",
        synthetic=opening.synthetic,
        index_derived=opening.index_derived,
    )
