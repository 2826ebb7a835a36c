"""The plan and the recording together, played into a real ledger without network."""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.core.chain import BlockRef, Script
from ledger.core.look import ChainLook, JoinedBlock, TxFacts
from ledger.recording.confirming import confirm, make_link
from ledger.recording.desk import act
from ledger.recording.settling import record_look
from ledger.recording.users import Actor, add_user
from ledger.rules.confirmations import Confirmation
from ledger.store.addresses import AddressRow
from ledger.store.database import Store
from ledger.store.transaction import Writing
from ledger.views.watch_list import watched
from service.demo import plan
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

    def play(self) -> None:
        now = self.replay.start
        with self.store.write() as tx:
            tx.progress.save("network", "regtest")
            for role in ("admin", "recorder", "approver"):
                self.actors[role] = Actor(add_user(tx, role, role, now=now, by=None), role, role)
        acts = plan.acts(self.replay.transactions)
        moments = sorted({at for at, _ in self.replay.events()} | {a.at for a in acts})
        for at in moments:
            self.replay.advance(at)
            if acts and acts[0].at <= at and acts[0].noun != "campaign":
                self.look(at)
            while acts and acts[0].at <= at:
                first, acts = acts[0], acts[1:]
                with self.store.write() as tx:
                    if isinstance(first.facts, Confirmation):
                        self.confirm(tx, first.facts, at)
                        continue
                    act(
                        tx,
                        self.actors[first.by.value],
                        plan.SLUG,
                        first.noun,
                        first.verb,
                        first.facts,
                        now=at,
                    )
                    if first.noun == "campaign":
                        tx.addresses.add(self._addresses())
        self.look(self.replay.end)

    def confirm(self, tx: Writing, told: Confirmation, now: int) -> None:
        wanted = {"about": told.about, "paper": told.paper}
        made = make_link(tx, self.actors["recorder"], plan.SLUG, wanted, now=now)
        counts = {(lot.product, lot.lot): (lot.good, lot.damaged) for lot in told.lots}
        confirm(tx, made.code, counts, now=now)

    def look(self, now: int) -> None:
        best = self.replay.view.best
        common = 0
        while common < min(len(best), len(self.applied)) and best[common] == self.applied[common]:
            common += 1
        undone = tuple(reversed(self.applied[common:]))
        with self.store.write() as tx:
            scripts, outpoints = watched(tx)
            coins = set(outpoints)
            joined = []
            for name in best[common:]:
                block = self.replay.recording.blocks[name]
                facts = scan_block(block.raw, WatchSet(scripts, frozenset(coins)))
                coins.update(payment.outpoint.wire() for payment in facts.payments)
                ref = BlockRef(block.height, name, block.header.time)
                txs = tuple(
                    TxFacts(t.txid, t.position, t.coinbase, t.inputs, t.outputs, t.branch)
                    for t in facts.touched
                )
                joined.append(JoinedBlock(ref, "replay", txs))
            tip = self.replay.recording.blocks[best[-1]]
            ref = BlockRef(tip.height, tip.hash, tip.header.time)
            record_look(
                tx, ChainLook(undone, tuple(joined), ref, tip.height, (), ("replay",), (), True), now=now
            )
        self.applied = list(best)

    def _addresses(self) -> list[AddressRow]:
        rows = {}
        for coin in self.replay.coins:
            script: Script = script_of(coin.address, network_named("regtest"))
            branch = "change" if coin.change else "fixed" if coin.index == 0 else "receive"
            rows[script] = AddressRow(script, coin.address, plan.SLUG, branch, coin.index, coin.kind)
        return list(rows.values())
