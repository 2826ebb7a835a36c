"""An honest source over a chain made in memory, without a server between: for stories that make many looks."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.core.chain import Header, Outpoint, Script
from tests.tools.fake_chain import FakeChain
from watchers.net.errors import SourceMissing
from watchers.proof.merkle import MerkleProof, branch_in
from watchers.proof.scripts import scripthash_hex
from watchers.proof.transaction import Tx, parse_transaction
from watchers.sources.protocol import BaseSource, Can, ClaimedTip, HistoryRow, MempoolTx


class SourceInMemory(BaseSource):
    """Shows all that the chain has, and counts what it is asked."""

    can = frozenset(Can)
    whole_mempool = True

    def __init__(self, name: str, chain: FakeChain) -> None:
        self.name, self._chain = name, chain
        self.histories: list[bytes] = []

    def look_tip(self) -> ClaimedTip:
        self.requests += 1
        return ClaimedTip(self._chain.height, self._chain.tip)

    def look_hash(self, height: int) -> str:
        self.requests += 1
        if height > self._chain.height:
            raise SourceMissing(self.name, f"has no block at height {height}")
        return self._chain.active[height]

    def look_headers(self, first: int, count: int) -> list[Header]:
        self.requests += 1
        return [self._chain.header(name) for name in self._chain.active[first : first + count]]

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        self.requests += 1
        return self._chain.blocks[hash]

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        self.requests += 1
        return [MempoolTx.of(parse_transaction(raw)) for raw in self._chain.mempool.values()]

    def look_transaction(self, txid: str) -> Tx | None:
        self.requests += 1
        raw = self._chain.transactions.get(txid)
        return None if raw is None else parse_transaction(raw)

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        self.requests += 1
        self.histories.append(bytes(script))
        waiting, confirmed = self._chain.touching(scripthash_hex(script))
        rows = [HistoryRow(txid, None) for txid in waiting]
        return rows + [HistoryRow(txid, height) for height, txid in confirmed if height > above]

    def look_height(self, txid: str) -> int | None:
        self.requests += 1
        return self._chain.places().get(txid)

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        self.requests += 1
        block = self._chain.block(self._chain.active[height])
        position = next(at for at in range(block.count) if block.txid(at) == txid)
        return MerkleProof(txid, position, branch_in(block.levels, position))

    def look_spender(self, outpoint: Outpoint) -> str | None:
        self.requests += 1
        for name in self._chain.active:
            for txid, _, inputs in self._chain.outlines(name):
                if outpoint in inputs:
                    return txid
        return None
