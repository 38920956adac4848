"""
The tables of the first release.
"""

import sqlalchemy as sa
from alembic import op

from bursar.store.audit_table import GUARDS

revision = "0001"
down_revision = None


def upgrade() -> None:
    """
    Make them.
    """
    op.create_table(
        "alerts",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=True),
        sa.Column("token", sa.LargeBinary(length=20), nullable=True),
        sa.Column("agent", sa.LargeBinary(length=20), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("block_at", sa.BigInteger(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("raised_by", sa.String(length=64), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("cleared_by", sa.String(length=200), nullable=True),
        sa.Column("cleared_why", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_block_at"), "alerts", ["block_at"], unique=False)
    op.create_index(
        "uq_alerts_not_ended",
        "alerts",
        ["chain_id", "organization", "kind", "subject"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("identity", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=True),
        sa.Column("agent", sa.LargeBinary(length=20), nullable=True),
        sa.Column("token", sa.LargeBinary(length=20), nullable=True),
        sa.Column("amount", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain_id", "organization", "sequence", name=op.f("pk_audit")),
        sa.UniqueConstraint(
            "chain_id", "organization", "hash", name=op.f("uq_audit_chain_id_organization_hash")
        ),
        sa.UniqueConstraint(
            "chain_id",
            "organization",
            "identity",
            name=op.f("uq_audit_chain_id_organization_identity"),
        ),
        sa.UniqueConstraint(
            "chain_id",
            "organization",
            "previous",
            name=op.f("uq_audit_chain_id_organization_previous"),
        ),
    )
    op.create_index(op.f("ix_audit_agent_at"), "audit", ["agent", "at"], unique=False)
    op.create_index(
        op.f("ix_audit_chain_id_organization_action_block"),
        "audit",
        ["chain_id", "organization", "action", "block"],
        unique=False,
    )
    op.create_index(op.f("ix_audit_organization_at"), "audit", ["organization", "at"], unique=False)
    op.create_index(op.f("ix_audit_wallet_at"), "audit", ["wallet", "at"], unique=False)
    op.create_table(
        "chain_agents",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("agent", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "wallet", "agent", name=op.f("pk_chain_agents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_blocks",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("parent", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "number", name=op.f("pk_chain_blocks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_budgets",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("agent", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("category", sa.LargeBinary(length=32), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("per_payment", sa.LargeBinary(length=32), nullable=False),
        sa.Column("hourly", sa.LargeBinary(length=32), nullable=False),
        sa.Column("daily", sa.LargeBinary(length=32), nullable=False),
        sa.Column("queue_from", sa.LargeBinary(length=32), nullable=False),
        sa.Column("max_payments", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("share_bps", sa.Integer(), nullable=False),
        sa.Column("rolling", sa.Boolean(), nullable=False),
        sa.Column("allowlist_only", sa.Boolean(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "wallet", "agent", "token", "category", name=op.f("pk_chain_budgets")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_changes",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.LargeBinary(length=32), autoincrement=False, nullable=False),
        sa.Column("target", sa.LargeBinary(length=20), nullable=False),
        sa.Column("setter", sa.Text(), nullable=False),
        sa.Column("call", sa.LargeBinary(), nullable=False),
        sa.Column("ready_at", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", name=op.f("pk_chain_changes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_cursor",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("final_number", sa.BigInteger(), nullable=False),
        sa.Column("final_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("final_at", sa.BigInteger(), nullable=False),
        sa.Column("final_log", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_chain_cursor")),
        sa.UniqueConstraint(
            "chain_id", "organization", name=op.f("uq_chain_cursor_chain_id_organization")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_events",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("emitter", sa.LargeBinary(length=20), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "block", "log", name=op.f("pk_chain_events")),
        sqlite_with_rowid=True,
    )
    op.create_index(
        "ix_chain_events_beside_paid",
        "chain_events",
        ["source", "block", "log"],
        unique=False,
        sqlite_where=sa.text("name <> 'Paid'"),
        postgresql_where=sa.text("name <> 'Paid'"),
    )
    op.create_table(
        "chain_failed_calls",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("target", sa.LargeBinary(length=20), nullable=False),
        sa.Column("gas_used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("source", "block", "position", name=op.f("pk_chain_failed_calls")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_limits",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("daily", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spent", sa.LargeBinary(length=32), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("max_balance", sa.LargeBinary(length=32), nullable=True),
        sa.PrimaryKeyConstraint("source", "wallet", "token", name=op.f("pk_chain_limits")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_members",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("who", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("guardian", sa.Boolean(), nullable=False),
        sa.Column("keeper", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", "who", name=op.f("pk_chain_members")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_nonces",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("agent", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("word", sa.LargeBinary(length=32), autoincrement=False, nullable=False),
        sa.Column("bits", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "wallet", "agent", "word", name=op.f("pk_chain_nonces")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_organizations",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), nullable=False),
        sa.Column("treasury", sa.LargeBinary(length=20), nullable=False),
        sa.Column("change_delay", sa.LargeBinary(length=32), nullable=False),
        sa.Column("heartbeat_timeout", sa.LargeBinary(length=32), nullable=False),
        sa.Column("last_heartbeat", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_chain_organizations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_payments",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=False),
        sa.Column("agent", sa.LargeBinary(length=20), nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), nullable=False),
        sa.Column("recipient", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount", sa.LargeBinary(length=32), nullable=False),
        sa.Column("category", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("id", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("done_block", sa.BigInteger(), nullable=True),
        sa.Column("done_log", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_transaction", sa.LargeBinary(length=32), nullable=True),
        sa.Column("done_by", sa.LargeBinary(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "block", "log", name=op.f("pk_chain_payments")),
        sqlite_with_rowid=True,
    )
    op.create_index(
        "ix_chain_payments_pending",
        "chain_payments",
        ["source", "wallet"],
        unique=False,
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "chain_recipients",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("who", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("source", "wallet", "who", name=op.f("pk_chain_recipients")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_stops",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("until", sa.LargeBinary(length=32), nullable=False),
        sa.Column("number", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "scope", name=op.f("pk_chain_stops")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_transfers",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("recipient", sa.LargeBinary(length=20), nullable=False),
        sa.Column("amount", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "block", "log", name=op.f("pk_chain_transfers")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_unexplained",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), autoincrement=False, nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("came", sa.LargeBinary(length=32), nullable=False),
        sa.Column("went", sa.LargeBinary(length=32), nullable=False),
        sa.Column("came_explained", sa.LargeBinary(length=32), nullable=False),
        sa.Column("went_explained", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "block", "transaction", "wallet", "token", name=op.f("pk_chain_unexplained")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "chain_wallets",
        sa.Column("source", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.LargeBinary(length=20), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.LargeBinary(length=32), nullable=False),
        sa.Column("payment_delay", sa.LargeBinary(length=32), nullable=False),
        sa.Column("grace", sa.LargeBinary(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "address", name=op.f("pk_chain_wallets")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "decisions",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=True),
        sa.Column("agent", sa.LargeBinary(length=20), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.String(length=64), nullable=False),
        sa.Column("token", sa.LargeBinary(length=20), nullable=True),
        sa.Column("amount", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_agent"), "decisions", ["agent"], unique=False)
    op.create_index(op.f("ix_decisions_at"), "decisions", ["at"], unique=False)
    op.create_index(op.f("ix_decisions_ref"), "decisions", ["ref"], unique=False)
    op.create_table(
        "native_balances",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint(
            "chain_id", "organization", "wallet", name=op.f("pk_native_balances")
        ),
    )
    op.create_table(
        "native_moves",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("organization", sa.LargeBinary(length=20), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("wallet", sa.LargeBinary(length=20), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("came", sa.LargeBinary(length=32), nullable=False),
        sa.Column("went", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=True),
        sa.Column("before", sa.LargeBinary(length=32), nullable=True),
        sa.Column("after", sa.LargeBinary(length=32), nullable=True),
        sa.Column("read_block", sa.BigInteger(), nullable=False),
        sa.Column("read_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.Column("read_balance", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_native_moves")),
        sa.UniqueConstraint(
            "chain_id",
            "organization",
            "identity",
            name=op.f("uq_native_moves_chain_id_organization_identity"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "outbox",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("topic", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("claimed_by", sa.String(length=64), nullable=True),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("topic", "key", name=op.f("uq_outbox_topic_key")),
    )
    op.create_index(op.f("ix_outbox_due_at"), "outbox", ["due_at"], unique=False)
    op.create_table(
        "receipts",
        sa.Column("chain_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=32), nullable=False),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("transaction", sa.LargeBinary(length=32), nullable=False),
        sa.Column("log", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain_id", "ref", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_block"), "receipts", ["block"], unique=False)
    op.create_table(
        "sending_intents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.LargeBinary(length=20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("to", sa.LargeBinary(length=20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(length=32), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("unwanted", sa.Boolean(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("mined", sa.LargeBinary(length=32), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.Text(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending_intents")),
        sa.UniqueConstraint(
            "chain_id",
            "sender",
            "key",
            "attempt",
            name=op.f("uq_sending_intents_chain_id_sender_key_attempt"),
        ),
    )
    op.create_index(
        "ix_sending_intents_not_ended",
        "sending_intents",
        ["chain_id", "sender"],
        unique=False,
        sqlite_where=sa.text("status <> 'ended'"),
        postgresql_where=sa.text("status <> 'ended'"),
    )
    op.create_index(
        "ux_sending_intents_live_nonce",
        "sending_intents",
        ["chain_id", "sender", "nonce"],
        unique=True,
        sqlite_where=sa.text("status IN ('under way', 'mined')"),
        postgresql_where=sa.text("status IN ('under way', 'mined')"),
    )
    op.create_table(
        "sending_leases",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sending_leases")),
    )
    op.create_table(
        "sending_transactions",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("intent_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("to", sa.LargeBinary(length=20), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.LargeBinary(length=32), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("max_fee", sa.LargeBinary(length=32), nullable=False),
        sa.Column("tip", sa.LargeBinary(length=32), nullable=False),
        sa.Column("burns", sa.Boolean(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["intent_id"],
            ["sending_intents.id"],
            name=op.f("fk_sending_transactions_intent_id_sending_intents"),
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_sending_transactions")),
    )
    op.create_index(
        op.f("ix_sending_transactions_intent_id"),
        "sending_transactions",
        ["intent_id"],
        unique=False,
    )
    for statement in GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
