"""Small files that are there whole, or as they were before, whenever the power goes."""

import os
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Writes a file beside its name, then renames it. Two writers at once are one too many."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_bytes(content)
    sync(fresh)
    fresh.rename(path)
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file's content, or a folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
