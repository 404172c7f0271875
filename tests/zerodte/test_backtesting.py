"""`zerodte backtest` and its call for notebooks, on tiny days."""

import csv
import io
import json
import os
import pty
import struct
import subprocess
import sys
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from engine.contracts import Contract, Right
from engine.costs import Costs
from engine.market import Day
from engine.outcomes import ENGINE_VERSION
from engine.programs import source_hash
from marketdata.library import Library
from tests.days import DATE, publish_day, recorded_in_part, tiny_day
from zerodte.backtest_command import data_dir_of
from zerodte.backtest_report import report
from zerodte.backtesting import InvalidConfig, Window, backtest
from zerodte.cli import app, read_settings
from zerodte.failures import CannotRun

SPREAD: Mapping[str, Any] = {
    "legs": [
        {"direction": "sell", "type": "put", "qty": 1, "strike": {"method": "atm"}},
        {"direction": "buy", "type": "put", "qty": 1, "strike": {"method": "width", "value": 10}},
    ],
    "entry": {"time": "09:31"},
    "exit": {"profit_target_pct": 50},
}


def melting_day(on: date) -> Day:
    """The spread is sold for 1.80 after a minute and bought back for 0.90."""
    day = tiny_day(on)
    melting_ticks = np.zeros_like(day.bid_ticks)
    melting_ticks[day.row_of[Contract(5950, Right.PUT)]] = 40 * (600 - np.arange(601)) // 600
    bids, asks = day.bid_ticks + melting_ticks, day.ask_ticks + melting_ticks
    return replace(day, bid_ticks=bids, ask_ticks=asks)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A Wednesday and a Thursday."""
    for days in range(2):
        publish_day(tmp_path / "days", melting_day(DATE + timedelta(days=days)))
    (tmp_path / "spread.json").write_text(json.dumps(SPREAD))
    return tmp_path


def ended(data_dir: Path, *words: object, config: str = "spread.json") -> str:
    given = ["backtest", data_dir / config, "--data-dir", data_dir, *words]
    outcome = CliRunner().invoke(app, [str(word) for word in given])
    if outcome.exception is not None:
        raise outcome.exception
    return outcome.stdout


def test_the_call_for_notebooks_tells_metrics_as_numbers(data_dir: Path) -> None:
    result = backtest(SPREAD, data_dir)
    assert {
        name: result.metrics[name] for name in ("trades", "win_rate", "gross_pnl", "fees", "net_pnl")
    } == {
        "trades": 2,
        "win_rate": 1.0,
        "gross_pnl": 180.0,
        "fees": 9.76,
        "net_pnl": 170.24,
    }
    assert result.metrics["total_return"] == 0.001702
    assert [trade.net_cents for trade in result.trades] == [85_12, 85_12]


def test_costs_are_laid_over_the_same_run(data_dir: Path) -> None:
    plain, dear = backtest(SPREAD, data_dir), backtest(SPREAD, data_dir, costs=Costs(slippage_cents=10))
    assert dear.backtest == plain.backtest
    assert dear.metrics["net_pnl"] == 90.24
    assert dear.metrics["slippage"] == 80.0


def test_a_window_bounds_the_days(data_dir: Path) -> None:
    assert [day.date for day in backtest(SPREAD, data_dir, Window(last=DATE)).days] == [DATE]
    with pytest.raises(LookupError, match=r"no day is recorded in .*days from 2026-01-01$"):
        backtest(SPREAD, data_dir, Window(first=DATE.replace(year=2026, day=1)))


def test_a_window_is_of_dates_in_their_order(data_dir: Path) -> None:
    with pytest.raises(ValueError, match=r"^first must be a datetime\.date or None, not '2025-01-15'$"):
        Window("2025-01-15")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^2025-01-15 is after 2025-01-14$"):
        Window(DATE, DATE - timedelta(days=1))
    with pytest.raises(CannotRun, match=r"^--from, --to: 2025-01-16 is after 2025-01-15$"):
        ended(data_dir, "--from", "2025-01-16", "--to", "2025-01-15")


@pytest.mark.parametrize("config", [None, [], "spread.json"])
def test_what_is_no_mapping_is_no_config(data_dir: Path, config: Any) -> None:
    with pytest.raises(InvalidConfig, match=r"^config must be a mapping with legs, entry and exit$"):
        backtest(config, data_dir)


def test_slippage_takes_and_never_gives(data_dir: Path) -> None:
    with pytest.raises(ValueError, match=r"^costs\.slippage_cents must be 0 or more, not -5$"):
        backtest(SPREAD, data_dir, costs=Costs(slippage_cents=-5))


def test_a_bad_config_names_every_wrong_field(data_dir: Path) -> None:
    with pytest.raises(InvalidConfig) as refused:
        backtest({"legs": [], "entry": {}}, data_dir)
    assert sorted(refused.value.fields) == ["entry.times", "legs"]


def test_streaks_are_counted_in_words(data_dir: Path) -> None:
    lines = report(backtest(SPREAD, data_dir, Window(last=DATE))).splitlines()
    assert "longest streaks    1 win, 0 losses" in lines


def test_the_report_says_what_was_run_and_on_what(data_dir: Path) -> None:
    told = ended(data_dir)
    result = backtest(SPREAD, data_dir)
    assert told == report(result)
    lines = told.splitlines()
    assert lines[0] == "Bull put credit spread at 09:31: 50% profit target, held to the close"
    assert "net P&L                     170.24   180.00 less 9.76 fees and 0.00 slippage" in lines
    assert "days              2 recorded days, 2025-01-15 to 2025-01-16" in lines
    assert f"program           {source_hash(result.backtest.program)}" in lines


def test_json_has_the_whole_result_and_the_certificate(data_dir: Path) -> None:
    told = json.loads(ended(data_dir, "--json"))
    library = Library(data_dir / "days")
    assert told["day_hashes"] == {str(day.date): day.content_hash for day in library.days()}
    assert (told["source_hash"], told["engine_version"]) == (source_hash(told["program"]), ENGINE_VERSION)
    assert (told["window_from"], told["window_to"], told["synthetic"]) == ("2025-01-15", "2025-01-16", False)
    assert told["metrics"]["net_pnl"] == "170.24"
    assert told["days"][0] == {
        "date": "2025-01-15",
        "status": "completed",
        "gross_pnl": "90",
        "fees": "4.88",
        "slippage": "0",
        "net_pnl": "85.12",
        "opening_orders": 1,
        "closing_orders": 1,
        "skipped_entries": 0,
        "first_skip_reason": None,
        "intraday_max_dd": told["days"][0]["intraday_max_dd"],
        "spx_close": "5950.00",
        "error_message": None,
        "halt_reason": None,
    }
    assert [point["equity"] for point in told["equity_curve"]] == ["100085.12", "100170.24"]
    assert told["trades"][0]["exit_rule"] == "profit_target"


def test_the_same_command_prints_the_same_bytes(data_dir: Path) -> None:
    assert ended(data_dir, "--json") == ended(data_dir, "--json")


def test_slippage_is_an_option(data_dir: Path) -> None:
    assert json.loads(ended(data_dir, "--json", "--slippage", "0.10"))["metrics"]["net_pnl"] == "90.24"
    with pytest.raises(CannotRun, match=r"^--slippage must be a multiple of 0\.05 from 0 to 5\.00$"):
        ended(data_dir, "--slippage", "0.03")


def test_logs_are_written_as_files(data_dir: Path) -> None:
    ended(data_dir, "--csv", data_dir / "logs", "--from", "2025-01-16")
    names = ("days", "trades", "daily")
    rows = {
        name: list(csv.DictReader(io.StringIO((data_dir / "logs" / f"{name}.csv").read_text())))
        for name in names
    }
    assert [row["date"] for row in rows["days"]] == ["2025-01-16"]
    assert [(row["Reason For Close"], row["P/L"]) for row in rows["trades"]] == [("Profit Target", "85.12")]
    assert [row["Net Liquidity"] for row in rows["daily"]] == ["100085.12"]


def test_the_curve_is_drawn_into_a_png(data_dir: Path) -> None:
    ended(data_dir, "--plot", data_dir / "curve.png")
    pixels = decoded((data_dir / "curve.png").read_bytes())
    assert pixels.shape == (560, 1000, 3)
    blue = (pixels == (24, 105, 196)).all(axis=2)
    columns = np.flatnonzero(blue.any(axis=0))
    assert (columns[0], columns[-1]) == (79, 980)
    assert np.flatnonzero(blue[:, 970]).mean() < np.flatnonzero(blue[:, 300]).mean()


def decoded(png: bytes) -> np.ndarray:
    """The pixels of a PNG of unfiltered 8-bit colours, every checksum looked at."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind, data = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", png, at + 8 + size)[0] == zlib.crc32(kind + data)
        chunks[kind], at = data, at + 12 + size
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON: Expecting property name"),
        ("[]", "must be a JSON object with legs, entry and exit"),
        (
            json.dumps({**SPREAD, "exit": {"profit_target_pct": 500}, "entry": {"times": ["8:00"]}}),
            (
                "invalid_config\n"
                "  entry.times.0 must be a New York time from 09:30:00 to 15:59:59, as HH:MM or HH:MM:SS\n"
                "  exit.profit_target_pct must be a number from 0.01 to 100"
            ),
        ),
    ],
)
def test_a_config_that_cannot_be_run_is_refused_by_field(data_dir: Path, text: str, reason: str) -> None:
    (data_dir / "bad.json").write_text(text)
    with pytest.raises(CannotRun) as refused:
        ended(data_dir, config="bad.json")
    assert reason in str(refused.value)


