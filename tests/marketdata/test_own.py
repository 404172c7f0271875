"""The product's own tables."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.contracts import Contract, Right
from engine.market import SettlementSource
from marketdata.own import Kind, Symbol, read_symbol
from marketdata.reports import Finding, Outcome
from tests.marketdata.vendor_files import found, quotes, run

CALL, PUT = "SPXW  250115C05950000", "SPXW  250115P05950000"
OPEN = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
HEADER = "time,symbol,bid,ask,delta,last"


def at(second: float) -> str:
    return (OPEN + timedelta(seconds=second)).isoformat().replace("+00:00", "Z")


def steady() -> list[str]:
    """The put and the index, once a minute from the open to the close."""
    return [
        line
        for second in range(0, 23_401, 60)
        for line in (f"{at(second)},{PUT},4.80,5.20,,", f"{at(second)},SPX,,,,5951.25")
    ]


def table(folder: Path, *lines: str, header: str = HEADER, name: str = "2025-01-15.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([header, *lines]) + "\n")
    return path


def test_a_row_counts_from_its_time_on(tmp_path: Path) -> None:
    rows = [f"{at(10)},{CALL},6.00,6.20,,", f"{at(12)},{CALL},6.10,6.30,,", f"{at(12)},VIX,,,,15.5"]
    report, (day,) = run("zerodte", table(tmp_path, *steady(), *rows))
    assert quotes(day, "5950C", 9, 10, 11, 12, 23_400) == [
        None,
        (6.0, 6.2),
        (6.0, 6.2),
        (6.1, 6.3),
        (6.1, 6.3),
    ]
    assert (day.spx(0), day.spx(23_400)) == (59_512_500, 59_512_500)
    assert day.vix_e4[[11, 12]].tolist() == [-1, 155_000]
    assert (day.settlement_cents, day.settlement_source) == (595_125, SettlementSource.PRINT)
    assert (report.rows(Outcome.KEPT), report.offences) == (785, ())


def test_a_fraction_of_a_second_is_known_when_the_second_is_over(tmp_path: Path) -> None:
    _, (day,) = run("zerodte", table(tmp_path, *steady(), f"{at(10.001)},{CALL},6.00,6.20,,"))
    assert quotes(day, "5950C", 10, 11) == [None, (6.0, 6.2)]


def test_a_delta_stands_until_the_contracts_next_row_and_is_computed_where_there_is_none(
    tmp_path: Path,
) -> None:
    rows = [f"{at(60)},{CALL},6.00,6.20,-0.5123,", f"{at(120)},{CALL},6.00,6.20,,"]
    _, (day,) = run("zerodte", table(tmp_path, *steady(), *rows))
    call = day.row_of[Contract(5950, Right.CALL)]
    assert (day.delta_e4[60, call], day.delta_e4[119, call]) == (5123, 5123)
    assert day.delta_e4[120].sum() == 10_000
    assert 5000 < day.delta_e4[120, call] < 5900
    assert day.delta_e4[120, call] != 5123


def test_without_index_rows_the_index_is_derived(tmp_path: Path) -> None:
    rows = [
        f"{at(second)},{name}"
        for second in range(0, 23_401, 60)
        for name in (f"{PUT},4.80,5.20", f"{CALL},6.00,6.20")
    ]
    _, (day,) = run("zerodte", table(tmp_path, *rows, header="time,symbol,bid,ask"))
    assert day.index_derived
    assert day.spx(0) == 59_511_000
    assert day.settlement_source is SettlementSource.DERIVED


def test_what_is_not_of_the_day_is_counted(tmp_path: Path) -> None:
    rows = [
        f"{at(60)},SPX   250115C05950000,1,2,,",
        f"{at(60)},SPXW  250116C05950000,1,2,,",
        f"{at(-60)},{CALL},1,2,,",
        f"{at(60)},SPXW  250115C05950500,1,2,,",
        f"{at(60)},QQQ,1,2,,",
        f"noon,{CALL},1,2,,",
    ]
    report, (day,) = run("zerodte", table(tmp_path, *steady(), *rows))
    assert day.contracts == (Contract(5950, Right.PUT),)
    assert found(report) == {
        Finding.OTHER_ROOT: 1,
        Finding.OTHER_EXPIRY: 1,
        Finding.OUTSIDE_SESSION: 1,
        Finding.FRACTIONAL_STRIKE: 1,
        Finding.MALFORMED: 2,
    }


def test_a_file_may_hold_several_days(tmp_path: Path) -> None:
    tomorrow = [line.replace("2025-01-15", "2025-01-16").replace("250115", "250116") for line in steady()]
    _, days = run("zerodte", table(tmp_path, *steady(), *tomorrow, name="week.csv"))
    assert [day.date.isoformat() for day in days] == ["2025-01-15", "2025-01-16"]
    assert days[0].content_hash != days[1].content_hash


PARQUET_TYPES = {
    "text": (pa.string(), pa.string()),
    "float": (pa.timestamp("us", "UTC"), pa.float64()),
    "decimal": (pa.timestamp("ns"), pa.decimal128(12, 4)),
    "milliseconds": (pa.timestamp("ms", "America/New_York"), pa.float64()),
}


@pytest.mark.parametrize("kind", PARQUET_TYPES)
def test_parquet_and_csv_give_the_same_day(tmp_path: Path, kind: str) -> None:
    time_type, price_type = PARQUET_TYPES[kind]
    lines = [*steady(), f"{at(10.5)},{CALL},6.05,6.25,0.5123,", f"{at(90)},{CALL},6.15,6.35,,"]
    columns = list(zip(*(line.split(",") for line in lines), strict=True))
    times = list(columns[0]) if kind == "text" else [datetime.fromisoformat(text) for text in columns[0]]
    prices = {"text": str, "float": float, "decimal": Decimal, "milliseconds": float}[kind]
    arrays = [
        pa.array(
            [moment.replace(tzinfo=None) for moment in times] if kind == "decimal" else times, time_type
        ),  # type: ignore[union-attr]
        pa.array(columns[1]).dictionary_encode(),
        *(
            pa.array([prices(text) if text else None for text in column], price_type)
            for column in columns[2:]
        ),
    ]
    pq.write_table(pa.table(dict(zip(HEADER.split(","), arrays, strict=True))), tmp_path / "day.parquet")
    _, (expected,) = run("zerodte", table(tmp_path, *lines))
    report, (day,) = run("zerodte", tmp_path / "day.parquet")
    assert day.content_hash == expected.content_hash
    assert report.rows_read == len(lines)


def test_the_first_offence_in_a_parquet_file_is_shown(tmp_path: Path) -> None:
    columns = [list(column) for column in zip(*(line.split(",") for line in steady()), strict=True)]
    columns[1][2] = "nonsense"
    pq.write_table(pa.table(dict(zip(HEADER.split(","), columns, strict=True))), tmp_path / "day.parquet")
    report, _ = run("zerodte", tmp_path / "day.parquet")
    (offence,) = report.offences
    assert (offence.line, offence.text) == (3, f"{at(60)},nonsense,4.80,5.20,,")


def test_categories_with_nothing_among_them_are_read(tmp_path: Path) -> None:
    """Symbols as pandas writes categories, one of them missing."""
    columns = [list(column) for column in zip(*(line.split(",") for line in steady()), strict=True)]
    symbols = pa.array([None, *columns[1][1:]]).dictionary_encode()
    named = dict(zip(HEADER.split(","), columns, strict=True)) | {"symbol": symbols}
    pq.write_table(pa.table(named), tmp_path / "day.parquet")
    report, days = run("zerodte", tmp_path / "day.parquet")
    assert len(days) == 1
    assert found(report) == {Finding.MALFORMED: 1}


def test_a_parquet_file_without_a_column_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"time": ["x"], "symbol": ["y"]}), tmp_path / "day.parquet")
    report, _ = run("zerodte", tmp_path / "day.parquet")
    assert report.refused_days == ("day.parquet: missing column 'bid', there are: time, symbol",)


def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path) -> None:
    (tmp_path / "day.parquet").write_bytes(b"PAR1")
    report, days = run("zerodte", tmp_path / "day.parquet")
    assert days == ()
    assert report.refused_days[0].startswith("day.parquet: ")


@pytest.mark.parametrize("text", ["SPXW  250115P05950000", "SPXW 250115P05950000", "SPXW250115P05950000"])
def test_a_symbol_is_read_with_or_without_its_padding(text: str) -> None:
    assert read_symbol(text) == Symbol(
        Kind.SPXW_OPTION, datetime(2025, 1, 15, tzinfo=UTC).toordinal(), 1, 59_500_000
    )


@pytest.mark.parametrize("text", ["SPXW  251315P05950000", "", "^SPX", None, "SPXW  250115X05950000"])
def test_what_is_no_symbol_is_neither(text: str | None) -> None:
    assert read_symbol(text) == Symbol(Kind.NEITHER)


def test_a_table_that_states_what_it_covers_has_no_gaps_and_its_own_deltas(tmp_path: Path) -> None:
    rows = [
        f"{at(0)},KNOWN FROM,,,,",
        f"{at(7200)},KNOWN UNTIL,,,,",
        f"{at(0)},SETTLEMENT OFFICIAL,,,,5950.01",
        f"{at(0)},{CALL},6.00,6.20,0.5123,",
        f"{at(3600)},{PUT},4.80,5.20,,",
    ]
    report, (day,) = run("zerodte", table(tmp_path, *rows))
    assert quotes(day, "5950C", 0, 7200, 7201) == [(6.0, 6.2), (6.0, 6.2), None]
    assert day.delta_e4[[0, 3600, 7200, 7201]].tolist() == [[5123, -1], [5123, -1], [5123, -1], [-1, -1]]
    assert (day.known_from, day.known_until, report.silent_seconds) == (0, 7200, 0)
    assert (day.settlement_cents, day.settlement_source) == (595_001, SettlementSource.OFFICIAL)


def test_a_statement_of_nothing_is_refused(tmp_path: Path) -> None:
    report, (day,) = run("zerodte", table(tmp_path, *steady(), f"{at(0)},SETTLEMENT PRINT,,,,"))
    assert found(report) == {Finding.MALFORMED: 1}
    assert day.settlement_cents == 595_125


def test_a_half_stated_cover_makes_no_day(tmp_path: Path) -> None:
    report, days = run("zerodte", table(tmp_path, *steady(), f"{at(0)},KNOWN FROM,,,,"))
    assert days == ()
    assert report.refused_days == ("2025-01-15: a quote outside the known seconds",)
