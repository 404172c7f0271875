"""The traps of Databento's files, one by one: the vendor's own samples, and files that its library wrote."""

import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import databento_dbn as dbn
import pyarrow as pa
import pytest

from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource
from marketdata import databento
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Outcome
from tests.marketdata.vendor_files import found, quotes, run

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


def write(folder: Path, records: Iterable[object], schema: str = "cbbo-1s", suffix: str = ".dbn.zst") -> Path:
    """A file as the vendor's library encodes it."""
    interval = {"start_date": DAY, "end_date": DAY + timedelta(days=1)}
    metadata = dbn.Metadata(
        dataset="OPRA.PILLAR",
        start=OPEN_NS - OPEN_NS % (86_400 * SECOND_NS),
        stype_in=dbn.SType.PARENT,
        stype_out=dbn.SType.INSTRUMENT_ID,
        schema=dbn.Schema(schema),
        symbols=["SPXW.OPT"],
        mappings=[
            SimpleNamespace(raw_symbol=raw, intervals=[SimpleNamespace(symbol=str(number), **interval)])
            for raw, number in SYMBOLS.items()
        ],
    )
    path = folder / f"opra-pillar-20250117.{schema}{suffix}"
    raw = bytes(metadata) + b"".join(bytes(record) for record in records)
    with pa.output_stream(str(path), compression="zstd" if suffix.endswith("zst") else None) as stream:
        stream.write(raw)
    return path


def imported(folder: Path, *records: object) -> Day:
    _, (day,) = run("databento", write(folder, [*chain(), *records]))
    return day


@pytest.mark.parametrize("suffix", [".dbn.zst", ".dbn"])
def test_a_stamp_ends_its_interval_and_no_record_is_no_change(tmp_path: Path, suffix: str) -> None:
    records = [*chain(), cbbo(61, 5.1, 5.3), cbbo(65, 5.2, 5.4)]
    report, (day,) = run("databento", write(tmp_path, records, suffix=suffix))
    assert (day.date, day.contracts) == (DAY, (Contract(6000, Right.CALL), Contract(6000, Right.PUT)))
    assert quotes(day, "6000C", 60, 61, 64, 65, 119) == [
        (5.0, 5.2),
        (5.1, 5.3),
        (5.1, 5.3),
        (5.2, 5.4),
        (5.2, 5.4),
    ]
    assert [report.rows(outcome) for outcome in Outcome] == [784, 0, 0, 0]


def test_minutes_are_known_at_their_end_too(tmp_path: Path) -> None:
    records = [cbbo(s, 5.0, 5.2, side, rtype=193) for s in MINUTES for side in (CALL, PUT)]
    _, (day,) = run("databento", write(tmp_path, [*records, cbbo(120, 6.0, 6.2, rtype=193)], "cbbo-1m"))
    assert quotes(day, "6000C", 119, 120) == [(5.0, 5.2), (6.0, 6.2)]


def test_there_is_no_index_so_it_is_derived(tmp_path: Path) -> None:
    day = imported(tmp_path)
    assert (day.index_derived, day.spx(0)) == (True, 59_980_000)
    assert (day.settlement_cents, day.settlement_source) == (599_800, SettlementSource.DERIVED)
    assert day.delta_e4[60].sum() == 10_000


def test_undefined_prices_are_no_bid_and_no_quote(tmp_path: Path) -> None:
    records = [*chain(), cbbo(61, None, 0.05), cbbo(62, None, None), cbbo(63, 5.0, None), cbbo(64, 5.0, 5.2)]
    report, (day,) = run("databento", write(tmp_path, records))
    assert quotes(day, "6000C", 61, 62, 63, 64) == [(0.0, 0.05), None, None, (5.0, 5.2)]
    assert found(report) == {Finding.NO_BID: 1, Finding.NO_ASK: 2}


def test_other_series_are_counted_and_an_unmapped_instrument_is_refused(tmp_path: Path) -> None:
    others = [cbbo(61, 1.0, 1.1, instrument) for instrument in (NEXT, MONTHLY, 99)]
    report, (day,) = run("databento", write(tmp_path, [*chain(), *others]))
    assert len(day.contracts) == 2
    assert found(report) == {Finding.OTHER_ROOT: 1, Finding.OTHER_EXPIRY: 1, Finding.MALFORMED: 1}
    assert [offence.line for offence in report.offences] == [785, 784, 783]
    assert report.offences[0].text.startswith("(20, 192, 30, 99, ")


