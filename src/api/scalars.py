"""The scalars: exact decimals as text, times ending in Z, and columns of integers."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import NewType
from uuid import UUID

import numpy as np
import orjson
import strawberry
from graphql import (
    FloatValueNode,
    GraphQLError,
    IntValueNode,
    StringValueNode,
    ValueNode,
    print_ast,
)
from strawberry.types.scalar import ScalarDefinition

from engine.aggregates import UNKNOWN, Column
from engine.money import Cents, IndexE4, PriceCents, fixed_text, money_text, price_text

DecimalText = NewType("DecimalText", str)
OsiSymbol = NewType("OsiSymbol", str)
IntColumn = NewType("IntColumn", object)

_DECIMAL = re.compile(r"-?\d{1,18}(\.\d{1,18})?", re.ASCII)
_OSI_SHAPE = re.compile(r"[A-Z]{1,6} {0,5}\d{6}[CP]\d{8}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def time_text(at: datetime) -> str:
    """An aware time in UTC, to the second unless it holds a fraction: ``2025-01-15T14:30:00Z``."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def dollars(cents: Cents) -> DecimalText:
    return DecimalText(money_text(cents))


def dollars_or_null(cents: Cents | None) -> DecimalText | None:
    return None if cents is None else dollars(cents)


def points(price_cents: PriceCents) -> DecimalText:
    return DecimalText(price_text(price_cents))


def points_or_null(price_cents: PriceCents | None) -> DecimalText | None:
    return None if price_cents is None else points(price_cents)


def index_or_null(value_e4: IndexE4 | None) -> DecimalText | None:
    """An index in points."""
    return fixed_or_null(value_e4, 4, 2)


def fixed_or_null(value: int | None, places: int, places_min: int = 0) -> DecimalText | None:
    """An integer at ``places`` decimals, without needless zeros beyond ``places_min``."""
    return None if value is None else DecimalText(fixed_text(value, places, places_min))


def rate(value_e6: int) -> DecimalText:
    return DecimalText(fixed_text(value_e6, 6))


def rate_or_null(value_e6: int | None) -> DecimalText | None:
    return None if value_e6 is None else rate(value_e6)


def int_column(column: Column) -> IntColumn:
    """A column ready to be encoded: an array, or a list where some of it is unknown."""
    unknown = column == UNKNOWN
    if not unknown.any():
        return IntColumn(np.ascontiguousarray(column))
    return IntColumn([None if value == UNKNOWN else value for value in column.tolist()])


def known_column(column: Column) -> IntColumn | None:
    """The same, None when nothing of it is known."""
    return None if (column == UNKNOWN).all() else int_column(column)


def encoded_column(column: IntColumn) -> IntColumn:
    """A column that is sent to many, encoded once for all of them."""
    return IntColumn(orjson.Fragment(orjson.dumps(column, option=orjson.OPT_SERIALIZE_NUMPY)))


def cents_of(text: DecimalText) -> Cents | None:
    """Dollars as cents, None when they are finer than a cent."""
    cents = Decimal(text) * 100
    return int(cents) if cents == cents.to_integral_value() else None


def read_decimal(value: object) -> DecimalText:
    """The digits of a decimal as they were sent; the engine decides what they mean."""
    text = str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    if not _DECIMAL.fullmatch(text):
        raise GraphQLError('Decimal must be a plain decimal number, such as "10.50".')
    return DecimalText(text)


def read_time(value: object) -> datetime:
    """An ISO 8601 time with its zone."""
    try:
        at = datetime.fromisoformat(value if isinstance(value, str) else "")
        zoned = at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        zoned = None
    if zoned is None:
        raise GraphQLError('DateTime must be an ISO 8601 time with a zone, such as "2025-01-15T14:30:00Z".')
    return zoned


def read_date(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        raise GraphQLError('Date must be a calendar date, such as "2025-01-15".') from None


def read_uuid(value: object) -> UUID:
    try:
        return UUID(value if isinstance(value, str) else "")
    except ValueError:
        raise GraphQLError(
            'UUID must be 32 hexadecimal digits, such as "f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c".'
        ) from None


def read_osi(value: object) -> OsiSymbol:
    """Anything of an OSI symbol's shape; the engine decides whether it can be traded."""
    if not isinstance(value, str) or not _OSI_SHAPE.fullmatch(value):
        raise GraphQLError('OsiSymbol must be an OSI option symbol, such as "SPXW  250115C05950000".')
    return OsiSymbol(value)


def _refuse_input(_: object) -> object:
    raise GraphQLError("IntColumn is never an input.")


def _literal(read: Callable[[object], object]) -> Callable[[ValueNode, object], object]:
    """Read a literal by its source digits, so that 1.45 never becomes a binary float.

    What is wrong with one is told with its place in the document.
    """

    def read_node(node: ValueNode, _variables: object = None) -> object:
        scalar = isinstance(node, StringValueNode | IntValueNode | FloatValueNode)
        try:
            return read(node.value if scalar else print_ast(node))  # type: ignore[attr-defined]
        except GraphQLError as error:
            raise GraphQLError(error.message, node) from None

    return read_node


def _scalar(
    name: str, description: str, read: Callable[[object], object], write: Callable[..., object]
) -> ScalarDefinition:
    return strawberry.scalar(
        name=name, description=description, serialize=write, parse_value=read, parse_literal=_literal(read)
    )


SCALARS: Mapping[object, ScalarDefinition] = {
    DecimalText: _scalar("Decimal", 'An exact decimal number as text: "99891.56".', read_decimal, str),
    datetime: _scalar("DateTime", 'A time in UTC: "2025-01-15T14:30:00Z".', read_time, time_text),
    date: _scalar("Date", 'A calendar date: "2025-01-15".', read_date, date.isoformat),
    UUID: _scalar("UUID", "A UUID, equal to the id of the same object in REST.", read_uuid, str),
    OsiSymbol: _scalar(
        "OsiSymbol", 'A 21-character OSI option symbol: "SPXW  250115C05950000".', read_osi, str
    ),
    IntColumn: _scalar(
        "IntColumn",
        "A JSON array of integers, null where a value is unknown. The field's name ends in its unit: "
        "E4 is 0.0001, Cents is 0.01, Unix is seconds since 1970.",
        _refuse_input,
        lambda column: column,
    ),
}
