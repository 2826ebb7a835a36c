"""The real service before one spoiled server, alone or beside an honest one, through a short life of a chain.

Only for tests: it says what settled, what the chain itself holds, and which sources were called liars.
"""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from ledger.checks.run import run_checks
from ledger.core.chain import Outpoint, Script
from ledger.core.look import SourceStatus
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.rules.observing import Observed, WatchedTx
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from service.clock import MovableClock
from service.config import Config, SourceConfig, Wallet, Watch
from service.wallets import add_addresses
from service.wiring import Service, build
from tests.tools.electrum_server import ElectrumServer
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core import CoreServer
from tests.tools.fake_core_rest import CoreRestServer
from tests.tools.fake_server import FakeServer
from tests.tools.gifts import gifts_of
from tests.tools.kill_driver import ADDRESSES, SLUG, config_of
from tests.tools.relief import CAMPAIGN
from tests.tools.source_mutations import rewrite, written
from watchers.net.http import HttpAnswer, HttpClient, read_body
from watchers.proof.block import parse_transaction
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, scripthash_hex

DEPTH = 2
LOOKS = 10
PAUSE = 700
"""Seconds between looks; a source that was caught lying is asked again after 600 at first."""
FUNDING = transaction([(script_no(61), 10_000)], [outpoint_no(69)])
FUNDS = Outpoint(parse_transaction(FUNDING).txid, 0)
RIVAL = transaction([(script_no(60), 900)], [FUNDS])

Server = FakeServer | ElectrumServer


def electrum_of(highest: str) -> Callable[[FakeChain], Server]:
    return lambda chain: ElectrumServer(chain, highest=highest)


_AT_HAND: dict[int, FakeServer] = {}


@contextmanager
def at_hand(server: Server) -> Iterator[None]:
    """For `answered_at_once`: a server that is asked by calling it."""
    port = urlsplit(server.url).port or 0
    if isinstance(server, FakeServer):
        _AT_HAND[port] = server
    yield
    _AT_HAND.pop(port, None)


def answered_at_once(self: HttpClient, asked: Any, url: str, until: float) -> HttpAnswer:
    """In place of HttpClient's way over the network, which tests of its own cover: hundreds of trials are quick."""
    parts = urlsplit(url)
    login = base64.b64encode(":".join(asked.auth or ()).encode()).decode()
    handler: Any = SimpleNamespace(path=parts.path + (f"?{parts.query}" if parts.query else ""))
    handler.headers = {"Authorization": f"Basic {login}"}
    server = _AT_HAND[parts.port or 0]
    server.paths.append(parts.path)
    reply = server.answer(handler, parts.path, b"" if asked.json is None else json.dumps(asked.json).encode())
    whole = read_body(BytesIO(reply.body).read, "", asked.max_bytes, asked.source)
    return HttpAnswer(reply.status, {"content-type": reply.kind}, whole)


@dataclass(frozen=True)
class Trial:
    """A dialect as the service is configured for it; `helped` are kinds that cannot show blocks by themselves."""

    serve: Callable[[FakeChain], Server]
    kind: str
    mode: str = "blocks"
    own: bool = False
    helped: bool = False

    @contextmanager
    def server(self) -> Iterator[Server]:
        with self.serve(FakeChain()) as made:
            rewrite(made, written)
            with at_hand(made):
                yield made

    def config(self, bad: Server, honest: Server | None) -> Config:
        """The spoiled server is asked first."""
        spoiled: Any = {"kind": self.kind}
        sources = [
            SourceConfig("bad", url=bad.url, user="user", password_env="PASSWORD", own=self.own, **spoiled)
        ]
        if honest is not None:
            sources.append(SourceConfig("honest", "esplora", honest.url))
        base = config_of(bad.url)
        mode: Any = self.mode
        watch = Watch(mode=mode, sightings="recent")
        return replace(base, watch=watch, sources=tuple(sources), http=replace(base.http, deadline_seconds=3))


def shortened(server: EsploraServer) -> EsploraServer:
    server.rows = 10
    return server


def without_pages(chain: FakeChain) -> EsploraServer:
    server = EsploraServer(chain)
    server.pages = False
    return server


TRIALS: dict[str, Trial] = {
    "esplora": Trial(EsploraServer, "esplora"),
    "esplora without pages": Trial(without_pages, "esplora"),
    "esplora, own": Trial(EsploraServer, "esplora", own=True),
    "esplora histories": Trial(lambda chain: shortened(EsploraServer(chain)), "esplora", "addresses"),
    "core rpc": Trial(CoreServer, "bitcoin_core"),
    "core rest": Trial(CoreRestServer, "bitcoin_core_rest"),
    "electrum": Trial(electrum_of("1.6"), "electrum", "addresses"),
    "electrum 1.4": Trial(electrum_of("1.4"), "electrum", "addresses"),
    "electrum's mempool": Trial(electrum_of("1.6"), "electrum", helped=True),
}
SPECIAL = {
    ("esplora", "header"): "esplora without pages",
    ("esplora", "mempool.txids"): "esplora, own",
    ("electrum", "headers.hex"): "electrum 1.4",
    ("electrum", "blockchain.scripthash.get_mempool"): "electrum's mempool",
    ("electrum", "mempool"): "electrum's mempool",
    ("electrum", "mempool.txid"): "electrum's mempool",
    ("electrum", "mempool.height"): "electrum's mempool",
}
"""Fields that only some servers of a dialect tell."""


