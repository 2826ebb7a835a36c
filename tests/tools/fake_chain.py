"""A chain made in memory with real regtest proof of work, valid down to the witness commitment. Only for tests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy
from hashlib import sha256

from ledger.core.chain import Header, Outpoint
from watchers.proof.block import Block, Tx, parse_block, parse_transaction
from watchers.proof.merkle import merkle_root
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import scripthash_hex
from watchers.proof.work import meets, target_of

SPACING = 600
REWARD = 50 * 100_000_000
BITS = 0x207FFFFF
GENESIS_COINBASE = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff4d04ffff001d0104455468"
    "652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72206f6e206272696e6b206f66207365636f6e64206261"
    "696c6f757420666f722062616e6b73ffffffff0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e0"
    "3909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)


def hash256(raw: bytes) -> bytes:
    return sha256(sha256(raw).digest()).digest()


def size_of(count: int) -> bytes:
    """A compact size."""
    if count < 0xFD:
        return bytes([count])
    return b"\xfd" + count.to_bytes(2, "little") if count < 1 << 16 else b"\xfe" + count.to_bytes(4, "little")


def script_no(number: int) -> bytes:
    """A P2WPKH script for each number."""
    return b"\x00\x14" + sha256(b"script %d" % number).digest()[:20]


def outpoint_no(number: int) -> Outpoint:
    """An outpoint of nowhere, to spend in transactions that only have to look right."""
    return Outpoint(sha256(b"outpoint %d" % number).hexdigest(), number % 5)


def transaction(
    outputs: Sequence[tuple[bytes, int]],
    inputs: Sequence[Outpoint],
    *,
    witness: bytes = b"\x30" * 71,
    lock: int = 0,
) -> bytes:
    """A segwit transaction (unsigned in truth); without `witness` one of the old form."""
    ins = size_of(len(inputs)) + b"".join(one.wire() + b"\x00" + b"\xfd\xff\xff\xff" for one in inputs)
    outs = size_of(len(outputs)) + b"".join(
        sats.to_bytes(8, "little") + size_of(len(script)) + script for script, sats in outputs
    )
    end = lock.to_bytes(4, "little")
    if not witness:
        return b"\x02\x00\x00\x00" + ins + outs + end
    proof = b"".join(b"\x01" + size_of(len(witness)) + witness for _ in inputs)
    return b"\x02\x00\x00\x00\x00\x01" + ins + outs + proof + end


def _coinbase(height: int, salt: int, script: bytes, txs: Sequence[Tx]) -> bytes:
    """With the height first (BIP 34), and a commitment to witnesses where there are any (BIP 141)."""
    if height <= 16:
        number = bytes([0x50 + height])
    else:
        raw = height.to_bytes((height.bit_length() + 8) // 8, "little")
        number = bytes([len(raw)]) + raw
    start = number + b"\x08" + salt.to_bytes(8, "little")
    outputs = [(script, REWARD)]
    segwit = any(any(tx.witness) for tx in txs)
    if segwit:
        root = merkle_root([bytes(32), *(bytes.fromhex(tx.wtxid)[::-1] for tx in txs)])
        outputs.append((b"\x6a\x24\xaa\x21\xa9\xed" + hash256(root + bytes(32)), 0))
    body = b"\x01" + bytes(32) + b"\xff" * 4 + size_of(len(start)) + start + b"\xff" * 4
    body += size_of(len(outputs)) + b"".join(
        sats.to_bytes(8, "little") + size_of(len(one)) + one for one, sats in outputs
    )
    if segwit:
        return b"\x02\x00\x00\x00\x00\x01" + body + b"\x01\x20" + bytes(32) + bytes(4)
    return b"\x02\x00\x00\x00" + body + bytes(4)


def solve(start: bytes) -> bytes:
    """The 76 bytes with the first nonce that meets regtest's target."""
    for nonce in range(1 << 20):
        raw = start + nonce.to_bytes(4, "little")
        if meets(Header(raw), target_of(BITS)):
            return raw
    raise AssertionError("no nonce found")


Outline = tuple[str, list[str], list[Outpoint]]


def _outline(tx: Tx) -> Outline:
    return tx.txid, [scripthash_hex(out.script) for out in tx.outputs], [one.outpoint for one in tx.inputs]


