"""From watchers to ledger: what one look proved is recorded, together with how far we have read.

Three phases that never overlap: fetch and prove (no database is held), record in one transaction, done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from ledger.core.chain import BlockRef, Header, Script
from ledger.core.look import ChainLook, JoinedBlock, SeenTx, SourceStatus, TxFacts
from ledger.core.times import rfc3339
from ledger.model.looks import Completeness
from ledger.recording.set_aside import Liar, load_liars, save_liars
from ledger.recording.settling import LookOutcome, record_look
from ledger.rules.settled import note_completeness
from ledger.store.database import Store
from ledger.store.transaction import Reading, Writing
from ledger.views.watch_list import sighting_scripts, waiting_inputs
from service.backfill import Backfill, load_backfill, note_added, note_opened, save_backfill
from service.budget import BLOCK_BYTES, Budget, fetched_today, note_fetched
from service.clock import Clock, monotonic
from service.command import Unavailable
from service.logs import note, warn
from service.wallets import Growth
from service.watch_set import WatchSets
from watchers.address_look import AddressWatcher
from watchers.look import ChainBlock, Look, Sighting, SourceReport, Watcher
from watchers.proof.headers import HeaderChain
from watchers.proof.senders import scripts_spent
from watchers.source_pool import SetAside

NO_BLOCK_SINCE = "no_block_since"
"""Since when the next block could not be had, though the day's bytes are not used up; empty where it can."""
_FAR_BEHIND = 6
"""Blocks that a source lacks which is behind for more than a moment; sources find a block within minutes."""
_BEHIND = "behind"
_CHANGING = re.compile(r"[0-9a-f]*[0-9][0-9a-f]*")
"""Numbers and hashes: an error that differs in them alone is the same."""


class Sightings(StrEnum):
    """Where unconfirmed payments are looked for (`watch.sightings`)."""

    OWN_NODE = "own-node"
    RECENT = "recent"
    OFF = "off"


def chain_look(look: Look, asked_mempools: bool) -> ChainLook:
    """The watchers' words as the ledger's."""
    return ChainLook(
        undone=look.disconnected,
        joined=tuple(_joined(block) for block in look.connected),
        tip=BlockRef(look.tip.height, look.tip.hash, look.tip.time),
        best_height=look.best_header.height,
        seen=tuple(_seen(sighting) for sighting in look.sightings),
        mempool_complete=look.mempool_sources if asked_mempools else (),
        sources=tuple(_status(report) for report in look.reports),
        agreed=look.agreed,
        late=tuple(_joined(block) for block in look.late),
        mempool_scripts=look.mempool_scripts,
    )


def _joined(block: ChainBlock) -> JoinedBlock:
    txs = tuple(
        TxFacts(tx.txid, tx.position, tx.coinbase, tx.inputs, tx.outputs, tx.branch, tx.spent)
        for tx in block.facts.relevant
    )
    return JoinedBlock(block.ref, block.source, txs)


def _seen(sighting: Sighting) -> SeenTx:
    tx = sighting.tx
    outputs = tuple((output.script, output.sats) for output in tx.outputs)
    inputs = tuple(i.outpoint for i in tx.inputs)
    return SeenTx(tx.txid, inputs, outputs, sighting.source, scripts_spent(tx))


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


def save_set_aside(tx: Writing, aside: Mapping[str, SetAside]) -> None:
    """Keep who was caught lying, and how often: pauses go on doubling in the next process."""
    save_liars(tx, (Liar(name, one.until, one.times, one.lied) for name, one in aside.items()))


def load_set_aside(tx: Reading) -> dict[str, SetAside]:
    """The sources that an earlier process caught lying, so that a restart does not forgive them."""
    return {liar.name: SetAside(liar.until, liar.times, liar.lied) for liar in load_liars(tx)}


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
class Fetched:
    """A look that was made and not yet recorded: where we were, what was found, what it opened and cost."""

    scanned: str
    look: Look
    growth: Growth
    past: Backfill | None
    seconds: float
    capped: bool


