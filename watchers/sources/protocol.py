"""What a source of chain facts can be asked, and the base of every source, which declares none of it.

A look asks through `Source` and never knows which kind answers. What a source says is a claim until `proof` has
shown it; where it has no answer it raises one of `net.errors`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from typing import NoReturn, Protocol

from ledger.core.chain import Header, Outpoint, Script
from ledger.core.wording import Wording
from watchers.net.errors import SourceDown, SourceGarbled, SourceLied, SourceMissing, SourceRefused
from watchers.proof.merkle import MerkleProof
from watchers.proof.transaction import BytesRefused, Tx, parse_transaction

_A_DAY = 144
"""Blocks of a day: a node that lacks fewer is behind as any source may be, or follows a reorganisation."""


class Can(StrEnum):
    """What a source declares that it can be asked for."""

    TIP = "tip"
    HEADERS = "headers"
    BLOCK = "block"
    HISTORY = "history"
    MEMPOOL = "mempool"
    SPENDS = "spends"


class Part(StrEnum):
    """What is read in many steps, so that it may take long."""

    HEADERS = "headers"
    BLOCKS = "blocks"
    HISTORIES = "histories"
    PROOFS = "proofs"
    MEMPOOL = "transactions in no block"


OnRead = Callable[[Part, int, int], None]
"""Told that so many of so many of a part are read."""


@dataclass(frozen=True, slots=True)
class ClaimedTip:
    """Height and hash that a source names as its best block; a claim.

    `apart`: they were asked for apart, or are cached apart, so they may be of two moments.
    """

    height: int
    hash: str
    apart: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class MempoolTx:
    """An unconfirmed transaction as raw bytes, and what matching needs of it: whole mempools are held as these.

    `spends` are outpoints as their 36 wire bytes, `pays` the scripts of the outputs in order.
    """

    raw: bytes
    txid: str
    coinbase: bool
    spends: tuple[bytes, ...]
    pays: tuple[bytes, ...]

    @classmethod
    def of(cls, tx: Tx) -> MempoolTx:
        """What is kept of a transaction that was read."""
        return cls(
            tx.raw,
            tx.txid,
            tx.coinbase,
            tuple(one.outpoint.wire() for one in tx.inputs),
            tuple(bytes(one.script) for one in tx.outputs),
        )


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A transaction that a source lists for a script; `height` is None while it is in no block. A claim."""

    txid: str
    height: int | None


class Source(Protocol):
    """Anything that can be asked about the chain. Every method raises a SourceError where it has no answer.

    Only what `can` declares may be asked: the rest raises SourceRefused with status 0.
    """

    @property
    def name(self) -> str:
        """The name from the configuration, which reports and pages show."""

    @property
    def can(self) -> frozenset[Can]:
        """What may be asked; other methods raise SourceRefused with status 0."""

    @property
    def whole_mempool(self) -> bool:
        """True where `look_mempool` returns all there is, so that it is complete and private."""

    @property
    def cut_short(self) -> AbstractSet[bytes]:
        """Scripts of which the last answer left out what is in no block, or may have: absence there says nothing."""

    asked_until: float
    """Moment of the monotonic clock after which every question raises SourceLate: set by whoever looks."""

    on_read: OnRead
    """Told how far long reading has come: set by whoever looks."""

    @property
    def requests(self) -> int:
        """Requests sent since this object was made."""

    @property
    def bytes_read(self) -> int:
        """Bytes of bodies read since this object was made, after decompression."""

    def look_tip(self) -> ClaimedTip:
        """The best block that the source knows."""

    def look_hash(self, height: int) -> str:
        """The hash at that height on the source's active chain; SourceMissing above its tip."""

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Headers of the source's active chain from height `first` on, in order; fewer at its tip."""

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """The raw block, whose first 80 bytes hash to `hash`."""

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """Unconfirmed transactions that touch these scripts (a node of one's own may return more)."""

    def look_transaction(self, txid: str) -> Tx | None:
        """The transaction whose bytes hash to `txid`; None where the source says that it is not there."""

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        """Transactions that pay or spend the script: those in no block, and all in blocks above that height.

        Whole or an error: a list of blocks that was cut off anywhere is never returned; where those in no block are
        not all shown, `cut_short` says so. Asked where HISTORY is declared.
        """

    def look_histories(self, asked: Sequence[tuple[Script, int]]) -> list[list[HistoryRow]]:
        """The history of each script above its height, as `look_history` gives it, in that order; asked together where
        the source takes many questions at once."""

    def look_height(self, txid: str) -> int | None:
        """The height of the block that holds a transaction, None where it is in none; SourceMissing if unknown.

        A claim; `look_proof` is what is checked. Asked where HISTORY is declared.
        """

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        """The Merkle branch of a transaction in the source's block at that height, not yet checked.

        SourceMissing where the source has none. Asked where HISTORY is declared.
        """

    def look_spender(self, outpoint: Outpoint) -> str | None:
        """The txid that spends an outpoint, None where it is unspent. A claim. Asked where SPENDS is declared."""


