"""Keeping programs running: started in order, started again when they end, stopped in reverse."""

import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

import structlog

from zerodte.failures import HOPELESS, CannotRun
from zerodte.programs import Program, spawn

POLL_SECONDS = 0.02
START_SECONDS = 60.0
STOP_SECONDS = 3.5
REST_SECONDS_MIN = 0.1
REST_SECONDS_MAX = 5.0
STEADY_SECONDS = 10.0
LOG_TAIL_BYTES = 2000

log = structlog.get_logger()


class StartFailed(CannotRun):
    """A program did not become ready in time, or said that it never will."""


@dataclass(slots=True)
class Child:
    """A program that is kept running. Before it is started again it rests, longer each time that
    it did not last. Times are monotonic seconds."""

    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    rest_seconds: float = REST_SECONDS_MIN
    restart_at: float | None = None

    @classmethod
    def start(cls, program: Program) -> "Child":
        return cls(program, spawn(program), time.monotonic())

    def watch(self) -> None:
        """Notice that the program ended, and start it again when it has rested."""
        now = time.monotonic()
        if self.restart_at is None:
            if self.process.poll() is not None and not self.is_done():
                self._rest(now)
        elif now >= self.restart_at:
            self.process, self.started_at, self.restart_at = spawn(self.program), now, None

    def is_ready(self) -> bool:
        if self.program.ends:
            return self.is_done()
        return self.process.poll() is None and self.program.is_ready(self.process.pid)

    def is_done(self) -> bool:
        return self.program.ends and self.process.poll() == 0

    def is_hopeless(self) -> bool:
        return self.process.poll() == HOPELESS

    def _rest(self, now: float) -> None:
        log.warning("program_ended", program=self.program.name, status=self.process.returncode)
        lasted = now - self.started_at > STEADY_SECONDS
        self.rest_seconds = REST_SECONDS_MIN if lasted else min(2 * self.rest_seconds, REST_SECONDS_MAX)
        self.restart_at = now + self.rest_seconds


class Supervisor:
    """Programs in stages: what a later stage runs needs what the earlier ones run."""

    def __init__(self, stopping: Event) -> None:
        self._stopping = stopping
        self._stages: list[list[Child]] = []

    def start(self, *programs: Program, beside: Iterable[Program] = ()) -> None:
        """Start a new stage and wait until all ``programs`` are ready, or until we are to stop. Those
        ``beside`` them are of the stage and not waited for.

        Raises StartFailed.
        """
        if self._stopping.is_set():
            return
        awaited = [Child.start(program) for program in programs]
        self._stages.append([*awaited, *(Child.start(program) for program in beside)])
        deadline = time.monotonic() + START_SECONDS
        while not all(child.is_ready() for child in awaited):
            if self._stopping.wait(POLL_SECONDS):
                return
            self.tend()
            for child in awaited:
                if child.is_hopeless() or time.monotonic() > deadline:
                    raise StartFailed(_reason(child.program))

    def add(self, program: Program) -> None:
        """Start one more program of the latest stage, without waiting for it."""
        if not self._stopping.is_set():
            self._stages[-1].append(Child.start(program))

    def run(self) -> None:
        """Keep everything running until we are to stop."""
        while not self._stopping.wait(POLL_SECONDS):
            self.tend()

    def tend(self) -> None:
        """One round of care: note what has ended, start again what has rested."""
        for stage in self._stages:
            for child in stage:
                child.watch()

    def stop(self) -> None:
        """Stop the latest stage first. What has not stopped in time is killed."""
        while self._stages:
            _stop(self._stages.pop())


@contextmanager
def supervised(stopping: Event) -> Iterator[Supervisor]:
    """A supervisor that has stopped all of its programs at the end, whatever happened."""
    supervisor = Supervisor(stopping)
    try:
        yield supervisor
    finally:
        supervisor.stop()


def _stop(children: Iterable[Child]) -> None:
    running = [child for child in children if child.process.poll() is None]
    for child in running:
        child.process.send_signal(child.program.stop_signal)
    deadline = time.monotonic() + STOP_SECONDS
    for child in running:
        try:
            child.process.wait(max(0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            log.warning("program_killed", program=child.program.name)
            child.process.kill()
            child.process.wait()


def _reason(program: Program) -> str:
    """Why a program may have failed, as far as its log says."""
    told = program.log.read_bytes()[-LOG_TAIL_BYTES:].decode(errors="replace") if program.log else ""
    return f"{program.name} did not start\n{told}".rstrip()
