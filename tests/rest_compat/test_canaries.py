"""Planted secrets are found in no answer and no log, whatever is asked and whatever is down."""

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import replace
from pathlib import Path

import structlog
from starlette.types import ASGIApp

from bus.buckets import Buckets
from bus.jobs import Jobs
from bus.topics import Topics
from runtime.logs import configure_logs
from store.database import Database
from tests.days import publish_tiny_day
from tests.people import SECRET, Town
from tests.people import town as a_town
from tests.rest_compat.asking import asked, whole_application
from tests.rest_compat.desk import NOW, Desk, at_market_time, client
from tests.rest_compat.everything import opened
from tests.rest_compat.hostility import Case, Ground, good_requests, hostile_requests
from usecases.ports import Ports

PASSWORD = "canary-of-a-password"
DATABASE_AWAY = "postgresql://canary-of-a-user:canary-of-the-database@127.0.0.1:1/zerodte"
REDIS_AWAY = "redis://canary-of-a-user:canary-of-redis@127.0.0.1:1/0"
STAMPS = re.compile(r'"timestamp":"[^"]*"|"milliseconds":[0-9.]+')  # digits that may look like a code


@contextmanager
def logs() -> Iterator[io.StringIO]:
    """What the product's own logs hold at their most talkative, from all libraries too."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    try:
        with redirect_stderr(written):
            configure_logs("DEBUG")
            yield written
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def sighted(canaries: list[str], texts: list[str]) -> list[str]:
    """The canaries that one of the texts holds, with the text around them."""
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(canary)}(?!\w)" for canary in canaries))
    found = [(text, match) for text in texts if (match := pattern.search(STAMPS.sub("", text)))]
    return [f"{match[0]} in {text[:300]}" for text, match in found]


async def told(app: ASGIApp, cases: list[Case], token: str) -> list[str]:
    answers = [await asked(app, case, token.encode()) for case in cases]
    return [f"{answer.headers} {answer.text}" for answer in answers]


def cut_off(town: Town) -> Ports:
    """The same installation, from where neither PostgreSQL nor Redis can be reached."""
    return replace(
        town.ports,
        database=Database(DATABASE_AWAY),
        jobs=Jobs(REDIS_AWAY),
        topics=Topics(REDIS_AWAY),
        buckets=Buckets(REDIS_AWAY),
    )


def planted(case: Case, code: str) -> Case:
    """The case with our password and our code in the place of the usual ones."""
    secrets = {b"correct-horse-battery": PASSWORD.encode(), b"000000": code.encode()}
    chunks = case.chunks
    for usual, secret in secrets.items():
        chunks = tuple(chunk.replace(usual, secret) for chunk in chunks)
    return replace(case, chunks=chunks)


async def test_no_secret_is_told_or_logged(database_url: str, redis_url: str, tmp_path: Path) -> None:
    publish_tiny_day(tmp_path)
    with logs() as written:
        async with a_town(database_url, redis_url, tmp_path) as plain:
            town = at_market_time(plain, NOW)
            code = await town.code("somebody@example.com")
            owner = await town.person("owner@example.com", PASSWORD)
            async with client(town.ports, owner.token) as http:
                ground = Ground(own := await opened(Desk(town, http)), own)
            cases = [planted(case, code) for case in (*good_requests(ground), *hostile_requests(ground))]
            async with whole_application(town.ports) as app:
                answers = await told(app, cases, owner.token)
            away = cut_off(town)
            async with whole_application(away) as app:
                answers += await told(app, cases[::50], owner.token)
    lines = written.getvalue().splitlines()

    outages = [line for line in lines if '"event":"outage"' in line]
    assert outages
    assert not any("Traceback" in line for line in outages), "there are many at once"
    away = ["canary-of-the-database", "canary-of-redis"]
    canaries = [PASSWORD, code, owner.token, SECRET.decode(), database_url, redis_url, *away]
    assert sighted(canaries, lines) == []
    assert sighted(canaries, answers) == []
