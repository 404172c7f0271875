"""GraphQL as Schemathesis makes it from the schema: valid documents, whatever the arguments are."""

import asyncio
from collections.abc import Callable

import hypothesis
import pytest
import schemathesis
from graphql import StringValueNode
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st
from schemathesis.graphql import nodes

from api.contract import schema_text
from tests.api.asking import CALL_5950, Desk, open_simulation, place
from tests.api.hostile_cases import asked
from tests.api.measuring import Answer, answered
from tests.api.test_hostile import coding_faults, contents

EXAMPLES, EXAMPLES_IN_SOAK = 8, 400
REMEMBERED = {"email_codes", "login_failures", "outbox"}  # a mailed code, a failed login: also where denied

GRAPHQL = schemathesis.graphql.from_file(schema_text())
OPERATIONS = {found.ok().label: found.ok() for found in GRAPHQL.get_all_operations()}


def some(*values: str) -> st.SearchStrategy[StringValueNode]:
    return st.sampled_from([*values, "", "-1", "x"]).map(nodes.String)


schemathesis.graphql.scalar("Decimal", some("4.00", "100000", "0.01", "1e9"))
schemathesis.graphql.scalar("DateTime", some("2025-01-15T14:31:00Z", "2025-01-15T14:31:00"))
schemathesis.graphql.scalar("Date", some("2025-01-15", "2025-01-16", "2025-13-01"))
schemathesis.graphql.scalar("OsiSymbol", some(CALL_5950, "SPXW  250115X05950000"))


def settings() -> hypothesis.settings:
    soaking = hypothesis.settings.get_current_profile_name() == "soak"
    return hypothesis.settings(
        max_examples=EXAMPLES_IN_SOAK if soaking else EXAMPLES,
        derandomize=not soaking,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def probed(label: str, send: Callable[[str], list[str]]) -> list[str]:
    """What is wrong with the answers to one operation; ``send`` judges a document's answer."""
    found: list[str] = []

    @settings()
    @given(OPERATIONS[label].as_strategy())
    def probe(case: schemathesis.Case) -> None:
        found.extend(send(str(case.body)))

    probe()
    return found


def judged(answer: Answer, before: dict[str, str], after: dict[str, str]) -> list[str]:
    changed = {table for table in before if before[table] != after[table]} - REMEMBERED
    denied = answer.errors() and b'"userErrors":[]' not in answer.body
    return [*coding_faults(answer), *(f"changed {table}" for table in changed if denied)]


@pytest.mark.parametrize("label", OPERATIONS)
async def test_operations_made_from_the_schema_meet_no_fault_of_ours(desk: Desk, label: str) -> None:
    await place(desk.owner, (await open_simulation(desk.owner))["id"])
    loop, database = asyncio.get_running_loop(), desk.town.ports.database

    async def ask(document: str) -> list[str]:
        before = await contents(database)
        answer = await answered(desk.owner, asked(label, document))
        faults = judged(answer, before, await contents(database))
        return [f"{fault}: {document} {answer.body[:300]!r}" for fault in faults]

    def send(document: str) -> list[str]:
        return asyncio.run_coroutine_threadsafe(ask(document), loop).result()

    assert await asyncio.to_thread(probed, label, send) == []
