"""One look at the chain in `blocks` mode: what left the agreed chain, what joined it, and what is not yet in it.

The service's intake asks for a look and records what it proves. Believes nobody: every header is verified, every block
recomputed. Stores nothing and reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Protocol

from ledger.core.chain import BlockRef, Outpoint, Script
from watchers.histories import Histories
from watchers.lookup import Alone, look_alone
from watchers.mempool import MempoolMatcher, Sighting
from watchers.net.errors import SourceError, SourceLied, SourceMissing
from watchers.proof.block import BlockRefused
from watchers.proof.headers import HeaderChain, Tip
from watchers.proof.networks import Network
from watchers.proof.scan import BlockFacts, WatchSet, scan_block
from watchers.source_pool import Asked, Joined, SetAside, SourceReport, Sources
from watchers.sources.protocol import Can, Source

__all__ = ["FoundBlock", "Known", "Look", "NothingKnown", "Past", "Sighting", "SourceReport", "Watcher"]


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block of the agreed chain, what it holds for us, and the name of the source that served it."""

    ref: BlockRef
    facts: BlockFacts
    source: str


@dataclass(frozen=True, slots=True)
class Past:
    """Scripts that were added after blocks `first..last` had been read, which are read again for them.

    `ask_histories`: sources that list histories are asked first, so that what they list need not wait.
    """

    scripts: frozenset[bytes]
    first: int
    last: int
    ask_histories: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What one look taught. Applying `undone`, then `found`, leads from the block last applied to `tip`.

    `undone` are hashes, newest first; `found` oldest first. `late` are blocks of the agreed chain that had joined
    before, with what was not known of them. `best_header` has the most work of all headers seen, `tip` is where we
    have the blocks. `agreed` is False when no source showed a chain that holds `tip`. `mempool_sources` answered
    completely about the mempool, as far as they were asked: about `mempool_scripts`, or all of it where None.
    `listed_by` are the sources that gave every history that was asked for; `past_read` is the height up to which
    the past was read again.
    """

    undone: tuple[str, ...]
    found: tuple[FoundBlock, ...]
    tip: Tip
    best_header: Tip
    sightings: tuple[Sighting, ...]
    mempool_sources: tuple[str, ...]
    reports: tuple[SourceReport, ...]
    agreed: bool
    mempool_scripts: frozenset[bytes] | None = None
    late: tuple[FoundBlock, ...] = ()
    listed_by: tuple[str, ...] = ()
    past_read: int | None = None


class Known(Protocol):
    """What whoever applies looks already knows; asked during a look."""

    def more_scripts(self, paid: frozenset[bytes]) -> frozenset[bytes]:
        """Scripts to watch from now on because these were paid: a wallet's next addresses."""

    def block_of(self, txid: str, script: bytes) -> str | None:
        """The block in which a transaction is known to touch a script; None where it is not known."""


class NothingKnown:
    """For a first look, and for wallets that do not grow."""

    def more_scripts(self, paid: frozenset[bytes]) -> frozenset[bytes]:
        """None."""
        return frozenset()

    def block_of(self, txid: str, script: bytes) -> str | None:
        """None."""
        return None


