from pathlib import Path

import pytest

from engine.denials import Code
from engine.people import CODE_LOCKED, INVALID_CODE
from store.tables.users import UserRow
from tests.people import HOME, PASSWORD, Town, denied, wrong
from usecases import auth
from usecases.auth import EMAIL_NOT_FOUND, EMAIL_TAKEN, INVALID_CREDENTIALS, HasPassword, NewToken


async def test_registration_logs_in(town: Town) -> None:
    token = await town.person("trader@example.com")

    assert len(token.token) == 32
    assert await town.viewer(token) == token.viewer
    assert token.viewer.email == "trader@example.com"
    assert token.viewer.operator is False


async def test_addresses_are_the_same_in_any_case(town: Town) -> None:
    await town.person("Trader@Example.COM")

    assert await auth.check_email(town.ports, " trader@example.com ") == HasPassword(has_password=True)


async def test_malformed_address_is_refused(town: Town) -> None:
    denial = denied(await auth.request_code(town.ports, "trader"))

    assert (denial.code, denial.path) == (Code.INVALID_INPUT, ("email",))


async def test_check_email_tells_the_three_kinds_apart(town: Town) -> None:
    await town.person("password@example.com")
    await town.person("passwordless@example.com", password=None)

    assert await auth.check_email(town.ports, "password@example.com") == HasPassword(has_password=True)
    assert await auth.check_email(town.ports, "passwordless@example.com") == HasPassword(has_password=False)
    assert await auth.check_email(town.ports, "nobody@example.com") == EMAIL_NOT_FOUND


async def test_registration_needs_the_right_code(town: Town) -> None:
    code = await town.code("trader@example.com")

    outcome = await auth.register(town.ports, "trader@example.com", PASSWORD, wrong(code))

    assert outcome == INVALID_CODE
    assert await auth.check_email(town.ports, "trader@example.com") == EMAIL_NOT_FOUND


async def test_registration_needs_a_code_of_the_same_address(town: Town) -> None:
    code = await town.code("one@example.com")
    await town.code("other@example.com")

    assert await auth.register(town.ports, "other@example.com", PASSWORD, code) == INVALID_CODE


async def test_code_is_good_for_15_minutes(town: Town) -> None:
    early, late = await town.code("early@example.com"), await town.code("late@example.com")

    town.clock.pass_(minutes=15, seconds=-1)
    assert isinstance(await auth.register(town.ports, "early@example.com", None, early), NewToken)
    town.clock.pass_(seconds=1)
    assert await auth.register(town.ports, "late@example.com", None, late) == INVALID_CODE


async def test_code_works_once(town: Town) -> None:
    code = await town.code("trader@example.com")
    await auth.register(town.ports, "trader@example.com", None, code)

    assert await auth.login(town.ports, "trader@example.com", None, code, HOME) == INVALID_CODE


async def test_fifth_wrong_code_locks_the_right_one(town: Town) -> None:
    code = await town.code("trader@example.com")
    for _ in range(5):
        outcome = await auth.register(town.ports, "trader@example.com", None, wrong(code))
        assert outcome == INVALID_CODE

    assert await auth.register(town.ports, "trader@example.com", None, code) == CODE_LOCKED


async def test_fresh_code_opens_a_locked_address(town: Town) -> None:
    code = await town.code("trader@example.com")
    for _ in range(6):
        await auth.register(town.ports, "trader@example.com", None, wrong(code))
    town.clock.pass_(minutes=1)

    fresh = await town.code("trader@example.com")

    assert isinstance(await auth.register(town.ports, "trader@example.com", None, fresh), NewToken)


async def test_code_is_sent_once_a_minute(town: Town) -> None:
    first = await town.code("trader@example.com")
    town.clock.pass_(seconds=17)

    denial = denied(await auth.request_code(town.ports, "trader@example.com"))

    assert (denial.code, denial.retry_after_seconds) == (Code.RATE_LIMITED, 43)
    assert await town.code_sent("trader@example.com") == first
    town.clock.pass_(seconds=43)
    assert await auth.request_code(town.ports, "trader@example.com") is None


async def test_address_with_an_account_cannot_register_but_keeps_its_code(town: Town) -> None:
    person = await town.person("trader@example.com")
    code = await town.code("trader@example.com")

    assert await auth.register(town.ports, "trader@example.com", "another password", code) == EMAIL_TAKEN

    again = await auth.login(town.ports, "trader@example.com", None, code, HOME)
    assert isinstance(again, NewToken)
    assert again.viewer.uuid == person.viewer.uuid


