"""The index of what entries touched: which later entries are about a gift, an order or a lot.

Folded from the journal like every projection, so a rebuild gives the same; it decides nothing and holds no figures.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ledger.core.entry import Entry
from ledger.store.shelf import Shelf

_END = "\U0010ffff"


def gift_subject(campaign: str, gift: str) -> str:
    """A gift by the name that its line knows it by: an outpoint, `contribution:NUMBER`, `in-kind:NUMBER`."""
    return f"gift|{campaign}|{gift}"


def order_subject(campaign: str, order: str) -> str:
    return f"order|{campaign}|{order}"


def lot_subject(asset: str) -> str:
    return f"lot|{asset}"


class Touched:
    """Space: `t.about` (subject and entry)."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    # reading

    def about(self, subject: str) -> list[int]:
        """The entries about a subject, after the one that made it, in order."""
        rows = self._shelf.rows("t.about", subject + "|", subject + "|" + _END)
        return [int(key.rsplit("|", 1)[1]) for key, _ in rows]

    # folding

    def note(self, entry: Entry) -> None:
        """Fold one entry."""
        for subject in dict.fromkeys(_subjects(entry)):
            self._shelf.save("t.about", f"{subject}|{entry.seq:012d}", b"")


def _subjects(entry: Entry) -> Iterator[str]:
    """What an entry changes the state of without taking units of a line."""
    kind, facts, notes = entry.kind, entry.facts, entry.notes
    told: dict[str, Any] = notes.get("reversed", {})
    if told:
        kind, facts, notes = str(told["kind"]), told["facts"], told.get("notes", {})
    first = kind == "donation" or (kind == "valuation" and not told and not facts.get("n"))
    if "outpoint" in facts and not first:
        yield gift_subject(entry.campaign, str(facts["outpoint"]))
    elif kind in {"contribution", "in-kind"} and told:
        yield gift_subject(entry.campaign, f"{kind}:{facts['number']}")
    elif kind == "closing.approved":
        yield order_subject(entry.campaign, str(notes["order"]))
    elif kind == "recall":
        yield lot_subject(f"{facts['product']}#{facts['lot']}")
