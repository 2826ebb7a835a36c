"""One look at the chain in `blocks` mode: what left the agreed chain, what joined it, and what is not yet in it.

The service's intake asks for a look and records what it proves. Believes nobody: every header is verified, every block
recomputed. Stores nothing and reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.wording import WrongValue
from watchers.histories import ChainBlock, Histories, Known, NothingKnown
from watchers.lookup import TransactionLookup, look_up_transaction
from watchers.mempool import Sighting, sightings_in
from watchers.net.errors import SourceError, SourceLied, SourceMissing
from watchers.proof.block import BlockRefused
from watchers.proof.headers import HeaderChain, Tip
from watchers.proof.networks import Network
from watchers.proof.scan import BlockFacts, UnionSet, WatchSet, scan_block
from watchers.source_pool import Progress, SetAside, SourcePool, SourceReport, SourceStatus
from watchers.sources.protocol import Can, Part, Source

__all__ = ["ChainBlock", "Known", "Look", "NothingKnown", "Rescan", "Sighting", "SourceReport", "Watcher"]


@dataclass(frozen=True, slots=True)
class Rescan:
    """Scripts that were added after blocks up to `last` had been read: all from `first` on are read again for them.

    Sources that list histories are asked for those of `ask_for` first, so that what they list need not wait.
    """

    scripts: frozenset[bytes]
    first: int
    last: int
    ask_for: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class Look:
    """What one look taught. Applying `disconnected`, then `connected`, leads from the block last applied to `tip`.

    `disconnected` are hashes, newest first; `connected` oldest first. `late` are blocks that were connected before,
    with what was not known of them. `best_header` has the most work of all headers seen, `tip` is where we
    have the blocks. `agreed` is False when no source showed a chain that holds `tip`. `mempool_sources` answered
    completely about the mempool, as far as they were asked: about `mempool_scripts`, or all of it where None.
    `listed_by` are the sources that gave every history that was asked for; `rescanned_to` is the height up to which
    the past was read again.
    """

    disconnected: tuple[str, ...]
    connected: tuple[ChainBlock, ...]
    tip: Tip
    best_header: Tip
    sightings: tuple[Sighting, ...]
    mempool_sources: tuple[str, ...]
    reports: tuple[SourceReport, ...]
    agreed: bool
    mempool_scripts: frozenset[bytes] | None = None
    late: tuple[ChainBlock, ...] = ()
    listed_by: tuple[str, ...] = ()
    rescanned_to: int | None = None


class Watcher:
    """Looks at one network through several sources, and remembers which of them lied."""

    def __init__(
        self,
        network: Network,
        sources: Sequence[Source],
        chain: HeaderChain,
        set_aside: Mapping[str, SetAside] | None = None,
        *,
        monotonic: Callable[[], float] | None = None,
        on_read: Progress | None = None,
    ) -> None:
        """`monotonic` and `on_read`: see `SourcePool`."""
        self.network = network
        self.chain = chain
        self._sources = SourcePool(sources, chain, set_aside, monotonic, on_read)
        self._histories = Histories(self._sources)

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
        rescan: Rescan | None = None,
    ) -> Look:
        """Ask all sources once, and follow the most work whose blocks can be had from `scanned` on.

        `scanned` is the hash of the last block applied (at first the checkpoint). At most `max_blocks` blocks are
        found, and no further one after `max_bytes` of them, but for a reorg, which is whole or not at all.
        `sighting_scripts` are those that may be shown to sources without a whole mempool; None asks no mempool at
        all. `waiting` are inputs of sightings (part of `watch` here). `rescan` is read again with what `max_blocks`
        leaves, once caught up. Raises ValueError for an unknown `scanned`. Trouble with sources is never raised:
        it stands in the reports.
        """
        if scanned not in self.chain:
            raise WrongValue(
                "scanned: {scanned} is no header that we know; give the last block applied",
                scanned=scanned[:64],
            )
        statuses = self._sources.sync_all(now)
        reading = _Reading(
            self._sources,
            statuses,
            watch() if callable(watch) else watch,
            known or NothingKnown(),
            now,
            max_bytes,
        )
        disconnected, connected = reading.extend(scanned, max_blocks)
        tip = self.chain.tip(connected[-1].ref.hash if connected else scanned)
        late: tuple[ChainBlock, ...] = ()
        listed_by: tuple[str, ...] = ()
        rescanned_to = None
        if rescan is not None and not disconnected:
            late, listed_by, rescanned_to = self._rescan(reading, rescan, tip, max_blocks - len(connected))
        sightings, mempool_sources = self._sightings(reading, connected, sighting_scripts)
        return Look(
            disconnected=disconnected,
            connected=connected,
            tip=tip,
            best_header=self.chain.best(),
            sightings=sightings,
            mempool_sources=mempool_sources,
            reports=tuple(self._sources.report(one) for one in statuses),
            agreed=any(self._sources.agrees(one, tip) for one in statuses),
            mempool_scripts=None
            if any(one.source.whole_mempool for one in statuses if one.name in mempool_sources)
            else frozenset(bytes(script) for script in sighting_scripts or ()) - self._sources.cut_short(),
            late=late,
            listed_by=listed_by,
            rescanned_to=rescanned_to,
        )

    def set_aside(self) -> Mapping[str, SetAside]:
        """Every source that was caught lying, until when it is not asked, and how often it was."""
        return self._sources.set_aside()

    def look_up(self, txid: str, *, now: int, own_only: bool) -> TransactionLookup:
        """What sources say of one transaction, apart from any look; see `lookup`."""
        return look_up_transaction(self._sources, txid, now=now, own_only=own_only)

    def _rescan(
        self, reading: _Reading, rescan: Rescan, tip: Tip, blocks: int
    ) -> tuple[tuple[ChainBlock, ...], tuple[str, ...], int | None]:
        """What the past holds for scripts that were added later: by histories at once, then block by block."""
        late: list[ChainBlock] = []
        listed_by: tuple[str, ...] = ()
        if rescan.ask_for:
            listed = self._histories.read(
                reading.statuses,
                rescan.ask_for,
                self.chain.tip(self.chain.ancestor(tip.hash, rescan.last)),
                reading.watch,
                reading.known,
                reading.now,
            )
            listed_by = listed.complete
            late = list(listed.blocks)
        rescanned_to = None
        if self.chain.best().hash == tip.hash and rescan.first <= tip.height:
            # To the very tip: what this look has just read may spend what is found before it.
            names = [
                self.chain.ancestor(tip.hash, height)
                for height in range(rescan.first, min(tip.height, rescan.first + max(blocks, 0) - 1) + 1)
            ]
            again = reading.blocks(names, rescan.scripts)
            rescanned_to = rescan.first + len(again) - 1
            late += [block for block in again if block.facts.relevant]
        return tuple(late), listed_by, rescanned_to

    def _sightings(
        self, reading: _Reading, connected: Sequence[ChainBlock], scripts: Sequence[Script] | None
    ) -> tuple[tuple[Sighting, ...], tuple[str, ...]]:
        if scripts is None:
            return (), ()
        confirmed = {relevant.txid for block in connected for relevant in block.facts.relevant}
        wanted = UnionSet(
            reading.watch.scripts, reading.fresh_scripts | {bytes(script) for script in scripts}
        )
        outpoints = UnionSet(reading.watch.outpoints, reading.fresh)
        asked = [
            one
            for one in reading.statuses
            if not one.silent and Can.MEMPOOL in one.source.can and (scripts or one.source.whole_mempool)
        ]
        sightings: list[Sighting] = []
        answered: list[SourceStatus] = []

        def ask(one: SourceStatus) -> None:
            shown = one.source.look_mempool(scripts)
            matched = sightings_in(one.name, shown, wanted, outpoints)
            sightings.extend(sighting for sighting in matched if sighting.tx.txid not in confirmed)
            answered.append(one)

        self._sources.in_turn(asked, ask, reading.now)
        best = self.chain.best().hash
        complete = [one for one in answered if one.synced.tip is not None and one.synced.tip.hash == best]
        if len(answered) < len(asked) and not any(one.source.whole_mempool for one in complete):
            complete = []  # absence counts only where every source that shows a mempool could be asked
        return tuple(sightings), tuple(one.name for one in complete)


class _Reading:
    """Blocks read during one look: each from the first source that gives the bytes its header commits to."""

    def __init__(
        self,
        sources: SourcePool,
        statuses: list[SourceStatus],
        watch: WatchSet,
        known: Known,
        now: int,
        max_bytes: int | None,
    ) -> None:
        self.statuses = statuses
        self.watch = watch
        self.known = known
        self.now = now
        self.fresh: set[bytes] = set()
        self.fresh_scripts: set[bytes] = set()
        self._sources = sources
        self._chain = sources.chain
        self._bytes_left = max_bytes
        self._missing: set[str] = set()

    def extend(self, scanned: str, max_blocks: int) -> tuple[tuple[str, ...], tuple[ChainBlock, ...]]:
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
            connected = self.blocks(path[:most], self.watch.scripts, whole=0 if straight else needed)
            if connected and (straight or len(connected) >= needed):
                disconnected = chain.path(fork, scanned)
                return tuple(reversed(disconnected)), tuple(connected)
        return (), ()

    def blocks(self, path: Sequence[str], scripts: AbstractSet[bytes], *, whole: int = 0) -> list[ChainBlock]:
        """The blocks of `path` in order, up to the first that no source can give, or the byte limit.

        The first `whole` of them are read whatever they weigh.
        """
        connected: list[ChainBlock] = []
        for index, name in enumerate(path):
            if self._bytes_left is not None and self._bytes_left <= 0 and index >= whole:
                break
            block = None if name in self._missing else self._block(name, scripts)
            if block is None:
                self._missing.add(name)
                break
            connected.append(block)
            self._sources.on_read(block.source, Part.BLOCKS, len(connected), len(path))
        return connected

    def _block(self, name: str, scripts: AbstractSet[bytes]) -> ChainBlock | None:
        """Sources that had no trouble in this look are asked first, so that a slow one does not hold it up."""
        for one in sorted(self.statuses, key=lambda each: each.error is not None):
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
            return ChainBlock(BlockRef(tip.height, name, tip.time), facts, one.name)
        return None

    def _note_missing(self, one: SourceStatus, name: str, trouble: SourceMissing) -> None:
        """A block that is not on the source's own chain need not be there; one that is, should."""
        tip = one.synced.tip
        height = self._chain.height(name)
        if tip is None or height is None or height > tip.height:
            return
        if self._chain.ancestor(tip.hash, height) == name:
            one.error = one.error or trouble.wording

    def _checked(self, source: str, name: str, raw: bytes, scripts: AbstractSet[bytes]) -> BlockFacts:
        """The facts of a block for all that we watch; when it makes a wallet grow, it is read again for that."""
        header = self._chain.header(name)
        if header is None or raw[:80] != header.raw:
            raise SourceLied(source, "block", "hashes to another block than the one asked for")
        while True:
            wanted = UnionSet(scripts, self.fresh_scripts) if self.fresh_scripts else scripts
            watch = WatchSet(wanted, UnionSet(self.watch.outpoints, self.fresh))
            try:
                facts = scan_block(raw, watch)
            except BlockRefused as refused:
                raise SourceLied(source, "block", "{refused}", refused=refused.wording) from refused
            paid = frozenset(bytes(payment.script) for payment in facts.payments)
            more = self.known.more_scripts(paid) - self.fresh_scripts if paid else frozenset()
            if not more:
                self.fresh.update(payment.outpoint.wire() for payment in facts.payments)
                return facts
            self.fresh_scripts |= more
