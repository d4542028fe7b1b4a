"""Questions in channels that are shared with customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forwards."""
    op.create_table(
        "account_channels",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", name=op.f("pk_account_channels")),
    )
    op.create_table(
        "channel_posts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=True),
        sa.Column("teams", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.String(length=32), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'declined', 'never', 'skipped')",
            name=op.f("ck_channel_posts_state"),
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["waves.id"], name=op.f("fk_channel_posts_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_posts")),
        sa.UniqueConstraint("wave_id", "channel", name=op.f("uq_channel_posts_wave_id_channel")),
    )
    op.create_table(
        "channel_invitations",
        sa.Column("invitation_id", sa.String(length=32), nullable=False),
        sa.Column("post_id", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["invitation_id"],
            ["invitations.id"],
            name=op.f("fk_channel_invitations_invitation_id"),
        ),
        sa.ForeignKeyConstraint(
            ["post_id"], ["channel_posts.id"], name=op.f("fk_channel_invitations_post_id")
        ),
        sa.PrimaryKeyConstraint("invitation_id", name=op.f("pk_channel_invitations")),
    )
    op.create_index(
        op.f("ix_channel_invitations_post_id"), "channel_invitations", ["post_id"], unique=False
    )


def downgrade() -> None:
    """Go backwards."""
    op.drop_table("channel_invitations")
    op.drop_table("channel_posts")
    op.drop_table("account_channels")
