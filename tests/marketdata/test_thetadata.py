"""The traps of ThetaData's files, version 3 and version 2, one by one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource
from marketdata.reports import Finding, Outcome
from tests.marketdata.thetadata_files import (
    CLOCK,
    GREEKS_2,
    PUT,
    QUOTE,
    QUOTE_2,
    every_minute,
    greeks_row,
    row,
    single,
    write,
)
from tests.marketdata.vendor_files import found, quotes, run


def imported(folder: Path, *rows: Mapping[str, str]) -> Day:
    _, (day,) = run("thetadata", write(folder / "quotes.csv", [*every_minute(), *rows]))
    return day


def test_a_stamp_is_new_yorks_and_the_quote_is_known_at_it(tmp_path: Path) -> None:
    day = imported(tmp_path, row("09:32:00.000", strike="6005.000", bid="3.00", ask="3.10"))
    assert day.open_at.isoformat() == "2025-01-17T14:30:00+00:00"
    assert quotes(day, "6005C", 119, 120, 23_400) == [None, (3.0, 3.1), (3.0, 3.1)]
    assert quotes(day, "6000P", 0, 23_400) == [(7.0, 7.2), (7.0, 7.2)]


def test_a_tick_within_a_second_is_known_when_it_is_over(tmp_path: Path) -> None:
    ticks = [
        row("09:31:04.001", strike="6005.000", bid="3.00"),
        row("09:31:04.999", strike="6005.000", bid="3.10"),
    ]
    assert quotes(imported(tmp_path, *ticks), "6005C", 64, 65) == [None, (3.1, 5.2)]


def test_the_empty_row_at_the_open_is_no_quote(tmp_path: Path) -> None:
    empty = {"bid_size": "0", "bid_exchange": "42", "bid": "0.00", "ask_size": "0", "ask": "0.00"}
    rows = [row("09:30:00.000", strike="6005.000", **empty), row("09:31:00.000", strike="6005.000")]
    report, (day,) = run("thetadata", write(tmp_path / "quotes.csv", [*every_minute(), *rows]))
    assert quotes(day, "6005C", 0, 59, 60) == [None, None, (5.0, 5.2)]
    assert found(report) == {Finding.NO_ASK: 1}
    assert [report.rows(outcome) for outcome in Outcome] == [784, 0, 0, 0]


def test_a_bid_of_zero_beside_an_ask_is_a_quote(tmp_path: Path) -> None:
    day = imported(tmp_path, row("09:31:00.000", strike="6100.000", bid_size="0", bid="0.00", ask="0.05"))
    assert quotes(day, "6100C", 60) == [(0.0, 0.05)]


def test_rows_outside_the_session_are_left(tmp_path: Path) -> None:
    """History that was asked for with ``rth=false`` runs from midnight to midnight."""
    night = [
        row(time, bid="1.00") for time in ("00:00:00.000", "09:29:59.999", "16:00:00.001", "23:59:00.000")
    ]
    report, (day,) = run("thetadata", write(tmp_path / "quotes.csv", [*every_minute(), *night]))
    assert found(report) == {Finding.OUTSIDE_SESSION: 3}
    assert quotes(day, "6000C", 0, 23_400) == [(1.0, 5.2), (5.0, 5.2)]


def test_only_spxw_that_expires_on_the_day_is_taken(tmp_path: Path) -> None:
    others = [row(symbol="SPX"), row(symbol="SPY"), row(expiration="2025-01-21")]
    report, (day,) = run("thetadata", write(tmp_path / "quotes.csv", [*every_minute(), *others]))
    assert day.contracts == (Contract(6000, Right.CALL), Contract(6000, Right.PUT))
    assert found(report) == {Finding.OTHER_ROOT: 2, Finding.OTHER_EXPIRY: 1}


def test_an_expiration_may_be_a_number(tmp_path: Path) -> None:
    day = imported(tmp_path, row(strike="6005.000", expiration="20250117"))
    assert quotes(day, "6005C", 60) == [(5.0, 5.2)]


def test_unreadable_rows_are_refused(tmp_path: Path) -> None:
    bad = [
        row(right="X"),
        row("24:00:00.000"),
        row("09:31"),
        row(strike=""),
        row(expiration="soon"),
        row(strike="6002.500"),
    ]
    report, _ = run("thetadata", write(tmp_path / "quotes.csv", [*every_minute(), *bad]))
    assert found(report) == {Finding.MALFORMED: 5, Finding.FRACTIONAL_STRIKE: 1}
    assert [offence.line for offence in report.offences] == [784, 789]
    assert not report.offences[0].text.endswith("\r")


def test_columns_are_found_by_name_as_snapshots_put_the_stamp_first(tmp_path: Path) -> None:
    first = ["timestamp", *(name for name in QUOTE if name != "timestamp")]
    _, (history,) = run("thetadata", write(tmp_path / "history.csv", every_minute()))
    _, (snapshots,) = run("thetadata", write(tmp_path / "snapshots.csv", every_minute(), first))
    assert snapshots.content_hash == history.content_hash


def test_without_greeks_the_index_is_derived_and_deltas_are_computed(tmp_path: Path) -> None:
    day = imported(tmp_path)
    assert day.index_derived
    assert day.spx(0) == 59_980_000
    assert (day.settlement_cents, day.settlement_source) == (599_800, SettlementSource.DERIVED)
    assert day.delta_e4[60].sum() == 10_000


def test_greeks_give_delta_and_index(tmp_path: Path) -> None:
    rows = [greeks_row(time, **PUT, delta="-0.5432", underlying_price="6001.25") for time in CLOCK]
    _, (day,) = run("thetadata", write(tmp_path / "greeks.csv", [*rows, greeks_row("09:31:00.000")]))
    assert not day.index_derived
    assert day.delta_e4[60].tolist() == [4321, 5432]
    assert (day.spx(0), day.spx(120)) == (60_012_500, 60_012_500)
    assert (day.settlement_cents, day.settlement_source) == (600_125, SettlementSource.PRINT)


def test_a_delta_beside_no_volatility_is_computed(tmp_path: Path) -> None:
    rows = [greeks_row(time, **PUT, delta="-1.0000", implied_vol="0.0000") for time in CLOCK]
    calls = [greeks_row(time, delta="0.0000", implied_vol="0.0000") for time in CLOCK]
    _, (day,) = run("thetadata", write(tmp_path / "greeks.csv", [*rows, *calls]))
    assert day.delta_e4[60].sum() == 10_000
    assert 3000 < day.delta_e4[60, 0] < 7000


def test_of_a_quote_and_greeks_at_one_moment_the_delta_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    write(folder / "greeks_2025-01-17.csv", [greeks_row(time) for time in CLOCK])
    write(folder / "quotes_2025-01-17.csv", every_minute())
    _, (day,) = run("thetadata", folder)
    assert day.delta_e4[23_400, 0] == 4321
    assert quotes(day, "6000P", 23_400) == [(7.0, 7.2)]


def test_version_2_names_the_contract_in_the_name_of_the_file(tmp_path: Path) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    single(folder, "SPXW_20250117_6000000_C.csv")
    single(folder, "SPXW-20250117-6000000-PUT-quote.csv", bid="7.00", ask="7.20")
    single(folder, "SPXW_20250117_6002500_C_quote.csv")
    single(folder, "SPX_20250117_6000000_C.csv")
    single(folder, "SPXW_20250121_6000000_C.csv")
    report, (day,) = run("thetadata", folder)
    assert quotes(day, "6000C", 0, 23_400) == [(5.0, 5.2), (5.0, 5.2)]
    assert quotes(day, "6000P", 0) == [(7.0, 7.2)]
    assert len(day.contracts) == 2
    assert found(report) == {
        Finding.FRACTIONAL_STRIKE: 391,
        Finding.OTHER_ROOT: 391,
        Finding.OTHER_EXPIRY: 391,
    }


def test_version_2_gives_greeks_by_the_same_names(tmp_path: Path) -> None:
    _, (day,) = run("thetadata", single(tmp_path, "greeks_SPXW_20250117_6000000_C.csv", GREEKS_2))
    assert (day.delta_e4[60].tolist(), day.spx(60)) == ([4321], 59_982_500)


def test_a_version_2_file_without_a_contract_is_refused(tmp_path: Path) -> None:
    report, days = run("thetadata", single(tmp_path, "day.csv"))
    assert days == ()
    assert report.refused_days == (
        "day.csv: no columns name the contract, nor does the file's name, as in SPXW_20250117_6000000_C.csv",
    )


def test_bulk_files_of_version_2_name_it_in_columns(tmp_path: Path) -> None:
    contracts = (
        {"root": "SPXW", "expiration": "20250117", "strike": "6000000", "right": "C"},
        {"root": "SPXW", "expiration": "20250117", "strike": "6000000", "right": "P"},
        {"root": "SPXW", "expiration": "20250121", "strike": "6000000", "right": "C"},
    )
    rows = [
        {**contract, **QUOTE_2, "ms_of_day": str(34_200_000 + 60_000 * n)}
        for contract in contracts
        for n in range(391)
    ]
    report, (day,) = run("thetadata", write(tmp_path / "bulk.csv", rows))
    assert len(day.contracts) == 2
    assert quotes(day, "6000P", 0, 23_400) == [(5.0, 5.2), (5.0, 5.2)]
    assert found(report) == {Finding.OTHER_EXPIRY: 391}


@pytest.mark.parametrize("moment", ["34261001", "34262000", "09:31:01.001", "09:31:02.000"])
def test_a_time_of_version_2_is_in_milliseconds_or_pretty(tmp_path: Path, moment: str) -> None:
    folder = tmp_path / "feed"
    folder.mkdir()
    single(folder, "SPXW_20250117_6000000_C.csv")
    single(folder, "SPXW_20250117_6000000_P.csv")
    date = "2025-01-17" if ":" in moment else "20250117"
    write(folder / "SPXW_20250117_6005000_C.csv", [{**QUOTE_2, "ms_of_day": moment, "date": date}])
    _, (day,) = run("thetadata", folder)
    assert quotes(day, "6005C", 61, 62) == [None, (5.0, 5.2)]


def test_a_file_of_another_kind_is_refused_by_its_missing_column(tmp_path: Path) -> None:
    report, _ = run("thetadata", write(tmp_path / "other.csv", [{"a": "1", "b": "2"}]))
    assert report.refused_days == ("other.csv: missing column 'symbol', there are: a, b",)
