"""The commands about recorded days."""

from pathlib import Path

import pytest

from tests.days import DATE, publish_tiny_day
from zerodte.failures import CannotRun
from zerodte.recorded_days import export_day, verify_days


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


def test_what_cannot_be_exported_is_said(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="no session is recorded for 2025-01-15"):
        export_day(tmp_path, DATE, "csv", None)
    with pytest.raises(CannotRun, match="format: must be parquet or csv, not xlsx"):
        export_day(tmp_path, DATE, "xlsx", None)
