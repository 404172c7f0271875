from dataclasses import fields

import pytest

from api.limits import Limits
from runtime.settings import Settings
from usecases.policy import Policy


def test_the_defaults_are_the_products() -> None:
    assert Settings().policy() == Policy()
    assert Settings.model_fields.keys() >= {f"graphql_{field.name}" for field in fields(Limits)}
    defaults = {field.name: getattr(Settings(), f"graphql_{field.name}") for field in fields(Limits)}
    assert Limits(**defaults) == Limits()


def test_a_variable_sets_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZERODTE_CODE_MINUTES", "5")
    assert Settings().policy() == Policy(code_minutes=5)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZERODTE_DATABASE_URL", "")
    assert Settings().database_url is None


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(
        Settings(database_url="postgresql://u:hush@h/d", smtp_url="smtp://u:hush@h", secret_key="hush")
    )
    assert "hush" not in shown
