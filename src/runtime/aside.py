"""Reading long texts of strangers beside the event loop, so that whoever sends one slows himself only."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

SHORT_CHARS = 512
_READER = ThreadPoolExecutor(1, thread_name_prefix="aside")


async def read_aside(length: int, read: Callable[[], T]) -> T:
    """What ``read`` returns: at once for a short text, else from a thread, one text after another.

    One thread, because several would not read faster and would take turns from the event loop's.
    """
    if length <= SHORT_CHARS:
        return read()
    return await asyncio.get_running_loop().run_in_executor(_READER, read)
