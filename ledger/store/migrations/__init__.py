"""The migrations of the database, run by Alembic within a transaction of ours.

SQL as text stands only here and in the guards.

A step is never changed once it is released, and no step rebuilds a table of the journal: Alembic's batch mode drops
triggers silently. Each run ends by asserting that all guards exist (ledger/store/database.py).
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection


def migrate(connection: Connection) -> None:
    """Bring the tables of an open transaction to the newest version."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
