"""What a strategy's line of the leaderboard tells, kept with the run that it follows from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("runs", sa.Column("headline", postgresql.JSONB, nullable=True))


def downgrade() -> None:
    op.drop_column("runs", "headline")
