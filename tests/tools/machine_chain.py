"""A chain for the machine: blocks, reorganisations, lost and hidden transactions. It knows nothing of the ledger.

What it says is unspent is counted here by itself, so that the books have something to differ from.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.look import JoinedBlock, TxFacts
from tests.tools.ledgers import START, name

MATURITY = 100


@dataclass(frozen=True)
class Owned:
    """An address of a campaign."""

    slug: str
    branch: str


@dataclass(frozen=True)
class Unspent:
    outpoint: Outpoint
    owner: Owned
    sats: int
    height: int
    coinbase: bool


@dataclass
class Block:
    ref: BlockRef
    txs: tuple[TxFacts, ...]


SENDERS = tuple(Script(b"\x00\x14" + bytes([n]) * 20) for n in range(60, 100))
"""Scripts of people who give."""


@dataclass
class Chain:
    """`lost` fell out by a reorganisation; `hidden` are in blocks and pay a script that nobody watches yet."""

    owners: dict[bytes, Owned] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    lost: list[TxFacts] = field(default_factory=list)
    hidden: list[tuple[int, TxFacts]] = field(default_factory=list)
    made: int = 0

    @property
    def tip(self) -> BlockRef:
        return self.blocks[-1].ref if self.blocks else BlockRef(0, name("genesis"), START)

    def name(self, label: str) -> str:
        """The txid or block hash that a label stands for."""
        return name(label)

    def number(self) -> int:
        self.made += 1
        return self.made

    def script(self, slug: str, branch: str) -> Script:
        """A new address of a campaign."""
        made = Script(b"\x00\x14" + self.number().to_bytes(20, "big"))
        self.owners[made] = Owned(slug, branch)
        return made

    def scripts(self, slug: str, branch: str) -> list[Script]:
        return [Script(s) for s, owner in self.owners.items() if owner == Owned(slug, branch)]

    def transaction(
        self, pays: list[tuple[Script, int]], spends: tuple[Outpoint, ...] = (), *, coinbase: bool = False
    ) -> TxFacts:
        number = self.number()
        label = f"tx {number}"
        inputs = spends or (Outpoint(self.name("in " + label), 0),)
        spent = () if spends or coinbase else (SENDERS[number % len(SENDERS)],)
        return TxFacts(self.name(label), 0 if coinbase else 1, coinbase, inputs, tuple(pays), (), spent)

    def mine(self, *txs: TxFacts) -> JoinedBlock:
        height = self.tip.height + 1
        ref = BlockRef(height, self.name(f"block {self.number()}"), START + 600 * height)
        kept = tuple(
            replace(tx, position=0 if tx.coinbase else position) for position, tx in enumerate(txs, 1)
        )
        self.blocks.append(Block(ref, kept))
        gone = {tx.txid for tx in txs}
        self.lost = [tx for tx in self.lost if tx.txid not in gone]
        return JoinedBlock(ref, "test", kept)

    def undo(self, depth: int) -> tuple[tuple[str, ...], list[TxFacts]]:
        """(hashes of the blocks that left, newest first; their transactions, oldest first)."""
        gone = self.blocks[-depth:]
        del self.blocks[-depth:]
        self.hidden = [(height, tx) for height, tx in self.hidden if height <= self.tip.height]
        return tuple(block.ref.hash for block in reversed(gone)), [tx for block in gone for tx in block.txs]

    def spent(self, height: int | None = None) -> set[Outpoint]:
        blocks = self.blocks if height is None else [b for b in self.blocks if b.ref.height <= height]
        return {spent for block in blocks for tx in block.txs if not tx.coinbase for spent in tx.inputs}

    def unspent(self, height: int | None = None) -> list[Unspent]:
        """Coins of ours in blocks up to `height` that nothing up to there spends."""
        top = self.tip.height if height is None else height
        spent = self.spent(top)
        return [
            Unspent(outpoint, self.owners[script], sats, block.ref.height, tx.coinbase)
            for block in self.blocks
            if block.ref.height <= top
            for tx in block.txs
            for vout, (script, sats) in enumerate(tx.outputs)
            if script in self.owners and (outpoint := Outpoint(tx.txid, vout)) not in spent
        ]

    def spendable(self) -> list[Unspent]:
        return [
            coin
            for coin in self.unspent()
            if not coin.coinbase or self.tip.height - coin.height + 1 >= MATURITY
        ]

    def fits(self, tx: TxFacts) -> bool:
        """Could it be mined now? What it spends is unspent, or nobody's here; it is in no block."""
        if tx.coinbase or any(tx.txid == other.txid for block in self.blocks for other in block.txs):
            return False
        known = {other.txid for block in self.blocks for other in block.txs}
        known |= {other.txid for other in self.lost}
        there = {coin.outpoint for coin in self.unspent()}
        return all(spent in there or spent.txid not in known for spent in tx.inputs)

    def balance(self, height: int) -> int:
        """Sats of ours unspent at a height, young coinbases aside."""
        ripe = self.tip.height - MATURITY + 1
        return sum(c.sats for c in self.unspent(height) if not c.coinbase or c.height <= ripe)
