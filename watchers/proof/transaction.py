"""One Bitcoin transaction read strictly from its bytes: what is wrong is said with the byte it stands at.

Checks form only (sizes, counts, value range, BIP 144); signatures and spent outputs are the chain's business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ledger.core.chain import Outpoint, Script

MAX_SATS = 21_000_000 * 100_000_000
MAX_WEIGHT = 4_000_000
_NULL_OUTPOINT = bytes(32) + b"\xff\xff\xff\xff"


class BytesRefused(ValueError):
    """Bytes that are not what they should be. `offset` is the byte, from 0, where that shows."""

    def __init__(self, what: str, offset: int) -> None:
        self.what = what
        self.offset = offset
        super().__init__(f"{what} (at byte {offset})")


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


class _Reader:
    """A cursor that refuses to run past the end. `base` is where these bytes stand in a larger whole."""

    __slots__ = ("base", "end", "pos", "raw")

    def __init__(self, raw: bytes, pos: int, base: int) -> None:
        self.raw, self.pos, self.end, self.base = raw, pos, len(raw), base

    def refuse(self, what: str, pos: int) -> TransactionRefused:
        return TransactionRefused(what, self.base + pos)

    def take(self, size: int, what: str) -> bytes:
        start = self.pos
        if size > self.end - start:
            raise self.refuse(f"{what}: {size} bytes announced or needed, {self.end - start} left", start)
        self.pos = start + size
        return self.raw[start : self.pos]

    def number(self, size: int, what: str) -> int:
        return int.from_bytes(self.take(size, what), "little")

    def compact(self, what: str) -> int:
        """A compact size, which must be written in the shortest of its four forms."""
        start = self.pos
        first = self.number(1, what)
        if first < 0xFD:
            return first
        value = self.number(1 << first - 0xFC, what)
        if value < (0xFD, 1 << 16, 1 << 32)[first - 0xFD]:
            raise self.refuse(f"{what}: {value} is not written in the shortest form", start)
        return value

    def count(self, what: str, least: int) -> int:
        """A number of things of at least `least` bytes each: more than fit in what is left are refused."""
        start = self.pos
        count = self.compact(what)
        if count * least > self.end - self.pos:
            raise self.refuse(
                f"{what}: {count} announced, more than the {self.end - self.pos} bytes left", start
            )
        return count


def read_transaction(raw: bytes, start: int = 0, *, position: int = 0, base: int = 0) -> tuple[Tx, int]:
    """The transaction that starts at byte `start`, and the byte after it.

    `base` is added to offsets in messages. Raises TransactionRefused.
    """
    reader = _Reader(raw, start, base)
    version = int.from_bytes(reader.take(4, "version"), "little", signed=True)
    body = reader.pos
    segwit = raw[body : body + 1] == b"\x00"
    if segwit:
        reader.pos += 1
        if reader.number(1, "segwit flag") != 1:
            raise reader.refuse("segwit flag: only 1 is known; or a transaction without inputs", body + 1)
        body = reader.pos
    inputs = _read_inputs(reader, position)
    outputs = _read_outputs(reader)
    middle = raw[body : reader.pos]
    witness = _read_witness(reader, len(inputs)) if segwit else ()
    locktime = reader.number(4, "locktime")
    whole = raw[start : reader.pos]
    stripped = whole[:4] + middle + whole[-4:]
    if 3 * len(stripped) + len(whole) > MAX_WEIGHT:
        raise reader.refuse(f"transaction: heavier than a whole block's {MAX_WEIGHT:,} weight units", start)
    coinbase = len(inputs) == 1 and inputs[0].outpoint.wire() == _NULL_OUTPOINT
    tx = Tx(
        _hash(stripped),
        _hash(whole),
        position,
        version,
        locktime,
        inputs,
        outputs,
        witness,
        whole,
        len(stripped),
        coinbase,
    )
    return tx, reader.pos


def parse_transaction(raw: bytes) -> Tx:
    """The transaction that `raw` is, to its last byte; TransactionRefused says what is wrong and where."""
    tx, end = read_transaction(raw)
    if end != len(raw):
        raise TransactionRefused(f"transaction: {len(raw) - end} bytes too many after its end", end)
    return tx


def _hash(raw: bytes) -> str:
    return hashlib.sha256(hashlib.sha256(raw).digest()).digest()[::-1].hex()


def _read_inputs(reader: _Reader, position: int) -> tuple[TxIn, ...]:
    start = reader.pos
    count = reader.count("number of inputs", 41)
    if count == 0:
        raise reader.refuse("number of inputs: 0; a transaction spends something", start)
    inputs: list[TxIn] = []
    seen: set[bytes] = set()
    for index in range(count):
        at = reader.pos
        wire = reader.take(36, f"input {index} outpoint")
        if wire in seen:
            raise reader.refuse(f"input {index} outpoint: spent twice in one transaction", at)
        if wire == _NULL_OUTPOINT and count > 1:
            raise reader.refuse(f"input {index} outpoint: null beside other inputs", at)
        seen.add(wire)
        size = reader.compact(f"input {index} script size")
        script = reader.take(size, f"input {index} script")
        if wire == _NULL_OUTPOINT and not 2 <= size <= 100:
            raise reader.refuse(f"coinbase script: {size} bytes; 2 to 100 are allowed", at + 36)
        inputs.append(TxIn(Outpoint.from_wire(wire), script, reader.number(4, f"input {index} sequence")))
    return tuple(inputs)


def _read_outputs(reader: _Reader) -> tuple[TxOut, ...]:
    start = reader.pos
    count = reader.count("number of outputs", 9)
    if count == 0:
        raise reader.refuse("number of outputs: 0; a transaction pays something", start)
    outputs: list[TxOut] = []
    total = 0
    for index in range(count):
        at = reader.pos
        sats = reader.number(8, f"output {index} value")
        total += sats
        if total > MAX_SATS:
            raise reader.refuse(f"output {index} value: {sats} sats leads above 21 million bitcoin", at)
        size = reader.compact(f"output {index} script size")
        outputs.append(TxOut(Script(reader.take(size, f"output {index} script")), sats))
    return tuple(outputs)


def _read_witness(reader: _Reader, inputs: int) -> tuple[tuple[bytes, ...], ...]:
    start = reader.pos
    stacks = []
    for index in range(inputs):
        items = reader.count(f"witness {index} number of items", 1)
        sizes = (reader.compact(f"witness {index} item size") for _ in range(items))
        stacks.append(tuple(reader.take(size, f"witness {index} item") for size in sizes))
    if not any(stacks):
        raise reader.refuse("witness: marked as present but empty for every input", start)
    return tuple(stacks)
