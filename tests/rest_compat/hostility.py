"""Requests that nobody of good will sends: generated from the operations, each refused by name."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from rest_compat.application import OPERATIONS
from rest_compat.operations import Operation
from rest_compat.parameters import PATH_PARAMETERS
from tests.rest_compat.everything import BODIES, named_by

Headers = Sequence[tuple[bytes, bytes]]

FEES = (
    "buy_equity",
    "sell_equity",
    "buy_to_open_option",
    "sell_to_open_option",
    "buy_to_close_option",
    "sell_to_close_option",
    "exercise_option",
)
RICHER: Mapping[str, Mapping[str, Any]] = {
    "register": {**BODIES["register"], "password": "correct-horse-battery"},
    "change_profile": {"slippage": "0.05", "fee_schedule": dict.fromkeys(FEES, "0.0001")},
    "create_simulation": {**BODIES["create_simulation"], "description": "Iron condor day"},
}
NEVER_RIGHT = (
    "true",
    "[]",
    "[1]",
    "{}",
    '{"a": 1}',
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e99999999999999999999",
    "9" * 5_000,
    "0." + "3" * 5_000,
    '"\\u0000"',
    '"a\\ud800"',
    '"' + "x" * 5_000 + '"',
    "[" * 40 + "]" * 40,
)
NOT_NUMBERS = (
    "-1",
    "1e3",
    "NaN",
    "Infinity",
    "0x10",
    "1_000",
    "\uff11",
    "1,000",
    "",
    " ",
    "+1",
    "--1",
    "1.",
    ".5",
    "1.0000001",
    "½",
    "9" * 40,
)
NUMBERS = {"price", "quantity", "stop_trigger", "starting_capital", "slippage", *FEES}
NOT_SYMBOLS = (
    "",
    "SPXW",
    "SPY   250115C05950000",
    "SPX   250115C05950000",
    "SPXW  250115X05950000",
    "SPXW  250115c05950000",
    "SPXW  250115C0595000",
    "SPXW  250115C059500000",
    "SPXW  250115C05950001",
    "SPXW  250115C00000000",
    "SPXW  250116C05950000",
    "SPXW  251315C05950000",
    "SPXW  250132C05950000",
    "SPXW  \uff12\uff1550115C05950000",
    "spxw  250115C05950000",
    " SPXW  250115C05950000",
    "SPXW  250115C05950000\n",
    "SPXW   250115C05950000",
    "SPXW\t\t250115C05950000",
    "SPXW  250115C05950000' OR '1'='1",
)
NOT_TIMES = (
    "2025-01-15T14:31:00",
    "2025-01-15 14:31:00Z",
    "2025-01-15T14:31Z",
    "2025-01-15",
    "14:31:00Z",
    "1736951460",
    "2025-01-15T24:31:00Z",
    "2025-01-15T14:60:00Z",
    "2025-02-30T14:31:00Z",
    "2025-01-15T14:31:00+25:00",
    "2025-01-15T14:31:00 America/New_York",
    "2025-01-15T14:31:00EST",
    "0000-01-15T14:31:00Z",
    "9999-12-31T23:59:59-14:00",
    "2025-01-15T14:31:00.1234567890Z",
    "\uff12025-01-15T14:31:00Z",
    "now",
    "",
)
NOT_DATES = (
    "",
    "2025-13-01",
    "2025-02-30",
    "2025-1-5",
    "yesterday",
    "20250115",
    "2025-01-15T00:00:00Z",
    "0000-01-01",
    "2025/01/15",
    "\uff12025-01-15",
)
NOT_IN_PATHS = (
    "null",
    "0",
    "-1",
    "true",
    "%00",
    "%ff%fe",
    "%F0%28%8C%28",
    "..",
    "%2e%2e%2f",
    "x" * 3_000,
    "' OR 1=1 --",
    "{id}",
    "1e999",
    "NaN",
    "\u0661",
    "%0d%0aX-Evil:1",
)
NOT_TOKENS = (
    b"",
    b" ",
    b"x",
    b"Bearer",
    b"Bearer ",
    b"Basic YTpi",
    b"0" * 32,
    b"g" * 32,
    b"\xff" * 32,
    b"x" * 5_000,
    b"Bearer " + b"0" * 32,
    b"null",
)
NOT_KEYS = (b"", b"two words", b"\xe9", b"x" * 256, b"\x7f", b"tab\there")
NOT_INTERVALS = (
    "",
    "0",
    "-1",
    "1.5",
    "1e3",
    "NaN",
    "abc",
    "99999",
    "9" * 500,
    "%00",
    "\uff11",
    "0x1",
    " 1",
    "1;2",
)
NOT_SERIES = ("", ",", "spx,", "vox", "SPX", "spx;vix", "spx,%00", "x" * 2_000, "spx,spx,\u0661", "*")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "BREW", "get")
FOREIGN_TYPES = (
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"application/xml",
    b"application/jsonp",
    b"application/json-seq",
    b"",
    b"*/*",
    b"json",
    b"\xff",
)
TOO_LARGE = b'{"description": "' + b"x" * 300_000 + b'"}'


@dataclass(frozen=True, slots=True)
class Case:
    """A request, and what its refusal must say. ``names`` is in the message, where there is one."""

    id: str
    method: str
    path: str
    status: frozenset[int]
    names: str = ""
    chunks: tuple[bytes, ...] = ()
    headers: Headers = ()
    is_signed: bool = True


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the hostile caller stands: his own things, and those of somebody else."""

    own: Mapping[str, str]
    foreign: Mapping[str, str]

    def path(self, operation: Operation, **changed: str) -> str:
        own = named_by(operation, self.own)
        texts = {name: own.get(name) or accepted(name) for name in operation.path_names}
        return operation.path.format(**{**texts, **changed})

    def body(self, operation: Operation) -> dict[str, Any]:
        body = RICHER.get(operation.id) or BODIES[operation.id]
        own = named_by(operation, self.own)
        return {**body, "order_id": own["order_id"]} if operation.id.endswith("replace_order") else {**body}


