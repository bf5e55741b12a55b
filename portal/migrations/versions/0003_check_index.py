"""An index that holds all that a check reads of a token. For SQLite: PostgreSQL looks into the table all the same."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NAME = "ix_tokens_check"
COLUMNS = ["digest", "account_id", "user_id", "scopes", "expires_at", "stops_at", "revoked_at"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(NAME, "tokens", COLUMNS, unique=False)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index(NAME, "tokens")
