"""Payments in any order to any wallets, which grow and become more, restarts, kills and reorganisations.

What is called whole misses nothing.

The books are compared with the whole chain after each look, for whatever the wallets name by then.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ledger.checks.run import run_checks
from ledger.core.chain import Outpoint
from ledger.model.looks import Completeness
from ledger.rules.observing import Observed
from ledger.rules.settled import completeness
from ledger.store.database import Store
from ledger.views.queries import donation_trails
from ledger.views.trail import DonationStatus
from service.backfill import Backfill, load_backfill
from service.budget import Budget
from service.clock import MovableClock
from service.config import Wallet
from service.intake import Intake, Sightings
from service.pinning import pinned_chain
from service.wallets import Growth, add_addresses
from tests.service.test_modes import TPUB, gifts, opened
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.kill_driver import SLUG
from tests.tools.relief import DEPTH
from tests.tools.source_in_memory import SourceInMemory
from tests.tools.stories import stories
from watchers.address_look import AddressWatcher
from watchers.look import Watcher
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, script_of
from watchers.proof.transaction import parse_transaction

GAP = 3
RANGED = f"wpkh({TPUB}/<0;1>/*)"
DESCRIPTOR = Descriptor.parse(RANGED, REGTEST)
GROWING = Wallet(SLUG, RANGED, gap_limit=GAP)
LISTED = Wallet(SLUG, "", (address_of(script_no(0), REGTEST) or "",))
RECEIVE = [bytes(script) for script in DESCRIPTOR.scripts(0, 60)]
KINDS = ("wpkh", "pkh", "tr", "sh(wpkh")
FAR = 24
UNSETTLED = 12
"""No story pays an address of a wallet beyond this one."""


@cache
def scripts_of(wallet: Wallet) -> tuple[bytes, ...]:
    """Scripts of a wallet that stories pay: the first ones, fewer of those further on, and change."""
    if wallet.addresses:
        return tuple(bytes(script_of(text, REGTEST)) for text in wallet.addresses)
    descriptor = Descriptor.parse(wallet.descriptor, REGTEST)
    receive = [bytes(script) for script in descriptor.scripts(0, FAR)]
    return (*receive[:FAR], *map(bytes, descriptor.change_scripts(0, 2)))


def ranged(kind: str, gap: int) -> Wallet:
    return Wallet(SLUG, f"{kind}({TPUB}/<0;1>/*){')' * kind.count('(')}", gap_limit=gap)


def listed(first: int, count: int) -> Wallet:
    return Wallet(
        SLUG, "", tuple(address_of(script_no(n), REGTEST) or "" for n in range(first, first + count))
    )


WALLETS = st.lists(
    st.one_of(
        st.builds(ranged, st.sampled_from(KINDS), st.integers(1, 4)),
        st.builds(listed, st.integers(0, 3), st.integers(1, 3)),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda wallet: wallet.descriptor or "a list",
)


@dataclass
class Watching:
    """A store, and processes that watch one chain into it, one after the other."""

    store: Store
    chain: FakeChain = field(default_factory=FakeChain)
    by_addresses: bool = False
    blocks_a_look: int = 100
    wallets: tuple[Wallet, ...] = (GROWING, LISTED)
    named: int | None = None
    """How many of the wallets the configuration names by now; None: all."""

    def __post_init__(self) -> None:
        self.ours = [script for wallet in self.wallets for script in scripts_of(wallet)]
        self.clock = MovableClock(self.chain.now)
        self.source = SourceInMemory("one", self.chain)
        self.sent = 0
        self.start()

    def start(self) -> None:
        """A process begins: nothing is in its memory, all that it goes on from is in the store."""
        ahead = not self.by_addresses
        wallets = self.wallets[: self.named]
        add_addresses(self.store, wallets, REGTEST, ahead=ahead)
        headers = pinned_chain(self.store, REGTEST, [self.source], "", "first use")
        kind = AddressWatcher if self.by_addresses else Watcher
        self.intake = Intake(
            self.store,
            kind(REGTEST, [self.source], headers),
            self.clock,
            self.blocks_a_look,
            Sightings.OWN_NODE,
            lambda tx: None,
            Budget(1_000, 1_000_000),
            lambda: Growth(self.store, wallets, REGTEST, ahead=ahead),
        )

    def pay(self, *scripts: bytes, spending: tuple[Outpoint, ...] = ()) -> str:
        """Send a transaction of 2,000 sats to each script; returns its txid."""
        self.sent += 1
        inputs = spending or (outpoint_no(self.sent),)
        outputs = [(one, 2_000 + self.sent) for one in scripts]
        return self.send(transaction(outputs, inputs, lock=self.sent))

    def send(self, raw: bytes) -> str:
        """Send a transaction; it replaces what spends the same in the mempool."""
        inputs = {one.outpoint for one in parse_transaction(raw).inputs}
        for txid, waiting in list(self.chain.mempool.items()):
            if inputs & {one.outpoint for one in parse_transaction(waiting).inputs}:
                del self.chain.mempool[txid]
        return self.chain.send(raw)

    def look(self) -> None:
        self.clock.move_to(max(self.clock() + 600, self.chain.now))
        self.intake.look()

    def is_whole(self) -> bool:
        with self.store.read() as tx:
            return completeness(tx).code in {Completeness.SCANNED_WHOLE, Completeness.LISTED}

    def missed(self) -> dict[str, Any]:
        """What the chain up to the block read last has of the watched scripts otherwise than the books."""
        with self.store.read() as tx:
            watched = set(tx.addresses.scripts())
            read = tx.progress.load("scanned") or self.chain.active[0]
            rows = Observed(tx.session).coins()
            told = {coin.outpoint: coin.spent_by for coin in rows if coin.height is not None}
        there: dict[str, str | None] = {}
        for name in self.chain.line(read):
            block = self.chain.block(name)
            for position in range(block.count):
                tx_there = block.transaction(position)
                for one in tx_there.inputs:
                    if str(one.outpoint) in there:
                        there[str(one.outpoint)] = tx_there.txid
                for vout, out in enumerate(tx_there.outputs):
                    if bytes(out.script) in watched:
                        there[f"{tx_there.txid}:{vout}"] = None
        return {
            key: (there.get(key, "is not there"), told.get(key, "is not told"))
            for key in {*there, *told}
            if there.get(key, "is not there") != told.get(key, "is not told")
        }

    def behind(self) -> int:
        with self.store.read() as tx:
            return self.chain.height - int(tx.progress.load("tip_height") or 0)

    def paid(self) -> set[bytes]:
        """The scripts of every output in the chain."""
        blocks = map(self.chain.block, self.chain.active)
        return {
            bytes(out.script)
            for block in blocks
            for position in range(block.count)
            for out in block.transaction(position).outputs
        }

    def coins(self) -> list[Outpoint]:
        """Unspent coins of ours in the chain."""
        spent = {
            one for name in self.chain.active for _, _, inputs in self.chain.outlines(name) for one in inputs
        }
        return [
            Outpoint(tx.txid, vout)
            for block in map(self.chain.block, self.chain.active)
            for tx in map(block.transaction, range(block.count))
            for vout, out in enumerate(tx.outputs)
            if bytes(out.script) in self.ours and Outpoint(tx.txid, vout) not in spent
        ]

    def do(self, step: str, a: int, b: int) -> None:
        match step:
            case "pay":
                self.pay(self.ours[a % len(self.ours)], self.ours[b % len(self.ours)])
            case "gift":
                self.pay(self.ours[a % len(self.ours)])
                self.chain.mine(1)
                self.look()
            case "edge" if descriptor := self.descriptor(a):
                self.pay(bytes(descriptor.script(max(0, _watched(self, descriptor) + b))))
                self.chain.mine(1)
                self.look()
            case "spend" if coins := self.coins():
                self.pay(
                    self.ours[b % len(self.ours)],
                    spending=tuple({coins[a % len(coins)], coins[b % len(coins)]}),
                )
            case "mine":
                self.chain.mine(a)
            case "fork" if self.chain.height > a:
                undone = [raw for name in self.chain.active[-a:] for raw in self.raws(name)]
                self.chain.unmine(a)
                waiting = list(self.chain.mempool.values())
                self.chain.mempool.clear()
                for raw in (*undone[:: 1 if b else 2], *waiting):  # parents before children
                    self.send(raw)
                self.chain.mine(a + 1)
            case "look":
                self.look()
            case "kill":
                self.intake.fetch(self.clock())
                self.start()
            case "add wallet" if self.named is not None:
                self.named += 1
                self.start()
            case "restart":
                self.by_addresses = bool(a)
                self.start()

    def descriptor(self, number: int) -> Descriptor | None:
        """Of one of the wallets that the configuration names; None where that is a list."""
        named = self.wallets[: self.named]
        text = named[number % len(named)].descriptor
        return Descriptor.parse(text, REGTEST) if text else None

    def raws(self, name: str) -> list[bytes]:
        """The transactions of a block but for its coinbase."""
        block = self.chain.block(name)
        return [block.transaction(position).raw for position in range(1, block.count)]


def _watched(watching: Watching, descriptor: Descriptor = DESCRIPTOR) -> int:
    """How many receive addresses of a ranged wallet are watched."""
    with watching.store.read() as tx:
        return sum(
            1
            for row in tx.addresses.of_campaign(SLUG)
            if row.branch != "change" and row.source == descriptor.text
        )


def too_near(watching: Watching) -> list[str]:
    """Wallets of which less is watched beyond the last paid address than their gap."""
    paid, found = watching.paid(), []
    for wallet in watching.wallets[: watching.named]:
        if wallet.descriptor:
            descriptor = Descriptor.parse(wallet.descriptor, REGTEST)
            watched = _watched(watching, descriptor)
            scripts = [bytes(script) for script in descriptor.scripts(0, watched)]
            last = max((index for index, script in enumerate(scripts) if script in paid), default=-1)
            if watched < last + 1 + wallet.gap_limit:
                found.append(wallet.descriptor)
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database of a new campaign; each story begins with a copy."""
    folder = tmp_path_factory.mktemp("made")
    opened(folder).close()
    return folder / "aidtrail.db"