def accepted(name: str) -> str:
    """A day or a time, whichever the path parameter of this name takes."""
    parses = PATH_PARAMETERS[name].adapter.validate_python
    for text in ("2025-01-15", "2025-01-15T14:31:00"):
        with suppress(ValidationError):
            parses(text)
            return text
    raise AssertionError(f"what does {name} take?")


BAD = frozenset({400})
GONE = frozenset({404})
BAD_OR_GONE = frozenset({400, 404})


def good_requests(ground: Ground) -> list[Case]:
    """One request of each operation as it is meant: things are deleted last, the session at the end."""
    ordered = sorted(OPERATIONS, key=lambda one: (one.method == "DELETE", -len(one.path)))
    return [_sent(ground, operation, "", status=frozenset()) for operation in ordered]


def hostile_requests(ground: Ground) -> Iterator[Case]:
    for operation in OPERATIONS:
        yield from _wrong_paths(ground, operation)
        yield from _wrong_tokens(ground, operation)
        if operation.takes.query:
            yield from _wrong_queries(ground, operation)
        if operation.takes.idempotency_key:
            yield from _wrong_keys(ground, operation)
        if operation.takes.body:
            yield from _wrong_fields(ground, operation)
            yield from _wrong_bodies(ground, operation)
    yield from _wrong_methods(ground)
    yield from _nowhere()


def _wrong_fields(ground: Ground, operation: Operation) -> Iterator[Case]:
    """Each value of a good body in turn, replaced by what it can never be."""
    body = ground.body(operation)
    for place in _leaves(body):
        for text in (*NEVER_RIGHT, *_wrong_texts(place[-1])):
            raw = json.dumps(_replaced(body, place, "@@"), ensure_ascii=False).replace('"@@"', text)
            yield _posted(
                ground,
                operation,
                f"{'.'.join(map(str, place))}={text[:20]}",
                raw.encode(),
                names=str(place[-1]),
            )


def _wrong_texts(name: object) -> tuple[str, ...]:
    by_name = {"instrument": NOT_SYMBOLS, "time": NOT_TIMES, "date": NOT_DATES}
    texts = NOT_NUMBERS if name in NUMBERS else by_name.get(str(name), ())
    return tuple(json.dumps(text, ensure_ascii=False) for text in texts)


def _wrong_bodies(ground: Ground, operation: Operation) -> Iterator[Case]:
    """What is no JSON object, however it is sent."""
    good = json.dumps(ground.body(operation)).encode()
    name = next(iter(ground.body(operation))).encode()
    bodies = {
        "empty": b"",
        "blank": b" \r\n",
        "null": b"null",
        "list": b"[" + good + b"]",
        "text": b'"x"',
        "number": b"7",
        "open": good[:-1],
        "twice": good + good,
        "trailing": good + b"x",
        "comma": good[:-1] + b",}",
        "comment": b"/* */" + good,
        "quotes": good.replace(b'"', b"'"),
        "control": b'{"a": "\x01"}',
        "escape": b'{"a": "\\x41"}',
        "half escape": b'{"a": "\\u00"}',
        "latin-1": b'{"a": "\xe9"}',
        "overlong": b'{"a": "\xc0\xaf"}',
        "utf-16": good.decode().encode("utf-16"),
        "BOM": b"\xef\xbb\xbf" + good,
        "NUL": b"\0" + good,
        "leading zero": b'{"a": 01}',
        "hexadecimal": b'{"a": 0x1}',
        "capital": b'{"a": True}',
        "deep unknown": good[:-1] + b', "a": ' + b"[" * 40 + b"]" * 40 + b"}",
        "very deep": b'{"a":' * 4_000,
        "endless": b"[" * 200_000,
        "wide": good[:-1] + b', "a": [' + b"1," * 6_000 + b"1]}",
        "duplicate": good[:-1] + b', "%s": 1}' % name,
        "duplicate inside": good[:-1] + b', "a": {"b": 1, "b": 2}}',
        "duplicate surrogate": good[:-1] + b', "\\ud800": 1, "\\ud800": 2}',
    }
    for what, raw in bodies.items():
        yield _posted(ground, operation, what, raw)
    for media_type in FOREIGN_TYPES:
        headers = ((b"content-type", media_type),)
        yield _posted(
            ground, operation, f"type {media_type!r}", good, status=frozenset({415}), headers=headers
        )
    large = frozenset({413})
    yield _posted(ground, operation, "large", TOO_LARGE, status=large, names="262144")
    pieces = tuple(TOO_LARGE[start : start + 4_096] for start in range(0, len(TOO_LARGE), 4_096))
    path = ground.path(operation)
    yield Case(f"{operation.id} large in chunks", operation.method, path, large, "262144", pieces)


