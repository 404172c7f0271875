"""Aggregate series as JSON rows, written a chunk at a time as matrices of bytes."""

from collections.abc import Iterator
from datetime import UTC
from typing import Final

import numpy as np

from engine.aggregates import PLACES, UNKNOWN, Column, Series
from rest_compat.texts import Texts, beside, decimals, digits, joined, nulled
from usecases.market import SeriesFrame

ROWS_A_CHUNK = 1_000
UNIX_DIGITS = 10

KEYS: Final = {
    Series.SPX: "spx",
    Series.VIX: "vix",
    Series.SPX_EXPECTED_MOVE: "spx_expected_move",
    Series.SPX_OTM_BIDS: "spx_otm_bids",
    Series.SPX_EXTRINSIC: "spx_extrinsic",
}
PLACES_MIN: Final = {
    Series.SPX: 2,
    Series.VIX: 2,
    Series.SPX_EXPECTED_MOVE: 0,
    Series.SPX_OTM_BIDS: 2,
    Series.SPX_EXTRINSIC: 2,
}


def series_rows(frame: SeriesFrame) -> Iterator[bytes]:
    """The JSON array of ``frame`` in chunks of about a millisecond each.

    Starlette runs each step of a plain iterator in a worker thread.
    """
    yield b"["
    for start in range(0, len(frame.seconds), ROWS_A_CHUNK):
        rows = _rows(frame, slice(start, start + ROWS_A_CHUNK))
        yield rows if start else rows[1:]
    yield b"]"


def _rows(frame: SeriesFrame, chosen: slice) -> bytes:
    """Rows that each start with the comma that parts them from the one before."""
    seconds = np.array(frame.seconds[chosen])
    opened = frame.open_at.astimezone(UTC)
    of_day = seconds + opened.hour * 3600 + opened.minute * 60 + opened.second
    parts: list[bytes | Texts] = [
        b',{"datetime":"%sT' % opened.date().isoformat().encode(),
        digits(of_day // 3600, 2),
        b":",
        digits(of_day // 60 % 60, 2),
        b":",
        digits(of_day % 60, 2),
        b'Z","datetimeUnix":',
        digits(seconds + int(opened.timestamp()), UNIX_DIGITS),
    ]
    for name, column in frame.columns.items():
        parts += [b',"%s":' % KEYS[name].encode(), _decimals(column[chosen], name)]
    return joined([*parts, b"}"], len(seconds))


def _decimals(values: Column, name: Series) -> Texts:
    """As ``engine.money.fixed_text`` between quotes, or null where the value is unknown."""
    text = decimals(values, places=PLACES[name], places_min=PLACES_MIN[name])
    return nulled(beside([b'"', text, b'"'], len(values)), values == UNKNOWN)