def test_a_config_that_is_not_there_is_named(data_dir: Path) -> None:
    with pytest.raises(CannotRun, match=r"none\.json: No such file or directory$"):
        ended(data_dir, config="none.json")


def test_no_days_are_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "spread.json").write_text(json.dumps(SPREAD))
    with pytest.raises(CannotRun, match=r"no day is recorded in .*; try `zerodte generate"):
        ended(tmp_path)


def test_the_data_directory_is_the_one_that_the_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("", "/srv/zerodte"):
        monkeypatch.setenv("ZERODTE_DATA_DIR", value)
        assert data_dir_of(os.environ) == read_settings().data_dir
    monkeypatch.delenv("ZERODTE_DATA_DIR")
    assert data_dir_of(os.environ) == read_settings().data_dir


def test_a_strategy_that_never_enters_is_told_why_and_drawn_flat(data_dir: Path) -> None:
    (data_dir / "never.json").write_text(
        json.dumps({**SPREAD, "entry": {"time": "09:31", "vix": {"min": 90}}})
    )
    told = ended(data_dir, "--plot", data_dir / "flat.png", config="never.json")
    assert "entries skipped                  2   days by their first reason: vix 2" in told.splitlines()
    blue = (decoded((data_dir / "flat.png").read_bytes()) == (24, 105, 196)).all(axis=2)
    assert blue[:, 500].sum() == blue[:, 900].sum() == 2


