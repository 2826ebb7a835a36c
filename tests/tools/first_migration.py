"""Writes the statements of the first migration anew, as the tables and guards are declared today.

    .venv/bin/python -m tests.tools.first_migration

Only until the first release: afterwards no statement of a step is changed, and another step is added.
"""

from __future__ import annotations

from pathlib import Path

from ledger.store.guards import Dialect
from ledger.store.migrations import statements_file
from tests.tools.schemas import declared


def statements() -> dict[Path, str]:
    """What belongs into each file, one a dialect."""
    return {statements_file("0001", dialect): ";\n\n".join(declared(dialect)) + ";\n" for dialect in Dialect}


if __name__ == "__main__":
    for path, text in statements().items():
        path.write_text(text, encoding="utf-8")
        print(path)
