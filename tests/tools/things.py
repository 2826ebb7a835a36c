"""A ledger with money at a bank and a product, and the few acts that stories of goods are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.core.entry import entry_from_bytes
from ledger.recording.desk import Outcome
from ledger.rules.books import Books
from tests.tools.ledgers import SLUG, Ledger, copied, name, tx

BTC = 100_000_000
DATE = "2023-12-01"


def funded(folder: Path) -> Ledger:
    """20,000.00 USD at bank B, from one gift of a bitcoin, and a product KIT."""
    return copied("funded", folder, _funded)


def _funded(folder: Path) -> Ledger:
    made = Ledger.new(folder)
    made.mine("a", tx("gift", (0, BTC)))
    made.bury()
    made.mine("s", tx("sale", spends=(("gift", 0),)))
    made.bury()
    made.do(
        "recorder", "conversion", "add", number="C-1", txid=name("sale"), sold=BTC - 1000, network_fee=1000,
        currency="USD", proceeds=2_000_000, exchange="E", bank="B", date="2023-11-20",
    )  # fmt: skip
    made.do("approver", "conversion", "approve", number="C-1", date="2023-11-20")
    made.do("recorder", "product", "add", code="KIT", name="Kit", unit="kit", plural="kits")
    return made


def stocked(folder: Path) -> Ledger:
    """The same, with 1,000 kits of lot L1 at the Depot, received on PO-1 and not paid for."""
    return copied("stocked", folder, _stocked)


def _stocked(folder: Path) -> Ledger:
    made = funded(folder)
    order(made)
    receive(made, good=1000)
    return made


def order(
    ledger: Ledger,
    number: str = "PO-1",
    quantity: int = 1000,
    value: int = 500_000,
    approved: str = "2023-11-21",
    **more: Any,
) -> None:
    items = [{"item": "1", "product": "KIT", "quantity": quantity, "value": value}]
    facts = {"number": number, "supplier": "Maker", "currency": "USD", "items": items, "date": "2023-11-21"}
    ledger.do("recorder", "purchase", "add", **(facts | more))
    ledger.do("approver", "purchase", "approve", number=number, date=approved)


def receive(
    ledger: Ledger, number: str = "GRN-1", lot: str = "L1", on: str = "PO-1", over: int = 0, **counts: int
) -> None:
    row: dict[str, Any] = {"lot": lot, "noted": sum(counts.values()), **({"good": 0} | counts)}
    if over:
        row["over"] = over
    facts = {"number": number, "order": on, "item": "1", "place": "Depot", "lots": [row], "date": DATE}
    ledger.do("recorder", "receipt", "add", **facts)


def pay(ledger: Ledger, amount: int, number: str = "P-1", on: str = "PO-1", **more: Any) -> None:
    """Record a payment and approve it."""
    facts = {"number": number, "order": on, "asset": "USD", "amount": amount, "discharges": amount}
    facts |= {"bank": "B", "date": DATE} | more
    ledger.do("recorder", "payment", "add", **facts)
    ledger.do("approver", "payment", "approve", number=number, date=facts["date"])


def lots(quantity: int, lot: str = "L1") -> list[dict[str, Any]]:
    return [{"product": "KIT", "lot": lot, "quantity": quantity}]


def ship(ledger: Ledger, quantity: int = 100, waybill: str = "W-1", **more: Any) -> Outcome:
    """Kits leave the Depot for the Port by road."""
    facts = {"waybill": waybill, "origin": "Depot", "destination": "Port", "carriage": "road", "date": DATE}
    return ledger.do("recorder", "shipment", "add", **(facts | {"lots": lots(quantity)} | more))


def hand_over(ledger: Ledger, quantity: int, number: str = "H-1", lot: str = "L1", **more: Any) -> Outcome:
    """Kits pass from the Depot to Aid."""
    facts = {"number": number, "place": "Depot", "organisation": "Aid", "date": DATE}
    return ledger.do("recorder", "handover", "add", **(facts | {"lots": lots(quantity, lot)} | more))


def paper(ledger: Ledger, sha256: str = "5a" * 32) -> str:
    """A paper about the campaign, attached once; its hash."""
    facts = {"sha256": sha256, "title": "Signed balances", "paper": "balances", "shows": "What was there."}
    facts |= {"access": "redacted", "about": "campaign", "date": "2023-11-18"}
    ledger.do("recorder", "evidence", "add", **facts)
    return sha256


def seq_of(ledger: Ledger, kind: str, number: str) -> int:
    """The entry that recorded the paper of a number; of papers that are somebody's, the newest."""
    with ledger.store.read() as reading:
        row = reading.journal.by_key(f"{kind}:{SLUG}:{number}")
        if row is not None:
            return row.seq
        entries = [entry_from_bytes(row.data) for row in reading.journal.rows(campaign=SLUG, kind=kind)]
    found = [entry.seq for entry in entries if entry.facts.get("number") == number]
    assert found, (kind, number)
    return found[-1]


def net(ledger: Ledger, account: str, asset: str) -> int:
    with ledger.store.read() as reading:
        return Books(reading).net(account, asset)
