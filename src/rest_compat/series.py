"""Aggregate series as JSON rows, written a chunk at a time as matrices of bytes.

Every text of a chunk is a matrix with a row a second, where 0 stands for no character: the digits
of a whole column come from one division. Side by side and without the zeros they are the JSON.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.aggregates import PLACES, UNKNOWN, Column, Series
from usecases.market import SeriesFrame

Texts: TypeAlias = NDArray[np.uint8]

ROWS_A_CHUNK = 1_000
DIGITS = 12
UNIX_DIGITS = 10
NULL = np.frombuffer(b"null", np.uint8)

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
        _digits(of_day // 3600, 2),
        b":",
        _digits(of_day // 60 % 60, 2),
        b":",
        _digits(of_day % 60, 2),
        b'Z","datetimeUnix":',
        _digits(seconds + int(opened.timestamp()), UNIX_DIGITS),
    ]
    for name, column in frame.columns.items():
        parts += [b',"%s":' % KEYS[name].encode(), _decimals(column[chosen], name)]
    return _joined([*parts, b"}"], len(seconds))


def _joined(parts: list[bytes | Texts], rows: int) -> bytes:
    columns = [
        np.broadcast_to(np.frombuffer(part, np.uint8), (rows, len(part))) if isinstance(part, bytes) else part
        for part in parts
    ]
    texts = np.concatenate(columns, axis=1)
    written: Texts = texts[texts != 0]
    return written.tobytes()


def _digits(values: Column, width: int) -> Texts:
    """Each value as ``width`` digits."""
    powers = 10 ** np.arange(width - 1, -1, -1)
    return (values[:, None] // powers % 10 + ord("0")).astype(np.uint8)


def _decimals(values: Column, name: Series) -> Texts:
    """As ``engine.money.fixed_text`` between quotes, or null where the value is unknown."""
    places, places_min = PLACES[name], PLACES_MIN[name]
    digits = _digits(np.abs(values), DIGITS)
    whole, fraction = digits[:, : DIGITS - places], digits[:, DIGITS - places :]

    leading = np.logical_or.accumulate(whole != ord("0"), axis=1)
    leading[:, -1] = True
    trailing = np.logical_or.accumulate(fraction[:, ::-1] != ord("0"), axis=1)[:, ::-1].copy()
    trailing[:, :places_min] = True

    quote = np.full((len(values), 1), ord('"'), np.uint8)
    sign = np.where(values < 0, ord("-"), 0).astype(np.uint8)[:, None]
    point = np.where(trailing.any(axis=1), ord("."), 0).astype(np.uint8)[:, None]
    texts = np.concatenate((quote, sign, whole * leading, point, fraction * trailing, quote), axis=1)
    unknown = values == UNKNOWN
    texts[unknown] = 0
    texts[unknown, : len(NULL)] = NULL
    return texts
