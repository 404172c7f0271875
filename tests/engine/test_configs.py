"""Reading configs: what is accepted, what it normalises to, and that each wrong field is named."""

import math
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given

from engine.configs import config_of, read_config
from engine.contracts import Right
from engine.denials import Code, Denial
from engine.strategies import (
    After,
    Bounds,
    Entry,
    Exit,
    Reentry,
    Side,
    Strategy,
    StrategyLeg,
    StrikeMethod,
    StrikeRule,
    TrailingStop,
)
from tests.engine.configuring import DOCUMENTED, FULL, Config, changed, config_with, configs, strategy_of

NOT_TEXTS: list[Any] = [1, True, [], {}, "", "x"]
NOT_OBJECTS: list[Any] = ["x", 1, True, [], [{}]]
NOT_LISTS: list[Any] = ["x", 1, {}, []]
NOT_NUMBERS: list[Any] = [
    "",
    "x",
    "1e1",
    "1,5",
    "--1",
    " 1",
    True,
    [],
    {},
    math.nan,
    math.inf,
    Decimal("1E+99"),
]
NOT_TIMES: list[Any] = [*NOT_TEXTS, 36000, "9:45", "10", "10:60", "09:29:59", "16:00", "10:00:00.5", "24:00"]
NOT_PERCENTS: list[Any] = [*NOT_NUMBERS, 0, -1, 0.001, 0.00001]

BAD_VALUES: dict[str, list[Any]] = {
    "legs": [*NOT_LISTS, [DOCUMENTED["legs"][1]] * 5],
    "legs.N": NOT_OBJECTS,
    "legs.N.direction": [*NOT_TEXTS, None, "SELL", "long"],
    "legs.N.type": [*NOT_TEXTS, None, "P", "Put"],
    "legs.N.qty": [*NOT_NUMBERS, None, 0, -1, 1001, 1.5, "1.5"],
    "legs.N.strike": [*NOT_OBJECTS, None],
    "legs.N.strike.method": [*NOT_TEXTS, None, "gamma", "Delta"],
    "legs.N.strike.value": [*NOT_NUMBERS, None, -0.1, 5000, 0.00001, "0.30001"],
    "legs.N.strike.from_leg": ["x", -1, 1, 4, 0.5, True],
    "entry": [*NOT_OBJECTS, None],
    "entry.times": [*NOT_LISTS, None, [f"10:{n // 60:02d}:{n % 60:02d}" for n in range(61)]],
    "entry.times.0": NOT_TIMES,
    "entry.weekdays": [*NOT_LISTS, ["mon", "tue", "wed", "thu", "fri", "sat"]],
    "entry.weekdays.0": [*NOT_TEXTS, "sat", "Mon", "monday"],
    "entry.vix": NOT_OBJECTS,
    "entry.vix.min": [*NOT_NUMBERS, -1, 201, 31],
    "entry.vix.max": [*NOT_NUMBERS, -1, 201],
    "entry.expected_move.min": [*NOT_NUMBERS, -1, 101, 2.5],
    "entry.gap.min": [*NOT_NUMBERS, -51, 51, 1.1],
    "entry.gap.max": [*NOT_NUMBERS, -51, 51],
    "entry.move.min": [*NOT_NUMBERS, -51, 51, 0.76],
    "entry.max_open": [*NOT_NUMBERS, 0, -1, 21, 1.5],
    "entry.reentry": NOT_OBJECTS,
    "entry.reentry.count": [*NOT_NUMBERS, None, 0, 21, 1.5],
    "entry.reentry.wait_minutes": [*NOT_NUMBERS, -1, 391, 1.5],
    "entry.reentry.after": [*NOT_TEXTS, "profit", "Win"],
    "exit": NOT_OBJECTS,
    "exit.profit_target_pct": [*NOT_PERCENTS, 100.0001],
    "exit.stop_loss_pct": [*NOT_PERCENTS, 101],
    "exit.stop_loss_credit_pct": [*NOT_PERCENTS, 10_001],
    "exit.trailing_stop": NOT_OBJECTS,
    "exit.trailing_stop.activate_pct": [*NOT_PERCENTS, None, 101],
    "exit.trailing_stop.trail_pct": [*NOT_PERCENTS, None, 101],
    "exit.short_strike_touch": ["true", 1, 0, [], {}],
    "exit.short_delta_max": [*NOT_NUMBERS, 0, 1, -0.5],
    "exit.time": [*NOT_TIMES, "10:00", "09:30"],
}  # fmt: skip
ENDS: dict[str, tuple[Any, Any]] = {
    "legs.0.strike.value": (0.05, 1000),
    "legs.1.strike.value": (1, 1000),
    "legs.2.strike.value": (0, 10),
    "legs.3.strike.value": (0, 50),
    "entry.times.0": ("09:30", "15:29:59"),
    "entry.vix.min": (0, 30.5),
    "entry.vix.max": (12, 200),
    "entry.expected_move.min": (0, 2),
    "entry.expected_move.max": (0.4, 100),
    "entry.gap.min": (-50, 1),
    "entry.gap.max": (-1.5, 50),
    "entry.move.min": (-50, 0.75),
    "entry.move.max": (-0.75, 50),
    "entry.max_open": (1, 20),
    "entry.reentry.count": (1, 20),
    "entry.reentry.wait_minutes": (0, 390),
    "exit.profit_target_pct": (0.01, 100),
    "exit.stop_loss_pct": (0.01, 100),
    "exit.stop_loss_credit_pct": (0.01, 10_000),
    "exit.trailing_stop.activate_pct": (0.01, 100),
    "exit.trailing_stop.trail_pct": (0.01, 100),
    "exit.short_delta_max": (0.001, 0.999),
    "exit.time": ("11:00:01", "15:59:59"),
}
OBJECTS = ["", "legs.N", "legs.N.strike", "entry", "entry.vix", "entry.reentry", "exit", "exit.trailing_stop"]


