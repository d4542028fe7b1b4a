"""Anonymous surveys: ballot and answer apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forwards."""
    # Written out, because alembic would have SQLite copy the whole table for the constraint.
    op.execute(
        "ALTER TABLE waves ADD COLUMN threshold SMALLINT"
        " CONSTRAINT ck_waves_threshold"
        " CHECK (threshold IS NULL OR (threshold >= 3 AND only_person IS NULL))"
    )
    op.execute("ALTER TABLE waves ADD COLUMN segment TEXT")
    op.create_table(
        "ballots",
        sa.Column("invitation_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"], ["invitations.id"], name=op.f("fk_ballots_invitation_id")
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_ballots")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "anonymous_answers",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("segment", sa.Text(), nullable=True),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 10", name=op.f("ck_anonymous_answers_score")),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["waves.id"], name=op.f("fk_anonymous_answers_wave_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anonymous_answers")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_anonymous_answers_wave_id"), "anonymous_answers", ["wave_id"], unique=False
    )
    op.create_table(
        "anonymous_comments",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["waves.id"], name=op.f("fk_anonymous_comments_wave_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anonymous_comments")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_anonymous_comments_wave_id"), "anonymous_comments", ["wave_id"], unique=False
    )
    op.create_table(
        "follow_up_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("band", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(
            ["wave_id"], ["waves.id"], name=op.f("fk_follow_up_tokens_wave_id")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_follow_up_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_follow_up_tokens_wave_id"), "follow_up_tokens", ["wave_id"], unique=False
    )
    op.create_table(
        "disclosures",
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_disclosures_wave_id")),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_disclosures")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("disclosures")
    op.drop_table("follow_up_tokens")
    op.drop_table("anonymous_comments")
    op.drop_table("anonymous_answers")
    op.drop_table("ballots")
    op.execute("ALTER TABLE waves DROP COLUMN segment")
    op.execute("ALTER TABLE waves DROP COLUMN threshold")
