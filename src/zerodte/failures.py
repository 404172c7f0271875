"""Why a command cannot do what it was asked to."""

from collections.abc import Iterator
from contextlib import contextmanager

HOPELESS = 78  # EX_CONFIG of sysexits.h; a supervisor need not try again


class CannotRun(Exception):
    """Ends a command with its message, which says what to do, and with the status HOPELESS."""


@contextmanager
def told_of_files() -> Iterator[None]:
    """Where a file or directory cannot be used, raises CannotRun with its name instead of OSError."""
    try:
        yield
    except OSError as error:
        raise CannotRun(f"{error.filename}: {error.strerror}") from error
