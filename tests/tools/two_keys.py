"""The other side of a delivery counts what came, by a link that is used once."""

from __future__ import annotations

from ledger.recording.confirming import confirm, make_link
from tests.tools.ledgers import SLUG, Ledger


def count(ledger: Ledger, good: int, about: str = "shipment", paper: str = "W-1", damaged: int = 0) -> None:
    """Kits of lot L1 on a paper: good ones and damaged ones."""
    with ledger.store.write() as writing:
        wanted = {"about": about, "paper": paper}
        made = make_link(writing, ledger.actors["recorder"], SLUG, wanted, now=ledger.now)
        confirm(writing, made.code, {("KIT", "L1"): (good, damaged)}, now=ledger.now)
    ledger.audit()
