"""The feed as a real process: pushed over a socket and by a pipe, replayed, killed, started again."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from marketdata.library import Library
from marketdata.live import LiveMarket, OnAir
from tests.days import DATE, publish_tiny_day
from zerodte.failures import HOPELESS

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "push_feed.py"
PATIENCE_SECONDS = 30
PORT = re.compile(r'"port":\s*(\d+)')
SESSION = {"type": "session", "date": "2025-01-15", "strikes": [5950]}


class Feed:
    """A `zerodte feed` and what it wrote on standard error."""

    def __init__(self, process: subprocess.Popen[bytes], stderr: Path) -> None:
        self.process, self.stderr = process, stderr

    @property
    def stdin(self) -> IO[bytes]:
        assert self.process.stdin is not None
        return self.process.stdin

    def port(self) -> int:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (found := PORT.search(self.stderr.read_text())) is None:
            assert time.monotonic() < deadline and self.process.poll() is None, self.stderr.read_text()
            time.sleep(0.05)
        return int(found[1])

    def end(self) -> int:
        return self.process.wait(PATIENCE_SECONDS)


@pytest.fixture
def environment(tmp_path: Path, database_url: str, redis_url: str) -> dict[str, str]:
    return {
        "ZERODTE_DATA_DIR": str(tmp_path),
        "ZERODTE_DATABASE_URL": database_url,
        "ZERODTE_REDIS_URL": redis_url,
    }


@contextmanager
def feeding(environment: dict[str, str], *options: str) -> Iterator[Feed]:
    stderr = Path(environment["ZERODTE_DATA_DIR"]) / "feed.stderr"
    command = [sys.executable, "-m", "zerodte.cli", "feed", *options]
    with stderr.open("wb") as log:
        process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stderr=log
        )
    try:
        yield Feed(process, stderr)
    finally:
        process.kill()
        process.communicate()


def written(*messages: dict[str, Any] | str) -> bytes:
    lines = (one if isinstance(one, str) else json.dumps(one) for one in messages)
    return "".join(f"{line}\n" for line in lines).encode()


def told(*seconds: int) -> list[dict[str, Any]]:
    """A quote at each of some seconds, and that it is out."""
    messages: list[dict[str, Any]] = []
    for second in seconds:
        at = f"2025-01-15T14:30:{second:02}Z"
        quotes = [["C", 5950, 5.1, 5.3], ["P", 5950, 4, 4.2]]
        messages += [{"type": "quotes", "at": at, "seq": second, "spx": 5951, "quotes": quotes}]
        messages += [{"type": "second", "at": at}]
    return messages


def on_air_at(root: Path, second: int) -> OnAir:
    """What is on air once it has come as far as a second."""
    live = LiveMarket(root / "live")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (on_air := live.on_air()) is None or on_air.second < second:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return on_air


def days_of(root: Path) -> Sequence[tuple[str, str, int]]:
    return [(str(day.date), day.source, day.contracts) for day in Library(root / "days").days()]


def test_a_session_from_a_pipe_becomes_a_recorded_day(tmp_path: Path, environment: dict[str, str]) -> None:
    with feeding(environment, "--market", "stdin") as feed:
        feed.stdin.write(written(SESSION, *told(0, 1), "nonsense", {"type": "close", "settlement": 5951.12}))
        feed.stdin.close()
        feed.process.stdin = None
        assert feed.end() == 0, feed.stderr.read_text()
        assert '"line":6' in feed.stderr.read_text().replace(" ", "")
    (day,) = Library(tmp_path / "days").days()
    assert (str(day.date), day.source, day.settlement_cents) == ("2025-01-15", "push", 595_112)


def test_a_pusher_is_answered_and_a_killed_feed_goes_on(tmp_path: Path, environment: dict[str, str]) -> None:
    with feeding(environment, "--market", "push:0") as feed:
        with socket.create_connection(("127.0.0.1", feed.port())) as pusher:
            pusher.sendall(written(SESSION, *told(0, 1, 2)))
            answers = [json.loads(line) for line in _lines(pusher, 3)]
        assert answers == [{"second": second, "counts": {}} for second in (0, 1, 2)]
        first = on_air_at(tmp_path, 2)
        feed.process.kill()
    with feeding(environment, "--market", "push:0") as feed:
        with socket.create_connection(("127.0.0.1", feed.port())) as pusher:
            pusher.sendall(written(SESSION, *told(2, 3)))
            answers = [json.loads(line) for line in _lines(pusher, 2)]
        late = {"late": 2}
        assert answers == [{"second": 2, "counts": late, "ignored": "late"}, {"second": 3, "counts": late}]
        again = on_air_at(tmp_path, 3)
        assert again.recording == first.recording
        feed.process.terminate()
        assert feed.end() == 0, feed.stderr.read_text()


def _lines(pusher: socket.socket, count: int) -> list[str]:
    pusher.settimeout(PATIENCE_SECONDS)
    with pusher.makefile() as file:
        return [file.readline() for _ in range(count)]


def test_a_replay_is_killed_goes_on_and_equals_its_source(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    source = publish_tiny_day(tmp_path / "days", close_second=40)
    options = ("--market", f"replay:{DATE}", "--speed", "1")
    with feeding(environment, *options) as feed:
        reached = on_air_at(tmp_path, 1)
        feed.process.kill()
    with feeding(environment, "--market", f"replay:{DATE}", "--speed", "0.5") as feed:
        again = on_air_at(tmp_path, reached.second + 1)
        assert again.recording == reached.recording
        feed.process.terminate()
        assert feed.end() == 0, feed.stderr.read_text()
    assert Library(tmp_path / "days").days() == (source,)


def test_a_stop_in_the_middle_of_a_pause_is_prompt(environment: dict[str, str], tmp_path: Path) -> None:
    with feeding(environment, "--market", "demo", "--speed", "0.01") as feed:
        on_air = on_air_at(tmp_path, 0)
        assert (on_air.recording.opening.label, on_air.recording.opening.synthetic) == ("demo", True)
        began = time.monotonic()
        feed.process.terminate()
        assert feed.end() == 0, feed.stderr.read_text()
        assert time.monotonic() - began < 3


def test_a_second_feed_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    with feeding(environment, "--market", "demo", "--speed", "0.01"):
        on_air_at(tmp_path, 0)
        assert "another" in refusal(environment, "--market", "demo").lower()


def test_the_example_pushes_a_made_up_chain(environment: dict[str, str], tmp_path: Path) -> None:
    with feeding(environment, "--market", "push:0") as feed:
        answers = example(feed.port(), "--random", "3")
        assert [json.loads(line)["second"] for line in answers] == [0, 1, 2]
        _until_days(tmp_path, [("2026-11-23", "push", 82)])


def test_the_example_pushes_a_file(environment: dict[str, str], tmp_path: Path) -> None:
    table = tmp_path / "chain.csv"
    rows = [
        f"2026-11-23T14:30:0{second}Z,{right},6000,5.10,5.30,6000.5" for second in (0, 2) for right in "CP"
    ]
    table.write_text("\n".join(["time,right,strike,bid,ask,spx", *rows]))
    with feeding(environment, "--market", "push:0") as feed:
        answers = example(feed.port(), "--csv", str(table))
        assert json.loads(answers[-1]) == {"second": 2, "counts": {"skipped_seconds": 1}}
        _until_days(tmp_path, [("2026-11-23", "push", 2)])


def example(port: int, *options: str) -> list[str]:
    """What the example printed."""
    command = [sys.executable, str(EXAMPLE), str(port), "--date", "2026-11-23", "--rest", "0", *options]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def _until_days(root: Path, days: Sequence[tuple[str, str, int]]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while days_of(root) != days:
        assert time.monotonic() < deadline, days_of(root)
        time.sleep(0.05)


def refusal(environment: dict[str, str], *options: str) -> str:
    """Why a feed does not start."""
    ended = subprocess.run(
        [sys.executable, "-m", "zerodte.cli", "feed", *options],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert ended.returncode == HOPELESS, ended.stderr
    return ended.stderr.splitlines()[-1]