class FakeChain:
    """A regtest chain with one active branch; blocks once mined stay known. Verbs change it, names read it."""

    def __init__(self) -> None:
        genesis = Header(REGTEST.genesis_header)
        self.blocks: dict[str, bytes] = {genesis.hash: genesis.raw + b"\x01" + GENESIS_COINBASE}
        self.heights: dict[str, int] = {genesis.hash: 0}
        self.active: list[str] = [genesis.hash]
        self.mempool: dict[str, bytes] = {}
        self.transactions: dict[str, bytes] = {}
        self._salt = 0
        self._parsed: dict[str, Block] = {}
        self._outlines: dict[str, list[Outline]] = {}

    def copy(self) -> FakeChain:
        """The same chain; what happens to one does not happen to the other."""
        made = FakeChain.__new__(FakeChain)
        vars(made).update({key: copy(value) for key, value in vars(self).items()})
        return made

    @property
    def height(self) -> int:
        return len(self.active) - 1

    @property
    def tip(self) -> str:
        return self.active[-1]

    @property
    def now(self) -> int:
        """A clock for looks: one hour after the tip."""
        return self.header(self.tip).time + 3600

    def header(self, name: str) -> Header:
        return Header(self.blocks[name][:80])

    def mine_block(
        self,
        txs: Iterable[bytes] = (),
        *,
        script: bytes = b"\x51",
        empty: bool = False,
        spacing: int = SPACING,
    ) -> str:
        """Mine a block on the tip with these transactions and what of the mempool can be (nothing when `empty`)."""
        given = list(txs)
        raws = [*([] if empty else self._minable(given)), *given]
        parsed = [parse_transaction(raw) for raw in raws]
        self._salt += 1
        coinbase = _coinbase(self.height + 1, self._salt, script, parsed)
        root = merkle_root([bytes.fromhex(t.txid)[::-1] for t in (parse_transaction(coinbase), *parsed)])
        time = self.header(self.tip).time + spacing
        start = (0x20000000).to_bytes(4, "little") + bytes.fromhex(self.tip)[::-1] + root
        header = solve(start + time.to_bytes(4, "little") + BITS.to_bytes(4, "little"))
        raw = header + size_of(1 + len(raws)) + coinbase + b"".join(raws)
        parse_block(raw)
        name = Header(header).hash
        self.blocks[name], self.heights[name] = raw, self.height + 1
        self.active.append(name)
        for tx in parsed:
            self.transactions[tx.txid] = tx.raw
            self.mempool.pop(tx.txid, None)
        return name

    def _minable(self, beside: Iterable[bytes]) -> list[bytes]:
        """The mempool without what spends an output that left the chain, or that the chain spends already.

        Outputs of transactions that were never here count as there to be spent; see `outpoint_no`.
        """
        waiting = {txid: parse_transaction(raw) for txid, raw in self.mempool.items()}
        chain = [outline for name in self.active for outline in self.outlines(name)]
        there = {txid for txid, _, _ in chain} | {parse_transaction(raw).txid for raw in beside}
        gone = {outpoint for _, _, inputs in chain for outpoint in inputs}
        while True:
            lost = [
                txid
                for txid, tx in waiting.items()
                for spent in (one.outpoint for one in tx.inputs)
                if spent in gone
                or (spent.txid in self.transactions and spent.txid not in there and spent.txid not in waiting)
            ]
            if not lost:
                return [tx.raw for tx in waiting.values()]
            waiting = {txid: tx for txid, tx in waiting.items() if txid not in lost}

    def mine(self, count: int) -> list[str]:
        return [self.mine_block() for _ in range(count)]

    def unmine(self, count: int = 1) -> None:
        """Take blocks off the tip; their transactions go nowhere."""
        assert 0 < count <= self.height
        del self.active[-count:]

    def fork(self, below: int, length: int) -> list[str]:
        """Leave the last `below` blocks and mine `length` other ones; returns their hashes."""
        self.unmine(below)
        return [self.mine_block(empty=True) for _ in range(length)]

    def activate(self, name: str) -> None:
        """Make the branch that ends in that block the active one again."""
        self.active = self.line(name)

    def line(self, name: str) -> list[str]:
        """The branch that ends in that block, lowest first."""
        line = [name]
        while self.heights[line[-1]] > 0:
            line.append(self.header(line[-1]).previous)
        return line[::-1]

    def block(self, name: str) -> Block:
        """The parsed block of that hash."""
        if name not in self._parsed:
            self._parsed[name] = parse_block(self.blocks[name])
        return self._parsed[name]

    def places(self, top: int | None = None) -> dict[str, int]:
        """The height of every transaction in the active chain up to `top`."""
        some = self.active if top is None else self.active[: top + 1]
        return {txid: height for height, name in enumerate(some) for txid, _, _ in self.outlines(name)}

    def outlines(self, name: str) -> list[Outline]:
        """Of each transaction of a block: txid, script hashes paid, outpoints spent."""
        if name not in self._outlines:
            block = self.block(name)
            self._outlines[name] = [_outline(block.transaction(at)) for at in range(block.count)]
        return self._outlines[name]

    def raw(self, txid: str) -> bytes:
        """A transaction in the mempool or in the active chain; KeyError elsewhere."""
        if txid in self.mempool:
            return self.mempool[txid]
        block = self.block(self.active[self.places()[txid]])
        return next(
            block.transaction(position).raw for position in range(block.count) if block.txid(position) == txid
        )

    def touching(self, scripthash: str, top: int | None = None) -> tuple[list[str], list[tuple[int, str]]]:
        """What pays or spends a script: txids in the mempool, and (height, txid) in the chain, oldest first."""
        paid: dict[Outpoint, str] = {}

        def touches(outline: Outline) -> bool:
            txid, hashes, inputs = outline
            paid.update((Outpoint(txid, vout), name) for vout, name in enumerate(hashes))
            return scripthash in hashes or any(paid.get(one) == scripthash for one in inputs)

        some = self.active if top is None else self.active[: top + 1]
        confirmed = [
            (height, outline[0])
            for height, name in enumerate(some)
            for outline in self.outlines(name)
            if touches(outline)
        ]
        waiting = [_outline(parse_transaction(raw)) for raw in self.mempool.values()]
        return [outline[0] for outline in waiting if touches(outline)], confirmed

    def send(self, raw: bytes) -> str:
        """Put a transaction into the mempool; returns its txid."""
        txid = parse_transaction(raw).txid
        self.mempool[txid] = self.transactions[txid] = raw
        return txid

    def drop(self, txid: str) -> None:
        """Forget an unconfirmed transaction."""
        del self.mempool[txid]
        del self.transactions[txid]
