"""Version 1: all tables of the first release, as they were then. It never looks at data.

Written out, not read from `tables.py`: what is declared there grows with later versions, and a step never does.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.engine import Connection

from ledger.store.triggers import make_triggers

_WORDS: Mapping[str, tuple[str, str]] = {
    "LONG": ("INTEGER", "BIGINT"),
    "BYTES": ("BLOB", "BYTEA"),
    "ORDERED": ("TEXT", 'TEXT COLLATE "C"'),
    "KEYED": ("WITHOUT ROWID, STRICT", ""),
    "TYPED": ("STRICT", ""),
}
"""What stands for what in SQLite and in PostgreSQL."""

_TABLES = (
    "CREATE TABLE meta (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name)) KEYED",
    'CREATE TABLE entries (seq LONG NOT NULL, "key" TEXT NOT NULL, kind TEXT NOT NULL, campaign TEXT NOT NULL,'
    " recorded_at TEXT NOT NULL, data BYTES NOT NULL, hash TEXT NOT NULL, transfers LONG NOT NULL,"
    ' PRIMARY KEY (seq), UNIQUE ("key")) TYPED',
    "CREATE INDEX entries_campaign ON entries (campaign, seq)",
    "CREATE INDEX entries_kind ON entries (kind, seq)",
    "CREATE TABLE transfers (seq LONG NOT NULL, n LONG NOT NULL, debit TEXT NOT NULL, credit TEXT NOT NULL,"
    " asset TEXT NOT NULL, amount LONG NOT NULL, PRIMARY KEY (seq, n),"
    " CHECK (amount between 1 and 9007199254740991)) KEYED",
    "CREATE TABLE observations (n LONG NOT NULL, at TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL,"
    " subject TEXT NOT NULL, data BYTES NOT NULL, PRIMARY KEY (n)) TYPED",
    "CREATE TABLE audit (n LONG NOT NULL, at TEXT NOT NULL, user_id LONG, action TEXT NOT NULL,"
    " subject TEXT NOT NULL, PRIMARY KEY (n)) TYPED",
    "CREATE TABLE headers (height LONG NOT NULL, raw BYTES NOT NULL, PRIMARY KEY (height)) TYPED",
    "CREATE TABLE progress (name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (name)) KEYED",
    'CREATE TABLE shelf (space ORDERED NOT NULL, "key" ORDERED NOT NULL, value BYTES NOT NULL,'
    ' PRIMARY KEY (space, "key")) KEYED',
    "CREATE TABLE users (id LONG NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, disabled LONG NOT NULL,"
    " at TEXT NOT NULL, PRIMARY KEY (id), UNIQUE (name)) TYPED",
    "CREATE TABLE tokens (id LONG NOT NULL, user_id LONG NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL,"
    " at TEXT NOT NULL, revoked LONG NOT NULL, PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id),"
    " UNIQUE (hash)) TYPED",
    "CREATE INDEX tokens_user ON tokens (user_id)",
    "CREATE TABLE authors (seq LONG NOT NULL, user_id LONG NOT NULL, PRIMARY KEY (seq),"
    " FOREIGN KEY(seq) REFERENCES entries (seq), FOREIGN KEY(user_id) REFERENCES users (id)) TYPED",
    'CREATE TABLE drafts (id LONG NOT NULL, kind TEXT NOT NULL, campaign TEXT NOT NULL, "key" TEXT NOT NULL,'
    " data BYTES NOT NULL, user_id LONG NOT NULL, waits_for TEXT, at TEXT NOT NULL, outcome TEXT,"
    " PRIMARY KEY (id), FOREIGN KEY(user_id) REFERENCES users (id)) TYPED",
    "CREATE INDEX drafts_open ON drafts (outcome, waits_for)",
    "CREATE TABLE openings (commitment TEXT NOT NULL, salt BYTES NOT NULL, value BYTES NOT NULL,"
    " PRIMARY KEY (commitment)) KEYED",
    "CREATE TABLE addresses (script BYTES NOT NULL, address TEXT NOT NULL, campaign TEXT NOT NULL,"
    " branch TEXT NOT NULL, idx LONG NOT NULL, source TEXT NOT NULL, given_at TEXT, claim TEXT,"
    " used LONG NOT NULL, PRIMARY KEY (script), UNIQUE (address), UNIQUE (claim)) KEYED",
    "CREATE INDEX addresses_given ON addresses (given_at)",
    "CREATE INDEX addresses_next ON addresses (campaign, branch, idx)",
    "CREATE TABLE evidence (sha256 TEXT NOT NULL, media_type TEXT NOT NULL, data BYTES NOT NULL,"
    " PRIMARY KEY (sha256)) KEYED",
    "CREATE TABLE leases (name TEXT NOT NULL, holder TEXT NOT NULL, epoch LONG NOT NULL, until LONG NOT NULL,"
    " PRIMARY KEY (name)) KEYED",
)


def migrate(connection: Connection) -> None:
    """Make the tables, then the triggers of this program: they name columns only when they fire."""
    column = 0 if connection.dialect.name == "sqlite" else 1
    for statement in _TABLES:
        for word, meanings in _WORDS.items():
            statement = statement.replace(word, meanings[column])
        connection.exec_driver_sql(statement)
    make_triggers(connection)
