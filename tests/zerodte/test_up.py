import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from marketdata.live import LiveMarket, OnAir
from tests.zerodte.installations import Installation, command, installed
from tests.zerodte.processes import directory_in_memory, patiently, processes_of
from zerodte.failures import HOPELESS
from zerodte.programs import Confinement, server_confinement
from zerodte.up import stop_requests


@pytest.fixture
def data_dir() -> Iterator[Path]:
    with directory_in_memory() as directory:
        yield directory / "var"


@pytest.fixture(scope="module")
def running() -> Iterator[Installation]:
    with directory_in_memory() as directory, installed(directory / "var") as one:
        yield one


def refusal(data_dir: Path, *options: str) -> str:
    """Why an `up` does not start."""
    ended = subprocess.run(
        command(data_dir, *options), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == HOPELESS
    return ended.stderr.splitlines()[-1]


def test_both_faces_and_their_documents_are_served(running: Installation) -> None:
    assert running.get("/health").json() == {"status": "ok", "days": 0}
    assert running.get("/market-data/sessions").json() == {}
    answer = running.post("/graphql", {"query": "{ __typename }"})
    assert answer.json()["data"] == {"__typename": "Query"}
    assert running.get("/openapi.yaml").text.startswith("openapi: 3.1")
    assert "zerodte_http_requests_total" in running.get("/metrics").text


def test_the_worker_mails_the_code_that_registers(running: Installation) -> None:
    token = running.register("ada@example.com")
    assert running.get("/user", token).json()["email"] == "ada@example.com"


def test_what_is_secret_is_for_its_owners_eyes_only(running: Installation) -> None:
    running.register("eve@example.com")
    private = [running.data_dir / "secret.key", *running.data_dir.glob("outbox/*.eml")]
    assert {path.stat().st_mode & 0o777 for path in private} == {0o600}


def test_a_second_up_on_the_directory_is_refused(running: Installation) -> None:
    assert refusal(running.data_dir) == (
        f"zerodte: another `zerodte up` runs on {running.data_dir}: stop it, or choose another --data-dir"
    )
    assert running.get("/health").status_code == 200


def test_a_taken_port_is_refused_with_its_name(running: Installation, data_dir: Path) -> None:
    port = urlsplit(running.url).port
    assert refusal(data_dir, "--port", str(port)) == (
        f"zerodte: cannot listen on 127.0.0.1:{port}: Address already in use"
    )


async def test_clients_wait_while_a_killed_api_is_started_again(running: Installation) -> None:
    api = next(pid for pid, line in processes_of(running.data_dir).items() if "zerodte.cli api" in line)
    os.kill(api, signal.SIGKILL)
    assert running.get("/health").status_code == 200
    assert api not in processes_of(running.data_dir)


def test_a_stop_is_clean_and_a_second_start_finds_everything(data_dir: Path) -> None:
    with installed(data_dir) as first:
        token = first.register("ada@example.com")
        assert first.stop(signal.SIGINT) < 5
    assert processes_of(data_dir) == {}
    with installed(data_dir) as second:
        assert second.get("/user", token).json()["email"] == "ada@example.com"
        assert second.stop(signal.SIGTERM) < 5
    assert processes_of(data_dir) == {}


def test_ctrl_c_while_the_database_is_made_ends_without_a_trace(data_dir: Path) -> None:
    """A terminal sends it to every process of the group."""
    process = subprocess.Popen(command(data_dir), stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not list(data_dir.glob("pg*.new")):
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, "")
    assert processes_of(data_dir) == {}


@pytest.mark.parametrize("options", [(), ("--market", "demo", "--speed", "500")])
async def test_nothing_outlives_a_killed_up(data_dir: Path, options: tuple[str, ...]) -> None:
    with installed(data_dir, *options) as one:
        if options:
            await on_air(data_dir)
        assert len(processes_of(data_dir)) >= 5
        one.process.kill()

        async def nothing_is_left() -> bool:
            return processes_of(data_dir) == {}

        await patiently(nothing_is_left)
    with installed(data_dir) as again:
        assert again.get("/health").status_code == 200


def test_a_fresh_directory_has_days_before_it_is_ready(data_dir: Path) -> None:
    with installed(data_dir, "--synthetic-days", "1") as one:
        assert one.get("/health").json() == {"status": "ok", "days": 1}
        days = one.get("/market-data/sessions").json()
        assert {date: day["synthetic"] for date, day in days.items()} == {"2025-01-15": True}


def test_a_market_that_cannot_be_told_is_refused_before_anything_starts(data_dir: Path) -> None:
    assert refusal(data_dir, "--market", "replay:2025-01-14").startswith(
        "zerodte: --market: no session is recorded for 2025-01-14: import that day, make it by "
    )
    assert refusal(data_dir, "--market", "stdin") == (
        "zerodte: --market: stdin is for `zerodte feed`; choose push:PORT here"
    )
    assert not any(data_dir.iterdir())


async def test_a_replay_of_a_day_that_is_to_come_runs_to_its_close_and_is_kept(data_dir: Path) -> None:
    replay = ("--market", "replay:2025-01-13T15:59:55", "--speed", "10", "--synthetic-days", "2")
    with installed(data_dir, *replay) as one:
        home = data_dir / "days" / "2025-01-13"
        in_force = (home / "CURRENT").read_text()

        async def is_kept() -> bool:
            return len([path for path in home.iterdir() if path.is_dir()]) == 2

        await patiently(is_kept)
        assert (home / "CURRENT").read_text() == in_force
        assert one.stop() < 5


async def test_a_second_up_goes_on_with_the_demo_where_the_first_was_stopped(data_dir: Path) -> None:
    with installed(data_dir, "--market", "demo") as one:
        first = await on_air(data_dir)
        assert one.stop(signal.SIGTERM) < 5
    with installed(data_dir, "--market", "demo"):
        again = await on_air(data_dir)
        assert again.recording == first.recording
        assert again.recording.opening.label == "demo"


async def test_pushers_wait_while_a_killed_feed_is_started_again(data_dir: Path) -> None:
    with installed(data_dir, "--market", "push:0") as one:
        port = feed_port(one)
        feed = next(pid for pid, line in processes_of(data_dir).items() if "zerodte.cli feed" in line)
        os.kill(feed, signal.SIGKILL)
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as pusher,
            pusher.makefile("rw") as lines,
        ):
            lines.write('{"type":"session","date":"2026-11-23","strikes":[6000]}\n')
            lines.write('{"type":"second","at":"2026-11-23T14:30:00Z"}\n')
            lines.flush()
            assert lines.readline() == '{"second": 0, "counts": {}}\n'


