"""The catalog, opening, and what is refused."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from engine.contracts import Contract, Right
from engine.market import SettlementSource
from marketdata.library import DayInfo, Library
from marketdata.manifests import FORMAT_VERSION, Coverage
from marketdata.publishing import publish
from marketdata.refusals import DayNotFound, DayUnavailable
from marketdata.verifying import verify_library
from tests.days import DATE, PROVENANCE, STRIKES, publish_tiny_day, tiny_day

FILES = ("quotes.arrow", "greeks.arrow", "index.arrow", "manifest.json")
CALL = Contract(5950, Right.CALL)


def folder_of(root: Path) -> Path:
    (folder,) = (path for path in (root / DATE.isoformat()).iterdir() if path.is_dir())
    return folder


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def test_a_day_is_listed_with_everything_about_it(tmp_path: Path) -> None:
    imported_at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    info = publish(tmp_path, tiny_day(), replace(PROVENANCE, imported_at=imported_at))
    opened_at = datetime(2025, 1, 15, 14, 30, tzinfo=UTC)
    assert Library(tmp_path).days() == (
        DayInfo(
            date=DATE,
            content_hash=info.content_hash,
            open_at=opened_at,
            close_at=opened_at + timedelta(seconds=600),
            data_start_at=opened_at,
            data_end_at=opened_at + timedelta(seconds=600),
            contracts=10,
            strikes=STRIKES,
            synthetic=False,
            source="tiny",
            importer_version="1",
            resolution_seconds=1,
            index_derived=False,
            settlement_cents=595_000,
            settlement_source=SettlementSource.OFFICIAL,
            size_bytes=sum((folder_of(tmp_path) / name).stat().st_size for name in FILES[:3]),
            imported_at=imported_at,
            coverage=Coverage(silent_seconds=0, quoted_e4=10_000),
        ),
    )


def test_days_are_listed_by_date_and_picked_up_as_they_are_published(tmp_path: Path) -> None:
    library = Library(tmp_path / "days")
    assert library.days() == ()
    later = publish_tiny_day(tmp_path / "days", date(2025, 1, 16))
    earlier = publish_tiny_day(tmp_path / "days", date(2025, 1, 14))
    assert library.days() == (earlier, later)
    changed = publish(tmp_path / "days", tiny_day(date(2025, 1, 16), spx_points=6000), PROVENANCE)
    assert library.days() == (earlier, changed)


def test_what_is_not_published_is_not_found(tmp_path: Path) -> None:
    library = Library(tmp_path)
    publish_tiny_day(tmp_path)
    assert library.current(date(2025, 1, 16)) is None
    with pytest.raises(DayNotFound, match="no session is recorded for 2025-01-16"):
        library.open(date(2025, 1, 16))


def test_a_revision_that_was_taken_away_is_unavailable(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    with pytest.raises(DayUnavailable, match=r"2025-01-15/00ff: not there"):
        Library(tmp_path).open(DATE, "00ff")


def test_one_second_of_the_chain_and_one_contract_of_the_day(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    day, expected = Library(tmp_path).open(DATE), tiny_day()
    assert day.ask_ticks[:, 321].tolist() == expected.ask_ticks[:, 321].tolist()
    assert day.delta_e4[321].tolist() == expected.delta_e4[321].tolist()
    assert day.bid_ticks[day.row_of[CALL]].tolist() == expected.bid_ticks[expected.row_of[CALL]].tolist()


def test_each_series_lies_the_way_it_is_read(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    day = Library(tmp_path).open(DATE)
    assert day.bid_ticks[3].flags.c_contiguous
    assert day.ask_ticks[3].flags.c_contiguous
    assert day.delta_e4[3].flags.c_contiguous


def test_a_day_cannot_be_written_to(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    day = Library(tmp_path).open(DATE)
    for values in (day.bid_ticks, day.ask_ticks, day.delta_e4, day.spx_e4, day.vix_e4):
        with pytest.raises(ValueError, match="WRITEABLE"):
            values.flags.writeable = True


def test_mappings_are_kept_and_the_oldest_let_go(tmp_path: Path) -> None:
    dates = [date(2025, 1, 13), date(2025, 1, 14), date(2025, 1, 15)]
    for on in dates:
        publish_tiny_day(tmp_path, on)
    library = Library(tmp_path, mappings_max=2)
    first, second = library.open(dates[0]), library.open(dates[1])
    assert library.open(dates[0]) is first
    library.open(dates[2])
    assert library.open(dates[0]) is first
    assert library.open(dates[1]) is not second
    assert second.bid_ticks.tolist() == tiny_day().bid_ticks.tolist()


def test_a_day_that_is_deleted_while_open_stays_readable(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    day = Library(tmp_path).open(DATE)
    for path in folder_of(tmp_path).iterdir():
        path.unlink()
    assert day.ask_ticks.tolist() == tiny_day().ask_ticks.tolist()


@pytest.mark.parametrize("name", FILES)
def test_a_half_written_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    publish_tiny_day(tmp_path)
    path = folder_of(tmp_path) / name
    rewrite(path, path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DayUnavailable, match=f"{name}: "):
        Library(tmp_path).open(DATE)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    publish_tiny_day(tmp_path)
    (folder_of(tmp_path) / name).unlink()
    with pytest.raises(DayUnavailable, match=f"{name}: No such file or directory"):
        Library(tmp_path).open(DATE)


@pytest.mark.parametrize("name", FILES[:3])
def test_a_changed_byte_is_refused_by_name(tmp_path: Path, name: str) -> None:
    publish_tiny_day(tmp_path)
    path = folder_of(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    rewrite(path, bytes(content))
    with pytest.raises(DayUnavailable, match=f"{name}: the checksum is not the published one"):
        Library(tmp_path).open(DATE)


@pytest.mark.parametrize("name", FILES[:3])
def test_a_file_whose_end_never_reached_the_disk_is_refused(tmp_path: Path, name: str) -> None:
    publish_tiny_day(tmp_path)
    path = folder_of(tmp_path) / name
    before = path.stat()
    rewrite(path, path.read_bytes()[:-100] + bytes(100))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(DayUnavailable, match=f"{name}: not an Arrow file, or one that was not written"):
        Library(tmp_path).open(DATE)


def test_verifying_finds_what_opening_lets_pass(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    path = folder_of(tmp_path) / "greeks.arrow"
    before, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    rewrite(path, bytes(content))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert Library(tmp_path).open(DATE).date == DATE
    assert verify_library(tmp_path) == (f"{path}: the checksum is not the published one",)


def test_a_copied_library_is_as_good_as_the_first(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    path = folder_of(tmp_path) / "quotes.arrow"
    os.utime(path, (1, 1))
    assert Library(tmp_path).open(DATE).bid_ticks.tolist() == tiny_day().bid_ticks.tolist()
    assert verify_library(tmp_path) == ()


def test_a_pointer_to_nothing_is_found_by_verifying(tmp_path: Path) -> None:
    info = publish_tiny_day(tmp_path)
    pointer = tmp_path / DATE.isoformat() / "CURRENT"
    pointer.write_text("00ff\n")
    assert verify_library(tmp_path) == (f"{pointer}: names 00ff, which is not there",)
    pointer.unlink()
    assert verify_library(tmp_path) == (f"{pointer}: missing",)
    assert Library(tmp_path).current(DATE) is None
    assert Library(tmp_path).open(DATE, info.content_hash).date == DATE


def manifest_with(root: Path, change: Callable[[dict[str, object]], object]) -> None:
    path = folder_of(root) / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    rewrite(path, json.dumps(manifest).encode())


def test_a_format_from_the_future_is_refused(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    manifest_with(tmp_path, lambda manifest: manifest.update(format_version=FORMAT_VERSION + 1))
    with pytest.raises(DayUnavailable, match=r"manifest\.json: format version 2 is not one of 1"):
        Library(tmp_path).open(DATE)
    assert Library(tmp_path).days() == ()


def test_a_manifest_without_a_field_is_refused_by_the_field(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    manifest_with(tmp_path, lambda manifest: manifest.pop("close_second"))
    with pytest.raises(DayUnavailable, match=r"manifest\.json: close_second: Field required"):
        Library(tmp_path).open(DATE)


@pytest.mark.parametrize("name", [b"\xff\xfe\x00", b"", b"../2025-01-14", b"a\x00b"])
def test_a_pointer_that_names_no_revision_is_refused_by_its_file(tmp_path: Path, name: bytes) -> None:
    publish_tiny_day(tmp_path)
    pointer = tmp_path / DATE.isoformat() / "CURRENT"
    rewrite(pointer, name)
    assert Library(tmp_path).days() == ()
    assert Library(tmp_path).unreadable() == ((DATE, f"{pointer}: names no revision"),)
    assert len(verify_library(tmp_path)) == 1


def test_what_was_published_and_cannot_be_read_is_told_and_an_empty_folder_is_nothing(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    (tmp_path / "2025-01-13").mkdir()
    (tmp_path / "2025-01-14").write_text("a file")
    assert Library(tmp_path).unreadable() == ()
    assert [info.date for info in Library(tmp_path).days()] == [DATE]
    pointer = tmp_path / DATE.isoformat() / "CURRENT"
    pointer.unlink()
    assert Library(tmp_path).unreadable() == ((DATE, f"{pointer}: missing"),)


def test_a_readable_day_is_listed_beside_an_unreadable_one(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    good = publish_tiny_day(tmp_path, date(2025, 1, 16))
    rewrite(folder_of(tmp_path) / "manifest.json", b"{")
    assert Library(tmp_path).days() == (good,)


def resident_bytes(path: Path) -> int:
    """How much of a file's mapping this process has in memory."""
    lines = Path("/proc/self/smaps").read_text().splitlines()
    start = next(place for place, line in enumerate(lines) if line.endswith(str(path)))
    return 1024 * int(next(line for line in lines[start:] if line.startswith("Rss:")).split()[1])


