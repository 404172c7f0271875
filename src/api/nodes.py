"""Global ids: one opaque id for every object, beside the UUID that REST knows it by."""

import base64
import binascii
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import strawberry
from graphql import GraphQLError

Key: TypeAlias = UUID | date | int


class NodeKind(StrEnum):
    """The types that ``node(id:)`` can fetch. The value is the GraphQL type's name."""

    USER = "User"
    SESSION = "Session"
    MARKET_DAY = "MarketDay"
    ORDER = "Order"
    POSITION = "Position"
    TRANSACTION = "Transaction"
    ACCOUNT = "Account"
    JOURNAL_ENTRY = "JournalEntry"
    STRATEGY = "Strategy"


SEQ_DIGITS = 15


def _seq(text: str) -> int:
    if not (text.isdecimal() and len(text) <= SEQ_DIGITS):
        raise ValueError(text)
    return int(text)


_OF_A_SESSION = (UUID, UUID)
_KEYS: dict[NodeKind, tuple[Callable[[str], Key], ...]] = {
    NodeKind.MARKET_DAY: (date.fromisoformat,),
    NodeKind.ORDER: _OF_A_SESSION,
    NodeKind.POSITION: _OF_A_SESSION,
    NodeKind.TRANSACTION: _OF_A_SESSION,
    NodeKind.JOURNAL_ENTRY: (UUID, _seq),
}


@strawberry.interface(description="An object with a global id.")
class Node:
    id: strawberry.ID


def global_id(kind: NodeKind, *keys: object) -> strawberry.ID:
    """The global id of an object; what belongs to a session or to an account has that one's key
    before its own."""
    text = f"{kind}:{'/'.join(map(str, keys))}"
    return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def read_global_id(text: str) -> tuple[NodeKind, tuple[Key, ...]]:
    """The type and keys of a global id; a malformed one is refused."""
    try:
        padded = text + "=" * (-len(text) % 4)
        name, _, rest = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        kind = NodeKind(name)
        readers = zip(_KEYS.get(kind, (UUID,)), rest.split("/"), strict=True)
        return kind, tuple(read_key(key) for read_key, key in readers)
    except (binascii.Error, ValueError):
        raise _unknown(text) from None


def read_id(text: str, kind: NodeKind) -> UUID:
    """The UUID of an object from its global id or, as REST writes it, from the UUID itself."""
    try:
        return UUID(text)
    except ValueError:
        found, keys = read_global_id(text)
    if found is not kind:
        raise GraphQLError(f"{text[:80]!r} is the id of a {found}, not of a {kind}.")
    assert isinstance(keys[-1], UUID), "only a day has another key"
    return keys[-1]


def _unknown(text: str) -> GraphQLError:
    return GraphQLError(f"{text[:80]!r} is not an id that this API gave.")
