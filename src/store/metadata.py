"""Every declared table, gathered for migrations and for the test that compares them."""

from sqlmodel import SQLModel

from store.tables import (
    accounts,
    codes,
    events,
    idempotency,
    journal,
    logins,
    orders,
    outbox,
    programs,
    recordings,
    repricings,
    runs,
    sessions,
    settlements,
    strategies,
    tokens,
    users,
)

DECLARING = (
    accounts,
    codes,
    events,
    idempotency,
    journal,
    logins,
    orders,
    outbox,
    programs,
    recordings,
    repricings,
    runs,
    sessions,
    settlements,
    strategies,
    tokens,
    users,
)
METADATA = SQLModel.metadata
