"""What an account may be called, hold and open."""

from datetime import date

import pytest

from engine.accounts import (
    BROKERS,
    AccountStatus,
    AccountType,
    Engine,
    capital_denial,
    insertion_denial,
    read_engine,
    read_name,
    read_status,
    read_type,
)
from engine.denials import Code, Denial


def code(outcome: object) -> Code | None:
    return outcome.code if isinstance(outcome, Denial) else None


def test_engines_are_read_and_brokers_are_known_by_name() -> None:
    assert [read_engine(name) for name in ("historical", "live_sim")] == [Engine.HISTORICAL, Engine.LIVE_SIM]
    assert {code(read_engine(name)) for name in BROKERS} == {Code.ENGINE_NOT_AVAILABLE}
    assert {code(read_engine(name)) for name in ("", "Historical", "broker_x")} == {Code.INVALID_INPUT}


def test_a_refused_broker_is_named_after_the_code() -> None:
    refused = read_engine("broker_ibkr")
    assert isinstance(refused, Denial)
    assert refused.message == (
        "engine_not_available: broker_ibkr is not available yet; choose historical or live_sim"
    )


def test_types_and_statuses() -> None:
    assert (read_type("manual"), code(read_type("bot"))) == (AccountType.MANUAL, Code.INVALID_INPUT)
    assert [read_status(one) for one in ("active", "archived")] == list(AccountStatus)
    assert code(read_status("deleted")) is Code.INVALID_INPUT


@pytest.mark.parametrize(("text", "name"), [(" Condors ", "Condors"), ("x" * 80, "x" * 80), ("é", "é")])
def test_names_lose_the_space_around_them(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize(
    "text", ["a\x00b", "a\nb", "a\x7fb", "a\x9fb", "a\u2028b", "\u202eab", "a\u2067", "a\n"]
)
def test_names_are_one_line_that_reads_as_it_is_written(text: str) -> None:
    refused = read_name(text)
    assert isinstance(refused, Denial)
    assert refused.message == "name must not hold control characters, line breaks or changes of direction"


@pytest.mark.parametrize("text", ["", "  \t", "x" * 81])
def test_names_have_a_length(text: str) -> None:
    assert code(read_name(text)) is Code.INVALID_INPUT


def test_capital_has_bounds() -> None:
    within = (1_000_00, 100_000_00, 10_000_000_00)
    assert [capital_denial(cents) for cents in within] == [None] * 3
    assert [code(capital_denial(cents)) for cents in (999_99, 10_000_000_01, -1)] == [Code.INVALID_INPUT] * 3


def test_days_are_added_at_the_end() -> None:
    first, later = date(2025, 1, 15), date(2025, 1, 16)
    assert insertion_denial(first, None) is None
    assert insertion_denial(later, first) is None
    assert insertion_denial(first, first) is None
    assert code(insertion_denial(first, later)) is Code.INSERT_EARLIER
