"""Version 1: all tables and guards of the first release.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

from ledger.model.tables import METADATA
from ledger.store.guards import make_triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, then the guards of this program: they name columns only when they fire."""
    connection = op.get_bind()
    METADATA.create_all(connection)
    make_triggers(connection)
