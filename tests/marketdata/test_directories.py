"""A directory of days: of one format or several, interrupted and resumed, with a bad file among them."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import psutil
import pytest

from engine.calendar import sessions_between
from marketdata import importing
from marketdata.exporting import FileFormat, export
from marketdata.importing import AUTO, FORMATS, ImportRequest, run_import
from marketdata.library import Library, dates_under
from marketdata.refusals import ImportStopped, SourceRefused
from marketdata.reports import ImportReport
from marketdata.sharing import shared_out
from marketdata.verifying import verify_library
from tests.days import DATE, publish_tiny_day
from tests.marketdata import databento_files, lean_files, optionsdx_files, thetadata_files
from tests.marketdata.vendor_files import NOW, cboe_row, cboe_text, write_zip

SESSIONS = sessions_between(date(2018, 1, 3), date(2018, 1, 12))
DATES = tuple(bounds.date.isoformat() for bounds in SESSIONS)
KILLS = 5
IMPORT = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from marketdata.importing import ImportRequest, run_import
run_import(ImportRequest("cboe", (Path(sys.argv[1]),)), Path(sys.argv[2]), datetime.now(UTC), processes=2)
"""


def day_text(on: str, ask: float = 9.35) -> str:
    """A call and a put each minute of a day, a little different from one day to another."""
    minutes = [f"{9 + (30 + n) // 60:02d}:{(30 + n) % 60:02d}" for n in range(1, 391)]
    prices = {"bid": f"{2 + int(on[-2:]) % 5}.00", "ask": f"{ask:.2f}"}
    return cboe_text(
        cboe_row(minute, on, option_type=right, **prices) for minute in minutes for right in "CP"
    )


def directory(folder: Path) -> Path:
    """A directory of days, some zipped and in folders of their own."""
    home = folder / "feed"
    home.mkdir()
    for place, on in enumerate(DATES):
        if place % 3:
            (home / f"quotes_{on}.csv").write_text(day_text(on))
        else:
            write_zip(home / on[:7] / f"{on}.zip", {f"{on}.csv": day_text(on)})
    return home


def hashes(root: Path) -> dict[str, str]:
    return {day.date.isoformat(): day.content_hash for day in Library(root).days()}


def imported(home: Path, root: Path, format_name: str = "cboe", *, force: bool = False) -> ImportReport:
    return run_import(ImportRequest(format_name, (home,), force=force), root, NOW, processes=2)


def leftovers(root: Path) -> list[str]:
    """Whatever lies under a library but revisions, what points at them, locks and notes."""
    lasting = {"CURRENT", ".lock", "quotes.arrow", "greeks.arrow", "index.arrow", "manifest.json"}
    files = [path for path in root.rglob("*") if path.is_file() and path.name not in lasting]
    hidden = [path for path in root.glob("*/.*") if path.is_dir()]
    return [
        str(path.relative_to(root))
        for path in (*files, *hidden)
        if path.parent.name != ".imported" or path.suffix
    ]


def test_a_second_import_reads_nothing_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, root = directory(tmp_path), tmp_path / "days"
    first = imported(home, root)
    assert sorted(day.date.isoformat() for day in first.days) == list(DATES)
    again = imported(home, root)
    assert (again.days, again.unchanged_days, again.rows_read) == ((), first.days, 0)
    assert f"{len(DATES)} files skipped, imported before with the same content; --force reads again" in list(
        again.lines()
    )
    assert leftovers(root) == []
    forced = imported(home, root, force=True)
    assert (forced.days, forced.rows_read) == (first.days, first.rows_read)


def test_a_changed_member_of_an_archive_is_read_again_and_the_others_are_not(tmp_path: Path) -> None:
    texts = {f"{on}.csv": day_text(on) for on in DATES[:3]}
    path, root = write_zip(tmp_path / "month.zip", texts), tmp_path / "days"
    imported(path, root)
    write_zip(path, texts | {f"{DATES[1]}.csv": day_text(DATES[1], ask=9.45)})
    again = imported(path, root)
    assert [day.date.isoformat() for day in again.days] == [DATES[1]]
    assert again.unread_files == 2


def test_only_what_changed_is_read_again_whatever_its_size_and_time(tmp_path: Path) -> None:
    home, root = directory(tmp_path), tmp_path / "days"
    before = imported(home, root)
    changed = home / f"quotes_{DATES[1]}.csv"
    stamp = changed.stat().st_mtime_ns
    changed.write_text(day_text(DATES[1], ask=9.45))
    os.utime(changed, ns=(stamp, stamp))
    again = imported(home, root)
    assert [day.date.isoformat() for day in again.days] == [DATES[1]]
    assert again.unread_files == len(DATES) - 1
    assert hashes(root)[DATES[1]] != {day.date.isoformat(): day.content_hash for day in before.days}[DATES[1]]


