"""How an answer on the command line is laid out: cells of a row two spaces apart. It has no words."""

from __future__ import annotations


def row(*cells: str) -> str:
    """The cells that have something in them."""
    return "  ".join(cell for cell in cells if cell)
