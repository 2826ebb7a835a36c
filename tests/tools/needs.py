"""A campaign with two needs, and the acts that stories of restricted money are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ledger.recording.desk import Intention, request_intention
from ledger.rules.books import Books
from tests.tools.ledgers import SLUG, Ledger, name, tx

DAY = "2023-11-20"


def ask(ledger: Ledger, need: str | None) -> Intention:
    with ledger.store.write() as writing:
        return request_intention(writing, SLUG, {} if need is None else {"need": need}, now=ledger.now)


def with_needs(folder: Path, *, addresses: int = 20, **more: Any) -> Ledger:
    """A campaign with the needs N-1 and N-2 of a product each, and one service."""
    ledger = Ledger.new(folder, addresses=addresses, **more)
    for code in ("KIT", "BED"):
        ledger.do("recorder", "product", "add", code=code, name=code, unit=code, plural=f"{code}S")
    for number, product in (("N-1", "KIT"), ("N-2", "BED")):
        ledger.do(
            "recorder", "need", "add", number=number, recipient="R", product=product, quantity=100, place="P",
            by="2023-12-20", date=DAY,
        )  # fmt: skip
    return ledger


def given(ledger: Ledger, *gifts: tuple[str | None, int]) -> None:
    """Settled gifts in coins, each to an address for a need (None: for any end)."""
    pays = []
    for need, sats in gifts:
        made = ask(ledger, need)
        pays.append((int(made.address.removeprefix("address")), sats))
    label = f"gifts {ledger.now}"
    ledger.mine(label, *(tx(f"{label} {i}", pay, position=i + 1) for i, pay in enumerate(pays)))
    ledger.bury()
    ledger.gifts = [f"{label} {i}" for i in range(len(pays))]  # type: ignore[attr-defined]


def spend(ledger: Ledger, label: str, *, keep: int = 0) -> None:
    """All gifts of `given` leave in one transaction, but for `keep` sats of change; settled."""
    spends = tuple((gift, 0) for gift in ledger.gifts)  # type: ignore[attr-defined]
    ledger.mine(label, tx(label, *(((15, keep),) if keep else ()), spends=spends))
    ledger.bury()


def convert(ledger: Ledger, label: str, sold: int, proceeds: int, *, fee: int = 0, **more: Any) -> None:
    ledger.do(
        "recorder", "conversion", "add", number=f"C-{label}", txid=name(label), sold=sold, network_fee=fee,
        currency="USD", proceeds=proceeds, exchange="E", bank="B", date=DAY, **more,
    )  # fmt: skip


def approve(ledger: Ledger, noun: str, number: str) -> int:
    outcome = ledger.do("approver", noun, "approve", number=number, date=DAY)
    assert outcome.seq is not None
    return outcome.seq


def contribute(ledger: Ledger, number: str, amount: int, restriction: str | None) -> None:
    more = {} if restriction is None else {"restriction": restriction}
    ledger.do(
        "recorder", "contribution", "add", number=number, bank="B", currency="USD", amount=amount, date=DAY,
        **more,
    )  # fmt: skip


def order(ledger: Ledger, number: str, value: int, need: str | None, product: str = "KIT") -> None:
    more = {} if need is None else {"need": need}
    ledger.do(
        "recorder", "purchase", "add", number=number, supplier="S", currency="USD", date=DAY,
        items=[{"item": "1", "product": product, "quantity": 10, "value": value}], **more,
    )  # fmt: skip


def pay(
    ledger: Ledger, number: str, order_number: str, amount: int, *, fee: int = 0, bank: str = "B"
) -> None:
    ledger.do(
        "recorder", "payment", "add", number=number, order=order_number, asset="USD", amount=amount, fee=fee,
        discharges=amount, bank=bank, date=DAY,
    )  # fmt: skip


def free(ledger: Ledger, asset: str, *restrictions: str) -> list[int]:
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        return [lines.free_units(f"money/{SLUG}/{restriction}/{asset}") for restriction in restrictions]


def taken(ledger: Ledger, use: str) -> int:
    with ledger.store.read() as reading:
        lines = Books(reading).lines
        return lines.use(use).units if lines.has_use(use) else 0
