"""Files as Databento's own library encodes them."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import databento_dbn as dbn
import pyarrow as pa

DAY = date(2025, 1, 17)
OPEN_NS = 1_737_124_200_000_000_000
SECOND_NS = 1_000_000_000
CALL, PUT, NEXT, MONTHLY = 11, 12, 13, 14
SYMBOLS = {
    "SPXW  250117C06000000": CALL,
    "SPXW  250117P06000000": PUT,
    "SPXW  250121C06000000": NEXT,
    "SPX   250117C06000000": MONTHLY,
}
MINUTES = range(0, 23_401, 60)


def price(points: float | None) -> int:
    return dbn.UNDEF_PRICE if points is None else round(points * 1_000) * 1_000_000


def cbbo(
    second: float, bid: float | None, ask: float | None, instrument: int = CALL, rtype: int = 192
) -> dbn.CBBOMsg:
    """A quote that stands at the end of an interval. The stamp of the trade is an old one, as is usual."""
    return dbn.CBBOMsg(
        rtype=rtype, publisher_id=30, instrument_id=instrument,
        ts_event=OPEN_NS - 3600 * SECOND_NS, price=price(9.0), size=1, side=dbn.Side.NONE,
        ts_recv=OPEN_NS + round(second * SECOND_NS), flags=194,
        levels=dbn.ConsolidatedBidAskPair(price(bid), price(ask), 5, 7, 23, 37),
    )  # fmt: skip


def mbp(
    second: float, bid: float | None, ask: float | None, instrument: int = CALL, publisher: int = 30
) -> dbn.MBP1Msg:
    moment = OPEN_NS + round(second * SECOND_NS)
    return dbn.MBP1Msg(
        publisher_id=publisher, instrument_id=instrument, ts_event=moment - 200_000, price=price(None),
        size=0, action=dbn.Action.ADD, side=dbn.Side.NONE, depth=0, ts_recv=moment, flags=194,
        ts_in_delta=0, sequence=1, levels=dbn.BidAskPair(price(bid), price(ask), 5, 7, 1, 1),
    )  # fmt: skip


def chain(step: int = 60) -> list[dbn.CBBOMsg]:
    """Call and put at 6000 at every step from the open to the close: parity says 5998."""
    sides = ((CALL, 5.0, 5.2), (PUT, 7.0, 7.2))
    return [cbbo(s, bid, ask, side) for s in range(0, 23_401, step) for side, bid, ask in sides]


def metadata(schema: str, version: int = 3, symbols: Mapping[str, int] = SYMBOLS) -> bytes:
    """The head of a file that holds all of these contracts for the day."""
    interval = {"start_date": DAY, "end_date": DAY + timedelta(days=1)}
    described = dbn.Metadata(
        dataset="OPRA.PILLAR",
        start=OPEN_NS - OPEN_NS % (86_400 * SECOND_NS),
        stype_in=dbn.SType.PARENT,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema(schema),
        symbols=["SPXW.OPT"],
        version=version,
        mappings=[
            SimpleNamespace(raw_symbol=raw, intervals=[SimpleNamespace(symbol=str(number), **interval)])
            for raw, number in symbols.items()
        ],
    )
    return bytes(described)


def write(
    folder: Path,
    records: Iterable[object],
    schema: str = "cbbo-1s",
    suffix: str = ".dbn.zst",
    head: bytes | None = None,
) -> Path:
    """A file as the vendor's library encodes it, of ``SYMBOLS`` unless ``head`` says otherwise."""
    path = folder / f"opra-pillar-20250117.{schema}{suffix}"
    raw = (head or metadata(schema)) + b"".join(bytes(record) for record in records)
    with pa.output_stream(str(path), compression="zstd" if suffix.endswith("zst") else None) as stream:
        stream.write(raw)
    return path
