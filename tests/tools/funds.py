"""One fund whose gifts were all sold, and a second campaign's fund beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.recording.desk import Outcome, act
from ledger.store.addresses import Address
from tests.tools.ledgers import Ledger, day_of, name, script, tx

BTC = 100_000_000
OTHER = "other"
TERMS = {"purpose": "Something else", "start": "2023-11-01", "end": "2023-12-31"}


def sold(folder: Path, *gifts: int, proceeds: int = 2_000_000) -> Ledger:
    """A ledger whose gifts were all sold for `proceeds` cents, at bank B."""
    ledger = Ledger.new(folder)
    ledger.mine("a", *(tx(f"gift{i}", (i, sats), position=i + 1) for i, sats in enumerate(gifts)))
    ledger.bury()
    ledger.mine("s", tx("sale", spends=tuple((f"gift{i}", 0) for i in range(len(gifts)))))
    ledger.bury()
    ledger.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=sum(gifts), network_fee=0,
        currency="USD", proceeds=proceeds, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    ledger.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    return ledger


def do(ledger: Ledger, campaign: str, role: str, noun: str, verb: str, /, **facts: Any) -> Outcome:
    ledger.now = max(ledger.now + 60, day_of(facts))
    with ledger.store.write() as writing:
        outcome = act(writing, ledger.actors[role], campaign, noun, verb, facts, now=ledger.now)
    ledger.stepped()
    return outcome


def two_funds(folder: Path, **more: Any) -> Ledger:
    """Campaign `help` has USD 20,000 at bank B from two gifts; `other` has nothing yet."""
    ledger = sold(folder, BTC, BTC, **more)
    do(ledger, OTHER, "admin", "campaign", "add", slug=OTHER, title="Other fund", **TERMS)
    return ledger


def with_address(ledger: Ledger, index: int) -> None:
    """An address of the other campaign."""
    with ledger.store.write() as writing:
        writing.addresses.add([Address(script(index), f"address{index}", OTHER, "receive", index, "list")])
