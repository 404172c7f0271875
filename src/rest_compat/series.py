"""Aggregate series as JSON rows, encoded a chunk at a time."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from engine.aggregates import PLACES, UNKNOWN, Series
from engine.money import fixed_text
from rest_compat.wire import instant_text
from usecases.market import SeriesFrame

ROWS_A_CHUNK = 1_000

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
    """The JSON array of ``frame`` in chunks, none of which takes more than a few milliseconds.

    Starlette runs each step of a plain iterator in a worker thread.
    """
    yield b"["
    for start in range(0, len(frame.seconds), ROWS_A_CHUNK):
        yield b"," + _rows(frame, start) if start else _rows(frame, start)
    yield b"]"


def _rows(frame: SeriesFrame, start: int) -> bytes:
    chosen = slice(start, start + ROWS_A_CHUNK)
    opened = int(frame.open_at.timestamp())
    times = (
        (instant_text(frame.open_at + timedelta(seconds=second)), opened + second)
        for second in frame.seconds[chosen]
    )
    texts = [map(_texts(name), column[chosen].tolist()) for name, column in frame.columns.items()]
    return ",".join(
        _template(frame) % (*at, *values) for at, *values in zip(times, *texts, strict=True)
    ).encode()


def _template(frame: SeriesFrame) -> str:
    fields = "".join(f',"{KEYS[name]}":%s' for name in frame.columns)
    return f'{{"datetime":"%s","datetimeUnix":%d{fields}}}'


def _texts(name: Series) -> Callable[[int], str]:
    """The JSON of one value: decimal text, or null where it is unknown."""
    places, places_min = PLACES[name], PLACES_MIN[name]

    def text(value: int) -> str:
        return "null" if value == UNKNOWN else f'"{fixed_text(value, places, places_min)}"'

    return text