def bad_configs() -> Iterator[tuple[str, Config]]:
    """The documented and the full config with one value each made bad, and where."""
    for config in (DOCUMENTED, FULL):
        for pattern, values in BAD_VALUES.items():
            for path in places(config, pattern):
                for value in values:
                    yield path, changed(config, path, value)
        for pattern in OBJECTS:
            for path in places(config, pattern):
                unknown = f"{path}.surprise" if path else "surprise"
                yield unknown, changed(config, unknown, 1)


def places(config: Config, pattern: str) -> list[str]:
    """The paths of a config that a pattern means; ``N`` is each of the legs."""
    paths = [pattern.replace("N", str(place)) for place in range(4 if "N" in pattern else 1)]
    return [path for path in paths if path == "" or is_in(config, path)]


def is_in(config: Any, path: str) -> bool:
    for name in path.split("."):
        if isinstance(config, list):
            if int(name) >= len(config):
                return False
            config = config[int(name)]
        elif name not in config:
            return False
        else:
            config = config[name]
    return True


def denied(config: Config) -> dict[str, str]:
    answer = read_config(config)
    assert isinstance(answer, Denial)
    assert answer.code is Code.INVALID_CONFIG
    return answer.fields


def test_each_of_many_bad_configs_is_refused_with_the_one_path_that_is_wrong() -> None:
    cases = list(bad_configs())
    answers = [(path, read_config(config)) for path, config in cases]
    missed = [
        (path, answer)
        for path, answer in answers
        if not isinstance(answer, Denial) or list(answer.fields) != [path] or answer.code != "invalid_config"
    ]
    assert missed == []
    assert len(cases) >= 500


def test_the_least_and_the_most_of_each_field_are_accepted() -> None:
    answers = {
        (path, end): read_config(changed(FULL, path, end)) for path, ends in ENDS.items() for end in ends
    }
    assert [case for case, answer in answers.items() if not isinstance(answer, Strategy)] == []


def test_all_wrong_fields_are_named_at_once() -> None:
    config = changed(changed(changed(FULL, "legs.2.qty", 0), "entry.vix.max", "high"), "exit.time", "noon")
    del config["legs"][0]["type"]
    assert denied(config) == {
        "legs.0.type": "is required",
        "legs.2.qty": "must be a whole number from 1 to 1000",
        "entry.vix.max": "must be a number from 0 to 200, with at most 4 decimal places",
        "exit.time": "must be a New York time from 09:30:00 to 15:59:59, as HH:MM or HH:MM:SS",
    }


