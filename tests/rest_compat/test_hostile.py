"""A hostile caller is refused by name, changes nothing, and is told nothing that is not his."""

import re
from typing import Any

from sqlalchemy import text

from rest_compat.errors import STATUS_OF
from tests.people import Town
from tests.rest_compat.asking import Answer, asked, whole_application
from tests.rest_compat.desk import Desk
from tests.rest_compat.everything import opened
from tests.rest_compat.hostility import Case, Ground, hostile_requests

CASES_MIN = 1_000
MESSAGE_LENGTH_MAX = 200
STATUS = {code.value: status for code, status in STATUS_OF.items()}
TABLES = ("users", "sessions", "orders", "session_events", "idempotency_keys", "outbox")
INSIDES = re.compile(r"Traceback|pydantic|Decimal|asyncpg|sqlalchemy|\(char \d|Expecting|ValueError|codec")


async def stored(town: Town) -> dict[str, list[Any]]:
    async with town.ports.database.reading() as tx:
        return {
            name: list(await tx.scalars(text(f"SELECT t::text FROM {name} t ORDER BY 1"))) for name in TABLES
        }


def is_named(case: Case, message: str) -> bool:
    """What is no JSON has no field to name; a mailed code is named in words."""
    return any(name in message for name in (case.names, case.names.replace("_", " "), "the body"))


def faults(case: Case, answer: Answer) -> list[str]:
    code = answer.headers.get("x-error-code", "")
    wrong = {
        "status": answer.status in case.status,
        "code": STATUS.get(code) == answer.status,
        "type": answer.headers.get("content-type") == "text/plain; charset=utf-8",
        "length": 0 < len(answer.text) <= MESSAGE_LENGTH_MAX,
        "names": is_named(case, answer.text),
        "insides": not INSIDES.search(answer.text),
    }
    return [name for name, is_right in wrong.items() if not is_right]


async def test_hostile_requests_are_refused_by_name_and_change_nothing(trader: Desk, stranger: Desk) -> None:
    ground = Ground(await opened(trader), await opened(stranger))
    token = trader.http.headers["Authorization"].encode()
    cases = list(hostile_requests(ground))
    before = await stored(trader.town)

    wrong = {}
    async with whole_application(trader.town.ports) as app:
        for case in cases:
            answer = await asked(app, case, token)
            if found := faults(case, answer):
                wrong[case.id] = (found, answer.status, answer.text[:200])

    assert wrong == {}
    assert await stored(trader.town) == before
    assert len({case.id for case in cases}) >= CASES_MIN