def test_a_mapping_holds_only_for_its_days(tmp_path: Path) -> None:
    report, _ = run("databento", write(tmp_path, [*chain(), cbbo(86_400 + 61, 5.0, 5.2)]))
    assert found(report) == {Finding.MALFORMED: 1}


def test_an_undefined_stamp_is_refused(tmp_path: Path) -> None:
    record = cbbo(61, 5.0, 5.2)
    record.ts_recv = dbn.UNDEF_TIMESTAMP
    report, _ = run("databento", write(tmp_path, [*chain(), record]))
    assert found(report) == {Finding.MALFORMED: 1}


def test_a_change_is_known_when_its_second_is_over_and_the_last_counts(tmp_path: Path) -> None:
    steady = [mbp(s, 5.0, 5.2, side) for s in MINUTES for side in (CALL, PUT)]
    changes = [mbp(60.2, 5.1, 5.3), mbp(60.9, 5.2, 5.4), mbp(61, 5.3, 5.5), mbp(61.000001, 5.4, 5.6)]
    report, (day,) = run("databento", write(tmp_path, [*steady, *changes], "mbp-1"))
    assert quotes(day, "6000C", 60, 61, 62) == [(5.0, 5.2), (5.3, 5.5), (5.4, 5.6)]
    assert [report.rows(outcome) for outcome in Outcome] == [786, 0, 0, 0]


def test_quotes_of_single_exchanges_are_skipped(tmp_path: Path) -> None:
    steady = [mbp(s, 5.0, 5.2, side) for s in MINUTES for side in (CALL, PUT)]
    report, (day,) = run("databento", write(tmp_path, [*steady, mbp(61, 4.0, 6.0, publisher=24)], "mbp-1"))
    assert quotes(day, "6000C", 61) == [(5.0, 5.2)]
    assert found(report) == {Finding.REGIONAL: 1}


def test_the_vendors_samples_are_decoded_and_skipped(tmp_path: Path, shared_data: Path) -> None:
    folder = tmp_path / "samples"
    folder.mkdir()
    for sample in (shared_data / "databento-apache2" / "OPRA.PILLAR").glob("*.dbn.zst"):
        (folder / sample.name).write_bytes(sample.read_bytes())
    report, days = run("databento", folder)
    assert (days, report.rows_read) == ((), 12)
    assert found(report) == {Finding.OTHER_ROOT: 9, Finding.REGIONAL: 3}
    line = databento.Recording(folder / "test_data.cbbo-1s.dbn.zst").line(4)
    assert line.startswith("(20, 192, 30, 16783963, 1740061802913821952, 230000000, 2, ")
    assert "1740061803000000000" in line and "220000000, 240000000, 9, 13, 31," in line


def test_a_folder_without_quotes_says_what_it_holds(tmp_path: Path, shared_data: Path) -> None:
    sample = shared_data / "databento-apache2" / "OPRA.PILLAR" / "test_data.trades.dbn.zst"
    with pytest.raises(
        SourceRefused, match=r"no .dbn or .dbn.zst of cbbo-1s, cbbo-1m, mbp-1; there are: trades"
    ):
        run("databento", sample)


@pytest.mark.parametrize("lost", [1, 79, 80 * 100 + 7])
def test_a_file_that_was_cut_off_gives_no_day(tmp_path: Path, lost: int) -> None:
    path = write(tmp_path, chain(), suffix=".dbn")
    path.write_bytes(path.read_bytes()[:-lost])
    report, days = run("databento", path)
    assert (days, report.refused_days) == ((), (f"{path.name}: ends within a record",))


def test_a_compressed_file_that_was_cut_off_gives_no_day(tmp_path: Path) -> None:
    path = write(tmp_path, chain())
    path.write_bytes(path.read_bytes()[:-20])
    report, days = run("databento", path)
    assert days == ()
    assert report.refused_days[0].startswith(f"{path.name}: ")


def test_what_is_no_such_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "day.dbn"
    path.write_bytes(b"DBN")
    report, days = run("databento", path)
    assert days == ()
    assert report.refused_days[0].startswith("day.dbn: ")


def test_without_the_vendors_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, chain())
    monkeypatch.setitem(sys.modules, databento.LIBRARY, None)
    with pytest.raises(SourceRefused, match="needs the vendor's library: pip install"):
        run("databento", path)
