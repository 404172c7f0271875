"""Hostile requests by the hundred: whatever they are, each must be refused and change nothing."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson

from api.nodes import NodeKind
from tests.api.asking import CALL_5950


@dataclass(frozen=True, slots=True)
class Case:
    """One request; ``body`` is sent as it is."""

    name: str
    body: bytes
    method: str = "POST"
    query: str = ""
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def asked(name: str, document: object, variables: object = None) -> Case:
    body = {"query": document, "variables": {} if variables is None else variables}
    return Case(name, orjson.dumps(body))


def documents() -> list[Case]:
    """Texts that are too large, too deep, too repetitive, or no GraphQL."""
    return [asked(name, text) for name, text in chain(_wide(), _deep(), _fragments(), _unknown(), _broken())]


def _wide() -> Iterator[tuple[str, str]]:
    for count in (31, 60, 100, 300, 640, 5_000):
        yield f"{count} aliases", "{ viewer {" + " ".join(f"a{i}: email" for i in range(count)) + "} }"
        yield f"{count} root aliases", "{" + " ".join(f"a{i}: viewer {{ id }}" for i in range(count)) + "}"
    for count in (101, 500, 1_900, 10_000):
        yield f"{count} repeats", "{ viewer {" + " email" * count + "} }"
        yield f"{count} inline repeats", "{ viewer {" + " ...{ email }" * count + "} }"
        yield f"{count} conflicts", "{ viewer {" + " a: email a: id" * count + "} }"
        yield (
            f"{count} variables",
            "query(" + " ".join(f"$a{i}: Int" for i in range(count)) + ") { __typename }",
        )
        yield f"{count} directives", "{ viewer { email" + " @skip(if: false)" * count + " } }"
        yield f"{count} unknown directives", "{ viewer { email" + " @nope" * count + " } }"
        yield f"{count} arguments", "{ viewer { email(" + " ".join(f"a{i}: 1" for i in range(count)) + ") } }"
        yield f"{count} operations", " ".join(f"query q{i} {{ __typename }}" for i in range(count))
        yield f"{count} list items", "{ node(id: [" + " 1" * count + "]) { id } }"
        yield (
            f"{count} input fields",
            "{ node(id: {" + " ".join(f"a{i}: 1" for i in range(count)) + "}) { id } }",
        )
        yield (
            f"{count} introspections",
            "{" + " ".join(f"a{i}: __schema {{ types {{ fields {{ name }} }} }}" for i in range(count)) + "}",
        )
    for kind in ("#", " ", ",", "\n", "\ufeff", "\\", '"', '"""', "{", "(", "[", "$", "@", "...", "é", "9"):
        yield f"200 KB of {kind!r}", kind * (200_000 // len(kind.encode())) + "{ __typename }"
    for size in (500, 5_000, 200_000):
        yield f"integer of {size} digits", "{ marketSessions(first: " + "9" * size + ") { nodes { id } } }"
        yield f"float of {size} digits", "{ marketSessions(first: 1." + "9" * size + ") { nodes { id } } }"
        yield f"exponent of {size} digits", "{ marketSessions(first: 1e" + "9" * size + ") { nodes { id } } }"
        yield f"name of {size} letters", "{ " + "x" * size + " }"
        yield f"text of {size} letters", '{ node(id: "' + "x" * size + '") { id } }'
        yield f"block of {size} letters", '{ node(id: """' + "x" * size + '""") { id } }'
        yield f"id of {size} signs", '{ node(id: "' + "=" * size + '") { id } }'


def _deep() -> Iterator[tuple[str, str]]:
    for depth in (13, 40, 99, 300, 600, 5_000):
        yield f"{depth} selections", "{ a " * depth + "}" * depth
        yield f"{depth} inline fragments", "{ viewer " + "{ ... " * depth + "{ nope }" + "}" * depth + " }"
        yield f"{depth} lists", "{ node(id: " + "[" * depth + "]" * depth + ") { id } }"
        yield f"{depth} objects", "{ node(id: " + "{a: " * depth + "1" + "}" * depth + ") { id } }"
        yield f"{depth} list types", "query($a: " + "[" * depth + "Int" + "]" * depth + ") { __typename }"
    pages = "simulations(first: 100) { nodes { orders(first: 100) { nodes { uuid } } } }"
    yield "pages within pages", "{ " + pages + " }"
    offset = "marketSessions(first: -99999) { nodes { id } }"
    yield "negative pages that make room", "{ " + offset + " " + pages + " }"


def _fragments() -> Iterator[tuple[str, str]]:
    for length in (1, 2, 3, 5, 8, 13, 21, 34, 55, 64, 65, 150, 300):
        cycle = " ".join(f"fragment f{i} on User {{ ...f{(i + 1) % length} }}" for i in range(length))
        yield f"cycle of {length}", "{ viewer { ...f0 } } " + cycle
        unused = " ".join(f"fragment f{i} on User {{ email }}" for i in range(length))
        yield f"{length} unused fragments", "{ viewer { email } } " + unused
        yield f"{length} unknown spreads", "{ viewer {" + " ".join(f"...g{i}" for i in range(length)) + "} }"
        yield (
            f"{length} fragments of one name",
            "{ viewer { ...f } }" + " fragment f on User { email }" * (1 + length),
        )
    doubling = " ".join(f"fragment f{i} on User {{ a: email ...f{i + 1} ...f{i + 1} }}" for i in range(60))
    yield "doubling spreads", "{ viewer { ...f0 } } " + doubling + " fragment f60 on User { email }"


def _unknown() -> Iterator[tuple[str, str]]:
    for name in (
        "x",
        "_",
        "__nope",
        "viewr",
        "simulatoins",
        "constructor",
        "__proto__",
        "toString",
        "X" * 500,
    ):
        yield f"field {name[:12]}", "{ " + name + " }"
        yield f"nested field {name[:12]}", "{ viewer { " + name + " } }"
        yield f"argument {name[:12]}", "{ viewer(" + name + ": 1) { email } }"
        yield f"type {name[:12]}", "query($a: " + name + ") { __typename @skip(if: $a) }"
        yield f"mutation {name[:12]}", "mutation { " + name + " { done } }"
        yield f"subscription {name[:12]}", "subscription { " + name + " { seq } }"
        yield f"directive {name[:12]}", "{ __typename @" + name + " }"


def _broken() -> Iterator[tuple[str, str]]:
    whole = (
        'query Q($id: ID!) { node(id: $id) { id ... on User { email } } a: __type(name: "User") { name } }'
    )
    for end in range(1, len(whole)):
        yield f"cut at {end}", whole[:end]
    for sign in "\x00\x01\x07\x1b\x7f\u202e\u2028\ud7ff😀;`~^%<>?*/\\":
        yield f"sign {ord(sign):x}", "{ __typename " + sign + " }"
    yield from (("a type", "type A { a: Int }"), ("only a fragment", "fragment f on User { email }"))
    yield from (("a lone surrogate escape", r'{ node(id: "\ud800") { id } }'), ("nothing", "   "))


HUGE = "x" * 100_000
NESTED: Any = "x"
for _ in range(40):
    NESTED = [NESTED]

VALUES: tuple[object, ...] = (
    True,
    -1,
    0,
    2**31,
    2**53 + 1,
    2**64 - 1,
    1e308,
    -1.5,
    "",
    " ",
    "NaN",
    "Infinity",
    "-0x1F",
    "１２",
    "a\x00b",
    "\u202e\uffff😀",
    "' OR 1=1 --",
    "../../etc/passwd",
    HUGE,
    [],
    {},
    ["x"] * 101,
    {"a": {"b": {"c": 1}}},
    {"__proto__": 1},
    NESTED,
    {str(key): key for key in range(6_000)},
)

ORDER = "mutation($v: OrderInput!, $id: ID!) { placeOrder(input: {sessionId: $id, order: $v})"
ORDER += " { version userErrors { code message path } } }"


def order(**wrong: object) -> dict[str, Any]:
    leg = {"instrument": CALL_5950, "quantity": 1, "action": "BUY_TO_OPEN"}
    leg |= {name: wrong.pop(name) for name in list(wrong) if name in leg}
    return {"type": "LIMIT", "price": "4.00", "priceEffect": "DEBIT", "legs": [leg]} | wrong


def variables(session_id: str) -> list[Case]:
    """Values of every kind for every kind of input. ``session_id`` is the caller's own session."""
    return [*_scalars(session_id), *_orders(session_id), *_times(session_id), *_ids()]


def _ids() -> Iterator[Case]:
    """Ids of the wrong kind, of nobody's, and of no shape."""
    nobody = "f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c"
    keys = ("", nobody, f"{nobody}/{nobody}", "2025-01-17", "2025-13-45", "x/y/z")
    moved = 'mutation($v: ID!) { moveClock(input: {sessionId: $v, time: "2025-01-15T14:40:00Z"})'
    moved += " { userErrors { code message path } } }"
    for kind in (*NodeKind, "Leg", ""):
        for key in keys:
            text = base64.urlsafe_b64encode(f"{kind}:{key}".encode()).decode()
            yield asked(f"node {kind} {key}", "query($v: ID!) { node(id: $v) { id } }", {"v": text})
            yield asked(f"moved {kind} {key}", moved, {"v": text})


def _scalars(session_id: str) -> Iterator[Case]:
    denials = " { userErrors { code message path } } }"
    inputs = {
        "node": "query($v: ID!) { node(id: $v) { id } }",
        "uuid": "query($v: UUID!) { simulation(uuid: $v) { id } }",
        "date": "query($v: Date!) { marketDay(date: $v) { id } }",
        "first": "query($v: Int!) { simulations(first: $v) { nodes { id } } }",
        "after": "query($v: String!) { simulations(after: $v) { nodes { id } } }",
        "capital": 'mutation($v: Decimal!) { createSimulation(input: {date: "2025-01-15", '
        "startingCapital: $v})" + denials,
        "clock": "mutation($v: DateTime!, $id: ID!) { moveClock(input: {sessionId: $id, time: $v})" + denials,
        "deleted": "mutation($v: ID!) { deleteSimulation(input: {sessionId: $v})" + denials,
        "version": "mutation($v: Int!, $id: ID!) { moveClock(input: "
        '{sessionId: $id, time: "2025-01-15T14:40:00Z", expectedVersion: $v})' + denials,
    }
    for name, document in inputs.items():
        for number, value in enumerate(VALUES):
            given = {"v": value} | ({"id": session_id} if "$id" in document else {})
            yield asked(f"{name} {number}", document, given)


def _orders(session_id: str) -> Iterator[Case]:
    for name in ("instrument", "quantity", "action", "price", "priceEffect", "legs", "type"):
        wrong = [value for value in VALUES if (name, value) != ("price", 0)]  # nothing may be bid
        for number, value in enumerate(wrong):
            yield asked(f"order {name} {number}", ORDER, {"v": order(**{name: value}), "id": session_id})
    for symbol in (
        "SPXW",
        "SPXW  250115X05950000",
        "SPX   250115C05950000 ",
        "SPXW  259915C05950000",
        "spxw  250115c05950000",
    ):
        yield asked(f"symbol {symbol}", ORDER, {"v": order(instrument=symbol), "id": session_id})


def _times(session_id: str) -> Iterator[Case]:
    document = "mutation($v: DateTime!, $id: ID!) { moveClock(input: {sessionId: $id, time: $v})"
    document += " { userErrors { code message path } } }"
    times = (
        "2025-01-15T14:40:00",
        "2025-01-15",
        "14:40",
        "2025-01-15T25:00:00Z",
        "2025-02-30T14:40:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2025-01-15T14:40:00+99:99",
        "2025-01-15T14:40:00Zjunk",
        "1736951400",
        "P1D",
        "2025-01-15T13:00:00Z",
        "2025-01-16T14:40:00Z",
    )
    for time in times:
        yield asked(f"time {time}", document, {"v": time, "id": session_id})


def large(nth: int = 0) -> list[Case]:
    """What is allowed, and as dear as it may be. Each ``nth`` is a text of its own, that no cache knows."""
    fields = ("createdAt", "date", "description", "endTime", "ended", "id", "mode", "time", "uuid", "version")
    texts = {
        "repeats": "{ simulations { nodes {" + "".join(f" {name}" * 95 for name in fields) + " } } }",
        "spreads": "{ viewer {" + " ...f" * 900 + " } } fragment f on User { email }",
        "fragments": "{ viewer {"
        + "".join(f" ...f{i}" for i in range(64))
        + " } }"
        + "".join(f" fragment f{i} on User {{ email id uuid __typename }}" for i in range(64)),
        "inline": "{ viewer {" + " ...{ email id }" * 100 + " } }",
        "comment": "#" + "x" * 32_000 + "\n{ __typename }",
        "block": '{ node(id: """' + "x" * 32_000 + '""") { id } }',
    }
    documents = [asked(name, text + " " * nth) for name, text in texts.items()]
    email = "mutation($v: String!) { checkEmail(input: {email: $v}) { hasPassword } }"
    return [*documents, *(asked(f"email of {sign}", email, {"v": sign * 200_000}) for sign in "a.@")]


def transports() -> list[Case]:
    """Requests that are no GraphQL over HTTP, whatever their text."""
    return [*_bodies(), *_ways()]


def _bodies() -> Iterator[Case]:
    whole = b'{"query": "{ __typename }"}'
    bodies = [
        b"",
        b"null",
        b"1",
        b'"x"',
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"\x00",
        b"[" * 200_000,
        b'{"a":' * 40_000,
    ]
    bodies += [b"[" + whole + b"]", b"[" + b",".join([whole] * 500) + b"]", whole.decode().encode("utf-16")]
    bodies += [b'{"query": "{ __typename \xff }"}', b'{"query": "\xed\xa0\x80"}', b"\xef\xbb\xbf" + whole]
    bodies += [
        b'{"query": %s}' % kind for kind in (b"null", b"1", b"[]", b"{}", b"true", b"NaN", b'""', b"1e999")
    ]
    for name in (b"variables", b"extensions", b"operationName"):
        bodies += [
            b'{"query": "{ __typename }", "%s": %s}' % (name, kind)
            for kind in (b"1", b"[]", b'["x"]', b"true", b"NaN")
        ]
    bodies += [whole[:end] for end in range(1, len(whole))]
    bodies += [b'{"query": "{ __typename }", "p": "' + b"x" * 262_144 + b'"}']
    for number, body in enumerate(bodies):
        yield Case(f"body {number}", body)


def _ways() -> Iterator[Case]:
    whole = b'{"query": "{ __typename }"}'
    kinds = ("text/plain", "application/graphql", "multipart/form-data; boundary=x", "application/jsonx", "")
    kinds += (
        "application/x-www-form-urlencoded",
        "application/xml",
        "x" * 5_000,
        "application/json2; charset=utf-8",
    )
    for kind in kinds:
        yield Case(f"type {kind[:20]}", whole, headers={"content-type": kind})
    for method in ("PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        yield Case(method, whole, method=method)
    queries = (
        "",
        "query=",
        "query={",
        "query=mutation{logout{done}}",
        "query=subscription{sessionEvents(sessionId:1){seq}}",
    )
    queries += (
        "query={__typename}&variables=1",
        "query={__typename}&variables={",
        "query={__typename}&operationName=x",
    )
    queries += ("variables={}", "query=%ff%fe", "query=query%20a{__typename}query%20b{__typename}")
    for query in queries:
        yield Case(f"GET {query}", b"", method="GET", query=query, headers={})
    for token in ("0" * 32, "Bearer  x", "Basic YTpi", "null", "\xff", "x" * 10_000):
        yield Case(
            f"token {token[:8]}", whole, headers={"content-type": "application/json", "authorization": token}
        )
