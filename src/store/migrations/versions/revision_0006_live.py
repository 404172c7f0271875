"""Recordings of the live market, sessions that are traded on them, and the ends of live orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"

# what cascades from the removal of a whole user comes from another trigger, and is let through
_TERMINAL_IS_FINAL = """
CREATE FUNCTION live_order_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'order % is %: that is final', OLD.uuid, OLD.status;
END
$$;
"""
_KEPT = """
CREATE TRIGGER orders_terminal_is_final BEFORE UPDATE OR DELETE ON orders
    FOR EACH ROW WHEN (OLD.status <> 'pending' AND pg_trigger_depth() = 0)
    EXECUTE FUNCTION live_order_is_final()
"""
_SESSION_CHECKS = {
    "sessions_recording_of_live": "(mode = 'live') = (recording_uuid IS NOT NULL)",
    "sessions_settled_live": "settled_at IS NULL OR mode = 'live'",
    "sessions_day_unless_pending": "(day_hash IS NULL) = (mode = 'live' AND settled_at IS NULL)",
}
_ORDER_CHECKS = {
    "orders_status_known": "status IN ('pending', 'filled', 'canceled', 'expired', 'rejected')",
    "orders_filled_of_live": "status IS NULL OR (status = 'filled') = (fill_at IS NOT NULL)",
    "orders_end_of_live": (
        "(ended_at IS NOT NULL) = coalesce(status IN ('canceled', 'expired', 'rejected'), false)"
    ),
    "orders_reason_of_rejected": "(rejection_reason IS NOT NULL) = coalesce(status = 'rejected', false)",
    "orders_fees_of_live_fill": "(fill_leg_fee_cents IS NOT NULL) = coalesce(status = 'filled', false)",
}


def upgrade() -> None:
    _recordings()
    _sessions()
    _orders()


def _recordings() -> None:
    op.create_table(
        "recordings",
        sa.Column("uuid", sa.Uuid, primary_key=True),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("open_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("close_second", sa.Integer, nullable=False),
        sa.Column("matched_second", sa.Integer, nullable=False, server_default=sa.text("-1")),
        sa.Column("epoch", sa.BigInteger, nullable=False, server_default=sa.text("0")),
        sa.Column("holder", sa.Uuid, nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("day_hash", sa.String, nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("matched_second BETWEEN -1 AND close_second", name="recordings_matched_within"),
        sa.CheckConstraint("(holder IS NULL) = (leased_until IS NULL)", name="recordings_lease_whole"),
        sa.CheckConstraint(
            "day_hash IS NULL OR closed_at IS NOT NULL", name="recordings_published_once_closed"
        ),
    )
    op.create_index("recordings_by_date", "recordings", ["date"])


def _sessions() -> None:
    op.add_column("sessions", sa.Column("recording_uuid", sa.Uuid, nullable=True))
    op.add_column("sessions", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    tries = sa.Column("settlement_tries", sa.Integer, nullable=False, server_default=sa.text("0"))
    op.add_column("sessions", tries)
    fees = sa.Column("settled_fee_micros", postgresql.JSONB(none_as_null=True), nullable=True)
    op.add_column("sessions", fees)
    op.alter_column("sessions", "day_hash", nullable=True)
    op.create_foreign_key(
        "sessions_recording_uuid_fkey", "sessions", "recordings", ["recording_uuid"], ["uuid"]
    )
    for name, condition in _SESSION_CHECKS.items():
        op.create_check_constraint(name, "sessions", condition)
    op.create_index(
        "sessions_one_live_a_user",
        "sessions",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text(
            "mode = 'live' AND account_id IS NULL AND settled_at IS NULL AND deleted_at IS NULL"
        ),
    )
    op.create_index(
        "sessions_of_recording",
        "sessions",
        ["recording_uuid", "id"],
        postgresql_where=sa.text("mode = 'live' AND settled_at IS NULL AND deleted_at IS NULL"),
    )


def _orders() -> None:
    op.add_column("orders", sa.Column("status", sa.String, nullable=True))
    op.add_column("orders", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("orders", sa.Column("rejection_reason", sa.String, nullable=True))
    op.add_column("orders", sa.Column("fill_leg_fee_cents", postgresql.ARRAY(sa.Integer), nullable=True))
    for name, condition in _ORDER_CHECKS.items():
        op.create_check_constraint(name, "orders", condition)
    op.create_index("orders_pending", "orders", ["id"], postgresql_where=sa.text("status = 'pending'"))
    op.execute(_TERMINAL_IS_FINAL)
    op.execute(_KEPT)


def downgrade() -> None:
    """Live sessions go with what was traded in them: a release before this knows none."""
    op.execute("DROP TRIGGER orders_terminal_is_final ON orders")
    op.execute("DROP FUNCTION live_order_is_final")
    op.execute("DELETE FROM sessions WHERE mode = 'live'")
    op.drop_index("orders_pending", "orders")
    for name in _ORDER_CHECKS:
        op.drop_constraint(name, "orders")
    for column in ("status", "ended_at", "rejection_reason", "fill_leg_fee_cents"):
        op.drop_column("orders", column)
    op.drop_index("sessions_one_live_a_user", "sessions")
    op.drop_index("sessions_of_recording", "sessions")
    for name in _SESSION_CHECKS:
        op.drop_constraint(name, "sessions")
    op.alter_column("sessions", "day_hash", nullable=False)
    for column in ("recording_uuid", "settled_at", "settlement_tries", "settled_fee_micros"):
        op.drop_column("sessions", column)
    op.drop_table("recordings")
