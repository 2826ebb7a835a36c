"""The migrations of the database, run by Alembic within a transaction of ours.

SQL as text stands only here and in the guards: a step makes what its version had, whatever is declared today, so its
statements are written out in `versions/`, in a file for each dialect.

A step is never changed once it is released, and no step rebuilds a table of the journal: Alembic's batch mode drops
triggers silently. Each run ends by asserting that all guards exist (ledger/store/database.py).
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy.engine import Connection

from ledger.store.guards import Dialect

_FOLDER = Path(__file__).parent


def migrate(connection: Connection) -> None:
    """Bring the tables of an open transaction to the newest version."""
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def statements_file(revision: str, dialect: Dialect) -> Path:
    """Where the statements of a step stand: each ends with a semicolon and an empty line."""
    return _FOLDER / "versions" / f"{revision}_{dialect.value}.sql"


def run_statements(connection: Connection, revision: str) -> None:
    """Run the statements of a step, in order."""
    file = statements_file(revision, Dialect(connection.dialect.name))
    for statement in file.read_text(encoding="utf-8").removesuffix(";\n").split(";\n\n"):
        connection.exec_driver_sql(statement)
