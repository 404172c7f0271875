"""Signing up, in and out over HTTP: walkthrough parts 2 and 14."""

import pytest

from tests.people import PASSWORD, wrong
from tests.rest_compat.desk import Desk, client

EMAIL = "new@example.com"


async def test_person_registers_with_the_mailed_code_and_is_signed_in(visitor: Desk) -> None:
    assert (await visitor.post("/auth/check-email", {"email": EMAIL})).status_code == 404
    mailed = await visitor.post("/auth/verify-email", {"email": EMAIL})
    code = await visitor.town.code_sent(EMAIL)
    body = {"email": EMAIL, "password": PASSWORD, "verification_code": code}
    registered = await visitor.post("/auth/register", body)

    assert (mailed.status_code, mailed.content, registered.status_code) == (204, b"", 201)
    async with client(visitor.town.ports, registered.json()["token"]) as http:
        assert (await http.get("/user")).json()["email"] == EMAIL
    known = await visitor.post("/auth/check-email", {"email": EMAIL})
    assert known.json() == {"hasPassword": True}


async def test_second_code_within_a_minute_has_to_wait(visitor: Desk) -> None:
    await visitor.post("/auth/verify-email", {"email": EMAIL})
    again = await visitor.post("/auth/verify-email", {"email": EMAIL})

    assert (again.status_code, again.headers["x-error-code"]) == (429, "rate_limited")
    assert again.headers["retry-after"] == "60"


async def test_wrong_code_registers_nobody(visitor: Desk) -> None:
    code = await visitor.town.code(EMAIL)
    body = {"email": EMAIL, "password": PASSWORD, "verification_code": wrong(code)}
    answer = await visitor.post("/auth/register", body)

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_code")
    assert (await visitor.post("/auth/check-email", {"email": EMAIL})).status_code == 404


@pytest.mark.parametrize("password", ["short", 12345678, ""])
async def test_weak_password_is_refused_by_name(visitor: Desk, password: object) -> None:
    body = {"email": EMAIL, "password": password, "verification_code": "000000"}
    answer = await visitor.post("/auth/register", body)

    assert (answer.status_code, answer.headers["x-error-code"]) == (400, "invalid_input")
    assert answer.text.startswith("password must")


async def test_login_gives_a_token_and_logout_ends_it(visitor: Desk) -> None:
    await visitor.town.person(EMAIL, PASSWORD)
    login = await visitor.post("/auth/sessions", {"email": EMAIL, "password": PASSWORD})

    assert login.status_code == 201
    async with client(visitor.town.ports, login.json()["token"]) as http:
        logout = await http.delete("/auth/sessions")
        assert (logout.status_code, logout.content) == (204, b"")
        assert (await http.get("/user")).status_code == 401


async def test_login_by_code(visitor: Desk) -> None:
    await visitor.town.person(EMAIL, password=None)
    code = await visitor.town.code(EMAIL)
    login = await visitor.post("/auth/sessions", {"email": EMAIL, "verification_code": code})

    assert login.status_code == 201


async def test_wrong_password_is_401(visitor: Desk) -> None:
    await visitor.town.person(EMAIL, PASSWORD)
    login = await visitor.post("/auth/sessions", {"email": EMAIL, "password": "wrong-horse"})

    assert (login.status_code, login.headers["x-error-code"]) == (401, "invalid_credentials")


async def test_forgotten_password_is_reset_with_a_code(visitor: Desk) -> None:
    await visitor.town.person(EMAIL, PASSWORD)
    forgot = await visitor.post("/auth/forgot-password", {"email": EMAIL})
    code = await visitor.town.code_sent(EMAIL)
    body = {"email": EMAIL, "verification_code": code, "password": "another-horse"}
    reset = await visitor.post("/auth/reset-password", body)

    assert (forgot.status_code, reset.status_code) == (204, 204)
    login = await visitor.post("/auth/sessions", {"email": EMAIL, "password": "another-horse"})
    assert login.status_code == 201
