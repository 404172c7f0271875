"""Sharing out the days of an import or a generation among processes, which end with it."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeAlias, TypeVar

from marketdata.refusals import ImportStopped

NICENESS = 10

Told: TypeAlias = Callable[[int, int], None]

T = TypeVar("T")
R = TypeVar("R")


def shared_out(work: Callable[[T], R], tasks: Sequence[T], processes: int, told: Told | None) -> list[R]:
    """What ``work`` gives for each task, in their order. ``told`` is given the tasks done and their number.

    The processes are niced, to leave a running server its cores. When this one is interrupted they
    finish what they are at. Raises ImportStopped when one of them dies.
    """
    pool = ProcessPoolExecutor(processes, get_context("forkserver"), initializer=_begin)
    results = []
    try:
        for done, result in enumerate(pool.map(work, tasks), start=1):
            results.append(result)
            if told is not None:
                told(done, len(tasks))
    except BrokenProcessPool as error:
        raise ImportStopped(
            "a process died, perhaps for want of memory; what was published stays, "
            "and the same command again goes on from there"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)
    return results


def processes_for(tasks: int) -> int:
    """One less than there are cores, but no more than there are tasks."""
    return min(tasks, max(1, (os.cpu_count() or 1) - 1))


def _begin() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A process that was killed cannot tell its workers, who would wait forever."""
    parent = parent_process()
    assert parent is not None, "runs in a process of the pool"
    parent.join()
    os._exit(1)
