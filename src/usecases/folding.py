"""Working out what much is read for: one thing at a time, so that the process answers others meanwhile.

Python computes in one thread whatever the number of threads: more of them at once would only be slower each,
and hold what they have read for longer.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Any, TypeVar

from usecases.crowds import lets_others_first

T = TypeVar("T")

WAITING_MAX = 16
CROWD_WAITING_MAX = 4


class TooManyAtOnce(Exception):
    """More is asked for than can be worked out soon. Worth a retry later."""


class Folding:
    """The work of one process. One of a crowd waits behind the others of it before he waits for his turn,
    so that everybody else has at most one of them before him. For one event loop."""

    def __init__(self) -> None:
        self._turn, self._crowds_turn = asyncio.Semaphore(1), asyncio.Semaphore(1)
        self._under_way: dict[str, asyncio.Task[Any]] = {}

    async def once(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of ``work``, or of the same work under this name that another is waiting for.

        Raises TooManyAtOnce. Who goes away while he waits stops nothing: others may wait for it.
        """
        task = self._under_way.get(name)
        if task is None:
            if len(self._under_way) >= (CROWD_WAITING_MAX if lets_others_first() else WAITING_MAX):
                raise TooManyAtOnce("too many results are being worked out")
            task = self._under_way[name] = asyncio.ensure_future(self._in_turn(work))
            task.add_done_callback(lambda done: self._forget(name, done))
        outcome: T = await asyncio.shield(task)
        return outcome

    async def _in_turn(self, work: Callable[[], Awaitable[object]]) -> object:
        async with self._crowds_turn if lets_others_first() else nullcontext(), self._turn:
            return await work()

    def _forget(self, name: str, done: asyncio.Task[object]) -> None:
        del self._under_way[name]
        if not done.cancelled():
            done.exception()  # nobody may be left to be told
