"""The dearest requests of at most 256 KiB that we know of: what a hostile caller would send.

Each is made anew from a number, so that no cache of ours answers for it twice, and in several sizes,
for what is refused at sight when large may be dear when it is just small enough.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product
from typing import NamedTuple

SIZES = (256 * 1024, 32 * 1024, 8 * 1024, 2 * 1024)
GRAPHQL = "/graphql"


class Shape(NamedTuple):
    """A text that fills any size: ``start``, ``part`` many times, ``closing`` as many times, ``end``.

    ``%n`` stands for the number of the request, ``%i`` for the number of the part.
    """

    start: str
    part: str
    end: str
    closing: str = ""

    def text(self, number: int, size: int) -> str:
        start, end = (side.replace("%n", str(number)) for side in (self.start, self.end))
        parts: list[str] = []
        left = size - len(start) - len(end)
        for place in count():
            part = self.part.replace("%i", str(place))
            left -= len(part) + len(self.closing)
            if left < 0:
                return "".join((start, *parts, self.closing * len(parts), end))
            parts.append(part)
        raise AssertionError("every text comes to its end")


@dataclass(frozen=True, slots=True)
class Hostile:
    """A POST to ``path`` with a body of at most ``size`` bytes."""

    name: str
    path: str
    size: int
    shape: Shape

    def body(self, number: int) -> bytes:
        return self.shape.text(number, self.size).encode()


def rest_corpus(path: str) -> Iterator[Hostile]:
    """JSON for an operation that takes an order."""
    for size, (name, shape) in product(SIZES, _JSON.items()):
        yield Hostile(name, path, size, shape)


def graphql_corpus() -> Iterator[Hostile]:
    for size, (name, shape) in product(SIZES, _DOCUMENTS.items()):
        start, end = '{"query": "' + shape.start, shape.end + '"}'
        yield Hostile(name, GRAPHQL, size, shape._replace(start=start, end=end))
    for size, (name, shape) in product(SIZES, _VARIABLES.items()):
        query = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { version } }"
        start = '{"query": "' + query + '", "variables": {"input": ' + shape.start
        yield Hostile(f"variables: {name}", GRAPHQL, size, shape._replace(start=start, end=shape.end + "}}"))


_JSON = {
    "arrays in arrays": Shape('{"n":%n,"legs":', "[", "}", closing="]"),
    "objects in objects": Shape('{"n":%n,"legs":', '{"a":', "}", closing="}"),
    "one long number": Shape('{"price":1%n', "9", "}"),
    "one long text as a number": Shape('{"price":"1%n', "9", '"}'),
    "one long text of escapes": Shape('{"type":"%n', "\\u00e9", '"}'),
    "many short numbers": Shape('{"price":[%n', ",1", "]}"),
    "many long numbers": Shape('{"price":[%n', ",1.2345678901234567890e10", "]}"),
    "many empty objects": Shape('{"n":%n,"legs":[{}', ",{}", "]}"),
    "many bare legs": Shape('{"n":%n,"legs":[{}', ',{"quantity":0}', "]}"),
    "many unknown fields": Shape('{"n":%n', ',"field%i":1', "}"),
    "one field again and again": Shape('{"n":%n', ',"type":"limit"', "}"),
    "a text without an end": Shape('{"type":"%n', "x", ""),
    "spaces": Shape('{"n":%n', " ", "}"),
}
_DOCUMENTS = {
    "one field again and again": Shape("query q%n { viewer {", " id", " } }"),
    "aliases": Shape("query q%n {", " a%i: viewer { id }", " }"),
    "fields in fields": Shape("query q%n", " { a", "", closing=" }"),
    "fragments that spread the next twice": Shape(
        "query q%n { ...f0 }", " fragment f%i on Query { ...f ...f }", " fragment f on Query { __typename }"
    ),
    "fragments spread many times": Shape(
        "query q%n {", " ...f", " } fragment f on Query { viewer { id email slippage } }"
    ),
    "fields that must be merged": Shape(
        "query q%n {", " viewer { id email } ...on Query { viewer { email id } }", " }"
    ),
    "fields that do not exist": Shape("query q%n {", " simulation%i", " }"),
    "directives": Shape("query q%n { viewer { id", " @skip(if: false)", " } }"),
    "variables that nothing uses": Shape("query q%n(", " $v%i: ID", ") { viewer { id } }"),
    "operations": Shape("query q%n { viewer { id } }", " query p%i { viewer { id } }", ""),
    "introspection": Shape(
        "query q%n { __schema { types { name", " fields { name type { name ofType { name } } }", " } } }"
    ),
    "a comment": Shape("query q%n { viewer { id } } # ", "x", ""),
    "a literal list": Shape("query q%n { node(id: [1", " 1", "]) { id } }"),
}
_VARIABLES = {
    "a wide list": Shape("[%n", ",1", "]"),
    "lists in lists": Shape("", "[", "", closing="]"),
    "many fields": Shape('{"n":%n', ',"f%i":1', "}"),
    "many legs": Shape('{"order":{"legs":[%n', ',{"quantity":0}', "]}}"),
    "one long text": Shape('"%n', "x", '"'),
}
