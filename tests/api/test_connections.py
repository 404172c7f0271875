import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from api.connections import Connection, connect, cursor_of, read_cursor, read_page


def page_of(rows: list[int], first: int, after: str | None) -> Connection[int]:
    return connect(rows, read_page(first, after, int), lambda row: (row,), lambda row: row)


@given(st.sets(st.integers(0, 500)), st.integers(1, 100))
def test_pages_give_every_row_once_in_order(keys: set[int], first: int) -> None:
    rows, seen, after = sorted(keys), [], None
    while True:
        page = page_of(rows, first, after)
        seen += [edge.node for edge in page.edges]
        if not page.page_info.has_next_page:
            break
        after = page.page_info.end_cursor
    assert seen == rows


def test_rows_that_vanish_between_pages_shift_nothing() -> None:
    first = page_of([1, 2, 3, 4], 2, None)
    rest = page_of([3, 4], 2, first.page_info.end_cursor)
    assert [edge.node for edge in rest.edges] == [3, 4]


def test_an_empty_list_has_neither_cursor_nor_next_page() -> None:
    page = page_of([], 20, None)
    assert (page.edges, page.page_info.end_cursor, page.page_info.has_next_page) == ([], None, False)


@pytest.mark.parametrize("first", [-1, 0, 101])
def test_a_page_holds_1_to_100_rows(first: int) -> None:
    with pytest.raises(GraphQLError, match="first must be from 1 to 100"):
        read_page(first, None, int)


@given(st.tuples(st.integers(-(2**40), 2**40), st.text(max_size=20)))
def test_a_cursor_reads_back_as_its_key(key: tuple[int, str]) -> None:
    assert read_cursor(cursor_of(key), int, str) == key


@pytest.mark.parametrize(
    "text", ["", "x", "é", "W10=", cursor_of(("a",)), cursor_of((1, 2)), cursor_of((2**63,)), "A" * 9999]
)
def test_a_cursor_of_another_list_is_refused(text: str) -> None:
    with pytest.raises(GraphQLError, match="a cursor that this list gave"):
        read_cursor(text, int)


def test_a_truth_value_is_no_integer_of_a_cursor() -> None:
    with pytest.raises(GraphQLError):
        read_cursor(cursor_of((True,)), int)
