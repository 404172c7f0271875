"""What a worker looks at by itself, again and again, takes an outage for what it is."""

from functools import wraps
from typing import Any

import structlog
from arq.typing import WorkerCoroutine

from usecases.outages import OUTAGES

log = structlog.get_logger()


def outlasting(look: WorkerCoroutine) -> WorkerCoroutine:
    """``look``, which leaves to its next time what an outage keeps it from, and says so in a line."""

    @wraps(look)
    async def outlasts(ctx: dict[Any, Any], *args: Any, **kwargs: Any) -> None:
        try:
            await look(ctx, *args, **kwargs)
        except OUTAGES as outage:
            log.warning("look_postponed", look=look.__qualname__, reason=str(outage))

    return outlasts