DIALECTS = {
    "esplora": ["esplora", "esplora without pages", "esplora, own"],
    "esplora histories": ["esplora histories"],
    "core rpc": ["core rpc"],
    "core rest": ["core rest"],
    "electrum": ["electrum", "electrum 1.4", "electrum's mempool"],
}
"""Which trials together tell all fields of a dialect."""


def trial_of(dialect: str, field: str) -> Trial:
    return TRIALS[SPECIAL.get((dialect, field), dialect)]


def gifts_for(field: str) -> int:
    """How many gifts make a server tell this field: totals are read where a history fills a page."""
    return 11 if field.startswith("chain_stats") else 1


def begun(gifts: int = 1) -> FakeChain:
    """A chain with gifts to one address (more than a page holds, if wanted), one that pays twice, one that waits."""
    if gifts not in _BEGUN:
        chain = _BEGUN[gifts] = FakeChain()
        chain.send(FUNDING)
        for number in range(gifts):
            chain.send(transaction([(script_no(0), 2_000 + number)], [outpoint_no(number)]))
        chain.mine(1)
        chain.send(transaction([(script_no(1), 3_000), (script_no(1), 3_001)], [outpoint_no(20)]))
        chain.mine(1)
        chain.send(transaction([(script_no(2), 4_000)], [outpoint_no(30)]))
        chain.mine(3)
        chain.send(transaction([(script_no(3), 5_000)], [FUNDS]))
        chain.places()  # read once for all copies
    return _BEGUN[gifts].copy()


_BEGUN: dict[int, FakeChain] = {}


def go_on(chain: FakeChain) -> None:
    """A reorganisation; a rival that leaves us out takes the place of what waited; another gift."""
    for txid in list(chain.mempool):
        chain.drop(txid)
    chain.fork(1, 1)
    chain.send(RIVAL)
    chain.send(transaction([(script_no(4), 6_000)], [outpoint_no(40)]))
    chain.mine(DEPTH + 1)


@dataclass
class Ran:
    """One process of the service on a ledger of its own."""

    service: Service
    store: Store
    clock: MovableClock
    chain: FakeChain

    def look(self) -> None:
        self.clock.move_to(max(self.clock() + PAUSE, self.chain.now))
        self.service.jobs.look()

    @property
    def live(self) -> dict[str, tuple[int, str]]:
        """Donations that count: outpoint, sats and block."""
        with self.store.read() as tx:
            gifts = gifts_of(tx.session, SLUG)
            return {gift.outpoint: (gift.sats, gift.block) for gift in gifts if gift.live}

    @property
    def waiting(self) -> list[WatchedTx]:
        with self.store.read() as tx:
            return list(Observed(tx.session).unconfirmed())

    @property
    def sources(self) -> dict[str, SourceStatus]:
        with self.store.read() as tx:
            return {one.name: one for one in chain_status(tx, now=0).sources}

    @property
    def truth(self) -> dict[str, tuple[int, str]]:
        """The chain's own list of what is deep enough."""
        ours = {scripthash_hex(Script(script_no(number))) for number in range(ADDRESSES)}
        found = {}
        for name in self.chain.active[1 : self.chain.height - DEPTH + 2]:
            for position, (txid, hashes, _) in enumerate(self.chain.outlines(name)):
                for vout, paid in enumerate(hashes):
                    if paid in ours:
                        outputs = self.chain.block(name).transaction(position).outputs
                        found[f"{txid}:{vout}"] = outputs[vout].sats, name
        return found

    def audit(self, *, folded_again: bool = True) -> None:
        """Every check, the one of books and chain among them; and that folding again gives the same."""
        with self.store.read() as tx:
            assert run_checks(tx) == []
            if folded_again:
                assert rebuild(tx) == []


def settle(ran: Ran) -> None:
    """Within ten looks the donations are the chain's own list."""
    truth = ran.truth
    for _ in range(LOOKS):
        ran.look()
        live = ran.live
        assert live.items() <= truth.items()
        if live == truth:
            break
    assert live == truth != {}


@contextmanager
def template() -> Iterator[Path]:
    """A ledger with a campaign whose addresses are given out (but the fixed one), to be copied for each trial.

    In memory where the system has such a place: that a write is safe on a disk is tested elsewhere.
    """
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="aidtrail-", dir=memory if memory.is_dir() else None) as folder:
        yield _ledger(Path(folder) / "template.db")


def _ledger(path: Path) -> Path:
    store = Store.create(f"sqlite:///{path}")
    with store.write() as tx:
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
        tx.progress.save("depth", str(DEPTH))
    addresses = tuple(address_of(script_no(number), REGTEST) or "" for number in range(ADDRESSES))
    add_addresses(store, (Wallet(SLUG, "", addresses),), REGTEST)
    with store.write() as tx:
        for _ in addresses[1:]:
            assert tx.addresses.give_out(SLUG, "2099-01-01T00:00:00Z", None)
    store.close()
    return path


@contextmanager
def running(ledger: Path, config: Config, chain: FakeChain, *, start: int | None = None) -> Iterator[Ran]:
    """The service from the moment `start` on; by default the chain's own."""
    copy = ledger.with_name("trial.db")
    for old in ledger.parent.glob("trial.db*"):
        old.unlink()
    shutil.copyfile(ledger, copy)
    store = Store.open(f"sqlite:///{copy}")
    clock = MovableClock(chain.now if start is None else start)
    yield Ran(build(store, config, clock, {"PASSWORD": "secret"}, ledger.parent), store, clock, chain)
    store.close()
