"""People, their tokens and codes, spent idempotency keys, and the outbox."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    _people()
    _sign_in()
    _deliveries()


def downgrade() -> None:
    for table in (
        "outbox",
        "idempotency_keys",
        "login_failures",
        "email_codes",
        "tokens",
        "users",
    ):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("password_hash", sa.String, nullable=True),
        sa.Column("fee_micros", postgresql.JSONB, nullable=True),
        sa.Column("slippage_cents", sa.Integer, nullable=False),
        sa.Column("operator", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name="users_email_normalised"),
        sa.CheckConstraint(
            "slippage_cents BETWEEN 0 AND 500 AND slippage_cents % 5 = 0",
            name="users_slippage_on_grid",
        ),
    )
    op.create_table(
        "tokens",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column(
            "user_id",
            sa.BigInteger,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(digest) = 32", name="tokens_digest_whole"),
    )
    op.create_index("tokens_of_user", "tokens", ["user_id"])
    op.create_index("tokens_by_use", "tokens", ["used_at"])


def _sign_in() -> None:
    op.create_table(
        "email_codes",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("nonce", sa.LargeBinary, nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("octet_length(nonce) = 16", name="email_codes_nonce_whole"),
        sa.CheckConstraint("attempts >= 0", name="email_codes_attempts_counted"),
    )
    op.create_index("email_codes_by_request", "email_codes", ["requested_at"])
    op.create_table(
        "login_failures",
        sa.Column("email", sa.Text, primary_key=True),
        sa.Column("network", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("failures >= 0", name="login_failures_counted"),
    )
    op.create_index("login_failures_by_time", "login_failures", ["failed_at"])


def _deliveries() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column(
            "user_id",
            sa.BigInteger,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("answer", sa.LargeBinary, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(request_hash) = 32", name="idempotency_keys_hash_whole"),
    )
    op.create_index("idempotency_keys_by_time", "idempotency_keys", ["created_at"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("job", sa.String, nullable=False),
        sa.Column("arguments", postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
