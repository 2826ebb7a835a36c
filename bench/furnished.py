"""A ledger to measure with: two large lots in an organisation's hands, and endless entries that hand them out.

It measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from ledger.core.roles import Role
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.record import record
from ledger.recording.users import add_user
from ledger.rules.deliveries import DISTRIBUTION, Distribution
from ledger.rules.gifts import DONATION, Gift
from ledger.rules.goods import LotCount
from ledger.rules.rates import SATS
from ledger.store.database import Store
from ledger.store.transaction import Writing

NOW = 1_590_000_000
DAY = "2020-05-20"
SLUG, PRODUCT, LOTS = "bench", "MASK", ("L-1", "L-2")
PIECES = 100_000_000
STATES = 15
"""Receivers that take turns."""


def furnished(url: str) -> Store:
    """A ledger in which an organisation holds two large lots, ready to be handed out."""
    store = Store.create(url)
    actors: dict[str, Actor] = {}
    with store.write() as tx:
        for role in ("admin", "recorder", "approver"):
            actors[role] = Actor.everywhere(add_user(tx, role, role, now=NOW, by=None), role, role)
    for role, noun, verb, facts in _prelude():
        with store.write() as tx:
            if noun == "purchase" and verb == "add":
                record(tx, DONATION, SLUG, _gift(), now=NOW, role=Role.SYSTEM)
            act(tx, actors[role], SLUG, noun, verb, facts, now=NOW)
    return store


def _gift() -> Gift:
    """Money enough for the order."""
    hashed = "00" * 32
    return Gift(
        outpoint=f"{hashed}:0",
        script="0014" + "00" * 20,
        sats=10_000 * SATS,
        block=hashed,
        height=1,
        position=1,
        time=NOW,
        date=DAY,
    )


def _prelude() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    lots = [{"lot": lot, "noted": PIECES, "good": PIECES} for lot in LOTS]
    handed = [{"product": PRODUCT, "lot": lot, "quantity": PIECES} for lot in LOTS]
    item = {"item": "1", "product": PRODUCT, "quantity": PIECES * len(LOTS), "value": PIECES}
    order = {"number": "O-1", "supplier": "Maker", "currency": "USD", "items": [item], "date": DAY}
    receipt = {"number": "R-1", "order": "O-1", "item": "1", "place": "Beijing", "lots": lots, "date": DAY}
    yield (
        "admin",
        "campaign",
        "add",
        {"slug": SLUG, "title": "Bench", "purpose": "Measuring", "start": DAY, "end": DAY},
    )
    yield "recorder", "product", "add", {"code": PRODUCT, "name": "Mask", "unit": "mask", "plural": "masks"}
    quotes = [{"source": source, "price": 900_000} for source in ("One", "Other")]
    yield "recorder", "rate", "add", {"currency": "USD", "date": DAY, "quotes": quotes}
    yield "recorder", "purchase", "add", order
    yield "approver", "purchase", "approve", {"number": "O-1", "date": DAY}
    yield "recorder", "receipt", "add", receipt
    yield (
        "recorder",
        "handover",
        "add",
        {"number": "H-1", "place": "Beijing", "organisation": "WAHO", "lots": handed, "date": DAY},
    )


def distributions(numbers: Iterator[int]) -> Iterator[Distribution]:
    """Endless entries of two transfers and two uses each: some pieces of both lots to one of the receivers."""
    for number in numbers:
        lots = tuple(LotCount(product=PRODUCT, lot=lot, quantity=1 + number % 37) for lot in LOTS)
        place = f"State {number % STATES}"
        yield Distribution(number=f"D-{number}", organisation="WAHO", place=place, lots=lots, date=DAY)


def recorded(tx: Writing, facts: Distribution) -> bytes:
    """Record one fact; the bytes that were stored."""
    return record(tx, DISTRIBUTION, SLUG, facts, now=NOW, role=Role.RECORDER, author=None).data


def record_all(store: Store, numbers: Iterator[Distribution], count: int, together: int) -> list[bytes]:
    """Record the next facts, so many a commit; the bytes that were stored."""
    stored: list[bytes] = []
    while len(stored) < count:
        with store.write() as tx:
            stored += [recorded(tx, one) for one in islice(numbers, min(together, count - len(stored)))]
    return stored
