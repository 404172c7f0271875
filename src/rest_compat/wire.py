"""The documented spellings: how times, money and numbers look on the wire, both ways."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, field_validator
from pydantic.config import JsonDict
from typing_extensions import TypeAliasType

from engine.ledger import TransactionKind
from engine.money import Cents, fixed_text
from engine.orders import Action, Effect, OrderStatus, OrderType, TriggerDirection
from engine.positions import Direction

DECIMAL_DIGITS_MAX = 36
DECIMAL_EXPONENT_MAX = 20

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_SNAPSHOT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)


class Asked(BaseModel):
    """A JSON object that is read. Unknown fields are ignored, as clients have always sent some."""

    model_config = ConfigDict(populate_by_name=True, frozen=True)

    @field_validator("*")
    @classmethod
    def storable(cls, value: Any) -> Any:
        if isinstance(value, str) and _UNSTORABLE.search(value):
            raise ValueError("must not hold NUL characters or lone surrogates")
        return value


class Answered(BaseModel):
    """A JSON object that is written. A field that was not set is left out, not null."""

    model_config = ConfigDict(populate_by_name=True, frozen=True, extra="forbid")


def absent() -> Any:
    """The default of a field that is left out where it does not apply."""
    return Field(default_factory=lambda: None)


def instant_text(at: datetime) -> str:
    """``2025-01-15T14:30:00Z``: UTC, whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def decimal_text(value: Decimal) -> str:
    """Plain digits without an exponent, keeping the places that were sent.

    Raises ValueError for what would take a page to write down.
    """
    is_long = len(value.as_tuple().digits) > DECIMAL_DIGITS_MAX
    if is_long or abs(value.adjusted()) > DECIMAL_EXPONENT_MAX or not value.is_finite():
        raise ValueError("is out of range")
    return format(value, "f")


def precise_instant_text(at: datetime) -> str:
    """``2025-01-15T14:30:00.250000Z``: UTC, for what has to be told apart within a second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_or_null(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def time_at(open_at: datetime, second: int) -> str:
    """The instant ``second`` seconds after the open."""
    return instant_text(open_at + timedelta(seconds=second))


def delta_text(delta_e4: int) -> str:
    """A delta without needless zeros: ``"0.523"``."""
    return fixed_text(delta_e4, 4)


def parse_date(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("must be a date like 2025-01-15")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError("is not a day of the calendar") from None


def parse_instant(value: object) -> datetime:
    """An RFC 3339 time with its zone, as UTC."""
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise ValueError("must be an RFC 3339 time with a zone, like 2025-01-15T14:30:00Z")
    return _utc(value)


def parse_snapshot_time(value: object) -> datetime:
    """The time of a snapshot in a path: UTC, with or without a trailing Z."""
    if not isinstance(value, str) or not _SNAPSHOT.fullmatch(value):
        raise ValueError("must be a UTC time like 2025-01-15T14:35:00")
    return _utc(value if value.endswith("Z") else value + "Z")


def parse_decimal(value: object) -> Decimal:
    """An exact decimal from a JSON string or number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    text = decimal_text(value) if isinstance(value, Decimal) else value
    if not isinstance(text, str) or not _DECIMAL.fullmatch(text):
        raise ValueError('must be a decimal like "1.45"')
    return Decimal(text)


def parse_cents(value: object) -> Cents:
    """An amount of dollars as whole cents, exactly."""
    cents = parse_decimal(value) * 100
    if cents != int(cents):
        raise ValueError("must have at most two decimal places")
    return int(cents)


def parse_number_text(value: object) -> str:
    """Text as sent, or a JSON number as its digits; what it means is the engine's to judge."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return decimal_text(Decimal(value))
    raise ValueError('must be a decimal like "1.45"')


def parse_count_text(value: object) -> str:
    """A count as text: like ``parse_number_text``, in words that ask for a whole number."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return parse_number_text(value)
    raise ValueError('must be a whole number like "1"')


