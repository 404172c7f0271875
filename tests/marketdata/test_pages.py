"""A file's pages: what is in them, for how long, and what is refused."""

import os
from pathlib import Path

import pytest

from marketdata.pages import Pages

CONTENT = bytes(range(256)) * 100


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def mapped(path: Path, size: int = len(CONTENT)) -> Pages:
    handle = os.open(path, os.O_RDONLY)
    try:
        return Pages(handle, size)
    finally:
        os.close(handle)


def test_the_bytes_are_the_files_and_cannot_be_written(path: Path) -> None:
    view = memoryview(mapped(path))
    assert bytes(view) == CONTENT
    assert view.readonly


def test_they_are_there_as_long_as_anybody_looks_at_them(path: Path) -> None:
    view = memoryview(mapped(path))[1000:1256]
    path.unlink()
    assert bytes(view) == CONTENT[1000:1256]


def test_they_keep_no_descriptor(path: Path) -> None:
    before = os.dup(0)
    os.close(before)
    kept = [mapped(path) for _ in range(50)]
    after = os.dup(0)
    os.close(after)
    assert (len(kept), after) == (50, before)


def test_reading_ahead_stays_within_the_file(path: Path) -> None:
    pages = mapped(path)
    pages.read_ahead(0, pages.size)
    pages.read_ahead(pages.size, 0)
    for first, count in ((0, pages.size + 1), (pages.size + 1, 0), (1, 2**64 - 1)):
        with pytest.raises(ValueError, match=f"^{first} \\+ {count} bytes are not within 25600$"):
            pages.read_ahead(first, count)


def test_what_cannot_be_mapped_is_refused(path: Path) -> None:
    with pytest.raises(OSError, match="Bad file descriptor"):
        Pages(-1, 10)
    with pytest.raises(OSError, match="Invalid argument"):
        mapped(path, 0)