@pytest.mark.parametrize("password", ["", "1234567", "x" * 129])
async def test_password_of_a_wrong_length_is_refused_before_the_code_is_tried(
    town: Town, password: str
) -> None:
    code = await town.code("trader@example.com")
    for _ in range(6):
        denial = denied(await auth.register(town.ports, "trader@example.com", password, code))
        assert (denial.code, denial.path) == (Code.INVALID_INPUT, ("password",))

    assert isinstance(await auth.register(town.ports, "trader@example.com", "x" * 8, code), NewToken)


async def test_password_logs_in(town: Town) -> None:
    person = await town.person("trader@example.com")

    again = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)

    assert isinstance(again, NewToken)
    assert again.token != person.token
    assert await town.viewer(again) == again.viewer
    assert await town.viewer(person) == person.viewer


async def test_wrong_password_unknown_account_and_passwordless_account_look_alike(town: Town) -> None:
    await town.person("trader@example.com")
    await town.person("passwordless@example.com", password=None)

    for email in ("trader@example.com", "passwordless@example.com", "nobody@example.com"):
        outcome = await auth.login(town.ports, email, "not the password", None, HOME)
        assert outcome == INVALID_CREDENTIALS


@pytest.mark.parametrize("proof", [(PASSWORD, "482913"), (None, None)])
async def test_login_takes_password_or_code(town: Town, proof: tuple[str | None, str | None]) -> None:
    denial = denied(await auth.login(town.ports, "trader@example.com", *proof, HOME))

    assert denial.code == Code.INVALID_INPUT


async def test_code_of_an_address_without_account_does_not_log_in(town: Town) -> None:
    code = await town.code("trader@example.com")

    outcome = await auth.login(town.ports, "trader@example.com", None, code, HOME)

    assert outcome == EMAIL_NOT_FOUND
    assert isinstance(await auth.register(town.ports, "trader@example.com", None, code), NewToken)


async def test_logout_ends_one_session(town: Town) -> None:
    first = await town.person()
    second = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert isinstance(second, NewToken)

    await auth.logout(town.ports, first.viewer)

    assert await town.viewer(first) is None
    assert await town.viewer(second) == second.viewer


async def test_token_slides_for_30_days_from_its_last_use(town: Town) -> None:
    person = await town.person()
    for _ in range(3):
        town.clock.pass_(days=29)
        assert await town.viewer(person) == person.viewer

    town.clock.pass_(days=30)
    assert await town.viewer(person) is None


async def test_use_of_a_token_is_written_at_most_once_an_hour(town: Town) -> None:
    person = await town.person()

    town.clock.pass_(minutes=30)
    await town.viewer(person)
    town.clock.pass_(days=30, minutes=-31)

    assert await town.viewer(person) is None


@pytest.mark.parametrize("token", ["", "0" * 32, "0" * 31, "0" * 33, "G" * 32, "0" * 31 + "\n", "é" * 32])
async def test_token_that_was_never_issued_is_nobodys(town: Town, token: str) -> None:
    await town.person()

    assert await auth.authenticate(town.ports, token) is None


async def test_reset_sets_the_password_and_ends_every_session(town: Town) -> None:
    person = await town.person()
    assert await auth.forgot_password(town.ports, "trader@example.com") is None
    code = await town.code_sent("trader@example.com")

    assert await auth.reset_password(town.ports, "trader@example.com", code, "a new password") is None

    assert await town.viewer(person) is None
    old = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert old == INVALID_CREDENTIALS
    new = await auth.login(town.ports, "trader@example.com", "a new password", None, HOME)
    assert isinstance(new, NewToken)


async def test_reset_with_a_wrong_code_changes_nothing(town: Town) -> None:
    person = await town.person()
    code = await town.code("trader@example.com")

    outcome = await auth.reset_password(town.ports, "trader@example.com", wrong(code), "a new password")

    assert outcome == INVALID_CODE
    assert await town.viewer(person) == person.viewer
    again = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert isinstance(again, NewToken)


async def test_forgotten_password_of_nobody_is_answered_like_anybodys(town: Town) -> None:
    assert await auth.forgot_password(town.ports, "nobody@example.com") is None

    code = await town.code_sent("nobody@example.com")
    denial = await auth.reset_password(town.ports, "nobody@example.com", wrong(code), "a new password")
    assert denial == INVALID_CODE


async def test_neither_password_nor_token_nor_code_is_stored(town: Town, tmp_path: Path) -> None:
    person = await town.person("trader@example.com")
    code = await town.code("trader@example.com")

    async with town.ports.database.reading() as tx:
        tables = UserRow.metadata.sorted_tables
        stored = [str(row) for table in tables for row in await tx.execute(table.select())]

    assert any("trader@example.com" in row for row in stored)
    for secret in (PASSWORD, person.token, f"'{code}'", bytes.fromhex(person.token).hex()):
        assert [row for row in stored if secret in row] == []
