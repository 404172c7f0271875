"""The one keyset connection: every list is paged by the key of the last row seen."""

import base64
import binascii
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar

import orjson
import strawberry
from graphql import GraphQLError

PAGE_SIZE_MAX = 100
PAGE_SIZE_DEFAULT = 20
_CURSOR_CHARS_MAX = 200
_CURSOR_NUMBER_MAX = 2**53

Row = TypeVar("Row")
T = TypeVar("T")
Key = tuple[int | str, ...]

First = Annotated[int, strawberry.argument(description=f"How many rows, 1 to {PAGE_SIZE_MAX}.")]
After = Annotated[str | None, strawberry.argument(description="The cursor after which the page begins.")]


@strawberry.type
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[T]):
    cursor: str
    node: T


@strawberry.type
class Connection(Generic[T]):
    edges: list[Edge[T]]
    page_info: PageInfo

    @strawberry.field(description="The rows without their cursors.")
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]


@dataclass(frozen=True, slots=True)
class Page:
    """A validated request for rows: how many, and after which key."""

    first: int
    after: Key | None


def read_page(first: int, after: str | None, *key_types: type) -> Page:
    """The page asked for; ``key_types`` are the types that a cursor of this list holds."""
    if not 1 <= first <= PAGE_SIZE_MAX:
        raise GraphQLError(f"first must be from 1 to {PAGE_SIZE_MAX}, not {first}.")
    return Page(first, None if after is None else read_cursor(after, *key_types))


def cursor_of(key: Key) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def read_cursor(text: str, *key_types: type) -> Key:
    """The key inside a cursor of a list whose keys have these types."""
    try:
        padded = text[:_CURSOR_CHARS_MAX] + "=" * (-len(text) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        key = None
    if not isinstance(key, list) or [type(part) for part in key] != list(key_types) or _is_absurd(key):
        raise GraphQLError("after must be a cursor that this list gave.")
    return tuple(key)


def _is_absurd(key: Sequence[int | str]) -> bool:
    """True for a number that no list of ours has: it might not fit where it is looked for."""
    return any(isinstance(part, int) and abs(part) > _CURSOR_NUMBER_MAX for part in key)


def connect(
    rows: Sequence[Row], page: Page, key: Callable[[Row], Key], render: Callable[[Row], T]
) -> Connection[T]:
    """The page as a connection; ``rows`` are in the ascending order of their keys, all of them."""
    start = 0 if page.after is None else bisect_right(rows, page.after, key=key)
    end = start + page.first
    return connect_page(rows[start:end], key, render, has_next=len(rows) > end)


def connect_page(
    rows: Sequence[Row], key: Callable[[Row], Key], render: Callable[[Row], T], *, has_next: bool
) -> Connection[T]:
    """The rows of one page as a connection."""
    edges = [Edge(cursor=cursor_of(key(row)), node=render(row)) for row in rows]
    end_cursor = edges[-1].cursor if edges else None
    return Connection(edges=edges, page_info=PageInfo(has_next_page=has_next, end_cursor=end_cursor))
