"""Which shorts of one side count as uncovered: the exact cheapest choice.

Nearly every side that is traded has its answer at hand: nothing is short too many and no spread
reaches further than its short requires, or there are a few choices to try. ``searching`` has the
rest. Where choices cost the same the first of them counts, in lexicographic order along the walk.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, product

from engine.money import Cents
from engine.searching import cheapest_choice, first_cheapest_choice
from engine.sides import Side, Uncovered, choice_cents, covered_worst_cents

TRIED_ONE_BY_ONE_MAX = 24


def cheapest_cents(side: Side) -> Cents:
    """The least that a choice of uncovered shorts requires of the side."""
    easy = _easy_choice(side)
    return cheapest_choice(side).cents if easy is None else choice_cents(side, easy)


def cheapest_uncovering(side: Side) -> Uncovered:
    """The uncovered contracts at each strike that require least."""
    easy = _easy_choice(side)
    return first_cheapest_choice(side).uncovered if easy is None else easy


def _easy_choice(side: Side) -> Uncovered | None:
    shorts, excess = side.shorts, side.excess
    if excess == sum(shorts):
        return shorts
    narrow = is_narrow(side)
    if not excess and (narrow or _worth_covering(side)):
        return (0,) * len(shorts)
    spread = [short + 1 for short in shorts if short]
    if math.prod(spread) > TRIED_ONE_BY_ONE_MAX * (max(spread) if narrow else 1):
        return None
    choices = choices_of(shorts, excess) if narrow else _choices_from(shorts, excess)
    return min(choices, key=lambda choice: choice_cents(side, choice))


def is_narrow(side: Side) -> bool:
    """True when no short reaches further, at the last strike, than it requires.

    Then covering one contract more never costs: no more stay uncovered than must.
    """
    places = list(accumulate(side.gaps_cents))
    return all(
        held >= 0 or places[-1] - place <= need
        for place, held, need in zip(places, side.held, side.need_cents, strict=True)
    )


def _worth_covering(side: Side) -> bool:
    """True when the worst loss with every short covered is no more than any one of them requires."""
    needs = (need for need, held in zip(side.need_cents, side.held, strict=True) if held < 0)
    return covered_worst_cents(side, (0,) * len(side.held)) <= min(needs)


def choices_of(most: Sequence[int], total: int) -> Iterator[Uncovered]:
    """Every way to take ``total`` with at most ``most`` at each place, in lexicographic order."""
    if not most:
        yield from [()] * (total == 0)
        return
    rest = most[1:]
    for first in range(max(0, total - sum(rest)), min(most[0], total) + 1):
        yield from ((first, *further) for further in choices_of(rest, total - first))


def _choices_from(most: Sequence[int], least_total: int) -> Iterator[Uncovered]:
    choices = product(*(range(count + 1) for count in most))
    return (choice for choice in choices if sum(choice) >= least_total)
