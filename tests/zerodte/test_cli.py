import asyncio
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from marketdata.importing import FORMATS
from runtime.settings import unknown_variables
from store.migrating import head
from tests.days import DATE, publish_tiny_day
from tests.ledgers import long_account
from tests.people import town
from zerodte.cli import app, read_settings
from zerodte.connecting import address_of, environment
from zerodte.failures import HOPELESS, CannotRun


def invoke(*words: object) -> str:
    """What a command prints, or why it cannot run."""
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(outcome.exception, CannotRun):
        return f"refused: {outcome.exception}"
    assert outcome.exit_code == 0, outcome.output
    return outcome.output


def test_an_option_wins_over_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZERODTE_PORT", "9000")
    assert read_settings(port=None).port == 9000
    assert read_settings(port=9001).port == 9001


def test_a_setting_out_of_bounds_is_named() -> None:
    with pytest.raises(CannotRun, match=r"^--port: Input should be less than or equal to 65535$"):
        read_settings(port=70000)
    with pytest.raises(CannotRun, match=r"^--market: must be demo, none, stdin, push:PORT, "):
        read_settings(market="replay:yesterday")


def test_a_variable_that_can_never_work_is_named_in_one_line_and_its_value_is_not(tmp_path: Path) -> None:
    variables = {"ZERODTE_DATABASE_URL": "hush", "ZERODTE_SMTP_URL": "http://ada:hush@mail"}
    ended = subprocess.run(
        [sys.executable, "-m", "zerodte.cli", "migrate", "--data-dir", str(tmp_path)],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == HOPELESS
    assert ended.stderr == (
        "zerodte: ZERODTE_DATABASE_URL: must be postgresql://user:password@host:port/name; "
        "ZERODTE_SMTP_URL: must be smtp://user:password@host:587 or smtps://user:password@host:465\n"
    )


def test_a_variable_that_is_no_setting_is_told_of_with_the_one_that_is_near(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name, value in {
        "ZERODTE_PROT": "1",
        "ZERODTE_ZZZZ": "1",
        "ZERODTE_EMPTY": "",
        "zerodte_port": "1",
    }.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(app, ["days", "--data-dir", str(tmp_path)]).stderr
    assert told == (
        "zerodte: ZERODTE_PROT is no setting; ZERODTE_PORT is\n"
        "zerodte: ZERODTE_ZZZZ is no setting, see the README for those there are\n"
    )
    inherited = os.environ | environment(read_settings(), tmp_path)
    assert unknown_variables(inherited) == []


def test_the_version_is_the_releases() -> None:
    assert invoke("--version") == f"zerodte {version('zerodte')}\n"


def test_generated_days_are_listed(tmp_path: Path) -> None:
    assert "2025-01-15" in invoke("generate", "--from", "2025-01-15", "--days", 1, "--data-dir", tmp_path)
    again = invoke("generate", "--from", "2025-01-15", "--days", 1, "--data-dir", tmp_path)
    assert again == "1 of 1 were there already\n"
    assert "2025-01-15" in invoke("days", "--data-dir", tmp_path)


def test_a_damaged_day_is_named(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path / "days")
    assert "every file is as it was published" in invoke("days", "--verify", "--data-dir", tmp_path)
    largest = max(tmp_path.glob("days/*/*/*"), key=lambda file: file.stat().st_size)
    largest.chmod(0o600)
    largest.write_bytes(largest.read_bytes()[:-1])
    damaged = CliRunner().invoke(app, ["days", "--verify", "--data-dir", str(tmp_path)])
    assert isinstance(damaged.exception, CannotRun)
    assert largest.name in damaged.output.replace("\n", "")


def test_an_empty_library_says_how_to_fill_it(tmp_path: Path) -> None:
    assert invoke("days", "--data-dir", tmp_path) == (
        f"no day is recorded in {tmp_path / 'days'}; try `zerodte generate --from 2025-01-13 --days 5`\n"
    )


def test_a_date_that_cannot_be_read_is_listed_as_such(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path / "days")
    (tmp_path / "days" / DATE.isoformat() / "CURRENT").write_text("elsewhere\n")
    said = invoke("days", "--data-dir", tmp_path)
    assert said == f"{DATE} cannot be read: `zerodte days --verify` tells why\n"


def test_a_recorded_day_is_left_alone_and_that_is_all_that_is_said(tmp_path: Path) -> None:
    publish_tiny_day(tmp_path / "days")
    said = invoke("generate", "--from", DATE.isoformat(), "--days", 1, "--data-dir", tmp_path)
    assert said.strip() == f"{DATE} was left alone: it is recorded"


@pytest.mark.parametrize("words", [("generate", "--from", "2025-01-15", "--days", 1), ("up", "--port", 0)])
def test_a_data_directory_that_is_a_file_is_named(words: tuple[object, ...], tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert invoke(*words, "--data-dir", file).startswith(f"refused: {file}")


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("import", "csv", "x"), f"refused: format: unknown 'csv', choose from auto, {', '.join(FORMATS)}"),
        (
            ("import", "cboe", "x", "--settlement", "high"),
            "refused: settlement: must be a price with up to two places, like 2743.15, not high",
        ),
        (
            ("import", "cboe", "x", "--settlement", "2743.155"),
            "refused: settlement: must be a price with up to two places, like 2743.15, not 2743.155",
        ),
        (
            ("import", "cboe", "x", "--settlement", "1e12"),
            "refused: settlement: must be a price with up to two places, like 2743.15, not 1e12",
        ),
        (
            ("generate", "--from", "1999-01-04", "--days", 1),
            "refused: days: 1 from 1999-01-04 leaves the session table, 2005-01-03 to 2030-12-31",
        ),
        (("worker", "matcher"), "refused: worker: unknown 'matcher', choose from batch, live"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_accepted_values(
    words: tuple[object, ...], reason: str, tmp_path: Path
) -> None:
    where = () if words[0] == "worker" else ("--data-dir", tmp_path)
    assert invoke(*words, *where) == reason


def test_a_database_that_is_away_is_said_to_be(tmp_path: Path) -> None:
    assert invoke("migrate", "--data-dir", tmp_path).startswith("refused: the database cannot be reached")


@pytest.mark.parametrize(
    ("variable", "words", "url"),
    [
        ("DATABASE", ("migrate",), "postgresql://ada:hush@127.0.0.1:1/zerodte"),
        ("DATABASE", ("operator", "add", "ada@example.com"), "postgresql://ada:hush@127.0.0.1:1/zerodte"),
        ("DATABASE", ("up", "--port", 0), "postgresql://ada:hush@127.0.0.1:1/zerodte"),
        ("REDIS", ("up", "--port", 0), "redis://:hush@127.0.0.1:1/0"),
    ],
)
def test_a_named_server_that_is_away_is_told_by_its_address(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, words: tuple[object, ...], url: str
) -> None:
    monkeypatch.setenv(f"ZERODTE_{variable}_URL", url)
    assert invoke(*words, "--data-dir", tmp_path) == (
        f"refused: nothing answers at 127.0.0.1:1: start that server, or correct ZERODTE_{variable}_URL"
    )


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgresql://ada:p@db/zerodte", ("db", 5432)),
        ("postgresql+asyncpg://db:6000/zerodte", ("db", 6000)),
        ("postgresql://ada:h#u/s?h@db/zerodte?ssl=require", ("db", 5432)),
        ("postgresql://ada@/zerodte?host=/run/postgresql", None),
        ("rediss://[::1]/0", ("::1", 6379)),
        ("unix:///run/valkey.sock?db=0", None),
    ],
)
def test_an_address_is_that_of_its_url(url: str, address: tuple[str, int] | None) -> None:
    assert address_of(url) == address


@pytest.fixture
def at_database(database_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ZERODTE_DATABASE_URL", database_url)
    monkeypatch.setenv("ZERODTE_REDIS_URL", redis_url)
    monkeypatch.setenv("ZERODTE_DATA_DIR", str(tmp_path))
    return database_url


async def test_migrating_again_changes_nothing(at_database: str) -> None:
    assert await asyncio.to_thread(invoke, "migrate") == f"the database has schema {head()}, this release's\n"
    connection = await asyncpg.connect(at_database)
    assert await connection.fetchval("SELECT version_num FROM alembic_version") == head()
    await connection.close()


async def test_an_operator_is_somebody_with_an_account(
    at_database: str, redis_url: str, tmp_path: Path
) -> None:
    def add(email: str) -> str:
        return invoke("operator", "add", email)

    async with town(at_database, redis_url, tmp_path) as people:
        assert await asyncio.to_thread(add, "ada@example.com") == "refused: no account has this address"
        token = await people.person("ada@example.com")
        assert await asyncio.to_thread(add, "Ada@Example.com") == "Ada@Example.com is an operator\n"
        viewer = await people.viewer(token)
        assert viewer is not None
        assert viewer.operator


async def test_an_audit_proves_the_books_or_fails_with_what_is_wrong(
    at_database: str, redis_url: str, tmp_path: Path
) -> None:
    async with town(at_database, redis_url, tmp_path / "days") as people:
        trader = await people.viewer(await people.person("ada@example.com"))
        assert trader is not None
        account = await long_account(people, trader, 10)
    assert await asyncio.to_thread(invoke, "audit") == (
        "the books are right: 1 account, 10 settled days, 11 entries; 10 days recomputed from the fills;"
        " the settlement of 9 days only within bounds, for want of the recording\n"
    )

    connection = await asyncpg.connect(at_database)
    await connection.execute("UPDATE accounts SET version = version + 1")
    await connection.close()
    failed = await asyncio.to_thread(CliRunner().invoke, app, ["audit"])
    assert failed.exit_code == 1
    assert failed.output == (
        f"account_events_numbered: account {account.id}: 3 events, 1 to 3, at version 4\n"
    )
