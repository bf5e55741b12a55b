"""The first schema: accounts, people, sessions, tokens, agreements, the security log."""

import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = sa.DateTime(timezone=True)
TABLES = (
    "service_tokens",
    "token_usage",
    "idempotency_keys",
    "form_nonces",
    "audit_events",
    "agreements",
    "tokens",
    "sessions",
    "users",
    "installation",
    "agreed_statements",
    "accounts",
)


def only_current(kind: str) -> dict[str, Any]:
    condition = sa.text(f"kind = '{kind}' AND revoked_at IS NULL AND superseded_at IS NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("api_access_enabled", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name_key", name=op.f("uq_accounts_name_key")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "agreed_statements",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreed_statements")),
        sa.UniqueConstraint("version", name=op.f("uq_agreed_statements_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "installation",
        sa.Column("id", ID, nullable=False),
        sa.Column("setup_id", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.execute(
        sa.text("INSERT INTO installation (id, setup_id) VALUES (1, :setup_id)").bindparams(
            setup_id=secrets.token_hex(16)
        )
    )
    op.create_table(
        "users",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=1000), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("deactivated_at", AT, nullable=True),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name=op.f("ck_users_role")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_users_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email_key", name=op.f("uq_users_email_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_users_account_id", "users", ["account_id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_used_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_sessions_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=True),
        sa.Column("made_by_id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=24), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("expires_at", AT, nullable=True),
        sa.Column("last_used_at", AT, nullable=True),
        sa.Column("last_used_from", sa.String(length=45), nullable=True),
        sa.Column("superseded_at", AT, nullable=True),
        sa.Column("stops_at", AT, nullable=True),
        sa.Column("revoked_at", AT, nullable=True),
        sa.Column("replaces_id", ID, nullable=True),
        sa.CheckConstraint("(kind = 'personal') = (user_id IS NOT NULL)", name=op.f("ck_tokens_owner")),
        sa.CheckConstraint("kind IN ('personal', 'account')", name=op.f("ck_tokens_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id_accounts")),
        sa.ForeignKeyConstraint(["made_by_id"], ["users.id"], name=op.f("fk_tokens_made_by_id_users")),
        sa.ForeignKeyConstraint(["replaces_id"], ["tokens.id"], name=op.f("fk_tokens_replaces_id_tokens")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_tokens_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_tokens_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_account_id", "tokens", ["account_id", "id"], unique=False)
    op.create_index("ix_tokens_replaces_id", "tokens", ["replaces_id"], unique=False)
    op.create_index("ix_tokens_user_id", "tokens", ["user_id", "id"], unique=False)
    op.create_index(
        "uq_tokens_current_name", "tokens", ["user_id", "name_key"], unique=True, **only_current("personal")
    )
    op.create_index("uq_tokens_current_of_account", "tokens", ["account_id"], unique=True, **only_current("account"))

    op.create_table(
        "token_usage",
        sa.Column("token_id", ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("refusals", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_token_usage_token_id_tokens")),
        sa.PrimaryKeyConstraint("token_id", "day", name=op.f("pk_token_usage")),
    )
    op.create_table(
        "service_tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=400), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hint", sa.String(length=24), nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.Column("last_used_at", AT, nullable=True),
        sa.Column("revoked_at", AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_tokens")),
        sa.UniqueConstraint("digest", name=op.f("uq_service_tokens_digest")),
        sqlite_autoincrement=True,
    )
    not_revoked = sa.text("revoked_at IS NULL")
    op.create_index(
        "uq_service_tokens_current_name",
        "service_tokens",
        ["name_key"],
        unique=True,
        sqlite_where=not_revoked,
        postgresql_where=not_revoked,
    )

    op.create_table(
        "agreements",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("statement_id", ID, nullable=False),
        sa.Column("token_id", ID, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("agreed_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_agreements_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["agreed_statements.id"], name=op.f("fk_agreements_statement_id_agreed_statements")
        ),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_agreements_token_id_tokens")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_agreements_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_agreements_account_id", "agreements", ["account_id"], unique=False)

    op.create_table(
        "audit_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("account_id", ID, nullable=True),
        sa.Column("at", AT, nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", ID, nullable=True),
        sa.Column("actor_name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=True),
        sa.Column("token_id", ID, nullable=True),
        sa.Column("target_kind", sa.String(length=10), nullable=True),
        sa.Column("target_id", ID, nullable=True),
        sa.Column("target_name", sa.String(length=254), nullable=True),
        sa.Column("detail", sa.String(length=200), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("ck_audit_events_outcome")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_audit_events_account_id_accounts")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_audit_events_token_id_tokens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_events_account_id_id", "audit_events", ["account_id", "id"], unique=False)
    op.create_index("ix_audit_events_actor", "audit_events", ["actor_kind", "actor_id", "id"], unique=False)

    op.create_table(
        "form_nonces",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("token_id", ID, nullable=True),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_form_nonces_token_id_tokens")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_form_nonces_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_form_nonces")),
        sa.UniqueConstraint("user_id", "action", "nonce", name=op.f("uq_form_nonces_user_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("id", ID, nullable=False),
        sa.Column("user_id", ID, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("call_digest", sa.String(length=64), nullable=False),
        sa.Column("token_id", ID, nullable=False),
        sa.Column("created_at", AT, nullable=False),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_idempotency_keys_token_id_tokens")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_idempotency_keys_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("user_id", "key", name=op.f("uq_idempotency_keys_user_id")),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
