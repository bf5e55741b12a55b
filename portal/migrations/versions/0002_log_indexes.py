"""Indexes by which one person's part of the security log, and one action alone, are found among millions of rows."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_audit_events_action": ["account_id", "action", "id"],
    "ix_audit_events_target": ["target_kind", "target_id", "id"],
    "ix_audit_events_token": ["token_id", "id"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        op.create_index(name, "audit_events", columns, unique=False)


def downgrade() -> None:
    for name in INDEXES:
        op.drop_index(name, "audit_events")
