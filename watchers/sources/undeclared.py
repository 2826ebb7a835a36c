"""What a source answers to questions that it did not declare: a refusal that says so, never an empty answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from ledger.core.chain import Header, Outpoint, Script
from watchers.proof.merkle import MerkleProof
from watchers.sources.protocol import ClaimedTip, HistoryRow, MempoolTx, SourceRefused


class Undeclared:
    """Base of every source: each method of the Source protocol, refusing. A source overrides what it can."""

    name: str
    whole_mempool: bool = False
    requests: int = 0
    bytes_read: int = 0

    def look_tip(self) -> ClaimedTip:
        """Not declared: SourceRefused."""
        self._cannot("its tip")

    def look_hash(self, height: int) -> str:
        """Not declared: SourceRefused."""
        self._cannot(f"the hash at height {height}")

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Not declared: SourceRefused."""
        self._cannot(f"{count} headers from {first}")

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """Not declared: SourceRefused."""
        self._cannot(f"block {hash[:64]}")

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """Not declared: SourceRefused."""
        self._cannot(f"the mempool of {len(scripts)} scripts")

    def look_transaction(self, txid: str) -> bytes | None:
        """Not declared: SourceRefused."""
        self._cannot(f"transaction {txid[:64]}")

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        """Not declared: SourceRefused."""
        self._cannot(f"a history above height {above} of a script of {len(script)} bytes")

    def look_place(self, txid: str) -> int | None:
        """Not declared: SourceRefused."""
        self._cannot(f"the place of {txid[:64]}")

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        """Not declared: SourceRefused."""
        self._cannot(f"the Merkle branch of {txid[:64]} at {height}")

    def look_spender(self, outpoint: Outpoint) -> str | None:
        """Not declared: SourceRefused."""
        self._cannot(f"the spender of {outpoint}")

    def _cannot(self, what: str) -> NoReturn:
        raise SourceRefused(self.name, 0, f"cannot be asked for {what}; ask a source that declares it")
