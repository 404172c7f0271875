"""The two recorded days of other people, imported whole, beside what was read from their files apart."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from engine.aggregates import UNKNOWN, expected_move
from engine.contracts import Contract, Right
from engine.market import MISSING_INDEX, MISSING_TICKS, Day, SettlementSource
from engine.pricing import chain_deltas
from marketdata.exporting import FileFormat, export
from marketdata.importing import FORMATS, ImportRequest, run_import
from marketdata.library import Library
from marketdata.refusals import SourceRefused
from marketdata.reports import Finding, ImportReport, Outcome
from marketdata.verifying import verify_library
from tests.marketdata.vendor_files import NOW, cboe_row, cboe_text, found, quotes
from tests.oracle.vendor import VendorDay, vendor_day

CBOE_DATE = date(2018, 1, 5)
AGREEMENT_MIN = 0.95
CROSSED = {"bid": "1.3000", "ask": "1.2000", "option_type": "P"}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("days")


@pytest.fixture(scope="module")
def cboe(root: Path, shared_data: Path) -> ImportReport:
    return run_import(ImportRequest("cboe", (shared_data / "cboe-intervals-gpl2",)), root, NOW)


@pytest.fixture(scope="module")
def day(root: Path, cboe: ImportReport) -> Day:
    return Library(root).open(CBOE_DATE)


@pytest.fixture(scope="module")
def vendor(shared_data: Path) -> VendorDay:
    return vendor_day(shared_data)


@pytest.fixture(scope="module")
def lean(root: Path, shared_data: Path) -> ImportReport:
    return run_import(ImportRequest("lean", (shared_data / "lean-apache2" / "Data",)), root, NOW)


def test_the_cboe_day_is_reported_row_by_row(cboe: ImportReport) -> None:
    (info,) = cboe.days
    assert (info.date, info.contracts, len(info.strikes), info.strikes[0], info.strikes[-1]) == (
        CBOE_DATE, 318, 159, 1200, 3100,
    )  # fmt: skip
    assert (info.source, info.importer_version, info.resolution_seconds, info.imported_at) == (
        "cboe",
        "1",
        60,
        NOW,
    )
    assert (info.data_start_at, info.data_end_at) == (
        datetime(2018, 1, 5, 14, 31, tzinfo=UTC),
        datetime(2018, 1, 5, 21, tzinfo=UTC),
    )
    assert (info.synthetic, info.index_derived) == (False, False)
    assert cboe.rows_read == 385_560
    assert [cboe.rows(outcome) for outcome in Outcome] == [124_020, 0, 0, 261_540]
    assert found(cboe) == {
        Finding.NO_BID: 59_713,
        Finding.OTHER_EXPIRY: 136_890 + 119_880,
        Finding.OUTSIDE_SESSION: 4_770,
    }
    assert [offence.line for offence in cboe.offences] == [407, 128_792, 392]


def test_the_report_can_be_read(cboe: ImportReport) -> None:
    lines = list(cboe.lines())
    assert lines[0] == (
        "2018-01-05  318 contracts, settled at 2743.15 (print), revision " + cboe.days[0].content_hash[:12]
    )
    assert lines[1] == (
        "1 day, 318 contracts, 385,560 rows read: 124,020 kept, 0 repaired, 0 refused, 261,540 skipped"
    )
    assert lines[4] == "     256,770  skipped: not expiring on the day"
    assert "line 128792: ^SPX,2018-01-05 09:31:00,SPXW,2018-02-02,1200.000,C" in lines[5]


def test_the_cboe_day_settles_at_the_last_print(day: Day) -> None:
    assert (day.settlement_cents, day.settlement_source) == (274_315, SettlementSource.PRINT)


@pytest.fixture(scope="module")
def columns(day: Day, vendor: VendorDay) -> dict[str, np.ndarray]:
    """The vendor's columns as [contract, minute] in 0.0001, in the order of the day's contracts."""
    names = ("bid", "ask", "index", "delta", "implied_volatility")
    keys = [(c.strike_points, c.right.value) for c in day.contracts]
    rows = [[vendor.rows[minute, *key] for minute in vendor.minutes] for key in keys]
    values = np.array([[[getattr(row, name) for name in names] for row in line] for line in rows], np.float64)
    return {name: np.rint(values[:, :, place] * 10_000).astype(int) for place, name in enumerate(names)}


def stretched(values: np.ndarray) -> np.ndarray:
    """Values at the ends of minutes as they were known at each second from 09:31:00 to 16:00:00."""
    return np.repeat(values, [60] * (values.shape[1] - 1) + [1], axis=1)


def test_every_second_of_every_contract_is_the_vendors_last_row(
    day: Day, columns: dict[str, np.ndarray]
) -> None:
    assert (day.ask_ticks[:, :60] == MISSING_TICKS).all()
    assert np.array_equal(day.bid_ticks[:, 60:].astype(int) * 500, stretched(columns["bid"]))
    assert np.array_equal(day.ask_ticks[:, 60:].astype(int) * 500, stretched(columns["ask"]))
    assert np.array_equal(day.spx_e4[60:], stretched(columns["index"])[0])
    assert (day.spx_e4[:60] == MISSING_INDEX).all()
    assert (day.vix_e4 == MISSING_INDEX).all()


def test_the_vendors_deltas_are_kept_where_it_had_a_volatility(
    day: Day, columns: dict[str, np.ndarray]
) -> None:
    deltas = np.abs(columns["delta"])
    solved = columns["implied_volatility"] != 200
    ours = day.delta_e4[60::60].T
    assert np.array_equal(ours[solved], deltas[solved])
    assert ((ours >= 0) & (ours <= 10_000)).all()


def test_our_deltas_agree_with_the_vendors(
    day: Day, vendor: VendorDay, columns: dict[str, np.ndarray]
) -> None:
    """Every two-sided quote with a vendor delta of 0.05 to 0.95, each minute from 09:31 to 15:00.

    The vendor's clock runs to 16:30 and ours to 16:00, which makes no difference: see
    engine.pricing. At 09:33 the vendor's forward is another strike's than ours, by 0.13 points.
    """
    bids, asks = columns["bid"], columns["ask"]
    strikes = np.array(sorted({contract.strike_points for contract in day.contracts}), np.float64)
    mids = ((bids + asks) / 20_000).T.reshape(len(vendor.minutes), len(strikes), 2)
    ours = chain_deltas(strikes, mids).reshape(len(vendor.minutes), -1).T
    theirs = np.abs(columns["delta"]) / 10_000
    morning = np.array([minute <= "15:00" for minute in vendor.minutes])
    compared = (bids > 0) & (asks > 0) & (theirs >= 0.05) & (theirs <= 0.95) & morning
    apart = compared & (np.abs(ours - theirs) > 0.01)
    assert (compared.sum(), apart.sum()) == (3429, 4)
    assert 1 - apart.sum() / compared.sum() >= AGREEMENT_MIN
    assert {vendor.minutes[minute] for _, minute in np.argwhere(apart)} == {"09:33"}


def test_importing_the_cboe_day_again_changes_nothing(
    root: Path, shared_data: Path, cboe: ImportReport
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (root / "2018-01-05").rglob("*")}
    later = NOW + timedelta(days=1)
    paths = (shared_data / "cboe-intervals-gpl2",)
    again = run_import(ImportRequest("cboe", paths), root, later)
    assert (again.unchanged_days, again.rows_read) == (cboe.days, 0)
    forced = run_import(ImportRequest("cboe", paths, force=True), root, later)
    assert (forced.days, forced.rows_read) == (cboe.days, cboe.rows_read)
    assert {path: path.stat().st_mtime_ns for path in (root / "2018-01-05").rglob("*")} == before


@pytest.mark.parametrize("file_format", FileFormat)
def test_the_cboe_day_comes_back_from_its_export(tmp_path: Path, day: Day, file_format: FileFormat) -> None:
    path = tmp_path / f"day.{file_format}"
    rows = export(day, path, file_format)
    report = run_import(ImportRequest("zerodte", (path,)), tmp_path, NOW)
    assert [info.content_hash for info in report.days] == [day.content_hash]
    assert (report.rows(Outcome.REPAIRED), report.rows(Outcome.REFUSED)) == (0, 0)
    assert report.rows_read == rows


def test_the_lean_days_are_reported_row_by_row(lean: ImportReport) -> None:
    assert [(info.date.isoformat(), info.contracts, info.index_derived) for info in lean.days] == [
        ("2021-01-04", 4, False),
        ("2021-01-06", 4, True),
    ]
    assert [(info.settlement_cents, info.settlement_source) for info in lean.days] == [
        (370_065, SettlementSource.PRINT),
        (375_185, SettlementSource.DERIVED),
    ]
    assert found(lean) == {
        Finding.NO_BID: 1,
        Finding.CROSSED: 7,
        Finding.OTHER_ROOT: 4_473,
        Finding.OTHER_EXPIRY: 12_957,
    }
    assert lean.rows_read == 1_325 + 1_445 + 411 + 4_473 + 12_957
    assert (lean.silent_seconds, lean.refused_days) == (0, ())


def test_a_lean_bar_is_known_a_minute_after_its_start(root: Path, lean: ImportReport) -> None:
    day = Library(root).open(date(2021, 1, 4))
    assert quotes(day, "3700C", 59, 60) == [None, (64.9, 67.9)]
    assert quotes(day, "3700P", 23_399, 23_400) == [(0.75, 1.0), (0.65, 1.3)]
    assert (day.spx(60), day.spx(23_400)) == (37_666_300, 37_013_800)
    quiet_since = 45_300 + 60 - 34_200
    assert quotes(day, "3800C", quiet_since, 23_400) == [(0.05, 0.05), (0.05, 0.05)]


def test_the_index_and_the_parity_forward_of_a_lean_day_move_together(root: Path, lean: ImportReport) -> None:
    """Either clock taken an hour or a minute wrong tears them apart."""
    day = Library(root).open(date(2021, 1, 4))
    calls, puts = (day.row_of[Contract(3700, right)] for right in (Right.CALL, Right.PUT))
    seconds = np.arange(60, 22_000, 60)
    mids = (day.bid_ticks[:, seconds].astype(float) + day.ask_ticks[:, seconds]) / 40
    basis = 3700 + mids[calls] - mids[puts] - day.spx_e4[seconds] / 10_000
    shifted = 3700 + mids[calls] - mids[puts] - day.spx_e4[seconds - 60 + 120] / 10_000
    assert abs(np.median(basis)) < 0.2
    assert np.std(basis) < 0.5
    assert np.std(shifted) > 1.5


def test_a_lean_day_of_two_strikes_tells_the_expected_move_only_near_them(
    root: Path, lean: ImportReport
) -> None:
    """At 09:31 the index is 33 points from 3800, at the close 1.38 from 3700."""
    day = Library(root).open(date(2021, 1, 4))
    moves, index_e4 = expected_move(day), day.spx_e4.astype(np.int64)
    at_strike = np.minimum(abs(index_e4 - 3700_0000), abs(index_e4 - 3800_0000)) <= 5_0000
    assert moves[60] == UNKNOWN
    assert quotes(day, "3700C", 23_400) == [(0.55, 1.35)]
    assert moves[23_400] == round((0.95 + 0.975) / 3701.38 * 1e6)
    assert (moves[60:] != UNKNOWN).tolist() == at_strike[60:].tolist()


def test_what_was_imported_is_verified(root: Path, cboe: ImportReport, lean: ImportReport) -> None:
    assert len(Library(root).days()) == 3
    assert verify_library(root) == ()


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    known = "auto, cboe, databento, lean, optionsdx, thetadata, zerodte"
    with pytest.raises(SourceRefused, match=f"format: unknown 'csv', choose from {known}"):
        run_import(ImportRequest("csv", (tmp_path,)), tmp_path, NOW)
    assert ["auto", *FORMATS] == known.split(", ")


def test_progress_is_told_to_the_end(tmp_path: Path, shared_data: Path) -> None:
    told: list[tuple[str, int, int]] = []
    request = ImportRequest("lean", (shared_data / "lean-apache2" / "Data" / "indexoption",))
    run_import(request, tmp_path, NOW, lambda *progress: told.append(progress))
    assert told[-1] == ("20210107_quote_european.zip", 4, 4)
    assert ("20210106_quote_european.zip", 16, 16) in told
    assert all(name.endswith("_quote_european.zip") and 0 < done <= total for name, done, total in told)


def test_days_imported_by_several_processes_are_those_of_one(tmp_path: Path) -> None:
    """The second file is no table, and its refusal stops nobody."""
    folder = tmp_path / "files"
    folder.mkdir()
    for on in ("2018-01-03", "2018-01-04", "2018-01-05"):
        rows = [cboe_row(minute, on, **CROSSED) for minute in ("15:59", "16:00")]
        (folder / f"{on}.csv").write_text(cboe_text([*rows, cboe_row("16:00", on)]))
    (folder / "2018-01-04.csv").write_text("time,price\n")
    request = ImportRequest("cboe", (folder,))
    alone = run_import(request, tmp_path / "alone", NOW, processes=1)
    told: list[tuple[int, int]] = []
    shared = run_import(
        request, tmp_path / "shared", NOW, lambda _, done, total: told.append((done, total)), processes=2
    )
    assert [day.date.isoformat() for day in shared.days] == ["2018-01-03", "2018-01-05"]
    assert replace(shared, elapsed_seconds=0) == replace(alone, elapsed_seconds=0)
    assert found(shared) == {Finding.CROSSED: 4}
    assert len(shared.refused_days) == 1
    assert told == [(1, 3), (2, 3), (3, 3)]
    again = run_import(request, tmp_path / "shared", NOW + timedelta(days=1), processes=2)
    assert (again.unchanged_days, again.unread_files) == (shared.days, 2)
    assert again.refused_days == shared.refused_days
