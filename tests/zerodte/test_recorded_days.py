"""The commands about recorded days."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.market import MISSING_TICKS
from tests.days import DATE, publish_day, publish_tiny_day, tiny_day
from zerodte.failures import CannotRun
from zerodte.recorded_days import export_day, import_days, list_days, verify_days


def test_verifying_names_the_file_that_was_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = publish_tiny_day(tmp_path)
    verify_days(tmp_path)
    assert capsys.readouterr().out == "every file is as it was published\n"
    quotes = tmp_path / DATE.isoformat() / info.content_hash / "quotes.arrow"
    quotes.chmod(0o644)
    quotes.write_bytes(quotes.read_bytes()[:-1])
    with pytest.raises(CannotRun, match="1 files or folders are not as they were published"):
        verify_days(tmp_path)
    assert capsys.readouterr().out.startswith(f"{quotes}: ")


def test_a_day_is_exported_to_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    publish_tiny_day(tmp_path, close_second=100)
    export_day(tmp_path, DATE, "csv", tmp_path / "day.csv")
    assert capsys.readouterr().out == f"{tmp_path / 'day.csv'}: 1,015 rows\n"


@pytest.mark.parametrize(
    ("format_", "name", "begin"),
    [
        (None, "day.csv", b'"time","symbol"'),
        (None, "day.parquet", b"PAR1"),
        ("csv", "day", b'"time","symbol"'),
        ("parquet", "day.v2", b"PAR1"),
    ],
)
def test_a_file_is_of_the_format_that_was_said_or_that_its_name_says(
    tmp_path: Path, format_: str | None, name: str, begin: bytes
) -> None:
    publish_tiny_day(tmp_path, close_second=100)
    export_day(tmp_path, DATE, format_, tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(begin)


def test_a_file_that_exists_is_replaced_only_by_force(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path, close_second=100)
    out = tmp_path / "day.csv"
    out.write_text("mine")
    with pytest.raises(CannotRun, match=r"^--out: .*/day\.csv exists; --force replaces it$"):
        export_day(tmp_path, DATE, None, out)
    assert out.read_text() == "mine"
    export_day(tmp_path, DATE, None, out, force=True)
    assert out.read_text().startswith('"time","symbol"')


def test_an_import_with_a_bad_file_publishes_the_others_and_ends_with_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_tiny_day(tmp_path / "made", close_second=23_400)
    folder = tmp_path / "files"
    folder.mkdir()
    export_day(tmp_path / "made", DATE, "csv", folder / f"{DATE}.csv")
    (folder / "2025-01-16.csv").write_text("a,b\n")
    capsys.readouterr()
    for published in (f"{DATE}  10 contracts", f"{DATE}  imported before"):
        with pytest.raises(CannotRun, match="1 refused; the report above says why"):
            import_days(tmp_path / "days", "zerodte", (folder,), None)
        told = capsys.readouterr().out
        assert told.startswith(published)
        assert "refused  2025-01-16.csv: missing column 'time', there are: a, b" in told
    (folder / "2025-01-16.csv").unlink()
    import_days(tmp_path / "days", "zerodte", (folder,), None)
    assert "1 file skipped, imported before with the same content" in capsys.readouterr().out
    import_days(tmp_path / "days", "zerodte", (folder,), None, force=True)
    assert "skipped, imported" not in capsys.readouterr().out


def test_a_date_that_a_killed_import_only_began_is_not_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish_tiny_day(tmp_path)
    (tmp_path / "2025-01-16" / ".unfinished").mkdir(parents=True)
    list_days(tmp_path)
    assert "2025-01-16" not in capsys.readouterr().out


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no session is recorded for 2025-01-15"):
        export_day(tmp_path, DATE, "csv", None)
    with pytest.raises(CannotRun, match="format: must be parquet or csv, not xlsx"):
        export_day(tmp_path, DATE, "xlsx", None)
    with pytest.raises(CannotRun, match=r"^--out: day\.csv is named for csv, but --format is parquet$"):
        export_day(tmp_path, DATE, "parquet", Path("day.csv"))
    with pytest.raises(
        CannotRun, match=r"^--out: day\.txt ends neither in \.parquet nor in \.csv; say which"
    ):
        export_day(tmp_path, DATE, None, Path("day.txt"))
    with pytest.raises(CannotRun, match=r"^--out: there is no directory .*/nowhere$"):
        export_day(tmp_path, DATE, None, tmp_path / "nowhere" / "day.csv")


def test_the_list_tells_what_each_recording_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    day = tiny_day(close_second=99)
    bids, asks = day.bid_ticks.copy(), day.ask_ticks.copy()
    for missing in (np.s_[:, 10:20], np.s_[0, 20:70]):
        bids[missing] = asks[missing] = MISSING_TICKS
    publish_day(tmp_path, replace(day, bid_ticks=bids, ask_ticks=asks))
    list_days(tmp_path)
    header, row = capsys.readouterr().out.splitlines()
    assert header.split()[:9] == [
        *("date", "open", "(UTC)", "close", "(UTC)", "contracts", "every", "gaps", "quoted")
    ]
    assert row.split()[3:9] == ["10", "1", "s", "10", "s", "85.0%"]


def test_what_a_recording_does_not_span_is_a_gap(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that began late, or was closed before the close."""
    day = tiny_day(close_second=99)
    arrays = {name: np.array(getattr(day, name)) for name in ("bid_ticks", "ask_ticks", "delta_e4")}
    indexes = {name: np.array(getattr(day, name)) for name in ("spx_e4", "vix_e4")}
    for unknown in (np.s_[:5], np.s_[70:]):
        arrays["bid_ticks"][:, unknown] = arrays["ask_ticks"][:, unknown] = MISSING_TICKS
        arrays["delta_e4"][unknown] = -1
        indexes["spx_e4"][unknown] = indexes["vix_e4"][unknown] = -1
    publish_day(tmp_path, replace(day, known_from=5, known_until=69, **arrays, **indexes))
    list_days(tmp_path)
    row = capsys.readouterr().out.splitlines()[1]
    assert row.split()[3:9] == ["10", "1", "s", "35", "s", "100.0%"]
