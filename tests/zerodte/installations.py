"""A running `zerodte up`, seen from outside."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from zerodte.programs import Confinement, Program, circumstances

START_SECONDS = 90
READY = re.compile(r"zerodte is ready at (http://[^ :]+:\d+)")
MAILED_CODE = re.compile(r"\b(\d{6})\b")


@dataclass(slots=True)
class Installation:
    """An `up` that said it is ready, and what it printed on standard error."""

    data_dir: Path
    process: subprocess.Popen[str]
    url: str
    stderr: Path

    def get(self, path: str, token: str = "") -> httpx2.Response:
        return httpx2.get(self.url + path, headers={"Authorization": token} if token else {}, timeout=30)

    def post(self, path: str, body: object) -> httpx2.Response:
        return httpx2.post(self.url + path, json=body, timeout=30)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> float:
        """Ask it to stop, as an operator does; the seconds it took."""
        began = time.monotonic()
        self.process.send_signal(number)
        assert self.process.wait(timeout=30) == 0, self.stderr.read_text()
        return time.monotonic() - began

    def register(self, email: str) -> str:
        """Register with the code in the mail that the worker writes; the new token."""
        assert self.post("/auth/verify-email", {"email": email}).status_code == 204
        body = {"email": email, "verification_code": self.mailed_code(email)}
        answer = self.post("/auth/register", body)
        assert answer.status_code == 201, answer.text
        return answer.json()["token"]

    def mailed_code(self, email: str) -> str:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for mail in self.data_dir.glob(f"outbox/*{email}.eml"):
                found = MAILED_CODE.search(mail.read_text().partition("\n\n")[2])
                assert found is not None
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"no mail to {email} came")


def command(data_dir: Path, *options: str) -> list[str]:
    """The command line of an `up` on any free port, without synthetic days and a market unless told to."""
    quiet = ("--synthetic-days", "0", "--market", "none")
    given = ("--data-dir", str(data_dir), "--port", "0", *quiet, *options)
    return [sys.executable, "-m", "zerodte.cli", "up", *given]


@contextmanager
def installed(
    data_dir: Path,
    *options: str,
    environment: Mapping[str, str] | None = None,
    confinement: Confinement = Confinement.SAME_USER,
) -> Iterator[Installation]:
    """An `up` that is ready. What is left of it at the end is killed."""
    stderr = data_dir.with_suffix(".stderr")
    about = circumstances(Program("up", (), environment=environment or {}, confinement=confinement))
    with stderr.open("ab") as log:
        process = subprocess.Popen(
            command(data_dir, *options), stdout=subprocess.PIPE, stderr=log, text=True, **about
        )
    try:
        assert process.stdout is not None
        ready = READY.match(process.stdout.readline())
        assert ready is not None, stderr.read_text()
        yield Installation(data_dir, process, ready[1], stderr)
    finally:
        process.kill()
        process.communicate()
