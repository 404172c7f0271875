"""The contract as it is promised: schema/openapi.yaml, and what is served about it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter

from rest_compat.application import OPERATIONS
from rest_compat.contract import openapi_text
from rest_compat.examples import EXAMPLES
from rest_compat.history import HistoryRow
from rest_compat.openapi import openapi_document
from rest_compat.rows import FIELDS
from tests.rest_compat.desk import Desk

SCHEMA_KEYWORDS = """\
$ref additionalProperties anyOf const default description enum examples format items maxItems maxLength
maximum minItems minLength minimum pattern properties propertyNames required type
"""
SNAPSHOT = Path(__file__).parents[2] / "schema" / "openapi.yaml"

DOCUMENTED = """\
POST /auth/check-email
POST /auth/verify-email
POST /auth/register
POST /auth/sessions
DELETE /auth/sessions
POST /auth/forgot-password
POST /auth/reset-password
GET /user
PATCH /user
GET /market-data/sessions
GET /market-data/strikes/{date}
GET /market-data/option-chain-snapshots/{timestamp}
GET /market-data/option-chain-snapshots/{start}/{end}
GET /market-data/historical/{date}
GET /market-data/average-expected-move
POST /simulations
GET /simulations
GET /simulations/{simulation_id}
PATCH /simulations/{simulation_id}
DELETE /simulations/{simulation_id}
POST /simulations/{simulation_id}/orders
GET /simulations/{simulation_id}/orders
PUT /simulations/{simulation_id}/orders
POST /simulations/{simulation_id}/orders/dry-run
GET /simulations/{simulation_id}/orders/{order_id}
DELETE /simulations/{simulation_id}/orders/{order_id}
GET /simulations/{simulation_id}/positions
GET /simulations/{simulation_id}/transactions
GET /simulations/{simulation_id}/history
GET /accounts
POST /accounts
GET /accounts/{account_id}
PATCH /accounts/{account_id}
DELETE /accounts/{account_id}
GET /accounts/{account_id}/sessions
POST /accounts/{account_id}/sessions
GET /accounts/{account_id}/sessions/current
GET /accounts/{account_id}/sessions/head
GET /accounts/{account_id}/sessions/{session_id}
PATCH /accounts/{account_id}/sessions/{session_id}
DELETE /accounts/{account_id}/sessions/{session_id}
POST /accounts/{account_id}/sessions/{session_id}/orders
GET /accounts/{account_id}/sessions/{session_id}/orders
PUT /accounts/{account_id}/sessions/{session_id}/orders
POST /accounts/{account_id}/sessions/{session_id}/orders/dry-run
GET /accounts/{account_id}/sessions/{session_id}/orders/{order_id}
DELETE /accounts/{account_id}/sessions/{session_id}/orders/{order_id}
GET /accounts/{account_id}/sessions/{session_id}/positions
GET /accounts/{account_id}/sessions/{session_id}/transactions
GET /accounts/{account_id}/sessions/{session_id}/history
POST /live
GET /live
DELETE /live
POST /live/orders
GET /live/orders
PUT /live/orders
POST /live/orders/dry-run
GET /live/orders/{order_id}
DELETE /live/orders/{order_id}
GET /live/positions
GET /live/transactions
GET /live/history
POST /strategies/preview
GET /strategies/preview/{source_hash}/results
POST /strategies/preview/abandon
GET /strategies
POST /strategies
GET /strategies/{strategy_id}
PATCH /strategies/{strategy_id}
DELETE /strategies/{strategy_id}
GET /strategies/{strategy_id}/results/days
GET /strategies/{strategy_id}/results/days.csv
POST /strategies/{strategy_id}/results/update
GET /strategies/{strategy_id}/results/days/{date}
GET /__ws
"""


def models() -> dict[str, type[BaseModel]]:
    """Every model of a body, by its name in the document."""
    found: dict[str, type[BaseModel]] = {}
    pending: list[Any] = [m for one in OPERATIONS for m in (one.takes.body, one.gives.model)]
    while pending:
        kind = pending.pop()
        pending += getattr(kind, "__args__", ())
        if isinstance(kind, type) and issubclass(kind, BaseModel) and kind.__name__ not in found:
            found[kind.__name__] = kind
            pending += [field.annotation for field in kind.model_fields.values()]
    return found


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every schema of the document, those within others too."""
    if isinstance(node, list):
        for one in node:
            yield from schemas(one)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in {"schema", "items", "additionalProperties"} and isinstance(value, dict):
                yield value
            elif name == "anyOf":
                yield from value
            elif name in {"properties", "schemas"}:
                yield from value.values()
            if name not in {"example", "examples"}:
                yield from schemas(value)


def test_promised_document_is_the_generated_one() -> None:
    assert SNAPSHOT.read_text() == openapi_text(), "the contract changed: run `zerodte schema`"


def test_every_keyword_of_a_schema_is_one_of_json_schema() -> None:
    document = openapi_document(OPERATIONS)

    assert {word for one in schemas(document) for word in one} - set(SCHEMA_KEYWORDS.split()) == set()


def test_every_documented_operation_is_served() -> None:
    served = [f"{one.method} {one.path}\n" for one in OPERATIONS if one.tag != "Documents"]

    assert "".join(served) == DOCUMENTED


def test_operation_ids_are_unique() -> None:
    ids = [one.id for one in OPERATIONS]

    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", sorted(set(EXAMPLES) & set(models())))
def test_examples_fit_their_models(name: str) -> None:
    models()[name].model_validate(EXAMPLES[name])


def test_every_example_is_in_the_document() -> None:
    assert set(EXAMPLES) <= {*models(), *(one.id for one in OPERATIONS)}


@pytest.mark.parametrize("operation", [one for one in OPERATIONS if one.id in EXAMPLES])
def test_examples_fit_their_answers(operation: Any) -> None:
    TypeAdapter(operation.gives.model).validate_python(EXAMPLES[operation.id])


def test_history_rows_are_documented_as_they_are_encoded() -> None:
    assert list(HistoryRow.model_fields) == ["timestamp", *FIELDS]


def test_references_lead_somewhere() -> None:
    document = openapi_document(OPERATIONS)
    for reference in _references(document):
        part: Any = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    if not isinstance(node, dict):
        return []
    own = [node["$ref"]] if "$ref" in node else []
    return own + [found for item in node.values() for found in _references(item)]


async def test_document_is_served_to_visitors(visitor: Desk) -> None:
    answer = await visitor.get("/openapi.yaml")

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/yaml")
    assert yaml.safe_load(answer.text) == openapi_document(OPERATIONS)


async def test_index_for_agents_names_every_operation(visitor: Desk) -> None:
    answer = await visitor.get("/llms.txt")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("# zerodte\n\n> ")
    assert all(f"`{line}`" in answer.text for line in DOCUMENTED.splitlines())