class Watcher:
    """Looks at one network through several sources, and remembers which of them lied."""

    def __init__(
        self,
        network: Network,
        sources: Sequence[Source],
        chain: HeaderChain,
        set_aside: Mapping[str, SetAside] | None = None,
    ) -> None:
        self.network = network
        self.chain = chain
        self._sources = Sources(sources, chain, set_aside)
        self._histories = Histories(self._sources)
        self._mempool = MempoolMatcher()

    def look(
        self,
        scanned: str,
        watch: Callable[[], WatchSet] | WatchSet,
        *,
        now: int,
        max_blocks: int,
        max_bytes: int | None = None,
        sighting_scripts: Sequence[Script] | None = (),
        waiting: Sequence[Outpoint] = (),
        known: Known | None = None,
        past: Past | None = None,
    ) -> Look:
        """Ask all sources once, and follow the most work whose blocks can be had from `scanned` on.

        `scanned` is the hash of the last block applied (at first the checkpoint). At most `max_blocks` blocks are
        found, and no further one after `max_bytes` of them, but for a reorg, which is whole or not at all.
        `sighting_scripts` are those that may be shown to sources without a whole mempool; None asks no mempool at
        all. `waiting` are inputs of sightings (part of `watch` here). `past` is read again with what `max_blocks`
        leaves, once caught up. Raises ValueError for an unknown `scanned`. Trouble with sources is never raised:
        it stands in the reports.
        """
        if scanned not in self.chain:
            raise ValueError(
                f"scanned: {scanned[:64]} is no header that we know; give the last block applied"
            )
        asked = self._sources.follow_all(now)
        reading = _Reading(
            self._sources,
            asked,
            watch() if callable(watch) else watch,
            known or NothingKnown(),
            now,
            max_bytes,
        )
        undone, found = reading.extend(scanned, max_blocks)
        tip = self.chain.tip(found[-1].ref.hash if found else scanned)
        late: tuple[FoundBlock, ...] = ()
        listed_by: tuple[str, ...] = ()
        past_read = None
        if past is not None and not undone:
            late, listed_by, past_read = self._read_past(reading, past, tip, max_blocks - len(found))
        sightings, mempool_sources = self._sightings(reading, found, sighting_scripts)
        return Look(
            undone=undone,
            found=found,
            tip=tip,
            best_header=self.chain.best(),
            sightings=sightings,
            mempool_sources=mempool_sources,
            reports=tuple(self._sources.report(one) for one in asked),
            agreed=any(self._sources.confirms(one, tip) for one in asked),
            mempool_scripts=None
            if any(one.source.whole_mempool for one in asked if one.name in mempool_sources)
            else frozenset(bytes(script) for script in sighting_scripts or ()),
            late=late,
            listed_by=listed_by,
            past_read=past_read,
        )

    def look_alone(self, txid: str, *, now: int, own_only: bool) -> Alone:
        """What sources say of one transaction, apart from any look; see `alone`."""
        return look_alone(self._sources, txid, now=now, own_only=own_only)

    def _read_past(
        self, reading: _Reading, past: Past, tip: Tip, blocks: int
    ) -> tuple[tuple[FoundBlock, ...], tuple[str, ...], int | None]:
        """What the past holds for scripts that were added later: by histories at once, then block by block."""
        late: list[FoundBlock] = []
        listed_by: tuple[str, ...] = ()
        if past.ask_histories:
            listed = self._histories.read(
                reading.asked,
                past.scripts,
                self.chain.tip(self.chain.ancestor(tip.hash, past.last)),
                reading.watch,
                reading.known,
                reading.now,
            )
            listed_by = listed.complete
            late = [FoundBlock(block.ref, block.facts, block.source) for block in listed.blocks]
        past_read = None
        if self.chain.best().hash == tip.hash and past.first <= past.last:
            names = [
                self.chain.ancestor(tip.hash, height)
                for height in range(past.first, min(past.last, past.first + max(blocks, 0) - 1) + 1)
            ]
            again = reading.blocks(names, past.scripts)
            past_read = past.first + len(again) - 1
            late += [block for block in again if block.facts.touched]
        return tuple(late), listed_by, past_read

    def _sightings(
        self, reading: _Reading, found: Sequence[FoundBlock], scripts: Sequence[Script] | None
    ) -> tuple[tuple[Sighting, ...], tuple[str, ...]]:
        if scripts is None:
            return (), ()
        confirmed = {touched.txid for block in found for touched in block.facts.touched}
        wanted = Joined(reading.watch.scripts, reading.fresh_scripts | {bytes(script) for script in scripts})
        outpoints = Joined(reading.watch.outpoints, reading.fresh)
        sightings: list[Sighting] = []
        complete: list[Asked] = []
        failed = False
        for one in reading.asked:
            if one.silent or Can.MEMPOOL not in one.source.can:
                continue
            if not scripts and not one.source.whole_mempool:
                continue
            try:
                shown = one.source.look_mempool(scripts)
                matched = self._mempool.match(one.name, shown, wanted, outpoints)
            except SourceError as trouble:
                self._sources.note(one, trouble, reading.now)
                failed = True
                continue
            sightings.extend(sighting for sighting in matched if sighting.tx.txid not in confirmed)
            if one.followed.tip is not None and one.followed.tip.hash == self.chain.best().hash:
                complete.append(one)
        if failed and not any(one.source.whole_mempool for one in complete):
            complete = []  # absence counts only where every source that shows a mempool could be asked
        return tuple(sightings), tuple(one.name for one in complete)


