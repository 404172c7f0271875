"""Ending an asyncio process when the operator, the system or its parent asks it to."""

import asyncio
import signal


def cancel_when_asked() -> None:
    """Let SIGTERM and Ctrl-C cancel the task that calls this."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
