"""One look at the chain in `blocks` mode: what left the agreed chain, what joined it, and what is not yet in it.

Believes nobody: every header is verified, every block recomputed. Stores nothing and reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from ledger.chain import BlockRef, Header, Script
from watchers.block import BlockRefused
from watchers.following import Followed, follow
from watchers.headers import HeaderChain, Tip
from watchers.mempool import MempoolMatcher, Sighting
from watchers.networks import Network
from watchers.scan import BlockFacts, WatchSet, scan_block
from watchers.sources import Can, ClaimedTip, Source, SourceError, SourceLied, SourceMissing

__all__ = ["FoundBlock", "Look", "Sighting", "SourceReport", "Watcher"]

_ASIDE_FIRST = 600
_ASIDE_MOST = 24 * 3600


@dataclass(frozen=True, slots=True)
class FoundBlock:
    """A block that joined the agreed chain, what it holds for us, and the name of the source that served it."""

    ref: BlockRef
    facts: BlockFacts
    source: str


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one source did in one look. `lied` is one sentence on what proof contradicts; then it is set aside.

    `ok` means that all it was asked was answered. `behind` counts blocks from the end of its verified headers to
    the best header: a stale answer shows there.
    """

    name: str
    ok: bool
    tip: ClaimedTip | None
    error: str | None
    lied: str | None
    requests: int
    bytes: int
    blocks_served: int
    behind: int = 0
    set_aside_until: int | None = None  # Unix seconds; a source caught lying is not asked before


@dataclass(frozen=True, slots=True)
class Look:
    """What one look taught. Applying `undone`, then `found`, leads from the block last applied to `tip`.

    `undone` are hashes, newest first; `found` oldest first. `best_header` has the most work of all headers seen,
    `tip` is where we have the blocks. `agreed` is False when no source showed a chain that holds `tip`.
    `mempool_sources` answered completely about the mempool, as far as they were asked.
    """

    undone: tuple[str, ...]
    found: tuple[FoundBlock, ...]
    tip: Tip
    best_header: Tip
    new_headers: tuple[tuple[int, Header], ...]
    sightings: tuple[Sighting, ...]
    mempool_sources: tuple[str, ...]
    reports: tuple[SourceReport, ...]
    agreed: bool


@dataclass(slots=True)
class _Aside:
    """A source caught lying: not asked before `until` (Unix seconds)."""

    until: int
    times: int
    sentence: str


@dataclass(slots=True, eq=False)
class _Asked:
    """One source during one look."""

    source: Source
    requests: int
    bytes: int
    followed: Followed = field(default_factory=Followed)
    error: str | None = None
    lied: str | None = None
    served: int = 0
    silent: bool = False


class _Joined(AbstractSet[bytes]):
    """Two sets read as one, without copying the large one."""

    def __init__(self, large: AbstractSet[bytes], small: AbstractSet[bytes]) -> None:
        self._large = large
        self._small = small

    def __contains__(self, one: object) -> bool:
        return one in self._large or one in self._small

    def __iter__(self) -> Iterator[bytes]:
        yield from self._large
        yield from (one for one in self._small if one not in self._large)

    def __len__(self) -> int:
        return len(self._large) + sum(one not in self._large for one in self._small)


