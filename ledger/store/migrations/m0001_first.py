"""Version 1: all tables and triggers of the first release. It never looks at data."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from ledger.store.session import Dialect
from ledger.store.tables import METADATA
from ledger.store.triggers import triggers


def migrate(connection: Connection) -> None:
    METADATA.create_all(connection)
    for trigger in triggers(Dialect(connection.dialect.name)):
        for statement in trigger.statements:
            connection.exec_driver_sql(statement)
