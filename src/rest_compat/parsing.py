"""Untrusted input into typed values: JSON bodies, query strings and path parameters.

Everything that does not fit becomes a denial that names the field and what is accepted.
"""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from engine.denials import Code, Denial
from rest_compat.errors import HttpCode, Refused
from rest_compat.parameters import PATH_PARAMETERS

BODY_BYTES_MAX = 256 * 1024
JSON_DEPTH_MAX = 32
INTEGER_DIGITS_MAX = 18
DECIMAL_DIGITS_MAX = 36
DECIMAL_EXPONENT_MAX = 20

Model = TypeVar("Model", bound=BaseModel)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_REASONS = {
    "missing": "is required",
    "string_type": "must be a string",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_too_long": "must have at most {max_length} characters",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
}


class Malformed(ValueError):
    """A body that is not the JSON we take; the text is the message."""


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Refused once more than ``BODY_BYTES_MAX`` have arrived."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > BODY_BYTES_MAX:
            message = f"the body is larger than {BODY_BYTES_MAX} bytes"
            raise Refused(HttpCode.BODY_TOO_LARGE, message)
    return bytes(received)


def parse_body(raw: bytes, model: type[Model]) -> Model | Denial:
    """The JSON object in ``raw`` as ``model``. Numbers are read exactly, never as binary floats."""
    try:
        content = _parse_json(raw)
    except Malformed as malformed:
        return Denial(Code.INVALID_INPUT, str(malformed))
    if not isinstance(content, dict):
        return Denial(Code.INVALID_INPUT, "the body must be a JSON object")
    return _validated(lambda: model.model_validate(content))


def parse_query(pairs: Iterable[tuple[str, str]], model: type[Model]) -> Model | Denial:
    """Query parameters as ``model``. Unknown names are ignored, repeated ones refused."""
    known: dict[str, str] = {}
    for name, value in pairs:
        if name in known:
            return _about({name: "must be given once"})
        known[name] = value
    return _validated(lambda: model.model_validate(known))


def parse_path(texts: Mapping[str, str]) -> dict[str, Any] | Denial:
    """Path parameters by the type of each name."""
    values = {}
    for name, text in texts.items():
        parameter = PATH_PARAMETERS[name]
        try:
            values[name] = parameter.adapter.validate_python(text)
        except ValidationError as invalid:
            if parameter.identifies:
                return Denial(Code.NOT_FOUND, f"no such {parameter.identifies}")
            return _about({name: _reason(invalid.errors()[0])})
    return values


def _parse_json(raw: bytes) -> Any:
    if raw.startswith(BOM_UTF8):
        raise Malformed("the body must be UTF-8 without a byte order mark")
    try:
        content = json.loads(
            raw.decode(),
            parse_float=Decimal,
            parse_int=_parse_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError:
        raise Malformed("the body must be UTF-8") from None
    except json.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise Malformed(_TOO_DEEP) from None
    _check(content, "body", JSON_DEPTH_MAX)
    return content


def _parse_integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= INTEGER_DIGITS_MAX else Decimal(text)


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"the body is not JSON: {name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for name, value in pairs:
        if name in content:
            raise Malformed(f"{name} must be given once")
        content[name] = value
    return content


def _check(value: Any, path: str, levels_left: int) -> None:
    """Refuse what no field of ours can hold: depth, absurd numbers, unstorable text."""
    match value:
        case dict() | list() if levels_left == 0:
            raise Malformed(_TOO_DEEP)
        case dict():
            for name, inner in value.items():
                _check_text(name, path)
                _check(inner, name if path == "body" else f"{path}.{name}", levels_left - 1)
        case list():
            for index, inner in enumerate(value):
                _check(inner, f"{path}.{index}", levels_left - 1)
        case str():
            _check_text(value, path)
        case Decimal():
            _check_number(value, path)


def _check_text(text: str, path: str) -> None:
    if _UNSTORABLE.search(text):
        raise Malformed(f"{path} must not hold NUL characters or lone surrogates")


def _check_number(number: Decimal, path: str) -> None:
    digits = len(number.as_tuple().digits)
    if digits > DECIMAL_DIGITS_MAX or abs(number.adjusted()) > DECIMAL_EXPONENT_MAX:
        raise Malformed(f"{path} is out of range")


_TOO_DEEP = f"the body is nested deeper than {JSON_DEPTH_MAX} levels"


def _validated(build: Callable[[], Model]) -> Model | Denial:
    try:
        return build()
    except ValidationError as invalid:
        return _about({_path(error["loc"]): _reason(error) for error in invalid.errors()})


def _about(fields: dict[str, str]) -> Denial:
    """A denial that speaks of the first field and carries them all."""
    path, reason = next(iter(fields.items()))
    message = f"{path} {reason}"
    return Denial(Code.INVALID_INPUT, message, tuple(path.split(".")), fields)


def _path(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "body"


def _reason(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    return _REASONS[error["type"]].format(**error.get("ctx", {}))
