"""The moods of the synthetic market makers."""

from datetime import date

import numpy as np

from engine.synthetic_makers import MOOD_SECONDS, draw_makers
from engine.synthetic_paths import Chance

MAKERS = draw_makers(23_401, 40, Chance(1331, date(2025, 1, 15)))


def test_a_mood_lasts_five_minutes_and_no_two_moments_turn_all() -> None:
    caution = MAKERS.mood(np.arange(23_401)).caution
    turned = np.diff(caution, axis=0) != 0
    for contract in turned.T:
        assert set(np.diff(np.flatnonzero(contract))) == {MOOD_SECONDS}
    assert turned.sum(axis=1).max() < 8


def test_moods_are_the_same_in_whatever_blocks_they_are_asked_for() -> None:
    whole = MAKERS.mood(np.arange(1_000))
    part = MAKERS.mood(np.arange(250, 500))
    assert np.array_equal(whole.caution[250:500], part.caution)
    assert np.array_equal(whole.lean[250:500], part.lean)


def test_makers_lean_to_both_sides_and_differ_in_width() -> None:
    lean = MAKERS.mood(np.arange(0, 23_401, 60)).lean
    assert -1 <= lean.min() < -0.95
    assert 0.95 < lean.max() <= 1
    assert 0.85 <= MAKERS.width.min() < 0.9
    assert 1.1 < MAKERS.width.max() <= 1.15
