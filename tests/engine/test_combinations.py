"""The margin of many sums of books at once is the margin of each."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.combinations import margins_cents
from engine.contracts import Contract, Right
from engine.margin import margin_cents

CONTRACTS = st.builds(Contract, st.sampled_from([4000, 5900, 5950, 5970, 6100, 7500]), st.sampled_from(Right))
BOOKS = st.dictionaries(CONTRACTS, st.integers(-3, 3), max_size=4)


def summed(parts: list[dict[Contract, int]], chosen: tuple[int, ...]) -> dict[Contract, int]:
    book: dict[Contract, int] = {}
    for part, taken in zip(parts, chosen, strict=True):
        for contract, held in part.items():
            book[contract] = book.get(contract, 0) + taken * held
    return book


@given(st.lists(BOOKS, min_size=1, max_size=4), st.integers(38_000_000, 76_000_000))
def test_every_sum_is_priced_as_if_alone(parts: list[dict[Contract, int]], spx_e4: int) -> None:
    sums = list(product((0, 1), repeat=len(parts)))
    expected = [margin_cents(summed(parts, chosen), spx_e4) for chosen in sums]
    assert margins_cents(parts, np.array(sums), spx_e4).tolist() == expected


def test_two_halves_of_a_condor_need_no_more_than_its_wider_side() -> None:
    puts = {Contract(5900, Right.PUT): -1, Contract(5880, Right.PUT): 1}
    calls = {Contract(6000, Right.CALL): -1, Contract(6050, Right.CALL): 1}
    sums = np.array([(0, 0), (1, 0), (0, 1), (1, 1)])
    assert margins_cents([puts, calls], sums, 59_500_000).tolist() == [0, 2000_00, 5000_00, 5000_00]
