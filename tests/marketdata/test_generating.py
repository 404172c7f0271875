"""Synthetic days on disk: labelled, pinned, made alone or in a row, never over a recorded day."""

import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil
import pytest

from engine.market import SettlementSource
from engine.synthetic import SEED_DEFAULT
from marketdata.generating import GenerationRefused, first_run_dates, generate, generate_dates
from marketdata.library import Library
from marketdata.verifying import verify_library
from tests.days import publish_tiny_day

MONDAY, TUESDAY, WEDNESDAY = date(2025, 1, 13), date(2025, 1, 14), date(2025, 1, 15)
# A change of this hash is a change of the generator: raise GENERATOR_VERSION with it.
WEDNESDAY_HASH = "bddc2ef3fe463699d957e818033bc0fda50275549954b891f5eb467c917abd8b"


def test_walkthrough_day_is_published_with_its_pinned_hash(tmp_path: Path) -> None:
    report = generate(tmp_path, WEDNESDAY, 1)
    (info,) = report.published
    assert (report.unchanged, report.kept) == ((), ())
    assert (info.date, info.content_hash) == (WEDNESDAY, WEDNESDAY_HASH)
    assert (info.synthetic, info.source, info.importer_version, info.imported_at) == (
        True,
        "synthetic",
        f"generator 2, seed {SEED_DEFAULT}",
        None,
    )
    assert (info.contracts, info.resolution_seconds, info.index_derived) == (194, 1, False)
    assert (info.settlement_cents, info.settlement_source) == (596_319, SettlementSource.PRINT)
    assert Library(tmp_path).days() == (info,)


def test_sessions_skip_weekends_and_holidays(tmp_path: Path) -> None:
    report = generate(tmp_path, date(2025, 1, 17), 2, seed=5)
    assert [info.date for info in report.published] == [date(2025, 1, 17), date(2025, 1, 21)]


def test_day_made_alone_is_the_day_made_in_a_row(tmp_path: Path) -> None:
    row = generate(tmp_path / "row", MONDAY, 2, seed=7)
    alone = generate_dates(tmp_path / "alone", [TUESDAY], seed=7)
    assert alone.published == row.published[1:]


def test_recorded_day_is_kept_and_told(tmp_path: Path) -> None:
    recorded = publish_tiny_day(tmp_path, MONDAY)
    report = generate(tmp_path, MONDAY, 2)
    assert report.kept == (MONDAY,)
    assert [info.date for info in report.published] == [TUESDAY]
    assert Library(tmp_path).current(MONDAY) == recorded


HALF_DAYS = (date(2023, 7, 3), date(2023, 11, 24), date(2024, 7, 3), date(2024, 11, 29), date(2024, 12, 24))
GENERATE = """
import sys
from datetime import date
from pathlib import Path
from marketdata.generating import generate_dates
generate_dates(Path(sys.argv[1]), [date.fromisoformat(day) for day in sys.argv[2:]], processes=2)
"""


def killed_after(days: int, root: Path) -> None:
    """Generates the half days in a process of its own, which is killed when so many are published."""
    words = [sys.executable, "-c", GENERATE, str(root), *map(str, HALF_DAYS)]
    with subprocess.Popen(words, start_new_session=True) as child:
        while len(list(root.glob("*/CURRENT"))) < days:
            assert child.poll() is None
            time.sleep(0.01)
        helpers = psutil.Process(child.pid).children(recursive=True)
        child.kill()
    assert psutil.wait_procs(helpers, timeout=10)[1] == []


def test_killed_in_the_middle_it_goes_on_from_there(tmp_path: Path) -> None:
    killed_after(2, tmp_path / "killed")
    done = Library(tmp_path / "killed").days()
    assert 2 <= len(done) < len(HALF_DAYS)
    report = generate_dates(tmp_path / "killed", HALF_DAYS)
    assert report.unchanged == done
    assert sorted(info.date for info in (*done, *report.published)) == list(HALF_DAYS)
    alone = generate_dates(tmp_path / "alone", HALF_DAYS[-1:]).published
    assert Library(tmp_path / "killed").days()[-1:] == alone
    assert verify_library(tmp_path / "killed") == ()


def test_a_damaged_day_is_made_anew(tmp_path: Path) -> None:
    (info,) = generate_dates(tmp_path, HALF_DAYS[:1]).published
    quotes = tmp_path / info.date.isoformat() / info.content_hash / "quotes.arrow"
    quotes.chmod(0o644)
    quotes.write_bytes(quotes.read_bytes()[:-1])
    assert generate_dates(tmp_path, HALF_DAYS[:1]).published == (info,)
    assert verify_library(tmp_path) == ()


def test_another_seed_replaces_a_synthetic_day(tmp_path: Path) -> None:
    (first,) = generate_dates(tmp_path, [MONDAY], seed=1).published
    (second,) = generate_dates(tmp_path, [MONDAY], seed=2).published
    assert first.content_hash != second.content_hash
    assert Library(tmp_path).days() == (second,)


def test_progress_counts_sessions(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    publish_tiny_day(tmp_path, MONDAY)
    generate(tmp_path, MONDAY, 2, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("first_date", "days", "seed", "message"),
    [
        (MONDAY, 0, 1, "days must be at least 1, not 0"),
        (
            date(2030, 12, 31),
            2,
            1,
            "days: 2 from 2030-12-31 leaves the session table, 2005-01-03 to 2030-12-31",
        ),
        (
            date(2005, 1, 1),
            1,
            1,
            "days: 1 from 2005-01-01 leaves the session table, 2005-01-03 to 2030-12-31",
        ),
        (MONDAY, 1, -1, "seed must be a whole number from 0 to 18446744073709551615, not -1"),
        (
            MONDAY,
            1,
            2**64,
            "seed must be a whole number from 0 to 18446744073709551615, not 18446744073709551616",
        ),
    ],
)
def test_impossible_requests_are_refused(
    tmp_path: Path, first_date: date, days: int, seed: int, message: str
) -> None:
    with pytest.raises(GenerationRefused) as refusal:
        generate(tmp_path, first_date, days, seed)
    assert str(refusal.value) == message
    assert Library(tmp_path).days() == ()


def test_date_without_a_session_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(GenerationRefused, match="2025-01-09 is no session of the table"):
        generate_dates(tmp_path, [MONDAY, date(2025, 1, 9)])
    assert Library(tmp_path).days() == ()


def test_first_run_starts_with_the_walkthrough_day_and_goes_on_in_order() -> None:
    assert first_run_dates(5) == (WEDNESDAY, MONDAY, TUESDAY, date(2025, 1, 16), date(2025, 1, 17))
    assert first_run_dates(1) == (WEDNESDAY,)
    assert first_run_dates(0) == ()


def test_first_run_of_twenty_days_is_twenty_sessions() -> None:
    dates = first_run_dates(20)
    assert len(set(dates)) == 20
    assert max(dates) == date(2025, 2, 10)
