"""The product as a newcomer starts it, with the real day imported, and a face of it in process."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.oracle.vendor import ARCHIVE

READY_SECONDS = 60
ZERODTE = str(Path(sys.executable).with_name("zerodte"))


@dataclass(frozen=True)
class Installation:
    """A running product: where it answers, and where it keeps its data."""

    base: str
    data_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "BASE": self.base, "DATA_DIR": str(self.data_dir)}


@pytest.fixture(scope="session")
def real_days(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory that holds the vendor's day, imported by the documented command."""
    data_dir = tmp_path_factory.mktemp("days")
    command = [ZERODTE, "import", "cboe", str(shared_data / ARCHIVE), "--data-dir", str(data_dir)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return data_dir / "days"


@pytest.fixture
def installation(real_days: Path, tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation on the real day alone."""
    (tmp_path / "days").symlink_to(real_days)
    with running(tmp_path, synthetic_days=0) as started:
        yield started


@pytest.fixture
def generated(tmp_path: Path) -> Iterator[Installation]:
    """A fresh installation on days that it generates itself."""
    with running(tmp_path, synthetic_days=4) as started:
        yield started


@contextmanager
def running(data_dir: Path, synthetic_days: int) -> Iterator[Installation]:
    """An installation started by the documented command, until it answers, and stopped."""
    port = _free_port()
    options = ["--synthetic-days", str(synthetic_days), "--market", "none"]
    command = [ZERODTE, "up", "--port", str(port), "--data-dir", str(data_dir), *options]
    with Path(data_dir, "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        started = Installation(f"http://127.0.0.1:{port}", data_dir)
        _wait_until_healthy(started, process)
        yield started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_until_healthy(started: Installation, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urlopen(f"{started.base}/health", timeout=5).close()
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"not healthy:\n{(started.data_dir / 'up.log').read_text()[-3000:]}")
