"""The OpenAPI document, generated from the declared operations."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Literal, TypeAlias

import yaml
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from engine.denials import Code
from rest_compat.errors import STATUS_OF
from rest_compat.examples import EXAMPLES
from rest_compat.operations import JSON, Auth, Operation
from rest_compat.parameters import PATH_PARAMETERS

API_VERSION = "1.0.0"
OPENAPI_VERSION = "3.1.0"
REFERENCE = "#/components/schemas/{model}"

Json: TypeAlias = dict[str, Any]
Mode: TypeAlias = Literal["validation", "serialization"]
SHAPES: Mode = "validation"

DESCRIPTION = """\
Trade 0DTE SPX options on recorded days, second by second, without money.

Send the session token as the bare value of the Authorization header; `Bearer TOKEN` is read too.
Money and prices are JSON strings and are read as strings or numbers, exactly. Times are UTC.

A refusal is a short text/plain message with its code in the X-Error-Code header. Where Accept
names application/json and neither text/plain nor */*, it is a JSON object with the same code.
"""

HEADERS: Json = {
    "X-Error-Code": {
        "description": "The code of the refusal.",
        "required": True,
        "schema": {"type": "string", "enum": [code.value for code in STATUS_OF]},
    },
    "Retry-After": {
        "description": "Seconds after which a repeat may succeed.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Used": {
        "description": "Credits in the caller's bucket after this request.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-RateLimit-Limit": {
        "description": "Credits that the bucket holds.",
        "schema": {"type": "integer", "minimum": 1},
    },
}
SHOWN_WHERE_CHARGED = ("X-RateLimit-Used", "X-RateLimit-Limit")

ERROR: Json = {
    "type": "object",
    "properties": {
        "error": {"type": "string"},
        "message": {"type": "string"},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["error", "message"],
    "additionalProperties": False,
    "examples": [{"error": "off_tick", "message": "price 3.07 is not a multiple of 0.05"}],
}

OUT_OF_CREDITS: Json = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "const": Code.RATE_LIMIT_EXCEEDED.value},
        "retry_after_seconds": {"type": "integer", "minimum": 1},
        "credits_used": {"type": "integer", "minimum": 0},
        "credits_cap": {"type": "integer", "minimum": 1},
    },
    "required": ["error", "retry_after_seconds", "credits_used", "credits_cap"],
    "additionalProperties": False,
}


def _header_references(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


RESPONSES: Json = {
    "OutOfCredits": {
        "description": "The caller's bucket has no room for what this costs.",
        "headers": _header_references("X-Error-Code", "Retry-After", *SHOWN_WHERE_CHARGED),
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/OutOfCredits"}}},
    },
    "Refused": {
        "description": "Refused; nothing was changed.",
        "headers": _header_references("X-Error-Code", "Retry-After"),
        "content": {
            "text/plain": {"schema": {"type": "string"}},
            JSON: {"schema": {"$ref": "#/components/schemas/Error"}},
        },
    },
}

TOKEN: Json = {
    "type": "apiKey",
    "in": "header",
    "name": "Authorization",
    "description": "The token of POST /auth/sessions or /auth/register, without a prefix.",
}

IDEMPOTENCY_KEY: Json = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repeat with the same key and body returns the first answer.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]*$"},
    "example": "ord-2025-01-15-001",
}

SECURITY: dict[Auth, list[Json]] = {
    Auth.REQUIRED: [{"token": []}],
    Auth.OPTIONAL: [{}, {"token": []}],
    Auth.NONE: [],
}

HEALTH: Json = {
    "get": {
        "operationId": "health",
        "summary": "Whether the service can do its work.",
        "tags": ["Documents"],
        "security": [],
        "responses": {
            "200": {"description": "Ready.", "content": {JSON: {"schema": {"type": "object"}}}},
            "503": {"description": "Not ready.", "content": {JSON: {"schema": {"type": "object"}}}},
        },
    }
}


class _Untitled(GenerateJsonSchema):
    """JSON schema without the titles that repeat each name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False


class _Plain(yaml.SafeDumper):
    """YAML without anchors, and with long texts in blocks."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _text_block(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Plain.add_representer(str, _text_block)


def openapi_yaml(operations: Iterable[Operation]) -> str:
    """The document as YAML text, the same bytes for the same declarations."""
    document = openapi_document(tuple(operations))
    return yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=100)


def openapi_document(operations: Sequence[Operation]) -> Json:
    schemas, components = _schemas(operations)
    paths: dict[str, Json] = {"/health": HEALTH}
    for operation in operations:
        described = _operation(operation, schemas)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "zerodte",
            "version": API_VERSION,
            "description": DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in operations)],
        "paths": paths,
        "components": {
            "schemas": {**components, "Error": ERROR, "OutOfCredits": OUT_OF_CREDITS},
            "headers": HEADERS,
            "responses": RESPONSES,
            "securitySchemes": {"token": TOKEN},
        },
    }


def _schemas(operations: Sequence[Operation]) -> tuple[dict[Any, Json], Json]:
    """The schema of every model that an operation names, and the components they refer to."""
    models = [model for one in operations for model in (one.takes.body, one.gives.model) if model is not None]
    models += [parameter.adapter for parameter in PATH_PARAMETERS.values()]
    distinct = list({str(model): model for model in models}.values())
    inputs = [(str(model), SHAPES, _adapter(model)) for model in distinct]
    by_key, definitions = TypeAdapter.json_schemas(inputs, ref_template=REFERENCE, schema_generator=_Untitled)
    components = {name: _component(name, schema) for name, schema in definitions["$defs"].items()}
    return {key: schema for (key, _), schema in by_key.items()}, components


def _adapter(model: Any) -> TypeAdapter[Any]:
    return model if isinstance(model, TypeAdapter) else TypeAdapter(model)


def _component(name: str, schema: Json) -> Json:
    untitled = {key: value for key, value in schema.items() if key != "title"}
    return {**untitled, "examples": [EXAMPLES[name]]} if name in EXAMPLES else untitled


def _operation(operation: Operation, schemas: dict[Any, Json]) -> Json:
    described: Json = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "security": SECURITY[operation.takes.auth],
        "parameters": [*_path_parameters(operation, schemas), *_other_parameters(operation)],
        "requestBody": _request_body(operation, schemas),
        "responses": {**_success(operation, schemas), **_refusals(operation)},
    }
    return {name: value for name, value in described.items() if value or name == "security"}


def _path_parameters(operation: Operation, schemas: dict[Any, Json]) -> list[Json]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": schemas[str(PATH_PARAMETERS[name].adapter)],
        }
        for name in operation.path_names
    ]


def _other_parameters(operation: Operation) -> list[Json]:
    query = operation.takes.query
    fields = query.model_json_schema(schema_generator=_Untitled)["properties"] if query else {}
    parameters = [{"name": name, "in": "query", "schema": schema} for name, schema in fields.items()]
    return [*parameters, IDEMPOTENCY_KEY] if operation.takes.idempotency_key else parameters


def _request_body(operation: Operation, schemas: dict[Any, Json]) -> Json:
    body = operation.takes.body
    if body is None:
        return {}
    media: Json = {"schema": schemas[str(body)]}
    if body.__name__ in EXAMPLES:
        media["example"] = EXAMPLES[body.__name__]
    return {"required": True, "content": {JSON: media}}


def _success(operation: Operation, schemas: dict[Any, Json]) -> Json:
    gives = operation.gives
    response: Json = {}
    if gives.model is not None:
        media: Json = {"schema": schemas[str(gives.model)]}
        if operation.id in EXAMPLES:
            media["example"] = EXAMPLES[operation.id]
        response["content"] = {gives.media_type: media}
    if Code.RATE_LIMIT_EXCEEDED in gives.denials:
        response["headers"] = _header_references(*SHOWN_WHERE_CHARGED)
    statuses = [gives.status, gives.other_status] if gives.other_status else [gives.status]
    return {str(status): {**response, "description": HTTPStatus(status).phrase} for status in statuses}


def _refusals(operation: Operation) -> Json:
    """Every refusal by its status; the description lists the codes."""
    by_status: dict[int, list[str]] = {}
    for code in operation.codes:
        by_status.setdefault(STATUS_OF[code], []).append(code.value)
    return {
        str(status): {
            "$ref": f"#/components/responses/{_refusal(codes)}",
            "description": ", ".join(f"`{code}`" for code in codes),
        }
        for status, codes in sorted(by_status.items())
    }


def _refusal(codes: Sequence[str]) -> str:
    return "OutOfCredits" if Code.RATE_LIMIT_EXCEEDED in codes else "Refused"