def copy_of(made: Path, folder: Path) -> Store:
    copyfile(made, folder / "aidtrail.db")
    return Store.open(f"sqlite:///{folder / 'aidtrail.db'}")


@pytest.mark.parametrize("by_addresses", [False, True])
def test_a_gift_to_an_address_that_a_later_payment_opens_is_found(
    made: Path, tmp_path: Path, by_addresses: bool
) -> None:
    """Far ahead first, then the address that brings it within reach: both are gifts, of their own blocks."""
    watching = Watching(copy_of(made, tmp_path), by_addresses=by_addresses)
    reach = _watched(watching)
    early = watching.pay(RECEIVE[reach])
    watching.chain.mine(1)
    watching.look()
    assert gifts(watching.store) == {}
    watching.pay(RECEIVE[reach - 1])
    watching.chain.mine(DEPTH + 1)
    watching.look()
    assert watching.is_whole() is by_addresses
    watching.look()
    assert watching.is_whole()
    assert f"{early}:0" in gifts(watching.store)
    assert len(gifts(watching.store)) == 2
    assert by_addresses or watching.source.histories == []


def test_what_came_beyond_the_gap_while_nobody_watched_is_found_once_a_larger_gap_is_configured(
    made: Path, tmp_path: Path
) -> None:
    """Paid while the service was down, and far below what is read then: the past of what is added is read again."""
    watching = Watching(copy_of(made, tmp_path))
    reach = _watched(watching)
    far = watching.pay(RECEIVE[reach + 3])
    watching.chain.mine(DEPTH + 5)
    watching.start()
    watching.look()
    assert (watching.is_whole(), gifts(watching.store)) == (True, {})
    watching.wallets = (replace(GROWING, gap_limit=reach + 4), LISTED)
    watching.start()
    for _ in range(2):
        watching.look()
    assert (watching.is_whole(), f"{far}:0" in gifts(watching.store)) == (True, True)


