"""Which feed a market of the settings is, and which market is refused with what to do."""

import socket
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from marketdata.demo import Demo
from marketdata.library import Library
from marketdata.pushing import Pushed
from marketdata.replaying import Replay
from runtime.settings import Settings
from tests.days import publish_tiny_day
from zerodte.failures import CannotRun
from zerodte.markets import check_replay, feed_of

SATURDAY = date(2026, 11, 21)
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
ON = date(2025, 1, 15)


def settings(data_dir: Path, market: str, **more: Any) -> Settings:
    return Settings(data_dir=data_dir, market=market, **more)


def refusal(told: Settings, days_to_come: int = 0) -> str:
    with pytest.raises(CannotRun) as refused:
        check_replay(told, days_to_come)
    return str(refused.value)


def test_the_demo_begins_on_the_next_session_that_is_not_recorded(tmp_path: Path) -> None:
    assert feed_of(settings(tmp_path, "demo"), None, SATURDAY) == Demo(MONDAY, 20.0)
    publish_tiny_day(tmp_path / "days", MONDAY)
    assert feed_of(settings(tmp_path, "demo", speed=10), None, MONDAY) == Demo(TUESDAY, 2.0)
    (tmp_path / "days" / str(TUESDAY)).mkdir()
    (tmp_path / "days" / str(TUESDAY) / "CURRENT").write_text("gone")
    assert feed_of(settings(tmp_path, "demo"), None, MONDAY) == Demo(date(2026, 11, 25), 20.0)


def test_a_replay_begins_at_the_open_or_at_a_time_of_new_york(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path / "days", ON)
    day = Library(tmp_path / "days").open(ON)
    whole, later = (
        feed_of(settings(tmp_path, market), None, SATURDAY)
        for market in ("replay:2025-01-15", "replay:2025-01-15T09:31:40")
    )
    assert isinstance(whole, Replay)
    assert isinstance(later, Replay)
    assert (whole.opening.date, whole.first_second, later.first_second) == (day.date, 0, 100)


def test_a_replay_of_a_day_that_is_not_there_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert refusal(settings(tmp_path, "replay:2025-01-14"), days_to_come=1) == (
        "--market: no session is recorded for 2025-01-14: import that day, make it by "
        "`zerodte generate --from 2025-01-14 --days 1`, or choose one that `zerodte days` lists"
    )


def test_a_replay_may_be_of_a_synthetic_day_that_is_to_come(tmp_path: Path) -> None:
    check_replay(settings(tmp_path, "replay:2025-01-14T09:30:00"), days_to_come=3)
    assert "2025-01-14 is recorded from 09:30:00 to 16:00:00 New York time" in refusal(
        settings(tmp_path, "replay:2025-01-14T16:00:01"), days_to_come=3
    )


@pytest.mark.parametrize("start", ["09:29:59", "09:40:01"])
def test_a_replay_from_outside_the_recording_is_refused(tmp_path: Path, start: str) -> None:
    publish_tiny_day(tmp_path / "days", ON)
    assert refusal(settings(tmp_path, f"replay:2025-01-15T{start}")) == (
        "--market: 2025-01-15 is recorded from 09:30:00 to 09:40:00 New York time, "
        f"which {start} is not within"
    )


def test_a_replay_of_a_damaged_day_is_refused_by_its_file(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path / "days", ON)
    pointer = tmp_path / "days" / str(ON) / "CURRENT"
    pointer.write_text("no hash")
    assert refusal(settings(tmp_path, "replay:2025-01-15")) == f"--market: {pointer}: names no revision"


def test_a_pushed_market_needs_its_socket_and_none_has_no_feed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert isinstance(feed_of(settings(tmp_path, "push:0"), listener, SATURDAY), Pushed)
    with pytest.raises(CannotRun, match=r"^--market: none has no feed"):
        feed_of(settings(tmp_path, "none"), None, SATURDAY)
