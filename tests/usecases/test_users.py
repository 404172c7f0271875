import pytest

from engine.denials import Code
from engine.fees import DEFAULT_FEES, FeeSchedule
from engine.people import INVALID_CODE
from tests.people import HOME, PASSWORD, Town, denied, wrong
from usecases import auth, users
from usecases.auth import INVALID_CREDENTIALS, HasPassword, NewToken
from usecases.ports import Viewer
from usecases.users import ProfileChanges

CUSTOM = {
    "buy_equity": "0.001",
    "sell_equity": "0.005",
    "buy_to_open_option": "2.000",
    "sell_to_open_option": "2.000",
    "buy_to_close_option": "0.250",
    "sell_to_close_option": "0.250",
    "exercise_option": "7.50",
}


async def changed(town: Town, token: NewToken, changes: ProfileChanges) -> Viewer:
    outcome = await users.update_profile(town.ports, token.viewer, changes)
    assert isinstance(outcome, Viewer), outcome
    assert await town.viewer(token) == outcome
    return outcome


async def test_new_person_trades_at_the_default_fees_without_slippage(town: Town) -> None:
    viewer = (await town.person()).viewer

    assert (viewer.fees, viewer.fees_overridden, viewer.slippage_cents) == (DEFAULT_FEES, False, 0)


async def test_fee_schedule_is_overridden_and_reverted(town: Town) -> None:
    person = await town.person()

    custom = await changed(town, person, ProfileChanges(fee_schedule=CUSTOM))
    assert custom.fees == FeeSchedule(
        buy_equity=1_000,
        sell_equity=5_000,
        buy_to_open_option=2_000_000,
        sell_to_open_option=2_000_000,
        buy_to_close_option=250_000,
        sell_to_close_option=250_000,
        exercise_option=7_500_000,
    )
    assert custom.fees_overridden is True

    default = await changed(town, person, ProfileChanges(fee_schedule=None))
    assert (default.fees, default.fees_overridden) == (DEFAULT_FEES, False)


async def test_change_of_one_setting_leaves_the_others(town: Town) -> None:
    person = await town.person()
    await changed(town, person, ProfileChanges(fee_schedule=CUSTOM))

    viewer = await changed(town, person, ProfileChanges(slippage="0.05"))

    assert (viewer.slippage_cents, viewer.fees_overridden) == (5, True)


async def test_nothing_changes_where_one_change_is_wrong(town: Town) -> None:
    person = await town.person()

    outcome = await users.update_profile(
        town.ports, person.viewer, ProfileChanges(fee_schedule=CUSTOM, slippage="0.03")
    )

    assert denied(outcome).path == ("slippage",)
    assert await town.viewer(person) == person.viewer


async def test_email_changes_with_a_code_mailed_to_the_new_address(town: Town) -> None:
    person = await town.person("old@example.com")
    code = await town.code("new@example.com")
    changes = ProfileChanges(email="New@example.com", verification_code=code)

    assert (await changed(town, person, changes)).email == "new@example.com"

    assert denied(await auth.check_email(town.ports, "old@example.com")).code == Code.EMAIL_NOT_FOUND
    assert await auth.check_email(town.ports, "new@example.com") == HasPassword(has_password=True)


async def test_email_does_not_change_with_a_code_of_the_old_address(town: Town) -> None:
    person = await town.person("old@example.com")
    code = await town.code("old@example.com")
    await town.code("new@example.com")
    changes = ProfileChanges(email="new@example.com", verification_code=code)

    assert await users.update_profile(town.ports, person.viewer, changes) == INVALID_CODE
    assert await town.viewer(person) == person.viewer


async def test_email_of_somebody_else_is_taken(town: Town) -> None:
    await town.person("other@example.com")
    person = await town.person("trader@example.com")
    code = await town.code("other@example.com")
    changes = ProfileChanges(email="other@example.com", verification_code=code, slippage="0.05")

    outcome = await users.update_profile(town.ports, person.viewer, changes)

    assert denied(outcome).code == Code.EMAIL_TAKEN
    assert await town.viewer(person) == person.viewer


async def test_new_password_ends_every_other_session(town: Town) -> None:
    here = await town.person()
    there = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert isinstance(there, NewToken)
    code = await town.code("trader@example.com")

    await changed(town, here, ProfileChanges(password="a new password", verification_code=code))

    assert await town.viewer(there) is None
    old = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert old == INVALID_CREDENTIALS
    new = await auth.login(town.ports, "trader@example.com", "a new password", None, HOME)
    assert isinstance(new, NewToken)


async def test_passwordless_account_can_get_a_password(town: Town) -> None:
    person = await town.person(password=None)
    code = await town.code("trader@example.com")

    await changed(town, person, ProfileChanges(password=PASSWORD, verification_code=code))

    assert await auth.check_email(town.ports, "trader@example.com") == HasPassword(has_password=True)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        (ProfileChanges(password="a new password"), "verification_code"),
        (ProfileChanges(email="new@example.com"), "verification_code"),
        (ProfileChanges(password="short", verification_code="482913"), "password"),
        (ProfileChanges(email="nowhere", verification_code="482913"), "email"),
        (
            ProfileChanges(email="new@example.com", password="a new password", verification_code="482913"),
            "password",
        ),
    ],
)
async def test_change_of_sign_in_that_cannot_be_right_is_refused(
    town: Town, changes: ProfileChanges, path: str
) -> None:
    person = await town.person()

    denial = denied(await users.update_profile(town.ports, person.viewer, changes))

    assert (denial.code, denial.path) == (Code.INVALID_INPUT, (path,))


async def test_password_does_not_change_with_a_wrong_code(town: Town) -> None:
    person = await town.person()
    code = await town.code("trader@example.com")
    changes = ProfileChanges(password="a new password", verification_code=wrong(code))

    assert await users.update_profile(town.ports, person.viewer, changes) == INVALID_CODE

    again = await auth.login(town.ports, "trader@example.com", PASSWORD, None, HOME)
    assert isinstance(again, NewToken)


async def test_operator_role_is_granted_by_address(town: Town) -> None:
    person = await town.person("operator@example.com")
    bystander = await town.person("trader@example.com")

    assert await users.grant_operator(town.ports, "Operator@example.com") is None

    seen = await town.viewer(person)
    assert seen is not None
    assert seen.operator is True
    assert await town.viewer(bystander) == bystander.viewer


async def test_operator_role_is_not_granted_to_nobody(town: Town) -> None:
    denial = denied(await users.grant_operator(town.ports, "nobody@example.com"))

    assert denial.code == Code.EMAIL_NOT_FOUND
