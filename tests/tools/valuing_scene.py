"""A ledger whose gifts wait for a value, with exchanges and a bank to ask, and what people tell beside them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.core.entry import Entry, entry_from_bytes
from ledger.recording.desk import Outcome
from ledger.rules.gift_records import gift_of
from ledger.store.database import Store
from ledger.views.reconcile import books_state
from service.clock import Clock
from service.valuing import Valuing
from tests.tools.ledgers import SLUG, START, Ledger, name, tx
from tests.tools.price_servers import (
    BitstampServer,
    CoinbaseServer,
    EcbServer,
    KrakenServer,
    PriceServer,
    always,
)
from watchers.net.http import HttpClient
from watchers.net.policy import HttpPolicy
from watchers.sources.ecb import EcbRates
from watchers.sources.prices import Bitstamp, Coinbase, Kraken

SATS = 1_000_000
MONTHS = 120 * 86_400


@dataclass
class Scene:
    """A ledger, and exchanges to ask."""

    ledger: Ledger
    servers: list[PriceServer]
    bank: EcbServer

    def client(self) -> HttpClient:
        policy = HttpPolicy(per_second=1e6, burst=1000, backoff=0.0, breaker_failures=10**6)
        return HttpClient(policy, monotonic=time.monotonic)

    def valuing(
        self,
        store: Store | None = None,
        clock: Clock | None = None,
        *,
        seconds: int = 20,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> Valuing:
        """Rounds on the scene's ledger, or on another one."""
        http = self.client()
        coinbase, bitstamp, kraken = (server.url for server in self.servers)
        sources = [Coinbase(coinbase, http), Bitstamp(bitstamp, http), Kraken(kraken, http)]
        bank = EcbRates(self.bank.url, http)
        return Valuing(
            store or self.ledger.store,
            clock or (lambda: self.ledger.now),
            sources,
            bank,
            seconds,
            lambda _tx: None,
            elapsed=elapsed,
        )

    def round(self) -> list[Entry]:
        """Ask and value, as after a look; the state is audited."""
        entries = self.valuing().run()
        self.ledger.audit()
        return entries

    def asked(self) -> list[str]:
        return [path for server in self.servers for path in server.asked]

    def give(self, label: str = "gift", sats: int = SATS) -> int:
        """A settled gift; the time of its block."""
        self.ledger.mine(f"block of {label}", tx(label, (0, sats)))
        moment = START + 600 * len(self.ledger.chain)
        self.ledger.bury(5)
        return moment

    def value(self, label: str = "gift") -> dict[str, Any] | None:
        """What the entry that values a gift says."""
        with self.ledger.store.read() as reading:
            gift = gift_of(reading.session, SLUG, f"{name(label)}:0")
            row = None if gift.valued_by is None else reading.journal.by_seq(gift.valued_by)
        if row is None:
            return None
        valuation: dict[str, Any] = entry_from_bytes(row.data).notes["valuation"]
        assert (gift.value, gift.currency) == (valuation["value"], valuation["currency"])
        return valuation

    def open(self) -> tuple[int, int]:
        """Gifts, and sats, that the desk has to decide."""
        with self.ledger.store.read() as reading:
            state = books_state(reading, SLUG, now=self.ledger.now)
        return state.unvalued.count, state.unvalued.minor


Open = Callable[..., Scene]
"""Opens a ledger whose campaign has the given facts."""


@contextmanager
def scenes(folder: Path) -> Iterator[Open]:
    """Opens ledgers whose exchanges all say 30,000.00 USD until they are told otherwise."""
    with ExitStack() as stack:
        kinds = (CoinbaseServer, BitstampServer, KrakenServer)
        prices: list[PriceServer] = [stack.enter_context(kind(always("30000.00"))) for kind in kinds]
        bank = stack.enter_context(EcbServer({"USD": "1.0904", "CNY": "7.7799"}))

        def open_one(**facts: Any) -> Scene:
            ledger = Ledger.new(folder, **facts)
            stack.callback(ledger.store.close)
            return Scene(ledger, prices, bank)

        yield open_one


def day_of_gift(scene: Scene) -> str:
    with scene.ledger.store.read() as reading:
        return gift_of(reading.session, SLUG, f"{name('gift')}:0").date


def add_paper(scene: Scene) -> str:
    digest = name("paper")
    scene.ledger.do(
        "recorder", "evidence", "add", sha256=digest, title="Bank's letter", paper="letter", shows="The rate.",
        access="public", about="campaign", date="2023-11-20",
    )  # fmt: skip
    return digest


def figure(scene: Scene, value: int, paper: str, **more: Any) -> Outcome:
    outpoint = f"{name('gift')}:0"
    return scene.ledger.do(
        "recorder", "valuation", "add", outpoint=outpoint, value=value, paper=paper, **more
    )
