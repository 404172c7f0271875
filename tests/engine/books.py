"""Books of options as words, and as hypothesis draws them."""

from collections.abc import Sequence

from hypothesis import strategies as st

from engine.contracts import Contract, Right


def book(text: str) -> dict[Contract, int]:
    """``"-1 5950C +1 5970C"`` as signed contracts."""
    words = text.split()
    return {
        Contract(int(name[:-1]), Right(name[-1])): int(count)
        for count, name in zip(words[::2], words[1::2], strict=True)
    }


def sides(
    right: Right, strikes: Sequence[int], quantity_max: int = 3
) -> st.SearchStrategy[dict[Contract, int]]:
    """Up to four strikes of one right, long or short."""
    quantities = st.integers(-quantity_max, quantity_max)
    return st.dictionaries(st.sampled_from([Contract(k, right) for k in strikes]), quantities, max_size=4)


def books(strikes: Sequence[int], quantity_max: int = 3) -> st.SearchStrategy[dict[Contract, int]]:
    """Up to four strikes of each right, long or short."""
    calls, puts = (sides(right, strikes, quantity_max) for right in Right)
    return st.builds(lambda a, b: a | b, calls, puts)
