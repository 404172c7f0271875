"""Sessions, their orders and their events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    _sessions()
    _orders()
    op.create_table(
        "session_events",
        sa.Column(
            "session_id",
            sa.BigInteger,
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("order_id", sa.Uuid, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(
        "session_events_of_order",
        "session_events",
        ["order_id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column("account_id", sa.BigInteger, nullable=True),
        sa.Column("mode", sa.String, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("day_hash", sa.String, nullable=False),
        sa.Column("opening_cents", sa.BigInteger, nullable=False),
        sa.Column("description", sa.String, nullable=True),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("mode IN ('historical', 'live')", name="sessions_mode_known"),
        sa.CheckConstraint("opening_cents > 0", name="sessions_opening_positive"),
    )
    op.create_index(
        "sessions_one_simulation_a_date",
        "sessions",
        ["user_id", "date"],
        unique=True,
        postgresql_where=sa.text("account_id IS NULL AND mode = 'historical' AND deleted_at IS NULL"),
    )
    op.create_index("sessions_of_user", "sessions", ["user_id", "id"])


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        sa.Column(
            "session_id",
            sa.BigInteger,
            sa.ForeignKey("sessions.id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("effect", sa.String, nullable=True),
        sa.Column("price_cents", sa.Integer, nullable=True),
        sa.Column("trigger_cents", sa.Integer, nullable=True),
        sa.Column("trigger_direction", sa.String, nullable=True),
        sa.Column("slippage_cents", sa.Integer, nullable=False),
        sa.Column("legs", postgresql.JSONB, nullable=False),
        sa.Column("fill_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fill_net_price_cents", sa.Integer, nullable=True),
        sa.Column("fill_leg_price_cents", postgresql.ARRAY(sa.Integer), nullable=True),
        sa.Column("replaces_order_id", sa.Uuid, nullable=True),
        sa.Column("client_order_id", sa.Uuid, nullable=True),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("type IN ('limit', 'market', 'stop')", name="orders_type_known"),
        sa.CheckConstraint("effect IN ('debit', 'credit')", name="orders_effect_known"),
        sa.CheckConstraint(
            "trigger_direction IN ('at_or_below', 'at_or_above')",
            name="orders_trigger_direction_known",
        ),
        sa.CheckConstraint(
            "(fill_at IS NULL) = (fill_net_price_cents IS NULL)"
            " AND (fill_at IS NULL) = (fill_leg_price_cents IS NULL)",
            name="orders_fill_whole",
        ),
    )
    op.create_index("orders_sequence", "orders", ["session_id", "sequence"], unique=True)
    op.create_index("orders_id_of_owner", "orders", ["user_id", "uuid"], unique=True)


def downgrade() -> None:
    op.drop_table("session_events")
    op.drop_table("orders")
    op.drop_table("sessions")
