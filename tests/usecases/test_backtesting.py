"""A program over the days of a library: which days, what of each, and always the same."""

import os
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from engine.market import MISSING_INDEX
from engine.outcomes import ENGINE_VERSION, DayRun
from engine.programs import source_hash, write_program
from engine.replaying import replay
from engine.results import SessionStatus
from marketdata.library import Library
from tests.days import publish_day, tiny_day
from tests.engine.strategizing import strategy
from usecases.backtesting import Backtest, days_to_run, run_days, run_library

MONDAY = date(2025, 1, 13)
SPREAD = strategy("-1 P otm 10, +1 P width 10 from 0", at=(10, 300), time=500)
PROGRAM = write_program(SPREAD)


def publish(root: Path, weekday: int, *, spx_points: int = 5950, synthetic: bool = False) -> None:
    day = tiny_day(MONDAY + timedelta(days=weekday), spx_points=spx_points)
    publish_day(root, replace(day, synthetic=synthetic))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for weekday in range(5):
        publish(tmp_path, weekday, spx_points=5930 + 10 * weekday)
    return tmp_path


def ran(root: Path, first: date | None = None, last: date | None = None) -> Backtest:
    return run_library(Library(root), PROGRAM, first, last, lambda *_: None)


def test_each_day_comes_to_what_the_stepper_makes_of_it(root: Path) -> None:
    library = Library(root)
    previous_cents = None
    for run in ran(root).days:
        day = library.open(run.facts.date)
        assert run.session == replay(SPREAD, day, previous_cents).result
        assert run.facts.previous_settlement_cents == previous_cents
        previous_cents = day.settlement_cents


def test_the_certificate_names_program_engine_and_days(root: Path) -> None:
    certificate = ran(root).certificate
    assert certificate.source_hash == source_hash(PROGRAM)
    assert certificate.engine_version == ENGINE_VERSION
    assert certificate.day_hashes == tuple((day.date, day.content_hash) for day in Library(root).days())


def test_the_gap_of_the_first_day_asked_for_is_from_the_day_before_it(root: Path) -> None:
    wednesday = MONDAY + timedelta(days=2)
    days = days_to_run(Library(root), wednesday, wednesday)
    assert [(day.info.date, day.previous_settlement_cents) for day in days] == [(wednesday, 5940_00)]


def test_there_is_no_gap_across_a_hole_in_the_library(root: Path) -> None:
    shutil.rmtree(root / "2025-01-15")
    days = days_to_run(Library(root), None, None)
    assert [day.previous_settlement_cents for day in days] == [None, 5930_00, None, 5960_00]


def test_the_gap_of_a_monday_or_after_a_holiday_is_from_the_session_before(tmp_path: Path) -> None:
    for weekday in (4, 8, 11):  # Friday, the Tuesday after Martin Luther King's day, Friday
        publish(tmp_path, weekday, spx_points=5930 + 10 * weekday)
    days = days_to_run(Library(tmp_path), None, None)
    assert [day.previous_settlement_cents for day in days] == [None, 5970_00, None]


def test_recorded_days_are_run_without_the_synthetic_ones(tmp_path: Path) -> None:
    publish(tmp_path, 0, spx_points=5940)
    publish(tmp_path, 1, spx_points=5930, synthetic=True)
    publish(tmp_path, 2)
    backtest = ran(tmp_path)
    assert [day.facts.date.weekday() for day in backtest.days] == [0, 2]
    assert [day.facts.previous_settlement_cents for day in backtest.days] == [None, None]
    assert not backtest.synthetic


def test_synthetic_days_are_run_where_none_is_recorded(tmp_path: Path) -> None:
    publish(tmp_path, 0)
    publish(tmp_path, 1, synthetic=True)
    publish(tmp_path, 2, synthetic=True)
    backtest = ran(tmp_path, first=MONDAY + timedelta(days=1))
    assert [day.facts.date.weekday() for day in backtest.days] == [1, 2]
    assert backtest.synthetic


def test_no_days_are_an_empty_backtest(tmp_path: Path) -> None:
    assert ran(tmp_path).days == ()


def test_a_day_that_cannot_be_read_fails_and_the_others_do_not(root: Path) -> None:
    tuesday = MONDAY + timedelta(days=1)
    whole = ran(root)
    info = Library(root).current(tuesday)
    assert info is not None
    quotes = root / tuesday.isoformat() / info.content_hash / "quotes.arrow"
    quotes.unlink()
    broken = ran(root)
    failed = broken.days[1]
    assert (failed.session.status, failed.error) == (
        SessionStatus.FAILED,
        f"{quotes}: No such file or directory",
    )
    assert failed.session.trades == ()
    assert [*broken.days[:1], *broken.days[2:]] == [*whole.days[:1], *whole.days[2:]]


def test_the_index_is_told_from_its_first_value(tmp_path: Path) -> None:
    day = tiny_day()
    spx, vix = day.spx_e4.copy(), day.vix_e4.copy()
    spx[:7] = vix[:9] = MISSING_INDEX
    spx[7], vix[9] = 5944_0000, 17_0000
    publish_day(tmp_path, replace(day, spx_e4=spx, vix_e4=vix))
    (run,) = ran(tmp_path).days
    assert (run.facts.open_spx_e4, run.facts.open_vix_e4) == (5944_0000, 17_0000)


def let_go(root: Path) -> None:
    """Takes the days' pages out of memory."""
    for path in root.rglob("*.arrow"):
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def was_cold(root: Path) -> bool:
    return Library(root).open_mapped(MONDAY).was_cold


@pytest.mark.parametrize("at", [(10,), (10, 300), (0,), (599,)])
def test_days_come_to_the_same_whether_they_are_in_memory_or_on_disk(root: Path, at: tuple[int, ...]) -> None:
    program = write_program(strategy("-1 P otm 10, +1 P width 10 from 0", at=at, time=500))
    in_memory = run_library(Library(root), program, None, None, lambda *_: None)
    let_go(root)
    assert run_library(Library(root), program, None, None, lambda *_: None) == in_memory
    assert not was_cold(root)


def test_progress_is_told_to_the_last_day(root: Path) -> None:
    told = []
    run_library(Library(root), PROGRAM, None, None, lambda done, total: told.append((done, total)))
    assert told == [(0, 5), (5, 5)]


def chunk(root: Path, place: int) -> tuple[int, list[DayRun]]:
    library = Library(root)
    return os.getpid(), run_days(library, PROGRAM, days_to_run(library, None, None)[place : place + 1])


def test_many_processes_make_the_same_bytes_as_one(root: Path) -> None:
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        parts = list(pool.map(chunk, [root] * 5, range(5)))
    assert os.getpid() not in {pid for pid, _ in parts}
    joined = [run for _, runs in parts for run in runs]
    assert [pickle.dumps(run) for run in joined] == [
        pickle.dumps(pickle.loads(pickle.dumps(run))) for run in ran(root).days
    ]


def test_a_day_that_is_published_again_changes_its_own_result_alone(root: Path) -> None:
    before = ran(root)
    shutil.rmtree(root / (MONDAY + timedelta(days=4)).isoformat())
    publish(root, 4, spx_points=5950)
    after = ran(root)
    assert after.days[:4] == before.days[:4]
    assert after.days[4] != before.days[4]