def feed_port(one: Installation) -> int:
    """The port that the feed of an `up` told in its log."""
    deadline = time.monotonic() + 30
    while (told := re.search(r'"port":\s*(\d+)', one.stderr.read_text())) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(told[1])


async def on_air(data_dir: Path) -> OnAir:
    """The market once it has begun."""
    live = LiveMarket(data_dir / "live")

    async def has_begun() -> bool:
        seen = live.on_air()
        return seen is not None and seen.second >= 0

    await patiently(has_begun)
    seen = live.on_air()
    assert seen is not None
    return seen


def test_an_option_wins_over_a_variable_in_every_process(data_dir: Path) -> None:
    environment = {"ZERODTE_SYNTHETIC_DAYS": "-1"}
    with installed(data_dir, "--synthetic-days", "0", environment=environment) as one:
        assert one.get("/health").json() == {"status": "ok", "days": 0}


def test_real_servers_are_used_where_they_are_named(
    data_dir: Path, database_url: str, redis_url: str
) -> None:
    environment = {"ZERODTE_DATABASE_URL": database_url, "ZERODTE_REDIS_URL": redis_url}
    with installed(data_dir, environment=environment) as one:
        token = one.register("ada@example.com")
        assert one.get("/user", token).status_code == 200
        lines = processes_of(data_dir).values()
        assert not [line for line in lines if "postgres" in line.split()[0] or "valkey" in line.split()[0]]
        assert sorted(path.name for path in data_dir.iterdir()) == ["outbox", "secret.key"]
        one.stop()


@pytest.mark.skipif(
    server_confinement() is not Confinement.NAMESPACE, reason="we are not root, or cannot be nobody"
)
def test_it_runs_for_a_user_who_is_not_root(data_dir: Path) -> None:
    with installed(data_dir, confinement=Confinement.NAMESPACE) as one:
        assert one.get("/health").status_code == 200
        assert one.stop() < 5


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_every_request_to_stop_is_heard(number: signal.Signals) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # these tests may run under nohup themselves
    try:
        with stop_requests() as stopping:
            assert not stopping.is_set()
            signal.raise_signal(number)
            assert stopping.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_under_nohup_a_hangup_is_no_request() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_requests() as stopping:
            signal.raise_signal(signal.SIGHUP)
            assert not stopping.is_set()
    finally:
        signal.signal(signal.SIGHUP, before)
