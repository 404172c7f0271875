"""The traps of optionsDX's files, one by one."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.contracts import Contract, Right
from engine.market import Day, SettlementSource
from marketdata.reports import Finding, Outcome
from tests.marketdata.optionsdx_files import DEFAULTS, MINUTES, row, text, write
from tests.marketdata.vendor_files import found, quotes, run, write_zip


def imported(folder: Path, *rows: Mapping[str, str]) -> Day:
    _, (day,) = run("optionsdx", write(folder, *rows))
    return day


def test_a_row_holds_call_and_put_and_the_index(tmp_path: Path) -> None:
    report, (day,) = run("optionsdx", write(tmp_path))
    assert len(DEFAULTS) == 33
    assert quotes(day, "3900C", 0, 23_400) == [(9.8, 10.0), (9.8, 10.0)]
    assert quotes(day, "3900P", 0, 23_400) == [(9.6, 9.8), (9.6, 9.8)]
    assert day.delta_e4[60].tolist() == [5200, 4700]
    assert (day.spx(60), day.index_derived) == (39_002_500, False)
    assert (day.settlement_cents, day.settlement_source) == (390_025, SettlementSource.PRINT)
    assert [report.rows(outcome) for outcome in Outcome] == [782, 0, 0, 0]


@pytest.mark.parametrize(
    ("date", "unix"),
    [("2023-01-20", "1674225060"), ("2023-07-20", "1689859860"), ("2010-01-04", "1262615460")],
)
def test_the_unix_time_decides_and_is_utc(tmp_path: Path, date: str, unix: str) -> None:
    rows = [
        row(QUOTE_UNIXTIME=str(int(unix) + second), QUOTE_DATE=date, EXPIRE_DATE=date)
        for second in (0, 60, 23_340)
    ]
    path = tmp_path / "spx.txt"
    path.write_text(text(rows))
    _, (day,) = run("optionsdx", path)
    assert (day.date.isoformat(), day.known_from) == (date, 60)
    assert quotes(day, "3900C", 59, 60) == [None, (9.8, 10.0)]


def test_fields_may_be_empty(tmp_path: Path) -> None:
    blank = {"C_DELTA": "", "C_IV": "", "C_VOLUME": "", "P_DELTA": "", "P_IV": ""}
    rows = [row(60, STRIKE="3950.0", C_BID="", C_ASK="0.05", P_BID="50.0", P_ASK="", **blank)]
    report, (day,) = run("optionsdx", write(tmp_path, *rows))
    assert quotes(day, "3950C", 60) == [(0.0, 0.05)]
    assert quotes(day, "3950P", 60) == [None]
    assert found(report) == {Finding.NO_BID: 1, Finding.NO_ASK: 1}
    call, put = (day.row_of[Contract(3950, right)] for right in Right)
    assert day.delta_e4[60, call] + day.delta_e4[60, put] == 10_000


def test_a_delta_without_a_volatility_is_computed(tmp_path: Path) -> None:
    day = imported(tmp_path, row(60, C_DELTA="1.0", C_IV="0.0"))
    assert 4500 < day.delta_e4[60, 0] < 5500
    assert day.delta_e4[120, 0] == 5200


def test_the_date_of_expiry_decides_and_not_the_days_left(tmp_path: Path) -> None:
    other = row(60, STRIKE="4000.0", EXPIRE_DATE="2023-01-23", DTE="0.00")
    report, (day,) = run("optionsdx", write(tmp_path, other))
    assert {contract.strike_points for contract in day.contracts} == {3900}
    assert found(report) == {Finding.OTHER_EXPIRY: 2}
    assert report.rows_read == 784


def test_the_readable_time_and_the_unix_time_of_expiry_are_not_used(tmp_path: Path) -> None:
    odd = {"QUOTE_READTIME": "2001-01-01 00:00", "QUOTE_DATE": "2001-01-01", "EXPIRE_UNIX": "0"}
    _, (plain,) = run("optionsdx", write(tmp_path))
    rows = [row(second, **odd, C_SIZE="10x10", P_SIZE="") for second in MINUTES]
    path = tmp_path / "odd" / "spx.txt"
    path.parent.mkdir()
    path.write_text(text(rows))
    _, (day,) = run("optionsdx", path)
    assert day.content_hash == plain.content_hash


def test_of_two_alike_rows_the_one_without_an_ask_yields(tmp_path: Path) -> None:
    dead = row(60, C_BID="0.00", C_ASK="0.00", P_BID="0.00", P_ASK="0.00")
    report, (day,) = run("optionsdx", write(tmp_path, dead))
    assert quotes(day, "3900C", 60) == [(9.8, 10.0)]
    assert found(report) == {Finding.SHADOW: 2}
    assert report.rows(Outcome.SKIPPED) == 2


def test_of_rows_that_differ_nothing_tells_which_is_spxw(tmp_path: Path) -> None:
    """The third Friday's AM series beside the PM one: the calls differ and the puts agree."""
    report, (day,) = run("optionsdx", write(tmp_path, row(60, C_BID="9.50"), row(120, C_ASK="10.10")))
    assert quotes(day, "3900C", 59, 60, 120, 180) == [(9.8, 10.0), None, None, (9.8, 10.0)]
    assert quotes(day, "3900P", 60, 120) == [(9.6, 9.8), (9.6, 9.8)]
    assert found(report) == {Finding.DISPUTED: 4}
    assert report.rows(Outcome.REPAIRED) == 4


def test_unreadable_rows_are_refused(tmp_path: Path) -> None:
    bad = [row(QUOTE_UNIXTIME="noon"), row(QUOTE_UNIXTIME=""), row(EXPIRE_DATE=""), row(STRIKE="")]
    report, _ = run("optionsdx", write(tmp_path, *bad, row(STRIKE="3902.5")))
    assert found(report) == {Finding.MALFORMED: 8, Finding.FRACTIONAL_STRIKE: 2}
    assert report.offences[0].line == 393


def test_a_file_of_another_symbol_is_refused_by_its_name(tmp_path: Path) -> None:
    report, days = run("optionsdx", write(tmp_path, name="vix_eod_202301.txt"))
    assert days == ()
    assert report.refused_days == (
        "vix_eod_202301.txt: its rows name no symbol, and its name does not hold spx",
    )


def test_a_file_may_hold_several_days_and_be_zipped(tmp_path: Path) -> None:
    monday = {"QUOTE_DATE": "2023-01-23", "EXPIRE_DATE": "2023-01-23"}
    rows = [row(second) for second in MINUTES] + [row(3 * 86_400 + second, **monday) for second in MINUTES]
    _, days = run("optionsdx", write_zip(tmp_path / "spx_2023.zip", {"january.txt": text(rows)}))
    assert [day.date.isoformat() for day in days] == ["2023-01-20", "2023-01-23"]


def test_end_of_day_files_hold_one_moment_of_each_day_and_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "spx_eod_202301.txt"
    path.write_text(text([row(23_400)]))
    report, days = run("optionsdx", path)
    assert days == ()
    assert report.refused_days == ("2023-01-20: all its quotes are of a single moment",)