def test_a_coin_that_is_told_late_and_was_spent_with_a_known_one_is_a_gift_of_its_day(
    made: Path, tmp_path: Path
) -> None:
    """Its spender was in the books before it."""
    watching = Watching(copy_of(made, tmp_path))
    reach = _watched(watching)
    early = watching.pay(RECEIVE[reach])
    near = watching.pay(RECEIVE[0])
    watching.chain.mine(1)
    watching.pay(b"\x51", spending=(Outpoint(early, 0), Outpoint(near, 0)))
    watching.chain.mine(DEPTH)
    watching.look()
    watching.pay(RECEIVE[reach - 1])
    watching.chain.mine(DEPTH)
    for _ in range(3):
        watching.look()
    assert set(gifts(watching.store)) >= {f"{early}:0", f"{near}:0"}
    with watching.store.read() as tx:
        (trail,) = donation_trails(tx, f"{early}:0")
        assert run_checks(tx) == []
    assert trail.status is DonationStatus.SETTLED
    assert watching.missed() == {}


def test_a_wallet_that_is_paid_in_order_is_rarely_read_again(made: Path, tmp_path: Path) -> None:
    """Thirty payments in a row: each time that the blocks before are read again, as many addresses are added."""
    watching = Watching(copy_of(made, tmp_path))
    read_again = 0
    for index in range(30):
        watching.pay(RECEIVE[index])
        watching.chain.mine(1)
        watching.look()
        read_again += not watching.is_whole()
    watching.look()
    assert read_again <= 4
    assert watching.missed() == {}


