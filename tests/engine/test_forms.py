"""Reading raw input: exact numbers from whatever JSON readers hand over, and paths of what is wrong."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.forms import Form, Span, number_of, read_number_e4


@pytest.mark.parametrize(
    ("raw", "value_e4"),
    [
        (1, 10_000),
        (-3, -30_000),
        (0.3, 3_000),
        (-0.0001, -1),
        (1e-4, 1),
        (1e3, 10_000_000),
        (-0.0, 0),
        ("0.30", 3_000),
        ("-1.5", -15_000),
        ("007", 70_000),
        (Decimal("0.3"), 3_000),
        (Decimal("3E+2"), 3_000_000),
        (Decimal("-0"), 0),
    ],
)
def test_a_number_is_read_exactly(raw: object, value_e4: int) -> None:
    assert read_number_e4(raw) == value_e4


@pytest.mark.parametrize(
    "raw",
    [
        None,
        True,
        "",
        "-",
        "--1",
        "+1",
        "1e2",
        "1_0",
        ".5",
        "1.",
        " 1",
        "٣",
        "0.00001",
        0.1 + 0.2,
        1e-5,
        1e300,
        math.nan,
        -math.inf,
        10**40,
        Decimal("1E+999999"),
        Decimal("1E-999999"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        [1],
        {},
    ],
)
def test_what_is_no_number_of_four_places_is_none(raw: object) -> None:
    assert read_number_e4(raw) is None


@given(st.integers(-(10**9), 10**9))
def test_a_number_is_written_as_the_json_number_that_reads_as_it(value_e4: int) -> None:
    assert read_number_e4(number_of(value_e4)) == value_e4
    assert read_number_e4(repr(number_of(value_e4))) == value_e4


def test_whole_numbers_are_written_whole() -> None:
    assert repr([number_of(500_000), number_of(3_000)]) == "[50, 0.3]"


def test_all_that_is_wrong_is_noted_under_its_path_and_the_rest_is_read() -> None:
    raw: dict[str, Any] = {
        "rooms": [{"beds": 2, "view": "sea"}, "attic", {"beds": "many", "bar": True}],
        "floor": 9,
    }
    form = Form(raw)
    form.expect("rooms", "name", optional=("floor",))
    rooms = form.groups("rooms", 3)
    for room in rooms:
        if room is not None:
            room.expect("beds", optional=("view", "bar"))
    beds = [room and room.count("beds", 1, 4) for room in rooms]
    views = [room and room.choice("view", {"sea": 1, "yard": 2}) for room in rooms]
    assert (beds, views) == ([2, None, None], [1, None, None])
    assert form.number_e4("floor", Span(-10_000, 50_000)) is None
    assert form.wrong == {
        "name": "is required",
        "rooms.1": "must be an object",
        "rooms.2.beds": "must be a whole number from 1 to 4",
        "floor": "must be a number from -1 to 5, with at most 4 decimal places",
    }


def test_the_first_problem_of_a_field_stands() -> None:
    form = Form({})
    form.reject("name", "is too long")
    form.reject("name", "is silly")
    assert form.wrong == {"name": "is too long"}


def test_null_counts_as_absent() -> None:
    form = Form({"a": None, "b": None, "c": None, "d": None, "e": None})
    form.expect(optional=("a", "b", "c", "d", "e"))
    assert (form.flag("a"), form.count("b", 1, 2), form.group("c"), form.items("d", 2)) == (
        None,
        None,
        None,
        [],
    )
    assert form.choice("e", {"x": 1}) is None
    assert form.wrong == {}
