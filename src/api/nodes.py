"""Global ids: one opaque id for every object, beside the UUID that REST knows it by."""

import base64
import binascii
from datetime import date
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

import strawberry
from graphql import GraphQLError

Key: TypeAlias = UUID | date


class NodeKind(StrEnum):
    """The types that ``node(id:)`` can fetch. The value is the GraphQL type's name."""

    USER = "User"
    SESSION = "Session"
    MARKET_DAY = "MarketDay"
    ORDER = "Order"
    POSITION = "Position"
    TRANSACTION = "Transaction"


_OF_A_SESSION = {NodeKind.ORDER, NodeKind.POSITION, NodeKind.TRANSACTION}


@strawberry.interface(description="An object with a global id.")
class Node:
    id: strawberry.ID


def global_id(kind: NodeKind, *keys: object) -> strawberry.ID:
    """The global id of an object; what belongs to a session has the session's key before its own."""
    text = f"{kind}:{'/'.join(map(str, keys))}"
    return strawberry.ID(base64.urlsafe_b64encode(text.encode()).decode().rstrip("="))


def read_global_id(text: str) -> tuple[NodeKind, tuple[Key, ...]]:
    """The type and keys of a global id; a malformed one is refused."""
    try:
        padded = text + "=" * (-len(text) % 4)
        name, _, rest = base64.b64decode(padded, altchars=b"-_", validate=True).decode().partition(":")
        kind = NodeKind(name)
        read_key = date.fromisoformat if kind is NodeKind.MARKET_DAY else UUID
        keys = tuple(read_key(key) for key in rest.split("/"))
    except (binascii.Error, ValueError):
        raise _unknown(text) from None
    if len(keys) != (2 if kind in _OF_A_SESSION else 1):
        raise _unknown(text)
    return kind, keys


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
