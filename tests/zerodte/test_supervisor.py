import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from tests.zerodte.processes import patiently
from zerodte.failures import HOPELESS
from zerodte.programs import LOG_BYTES_MAX, Program, spawn, stop_at_our_death
from zerodte.supervisor import StartFailed, Supervisor, supervised


def shell(name: str, script: str, **about: object) -> Program:
    return Program(name, ("/bin/sh", "-c", script), **about)  # type: ignore[arg-type]


@pytest.fixture
def stopping() -> Event:
    return Event()


@pytest.fixture
def supervisor(stopping: Event) -> Iterator[Supervisor]:
    with supervised(stopping) as one:
        yield one


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def test_a_program_that_ended_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    supervisor.start(shell("short", f"echo once >> {starts}; sleep 0.1"))

    async def started_thrice() -> bool:
        supervisor.tend()
        return len(lines(starts)) >= 3

    await patiently(started_thrice)


def test_a_program_that_does_not_last_is_started_ever_more_rarely(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    starts = tmp_path / "starts"
    supervisor.start(shell("short", f"echo once >> {starts}; sleep 0.1"))
    until = time.monotonic() + 3
    while time.monotonic() < until:
        supervisor.tend()
        time.sleep(0.01)
    assert 3 <= len(lines(starts)) <= 5


def test_a_program_with_an_end_is_waited_for_and_not_started_again(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    supervisor.start(shell("once", f"sleep 0.2; echo done >> {runs}", ends=True))
    assert lines(runs) == ["done"]
    supervisor.tend()
    supervisor.tend()
    assert lines(runs) == ["done"]


def test_a_program_beside_others_is_not_waited_for_and_stops_with_them(
    stopping: Event, tmp_path: Path
) -> None:
    ends, started = tmp_path / "ends", tmp_path / "started"
    beside = shell(
        "feed", f"trap 'echo feed >> {ends}; exit' TERM; touch {started}; while :; do sleep 0.01; done"
    )
    with supervised(stopping) as supervisor:
        supervisor.start(
            shell("api", "sleep 60", is_ready=lambda _: started.exists()),
            beside=[replace(beside, is_ready=lambda _: False)],
        )
    assert lines(ends) == ["feed"]


def test_stages_stop_in_reverse_order(stopping: Event, tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    with supervised(stopping) as supervisor:
        for name in ("database", "face"):
            ready = tmp_path / f"{name}.ready"
            script = f"trap 'echo {name} >> {ends}; exit' TERM; touch {ready}; while :; do sleep 0.01; done"
            supervisor.start(shell(name, script, is_ready=lambda _, ready=ready: ready.exists()))
    assert lines(ends) == ["face", "database"]


def test_a_program_that_ignores_the_signal_is_killed(stopping: Event, tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = shell(
        "stubborn",
        f"trap '' TERM; touch {ready}; while :; do sleep 0.01; done",
        is_ready=lambda _: ready.exists(),
    )
    with supervised(stopping) as supervisor:
        supervisor.start(stubborn)
        began = time.monotonic()
    assert 3.5 <= time.monotonic() - began < 5


def test_a_hopeless_program_fails_the_start_with_the_end_of_its_log(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    script = f"echo the schema is unknown; exit {HOPELESS}"
    hopeless = shell("api", script, is_ready=lambda _: False, log=tmp_path / "log")
    with pytest.raises(StartFailed, match=r"api did not start\nthe schema is unknown"):
        supervisor.start(hopeless)


def test_nothing_starts_once_we_are_to_stop(supervisor: Supervisor, stopping: Event, tmp_path: Path) -> None:
    stopping.set()
    supervisor.start(shell("late", f"touch {tmp_path / 'started'}"))
    supervisor.run()
    assert not (tmp_path / "started").exists()


async def test_a_program_stops_when_its_parent_is_killed(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    script = (
        "import pathlib, time; from zerodte.programs import Program, spawn\n"
        "child = spawn(Program('child', ('/bin/sleep', '60')))\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid)); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])

    async def child_is_known() -> bool:
        return lines(pid_file) != []

    await patiently(child_is_known)
    parent.kill()
    parent.wait()
    child = Path("/proc") / lines(pid_file)[0]

    async def child_is_gone() -> bool:
        return not child.exists()

    await patiently(child_is_gone)


def test_where_the_kernel_does_not_tell_of_our_death_a_pipe_does() -> None:
    program = spawn(shell("child", "sleep 60"))
    lifeline = os.pipe()
    stop_at_our_death(program.pid, signal.SIGTERM, lifeline)
    assert program.poll() is None
    os.close(lifeline[1])
    assert program.wait(timeout=5) == -signal.SIGTERM


def test_a_log_that_grew_large_is_begun_anew(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * (LOG_BYTES_MAX + 1))
    spawn(shell("child", "echo fresh", log=log)).wait()
    assert log.read_text() == "fresh\n"
    assert log.with_suffix(".old").stat().st_size == LOG_BYTES_MAX + 1