@dataclass(frozen=True, slots=True)
class Intake:
    """Looks, and takes what was found into the ledger. `still_leads` is asked inside each write."""

    store: Store
    watcher: Watcher | AddressWatcher
    clock: Clock
    max_blocks: int
    sightings: Sightings
    still_leads: Callable[[Writing], None]
    budget: Budget
    growth: Callable[[], Growth]
    ask_histories: bool = True
    is_stopping: Callable[[], bool] = lambda: False
    """Is this program ending? Then what was read of a look is not all that sources had to show."""
    watch_sets: WatchSets = field(default_factory=WatchSets)
    troubles: dict[str, str] = field(default_factory=dict)
    """What each source that failed last failed by: in the log once, until it answers again or fails otherwise."""

    def look(self) -> LookOutcome:
        """One look. Raises Conflict when another process leads, or has looked meanwhile; nothing is written."""
        now = self.clock()
        return self.record(self.fetch(now), now)

    def knows_where_we_are(self) -> bool:
        """False once another process led and read blocks that this one's headers lack; then restore the stored ones."""
        with self.store.read() as tx:
            scanned = tx.progress.load("scanned")
        return scanned is None or scanned in self.watcher.chain

    def fetch(self, now: int) -> Fetched:
        """Ask the sources and prove what they say; holds no transaction.

        Raises Unavailable when the day's requests are used up, or this program ends meanwhile. When the day's bytes
        are used up, the tip is followed all the same.
        """
        with self.store.read() as tx:
            spent = fetched_today(tx, now)
            if not self.budget.requests_left(spent):
                raise Unavailable(
                    "today's looks have sent {count} requests, the cap of watch.requests_a_day; they go on at midnight "
                    "UTC.",
                    count=f"{self.budget.requests_a_day:,}",
                )
            bytes_left = self.budget.bytes_left(spent)
            scanned = tx.progress.load("scanned") or self._checkpoint()
            watch = self.watch_sets.load(tx)
            waiting = waiting_inputs(tx)
            asked = self._shown(tx, now)
            past = load_backfill(tx)
        growth = self.growth()
        height = self.watcher.chain.height(scanned) or 0
        began = monotonic()
        look = self.watcher.look(
            scanned,
            watch,
            now=now,
            max_blocks=self.max_blocks if bytes_left else 0,
            max_bytes=bytes_left,
            sighting_scripts=asked,
            waiting=waiting,
            known=growth,
            rescan=None if past is None else past.question(height, self.ask_histories),
        )
        if self.is_stopping():
            raise Unavailable("This program is ending; what it was reading is read by the next look.")
        return Fetched(scanned, look, growth, past, monotonic() - began, not bytes_left)

    def record(self, fetched: Fetched, now: int) -> LookOutcome:
        """Record a look in one transaction: observations, entries, projections, headers and progress."""
        look = fetched.look
        with self.store.write() as tx:
            self.still_leads(tx)
            size, requests = (
                sum(report.bytes for report in look.reports),
                sum(report.requests for report in look.reports),
            )
            note_fetched(tx, size, now, requests)
            if (tx.progress.load("scanned") or self._checkpoint()) != fetched.scanned:
                return LookOutcome()  # somebody else took in the same blocks; the next look starts from there
            tx.addresses.add(fetched.growth.rows)
            outcome = record_look(tx, chain_look(look, self.sightings is not Sightings.OFF), now=now)
            self._keep_headers(tx, look)
            self._note_completeness(tx, fetched)
            self._note_pace(tx, fetched, size)
            self._note_standstill(tx, fetched, now)
            save_set_aside(tx, self.watcher.set_aside())
        self._log_health(look.reports, look.tip.height)
        return outcome

    def _log_health(self, reports: Sequence[SourceReport], tip: int) -> None:
        """A line for each source that is otherwise than at the look before."""
        for report in reports:
            if report.lied is not None:
                if report.requests:
                    warn("source set aside", source=report.name, why=str(report.lied))
                continue
            before, trouble = self.troubles.get(report.name), report.error
            if trouble is None and report.tip is not None and tip - report.tip.height >= _FAR_BEHIND:
                if before != _BEHIND:
                    warn("source is behind", source=report.name, height=report.tip.height, tip=tip)
                self.troubles[report.name] = _BEHIND
            elif trouble is None:
                self.troubles.pop(report.name, None)
                if before is not None:
                    note("source answers again", source=report.name)
            elif (kind := _CHANGING.sub("", str(trouble))) != before:
                self.troubles[report.name] = kind
                warn("source fails", source=report.name, why=str(trouble))

    @staticmethod
    def _note_standstill(tx: Writing, fetched: Fetched, now: int) -> None:
        look = fetched.look
        if look.connected or fetched.capped or look.best_header.height <= look.tip.height:
            tx.progress.save(NO_BLOCK_SINCE, "")
        elif not tx.progress.load(NO_BLOCK_SINCE):
            tx.progress.save(NO_BLOCK_SINCE, rfc3339(now))

    def _keep_headers(self, tx: Writing, look: Look) -> None:
        """Store the headers of the agreed chain, and those ahead of it that were verified: they are read once."""
        chain = self.watcher.chain
        above = look.tip.height - len(look.connected)
        end = (
            look.best_header.hash
            if chain.ancestor_is(look.best_header.hash, look.tip.hash)
            else look.tip.hash
        )
        kept = tx.progress.load("headers_to") or ""
        if not look.disconnected and kept in chain and chain.ancestor_is(end, kept):
            above = max(above, chain.height(kept) or 0)
        tx.progress.add_headers(chain_rows(chain, end, above))
        tx.progress.save("headers_to", end)

    def _note_completeness(self, tx: Writing, fetched: Fetched) -> None:
        """On what it rests that no payment is missing."""
        mode = "addresses" if isinstance(self.watcher, AddressWatcher) else "blocks"
        before = tx.progress.load("mode")
        tx.progress.save("mode", mode)
        opened = [row.script for row in fetched.growth.rows]
        if isinstance(self.watcher, AddressWatcher):
            if fetched.look.listed_by:
                save_backfill(tx, None)  # a history has all of the past
                note_completeness(tx, Completeness.LISTED, sources=fetched.look.listed_by)
            else:
                note_opened(tx, opened)
            return
        if fetched.past is not None and load_backfill(tx) == fetched.past:
            save_backfill(tx, fetched.past.after(fetched.look))
        note_opened(tx, opened)
        if before == "addresses":
            note_added(tx, tx.addresses.scripts())  # what histories left out, blocks will show
        left = load_backfill(tx)
        if left is None:
            note_completeness(tx, Completeness.SCANNED_WHOLE)
        else:
            left.note(tx)

    def _note_pace(self, tx: Writing, fetched: Fetched, size: int) -> None:
        """How long catching up may take, from what this look took for its blocks."""
        look = fetched.look
        behind = max(0, look.best_header.height - look.tip.height)
        if not behind:
            tx.progress.save("behind_hours", "0")
        elif look.connected:
            count = len(look.connected)
            pace = fetched.seconds / count
            weight = size // count if isinstance(self.watcher, Watcher) else 0
            tx.progress.save("behind_hours", str(self.budget.hours_for(behind, pace, weight)))
        elif not tx.progress.load("behind_hours"):
            tx.progress.save("behind_hours", str(self.budget.hours_for(behind, 1.0, BLOCK_BYTES)))

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