class _Reading:
    """Blocks read during one look: each from the first source that gives the bytes its header commits to."""

    def __init__(
        self,
        sources: Sources,
        asked: list[Asked],
        watch: WatchSet,
        known: Known,
        now: int,
        max_bytes: int | None,
    ) -> None:
        self.asked = asked
        self.watch = watch
        self.known = known
        self.now = now
        self.fresh: set[bytes] = set()
        self.fresh_scripts: set[bytes] = set()
        self._sources = sources
        self._chain = sources.chain
        self._bytes_left = max_bytes
        self._missing: set[str] = set()

    def extend(self, scanned: str, max_blocks: int) -> tuple[tuple[str, ...], tuple[FoundBlock, ...]]:
        """What to undo and what to apply: along the most work first, then along the next that can be had."""
        chain = self._chain
        here = chain.work(scanned)
        for tip in chain.tips():
            if tip.work <= here:
                break
            fork = chain.fork(scanned, tip.hash)
            path = chain.path(fork, tip.hash)
            needed = 1 + next(i for i, name in enumerate(path) if chain.work(name) > here)
            straight = fork == scanned
            most = max_blocks if straight else max(needed, max_blocks)
            found = self.blocks(path[:most], self.watch.scripts, whole=0 if straight else needed)
            if found and (straight or len(found) >= needed):
                undone = chain.path(fork, scanned)
                return tuple(reversed(undone)), tuple(found)
        return (), ()

    def blocks(self, path: Sequence[str], scripts: AbstractSet[bytes], *, whole: int = 0) -> list[FoundBlock]:
        """The blocks of `path` in order, up to the first that no source can give, or the byte limit.

        The first `whole` of them are read whatever they weigh.
        """
        found: list[FoundBlock] = []
        for index, name in enumerate(path):
            if self._bytes_left is not None and self._bytes_left <= 0 and index >= whole:
                break
            block = None if name in self._missing else self._block(name, scripts)
            if block is None:
                self._missing.add(name)
                break
            found.append(block)
        return found

    def _block(self, name: str, scripts: AbstractSet[bytes]) -> FoundBlock | None:
        """Sources that had no trouble in this look are asked first, so that a slow one does not hold it up."""
        for one in sorted(self.asked, key=lambda each: each.error is not None):
            if one.silent or Can.BLOCK not in one.source.can:
                continue
            try:
                raw = one.source.look_block(name)
                facts = self._checked(one.name, name, raw, scripts)
            except SourceMissing as trouble:
                self._note_missing(one, name, trouble)
                continue
            except SourceError as trouble:
                self._sources.note(one, trouble, self.now)
                one.silent = True
                continue
            if self._bytes_left is not None:
                self._bytes_left -= len(raw)
            tip = self._chain.tip(name)
            return FoundBlock(BlockRef(tip.height, name, tip.time), facts, one.name)
        return None

    def _note_missing(self, one: Asked, name: str, trouble: SourceMissing) -> None:
        """A block that is not on the source's own chain need not be there; one that is, should."""
        tip = one.followed.tip
        height = self._chain.height(name)
        if tip is None or height is None or height > tip.height:
            return
        if self._chain.ancestor(tip.hash, height) == name:
            one.error = one.error or trouble.sentence

    def _checked(self, source: str, name: str, raw: bytes, scripts: AbstractSet[bytes]) -> BlockFacts:
        """The facts of a block for all that we watch; when it makes a wallet grow, it is read again for that."""
        header = self._chain.header(name)
        if header is None or raw[:80] != header.raw:
            raise SourceLied(source, "block", "hashes to another block than the one asked for")
        while True:
            wanted = Joined(scripts, self.fresh_scripts) if self.fresh_scripts else scripts
            watch = WatchSet(wanted, Joined(self.watch.outpoints, self.fresh))
            try:
                facts = scan_block(raw, watch)
            except BlockRefused as refused:
                raise SourceLied(source, "block", str(refused)) from refused
            paid = frozenset(bytes(payment.script) for payment in facts.payments)
            more = self.known.more_scripts(paid) - self.fresh_scripts if paid else frozenset()
            if not more:
                self.fresh.update(payment.outpoint.wire() for payment in facts.payments)
                return facts
            self.fresh_scripts |= more
