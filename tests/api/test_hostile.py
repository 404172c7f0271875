import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from sqlalchemy import text

from engine.denials import Code
from store.database import Database
from tests.api.asking import Asker, Desk, open_simulation, place
from tests.api.hostile_cases import Case, documents, large, transports, variables
from tests.api.measuring import Answer, answered

CPU_MILLISECONDS_MAX = 50
TOP_LEVEL = {"UNAUTHENTICATED", "RATE_LIMITED", "MALFORMED"}
ANSWER_BYTES_MAX = 20_000
STATUSES = {200, 400, 401, 405, 413, 415}
INSIDE = re.compile(
    rb"Traceback|File \"|postgres|asyncpg|sqlalchemy|redis|Exception|/src/|0x[0-9a-f]{8}", re.IGNORECASE
)


async def contents(database: Database) -> dict[str, str]:
    """A digest of every table that an operation could write."""
    async with database.reading() as tx:
        names = await tx.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        tables = sorted(names.scalars())
        digest = "SELECT md5(coalesce(string_agg(t::text, ',' ORDER BY t::text), '')) FROM {} t"
        return {table: (await tx.execute(text(digest.format(f'"{table}"')))).scalar_one() for table in tables}


def code_of(error: dict[str, Any]) -> object:
    """The code of a top-level error, or of a denial where it was selected."""
    return error["extensions"]["code"] if "extensions" in error else error.get("code")


def coding_faults(answer: Answer) -> list[str]:
    """What is wrong with an answer to whatever was asked."""
    errors = answer.errors()
    codes = {code_of(error) for error in errors} - {None}
    return [
        fault
        for fault, found in {
            f"status {answer.status}": answer.status not in STATUSES,
            f"codes {codes}": not codes <= TOP_LEVEL | {code.value for code in Code},
            "no message": not all(error.get("message", "unasked") for error in errors),
            "early and uncoded": answer.status != 200 and "x-error-code" not in answer.headers,
            f"tells {INSIDE.findall(answer.body)}": INSIDE.search(answer.body),
        }.items()
        if found
    ]


def faults(answer: Answer, secrets: Iterable[str]) -> list[str]:
    """What is wrong with an answer to a hostile request."""
    return coding_faults(answer) + [
        fault
        for fault, found in {
            "not refused": not answer.errors() and b'":null}' not in answer.body,
            "a secret": any(secret.encode() in answer.body for secret in secrets),
            f"{len(answer.body)} bytes": len(answer.body) > ANSWER_BYTES_MAX,
        }.items()
        if found
    ]


async def dear(asker: Asker, case: Case) -> float:
    """The milliseconds of processor that a case costs at least, of three tries where the first is dear."""
    least = float("inf")
    for _ in range(3):
        least = min(least, (await answered(asker, case)).milliseconds)
        if least <= CPU_MILLISECONDS_MAX:
            break
    return least


@pytest.mark.parametrize("family", [documents, variables, transports])
async def test_hostile_requests_are_refused_cheaply_and_change_nothing(
    desk: Desk, family: Callable[..., list[Case]]
) -> None:
    opened = await open_simulation(desk.owner)
    await place(desk.owner, opened["id"])
    before = await contents(desk.town.ports.database)
    cases = variables(opened["id"]) if family is variables else family()
    found = []
    for case in cases:
        answer = await answered(desk.owner, case)
        wrong = faults(answer, [str(desk.owner.token), "owner@example.com"])
        if answer.milliseconds > CPU_MILLISECONDS_MAX:
            cost = await dear(desk.owner, case)
            wrong += [f"{cost:.0f} ms"] if cost > CPU_MILLISECONDS_MAX else []
        found += [f"{case.name}: {fault}" for fault in wrong]
    assert found == []
    assert await contents(desk.town.ports.database) == before


@pytest.mark.parametrize("place_in_list", range(len(large())), ids=[case.name for case in large()])
async def test_what_is_allowed_and_large_is_cheap_too(desk: Desk, place_in_list: int) -> None:
    answers = [await answered(desk.owner, large(nth)[place_in_list]) for nth in range(3)]
    assert [coding_faults(answer) for answer in answers] == [[], [], []]
    assert min(answer.milliseconds for answer in answers) <= CPU_MILLISECONDS_MAX


def test_there_are_five_hundred_hostile_requests_at_least() -> None:
    cases = [*documents(), *variables("x"), *transports()]
    assert len(cases) >= 500
    assert max(Counter(case.name for case in cases).values()) == 1