def _wrong_paths(ground: Ground, operation: Operation) -> Iterator[Case]:
    for name in operation.path_names:
        texts: tuple[str, ...] = NOT_IN_PATHS
        if name in ground.own:
            texts = (*texts, ground.foreign[name], ground.own[name].upper()[:-1])
        for text in texts:
            path = ground.path(operation, **{name: text})
            what = f"{name}={text[:30]}"
            yield _sent(ground, operation, what, path=path, status=BAD_OR_GONE)


def _wrong_tokens(ground: Ground, operation: Operation) -> Iterator[Case]:
    for token in NOT_TOKENS:
        headers = ((b"authorization", token),)
        what = f"token {token[:12]!r}"
        yield _sent(ground, operation, what, status=frozenset({401}), headers=headers, is_signed=False)
    many = tuple((b"x-header-%d" % number, b"y" * 1_000) for number in range(20))
    yield _sent(ground, operation, "headers", status=frozenset({431}), headers=many)


def _wrong_queries(ground: Ground, operation: Operation) -> Iterator[Case]:
    assert operation.takes.query
    wrong = {"interval": NOT_INTERVALS, "series": NOT_SERIES, "at": NOT_TIMES}
    for name in operation.takes.query.model_fields:
        queries = {f"{name}={text}" for text in wrong.get(name, ())} | {f"{name}=1&{name}=1"}
        for query in sorted(queries):
            path = f"{ground.path(operation)}?{query}"
            yield _sent(ground, operation, query[:40], path=path, status=BAD, names=name)
    yield _sent(
        ground, operation, "stranger twice", path=f"{ground.path(operation)}?a%0A=1&a%0A=1", status=BAD
    )


def _wrong_keys(ground: Ground, operation: Operation) -> Iterator[Case]:
    for key in NOT_KEYS:
        headers = ((b"idempotency-key", key),)
        yield _sent(
            ground, operation, f"key {key[:9]!r}", status=BAD, names="Idempotency-Key", headers=headers
        )


def _wrong_methods(ground: Ground) -> Iterator[Case]:
    taken: dict[str, set[str]] = {}
    for operation in OPERATIONS:
        taken.setdefault(ground.path(operation), set()).add(operation.method)
    for path, methods in taken.items():
        for method in METHODS:
            if method not in methods:
                yield Case(f"{method} {path}", method, path, frozenset({405}), "takes")


def _nowhere() -> Iterator[Case]:
    paths = (
        "/nothing",
        "//user",
        "/user/",
        "/user%2f",
        "/USER",
        "/%00",
        "/simulations/",
        "/../etc/passwd",
        "/.env",
    )
    for path in paths:
        for method in ("GET", "POST", "BREW"):
            yield Case(f"{method} {path}", method, path, GONE, "nothing at this address")


def _posted(ground: Ground, operation: Operation, what: str, raw: bytes, **more: Any) -> Case:
    return _sent(ground, operation, what, **{"status": BAD, "chunks": (raw,), **more})


def _sent(ground: Ground, operation: Operation, what: str, **more: Any) -> Case:
    if "chunks" not in more and operation.takes.body:
        more["chunks"] = (json.dumps(ground.body(operation)).encode(),)
    path = more.pop("path", ground.path(operation))
    return Case(f"{operation.id} {what}", operation.method, path, **more)


def _leaves(value: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list | tuple)
        else ()
    )
    is_leaf = True
    for name, inner in pairs:
        is_leaf = False
        yield from _leaves(inner, (*place, name))
    if is_leaf:
        yield place


def _replaced(value: Any, place: tuple[str | int, ...], new: str) -> Any:
    if not place:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[place[0]] = _replaced(value[place[0]], place[1:], new)
    return copy