@given(
    heights=st.lists(st.integers(0, 9), min_size=GAP, max_size=GAP),
    portion=st.integers(1, 3),
    looks=st.integers(0, 5),
    depth=st.integers(1, 9),
    every=st.booleans(),
)
@settings(
    max_examples=stories(4),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_a_reorganisation_while_the_past_is_read_again_leaves_no_block_of_it_out(
    made: Path,
    tmp_path_factory: pytest.TempPathFactory,
    heights: list[int],
    portion: int,
    looks: int,
    depth: int,
    every: bool,
) -> None:
    """Above the place that was reached or below it, with what it undid confirmed again or half of that gone."""
    watching = Watching(copy_of(made, tmp_path_factory.mktemp("past")), blocks_a_look=portion)
    reach = _watched(watching)
    for height in range(10):
        for far in (far for far, at in enumerate(heights) if at == height):
            watching.pay(RECEIVE[reach + far])
        watching.chain.mine(1)
    while watching.behind():
        watching.look()
    assert watching.is_whole()
    assert gifts(watching.store) == {}
    watching.pay(RECEIVE[reach - 1])  # which opens those that were paid before
    watching.chain.mine(1)
    for _ in range(looks + 1):
        watching.look()
        if watching.is_whole():
            break
    before = _past(watching)
    assume(before is not None)
    assert before is not None
    watching.do("fork", depth, every)
    fork = watching.chain.height - depth - 1
    watching.look()
    after = _past(watching)
    assert after is not None
    assert after.next <= min(before.next, fork + 1)
    while not watching.is_whole() or watching.behind():
        watching.look()
    assert watching.missed() == {}
    watching.store.close()


def _past(watching: Watching) -> Backfill | None:
    """Which of the past is left to be read again."""
    with watching.store.read() as tx:
        return load_backfill(tx)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(0, 80), st.integers(0, 80)),
        st.tuples(st.just("gift"), st.integers(0, 80), st.just(0)),
        st.tuples(st.just("edge"), st.integers(0, 2), st.integers(-1, 2)),
        st.tuples(st.just("spend"), st.integers(0, 5), st.integers(0, 80)),
        st.tuples(st.just("mine"), st.integers(1, 3), st.just(0)),
        st.tuples(st.just("fork"), st.integers(1, 5), st.booleans()),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
        st.tuples(st.just("kill"), st.just(0), st.just(0)),
        st.tuples(st.just("restart"), st.booleans(), st.booleans()),
        st.tuples(st.just("add wallet"), st.just(0), st.just(0)),
    ),
    min_size=8,
    max_size=30,
)


@given(wallets=WALLETS, steps=STEPS, by_addresses=st.booleans(), blocks_a_look=st.integers(1, 8))
@settings(
    max_examples=stories(8),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_what_is_called_whole_misses_nothing(
    made: Path,
    tmp_path_factory: pytest.TempPathFactory,
    wallets: list[Wallet],
    steps: list[tuple[str, int, int]],
    by_addresses: bool,
    blocks_a_look: int,
) -> None:
    """Whatever is paid in whatever order, and whoever reads it, in portions, killed and started anew."""
    store = copy_of(made, tmp_path_factory.mktemp("story"))
    with store.write() as tx:
        tx.progress.save(
            "depth", str(UNSETTLED)
        )  # what is read is compared, and gifts are booked for the last only
    watching = Watching(
        store, by_addresses=by_addresses, blocks_a_look=blocks_a_look, wallets=tuple(wallets), named=1
    )
    for step, a, b in steps:
        watching.do(step, a, b)
        if watching.is_whole():
            assert watching.missed() == {}
    looks = 0
    while not watching.is_whole() or watching.behind():
        looks += 1
        assert looks < 200
        watching.look()
    assert watching.missed() == {}
    assert too_near(watching) == []
    with store.read() as tx:
        assert run_checks(tx) == []
    store.close()
