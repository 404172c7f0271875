from typing import Any

from tests.api.asking import Desk

FEES = {
    "buyEquity": "0.001",
    "sellEquity": "0.005",
    "buyToOpenOption": "2",
    "sellToOpenOption": "2",
    "buyToCloseOption": "0.25",
    "sellToCloseOption": "0.25",
    "exerciseOption": "7.5",
}
FIELDS = f"email slippage feesOverridden feeSchedule {{ {' '.join(FEES)} }}"
DEFAULT_FEES = {
    "buyEquity": "0.0008",
    "sellEquity": "0.003986",
    "buyToOpenOption": "1.72",
    "sellToOpenOption": "1.72",
    "buyToCloseOption": "0.72",
    "sellToCloseOption": "0.72",
    "exerciseOption": "5",
}


async def update(desk: Desk, **given: Any) -> Any:
    data = await desk.owner.ask(
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input)"
        f" {{ user {{ {FIELDS} }} userErrors {{ code path }} }} }}",
        {"input": given},
    )
    return data["updateProfile"]


async def test_a_new_profile_has_the_default_schedule_and_no_slippage(desk: Desk) -> None:
    assert (await desk.owner.ask(f"{{ viewer {{ {FIELDS} }} }}"))["viewer"] == {
        "email": "owner@example.com",
        "slippage": "0.00",
        "feesOverridden": False,
        "feeSchedule": DEFAULT_FEES,
    }


async def test_absent_leaves_null_reverts_and_a_value_sets(desk: Desk) -> None:
    changed = (await update(desk, feeSchedule=FEES, slippage="0.05"))["user"]
    assert (changed["feeSchedule"], changed["slippage"], changed["feesOverridden"]) == (FEES, "0.05", True)
    untouched = (await update(desk))["user"]
    assert untouched == changed
    reverted = (await update(desk, feeSchedule=None))["user"]
    assert (reverted["feeSchedule"], reverted["slippage"]) == (DEFAULT_FEES, "0.05")


async def test_every_fee_that_is_wrong_is_named_and_nothing_changes(desk: Desk) -> None:
    wrong = {**FEES, "buyEquity": "1", "exerciseOption": "-1"}
    payload = await update(desk, feeSchedule=wrong, slippage="0.10")
    assert payload == {
        "user": None,
        "userErrors": [
            {"code": "invalid_input", "path": ["input", "feeSchedule", "buyEquity"]},
            {"code": "invalid_input", "path": ["input", "feeSchedule", "exerciseOption"]},
        ],
    }
    assert (await desk.owner.ask("{ viewer { slippage feesOverridden } }"))["viewer"] == {
        "slippage": "0.00",
        "feesOverridden": False,
    }


async def test_null_is_no_slippage(desk: Desk) -> None:
    (error,) = await desk.owner.errors(
        "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { email } } }",
        {"input": {"slippage": None}},
    )
    assert error["extensions"] == {"code": "MALFORMED"}


async def test_a_new_password_needs_a_fresh_code_and_ends_the_other_sessions(desk: Desk) -> None:
    login = (
        'mutation { login(input: {email: "owner@example.com", password: "correct-horse-battery"}) { token } }'
    )
    second = (await desk.visitor.ask(login))["login"]["token"]
    denied = await update(desk, password="another-horse-battery")
    assert denied["userErrors"] == [{"code": "invalid_input", "path": ["input", "verificationCode"]}]

    await desk.owner.ask('mutation { requestCode(input: {email: "owner@example.com"}) { done } }')
    code = await desk.town.code_sent("owner@example.com")
    changed = await update(desk, password="another-horse-battery", verificationCode=code)
    assert changed["userErrors"] == []
    assert (await desk.owner.ask("{ viewer { email } }"))["viewer"] == {"email": "owner@example.com"}
    desk.visitor.headers["authorization"] = second
    assert (await desk.visitor.post("{ __typename }")).status_code == 401
