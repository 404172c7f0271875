"""Accounts, the settlements of their days, and the journal that proves their balances."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_APPEND_ONLY = """
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only: correct an entry by another one';
END
$$
"""


def upgrade() -> None:
    _accounts()
    _sessions_of_accounts()
    _settlements()
    _journal()
    _repricings()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=True),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("starting_cents", sa.BigInteger, nullable=False),
        sa.Column("cash_cents", sa.BigInteger, nullable=False),
        sa.Column("fee_micros", postgresql.JSONB, nullable=False),
        sa.Column("open_session_id", sa.BigInteger, nullable=True),
        sa.Column("journal_seq", sa.BigInteger, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("engine IN ('historical', 'live_sim')", name="accounts_engine_known"),
        sa.CheckConstraint("type IN ('manual', 'bot')", name="accounts_type_known"),
        sa.CheckConstraint("status IN ('active', 'archived')", name="accounts_status_known"),
        sa.CheckConstraint("starting_cents BETWEEN 100000 AND 1000000000", name="accounts_capital_bounded"),
    )
    op.create_index(
        "accounts_name_of_active",
        "accounts",
        ["user_id", "name"],
        unique=True,
        postgresql_where=sa.text("status = 'active' AND deleted_at IS NULL"),
    )
    op.create_index("accounts_of_user", "accounts", ["user_id", "id"])
    op.create_table(
        "account_events",
        _of("accounts", "account_id"),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("session_uuid", sa.Uuid, nullable=True),
        sa.Column("done", sa.Integer, nullable=True),
        sa.Column("total", sa.Integer, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def _sessions_of_accounts() -> None:
    """A day of an account opens with what the days before it left, so it stores no balance."""
    op.alter_column("sessions", "opening_cents", nullable=True)
    op.create_foreign_key("sessions_account_id_fkey", "sessions", "accounts", ["account_id"], ["id"])
    op.create_check_constraint(
        "sessions_opening_carried_or_own", "sessions", "(account_id IS NULL) = (opening_cents IS NOT NULL)"
    )
    op.create_index(
        "sessions_one_a_date_of_account",
        "sessions",
        ["account_id", "date"],
        unique=True,
        postgresql_where=sa.text("account_id IS NOT NULL AND deleted_at IS NULL"),
    )


def _settlements() -> None:
    op.create_table(
        "settlements",
        _of("sessions", "session_id"),
        sa.Column(
            "account_id", sa.BigInteger, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("credits_cents", sa.BigInteger, nullable=False),
        sa.Column("debits_cents", sa.BigInteger, nullable=False),
        sa.Column("fees_cents", sa.BigInteger, nullable=False),
        sa.Column("exercises", sa.Integer, nullable=False),
        sa.Column(
            "profit_cents",
            sa.BigInteger,
            sa.Computed("credits_cents - debits_cents - fees_cents", persisted=True),
            nullable=False,
        ),
    )
    op.create_index(
        "settlements_carry",
        "settlements",
        ["account_id", "date"],
        unique=True,
        postgresql_include=["profit_cents"],
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column(
            "account_id", sa.BigInteger, sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("session_uuid", sa.Uuid, nullable=True),
        sa.Column("date", sa.Date, nullable=True),
        sa.Column("revision", sa.Integer, nullable=True),
        sa.Column("cash_cents", sa.BigInteger, nullable=False),
        sa.Column("capital_cents", sa.BigInteger, nullable=False),
        sa.Column("options_cents", sa.BigInteger, nullable=False),
        sa.Column("fees_cents", sa.BigInteger, nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('genesis', 'capital', 'settle', 'reverse')", name="journal_kind_known"),
        sa.CheckConstraint(
            "cash_cents + capital_cents + options_cents + fees_cents = 0", name="journal_balanced"
        ),
        sa.CheckConstraint(
            "(kind IN ('settle', 'reverse')) = (session_uuid IS NOT NULL)"
            " AND (session_uuid IS NULL) = (revision IS NULL)"
            " AND (session_uuid IS NULL) = (date IS NULL)",
            name="journal_day_named",
        ),
    )
    op.create_index("journal_once", "journal", ["session_uuid", "revision", "kind"], unique=True)
    op.execute(_APPEND_ONLY)
    op.execute(
        "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
        " FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only()"
    )


def _repricings() -> None:
    op.create_table(
        "repricings",
        _of("accounts", "account_id"),
        sa.Column("fee_micros", postgresql.JSONB, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "repriced_days",
        sa.Column("session_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column(
            "account_id",
            sa.BigInteger,
            sa.ForeignKey("repricings.account_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("fees_cents", sa.BigInteger, nullable=False),
    )
    op.create_index("repriced_days_of_account", "repriced_days", ["account_id"])


def _of(table: str, name: str) -> sa.Column[int]:
    """The key of a row that belongs to one of ``table``, as a column called ``name``."""
    return sa.Column(
        name,
        sa.BigInteger,
        sa.ForeignKey(f"{table}.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


def downgrade() -> None:
    for table in ("repriced_days", "repricings", "journal", "settlements", "account_events"):
        op.drop_table(table)
    op.execute("DROP FUNCTION journal_is_append_only()")
    op.execute("DELETE FROM sessions WHERE account_id IS NOT NULL")
    op.drop_index("sessions_one_a_date_of_account", "sessions")
    op.drop_constraint("sessions_opening_carried_or_own", "sessions")
    op.drop_constraint("sessions_account_id_fkey", "sessions")
    op.alter_column("sessions", "opening_cents", nullable=False)
    op.drop_table("accounts")
