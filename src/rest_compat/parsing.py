"""Untrusted input into typed values: JSON bodies, query strings and path parameters.

Everything that does not fit becomes a denial that names the field and what is accepted.
"""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from engine.denials import Code, Denial
from rest_compat.errors import HttpCode, Refused
from rest_compat.parameters import PATH_PARAMETERS
from usecases.policy import Policy

ECHOED_CHARACTERS_MAX = 40

Model = TypeVar("Model", bound=BaseModel)

_REASONS = {
    "missing": "is required",
    "string_type": "must be a string",
    "string_unicode": "must not hold lone surrogates",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_too_long": "must have at most {max_length} characters",
    "uuid_type": "must be a UUID",
    "uuid_parsing": "must be a UUID",
}


_SYNTAX = {
    "Expecting value": "a value is missing or misspelt",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Unterminated string starting at": "a string has no end",
    "Invalid control character at": "a control character is not escaped",
    "Invalid \\escape": "an escape is wrong",
    "Invalid \\uXXXX escape": "an escape is wrong",
    "Extra data": "there is more after the object",
}


class Malformed(ValueError):
    """A body that is not the JSON we take; the text is the message."""


async def read_body(request: Request, bytes_max: int) -> bytes:
    """The whole body. Raises Refused once more than ``bytes_max`` have arrived."""
    received = bytearray()
    async for chunk in request.stream():
        received += chunk
        if len(received) > bytes_max:
            message = f"the body is larger than {bytes_max} bytes"
            raise Refused(HttpCode.BODY_TOO_LARGE, message)
    return bytes(received)


def parse_body(raw: bytes, model: type[Model], policy: Policy) -> Model | Denial:
    """The JSON object in ``raw`` as ``model``. Numbers are read exactly, never as binary floats;
    of fields that the model does not know only the syntax is read."""
    try:
        content = _parse_json(raw, policy)
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
            return _about({_echoed(name): "must be given once"})
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


def _parse_json(raw: bytes, policy: Policy) -> Any:
    if not raw.strip():
        raise Malformed("the body is empty; send a JSON object")
    if raw.startswith(BOM_UTF8):
        raise Malformed("the body must be UTF-8 without a byte order mark")
    if sum(map(raw.count, (b",", b"[", b"{"))) > policy.json_values:
        raise Malformed(f"the body holds more than {policy.json_values} values")
    try:
        content = json.loads(
            raw.decode(),
            parse_float=_parse_number,
            parse_int=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"the body must be UTF-8; byte {error.start + 1} is not") from None
    except json.JSONDecodeError as error:
        raise Malformed(_syntax(error)) from None
    except RecursionError:
        raise _too_deep(policy.json_depth) from None
    if not _is_within(content, policy.json_depth):
        raise _too_deep(policy.json_depth)
    return content


def _syntax(error: json.JSONDecodeError) -> str:
    reason = _SYNTAX.get(error.msg, "the syntax is wrong")
    return f"the body is not JSON at line {error.lineno}, column {error.colno}: {reason}"


def _parse_number(text: str) -> Decimal:
    """Exactly; an exponent that no decimal holds counts as infinite, which no field accepts."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("Infinity")


def _refuse_constant(name: str) -> NoReturn:
    raise Malformed(f"the body is not JSON: {name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = Counter(name for name, _ in pairs)
        raise Malformed(f"{_echoed(names.most_common(1)[0][0])} must be given once")
    return content


def _is_within(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return True
    inner = value.values() if isinstance(value, dict) else value
    return levels > 0 and all(_is_within(one, levels - 1) for one in inner)


def _too_deep(depth_max: int) -> Malformed:
    return Malformed(f"the body is nested deeper than {depth_max} levels")


def _echoed(name: str) -> str:
    """A name of the sender's own making, fit to be shown to him again."""
    plain = name.encode("ascii", "backslashreplace").decode()
    return plain if len(plain) <= ECHOED_CHARACTERS_MAX else f"{plain[:ECHOED_CHARACTERS_MAX]}…"


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
