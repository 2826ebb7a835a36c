"""Histories of scripts from sources that list them, each hit proven: raw bytes, Merkle branch, our own header.

Read by both modes of looking: all of it by addresses, the past of a new script by blocks. What a source leaves out
cannot be noticed here: so the sources that answered whole are named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from math import inf
from typing import Protocol

from ledger.core.chain import BlockRef, Header, Outpoint, Script
from watchers.mempool import Sighting
from watchers.net.errors import SourceDown, SourceError, SourceLate, SourceLied, SourceMissing
from watchers.proof.block import BlockRefused, parse_block
from watchers.proof.headers import Tip
from watchers.proof.merkle import MerkleProof, ProofRefused, branch_in, check_proof
from watchers.proof.scan import BlockFacts, Payment, RelevantTx, Spend, WatchSet, relevant_tx
from watchers.proof.transaction import Tx
from watchers.source_pool import SourcePool, SourceStatus
from watchers.sources.protocol import Can, HistoryRow, Part

_KEPT_TXS = 5_000
_MOST_SPENDERS = 50
"""So many transactions of a script's history, the newest, are read to find who spent one of its outputs."""


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


@dataclass(frozen=True, slots=True)
class Proven:
    """A transaction in the block at `height` of our chain, and the source that showed the proof."""

    tx: RelevantTx
    height: int
    source: str


@dataclass(frozen=True, slots=True)
class ChainBlock:
    """A block of the agreed chain, what it holds for us, and the name of the source that served it.

    Out of histories, that is what they led to, and the source is the one that proved the first of it.
    """

    ref: BlockRef
    facts: BlockFacts
    source: str


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """What histories held up to a tip: blocks with something new, oldest first, and what is in no block.

    `complete` are the sources that gave every history whole.
    """

    blocks: tuple[ChainBlock, ...]
    sightings: tuple[Sighting, ...]
    complete: tuple[str, ...]
    proven: tuple[Proven, ...] = ()


@dataclass(slots=True)
class _Hits:
    """Rows of all sources: (txid, height) to who lists it for which script; `waiting` are those in no block."""

    confirmed: dict[tuple[str, int], dict[str, set[bytes]]] = field(default_factory=dict)
    waiting: dict[str, list[SourceStatus]] = field(default_factory=dict)

    def add(self, one: SourceStatus, script: bytes, rows: Iterable[HistoryRow], last: int) -> None:
        for row in rows:
            if row.height is None:
                self.waiting.setdefault(row.txid, []).append(one)
            elif row.height <= last:
                self.confirmed.setdefault((row.txid, row.height), {}).setdefault(one.name, set()).add(script)