def test_the_denial_speaks_of_the_first_wrong_field() -> None:
    answer = read_config(changed(DOCUMENTED, "legs.0.direction", "short"))
    assert answer == Denial(
        Code.INVALID_CONFIG,
        "legs.0.direction must be one of: buy, sell",
        ("legs", "0", "direction"),
        {"legs.0.direction": "must be one of: buy, sell"},
    )


@pytest.mark.parametrize(
    ("legs", "fields"),
    [
        (
            "-1 put delta 0.3",
            {"legs": "must buy at least as many puts as they sell: the risk must be defined"},
        ),
        (
            "-2 call delta 0.3, +1 call delta 0.1, +1 put delta 0.1",
            {"legs": "must buy at least as many calls as they sell: the risk must be defined"},
        ),
        (
            "+1 call width 20",
            {
                "legs.0.strike.method": "must not be width on the first leg: "
                "there is no earlier leg to count from"
            },
        ),
        ("+1 put delta 0.3, -1 put delta 0.3", {"legs.1.strike": "must not be the same contract as leg 0"}),
        (
            "+1 put delta 0.3 from 0",
            {"legs.0.strike.from_leg": "is not a field here; accepted: method, value"},
        ),
        (
            "+1 put atm 5",
            {"legs.0.strike.value": "must be left out: at the money needs none"},
        ),
    ],
)
def test_legs_that_do_not_go_together_are_refused(legs: str, fields: dict[str, str]) -> None:
    assert denied(config_with(legs)) == fields


def test_a_bought_and_a_sold_premium_may_be_the_same_for_they_are_sought_on_either_side() -> None:
    assert isinstance(read_config(config_with("+1 put premium 2, -1 put premium 2")), Strategy)


def test_the_documented_config_is_read_whole() -> None:
    def leg(side: Side, delta_e4: int) -> StrategyLeg:
        return StrategyLeg(side, Right.PUT, 1, StrikeRule(StrikeMethod.DELTA, delta_e4))

    assert read_config(DOCUMENTED) == Strategy(
        (leg(Side.SELL, 3000), leg(Side.BUY, 2000)),
        Entry(times=(36_000,)),
        Exit(profit_target_pct_e4=500_000, time=57_300),
    )


def test_a_config_with_everything_in_it_is_read_whole() -> None:
    strategy = strategy_of(FULL)
    assert [leg.strike for leg in strategy.legs] == [
        StrikeRule(StrikeMethod.PREMIUM, 35_000),
        StrikeRule(StrikeMethod.WIDTH, 250_000, from_leg=0),
        StrikeRule(StrikeMethod.EXPECTED_MOVE, 11_000),
        StrikeRule(StrikeMethod.PERCENT_OTM, 12_500),
    ]
    assert strategy.entry == Entry(
        times=(35_130, 39_600),
        weekdays=(0, 2),
        vix=Bounds(120_000, 305_000),
        expected_move=Bounds(4_000, 20_000),
        gap=Bounds(-15_000, 10_000),
        move=Bounds(-7_500, 7_500),
        max_open=3,
        reentry=Reentry(2, 15, After.LOSS),
    )
    assert strategy.exit == Exit(
        profit_target_pct_e4=500_000,
        stop_loss_pct_e4=800_000,
        stop_loss_credit_pct_e4=2_000_000,
        trailing_stop=TrailingStop(300_000, 100_000),
        short_strike_touch=True,
        short_delta_max_e4=5_500,
        time=55_800,
    )


def test_numbers_may_be_json_numbers_decimals_or_texts() -> None:
    spelt = [
        changed(DOCUMENTED, "legs.0.strike.value", value) for value in (0.3, "0.3", "0.3000", Decimal("0.30"))
    ]
    counted = [changed(DOCUMENTED, "legs.0.qty", value) for value in (1, "1", 1.0, Decimal(1), "1.00")]
    assert {read_config(config) for config in (*spelt, *counted)} == {strategy_of(DOCUMENTED)}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("entry", {"time": "10:00"}),
        ("entry", {"time": "10:00:00"}),
        ("entry", {"times": ["10:00:00"], "weekdays": ["fri", "thu", "wed", "tue", "mon"]}),
        ("entry", {"times": ["10:00"], "time": None, "vix": None, "gap": {}, "move": {"min": None}}),
        ("entry", {"times": ["10:00"], "max_open": 1, "reentry": None}),
        ("exit.short_strike_touch", False),
        ("exit.stop_loss_pct", None),
    ],
)
def test_what_means_the_same_is_the_same_strategy(path: str, value: Any) -> None:
    assert read_config(changed(DOCUMENTED, path, value)) == strategy_of(DOCUMENTED)


