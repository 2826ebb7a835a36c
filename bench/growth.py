"""How what people wait for grows with a fund: an entry, a look, pages and lists, from 1,000 to 100,000 gifts.

Run it with `python -m bench growth`; it writes to a temporary folder only. The gifts come in blocks, as a watcher
tells of them; half of the fund is sold, spent on an order, received, handed over and handed out.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from starlette.testclient import TestClient

from bench.furnished import DAY, NOW, SLUG
from bench.measuring import Line, printed, times
from bench.serving import our_site
from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.look import ChainLook, JoinedBlock, TxFacts
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.settling import record_look
from ledger.recording.users import add_user
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.views.decisions import decisions
from ledger.views.reconcile import reconciliation

SMALL, LARGE = 1_000, 100_000
A_BLOCK, ADDRESSES, SETTLED_AFTER = 500, 100, 6
A_SHORT_BLOCK = 60
ROUNDS = 5
BYTES_A_GIFT = 4_096
AIMS = {"a campaign page": "< 60 ms", "a look that settles 500 gifts": "< 2,000 ms"}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _script(index: int) -> Script:
    return Script(b"\x00\x14" + index.to_bytes(20, "big"))


class Fund:
    """A ledger that follows a chain made for it, one look after the other."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.store = Store.create(url)
        self.height = 0
        self.numbers = count(1)
        self.actors: dict[str, Actor] = {}
        with self.store.write() as tx:
            for role in ("admin", "recorder", "approver"):
                self.actors[role] = Actor.everywhere(add_user(tx, role, role, now=NOW, by=None), role, role)
        facts = {"slug": SLUG, "title": "Bench", "purpose": "Measuring", "start": DAY, "end": DAY}
        self.do("admin", "campaign", "add", **facts)
        with self.store.write() as tx:
            tx.addresses.add(
                [Address(_script(i), f"address{i}", SLUG, "receive", i, "list") for i in range(ADDRESSES)]
            )
        self.do("recorder", "product", "add", code="MASK", name="Mask", unit="mask", plural="masks")

    def do(self, role: str, noun: str, verb: str, /, **facts: Any) -> None:
        with self.store.write() as tx:
            act(tx, self.actors[role], SLUG, noun, verb, facts, now=NOW + self.height)

    def approved(self, noun: str, **facts: Any) -> None:
        """Record a proposal and approve it."""
        self.do("recorder", noun, "add", **facts, date=DAY)
        self.do("approver", noun, "approve", number=facts["number"], date=DAY)

    def look(self, *txs: TxFacts) -> None:
        """The next block, and what settles with it."""
        self.height += 1
        ref = BlockRef(self.height, _hash(f"block {self.height}"), NOW)
        told = ChainLook((), (JoinedBlock(ref, "bench", txs),), ref, ref.height, (), (), (), True)
        with self.store.write() as tx:
            record_look(tx, told, now=NOW + self.height)

    def given(self, gifts: int, sats: int = 100_000) -> list[Outpoint]:
        """So many gifts of one block; the coins."""
        coins = []
        txs = []
        for position in range(1, gifts + 1):
            number = next(self.numbers)
            txid = _hash(f"gift {number}")
            inputs = (Outpoint(_hash(f"in {number}"), 0),)
            txs.append(TxFacts(txid, position, False, inputs, ((_script(number % ADDRESSES), sats),), ()))
            coins.append(Outpoint(txid, 0))
        self.look(*txs)
        return coins

    def settle(self) -> None:
        for _ in range(SETTLED_AFTER):
            self.look()

    def spend_half(self, coins: list[Outpoint], sats: int = 100_000) -> None:
        """Half of the fund is sold for money, which buys masks that reach two places."""
        half = coins[: len(coins) // 2]
        sold = len(half) * sats - 1_000
        txid = _hash("sale")
        elsewhere = (Script(b"\x00\x14" + b"\xff" * 20), sold)
        self.look(TxFacts(txid, 1, False, tuple(half), (elsewhere,), ()))
        self.settle()
        money = sold // 100  # a bitcoin fetches 10,000.00
        conversion = {"txid": txid, "sold": sold, "network_fee": 1_000, "currency": "USD", "proceeds": money}
        self.approved("conversion", number="C-1", exchange="E", bank="B", **conversion)
        pieces = money // 40
        item = {"item": "1", "product": "MASK", "quantity": pieces, "value": money}
        self.approved("purchase", number="O-1", supplier="Maker", currency="USD", items=[item])
        paid = {"order": "O-1", "asset": "USD", "amount": money, "discharges": money, "bank": "B"}
        self.approved("payment", number="P-1", **paid)
        lots = [{"lot": "L", "noted": pieces, "good": pieces}]
        self.do(
            "recorder",
            "receipt",
            "add",
            number="R-1",
            order="O-1",
            item="1",
            place="Beijing",
            lots=lots,
            date=DAY,
        )
        handed = [{"product": "MASK", "lot": "L", "quantity": pieces}]
        self.do(
            "recorder",
            "handover",
            "add",
            number="H-1",
            place="Beijing",
            organisation="WAHO",
            lots=handed,
            date=DAY,
        )
        for number, place in enumerate(("Benin", "Togo")):
            lot = [{"product": "MASK", "lot": "L", "quantity": pieces // 2}]
            self.do(
                "recorder",
                "distribution",
                "add",
                number=f"D-{number}",
                organisation="WAHO",
                place=place,
                lots=lot,
                date=DAY,
            )


def filled(url: str, gifts: int, a_block: int) -> tuple[Fund, list[Outpoint]]:
    fund = Fund(url)
    coins: list[Outpoint] = []
    for start in range(0, gifts, a_block):
        coins += fund.given(min(a_block, gifts - start))
    fund.settle()
    fund.spend_half(coins)
    return fund, coins


def _ms(work: Callable[[int], object], rounds: int = ROUNDS) -> float:
    """Milliseconds of the middle one of several runs; each is told its number."""
    taken = []
    for number in range(rounds):
        start = time.perf_counter()
        work(number)
        taken.append((time.perf_counter() - start) * 1e3)
    return median(taken)


def _settling(fund: Fund, a_block: int) -> float:
    """Milliseconds of the look by which the gifts of a block settle."""
    fund.given(a_block)
    for _ in range(SETTLED_AFTER - 2):
        fund.look()
    with fund.store.read() as tx:
        before = tx.journal.count()
    took = _ms(lambda _number: fund.look(), 1)
    with fund.store.read() as tx:
        assert tx.journal.count() == before + a_block
    return took


def measured(file: Path, gifts: int, a_block: int) -> tuple[dict[str, float], int]:
    """(milliseconds of each thing that people wait for, bytes of the database) in a fund of so many gifts."""
    fund, coins = filled(f"sqlite:///{file}", gifts, a_block)
    fund.store.close()
    size = file.stat().st_size
    fund.store = Store.open(fund.url)
    site = TestClient(our_site(fund.url, NOW + 10_000))  # type: ignore[arg-type]

    def asked(path: str) -> Callable[[int], object]:
        """A page as the first reader gets it: no ready bytes have this question."""

        def ask(number: int) -> None:
            answer = site.get(f"{path}{'&' if '?' in path else '?'}n={number}")
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    def told(number: int) -> None:
        quotes = [{"source": source, "price": 900_000 + number} for source in ("One", "Other")]
        fund.do("recorder", "rate", "add", currency="EUR", date=f"2020-05-{1 + number:02d}", quotes=quotes)

    def waiting(_number: int) -> None:
        with fund.store.read() as tx:
            decisions(tx, now=NOW + 10_000)

    def tied(_number: int) -> None:
        with fund.store.read() as tx:
            reconciliation(tx, SLUG, now=NOW + 10_000)

    def listed(more: str) -> Callable[[int], object]:
        """Some fifty rows, of another number each time: lists take no question that they do not know."""

        def ask(number: int) -> None:
            path = f"/api/v1/campaigns/{SLUG}/donations?limit={50 - number}{more}"
            answer = site.get(path)
            assert answer.status_code == 200, (path, answer.status_code)

        return ask

    before_last = f"&cursor={gifts // a_block:012d}.{a_block - 51:06d}.999999"
    figures = {
        "an entry": _ms(told),
        "home": _ms(asked("/")),
        "a campaign page": _ms(asked(f"/c/{SLUG}")),
        "a donation page": _ms(asked(f"/d/{coins[0].txid}:0")),
        "the donation list, first page": _ms(listed("")),
        "the donation list, last page": _ms(listed(before_last)),
        "inbox": _ms(waiting),
        "reconcile": _ms(tied),
        "a look that settles 500 gifts": _settling(fund, a_block),
    }
    site.close()
    fund.store.close()
    return figures, size


def main(short: bool = False) -> None:
    """Print the table; about ten minutes, most of them to fill the larger fund."""
    small, large, a_block = (
        (A_SHORT_BLOCK, 2 * A_SHORT_BLOCK, A_SHORT_BLOCK) if short else (SMALL, LARGE, A_BLOCK)
    )
    with tempfile.TemporaryDirectory() as folder:
        few, smaller = measured(Path(folder, "small.db"), small, a_block)
        many, larger = measured(Path(folder, "large.db"), large, a_block)
    bytes_a_gift = (larger - smaller) // (large - small)
    lines = [Line("what", f"{large:,} gifts", f"{small:,} gifts", "ratio", "aim")]
    lines += [
        Line(name, f"{took:.1f} ms", f"{few[name]:.1f} ms", times(took / few[name]), AIMS.get(name, ""))
        for name, took in many.items()
    ]
    most = f"{BYTES_A_GIFT:,}"
    ratio = times(bytes_a_gift / BYTES_A_GIFT)
    lines.append(Line("bytes of database a gift", f"{bytes_a_gift:,}", most, ratio, f"< {most}"))
    print(printed(lines))


if __name__ == "__main__":
    main()
