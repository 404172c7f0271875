from typing import Any

from tests.api.asking import Asker, Desk

MAIL = "new@example.com"
TOKEN = "{ token viewer { email } userErrors { code message path } }"


async def mutate(asker: Asker, field: str, fields: str, **given: str) -> Any:
    arguments = ", ".join(f'{name}: "{value}"' for name, value in given.items())
    return (await asker.ask(f"mutation {{ {field}(input: {{{arguments}}}) {fields} }}"))[field]


async def test_a_person_registers_with_a_mailed_code_and_logs_in_later(desk: Desk) -> None:
    asked = await mutate(desk.visitor, "requestCode", "{ done userErrors { code } }", email=MAIL)
    assert asked == {"done": True, "userErrors": []}
    code = await desk.town.code_sent(MAIL)

    registered = await mutate(
        desk.visitor, "register", TOKEN, email=MAIL, verificationCode=code, password="correct-horse-battery"
    )
    assert (registered["viewer"], registered["userErrors"]) == ({"email": MAIL}, [])
    assert len(registered["token"]) == 32

    known = await mutate(desk.visitor, "checkEmail", "{ hasPassword }", email=MAIL)
    assert known == {"hasPassword": True}
    logged_in = await mutate(desk.visitor, "login", TOKEN, email=MAIL, password="correct-horse-battery")
    assert logged_in["viewer"] == {"email": MAIL}
    assert logged_in["token"] != registered["token"]


async def test_a_second_code_within_a_minute_is_rate_limited_at_the_top(desk: Desk) -> None:
    await mutate(desk.visitor, "requestCode", "{ done }", email=MAIL)
    (error,) = await desk.visitor.errors(f'mutation {{ requestCode(input: {{email: "{MAIL}"}}) {{ done }} }}')
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 0 < error["extensions"]["retryAfterSeconds"] <= 60


async def test_a_wrong_code_is_a_user_error_and_gives_no_token(desk: Desk) -> None:
    await mutate(desk.visitor, "requestCode", "{ done }", email=MAIL)
    code = await desk.town.code_sent(MAIL)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    refused = await mutate(desk.visitor, "register", TOKEN, email=MAIL, verificationCode=wrong)
    assert (refused["token"], refused["viewer"]) == (None, None)
    assert [(error["code"], error["path"]) for error in refused["userErrors"]] == [
        ("invalid_code", ["input", "verificationCode"])
    ]


async def test_nobody_knows_an_address_that_has_no_account(desk: Desk) -> None:
    unknown = await mutate(desk.visitor, "checkEmail", "{ hasPassword userErrors { code path } }", email=MAIL)
    assert unknown == {
        "hasPassword": None,
        "userErrors": [{"code": "email_not_found", "path": ["input", "email"]}],
    }


async def test_a_forgotten_password_is_reset_by_code_and_ends_every_session(desk: Desk) -> None:
    await mutate(desk.visitor, "forgotPassword", "{ done }", email="owner@example.com")
    code = await desk.town.code_sent("owner@example.com")
    done = await mutate(
        desk.visitor,
        "resetPassword",
        "{ done userErrors { code } }",
        email="owner@example.com",
        verificationCode=code,
        password="another-horse-battery",
    )
    assert done == {"done": True, "userErrors": []}
    assert (await desk.owner.post("{ viewer { email } }")).status_code == 401
    again = await mutate(
        desk.visitor, "login", TOKEN, email="owner@example.com", password="another-horse-battery"
    )
    assert again["viewer"] == {"email": "owner@example.com"}
