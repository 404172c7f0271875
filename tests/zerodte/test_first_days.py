from datetime import date
from pathlib import Path

from marketdata.library import Library
from tests.days import DATE, publish_tiny_day
from zerodte.first_days import make_first_days


def test_missing_days_are_made_and_recorded_ones_stay(tmp_path: Path) -> None:
    recorded = publish_tiny_day(tmp_path)
    make_first_days(tmp_path, 2)
    days = Library(tmp_path).days()
    assert {day.date: day.synthetic for day in days} == {DATE: recorded.synthetic, date(2025, 1, 13): True}
    assert days[1].content_hash == recorded.content_hash


def test_days_that_are_there_are_not_made_again(tmp_path: Path) -> None:
    make_first_days(tmp_path, 1)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    make_first_days(tmp_path, 1)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == made


def test_a_day_that_cannot_be_read_is_left_and_does_not_keep_the_others_away(tmp_path: Path) -> None:
    info = publish_tiny_day(tmp_path)
    (tmp_path / DATE.isoformat() / info.content_hash / "manifest.json").unlink()
    make_first_days(tmp_path, 3)
    assert [day.date for day in Library(tmp_path).days()] == [date(2025, 1, 13), date(2025, 1, 14)]


def test_a_day_that_is_wanted_is_made_first_and_alone_if_no_other_is(tmp_path: Path) -> None:
    make_first_days(tmp_path, 0, [date(2025, 1, 21)])
    assert [day.date for day in Library(tmp_path).days()] == [date(2025, 1, 21)]
