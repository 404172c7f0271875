"""The search for uncovered shorts, on sides that ``uncovering`` would mostly answer without it."""

import random
from itertools import product

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.contracts import Contract, Right
from engine.margin import POINT_CENTS, short_need_cents
from engine.searching import cheapest_choice, first_cheapest_choice
from engine.sides import Side, choice_cents, covered_worst_cents
from engine.uncovering import cheapest_cents, cheapest_uncovering, choices_of, is_narrow

AT_5950 = 59_500_000


def side_of(right: Right, held: dict[int, int], spx_e4: int = AT_5950) -> Side:
    strikes = sorted(held, reverse=right is Right.PUT)
    gaps = [abs(b - a) * POINT_CENTS for a, b in zip(strikes[:1] + strikes, strikes, strict=False)]
    needs = [short_need_cents(Contract(strike, right), spx_e4) for strike in strikes]
    return Side(tuple(gaps), tuple(held[strike] for strike in strikes), tuple(needs))


def every_choice(side: Side) -> list[tuple[int, ...]]:
    choices = product(*(range(short + 1) for short in side.shorts))
    return [choice for choice in choices if sum(choice) >= side.excess]


def first_cheapest(side: Side) -> tuple[int, ...]:
    return min(every_choice(side), key=lambda choice: choice_cents(side, choice))


def lowest_uncovered_first_cents(side: Side, count: int) -> int:
    uncovered: list[int] = []
    for short in side.shorts:
        uncovered.append(min(short, count - sum(uncovered)))
    return choice_cents(side, tuple(uncovered))


sides = st.builds(
    side_of,
    st.sampled_from(Right),
    st.dictionaries(
        st.one_of(st.integers(1, 40), st.integers(1, 40).map(lambda n: 250 * n)),
        st.integers(-3, 3).filter(bool),
        min_size=2,
        max_size=4,
    ),
    st.integers(1, 100_000_000),
).filter(lambda side: min(side.held) < 0 < max(side.held))


@given(sides)
@settings(max_examples=600, deadline=None)
def test_search_finds_the_first_of_the_cheapest_choices(side: Side) -> None:
    first = first_cheapest(side)
    assert cheapest_choice(side).cents == choice_cents(side, first)
    assert first_cheapest_choice(side).uncovered == first


@given(sides)
@settings(max_examples=300, deadline=None)
def test_answers_at_hand_are_those_of_the_search(side: Side) -> None:
    assert cheapest_cents(side) == cheapest_choice(side).cents
    assert cheapest_uncovering(side) == first_cheapest(side)


@given(sides)
@settings(max_examples=300, deadline=None)
def test_narrow_side_leaves_no_more_uncovered_than_it_must(side: Side) -> None:
    assume(is_narrow(side))
    assert sum(first_cheapest(side)) == side.excess


@given(st.lists(st.integers(0, 3), max_size=4), st.integers(0, 12))
def test_choices_of_a_total_are_those_among_all(most: list[int], total: int) -> None:
    every = product(*(range(count + 1) for count in most))
    assert list(choices_of(most, total)) == [choice for choice in every if sum(choice) == total]


@pytest.mark.parametrize("seed", range(12))
def test_out_of_the_money_calls_by_the_hundred_leave_the_lowest_uncovered(seed: int) -> None:
    tape = random.Random(seed)
    side = side_of(Right.CALL, {5450 + 5 * n: tape.randint(-1000, 980) or 1 for n in range(100)})
    counts = range(side.excess, sum(side.shorts) + 1)
    best = min(lowest_uncovered_first_cents(side, count) for count in counts[:200])
    assert cheapest_choice(side).cents == best


@pytest.mark.parametrize(("seed", "right"), [*product(range(6), Right)])
def test_any_choice_of_a_large_side_costs_at_least_what_the_search_found(seed: int, right: Right) -> None:
    tape = random.Random(seed)
    side = side_of(right, {1000 + 25 * n: tape.randint(-10, 10) or 1 for n in range(40)})
    found = cheapest_choice(side)
    cents, uncovered = found.cents, found.uncovered
    assert choice_cents(side, uncovered) == cents
    for at, short in enumerate(side.shorts):
        for count in range(short + 1):
            neighbour = (*uncovered[:at], count, *uncovered[at + 1 :])
            if sum(neighbour) >= side.excess:
                assert choice_cents(side, neighbour) >= cents


def test_covered_worst_is_at_a_strike_that_is_long() -> None:
    side = side_of(Right.CALL, {5900: -2, 5950: 1, 6000: 1})
    assert covered_worst_cents(side, (0, 0, 0)) == 150 * POINT_CENTS
    assert covered_worst_cents(side, (1, 0, 0)) == 50 * POINT_CENTS
