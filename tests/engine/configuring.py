"""Raw configs as people send them: the documented one, one with everything in it, and drawn ones."""

from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from engine.clocks import WEEKDAYS
from engine.configs import read_config
from engine.strategies import Strategy

Config = dict[str, Any]

DOCUMENTED: Config = {
    "legs": [
        {"direction": "sell", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.3}},
        {"direction": "buy", "type": "put", "qty": 1, "strike": {"method": "delta", "value": 0.2}},
    ],
    "entry": {"times": ["10:00"]},
    "exit": {"profit_target_pct": 50, "time": "15:55"},
}

FULL: Config = {
    "legs": [
        {"direction": "sell", "type": "put", "qty": 2, "strike": {"method": "premium", "value": 3.5}},
        {
            "direction": "buy",
            "type": "put",
            "qty": 2,
            "strike": {"method": "width", "value": 25, "from_leg": 0},
        },
        {"direction": "sell", "type": "call", "qty": 2, "strike": {"method": "expected_move", "value": 1.1}},
        {"direction": "buy", "type": "call", "qty": 2, "strike": {"method": "percent_otm", "value": 1.25}},
    ],
    "entry": {
        "times": ["09:45:30", "11:00"],
        "weekdays": ["mon", "wed"],
        "vix": {"min": 12, "max": 30.5},
        "expected_move": {"min": 0.4, "max": 2},
        "gap": {"min": -1.5, "max": 1},
        "move": {"min": -0.75, "max": 0.75},
        "max_open": 3,
        "reentry": {"count": 2, "wait_minutes": 15, "after": "loss"},
    },
    "exit": {
        "profit_target_pct": 50,
        "stop_loss_pct": 80,
        "stop_loss_credit_pct": 200,
        "trailing_stop": {"activate_pct": 30, "trail_pct": 10},
        "short_strike_touch": True,
        "short_delta_max": 0.55,
        "time": "15:30",
    },
}


def config_with(legs: str, **sections: Any) -> Config:
    """A config of legs such as ``-1 put delta 0.3, +1 put width 20 from 0``, entered at 10:00."""
    return {"legs": [_leg(leg) for leg in legs.split(", ")], "entry": {"times": ["10:00"]}, **sections}


def changed(config: Config, path: str, value: Any) -> Config:
    """A copy of a config with another value at a path."""
    copy = deepcopy(config)
    at: Any = copy
    *names, last = path.split(".")
    for name in names:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[int(last) if isinstance(at, list) else last] = value
    return copy


def strategy_with(legs: str, **sections: Any) -> Strategy:
    return strategy_of(config_with(legs, **sections))


def strategy_of(config: Config) -> Strategy:
    strategy = read_config(deepcopy(config))
    assert isinstance(strategy, Strategy), strategy
    return strategy


def _leg(text: str) -> Config:
    quantity, kind, method, *value = text.split(" ")
    strike: Config = {"method": method}
    if value:
        strike["value"] = float(value[0])
    if value[1:]:
        strike["from_leg"] = int(value[2])
    direction = "buy" if quantity.startswith("+") else "sell"
    return {"direction": direction, "type": kind, "qty": int(quantity[1:]), "strike": strike}


def _numbers(least: float, most: float) -> st.SearchStrategy[Any]:
    """Numbers of at most four places, as JSON numbers and as texts."""
    tenths_e4 = st.integers(round(least * 10_000), round(most * 10_000))
    return tenths_e4.map(lambda e4: e4 / 10_000) | tenths_e4.map(lambda e4: f"{e4 / 10_000:.4f}")


_STRIKES = {
    "delta": (0.001, 0.999),
    "premium": (0.05, 1000),
    "points_otm": (0, 2000),
    "percent_otm": (0, 50),
    "expected_move": (0, 10),
    "width": (1, 1000),
}


@st.composite
def _drawn_legs(draw: st.DrawFn) -> list[Config]:
    legs: list[Config] = []
    for kind in draw(st.lists(st.sampled_from(["put", "call"]), min_size=1, max_size=4)):
        methods = [method for method in _STRIKES if legs or method != "width"]
        method = draw(st.sampled_from(methods))
        strike = {"method": method, "value": draw(_numbers(*_STRIKES[method]))}
        if method == "width" and draw(st.booleans()):
            strike["from_leg"] = draw(st.integers(0, len(legs) - 1))
        sold = [leg for leg in legs if leg["type"] == kind and leg["direction"] == "buy" and leg["qty"] == 3]
        direction = "sell" if sold and draw(st.booleans()) else "buy"
        legs.append(
            {"direction": direction, "type": kind, "qty": 1 if direction == "sell" else 3, "strike": strike}
        )
    return legs


def _times(first: int, last: int) -> st.SearchStrategy[str]:
    def text(second: int) -> str:
        return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"

    return st.integers(first, last).map(text)


@st.composite
def _bounds(draw: st.DrawFn, least: float, most: float) -> Config:
    middle = (least + most) / 2
    return draw(
        st.fixed_dictionaries({}, optional={"min": _numbers(least, middle), "max": _numbers(middle, most)})
    )


def _percents() -> st.SearchStrategy[Any]:
    return _numbers(0.01, 100)


_ENTRIES = st.fixed_dictionaries(
    {"times": st.lists(_times(34_200, 50_000), min_size=1, max_size=5, unique=True)},
    optional={
        "weekdays": st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=5, unique=True),
        "vix": _bounds(0, 200),
        "expected_move": _bounds(0, 100),
        "gap": _bounds(-50, 50),
        "move": _bounds(-50, 50),
        "max_open": st.integers(1, 20),
        "reentry": st.fixed_dictionaries(
            {"count": st.integers(1, 20)},
            optional={
                "wait_minutes": st.integers(0, 390),
                "after": st.sampled_from(["win", "loss", "any"]),
            },
        ),
    },
)
_EXITS = st.fixed_dictionaries(
    {},
    optional={
        "profit_target_pct": _percents(),
        "stop_loss_pct": _percents(),
        "stop_loss_credit_pct": _numbers(0.01, 10_000),
        "trailing_stop": st.fixed_dictionaries({"activate_pct": _percents(), "trail_pct": _percents()}),
        "short_strike_touch": st.booleans(),
        "short_delta_max": _numbers(0.001, 0.999),
        "time": _times(50_001, 57_599),
    },
)


def configs() -> st.SearchStrategy[Config]:
    """Configs that are accepted, but for the rare two legs of one rule."""
    whole = st.fixed_dictionaries({"legs": _drawn_legs(), "entry": _ENTRIES}, optional={"exit": _EXITS})
    return whole.filter(lambda config: isinstance(read_config(config), Strategy))
