"""One Bitcoin transaction out of its bytes: read by python-bitcoinlib, then held against what must be true of any.

For transactions of mempools, look-ups and proofs; whole blocks have a walk of their own (`block`), which is several
times as fast. The library's own checks are asserts or missing, so none is relied on: the bytes must be what it would
write, and the rules are checked here. Signatures and spent outputs are the chain's business.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from io import BytesIO

from bitcoin.core import CTransaction, b2lx
from bitcoin.core.serialize import Hash, SerializationError, SerializationTruncationError

from ledger.core.chain import Outpoint, Script
from ledger.core.wording import Value, Wording, WrongValue

MAX_SATS = 21_000_000 * 100_000_000
MAX_WEIGHT = 4_000_000
NULL_OUTPOINT = bytes(32) + b"\xff\xff\xff\xff"
_NULL = Outpoint.from_wire(NULL_OUTPOINT)
_MARKED = b"\x00\x01"
"""Marker and flag, which stand behind the version where witnesses follow (BIP 144)."""


class BytesRefused(WrongValue):
    """Bytes that are not what they should be. `offset` is the byte, from 0, where that shows; `what` tells the rest."""

    def __init__(self, text: str, offset: int, /, *, many: str = "", **values: Value) -> None:
        self.what = Wording(text, values, many)
        self.offset = offset
        super().__init__("{what} (at byte {offset})", what=self.what, offset=offset)


class TransactionRefused(BytesRefused):
    """Bytes that are no valid transaction."""


@dataclass(frozen=True, slots=True)
class TxIn:
    """An input: what it spends, how it is unlocked outside the witness, and its sequence number."""

    outpoint: Outpoint
    script_sig: bytes
    sequence: int


@dataclass(frozen=True, slots=True)
class TxOut:
    """An output: the script that it pays and the amount in satoshis."""

    script: Script
    sats: int


@dataclass(frozen=True, slots=True)
class Tx:
    """A transaction. txid and wtxid in display order; `position` in its block (0 outside of one).

    `wtxid` is the hash of all bytes, for a coinbase too (the zero of BIP 141 belongs to the commitment).
    """

    txid: str
    wtxid: str
    position: int
    version: int
    locktime: int
    inputs: tuple[TxIn, ...]
    outputs: tuple[TxOut, ...]
    witness: tuple[tuple[bytes, ...], ...]
    raw: bytes
    stripped_size: int
    coinbase: bool

    @property
    def weight(self) -> int:
        """BIP 141 weight units: bytes without witness three times, all bytes once."""
        return 3 * self.stripped_size + len(self.raw)


def read_transaction(raw: bytes, start: int = 0, *, position: int = 0) -> tuple[Tx, int]:
    """The transaction that starts at byte `start` and stands at `position` of its block, and the byte after it.

    TransactionRefused says what is wrong: of the form at the byte where that shows, of a rule at its first byte.
    """
    stream = BytesIO(raw)
    stream.seek(start)
    try:
        read = CTransaction.stream_deserialize(stream)
    except SerializationTruncationError:
        raise TransactionRefused("transaction: breaks off within what it announces", stream.tell()) from None
    except (SerializationError, ValueError, struct.error) as failure:
        raise TransactionRefused(
            "transaction: not of its form ({failure})", stream.tell(), failure=type(failure).__name__
        ) from None
    end = stream.tell()
    whole = raw[start:end]
    witnessed = bool(read.has_witness())
    stripped: bytes = read.serialize({"include_witness": False})
    written = stripped
    if witnessed:
        written = stripped[:4] + _MARKED + stripped[4:-4] + bytes(read.wit.serialize()) + stripped[-4:]
    if written != whole:
        raise _unlike(whole, written, start)
    inputs = tuple(
        TxIn(Outpoint(b2lx(one.prevout.hash), one.prevout.n), bytes(one.scriptSig), one.nSequence)
        for one in read.vin
    )
    outputs = tuple(TxOut(Script(bytes(one.scriptPubKey)), one.nValue) for one in read.vout)
    coinbase = bool(read.is_coinbase())
    broken = _broken_rule(inputs, outputs, coinbase) or _too_heavy(len(stripped), len(whole))
    if broken is not None:
        raise TransactionRefused("{broken}", start, broken=broken)
    stacks = tuple(tuple(bytes(item) for item in one.scriptWitness.stack) for one in read.wit.vtxinwit)
    tx = Tx(
        txid=b2lx(Hash(stripped)),
        wtxid=b2lx(Hash(whole)),
        position=position,
        version=read.nVersion,
        locktime=read.nLockTime,
        inputs=inputs,
        outputs=outputs,
        witness=stacks if witnessed else (),
        raw=whole,
        stripped_size=len(stripped),
        coinbase=coinbase,
    )
    return tx, end


def parse_transaction(raw: bytes) -> Tx:
    """The transaction that `raw` is, to its last byte; TransactionRefused says what is wrong and where."""
    tx, end = read_transaction(raw)
    if end != len(raw):
        raise TransactionRefused(
            "transaction: {n} byte too many after its end",
            end,
            many="transaction: {n} bytes too many after its end",
            n=len(raw) - end,
        )
    return tx


def _unlike(whole: bytes, written: bytes, start: int) -> TransactionRefused:
    """Bytes that read well but would be written otherwise: there is one way to write a transaction."""
    at = next((i for i, (a, b) in enumerate(zip(whole, written, strict=False)) if a != b), len(written))
    if whole.startswith(_MARKED, 4) and at == 4:
        return TransactionRefused("witness: marked as present but empty for every input", start + at)
    return TransactionRefused("transaction: a count or size is not written in its shortest form", start + at)


def _broken_rule(inputs: tuple[TxIn, ...], outputs: tuple[TxOut, ...], coinbase: bool) -> Wording | None:
    """The rule of consensus that the fields break whatever they spend, or None."""
    if not inputs:
        return Wording("number of inputs: 0; a transaction spends something")
    if not outputs:
        return Wording("number of outputs: 0; a transaction pays something")
    spent = [one.outpoint for one in inputs]
    if len(set(spent)) != len(spent):
        return Wording("inputs: an outpoint is spent twice in one transaction")
    if coinbase:
        size = len(inputs[0].script_sig)
        if not 2 <= size <= 100:
            return Wording("coinbase script: {size} bytes; 2 to 100 are allowed", {"size": size})
    elif _NULL in spent:
        return Wording("inputs: a null outpoint beside others")
    total = 0
    for index, one in enumerate(outputs):
        total += one.sats
        if one.sats < 0 or total > MAX_SATS:
            return Wording(
                "output {index} value: {sats} sats is negative or leads above 21 million bitcoin",
                {"index": index, "sats": one.sats},
            )
    return None


def _too_heavy(stripped_size: int, size: int) -> Wording | None:
    if 3 * stripped_size + size > MAX_WEIGHT:
        return Wording(
            "transaction: heavier than a whole block's {most} weight units", {"most": f"{MAX_WEIGHT:,}"}
        )
    return None
