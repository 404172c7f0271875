"""What a request may cost the thread of the event loop, whoever sends it: every operation, and the
heaviest bodies of 256 KiB that we could think of."""

import json
import time
from collections.abc import Iterator

from starlette.types import ASGIApp

from rest_compat.application import OPERATIONS
from tests.rest_compat.asking import asked, whole_application
from tests.rest_compat.desk import Desk
from tests.rest_compat.everything import opened
from tests.rest_compat.hostility import Case, Ground, good_requests

BODY_BYTES = 256 * 1024 - 64
CPU_SECONDS_MAX = 0.050
TRIES = 3
ANY = frozenset[int]()


def filled(start: bytes, piece: bytes, end: bytes, most: int = BODY_BYTES) -> bytes:
    return start + piece * min(most, (BODY_BYTES - len(start) - len(end)) // len(piece)) + end


def heavy_bodies(field: str) -> dict[str, bytes]:
    name = b'{"%s": ' % field.encode()
    return {
        "digits": filled(name, b"9", b"}"),
        "places": filled(name + b"0.", b"3", b"}"),
        "text of digits": filled(name + b'"', b"9", b'"}'),
        "escapes": filled(name + b'"', b"\\u0041", b'"}'),
        "emoji": filled(name + b'"', "😀".encode(), b'"}'),
        "deep": filled(b"", b"[", b""),
        "deep objects": filled(b"", b'{"a":', b""),
        "wide": filled(name + b"[", b"1,", b"1]}"),
        "objects": filled(name + b"[", b"{},", b"{}]}", most=2_490),
        "long numbers": filled(name + b"[", b"1" * 50 + b",", b"1]}", most=4_900),
        "names": json.dumps(dict.fromkeys(map(str, range(4_900)))).encode(),
        "spaces": filled(b"", b" ", name),
    }


def heavy_requests(ground: Ground) -> Iterator[Case]:
    for one in OPERATIONS:
        for field in ground.body(one) if one.takes.body else ():
            for what, body in heavy_bodies(field).items():
                yield Case(f"{one.id} {field} {what}", one.method, ground.path(one), ANY, chunks=(body,))


async def cpu_seconds(app: ASGIApp, case: Case, token: bytes) -> float:
    """Of the loop's thread alone, from the request to the end of its answer."""
    began = time.thread_time()
    await asked(app, case, token)
    return time.thread_time() - began


async def test_no_request_holds_the_loop(trader: Desk) -> None:
    own = await opened(trader)
    ground, token = Ground(own, own), trader.http.headers["Authorization"].encode()
    cases = [*heavy_requests(ground), *good_requests(ground)]

    held = {}
    async with whole_application(trader.town.ports) as app:
        for case in cases:
            seconds = await cpu_seconds(app, case, token)
            for _ in range(TRIES - 1):
                if seconds > CPU_SECONDS_MAX:
                    seconds = min(seconds, await cpu_seconds(app, case, token))
            held[case.id] = seconds

    assert {case: seconds for case, seconds in held.items() if seconds > CPU_SECONDS_MAX} == {}
