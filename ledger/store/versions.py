"""Which version of the tables this program works with; Alembic and the migrations are loaded only to change it."""

from __future__ import annotations

from importlib import import_module
from typing import Protocol, cast

from sqlalchemy.engine import Connection

NEWEST = "0001"
"""The revision of the newest migration; revisions are numbered, so that they compare as text."""


class Migrations(Protocol):
    """What `ledger.store.migrations` can do."""

    def migrate(self, connection: Connection) -> None: ...


def load_migrations() -> Migrations:
    """The migrations, with Alembic: a quarter of a second that no command pays whose database is current."""
    return cast(Migrations, import_module("ledger.store.migrations"))