def _nobody(_part: Part, _done: int, _all: int) -> None:
    """Nobody wants to know."""


class BaseSource:
    """Base of every source: each method of the Source protocol, refusing. A source overrides what it can."""

    name: str
    whole_mempool: bool = False
    cut_short: AbstractSet[bytes] = frozenset()
    requests: int = 0
    bytes_read: int = 0
    asked_until: float = inf
    on_read: OnRead = staticmethod(_nobody)

    def look_tip(self) -> ClaimedTip:
        """Not declared: SourceRefused."""
        self._cannot(Wording("its tip"))

    def look_hash(self, height: int) -> str:
        """Not declared: SourceRefused."""
        self._cannot(Wording("the hash at height {height}", {"height": height}))

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Not declared: SourceRefused."""
        self._cannot(Wording("{count} headers from {first}", {"count": count, "first": first}))

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """Not declared: SourceRefused."""
        self._cannot(Wording("block {hash}", {"hash": hash[:64]}))

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """Not declared: SourceRefused."""
        self._cannot(Wording("the mempool of {count} scripts", {"count": len(scripts)}))

    def look_transaction(self, txid: str) -> Tx | None:
        """Not declared: SourceRefused."""
        self._cannot(Wording("transaction {txid}", {"txid": txid[:64]}))

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        """Not declared: SourceRefused."""
        self._cannot(
            Wording(
                "a history above height {above} of a script of {length} bytes",
                {"above": above, "length": len(script)},
            )
        )

    def look_histories(self, asked: Sequence[tuple[Script, int]]) -> list[list[HistoryRow]]:
        """One after the other."""
        listed: list[list[HistoryRow]] = []
        for script, height in asked:
            listed.append(self.look_history(script, above=height))
            self.on_read(Part.HISTORIES, len(listed), len(asked))
        return listed

    def look_height(self, txid: str) -> int | None:
        """Not declared: SourceRefused."""
        self._cannot(Wording("the place of {txid}", {"txid": txid[:64]}))

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        """Not declared: SourceRefused."""
        self._cannot(
            Wording("the Merkle branch of {txid} at {height}", {"txid": txid[:64], "height": height})
        )

    def look_spender(self, outpoint: Outpoint) -> str | None:
        """Not declared: SourceRefused."""
        self._cannot(Wording("the spender of {outpoint}", {"outpoint": str(outpoint)}))

    def _require_synced(self, info: Mapping[str, object]) -> None:
        """SourceDown for a node that still reads the chain, a day of blocks or more: its tip says nothing of now."""
        blocks, headers = info.get("blocks"), info.get("headers")
        if (
            info.get("initialblockdownload") is not True
            or type(blocks) is not int
            or type(headers) is not int
        ):
            return
        if headers - blocks >= _A_DAY:
            raise SourceDown(
                self.name,
                "the node still reads the chain (block {blocks} of {headers}); it is asked again at each look, and "
                "until then another source has to do",
                blocks=blocks,
                headers=headers,
            )

    def _pruned(self, missing: SourceMissing, info: Mapping[str, object]) -> SourceMissing:
        """Why a node does not have a block: what it says of its chain names the oldest that it keeps."""
        kept = info.get("pruneheight")
        if info.get("pruned") is not True or isinstance(kept, bool) or not isinstance(kept, int):
            return missing
        return SourceMissing(
            self.name,
            "block: this node is pruned and keeps blocks from {kept} on; name a node that keeps all, or "
            "begin the books at a --checkpoint that is not below that",
            kept=kept,
        )

    def _cannot(self, what: Wording) -> NoReturn:
        raise SourceRefused(
            self.name, 0, "cannot be asked for {what}; ask a source that declares it", what=what
        )

    def _read_transaction(
        self, txid: str, raw: bytes, field: str, *, malformed: type[SourceLied | SourceGarbled] = SourceLied
    ) -> Tx:
        """The transaction that was asked for; SourceLied for the bytes of another, `malformed` for those of none."""
        try:
            tx = parse_transaction(raw)
        except BytesRefused as refused:
            raise malformed(self.name, field, "{refused}", refused=refused.wording) from refused
        if tx.txid != txid:
            raise SourceLied(self.name, field, "hashes to another txid than the one asked for")
        return tx