def test_a_mended_importer_and_another_settlement_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, root = tmp_path / f"{DATES[0]}.csv", tmp_path / "days"
    path.write_text(day_text(DATES[0]))
    request = ImportRequest("cboe", (path,))
    run_import(request, root, NOW)
    settled = run_import(ImportRequest("cboe", (path,), settlement_cents=273_000), root, NOW)
    assert [day.settlement_cents for day in settled.days] == [273_000]
    assert run_import(request, root, NOW).days[0].settlement_cents == 273_109
    assert run_import(request, root, NOW).unread_files == 1
    mended = {**FORMATS, "cboe": importing.Format("2", FORMATS["cboe"].find, FORMATS["cboe"].read)}
    monkeypatch.setattr(importing, "FORMATS", mended)
    assert run_import(request, root, NOW).unread_files == 0


@pytest.mark.parametrize("damage", ["removed", "cut", "superseded"])
def test_a_day_that_is_no_longer_there_is_imported_again(tmp_path: Path, damage: str) -> None:
    path, root = tmp_path / f"{DATES[0]}.csv", tmp_path / "days"
    path.write_text(day_text(DATES[0]))
    (info,) = run_import(ImportRequest("cboe", (path,)), root, NOW).days
    quotes = root / DATES[0] / info.content_hash / "quotes.arrow"
    if damage == "superseded":
        other = tmp_path / "other.csv"
        other.write_text(day_text(DATES[0], ask=9.45))
        run_import(ImportRequest("cboe", (other,)), root, NOW)
    else:
        content = quotes.read_bytes()
        quotes.unlink()
        if damage == "cut":
            quotes.write_bytes(content[:-1])
    assert [day.content_hash for day in run_import(ImportRequest("cboe", (path,)), root, NOW).days] == [
        info.content_hash
    ]
    assert hashes(root) == {DATES[0]: info.content_hash}
    assert verify_library(root) == ()


