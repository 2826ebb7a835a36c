"""Where a transaction stands, shown by one source and proven: its block recomputed, or its Merkle branch checked.

What rests on the source's word alone is said to.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.core.chain import Header
from ledger.core.wording import Wording
from service.command import Unavailable
from service.sentences import looking as say
from watchers.proof.block import BlockRefused, parse_block
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.merkle import ProofRefused, check_proof
from watchers.proof.networks import Network
from watchers.proof.periods import PeriodTable
from watchers.proof.place import OnChain, place_of
from watchers.proof.transaction import Tx
from watchers.sources.protocol import Can, Source


@dataclass(frozen=True, slots=True)
class Proved:
    """A transaction of its own bytes; `block` is where it is proven to be, None where nothing is proven."""

    tx: Tx
    block: str | None
    place: str


class Prover:
    """Proves transactions by one source. `known` are headers of ours; blocks are recomputed once each."""

    def __init__(self, source: Source, network: Network, known: HeaderChain | None) -> None:
        self.source = source
        self._network = network
        self._known = known
        self._blocks: dict[str, tuple[frozenset[str], str]] = {}

    @property
    def how(self) -> str:
        """What a proof of this source consists of."""
        if Can.BLOCK in self.source.can:
            return str(say.RECOMPUTED)
        return str(say.BY_BRANCH)

    def prove(self, txid: str) -> Proved:
        """Raises Unavailable for what cannot be had or does not hold, and SourceError."""
        tx = self.source.look_transaction(txid)
        if tx is None:
            raise Unavailable(
                "{source} does not have the transaction {txid}…; that alone proves nothing.",
                source=self.source.name,
                txid=txid[:12],
            )
        height = self.source.look_height(txid)
        if height is None:
            return Proved(tx, None, str(say.IN_NO_BLOCK))
        if Can.BLOCK not in self.source.can:
            return self._by_branch(tx, height)
        name = self.source.look_hash(height)
        if name not in self._blocks:
            self._blocks[name] = self._recomputed(name)
        txids, place = self._blocks[name]
        if txid not in txids:
            raise Unavailable(
                "{source} names a block that does not hold the transaction; ask another source.",
                source=self.source.name,
            )
        return Proved(tx, name, place)

    def _by_branch(self, tx: Tx, height: int) -> Proved:
        headers = self.source.look_headers(height, 1)
        if not headers:
            raise Unavailable(
                "{source} names block {height} and does not show its header.",
                source=self.source.name,
                height=height,
            )
        proof = self.source.look_proof(tx.txid, height)
        try:
            check_proof(proof, headers[0].merkle_root, None, transaction=tx.raw)
            place = self._where(headers[0], height)
        except (ProofRefused, HeaderRefused) as refusal:
            raise Unavailable(
                "{source} gives a proof that is refused: {refusal}; ask another source.",
                source=self.source.name,
                refusal=refusal.wording,
            ) from None
        return Proved(tx, headers[0].hash, place)

    def _recomputed(self, name: str) -> tuple[frozenset[str], str]:
        """The txids of a block and its place, from its bytes alone; Unavailable when they do not hold."""
        try:
            block = parse_block(self.source.look_block(name))
            place = self._where(block.header, block.claimed_height)
        except (BlockRefused, HeaderRefused) as refusal:
            raise Unavailable(
                "{source} gives a block that is refused: {refusal}; ask another source.",
                source=self.source.name,
                refusal=refusal.wording,
            ) from None
        return frozenset(block.txid(index) for index in range(block.count)), place

    def _where(self, header: Header, claimed: int | None) -> str:
        place = place_of(header, claimed, self._network, PeriodTable.load(self._network), self._known)
        if isinstance(place, OnChain):
            return say.in_block(place.height, str(Wording(place.by.value)))
        return say.in_some_block(header.hash, claimed, place.work)