def _utc(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is not a time of the calendar") from None


def given(*names: str, without: str) -> JsonDict:
    """The schema of an object in which ``names`` are texts, and ``without`` is null or left out."""
    texts: JsonDict = {name: {"type": "string"} for name in names}
    return {"required": list(names), "properties": {**texts, without: {"type": "null"}}}


def one_of(*names: str) -> WithJsonSchema:
    """Documents the accepted texts; the engine is who refuses others, alike on every face."""
    return WithJsonSchema({"type": "string", "enum": [str(name) for name in names]})


def _text(pattern: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": [example]})


def _formatted(name: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": name, "examples": [example]})


def _exact(example: str) -> WithJsonSchema:
    text = {"type": "string", "pattern": r"^-?\d{1,15}(\.\d{1,15})?$"}
    return WithJsonSchema({"anyOf": [text, {"type": "number"}], "examples": [example]})


def _count(example: str) -> WithJsonSchema:
    text = {"type": "string", "pattern": r"^[1-9]\d*$"}
    return WithJsonSchema({"anyOf": [text, {"type": "integer", "minimum": 1}], "examples": [example]})


_SNAPSHOT_PATTERN = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z?$"
_HASH_PATTERN = r"^[0-9a-f]{64}$"
_A_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_A_DATE, _AN_INSTANT = "2025-01-15", "2025-01-15T14:35:00Z"

CentsIn = Annotated[int, BeforeValidator(parse_cents)]
DateIn = Annotated[date, BeforeValidator(parse_date), _formatted("date", _A_DATE)]
InstantIn = Annotated[datetime, BeforeValidator(parse_instant), _formatted("date-time", _AN_INSTANT)]
SnapshotTime = Annotated[
    datetime, BeforeValidator(parse_snapshot_time), _text(_SNAPSHOT_PATTERN, "2025-01-15T14:35:00")
]
HashIn = Annotated[str, Field(pattern=_HASH_PATTERN, json_schema_extra={"examples": [_A_HASH]})]
NumberText = TypeAliasType("NumberText", Annotated[str, BeforeValidator(parse_number_text), _exact("10.50")])
CountText = TypeAliasType("CountText", Annotated[str, BeforeValidator(parse_count_text), _count("1")])

HashText = TypeAliasType("HashText", Annotated[str, _text(_HASH_PATTERN, _A_HASH)])
DateText = TypeAliasType("DateText", Annotated[str, _formatted("date", _A_DATE)])
InstantText = TypeAliasType("InstantText", Annotated[str, _formatted("date-time", _AN_INSTANT)])
PreciseInstantText = TypeAliasType(
    "PreciseInstantText", Annotated[str, _formatted("date-time", "2025-01-15T14:35:00.250000Z")]
)
MoneyText = TypeAliasType("MoneyText", Annotated[str, _text(r"^-?\d+(\.\d{1,2})?$", "99891.56")])
PriceText = TypeAliasType("PriceText", Annotated[str, _text(r"^-?\d+\.\d{2}$", "10.45")])
MarkText = TypeAliasType("MarkText", Annotated[str, _text(r"^\d+\.\d{2,3}$", "4.35")])
RateText = TypeAliasType("RateText", Annotated[str, _text(r"^\d+(\.\d{1,6})?$", "1.72")])
DeltaText = TypeAliasType("DeltaText", Annotated[str, _text(r"^-?[01](\.\d{1,4})?$", "0.523")])
QuantityText = TypeAliasType("QuantityText", Annotated[str, _text(r"^[1-9]\d*$", "1")])
SymbolText = TypeAliasType(
    "SymbolText", Annotated[str, _text(r"^SPXW  \d{6}[CP]\d{8}$", "SPXW  250115C05950000")]
)

OrderTypeName = TypeAliasType("OrderTypeName", Annotated[str, one_of(*OrderType)])
EffectName = TypeAliasType("EffectName", Annotated[str, one_of(*Effect)])
ActionName = TypeAliasType("ActionName", Annotated[str, one_of(*Action)])
TriggerDirectionName = TypeAliasType("TriggerDirectionName", Annotated[str, one_of(*TriggerDirection)])
OrderStatusName = TypeAliasType("OrderStatusName", Annotated[str, one_of(*OrderStatus)])
TransactionKindName = TypeAliasType("TransactionKindName", Annotated[str, one_of(*TransactionKind)])
DirectionName = TypeAliasType("DirectionName", Annotated[str, one_of(*Direction)])


class AtQuery(Asked):
    """The moment of a session to look at, None for its clock."""

    at: Annotated[InstantIn, Field(description="A time of the session to look at instead of its clock.")] = (
        absent()
    )
