from uuid import UUID

from engine.ledger import Transaction, TransactionKind
from rest_compat.transactions import render_transaction
from tests.rest_compat.views import BOUGHT, CALL_5950, DATE, OPEN_AT


def test_fills_name_their_order() -> None:
    body = render_transaction(BOUGHT, DATE, OPEN_AT).model_dump(mode="json", exclude_unset=True)

    assert body == {
        "id": "00000000-0000-0000-0000-00000000000a",
        "datetime": "2025-01-15T14:35:00Z",
        "instrument": "SPXW  250115C05950000",
        "type": "buy to open",
        "quantity": "1",
        "price": "430",
        "value": "430",
        "effect": "debit",
        "fees": "1.72",
        "order_id": "00000000-0000-0000-0000-000000000002",
    }


def test_expiration_has_neither_order_nor_price_nor_value() -> None:
    expired = Transaction(UUID(int=12), None, 23_400, CALL_5950, TransactionKind.EXPIRATION, 1, None, None, 0)

    assert render_transaction(expired, DATE, OPEN_AT).model_dump(mode="json", exclude_unset=True) == {
        "id": "00000000-0000-0000-0000-00000000000c",
        "datetime": "2025-01-15T21:00:00Z",
        "instrument": "SPXW  250115C05950000",
        "type": "expiration",
        "quantity": "1",
        "fees": "0",
    }


def test_exercise_is_a_credit_without_an_order() -> None:
    exercised = Transaction(
        UUID(int=13), None, 23_400, CALL_5950, TransactionKind.EXERCISE, 2, 4315, -8_630_00, 500
    )
    body = render_transaction(exercised, DATE, OPEN_AT).model_dump(mode="json", exclude_unset=True)

    assert (body["price"], body["value"], body["effect"], body["fees"]) == (
        "4315",
        "-8630",
        "credit",
        "5",
    )
    assert "order_id" not in body
