"""The plan and the recording together, played into a real ledger without network."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from ledger.core.chain import BlockRef, Script
from ledger.core.look import ChainLook, JoinedBlock, SeenTx, TxFacts
from ledger.recording.actors import Actor
from ledger.recording.confirming import confirm, make_link
from ledger.recording.desk import act
from ledger.recording.settling import record_look
from ledger.recording.users import add_user
from ledger.rules.confirmations import Confirmation
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.views.watch_list import watched
from service.demo import plan
from service.demo.act import Act
from service.demo.replay import Replay
from watchers.proof.networks import network_named
from watchers.proof.scan import WatchSet, scan_block
from watchers.proof.scripts import script_of


@dataclass
class Story:
    """Plays acts and blocks into a ledger in order of time, scanning the recorded blocks as a watcher does."""

    store: Store
    replay: Replay
    applied: list[str] = field(default_factory=list)
    actors: dict[str, Actor] = field(default_factory=dict)
    _acts: list[Act] = field(default_factory=list)

    def play(self) -> None:
        self.begin()
        for at in self.moments():
            self.advance(at)
        self.look(self.replay.end)

    def begin(self) -> None:
        """The people of the desk join."""
        with self.store.write() as tx:
            tx.progress.save("network", "regtest")
            tx.progress.save("paper_secret", "5e" * 32)  # so that each time gives the same hashes
        for role in ("admin", "recorder", "approver"):
            self.add_user(role, self.replay.start)
        self._acts = list(plan.acts(self.replay.transactions))

    def moments(self) -> list[int]:
        """When anything happens, in order."""
        return sorted({at for at, _ in self.replay.events()} | {a.at for a in self._acts})

    def advance(self, at: int) -> None:
        """Move the chain to a moment, look, and tell what people tell then."""
        self.replay.advance(at)
        if self._acts and self._acts[0].at <= at and self._acts[0].noun != "campaign":
            self.look(at)
        while self._acts and self._acts[0].at <= at:
            first = self._acts.pop(0)
            if isinstance(first.facts, Confirmation):
                self.confirm(first.facts, at)
                continue
            self.tell(first, at)
            if first.noun == "campaign":
                self.add_addresses(self._addresses())

    # what is written, and nothing else is

    def add_user(self, role: str, now: int) -> None:
        with self.store.write() as tx:
            self.actors[role] = Actor.everywhere(add_user(tx, role, role, now=now, by=None), role, role)

    def add_addresses(self, rows: list[Address]) -> None:
        with self.store.write() as tx:
            tx.addresses.add(rows)

    def tell(self, told: Act, now: int) -> None:
        actor = self.actors[told.by.value]
        with self.store.write() as tx:
            act(tx, actor, plan.SLUG, told.noun, told.verb, told.facts, now=now)

    def confirm(self, told: Confirmation, now: int) -> None:
        wanted = {"about": told.about, "paper": told.paper}
        counts = {(lot.product, lot.lot): (lot.good, lot.damaged) for lot in told.lots}
        with self.store.write() as tx:
            made = make_link(tx, self.actors["recorder"], plan.SLUG, wanted, now=now)
            confirm(tx, made.code, counts, now=now)

    def record_look(self, look: ChainLook, now: int) -> None:
        with self.store.write() as tx:
            record_look(tx, look, now=now)

    # what is seen of the chain

    def look(self, now: int) -> None:
        best = self.replay.view.best
        common = 0
        while common < min(len(best), len(self.applied)) and best[common] == self.applied[common]:
            common += 1
        undone = tuple(reversed(self.applied[common:]))
        with self.store.read() as tx:
            scripts, outpoints = watched(tx)
        coins = set(outpoints)
        joined = []
        for name in best[common:]:
            block = self.replay.recording.blocks[name]
            facts = scan_block(block.raw, WatchSet(scripts, frozenset(coins)))
            coins.update(payment.outpoint.wire() for payment in facts.payments)
            ref = BlockRef(block.height, name, block.header.time)
            txs = tuple(
                TxFacts(t.txid, t.position, t.coinbase, t.inputs, t.outputs, t.branch, t.spent)
                for t in facts.relevant
            )
            joined.append(JoinedBlock(ref, "replay", txs))
        tip = self.replay.recording.blocks[best[-1]]
        ref = BlockRef(tip.height, tip.hash, tip.header.time)
        seen = tuple(self._sightings(scripts, coins))
        self.record_look(ChainLook(undone, tuple(joined), ref, tip.height, seen, ("replay",), (), True), now)
        self.applied = list(best)

    def _sightings(self, scripts: Set[bytes], coins: Set[bytes]) -> Iterator[SeenTx]:
        """What the mempool holds of ours."""
        for tx in self.replay.view.mempool.values():
            inputs = tuple(each.outpoint for each in tx.inputs)
            outputs = tuple((output.script, output.sats) for output in tx.outputs)
            if any(script in scripts for script, _ in outputs) or any(o.wire() in coins for o in inputs):
                yield SeenTx(tx.txid, inputs, outputs, "replay")

    def _addresses(self) -> list[Address]:
        rows = {}
        for coin in self.replay.coins:
            script: Script = script_of(coin.address, network_named("regtest"))
            branch = "change" if coin.change else "fixed" if coin.index == 0 else "receive"
            rows[script] = Address(script, coin.address, plan.SLUG, branch, coin.index, coin.kind)
        return list(rows.values())
