"""Alembic's environment: the connection is given by the program, and so is the transaction."""

from __future__ import annotations

from alembic import context

from ledger.model.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=False,
)
context.run_migrations()
