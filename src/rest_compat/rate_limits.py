"""How the bucket of credits shows: two headers on whatever cost something, and the documented 429."""

import orjson
from starlette.responses import Response

from engine.buckets import Fill
from engine.denials import Code, Denial
from rest_compat.errors import STATUS_OF
from rest_compat.operations import JSON


def metered(outcome: Response | Denial, fill: Fill | None) -> Response | Denial:
    """The outcome of an operation with what it left in the caller's bucket, if it was charged."""
    if fill is None:
        return outcome
    if isinstance(outcome, Denial):
        return out_of_credits(outcome, fill) if outcome.code is Code.RATE_LIMIT_EXCEEDED else outcome
    outcome.headers.update(_shown(fill))
    return outcome


def out_of_credits(denial: Denial, fill: Fill) -> Response:
    """429, always in JSON (rulings 6.4)."""
    body = {
        "error": denial.code.value,
        "retry_after_seconds": denial.retry_after_seconds,
        "credits_used": fill.used,
        "credits_cap": fill.bucket.capacity,
    }
    headers = {
        "X-Error-Code": denial.code.value,
        "Retry-After": str(denial.retry_after_seconds),
        **_shown(fill),
    }
    return Response(orjson.dumps(body), STATUS_OF[denial.code], headers, media_type=JSON)


def _shown(fill: Fill) -> dict[str, str]:
    return {"X-RateLimit-Used": str(fill.used), "X-RateLimit-Limit": str(fill.bucket.capacity)}
