"""One look at the chain in `addresses` mode: histories of every script from sources that list them, each proven.

The intake asks it as it asks `look`. Completeness rests on the sources, and the look names them. Stores nothing and
reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.wording import WrongValue
from watchers.histories import ChainBlock, Histories, HistoryResult, Known, NothingKnown
from watchers.look import Look, Rescan
from watchers.lookup import TransactionLookup, look_up_transaction
from watchers.proof.headers import HeaderChain, Tip
from watchers.proof.networks import Network
from watchers.proof.scan import BlockFacts, WatchSet
from watchers.source_pool import Progress, SetAside, SourcePool, SourceStatus
from watchers.sources.protocol import Can, Source

_SLACK = 2
"""A source so many blocks behind the best is waited for; one that is further behind is not."""


class AddressWatcher:
    """Looks at one network through sources that list histories; asked like `look.Watcher`."""

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
        """Ask all sources once, and go from `scanned` to the newest block that the sources with histories share.

        Nothing advances until every script was asked about at one source at least; `listed_by` names those that
        answered whole. A hit in a block that joined before is `late`. `waiting` are inputs of sightings: where
        the sighting is listed no more, it is looked up who spent them. `sighting_scripts` of None drops what is
        in no block. `max_blocks`, `max_bytes` and `rescan` do not matter here: a history has all of the past. Raises
        ValueError for an unknown `scanned`; trouble with sources stands in the reports.
        """
        if scanned not in self.chain:
            raise WrongValue(
                "scanned: {scanned} is no header that we know; give the last block applied",
                scanned=scanned[:64],
            )
        statuses = self._sources.sync_all(now)
        watched = watch() if callable(watch) else watch
        tip = self._shared_tip(statuses, scanned)
        listed = HistoryResult((), (), ())
        if tip is not None:
            listed = self._histories.read(
                statuses, watched.scripts, tip, watched, known or NothingKnown(), now
            )
        if tip is None or not listed.complete:
            return self._look(statuses, scanned, (), (), listed, (), watched.scripts)
        blocks = self._with_conflicts(statuses, listed, watched, waiting, tip, now)
        fork = self.chain.fork(scanned, tip.hash)
        path = self.chain.path(fork, tip.hash)
        hits = {block.ref.hash: block for block in blocks}
        connected = tuple(self._block(name, hits.pop(name, None), listed.complete[0]) for name in path)
        late = tuple(hits.values())
        disconnected = tuple(reversed(self.chain.path(fork, scanned)))
        shown = listed if sighting_scripts is not None else HistoryResult(listed.blocks, (), listed.complete)
        return self._look(statuses, scanned, disconnected, connected, shown, late, watched.scripts)

    def set_aside(self) -> Mapping[str, SetAside]:
        """Every source that was caught lying, until when it is not asked, and how often it was."""
        return self._sources.set_aside()

    def look_up(self, txid: str, *, now: int, own_only: bool) -> TransactionLookup:
        """What sources say of one transaction, apart from any look; see `lookup`."""
        return look_up_transaction(self._sources, txid, now=now, own_only=own_only)

    def _shared_tip(self, statuses: Sequence[SourceStatus], scanned: str) -> Tip | None:
        """The newest block that the sources with histories share on the best chain that one of them holds.

        Headers that none of them stands by are nobody's chain here; and who lags far behind is not waited for.
        """
        ends = [
            one.synced.tip
            for one in statuses
            if Can.HISTORY in one.source.can and not one.silent and one.error is None and one.synced.tip
        ]
        if not ends:
            return None
        best = max(ends, key=lambda end: end.work)
        shared = [end.height for end in ends if self.chain.fork(end.hash, best.hash) == end.hash]
        near = min(height for height in shared if height >= best.height - _SLACK)
        tip = self.chain.tip(self.chain.ancestor(best.hash, near))
        # A lagging source never leads back: only a chain of more work undoes a block.
        return tip if tip.work > self.chain.work(scanned) else self.chain.tip(scanned)

    def _with_conflicts(
        self,
        statuses: Sequence[SourceStatus],
        listed: HistoryResult,
        watched: WatchSet,
        waiting: Sequence[Outpoint],
        tip: Tip,
        now: int,
    ) -> Sequence[ChainBlock]:
        """The listed blocks, and those with transactions that spent the inputs of sightings which left every list."""
        held = {each.outpoint for sighting in listed.sightings for each in sighting.tx.inputs}
        held |= {outpoint for block in listed.blocks for tx in block.facts.relevant for outpoint in tx.inputs}
        rivals = [
            rival
            for outpoint in waiting
            if outpoint not in held
            for rival in [self._histories.spender_of(statuses, outpoint, tip, now)]
            if rival is not None
        ]
        if not rivals:
            return listed.blocks
        proven = {each.tx.txid: each for each in listed.proven} | {each.tx.txid: each for each in rivals}
        return self._histories.blocks_of(list(proven.values()), tip, watched)

    def _block(self, name: str, block: ChainBlock | None, source: str) -> ChainBlock:
        if block is not None:
            return block
        tip = self.chain.tip(name)
        header = self.chain.header(name)
        if header is None:
            raise KeyError(name)
        return ChainBlock(BlockRef(tip.height, name, tip.time), BlockFacts(header, (), (), ()), source)

    def _look(
        self,
        statuses: Sequence[SourceStatus],
        scanned: str,
        disconnected: tuple[str, ...],
        connected: tuple[ChainBlock, ...],
        listed: HistoryResult,
        late: tuple[ChainBlock, ...],
        scripts: AbstractSet[bytes],
    ) -> Look:
        tip = self.chain.tip(connected[-1].ref.hash if connected else scanned)
        return Look(
            disconnected=disconnected,
            connected=connected,
            tip=tip,
            best_header=self.chain.best(),
            sightings=listed.sightings,
            mempool_sources=listed.complete if self._all_answered(statuses) else (),
            mempool_scripts=frozenset(scripts) - cut if (cut := self._sources.cut_short()) else None,
            reports=tuple(self._sources.report(one) for one in statuses),
            agreed=any(self._sources.agrees(one, tip) for one in statuses),
            late=late,
            listed_by=listed.complete,
        )

    @staticmethod
    def _all_answered(statuses: Sequence[SourceStatus]) -> bool:
        """Absence counts only where every source with histories could be asked (those set aside apart)."""
        return all(
            one.error is None for one in statuses if Can.HISTORY in one.source.can and one.lied is None
        )
