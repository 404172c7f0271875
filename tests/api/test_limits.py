import time
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.documents import ERRORS_MAX
from api.limits import Limits
from tests.api.asking import Asker, Desk, application
from tests.people import cut_off

SMALL = Limits(input_list=3)


def asker(limits: Limits | None = None) -> Asker:
    return Asker(application(cut_off(), limits))


async def refusal(
    document: str, variables: dict[str, Any] | None = None, limits: Limits | None = None
) -> str:
    (error,) = await asker(limits).errors(document, variables)
    assert error["extensions"] == {"code": "MALFORMED"}
    return str(error["message"])


def orders_at(depth: int) -> str:
    """Fields that open each other to the depth asked for, the leaf counted."""
    names = ["simulations", "nodes", "orders", "nodes", "transactions", "uuid"]
    return "{" + " {".join(names[:depth]) + "}" * depth


async def test_depth_is_counted_through_fragments() -> None:
    shallow = Limits(depth=5, complexity=10**6)
    fragment = (
        "{ simulations { nodes { ...S } } }"
        " fragment S on Session { orders { nodes { transactions { uuid } } } }"
    )
    assert await refusal(orders_at(6), limits=shallow) == "The operation is too large: depth 6, at most 5."
    assert await refusal(fragment, limits=shallow) == "The operation is too large: depth 6, at most 5."


async def test_thirty_aliases_and_no_more() -> None:
    def aliased(count: int) -> str:
        names = " ".join(f"a{i}: __typename" for i in range(count))
        return "{ simulations { " + names + " } }"

    assert await refusal(aliased(31)) == "The operation is too large: aliases 31, at most 30."
    (allowed,) = await asker().errors(aliased(30))
    assert allowed["extensions"]["code"] == "UNAUTHENTICATED"


async def test_twenty_root_fields_and_no_more() -> None:
    message = await refusal("{" + " __typename" * 21 + "}")
    assert message == "The operation is too large: root fields 21, at most 20."


async def test_two_thousand_tokens_and_no_more() -> None:
    assert "more than 2000 tokens" in await refusal("{" + " __typename" * 2000 + "}")


async def test_pages_within_pages_multiply() -> None:
    query = "query($n: Int!) { simulations(first: $n) { nodes { orders(first: 9) { nodes { uuid } } } } }"
    assert await refusal(query, {"n": 100}) == "The operation is too large: complexity 1101, at most 1000."
    (allowed,) = await asker().errors(query, {"n": 90})
    assert allowed["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_list_in_a_variable_or_in_the_text_is_bounded_alike() -> None:
    legs = '[{instrument: "SPXW  250115C05950000", quantity: 1, action: BUY_TO_OPEN}' + ", null" * 3 + "]"
    given = f'{{sessionId: "x", order: {{type: LIMIT, legs: {legs}}}}}'
    literal = f"mutation {{ dryRunOrder(input: {given}) {{ version }} }}"
    errors = await asker(SMALL).errors(literal)
    assert "The operation is too large: input list items 4, at most 3." in [e["message"] for e in errors]
    message = await refusal("query($id: ID!) { node(id: $id) { id } }", {"id": ["x"] * 4}, SMALL)
    assert message == "The operation is too large: input list items 4, at most 3."


async def test_inputs_nest_no_deeper_than_thirty_two() -> None:
    value: Any = "x"
    for _ in range(40):
        value = [value]
    message = await refusal("query($id: ID!) { node(id: $id) { id } }", {"id": value})
    assert message == "The operation is too large: input depth 33, at most 32."


@pytest.mark.parametrize(
    ("inside", "answer"),
    [
        ("...f{next} ...f{next}", "A valid token is required."),
        ("marketDay {{ id }} ...f{next} ...f{next}", "The operation is too large: complexity"),
        ("a: id ...f{next} ...f{next}", "The operation is too large: aliases"),
    ],
)
async def test_fragments_that_double_at_every_step_cost_no_more_than_their_text(
    inside: str, answer: str
) -> None:
    steps = 60
    fragments = " ".join(
        f"fragment f{i} on Session {{ " + inside.format(next=i + 1) + " }" for i in range(steps)
    )
    document = f"{{ simulations {{ nodes {{ ...f0 }} }} }} {fragments} fragment f{steps} on Session {{ id }}"
    started = time.process_time()
    errors = await asker().errors(document)
    assert errors[0]["message"].startswith(answer)
    assert time.process_time() - started < 2


async def test_variables_are_no_longer_than_a_document() -> None:
    document = "query($id: ID!) { node(id: $id) { id } }"
    message = await refusal(document, {"id": "x" * 32_760})
    assert message == "The operation is too large: characters of variables 32769, at most 32768."


async def test_of_values_that_do_not_fit_ten_are_told() -> None:
    document = "mutation($input: PlaceOrderInput!) { placeOrder(input: $input) { version } }"
    errors = await asker().errors(document, {"input": {f"f{number}": 1 for number in range(30)}})
    assert {error["extensions"]["code"] for error in errors} == {"MALFORMED"}
    assert len(errors) == ERRORS_MAX + 1
    assert errors[-1]["message"].startswith("Too many errors processing variables")


async def test_text_holds_no_nul_in_a_variable_or_in_the_document() -> None:
    document = "mutation($email: String!) { checkEmail(input: {email: $email}) { hasPassword } }"
    literal = 'mutation { checkEmail(input: {email: "a\\u0000b"}) { hasPassword } }'
    assert await refusal(document, {"email": "a\0b"}) == "Text must not hold NUL characters."
    (error,) = await asker().errors(literal)
    assert error["message"] == "Text must not hold NUL characters."


async def test_introspection_is_open_but_not_endless() -> None:
    data = await asker().ask("{ __schema { queryType { name } } }")
    assert data == {"__schema": {"queryType": {"name": "Query"}}}
    circular = "{ __schema { types" + " { fields { type" * 4 + " { name }" + " } }" * 4 + " } }"
    assert await refusal(circular) == "Maximum introspection depth exceeded"


async def test_an_operation_is_stopped_when_its_time_is_over(desk: Desk) -> None:
    impatient = application(desk.town.ports, replace(Limits(), execution_seconds=0))
    with capture_logs() as logs:
        (error,) = await Asker(impatient, desk.owner.token).errors("{ marketSessions { nodes { id } } }")
    (logged,) = [entry for entry in logs if entry["event"] == "graphql_stopped"]
    assert error["message"] == (
        "The operation was stopped after 0 seconds. A mutation may have taken effect: "
        f"look before you repeat it. Quote {logged['quote']} when you report it."
    )
    assert error["extensions"] == {
        "code": "INTERNAL", "reason": "unavailable", "retryAfterSeconds": 2, "id": logged["quote"]
    }  # fmt: skip
