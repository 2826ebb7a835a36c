"""Version 1: all tables and guards of the first release.

Their statements stand beside this file, in full, so that what a table was in this version is what it stays here,
whatever is declared later. `python -m tests.tools.first_migration` writes them until that release.

Revision ID: 0001
"""

from __future__ import annotations

from alembic import op

from ledger.store.migrations import run_statements

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_statements(op.get_bind(), revision)
