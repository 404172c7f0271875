"""Where recordings are kept: ``UUID/`` holds one, ``ON_AIR`` names the one that the market is.

In a folder are ``recording.json``, the ``tape`` and, once the session is over, ``closing.json``.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from marketdata.durable import replace_file, sync
from marketdata.recordings import Closed, Recording
from marketdata.refusals import DayUnavailable

FORMAT_VERSION = 1
# A reader takes its own version and the one before; there was none before 1.
READABLE_VERSIONS = frozenset({FORMAT_VERSION})
ON_AIR, RECORDING, TAPE, CLOSING = "ON_AIR", "recording.json", "tape", "closing.json"
_UNFINISHED, _REMOVED, _LOCK = ".unfinished", ".removed", ".lock"


class AnotherRecorder(Exception):
    """Somebody else records into this directory."""


@dataclass(frozen=True, slots=True)
class _Header:
    format_version: int


@dataclass(frozen=True, slots=True)
class _Written:
    format_version: int
    recording: Recording


_HEADER, _RECORDING, _CLOSED = TypeAdapter(_Header), TypeAdapter(_Written), TypeAdapter(Closed)


@contextmanager
def sole_recorder(root: Path) -> Iterator[None]:
    """Holds a directory against other recorders. The system frees it when the process dies.

    Raises AnotherRecorder where it is held.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / _LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AnotherRecorder(f"{root}: another feed is recording") from error
        yield


def begin(root: Path, recording: Recording) -> Path:
    """Makes the folder of a recording, whole or not at all, and puts it on air."""
    unfinished, folder = root / _UNFINISHED, root / str(recording.id)
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    replace_file(
        unfinished / RECORDING, _RECORDING.dump_json(_Written(FORMAT_VERSION, recording), indent=1) + b"\n"
    )
    unfinished.rename(folder)
    sync(root)
    replace_file(root / ON_AIR, f"{recording.id}\n".encode())
    return folder


def remove(root: Path, recording_id: UUID) -> None:
    """Removes a recording, whole before anything of it."""
    removed = root / _REMOVED
    shutil.rmtree(removed, ignore_errors=True)
    (root / str(recording_id)).rename(removed)
    shutil.rmtree(removed, ignore_errors=True)


def recording_ids(root: Path) -> tuple[UUID, ...]:
    """All recordings that are kept, in no order that means anything."""
    return tuple(UUID(folder.name) for folder in root.glob("????????-*/"))


def id_on_air(root: Path) -> UUID | None:
    """Raises DayUnavailable where ``ON_AIR`` names nothing."""
    path = root / ON_AIR
    try:
        return UUID(path.read_text().strip())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise DayUnavailable(f"{path}: names no recording") from error


def read_recording(folder: Path) -> Recording:
    """Raises DayUnavailable naming the file."""
    path = folder / RECORDING
    try:
        content = path.read_bytes()
        version = _HEADER.validate_json(content).format_version
        if version not in READABLE_VERSIONS:
            raise DayUnavailable(f"{path}: format version {version}, known are {sorted(READABLE_VERSIONS)}")
        return _RECORDING.validate_json(content).recording
    except OSError as error:
        raise DayUnavailable(f"{path}: {error.strerror}") from error
    except ValidationError as error:
        raise DayUnavailable(f"{path}: {error.errors()[0]['msg']}") from error


def read_closed(folder: Path) -> Closed | None:
    """How a recording ended, None while it has not. Raises DayUnavailable naming the file."""
    path = folder / CLOSING
    try:
        return _CLOSED.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DayUnavailable(f"{path}: {error.errors()[0]['msg']}") from error


def write_closed(folder: Path, closed: Closed) -> None:
    replace_file(folder / CLOSING, _CLOSED.dump_json(closed, indent=1) + b"\n")
