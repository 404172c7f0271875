import numpy as np
from hypothesis import given, settings

from engine.relaxation import SLACK_CENTS, Box, Terrain, maximise, relax
from engine.sides import Side, choice_cents
from tests.engine.test_searching import every_choice, sides


def test_simplex_finds_the_corner_and_the_prices_of_its_walls() -> None:
    point, prices = maximise(
        np.array([3.0, 5.0]), np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 2.0]]), np.array([4.0, 12.0, 18.0])
    )
    assert point.tolist() == [2, 6]
    assert prices.tolist() == [0, 1.5, 1]


def test_simplex_lets_the_last_unknown_make_up_for_a_negative_limit() -> None:
    point, prices = maximise(
        np.array([2.0, -1.0]), np.array([[1.0, -1.0], [1.0, 0.0]]), np.array([-3.0, 1.0])
    )
    assert point.tolist() == [1, 4]
    assert prices.tolist() == [1, 1]


@given(sides)
@settings(max_examples=300, deadline=None)
def test_relaxation_never_costs_more_than_a_whole_choice(side: Side) -> None:
    relaxation = relax(Terrain.of(side), Box.of(side))
    assert relaxation is not None
    assert relaxation.least_cents <= min(choice_cents(side, u) for u in every_choice(side)) + SLACK_CENTS


@given(sides)
@settings(max_examples=200, deadline=None)
def test_halves_of_a_box_hold_every_choice_and_bound_their_own(side: Side) -> None:
    relaxation = relax(Terrain.of(side), Box.of(side))
    assert relaxation is not None
    at, below = relaxation.split_point()
    lower, upper = (relax(relaxation.terrain, half) for half in relaxation.box.split(at, below))
    for choice in every_choice(side):
        half = lower if choice[at] <= below else upper
        assert half is not None
        assert half.least_cents <= choice_cents(side, choice) + SLACK_CENTS