def test_where_every_day_failed_the_report_says_so_and_nothing_is_drawn(data_dir: Path) -> None:
    for quotes in (data_dir / "days").rglob("quotes.arrow"):
        quotes.unlink()
    given = ["backtest", data_dir / "spread.json", "--data-dir", data_dir, "--plot", data_dir / "none.png"]
    outcome = CliRunner().invoke(app, [str(word) for word in given])
    assert "                  2 failed" in outcome.stdout.splitlines()
    assert outcome.stdout.count("quotes.arrow: No such file or directory") == 2
    assert str(outcome.exception) == "every day failed, so that --plot has no curve to draw"
    assert not (data_dir / "none.png").exists()
    with pytest.raises(CannotRun, match=r"^every day failed$"):
        ended(data_dir)


def test_days_that_are_left_out_are_named(data_dir: Path) -> None:
    first, second = Library(data_dir / "days").days()
    pointer = data_dir / "days" / f"{second.date}" / "CURRENT"
    pointer.write_bytes(b"\xff\xfe")
    assert f"left out          {second.date}: {pointer}: names no revision" in ended(data_dir).splitlines()
    told = json.loads(ended(data_dir, "--json"))
    assert told["unreadable_days"] == {f"{second.date}": f"{pointer}: names no revision"}
    assert list(told["day_hashes"]) == [f"{first.date}"]
    assert json.loads(ended(data_dir, "--json", "--to", first.date))["unreadable_days"] == {}


def test_days_that_were_recorded_only_in_part_are_counted_and_named(data_dir: Path) -> None:
    held = json.dumps({**SPREAD, "exit": {"time": "09:38"}})
    (data_dir / "spread.json").write_text(held)
    assert json.loads(ended(data_dir, "--json"))["partial_days"] == {}
    assert not [line for line in ended(data_dir).splitlines() if line.startswith("in part")]

    late, early, whole = (DATE + timedelta(days=days) for days in (2, 5, 6))
    for on, known_from, known_until in ((late, 61, 600), (early, 0, 300), (whole, 60, 540)):
        publish_day(data_dir / "days", recorded_in_part(melting_day(on), known_from, known_until))
    told = json.loads(ended(data_dir, "--json"))
    assert told["partial_days"] == {f"{late}": "09:31:01 to 09:40", f"{early}": "09:30 to 09:35"}
    rules = {trade["date"]: trade["exit_rule"] for trade in told["trades"]}
    assert (rules[f"{early}"], rules[f"{whole}"], late.isoformat() in rules) == ("settlement", "time", False)
    lines = ended(data_dir).splitlines()
    place = next(place for place, line in enumerate(lines) if line.startswith("in part"))
    notice = "what is open where a recording ends is settled, whatever exits were to come"
    assert lines[place : place + 3] == [
        f"in part           2 days: {notice}",
        f"                  {late}: recorded 09:31:01 to 09:40",
        f"                  {early}: recorded 09:30 to 09:35",
    ]


def test_where_no_day_can_be_read_one_is_named(data_dir: Path) -> None:
    for manifest in (data_dir / "days").rglob("manifest.json"):
        manifest.unlink()  # it may not be written to
        manifest.write_text("{")
    with pytest.raises(CannotRun, match=r"^no day can be read: .*manifest\.json: .*`zerodte days --verify`"):
        ended(data_dir)


def test_a_terminal_sees_a_bar_that_goes_away(data_dir: Path) -> None:
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "zerodte.cli", "backtest", "spread.json", "--data-dir", "."]
    subprocess.run(command, cwd=data_dir, stderr=secondary, stdout=subprocess.DEVNULL, check=True, timeout=60)
    os.close(secondary)
    shown = os.read(primary, 65_536).decode()
    assert shown.startswith(f"\r{'╌' * 40} 0/2 days\r{'━' * 40} 2/2 days")
    assert shown.endswith("\r\x1b[K")


def test_a_refused_config_ends_the_process_with_the_paths_and_status(data_dir: Path) -> None:
    (data_dir / "bad.json").write_text('{"legs": []}')
    command = [sys.executable, "-m", "zerodte.cli", "backtest", "bad.json"]
    done = subprocess.run(command, cwd=data_dir, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "zerodte: invalid_config\n  entry is required\n  legs must be a list of 1 to 4\n"