@pytest.mark.skipif(sys.platform != "linux", reason="resident pages are read from /proc")
async def test_warming_reads_the_columns_asked_for(tmp_path: Path) -> None:
    publish(tmp_path, tiny_day(close_second=200_000), PROVENANCE)
    library = Library(tmp_path)
    day = library.open(DATE)
    quotes, greeks = (folder_of(tmp_path) / name for name in ("quotes.arrow", "greeks.arrow"))
    untouched = resident_bytes(quotes)
    await library.warm(day, [CALL, Contract(9999, Right.PUT)])
    columns = 2 * day.bid_ticks[0].nbytes
    assert columns <= resident_bytes(quotes) - untouched < day.bid_ticks.nbytes
    assert resident_bytes(greeks) >= day.delta_e4.nbytes
    warmed = resident_bytes(quotes)
    await library.warm(day, [CALL])
    assert resident_bytes(quotes) == warmed
    await library.warm(day, day.contracts)
    assert resident_bytes(quotes) >= 2 * day.bid_ticks.nbytes


def test_opening_does_without_arrow(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    program = f"""
import sys
from datetime import date
from pathlib import Path
from marketdata.library import Library
day = Library(Path({str(tmp_path)!r})).open(date(2025, 1, 15))
print(int(day.bid_ticks[0, 0]), "numpy" in sys.modules, "pyarrow" in sys.modules)
"""
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == [str(tiny_day().bid_ticks[0, 0]), "True", "False"]
