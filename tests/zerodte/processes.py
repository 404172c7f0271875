"""What tests about running processes share."""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PATIENCE_SECONDS = 20.0
POLL_SECONDS = 0.05
IN_MEMORY = Path("/dev/shm")


@contextmanager
def directory_in_memory() -> Iterator[Path]:
    """A directory with a short path, within everybody's reach."""
    parent = IN_MEMORY if os.access(IN_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="zerodte-test-", dir=parent) as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


async def patiently(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is so; fail if it does not become so."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not await is_so():
        assert asyncio.get_running_loop().time() < deadline, "it did not become so"
        await asyncio.sleep(POLL_SECONDS)


def processes_of(data_dir: Path) -> dict[int, str]:
    """The command lines of all processes that name a data directory in their arguments or settings."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes()
            environment = (process / "environ").read_bytes()
        except OSError:
            continue
        if os.fsencode(data_dir) in arguments + environment and arguments:
            found[int(process.name)] = arguments.replace(b"\0", b" ").decode()
    return found
