"""The traps of Databento's files, one by one: the vendor's own samples, and files that its library wrote."""

import ast
import csv
import io
import sys
from pathlib import Path

import databento_dbn as dbn
import pyarrow as pa
import pytest

from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource
from marketdata import databento
from marketdata.importing import AUTO, ImportRequest, run_import
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, Outcome
from tests.marketdata import lean_files
from tests.marketdata.databento_files import (
    CALL,
    DAY,
    MINUTES,
    MONTHLY,
    NEXT,
    OPEN_NS,
    PUT,
    cbbo,
    chain,
    mbp,
    metadata,
    price,
    write,
)
from tests.marketdata.vendor_files import NOW, found, quotes, run


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


def test_the_last_trades_time_and_price_and_the_venues_are_not_used(tmp_path: Path) -> None:
    traded = chain()
    for record in traded:
        record.ts_event, record.price, record.size = dbn.UNDEF_TIMESTAMP, price(None), 0
    _, (plain,) = run("databento", write(tmp_path, chain()))
    _, (quiet,) = run("databento", write(tmp_path, traded))
    assert quiet.content_hash == plain.content_hash


def test_records_of_another_kind_give_no_day(tmp_path: Path) -> None:
    """As a file has that was recorded live, with mappings and heartbeats between the quotes."""
    beat = dbn.SystemMsg(ts_event=OPEN_NS, msg="Heartbeat")
    path = write(tmp_path, [*chain(), beat, *[cbbo(61, 5.0, 5.2)] * 4], suffix=".dbn")
    report, days = run("databento", path)
    assert days == ()
    assert report.refused_days[0].startswith(f"{path.name}: ")


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


def vendors_text(path: Path) -> list[dict[str, str]]:
    """A file's records as the vendor's own encoder writes them, apart from our reading."""
    text = io.BytesIO()
    compression = dbn.Compression.NONE
    encoder = dbn.Transcoder(text, dbn.Encoding.CSV, compression, pretty_px=False, pretty_ts=False)
    encoder.write(unpacked(path))
    encoder.finish()
    return list(csv.DictReader(io.StringIO(text.getvalue().decode())))


def unpacked(path: Path) -> bytes:
    with pa.input_stream(str(path), compression="zstd") as stream:
        content: bytes = stream.read()
    return content


@pytest.mark.parametrize("schema", ["cbbo-1s", "cbbo-1m", "mbp-1"])
def test_every_field_of_the_samples_is_what_the_vendors_encoder_says(shared_data: Path, schema: str) -> None:
    path = shared_data / "databento-apache2" / "OPRA.PILLAR" / f"test_data.{schema}.dbn.zst"
    texts = vendors_text(path)
    names = [name for name, _ in getattr(dbn, databento.RECORDS[schema])._dtypes]
    assert len(texts) == 4
    for number, text in enumerate(texts, 1):
        ours = dict(zip(names, ast.literal_eval(databento.Recording(path).line(number)), strict=True))
        compared = [name for name in names if name in text]
        assert {"ts_recv", "publisher_id", "instrument_id", "bid_px_00", "ask_px_00"} <= set(compared)
        assert len(compared) == len(text) - 1  # all but the symbol, which the vendor adds
        assert {name: field_text(ours[name]) for name in compared} == {name: text[name] for name in compared}


def field_text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_files_of_every_version_are_read(tmp_path: Path, version: int) -> None:
    _, (day,) = run("databento", write(tmp_path, chain(), head=metadata("cbbo-1s", version)))
    assert quotes(day, "6000P", 0, 23_400) == [(7.0, 7.2), (7.0, 7.2)]


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


@pytest.mark.parametrize("format_name", ["databento", AUTO])
def test_without_the_vendors_library_a_file_is_refused_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_name: str
) -> None:
    path = write(tmp_path, chain())
    lean_files.tree(tmp_path / "lean", {lean_files.member(): lean_files.bars()}, lean_files.INDEX)
    monkeypatch.setitem(sys.modules, databento.LIBRARY, None)
    request = ImportRequest(format_name, (tmp_path,))
    report = run_import(request, tmp_path / "days", NOW, processes=1)
    assert report.refused_days == (
        f"{path.name}: needs the vendor's library, an extra: .venv/bin/pip install databento-dbn",
    )
    assert [day.source for day in report.days] == (["lean"] if format_name == AUTO else [])
