"""From watchers to ledger: what one look proved is recorded, together with how far we have read.

Three phases that never overlap: fetch and prove (no database is held), record in one transaction, done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ledger.chain import BlockRef, Header, Script
from ledger.chain_look import ChainLook, JoinedBlock, SeenTx, SourceStatus, TxFacts
from ledger.record import rfc3339
from ledger.settling import LookOutcome, record_look, sighting_scripts, watched
from ledger.store.database import Store
from ledger.store.transaction import Reading, Writing
from service.budget import note_fetched
from service.clock import Clock
from watchers.headers import HeaderChain
from watchers.look import FoundBlock, Look, Sighting, SourceReport, Watcher
from watchers.scan import WatchSet


class Sightings(StrEnum):
    """Where unconfirmed payments are looked for (`watch.sightings`)."""

    OWN_NODE = "own-node"
    RECENT = "recent"
    OFF = "off"


def chain_look(look: Look, asked_mempools: bool) -> ChainLook:
    """The watchers' words as the ledger's."""
    return ChainLook(
        undone=look.undone,
        joined=tuple(_joined(block) for block in look.found),
        tip=BlockRef(look.tip.height, look.tip.hash, look.tip.time),
        best_height=look.best_header.height,
        seen=tuple(_seen(sighting) for sighting in look.sightings),
        mempool_complete=look.mempool_sources if asked_mempools else (),
        sources=tuple(_status(report) for report in look.reports),
        agreed=look.agreed,
    )


def _joined(block: FoundBlock) -> JoinedBlock:
    txs = tuple(
        TxFacts(tx.txid, tx.position, tx.coinbase, tx.inputs, tx.outputs, tx.branch)
        for tx in block.facts.touched
    )
    return JoinedBlock(block.ref, block.source, txs)


def _seen(sighting: Sighting) -> SeenTx:
    tx = sighting.tx
    outputs = tuple((output.script, output.sats) for output in tx.outputs)
    return SeenTx(tx.txid, tuple(i.outpoint for i in tx.inputs), outputs, sighting.source)


def _status(report: SourceReport) -> SourceStatus:
    return SourceStatus(
        name=report.name,
        ok=report.ok,
        tip_height=None if report.tip is None else report.tip.height,
        error=report.error,
        lied=report.lied,
        set_aside_until=None if report.set_aside_until is None else rfc3339(report.set_aside_until),
        requests=report.requests,
        bytes=report.bytes,
    )


def chain_rows(chain: HeaderChain, tip: str, above: int) -> list[tuple[int, bytes]]:
    """(height, 80 bytes) of the headers from `above` (exclusive) up to a tip, lowest first."""
    rows: list[tuple[int, bytes]] = []
    name = tip
    while True:
        height, header = chain.height(name), chain.header(name)
        if height is None or header is None or height <= above:
            break
        rows.append((height, header.raw))
        name = header.previous
    rows.reverse()
    return rows


@dataclass(frozen=True, slots=True)
class Intake:
    """Looks, and takes what was found into the ledger. `still_leads` is asked inside each write."""

    store: Store
    watcher: Watcher
    clock: Clock
    max_blocks: int
    sightings: Sightings
    still_leads: Callable[[Writing], None]

    def look(self) -> LookOutcome:
        """One look. Raises Conflict when another process leads, or has looked meanwhile; nothing is written."""
        now = self.clock()
        scanned, found = self.fetch(now)
        return self.record(scanned, found, now)

    def knows_where_we_are(self) -> bool:
        """False once another process led and read blocks that this one's headers lack; then restore the stored ones."""
        with self.store.read() as tx:
            scanned = tx.progress.load("scanned")
        return scanned is None or scanned in self.watcher.chain

    def fetch(self, now: int) -> tuple[str, Look]:
        """Ask the sources and prove what they say; holds no transaction. Returns where we were, and the look."""
        with self.store.read() as tx:
            scanned = tx.progress.load("scanned") or self._checkpoint()
            scripts, outpoints = watched(tx)
            asked = self._shown(tx, now)
        found = self.watcher.look(
            scanned,
            WatchSet(scripts, outpoints),
            now=now,
            max_blocks=self.max_blocks,
            sighting_scripts=asked,
        )
        return scanned, found

    def record(self, scanned: str, found: Look, now: int) -> LookOutcome:
        """Record a look in one transaction: observations, entries, projections, headers and progress."""
        with self.store.write() as tx:
            self.still_leads(tx)
            note_fetched(tx, sum(report.bytes for report in found.reports), now)
            if (tx.progress.load("scanned") or self._checkpoint()) != scanned:
                return LookOutcome()  # somebody else took in the same blocks; the next look starts from there
            outcome = record_look(tx, chain_look(found, self.sightings is not Sightings.OFF), now=now)
            fork = found.tip.height - len(found.found)
            tx.progress.add_headers(chain_rows(self.watcher.chain, found.tip.hash, fork))
        return outcome

    def _shown(self, tx: Reading, now: int) -> list[Script] | None:
        """Scripts that explorers may be asked about; none: only own mempools are read; None: no mempool at all."""
        match self.sightings:
            case Sightings.OFF:
                return None
            case Sightings.OWN_NODE:
                return []
            case Sightings.RECENT:
                return sighting_scripts(tx, now=now)

    def _checkpoint(self) -> str:
        chain = self.watcher.chain
        return next(Header(raw).hash for height, raw in chain.rows() if height == chain.checkpoint_height)
