"""Version 2: an address may be kept for one need, so that what it receives is restricted to it.

Rows that are there keep no restriction; no table is rebuilt.
"""

from __future__ import annotations

from sqlalchemy.engine import Connection

from ledger.store.triggers import drop_triggers, make_triggers


def migrate(connection: Connection) -> None:
    """Add the column, and make all triggers anew: the one of the addresses guards it."""
    connection.exec_driver_sql("ALTER TABLE addresses ADD COLUMN restriction TEXT")
    drop_triggers(connection)
    make_triggers(connection)
