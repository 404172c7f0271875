from dataclasses import fields, replace

import pytest
from pydantic import ValidationError

from api.limits import Limits
from runtime.settings import Settings
from usecases.passwords import HashingCost
from usecases.policy import Policy
from zerodte.asgi import HEADER_BYTES_MAX
from zerodte.cli import read_settings
from zerodte.failures import CannotRun
from zerodte.serving import graphql_limits


def test_the_defaults_are_the_products() -> None:
    assert Settings().policy() == Policy()
    assert graphql_limits(Settings()) == Limits()
    assert Settings().header_bytes == HEADER_BYTES_MAX


def test_a_variable_sets_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZERODTE_CODE_MINUTES", "5")
    assert Settings().policy() == Policy(code_minutes=5)


def test_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZERODTE_DATABASE_URL", "")
    assert Settings().database_url is None


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(
        Settings(
            database_url="postgresql://u:hush@h/d",
            smtp_url="smtp://u:hush@h",
            secret_key="hush, and nobody else knows",
        )
    )
    assert "hush" not in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credits_capacity", 500),
        ("credits_drain_seconds", 3_600),
        ("auth_burst", 5),
        ("auth_refill_a_minute", 2),
        ("complexity_a_minute", 100),
        ("body_bytes", 2_048),
        ("json_depth", 5),
        ("json_values", 50),
        ("visitor_sockets", 2),
        ("active_backtests", 7),
        ("interest_minutes", 30),
    ],
)
def test_every_limit_of_the_use_cases_is_a_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setenv(f"ZERODTE_{name.upper()}", str(value))
    assert Settings().policy() == replace(Policy(), **{name: value})


@pytest.mark.parametrize("field", [field.name for field in fields(Limits)])
def test_every_limit_of_graphql_is_a_variable(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    name = field if field == "body_bytes" else f"graphql_{field}"
    value = False if field == "get_queries" else 4_321
    monkeypatch.setenv(f"ZERODTE_{name.upper()}", str(value))
    assert graphql_limits(Settings()) == replace(Limits(), **{field: value})


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        (
            {"HASHING_MEMORY_KIB": "1048577"},
            "ZERODTE_HASHING_MEMORY_KIB: Input should be less than or equal to 1048576",
        ),
        (
            {"HASHING_MEMORY_KIB": "24", "HASHING_LANES": "4"},
            "ZERODTE_HASHING_LANES: must be at most 3, one for 8 KiB of memory",
        ),
        (
            {"SECRET_KEY": "fifteen letters"},
            "ZERODTE_SECRET_KEY: must be at least 16 characters, as `openssl rand -hex 32` makes",
        ),
    ],
)
def test_what_would_fail_later_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], reason: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"ZERODTE_{name}", value)
    with pytest.raises(CannotRun) as refusal:
        read_settings()
    assert str(refusal.value) == reason


def test_the_least_memory_and_the_most_lanes_can_hash() -> None:
    settings = Settings(hashing_memory_kib=24, hashing_lanes=3, hashing_passes=1)
    cost = HashingCost(settings.hashing_memory_kib, settings.hashing_passes, settings.hashing_lanes)
    assert cost.hasher.hash("secret").startswith("$argon2id$v=19$m=24,t=1,p=3$")


@pytest.mark.parametrize("market", ["push:9000", "stdin"])
def test_only_a_market_of_our_own_has_a_speed(market: str) -> None:
    assert Settings(market=market).speed == 1
    with pytest.raises(ValidationError, match=f"must be 1 for {market}, which runs in its own time"):
        Settings(market=market, speed=2)


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), 100_001])
def test_a_speed_is_positive_and_bounded(speed: float) -> None:
    with pytest.raises(ValidationError, match="speed"):
        Settings(speed=speed)
