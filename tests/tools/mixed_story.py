"""A mixed campaign for tests, told once a run and looked at in twelve moments.

Gifts in coins, by bank in two currencies, and in kind; two products and a service; a gift that is blocked later, one
that was blocked before it settled, and one that went back; damage, a theft, and less than was sent.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.tools.ledgers import SLUG, QuietLedger, name, tx

KITS, NETS, TRAINED = "KIT", "NET", "TRAINING"
LABELS = ("first", "second", "blocked", "returned", "listed")
"""Gifts in coins, in the order in which they came."""


class Mixed:
    """The story, moment by moment."""

    def __init__(self, file: Path) -> None:
        self.ledger = QuietLedger.new(file.parent, url=f"sqlite:///{file}")

    def moments(self) -> Iterator[str]:
        """What has just happened, twelve times."""
        yield "the campaign is there, and nothing else"
        self._coins_come()
        yield "all coins are in a block, and none has settled"
        self.ledger.bury()
        self._money_comes()
        yield "coins have settled, money came to two banks, and things were given"
        self._one_is_blocked_and_one_returned()
        yield "one gift is blocked, and another went back"
        self._coins_are_sold()
        yield "coins were sold"
        self._all_is_ordered()
        yield "two products and a service are ordered, and nothing is paid"
        self._all_is_paid()
        yield "all is paid, and nothing came yet"
        self._some_comes()
        yield "kits came, some of them damaged, and a part of the nets; four students are trained"
        self._nets_are_stolen()
        yield "nets were stolen, kits are on the way"
        self._kits_arrive()
        yield "kits arrived, fewer than were sent, and some were handed over"
        self._people_get_them()
        yield "some were handed out, and all students are trained"
        self._the_rest()
        yield "the rest of the nets came, and the maker paid back for damaged kits"

    def _do(self, noun: str, verb: str, date: str, by: str = "recorder", /, **facts: Any) -> None:
        self.ledger.do(by, noun, verb, date=date, **facts)

    def _both(self, noun: str, verb: str, date: str, /, **facts: Any) -> None:
        self._do(noun, verb, date, **facts)
        self._do(noun, "approve", date, "approver", number=facts["number"])

    def _coins_come(self) -> None:
        made = self.ledger
        made.do("recorder", "product", "add", code=KITS, name="Kit", unit="kit", plural="kits")
        made.do("recorder", "product", "add", code=NETS, name="Net", unit="net", plural="nets")
        service = {"code": TRAINED, "name": "Computer course", "unit": "student", "plural": "students"}
        made.do("recorder", "product", "add", service=True, verb="trained", **service)
        self._do("block", "add", "2023-11-14", number="B-1", gift=f"{name('listed')}:0", list="List")
        sats = dict(zip(LABELS, (2_000_000, 3_333_333, 1_000_000, 700_000, 250_000), strict=True))
        made.mine("a", *(tx(label, (n, sats[label]), position=n + 1) for n, label in enumerate(LABELS)))

    def _money_comes(self) -> None:
        bank = {"bank": "First", "currency": "USD"}
        self._do("contribution", "add", "2023-11-16", number="G-1", amount=300_001, **bank)
        self._do("contribution", "add", "2023-11-16", number="G-2", amount=50_000, fee=1_500, **bank)
        other = {"bank": "Deuxième", "currency": "XOF"}
        self._do("contribution", "add", "2023-11-17", number="G-3", amount=1_500_000, **other)
        self._do("contribution", "add", "2023-11-17", number="G-4", amount=333_333, **other)
        kind = {"product": KITS, "place": "Depot", "quantity": 80, "value": 40_000, "currency": "USD"}
        how = {"method": "market_price", "stated_by": "Maker"}
        self._do("in-kind", "add", "2023-11-17", number="K-1", **kind, **how)

    def _one_is_blocked_and_one_returned(self) -> None:
        self._do("block", "add", "2023-11-18", number="B-2", gift=f"{name('blocked')}:0", list="List")
        self.ledger.mine("b", tx("sends back", spends=(("returned", 0),)))
        self.ledger.bury()
        facts = {"gift": f"{name('returned')}:0", "amount": 699_000, "fee": 1_000, "reason": "asked"}
        self._both("gift-return", "add", "2023-11-18", number="R-1", txid=name("sends back"), **facts)

    def _coins_are_sold(self) -> None:
        self.ledger.mine("s", tx("sale", (16, 333_333), spends=(("first", 0), ("second", 0))))
        self.ledger.bury()
        facts = {"sold": 4_999_000, "network_fee": 1_000, "currency": "USD", "proceeds": 190_007}
        facts |= {"txid": name("sale"), "exchange": "Market", "bank": "First"}
        self._both("conversion", "add", "2023-11-20", number="C-1", **facts)

    def _all_is_ordered(self) -> None:
        for number, product, quantity, value, currency in (
            ("PO-1", KITS, 700, 350_003, "USD"),
            ("PO-2", NETS, 300, 1_200_000, "XOF"),
            ("PO-3", TRAINED, 10, 50_000, "USD"),
        ):
            items = [{"item": "1", "product": product, "quantity": quantity, "value": value}]
            facts = {"supplier": f"Maker of {product}", "currency": currency, "items": items}
            self._both("purchase", "add", "2023-11-21", number=number, **facts)

    def _all_is_paid(self) -> None:
        for number, order, amount, asset, bank in (
            ("P-1", "PO-1", 350_003, "USD", "First"),
            ("P-2", "PO-2", 1_200_000, "XOF", "Deuxième"),
            ("P-3", "PO-3", 50_000, "USD", "First"),
        ):
            facts = {"order": order, "asset": asset, "amount": amount, "discharges": amount, "bank": bank}
            self._both("payment", "add", "2023-11-22", number=number, fee=25, **facts)

    def _receive(
        self, number: str, order: str, lot: str, date: str, place: str = "Depot", **counts: int
    ) -> None:
        row = {"lot": lot, "noted": sum(counts.values()), **({"good": 0} | counts)}
        self._do("receipt", "add", date, number=number, order=order, item="1", place=place, lots=[row])

    def _some_comes(self) -> None:
        self._receive("GRN-1", "PO-1", "L1", "2023-11-24", good=690, damaged=7, short=3)
        self._receive("GRN-2", "PO-2", "N1", "2023-11-24", good=180)
        self._receive("GRN-3", "PO-3", "S1", "2023-11-24", place="Port", good=4)

    def _nets_are_stolen(self) -> None:
        facts = {"product": NETS, "lot": "N1", "quantity": 20, "place": "Depot", "cause": "stolen"}
        self._do("loss", "add", "2023-11-25", number="X-1", reason="a lock was broken", **facts)
        lots = [{"product": KITS, "lot": "L1", "quantity": 400}]
        facts = {"waybill": "W-1", "origin": "Depot", "destination": "Port", "carriage": "road"}
        self._do("shipment", "add", "2023-11-25", lots=lots, **facts)

    def _kits_arrive(self) -> None:
        rows = [{"product": KITS, "lot": "L1", "good": 396, "lost": 4}]
        self._do("shipment", "arrive", "2023-11-27", number="A-1", waybill="W-1", lots=rows, reason="wet")
        lots = [{"product": KITS, "lot": "L1", "quantity": 300}]
        self._do("handover", "add", "2023-11-27", number="H-1", place="Port", organisation="Aid", lots=lots)

    def _people_get_them(self) -> None:
        lots = [{"product": KITS, "lot": "L1", "quantity": 150}]
        who = {"place": "Ghana", "organisation": "Aid"}
        self._do("distribution", "add", "2023-11-28", number="D-1", lots=lots, **who)
        self._receive("GRN-4", "PO-3", "S1", "2023-11-28", place="Port", good=6)

    def _the_rest(self) -> None:
        self._receive("GRN-5", "PO-2", "N2", "2023-11-29", good=120)
        refund = {
            "failure": "damaged",
            "order": "PO-1",
            "item": "1",
            "lot": "L1",
            "quantity": 7,
            "amount": 3_500,
        }
        self._both("refund", "add", "2023-11-30", number="F-1", asset="USD", bank="First", **refund)


def play(into: Path) -> None:
    """The whole story, with a copy of the ledger (`NUMBER-TIME.db`) at each moment."""
    file = into / "played.db"
    mixed = Mixed(file)
    for number, _ in enumerate(mixed.moments()):
        target = into / f"{number:02}-{mixed.ledger.now}.db"
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    mixed.ledger.audit()
    mixed.ledger.store.close()


__all__ = ["KITS", "LABELS", "NETS", "SLUG", "TRAINED", "Mixed", "play"]