class Watcher:
    """Looks at one network through several sources, and remembers which of them lied."""

    def __init__(self, network: Network, sources: Sequence[Source], chain: HeaderChain) -> None:
        names = [source.name for source in sources]
        if len(set(names)) != len(names):
            raise ValueError("sources: two have the same name; give each a name of its own")
        self.network = network
        self.sources = tuple(sources)
        self.chain = chain
        self._aside: dict[str, _Aside] = {}
        self._mempool = MempoolMatcher()

    def look(
        self,
        scanned: str,
        watch: Callable[[], WatchSet] | WatchSet,
        *,
        now: int,
        max_blocks: int,
        sighting_scripts: Sequence[Script] | None = (),
    ) -> Look:
        """Ask all sources once, and follow the most work whose blocks can be had from `scanned` on.

        `scanned` is the hash of the last block applied (at first the checkpoint). At most `max_blocks` blocks are
        found, but for a reorg, which is whole or not at all. `sighting_scripts` are those that may be shown to
        sources without a whole mempool; None asks no mempool at all. Raises ValueError for an unknown `scanned`.
        Trouble with sources is never raised: it stands in the reports.
        """
        if scanned not in self.chain:
            raise ValueError(
                f"scanned: {scanned[:64]} is no header that we know; give the last block applied"
            )
        asked = [_Asked(source, source.requests, source.bytes_read) for source in self.sources]
        for one in asked:
            self._follow(one, now)
        watched = watch() if callable(watch) else watch
        undone, found = self._extend(asked, scanned, watched, now, max_blocks)
        tip = self.chain.tip(found[-1].ref.hash if found else scanned)
        sightings, mempool_sources = self._sightings(asked, watched, found, now, sighting_scripts)
        return Look(
            undone=undone,
            found=found,
            tip=tip,
            best_header=self.chain.best(),
            new_headers=tuple(row for one in asked for row in one.followed.new),
            sightings=sightings,
            mempool_sources=mempool_sources,
            reports=tuple(self._report(one) for one in asked),
            agreed=any(self._confirms(one, tip) for one in asked),
        )

    def _follow(self, one: _Asked, now: int) -> None:
        aside = self._aside.get(one.source.name)
        if aside is not None and now < aside.until:
            one.lied, one.silent = aside.sentence, True
            one.error = "set aside for an answer that proof contradicts; asked again later"
            return
        if not {Can.TIP, Can.HEADERS} <= one.source.can:
            return
        try:
            follow(one.source, self.chain, one.followed, now=now)
        except SourceError as trouble:
            self._note(one, trouble, now)

    def _note(self, one: _Asked, trouble: SourceError, now: int) -> None:
        """Keep what went wrong; a lie sets its source aside, longer each time."""
        one.error = one.error or trouble.sentence
        if isinstance(trouble, SourceLied):
            times = self._aside[one.source.name].times + 1 if one.source.name in self._aside else 1
            pause = min(_ASIDE_FIRST * 2 ** min(times - 1, 16), _ASIDE_MOST)
            self._aside[one.source.name] = _Aside(now + pause, times, trouble.sentence)
            one.lied = trouble.sentence
            one.silent = True

    def _extend(
        self, asked: list[_Asked], scanned: str, watched: WatchSet, now: int, max_blocks: int
    ) -> tuple[tuple[str, ...], tuple[FoundBlock, ...]]:
        """What to undo and what to apply: along the most work first, then along the next that can be had."""
        missing: set[str] = set()
        here = self.chain.work(scanned)
        for tip in self.chain.tips():
            if tip.work <= here:
                break
            fork = self.chain.fork(scanned, tip.hash)
            path = self.chain.path(fork, tip.hash)
            needed = 1 + next(i for i, name in enumerate(path) if self.chain.work(name) > here)
            most = max_blocks if fork == scanned else max(needed, max_blocks)
            found = self._blocks(asked, path[:most], watched, now, missing)
            if found and (fork == scanned or len(found) >= needed):
                undone = self.chain.path(fork, scanned)
                return tuple(reversed(undone)), tuple(found)
        return (), ()

    def _blocks(
        self, asked: list[_Asked], path: Sequence[str], watched: WatchSet, now: int, missing: set[str]
    ) -> list[FoundBlock]:
        """The blocks of `path` in order, up to the first that no source can give."""
        found: list[FoundBlock] = []
        fresh: set[bytes] = set()
        watch = WatchSet(watched.scripts, _Joined(watched.outpoints, fresh))
        for name in path:
            block = None if name in missing else self._block(asked, name, watch, now)
            if block is None:
                missing.add(name)
                break
            fresh.update(payment.outpoint.wire() for payment in block.facts.payments)
            found.append(block)
        return found

    def _block(self, asked: list[_Asked], name: str, watch: WatchSet, now: int) -> FoundBlock | None:
        """The block of that hash from the first source that gives the bytes which its header commits to.

        Sources that had no trouble in this look are asked first, so that a slow one does not hold it up.
        """
        for one in sorted(asked, key=lambda each: each.error is not None):
            if one.silent or Can.BLOCK not in one.source.can:
                continue
            try:
                raw = one.source.look_block(name)
                facts = self._checked(one.source.name, name, raw, watch)
            except SourceMissing as trouble:
                self._note_missing(one, name, trouble)
                continue
            except SourceError as trouble:
                self._note(one, trouble, now)
                one.silent = True
                continue
            one.served += 1
            tip = self.chain.tip(name)
            return FoundBlock(BlockRef(tip.height, name, tip.time), facts, one.source.name)
        return None

    def _note_missing(self, one: _Asked, name: str, trouble: SourceMissing) -> None:
        """A block that is not on the source's own chain need not be there; one that is, should."""
        tip = one.followed.tip
        height = self.chain.height(name)
        if tip is None or height is None or height > tip.height:
            return
        if self.chain.ancestor(tip.hash, height) == name:
            one.error = one.error or trouble.sentence

    def _checked(self, source: str, name: str, raw: bytes, watch: WatchSet) -> BlockFacts:
        header = self.chain.header(name)
        if header is None or raw[:80] != header.raw:
            raise SourceLied(source, "block", "hashes to another block than the one asked for")
        try:
            return scan_block(raw, watch)
        except BlockRefused as refused:
            raise SourceLied(source, "block", str(refused)) from refused

    def _sightings(
        self,
        asked: list[_Asked],
        watched: WatchSet,
        found: Sequence[FoundBlock],
        now: int,
        scripts: Sequence[Script] | None,
    ) -> tuple[tuple[Sighting, ...], tuple[str, ...]]:
        if scripts is None:
            return (), ()
        paid = {payment.outpoint.wire() for block in found for payment in block.facts.payments}
        confirmed = {touched.txid for block in found for touched in block.facts.touched}
        wanted = _Joined(watched.scripts, {bytes(script) for script in scripts})
        outpoints = _Joined(watched.outpoints, paid)
        sightings: list[Sighting] = []
        complete: list[str] = []
        for one in asked:
            if one.silent or Can.MEMPOOL not in one.source.can:
                continue
            if not scripts and not one.source.whole_mempool:
                continue
            try:
                shown = one.source.look_mempool(scripts)
                matched = self._mempool.match(one.source.name, shown, wanted, outpoints)
            except SourceError as trouble:
                self._note(one, trouble, now)
                continue
            sightings.extend(sighting for sighting in matched if sighting.tx.txid not in confirmed)
            if one.followed.tip is not None and one.followed.tip.hash == self.chain.best().hash:
                complete.append(one.source.name)
        return tuple(sightings), tuple(complete)

    def _confirms(self, one: _Asked, tip: Tip) -> bool:
        """True when the source's verified headers hold our tip."""
        end = one.followed.tip
        if one.lied is not None or end is None or end.height < tip.height:
            return False
        return self.chain.ancestor(end.hash, tip.height) == tip.hash

    def _report(self, one: _Asked) -> SourceReport:
        tip = one.followed.tip
        return SourceReport(
            name=one.source.name,
            ok=one.error is None and one.lied is None,
            tip=one.followed.claimed,
            error=one.error,
            lied=one.lied,
            requests=one.source.requests - one.requests,
            bytes=one.source.bytes_read - one.bytes,
            blocks_served=one.served,
            behind=max(0, self.chain.best().height - tip.height) if tip is not None else 0,
            set_aside_until=self._aside[one.source.name].until if one.lied is not None else None,
        )