def test_time_beside_times_is_refused() -> None:
    config = changed(DOCUMENTED, "entry.time", "10:00")
    assert denied(config) == {"entry.time": "must be left out where times is given"}


def test_an_entry_without_a_time_is_refused() -> None:
    assert denied(changed(DOCUMENTED, "entry", {})) == {"entry.times": "is required"}


def test_times_are_sorted_and_never_repeated() -> None:
    assert strategy_of(changed(DOCUMENTED, "entry.times", ["11:00", "09:30"])).entry.times == (34_200, 39_600)
    twice = changed(DOCUMENTED, "entry.times", ["10:00", "10:00:00"])
    assert denied(twice) == {"entry.times.1": "must not be given twice"}


def test_a_strategy_without_exits_holds_to_the_close() -> None:
    config = deepcopy(DOCUMENTED)
    del config["exit"]
    assert strategy_of(config).exit == Exit()


def test_an_exit_before_the_last_entry_is_refused() -> None:
    config = changed(DOCUMENTED, "entry.times", ["10:00", "15:55"])
    assert denied(config) == {"exit.time": "must be later than the last entry at 15:55"}


@pytest.mark.parametrize(
    ("legs", "from_legs"),
    [
        ("-1 put atm, -1 call atm, +1 put width 50, +1 call width 50", [None, None, 0, 1]),
        ("-1 put delta 0.2, +1 put width 20, -1 call delta 0.2, +1 call width 20", [None, 0, None, 2]),
        ("+1 put delta 0.2, +1 call width 20, +1 call width 20", [None, 0, 1]),
        ("+1 put delta 0.2, +1 put width 20, +1 put width 20 from 0", None),
    ],
)
def test_a_width_counts_from_the_last_leg_of_its_type_unless_told(
    legs: str, from_legs: list[int | None] | None
) -> None:
    config = config_with(legs)
    if from_legs is None:
        assert denied(config) == {"legs.2.strike": "must not be the same contract as leg 1"}
    else:
        assert [leg.strike.from_leg for leg in strategy_of(config).legs] == from_legs


def test_a_target_beyond_the_maximum_is_for_unbounded_profits_only() -> None:
    target = {"profit_target_pct": 300}
    assert strategy_of(config_with("+1 call delta 0.3", exit=target)).exit.profit_target_pct_e4 == 3_000_000
    assert denied(config_with("+1 put atm, -1 put width 20", exit=target)) == {
        "exit.profit_target_pct": "must be a number from 0.01 to 100, with at most 4 decimal places"
    }


def test_a_long_unknown_name_is_shown_short() -> None:
    assert list(denied(changed(DOCUMENTED, "entry", {"times": ["10:00"], "é" * 5000: 1}))) == [
        "entry." + "\\xe9" * 10 + "…"
    ]


def test_the_normalised_config_has_its_defaults_filled_and_what_is_off_left_out() -> None:
    assert config_of(strategy_of(DOCUMENTED)) == {
        "legs": DOCUMENTED["legs"],
        "entry": {"times": ["10:00"], "weekdays": ["mon", "tue", "wed", "thu", "fri"], "max_open": 1},
        "exit": {"profit_target_pct": 50, "short_strike_touch": False, "time": "15:55"},
    }


def test_a_config_with_everything_in_it_is_normal_already() -> None:
    assert config_of(strategy_of(FULL)) == FULL


@given(configs())
def test_a_normalised_config_reads_as_its_strategy_and_stays_as_it_is(config: Config) -> None:
    strategy = strategy_of(config)
    normal = config_of(strategy)
    assert read_config(normal) == strategy
    assert config_of(strategy_of(normal)) == normal
