"""Every declared table, gathered for migrations and for the test that compares them."""

from sqlmodel import SQLModel

from store.tables import codes, idempotency, logins, outbox, tokens, users

DECLARING = (codes, idempotency, logins, outbox, tokens, users)
METADATA = SQLModel.metadata
