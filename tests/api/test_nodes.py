import base64
from uuid import UUID

import pytest
from graphql import GraphQLError

from api.nodes import NodeKind, global_id, read_global_id, read_id

SESSION = UUID("f3c88e1a-2d04-4a6b-9c12-7e8f5d6a4b3c")
ORDER = UUID("a7e2c9d1-3b85-4f60-9a4d-2c1f8e7b6d50")


def test_a_global_id_names_its_type_and_keys() -> None:
    order = global_id(NodeKind.ORDER, SESSION, ORDER)
    assert read_global_id(order) == (NodeKind.ORDER, (SESSION, ORDER))


def test_an_id_is_read_from_the_global_form_or_the_bare_uuid() -> None:
    assert read_id(global_id(NodeKind.SESSION, SESSION), NodeKind.SESSION) == SESSION
    assert read_id(str(SESSION), NodeKind.SESSION) == SESSION
    assert read_id(global_id(NodeKind.ORDER, SESSION, ORDER), NodeKind.ORDER) == ORDER


def test_an_id_of_another_type_is_refused_by_name() -> None:
    with pytest.raises(GraphQLError, match="id of a Order, not of a Session"):
        read_id(global_id(NodeKind.ORDER, SESSION, ORDER), NodeKind.SESSION)


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "é",
        "====",
        encoded("Bot:1"),
        encoded("Order:1"),
        encoded("Session:1/2"),
        encoded("JournalEntry:1"),
        "A" * 9999,
    ],
)
def test_a_malformed_id_is_refused(text: str) -> None:
    with pytest.raises(GraphQLError, match="is not an id that this API gave"):
        read_global_id(text)


def test_a_key_that_is_no_uuid_is_refused() -> None:
    with pytest.raises(GraphQLError, match="is not an id that this API gave"):
        read_id(encoded("Session:1"), NodeKind.SESSION)
