"""Every declared table, gathered for migrations and for the test that compares them."""

from sqlmodel import SQLModel

from store.tables import (
    codes,
    events,
    idempotency,
    logins,
    orders,
    outbox,
    sessions,
    tokens,
    users,
)

DECLARING = (
    codes,
    events,
    idempotency,
    logins,
    orders,
    outbox,
    sessions,
    tokens,
    users,
)
METADATA = SQLModel.metadata
