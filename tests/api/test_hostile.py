import re
from collections import Counter
from collections.abc import Callable, Iterable

import pytest
from sqlalchemy import text

from engine.denials import Code
from store.database import Database
from tests.api.asking import Asker, Desk, open_simulation, place
from tests.api.hostile_cases import Case, documents, transports, variables
from tests.api.measuring import Answer, answered

CPU_MILLISECONDS_MAX = 50
TOP_LEVEL = {"UNAUTHENTICATED", "RATE_LIMITED", "MALFORMED"}
REFUSED = {200, 400, 401, 405, 413, 415}
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


def faults(case: Case, answer: Answer, secrets: Iterable[str]) -> list[str]:
    """What is wrong with an answer to a hostile request."""
    errors = answer.errors()
    codes = {error.get("code") or error["extensions"]["code"] for error in errors}  # type: ignore[index]
    return [
        f"{case.name}: {fault}"
        for fault, found in {
            f"status {answer.status}": answer.status not in REFUSED,
            "not refused": not errors and b'":null}' not in answer.body,
            f"codes {codes}": not codes <= TOP_LEVEL | {code.value for code in Code},
            "no message": not all(error["message"] for error in errors),
            "early and uncoded": answer.status != 200 and "x-error-code" not in answer.headers,
            f"tells {INSIDE.findall(answer.body)}": INSIDE.search(answer.body),
            "a secret": any(secret.encode() in answer.body for secret in secrets),
            f"{len(answer.body)} bytes": len(answer.body) > 20_000,
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
        found += faults(case, answer, [str(desk.owner.token), "owner@example.com"])
        if answer.milliseconds > CPU_MILLISECONDS_MAX:
            cost = await dear(desk.owner, case)
            found += [f"{case.name}: {cost:.0f} ms"] if cost > CPU_MILLISECONDS_MAX else []
    assert found == []
    assert await contents(desk.town.ports.database) == before


def test_there_are_five_hundred_hostile_requests_at_least() -> None:
    cases = [*documents(), *variables("x"), *transports()]
    assert len(cases) >= 500
    assert max(Counter(case.name for case in cases).values()) == 1
