"""Publishing: whole or not at all, the same values once, and never changed."""

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.market import Day
from marketdata.library import Library
from marketdata.manifests import Provenance
from marketdata.publishing import publish, publish_beside
from marketdata.refusals import DayRefused
from marketdata.verifying import verify_library
from tests.days import DATE, PROVENANCE, publish_tiny_day, tiny_day
from tests.marketdata.comparing import difference

STEPS_MAX = 400
KILLED = 9


def tree(root: Path) -> dict[str, tuple[int, int]]:
    """Every file with its inode and time of change."""
    return {
        str(path.relative_to(root)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file()
    }


def test_a_published_day_is_read_back_value_for_value(tmp_path: Path) -> None:
    day = tiny_day()
    info = publish(tmp_path, day, PROVENANCE)
    read = Library(tmp_path).open(DATE)
    assert difference(read, day) == ["content_hash"]
    assert read.content_hash == info.content_hash


def test_other_tools_open_the_files(tmp_path: Path) -> None:
    day = tiny_day()
    folder = tmp_path / DATE.isoformat() / publish(tmp_path, day, PROVENANCE).content_hash
    tables = {
        name: pa.ipc.open_file(folder / f"{name}.arrow").read_all() for name in ("quotes", "greeks", "index")
    }
    assert tables["quotes"]["strike"].to_pylist() == [contract.strike_points for contract in day.contracts]
    assert tables["quotes"]["right"].to_pylist() == [str(contract.right) for contract in day.contracts]
    assert tables["quotes"]["bid"].to_pylist() == day.bid_ticks.tolist()
    assert tables["quotes"]["ask"].to_pylist() == day.ask_ticks.tolist()
    assert tables["greeks"]["delta"].to_pylist() == day.delta_e4.tolist()
    assert tables["index"].to_pydict() == {"spx": day.spx_e4.tolist(), "vix": day.vix_e4.tolist()}


def test_the_same_values_are_published_once_whoever_brings_them(tmp_path: Path) -> None:
    first = publish(tmp_path, tiny_day(), PROVENANCE)
    before = tree(tmp_path)
    again = Provenance("elsewhere", "2", 60, datetime(2026, 1, 2, tzinfo=UTC))
    assert publish(tmp_path, tiny_day(), again) == first
    assert tree(tmp_path) == before


def test_a_changed_day_is_a_new_revision_and_the_old_one_stays(tmp_path: Path) -> None:
    library = Library(tmp_path)
    old = publish(tmp_path, tiny_day(), PROVENANCE)
    open_before = library.open(DATE)
    new = publish(tmp_path, replace(tiny_day(), settlement_cents=600_000), PROVENANCE)
    assert library.current(DATE) == new
    assert library.open(DATE).settlement_cents == 600_000
    assert library.open(DATE, old.content_hash) is open_before
    assert difference(Library(tmp_path).open(DATE, old.content_hash), open_before) == []


def test_a_revision_comes_back_in_force_without_being_written_again(tmp_path: Path) -> None:
    old = publish(tmp_path, tiny_day(), PROVENANCE)
    publish(tmp_path, tiny_day(spx_points=5960), PROVENANCE)
    before = {name: stamp for name, stamp in tree(tmp_path).items() if "CURRENT" not in name}
    assert publish(tmp_path, tiny_day(), PROVENANCE) == old
    assert Library(tmp_path).current(DATE) == old
    assert {name: stamp for name, stamp in tree(tmp_path).items() if "CURRENT" not in name} == before


def test_published_files_are_read_only(tmp_path: Path) -> None:
    info = publish_tiny_day(tmp_path)
    folder = tmp_path / DATE.isoformat() / info.content_hash
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == dict.fromkeys(
        ("quotes.arrow", "greeks.arrow", "index.arrow", "manifest.json"), "0o444"
    )


def test_a_damaged_revision_is_replaced_by_publishing_its_values_again(tmp_path: Path) -> None:
    info = publish_tiny_day(tmp_path)
    quotes = tmp_path / DATE.isoformat() / info.content_hash / "quotes.arrow"
    quotes.unlink()
    quotes.write_bytes(b"")
    publish_tiny_day(tmp_path)
    assert verify_library(tmp_path) == ()
    assert difference(Library(tmp_path).open(DATE), tiny_day()) == ["content_hash"]


def publish_until(root: Path, day: Day, step: int) -> bool:
    """Publishes in a child that is killed at its ``step``-th call on the file system; True if it was."""
    child = os.fork()
    if child == 0:
        left = step

        def die(event: str, _: object) -> None:
            nonlocal left
            if event.startswith("os.") or event == "open":
                left -= 1
                if left < 0:
                    os._exit(KILLED)

        sys.addaudithook(die)
        publish(root, day, PROVENANCE)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def test_killed_at_any_step_leaves_the_old_day_or_the_new_one(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    new = tiny_day(spx_points=5960)
    seen = set()
    for step in range(STEPS_MAX):
        root = tmp_path / str(step)
        old = publish_tiny_day(root)
        killed = publish_until(root, new, step)
        library = Library(root)
        (listed,) = library.days()
        assert listed.settlement_cents in (old.settlement_cents, new.settlement_cents)
        seen.add(difference(library.open(DATE), tiny_day()) == ["content_hash"])
        assert verify_library(root) == ()
        assert publish(root, new, PROVENANCE).settlement_cents == new.settlement_cents
        left = {path.name for path in (root / DATE.isoformat()).iterdir()}
        assert left == {
            "CURRENT",
            ".lock",
            *(info.content_hash for info in (old, publish(root, new, PROVENANCE))),
        }
        if not killed:
            break
    assert not killed
    assert step > 10
    assert seen == {True, False}


def test_a_first_publication_that_is_killed_shows_nothing(tmp_path: Path) -> None:
    assert publish_until(tmp_path, tiny_day(), 12)
    assert Library(tmp_path).days() == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"contracts": ()}, "no contract is left"),
        ({"contracts": tiny_day().contracts[::-1]}, "contracts are not in ascending order"),
        ({"known_until": 601}, "the known seconds lie outside the session"),
        ({"settlement_cents": None}, "no settlement value"),
        ({"bid_ticks": tiny_day().bid_ticks[:, 1:]}, "bid_ticks is not uint16 [10, 601]"),
        ({"delta_e4": tiny_day().delta_e4.astype(np.int32)}, "delta_e4 is not int16 [601, 10]"),
        ({"bid_ticks": tiny_day().ask_ticks + 1}, "a quote is crossed"),
        ({"bid_ticks": np.full((10, 601), 65_535, np.uint16)}, "a quote is missing on one side only"),
        ({"delta_e4": np.full((601, 10), 10_001, np.int16)}, "a delta is outside 0 to 1"),
        ({"spx_e4": np.zeros(601, np.int32)}, "spx has a value that is not positive"),
        ({"known_from": 1}, "a quote outside the known seconds"),
    ],
)
def test_a_day_that_breaks_its_promises_is_refused(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    with pytest.raises(DayRefused, match=f"^2025-01-15: {message.replace('[', chr(92) + '[')}$"):
        publish(tmp_path, replace(tiny_day(), **change), PROVENANCE)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_day_published_beside_another_is_kept_and_not_in_force(tmp_path: Path) -> None:
    in_force = publish_tiny_day(tmp_path)
    beside = publish_beside(tmp_path, tiny_day(spx_points=5960), PROVENANCE)

    library = Library(tmp_path)
    current = library.current(DATE)
    assert current is not None
    assert current.content_hash == in_force.content_hash != beside.content_hash
    assert library.open(DATE, beside.content_hash).settlement_cents == 596_000


def test_a_day_published_beside_nothing_is_in_force(tmp_path: Path) -> None:
    info = publish_beside(tmp_path, tiny_day(), PROVENANCE)
    assert Library(tmp_path).current(DATE) == info