class Histories:
    """Reads histories; remembers up to which height each source has listed each script."""

    def __init__(self, sources: SourcePool) -> None:
        self._sources = sources
        self._chain = sources.chain
        self._listed: dict[tuple[str, bytes], tuple[int, str]] = {}
        self._txs: dict[str, Tx] = {}

    def read(
        self,
        statuses: Sequence[SourceStatus],
        scripts: AbstractSet[bytes],
        tip: Tip,
        watch: WatchSet,
        known: Known,
        now: int,
    ) -> HistoryResult:
        """Every history of `scripts` up to `tip` from every source that can list and whose chain holds `tip`.

        Wallets that grow by what is found are asked about their next scripts as well. What `known` knows in its
        block is not proven again. Raises nothing: trouble stands with the sources.
        """
        listing = [one for one in statuses if self._lists(one, tip)]
        done: dict[str, set[bytes]] = {one.name: set() for one in listing}
        hits = _Hits()
        proven: dict[str, Proven] = {}
        ours = set(scripts)
        fresh: AbstractSet[bytes] = scripts
        while fresh:
            asked = [one for one in listing if not one.silent and one.error is None]
            self._sources.in_turn(asked, partial(self._ask, sorted(fresh), tip, hits), now)
            for one in asked:
                done[one.name] |= fresh
            self._prove_all(hits, listing, tip, known, proven, now)
            paid = frozenset(
                bytes(script)
                for each in proven.values()
                for script, _ in each.tx.outputs
                if bytes(script) in ours or bytes(script) in watch.scripts
            )
            fresh = known.more_scripts(paid) - ours if paid else frozenset()
            ours |= fresh
        complete = tuple(
            one.name for one in listing if one.error is None and not one.silent and done[one.name] >= ours
        )
        everything = watch.scripts if not ours - watch.scripts else watch.scripts | ours
        return HistoryResult(
            self.blocks_of(list(proven.values()), tip, WatchSet(everything, watch.outpoints)),
            self._waiting(hits, everything, watch.outpoints, now),
            complete,
            tuple(proven.values()),
        )

    def _lists(self, one: SourceStatus, tip: Tip) -> bool:
        return (
            Can.HISTORY in one.source.can
            and not one.silent
            and one.error is None
            and self._sources.confirms(one, tip)
        )

    def _ask(self, scripts: Sequence[bytes], tip: Tip, hits: _Hits, one: SourceStatus) -> None:
        """All rows that this source has not listed on this chain before; a SourceError ends its turn."""
        asked: list[tuple[Script, int]] = []
        advances = False
        for script in scripts:
            height, block = self._listed.get((one.name, script), (-1, ""))
            if block:
                # What was listed above a fork since is asked for again.
                fork = self._chain.fork(block, tip.hash)
                height = min(height, self._chain.height(fork) or 0)
            advances = advances or block != tip.hash
            asked.append((Script(script), height))
        answers = one.source.look_histories(asked)
        if advances and one.source.look_hash(tip.height) != tip.hash:
            raise SourceDown(one.name, "its chain changed while it was asked")
        for script, rows in zip(scripts, answers, strict=True):
            hits.add(one, script, rows, tip.height)
            self._listed[one.name, script] = (tip.height, tip.hash)

    def _prove_all(
        self,
        hits: _Hits,
        listing: Sequence[SourceStatus],
        tip: Tip,
        known: Known,
        proven: dict[str, Proven],
        now: int,
    ) -> None:
        for (txid, height), named in hits.confirmed.items():
            if txid in proven or height <= self._chain.checkpoint_height:
                continue  # what lies below the checkpoint is not part of these books
            name = self._chain.ancestor(tip.hash, height)
            if all(known.block_of(txid, script) == name for scripts in named.values() for script in scripts):
                continue
            header = self._chain.header(name)
            if header is None:
                continue
            asked = [one for one in listing if one.name in named]
            asked += [one for one in listing if one.name not in named]
            late: list[SourceStatus] = []
            while asked and txid not in proven:
                one = asked.pop(0)
                if one.silent:
                    continue
                try:
                    with self._sources.turn(one):
                        proven[txid] = Proven(self._prove(one, txid, height, header), height, one.name)
                    self._sources.on_read(one.name, Part.PROOFS, len(proven), len(hits.confirmed))
                except SourceLate:
                    late.append(one)
                except SourceError as trouble:
                    if one.name in named:
                        self._sources.note(one, trouble, now)
                        for script in named[one.name]:
                            self._listed.pop((one.name, script), None)
                if not asked and late and txid not in proven:
                    asked.append(late.pop(0))  # nobody else proves it: now it is waited for
                    asked[0].seconds_left = inf

    def _prove(self, one: SourceStatus, txid: str, height: int, header: Header) -> RelevantTx:
        """The transaction in the block of `header`, or a SourceError."""
        tx = self._transaction(one, txid)
        try:
            proof = one.source.look_proof(txid, height)
        except SourceMissing:
            if Can.BLOCK not in one.source.can:
                raise
            proof = self._proof_in_block(one, txid, header)
        try:
            check_proof(proof, header.merkle_root, None, transaction=tx.raw)
            if tx.coinbase != (proof.position == 0):
                raise ProofRefused("proof.position: only a block's first transaction is its coinbase")
        except ProofRefused as refused:
            if one.source.look_hash(height) != header.hash:
                raise SourceDown(one.name, "its chain changed while it was asked") from refused
            if not self._held_beside(proof, height, header):
                raise SourceLied(one.name, "proof", "{refused}", refused=refused.wording) from refused
            if Can.BLOCK not in one.source.can:
                raise SourceDown(one.name, "shows a proof that it kept, of a block that it left") from refused
            proof = self._proof_in_block(one, txid, header)
        return relevant_tx(tx, proof.position, proof.branch)

    def _held_beside(self, proof: MerkleProof, height: int, header: Header) -> bool:
        """Does a branch lead to another block of that height, which some chain that we know has or had?"""
        for tip in self._chain.tips():
            beside = self._chain.ancestor(tip.hash, height) if tip.height >= height else header.hash
            other = self._chain.header(beside)
            if other is None or other == header:
                continue
            try:
                check_proof(proof, other.merkle_root, None)
            except ProofRefused:
                continue
            return True
        return False

    def _proof_in_block(self, one: SourceStatus, txid: str, header: Header) -> MerkleProof:
        try:
            block = parse_block(one.source.look_block(header.hash))
        except BlockRefused as refused:
            raise SourceLied(one.name, "block", "{refused}", refused=refused.wording) from refused
        for position in range(block.count):
            if block.txid(position) == txid:
                return MerkleProof(txid, position, branch_in(block.levels, position))
        height = self._chain.height(header.hash) or 0
        if one.source.look_hash(height) != header.hash:
            raise SourceDown(one.name, "its chain changed while it was asked")
        raise SourceLied(
            one.name, "history", "names block {height}, which does not hold the transaction", height=height
        )

    def _transaction(self, one: SourceStatus, txid: str) -> Tx:
        if txid in self._txs:
            return self._txs[txid]
        tx = one.source.look_transaction(txid)
        if tx is None:
            raise SourceMissing(one.name, "history: lists a transaction that it does not show")
        if len(self._txs) >= _KEPT_TXS:
            self._txs.clear()
        self._txs[txid] = tx
        return tx

    def _waiting(
        self, hits: _Hits, scripts: AbstractSet[bytes], outpoints: AbstractSet[bytes], now: int
    ) -> tuple[Sighting, ...]:
        """Unconfirmed transactions that touch us, from each source that lists them."""
        sightings: list[Sighting] = []
        for txid, listing in hits.waiting.items():
            for one in listing:
                try:
                    with self._sources.turn(one):
                        tx = self._transaction(one, txid)
                except SourceError as trouble:
                    self._sources.note(one, trouble, now)
                    continue
                if not tx.coinbase and _concerns(tx, scripts, outpoints):
                    sightings.append(Sighting(tx, one.name))
        return tuple(dict.fromkeys(sightings))

    def spender_of(
        self, statuses: Sequence[SourceStatus], outpoint: Outpoint, tip: Tip, now: int
    ) -> Proven | None:
        """The confirmed transaction that a source shows, and proves, to spend an outpoint."""
        for one in statuses:
            if one.silent or not self._lists(one, tip):
                continue
            try:
                with self._sources.turn(one):
                    proven = self._proven_spender(one, outpoint, tip)
                if proven is not None:
                    return proven
            except SourceError as trouble:
                self._sources.note(one, trouble, now)
        return None

    def _proven_spender(self, one: SourceStatus, outpoint: Outpoint, tip: Tip) -> Proven | None:
        for txid, height in self._spenders(one, outpoint):
            if height is None or not self._chain.checkpoint_height < height <= tip.height:
                continue
            _, header = self._ref(tip, height)
            relevant = self._prove(one, txid, height, header)
            if outpoint in relevant.inputs:
                return Proven(relevant, height, one.name)
        return None

    def _spenders(self, one: SourceStatus, outpoint: Outpoint) -> Iterable[tuple[str, int | None]]:
        """What may spend an outpoint: as the source says, or out of the history of the script that it paid."""
        if Can.SPENDS in one.source.can:
            try:
                txid = one.source.look_spender(outpoint)
            except SourceMissing:
                pass  # its server lacks the route, or does not know what was never in a block
            else:
                return [] if txid is None else [(txid, one.source.look_height(txid))]
        before = one.source.look_transaction(outpoint.txid)
        if before is None or outpoint.vout >= len(before.outputs):
            return []  # it need not know what an unconfirmed transaction spends
        rows = one.source.look_history(before.outputs[outpoint.vout].script)
        placed = [(row.height, row.txid) for row in rows if row.height is not None]
        placed.sort(reverse=True)  # some sources list the oldest first, others the newest
        return [
            (txid, height)
            for height, txid in placed[:_MOST_SPENDERS]
            if outpoint in [each.outpoint for each in self._transaction(one, txid).inputs]
        ]

    def blocks_of(self, proven: Sequence[Proven], tip: Tip, watch: WatchSet) -> tuple[ChainBlock, ...]:
        """Proven transactions that touch the watch set, by block, as a scan of the whole block would tell them."""
        fresh: set[bytes] = set()
        blocks: list[ChainBlock] = []
        by_height: dict[int, list[Proven]] = {}
        for each in proven:
            by_height.setdefault(each.height, []).append(each)
        for height, some in sorted(by_height.items()):
            some.sort(key=lambda each: each.tx.position)
            ref, header = self._ref(tip, height)
            payments: list[Payment] = []
            spends: list[Spend] = []
            relevant: list[RelevantTx] = []
            for each in some:
                paid = _payments(each.tx, watch.scripts)
                fresh.update(payment.outpoint.wire() for payment in paid)
                spent = [
                    Spend(outpoint, each.tx.txid, vin, each.tx.position)
                    for vin, outpoint in enumerate(each.tx.inputs)
                    if outpoint.wire() in watch.outpoints or outpoint.wire() in fresh
                ]
                if paid or spent:
                    payments += paid
                    spends += spent
                    relevant.append(each.tx)
            if relevant:
                facts = BlockFacts(header, tuple(payments), tuple(spends), tuple(relevant))
                blocks.append(ChainBlock(ref, facts, some[0].source))
        return tuple(blocks)

    def _ref(self, tip: Tip, height: int) -> tuple[BlockRef, Header]:
        name = self._chain.ancestor(tip.hash, height)
        header = self._chain.header(name)
        if header is None:
            raise KeyError(name)
        return BlockRef(height, name, header.time), header


def _payments(tx: RelevantTx, scripts: AbstractSet[bytes]) -> list[Payment]:
    return [
        Payment(Outpoint(tx.txid, vout), script, sats, tx.position, tx.coinbase)
        for vout, (script, sats) in enumerate(tx.outputs)
        if bytes(script) in scripts
    ]


def _concerns(tx: Tx, scripts: AbstractSet[bytes], outpoints: AbstractSet[bytes]) -> bool:
    return any(bytes(each.script) in scripts for each in tx.outputs) or any(
        each.outpoint.wire() in outpoints for each in tx.inputs
    )
