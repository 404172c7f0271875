"""Programs, the strategies that link people to them, and their runs in chunks with a result a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    _programs()
    _strategies()
    _runs()


def _programs() -> None:
    op.create_table(
        "programs",
        sa.Column("hash", sa.String, primary_key=True),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("config", postgresql.JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "day_results",
        _program(primary_key=True),
        sa.Column("engine_version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("date", sa.Date, primary_key=True),
        sa.Column("inputs", sa.String, primary_key=True),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("gross_cents", sa.BigInteger, nullable=False),
        sa.Column("drawdown_cents", sa.BigInteger, nullable=False),
        sa.Column("skipped", sa.Integer, nullable=False),
        sa.Column("first_skip", sa.SmallInteger, nullable=True),
        sa.Column("decisions_hash", sa.Numeric(20, 0), nullable=False),
        sa.Column("facts", postgresql.JSONB, nullable=False),
        sa.Column("trades", postgresql.JSONB, nullable=False),
        sa.Column("error", sa.String, nullable=False),
    )


def _strategies() -> None:
    op.create_table(
        "strategies",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("uuid", sa.Uuid, nullable=False, unique=True),
        sa.Column("user_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
        _program(),
        sa.Column("privacy", sa.String, nullable=False),
        sa.Column("description", sa.String, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("privacy IN ('private', 'public')", name="strategies_privacy_known"),
    )
    op.create_index("strategies_once", "strategies", ["user_id", "program_hash"], unique=True)
    op.create_index("strategies_by_change", "strategies", ["user_id", "updated_at", "id"])
    op.create_index("strategies_of_program", "strategies", ["program_hash"])
    op.create_table(
        "interests",
        sa.Column(
            "user_id",
            sa.BigInteger,
            sa.ForeignKey("users.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        _program(primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("interests_of_program", "interests", ["program_hash"])


def _runs() -> None:
    op.create_table(
        "runs",
        _program(primary_key=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("owner_id", sa.BigInteger, sa.ForeignKey("users.id", ondelete="SET NULL"), nullable=True),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.CheckConstraint("state IN ('queued', 'running', 'parked', 'idle', 'failed')", name="runs_state"),
    )
    op.create_index("runs_of_owner", "runs", ["owner_id", "state"])
    op.create_table(
        "chunks",
        sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
        sa.Column("program_hash", sa.String, sa.ForeignKey("runs.program_hash"), nullable=False),
        sa.Column("dates", postgresql.ARRAY(sa.Date), nullable=False),
        sa.Column("worker", sa.Uuid, nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("rung_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("chunks_of_run", "chunks", ["program_hash"])


def _program(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(
        "program_hash", sa.String, sa.ForeignKey("programs.hash"), primary_key=primary_key, nullable=False
    )


def downgrade() -> None:
    for table in ("chunks", "runs", "interests", "strategies", "day_results", "programs"):
        op.drop_table(table)
