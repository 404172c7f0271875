"""The product as a user starts it, on a directory of its own, and a trader who is registered there."""

import email
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

HOST = "127.0.0.1"
START_SECONDS = 120
STOP_SECONDS = 30
MAIL_SECONDS = 15
ADDRESS = "bench@example.com"
UNMETERED = {"ZERODTE_CREDITS_CAPACITY": "1000000", "ZERODTE_COMPLEXITY_A_MINUTE": "1000000"}


class UnexpectedAnswer(Exception):
    """The product answered otherwise than the documents say, or did not do what it is measured at."""


@dataclass(slots=True)
class Client:
    """One connection that is kept open. Made from the standard library: a richer client would cost
    more of the machine than the server that it measures."""

    port: int
    token: str | None = None
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(HOST, self.port, timeout=60)

    def send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, expect: int = 200
    ) -> bytes:
        headers = {"Content-Type": "application/json"}
        if self.token is not None:
            headers["Authorization"] = self.token
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status != expect:
            raise UnexpectedAnswer(f"{method} {path}: {response.status}, not {expect}: {content[:300]!r}")
        return content

    def attempt(self, method: str, path: str, content: bytes, key: str | None = None) -> int:
        """The status of the answer, whatever it is; a connection that the server closed is made anew.

        ``key`` is an idempotency key."""
        headers = {"Content-Type": "application/json", "Authorization": str(self.token)}
        if key is not None:
            headers["Idempotency-Key"] = key
        self._connection.request(method, path, content, headers)
        response = self._connection.getresponse()
        response.read()
        return response.status

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, expect: int = 200) -> Any:
        return json.loads(self.send(method, path, body, expect=expect))


@dataclass(frozen=True, slots=True)
class Product:
    client: Client
    api: psutil.Process
    data_dir: Path

    def another_client(self) -> Client:
        return Client(self.client.port, self.client.token)


@contextmanager
def running_product(
    settings: Mapping[str, str] = UNMETERED, home: Path | None = None, market: str = "none"
) -> Iterator[Product]:
    """``zerodte up`` with the days of ``home``, else with one generated day, the market asked for, and a
    registered trader's client."""
    with TemporaryDirectory(prefix="zd-") as folder:
        port = free_port()
        log = Path(folder, "up.log")
        data = home or Path(folder, "var")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command(port, data, market, synthetic_days=1 if home is None else 0),
                stdout=output,
                stderr=output,
                env={**os.environ, **settings},
            )
        try:
            wait_until_healthy(port, process, log)
            token = register(port, data / "outbox")
            yield Product(Client(port, token), api_process(process.pid), data)
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def command(port: int, data: Path, market: str, *, synthetic_days: int) -> list[str]:
    zerodte = Path(sys.executable).with_name("zerodte")
    options = {
        "--host": HOST,
        "--port": port,
        "--data-dir": data,
        "--market": market,
        "--synthetic-days": synthetic_days,
    }
    return [str(zerodte), "up", *(str(word) for option in options.items() for word in option)]


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            Client(port).send("GET", "/health")
        except (OSError, http.client.HTTPException, UnexpectedAnswer):
            time.sleep(0.1)
        else:
            return
    raise UnexpectedAnswer(f"zerodte up did not become healthy; it said:\n{log.read_text()[-3000:]}")


def register(port: int, outbox: Path, address: str = ADDRESS) -> str:
    """Registers with the code from the mail, as a person would; the answer is the token."""
    Client(port).send("POST", "/auth/verify-email", {"email": address}, expect=204)
    registration = {"email": address, "verification_code": mailed_code(outbox, address)}
    return str(Client(port).ask("POST", "/auth/register", registration, expect=201)["token"])


def mailed_code(outbox: Path, address: str) -> str:
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for letter in outbox.glob(f"*{address}.eml"):
            text = email.message_from_bytes(letter.read_bytes()).as_string()
            if code := re.search(r"\b\d{6}\b", text.partition("\n\n")[2]):
                return code.group()
        time.sleep(0.05)
    raise UnexpectedAnswer(f"no code was mailed within {MAIL_SECONDS} seconds")


def api_process(up: int) -> psutil.Process:
    """The process that answers requests, among those that ``up`` started."""
    apis = [child for child in psutil.Process(up).children(recursive=True) if "api" in words_of(child)]
    if len(apis) != 1:
        raise UnexpectedAnswer(f"zerodte up runs {len(apis)} processes named api, not one")
    return apis[0]


def words_of(process: psutil.Process) -> list[str]:
    """Its command line, nothing once it has ended."""
    try:
        return list(process.cmdline())
    except psutil.NoSuchProcess:
        return []