def test_a_bad_file_is_told_and_stops_nobody(tmp_path: Path) -> None:
    home, root = directory(tmp_path), tmp_path / "days"
    good = imported(home, tmp_path / "expected").days
    bad = dict(
        zip(
            ("cut", "header", "bytes", "crc", "empty"),
            ("2018-02-05", "2018-02-06", "2018-02-07", "2018-02-08", "2018-02-09"),
            strict=True,
        )
    )
    whole = write_zip(home / f"{bad['cut']}.zip", {f"{bad['cut']}.csv": day_text(bad["cut"])}).read_bytes()
    (home / f"{bad['cut']}.zip").write_bytes(whole[:-30])
    (home / f"{bad['header']}.csv").write_text("time,price\n")
    text = day_text(bad["bytes"]).encode()
    (home / f"{bad['bytes']}.csv").write_bytes(text.replace(b"SPXW", b"SP\xffW", 3))
    (home / f"{bad['empty']}.csv").write_text("")
    damaged = bytearray(write_zip(home / f"{bad['crc']}.zip", {"a.csv": day_text(bad["crc"])}).read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    (home / f"{bad['crc']}.zip").write_bytes(damaged)
    report = imported(home, root)
    assert report.days == good
    assert len(report.refused_days) == len(bad)
    assert {next(on for on in bad.values() if on in message) for message in report.refused_days} == set(
        bad.values()
    )
    assert dates_under(root) == {day.date for day in good}
    again = imported(home, root)
    assert (again.refused_days, again.unread_files) == (report.refused_days, len(DATES))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A directory, and the hashes of its days."""
    folder = tmp_path_factory.mktemp("undisturbed")
    home = directory(folder)
    imported(home, folder / "days")
    return home, hashes(folder / "days")


def killed_after(days: int, home: Path, root: Path, delay: float) -> None:
    """Imports in a process of its own, and kills it some time after so many days were published.

    Its helpers end with it.
    """
    with subprocess.Popen(
        [sys.executable, "-c", IMPORT, str(home), str(root)], start_new_session=True
    ) as child:
        while len(list(root.glob("*/CURRENT"))) < days:
            assert child.poll() is None
            time.sleep(0.002)
        time.sleep(delay)
        helpers = psutil.Process(child.pid).children(recursive=True)
        child.kill()
    assert psutil.wait_procs(helpers, timeout=10)[1] == []


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_anywhere_it_goes_on_from_there(
    tmp_path: Path, undisturbed: tuple[Path, dict[str, str]], seed: int
) -> None:
    """Each day that is published is whole and the right one, and at the end all are."""
    draw = random.Random(seed)
    (home, expected), root = undisturbed, tmp_path / "days"
    killed_after(seed % 3, home, root, draw.uniform(0, 0.02))
    published = hashes(root)
    assert published.items() <= expected.items()
    assert len(published) < len(expected)
    assert [wrong for wrong in verify_library(root) if any(on in wrong for on in published)] == []
    report = imported(home, root)
    assert sorted((*report.days, *report.unchanged_days), key=lambda day: day.date) == list(
        Library(root).days()
    )
    assert (hashes(root), verify_library(root), leftovers(root)) == (expected, (), [])


def mixed(folder: Path) -> Path:
    """A day of each format, notes, and what else lies in a LEAN tree."""
    home = folder / "mixed"
    home.mkdir()
    (home / "README.txt").write_text("bought in 2026\n")
    (home / "notes.md").write_text("nothing\n")
    write_zip(home / "day.zip", {f"{DATES[0]}.csv": day_text(DATES[0])})
    lean_files.tree(home / "lean", {lean_files.member(): lean_files.bars()}, lean_files.INDEX)
    optionsdx_files.write(home)
    thetadata_files.write(home / "quotes_2025-01-17.csv", thetadata_files.every_minute())
    publish_tiny_day(folder / "tiny", close_second=23_400)
    export(Library(folder / "tiny").open(DATE), home / "own.parquet", FileFormat.PARQUET)
    return home


def test_a_directory_of_several_formats_is_told_apart(tmp_path: Path) -> None:
    home, root = mixed(tmp_path), tmp_path / "days"
    report = imported(home, root, AUTO)
    assert report.refused_days == ()
    assert {day.source: day.date.isoformat() for day in report.days} == {
        "cboe": "2018-01-03",
        "lean": "2021-01-04",
        "optionsdx": "2023-01-20",
        "thetadata": "2025-01-17",
        "zerodte": "2025-01-15",
    }
    assert [day.index_derived for day in report.days] == [False, False, False, True, False]
    assert imported(home, root, AUTO).unchanged_days == report.days


def test_the_samples_of_three_vendors_are_told_apart(tmp_path: Path, shared_data: Path) -> None:
    """Most of the files there are no quotes, and none of the others is refused."""
    report = imported(shared_data, tmp_path / "days", AUTO)
    assert report.refused_days == ()
    assert [(day.source, day.date.isoformat()) for day in report.days] == [
        ("cboe", "2018-01-05"),
        ("lean", "2021-01-04"),
        ("lean", "2021-01-06"),
    ]


def test_each_format_is_the_same_day_as_when_it_is_named(tmp_path: Path) -> None:
    home = mixed(tmp_path)
    databento_files.write(tmp_path, databento_files.chain())
    (opra,) = tmp_path.glob("*.dbn.zst")
    for name, path in {"cboe": home / "day.zip", "lean": home / "lean", "databento": opra}.items():
        named = imported(path, tmp_path / name, name)
        assert [day.content_hash for day in imported(path, tmp_path / AUTO, AUTO).days] == [
            day.content_hash for day in named.days
        ]


def test_tables_of_no_known_format_are_refused_and_the_others_go_on(tmp_path: Path) -> None:
    home = mixed(tmp_path)
    (home / "prices.csv").write_text("when,what\n")
    (home / "half.zip").write_bytes(b"PK\x03\x04")
    report = imported(home, tmp_path / "days", AUTO)
    assert len(report.days) == 5
    assert report.refused_days == (
        "half.zip: of no known format, or a broken archive",
        "prices.csv: of no known format, or a broken archive",
    )
    with pytest.raises(SourceRefused, match=r"README\.txt: no file of a known format"):
        imported(home / "README.txt", tmp_path / "days", AUTO)


def test_of_two_files_with_other_values_for_a_date_the_first_counts_each_time(tmp_path: Path) -> None:
    """First in the order of formats, not in that of finishing: thetadata after databento."""
    home, root = tmp_path / "feed", tmp_path / "days"
    home.mkdir()
    opra = databento_files.write(home, [*databento_files.chain(), databento_files.cbbo(61, 1.0, 1.2)])
    thetadata_files.write(home / "a_quotes.csv", thetadata_files.every_minute())
    (expected,) = imported(opra, tmp_path / "expected", "databento").days
    for _ in range(2):
        report = imported(home, root, AUTO)
        assert report.refused_days == (
            f"2025-01-17: a_quotes.csv has other values than {opra.name}, which stay in force",
        )
        assert hashes(root) == {"2025-01-17": expected.content_hash}


def dies(number: int) -> int:
    if number == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_when_a_helper_dies_the_import_stops_and_says_so() -> None:
    with pytest.raises(ImportStopped, match=r"a process died, .* goes on from there"):
        shared_out(dies, [0, 1, 2, 3], 2, None)
