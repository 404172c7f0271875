"""Who pays for a request, and what happens when he has spent too much, too soon."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from engine.buckets import MS_A_SECOND, Bucket, Fill
from engine.denials import Code, Denial, try_again
from engine.people import host_of
from store.database import to_the_end
from usecases.policy import Policy
from usecases.ports import Ports, Viewer

T = TypeVar("T")

MINUTE_MS = 60 * MS_A_SECOND


@dataclass(slots=True)
class Payer:
    """Who pays: the viewer, or for a visitor the address that he comes from.

    ``fill`` is his bucket of credits after the last charge, None where nothing was charged.
    """

    viewer: Viewer | None
    address: str
    fill: Fill | None = None

    @property
    def name(self) -> str:
        return f"user:{self.viewer.user_id}" if self.viewer else f"address:{host_of(self.address)}"


def credits_bucket(policy: Policy) -> Bucket:
    """The documented bucket: it drains fully in a day, unless set otherwise."""
    capacity = policy.credits_capacity
    return Bucket("credits", capacity, capacity, policy.credits_drain_seconds * MS_A_SECOND)


def auth_bucket(policy: Policy) -> Bucket:
    return Bucket("auth", policy.auth_burst, policy.auth_refill_a_minute, MINUTE_MS)


def complexity_bucket(policy: Policy) -> Bucket:
    return Bucket("complexity", policy.complexity_a_minute, policy.complexity_a_minute, MINUTE_MS)


async def usage(ports: Ports, viewer: Viewer) -> Fill:
    """How full the viewer's bucket of credits is."""
    payer = Payer(viewer, "")
    return await ports.buckets.pour(credits_bucket(ports.policy), payer.name, 0, ports.wall())


async def charged(
    ports: Ports, payer: Payer, cost: int, work: Callable[[], Awaitable[T | Denial]]
) -> T | Denial:
    """The outcome of ``work``, paid with credits; RATE_LIMIT_EXCEEDED where there are too few.

    The credits are held before the work begins, so that parallel requests cannot overdraw, and
    given back where it is denied, fails or is cancelled: only success costs.
    """
    bucket = credits_bucket(ports.policy)
    holding = asyncio.ensure_future(ports.buckets.pour(bucket, payer.name, cost, ports.wall()))
    is_success = False
    try:
        payer.fill = await asyncio.shield(holding)
        if not payer.fill.is_admitted:
            return _spent(payer.fill, cost)
        outcome = await work()
        is_success = not isinstance(outcome, Denial)
        return outcome
    finally:
        if not is_success:
            await to_the_end(_give_back(ports, payer, cost, holding))


async def admitted(ports: Ports, address: str) -> Denial | None:
    """Let a stranger at this address try to sign in, or RATE_LIMITED. Every try counts."""
    bucket = auth_bucket(ports.policy)
    fill = await ports.buckets.pour(bucket, Payer(None, address).name, 1, ports.wall())
    return None if fill.is_admitted else _too_many("too many requests from your address", fill, 1)


async def complexity_spent(ports: Ports, payer: Payer, cost: int) -> Fill | Denial:
    """Charge an operation's complexity, whatever becomes of it, or RATE_LIMITED."""
    fill = await ports.buckets.pour(complexity_bucket(ports.policy), payer.name, cost, ports.wall())
    return fill if fill.is_admitted else _too_many("your operations were too complex", fill, cost)


async def _give_back(ports: Ports, payer: Payer, cost: int, holding: Awaitable[Fill]) -> None:
    held = await holding
    if held.is_admitted:
        payer.fill = await ports.buckets.pour(held.bucket, payer.name, -cost, ports.wall())


def _spent(fill: Fill, cost: int) -> Denial:
    if cost > fill.bucket.capacity:
        return _never_fits(f"{cost} credits are needed", fill)
    why = f"{cost} credits are needed, and {fill.used} of {fill.bucket.capacity} are used"
    return try_again(Code.RATE_LIMIT_EXCEEDED, why, fill.wait_seconds(cost))


def _too_many(what: str, fill: Fill, cost: int) -> Denial:
    if cost > fill.bucket.capacity:
        return _never_fits(f"{what}: this one costs {cost}", fill)
    return try_again(Code.RATE_LIMITED, what, fill.wait_seconds(cost))


def _never_fits(what: str, fill: Fill) -> Denial:
    """Waiting does not help: the bucket is too small for this even when it is empty."""
    return Denial(
        Code.INVALID_INPUT, f"{what}, and the most there can be is {fill.bucket.capacity}: ask for less"
    )
