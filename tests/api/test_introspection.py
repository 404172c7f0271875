"""Introspection answered from memory."""

import pytest
from graphql import get_introspection_query, graphql_sync, parse

from api.introspection import asks_schema_only
from api.limits import Limits
from api.schema import build_schema
from tests.api.asking import Desk


async def test_the_standard_query_is_answered_alike_again_and_charged_again(desk: Desk) -> None:
    query = get_introspection_query()
    expected = graphql_sync(build_schema(Limits())._schema, query).data
    first, second = [(await desk.owner.post(query)).json() for _ in range(2)]
    assert first["data"] == second["data"] == expected
    assert first["extensions"]["complexity"] == {"cost": 71, "remaining": 999_929}
    assert second["extensions"]["complexity"]["remaining"] <= 999_929


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { queryType { name } } }",
        'query Q { a: __type(name: "User") { name } __schema { description } }',
    ],
)
def test_an_answer_that_only_the_schema_decides_is_kept(document: str) -> None:
    assert asks_schema_only(parse(document))


@pytest.mark.parametrize(
    "document",
    [
        "query($name: String!) { __type(name: $name) { name } }",
        "{ __schema { description } viewer { id } }",
        "{ ...F } fragment F on Query { viewer { id } }",
        "query A { __schema { description } } query B { viewer { id } }",
    ],
)
def test_another_is_not(document: str) -> None:
    assert not asks_schema_only(parse(document))
