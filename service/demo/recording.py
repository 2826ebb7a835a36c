"""The recorded regtest chain as it lies in the package: blocks, who saw what when, public descriptors, labels.
Never changes and knows no present moment; `service.demo.replay` reveals it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ledger.core.chain import Header
from ledger.core.wording import WrongValue
from watchers.proof.block import Block, parse_block
from watchers.proof.transaction import Tx, parse_transaction

FOLDER = Path(__file__).parent / "chain"


class RecordingBroken(WrongValue):
    """The recording's files do not fit each other; record again with `python -m service.demo.record`."""


@dataclass(frozen=True, slots=True)
class RecordedBlock:
    """One block, of the best chain or stale, with what the node said of it."""

    hash: str
    height: int
    mediantime: int
    size: int
    weight: int
    raw: bytes
    parsed: Block
    txids: tuple[str, ...]

    @property
    def header(self) -> Header:
        return self.parsed.header


@dataclass(frozen=True, slots=True)
class TipMoment:
    """From `at` on the node's best block was this one."""

    at: int
    height: int
    hash: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """From `at` on the node's mempool held this transaction, instead of the one that it `replaces`."""

    at: int
    label: str
    tx: Tx
    replaces: str | None


@dataclass(frozen=True, slots=True)
class WalletDescriptor:
    """Public output descriptors of one script type: branches apart, and `both` in the <0;1> spelling."""

    kind: str
    receive: str
    change: str
    both: str


@dataclass(frozen=True, slots=True)
class RecordedCoin:
    """One output that pays the campaign: a gift, dust, or change (`label` "change of C-1").

    `tx` is the label of its transaction, `index` the place of `address` on its descriptor's branch; change
    names the labels of the coins that its transaction spends.
    """

    label: str
    tx: str
    txid: str
    vout: int
    sats: int
    address: str
    kind: str
    index: int
    at: int
    spends: tuple[str, ...] = ()

    @property
    def outpoint(self) -> str:
        return f"{self.txid}:{self.vout}"

    @property
    def change(self) -> bool:
        return self.label.startswith("change of ")


@dataclass(frozen=True)
class Recording:
    """All of it. `transactions` are txids by label: of gifts, "raised-before", "C-1", "C-2", "P-3"."""

    network: str
    made_with: str
    end: int
    blocks: Mapping[str, RecordedBlock]
    tips: tuple[TipMoment, ...]
    arrivals: tuple[Arrived, ...]
    descriptors: tuple[WalletDescriptor, ...]
    transactions: Mapping[str, str]
    coins: tuple[RecordedCoin, ...]

    @cached_property
    def genesis(self) -> RecordedBlock:
        """The block at height 0."""
        return next(block for block in self.blocks.values() if block.height == 0)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Recording:
        """Reads the recording; RecordingBroken when a block's bytes are not those of its hash."""
        index: dict[str, Any] = json.loads((folder / "recording.json").read_bytes())
        raw = zlib.decompress((folder / "blocks.bin").read_bytes())
        blocks: dict[str, RecordedBlock] = {}
        start = 0
        for row in index["blocks"]:
            piece = raw[start : start + row["size"]]
            start += row["size"]
            parsed = parse_block(piece)
            if parsed.header.hash != row["hash"]:
                raise RecordingBroken(
                    "blocks.bin: other bytes than of block {height}; record again", height=row["height"]
                )
            blocks[row["hash"]] = RecordedBlock(
                hash=row["hash"],
                height=row["height"],
                mediantime=row["mediantime"],
                size=row["size"],
                weight=row["weight"],
                raw=piece,
                parsed=parsed,
                txids=tuple(parsed.txid(position) for position in range(parsed.count)),
            )
        if start != len(raw):
            raise RecordingBroken(
                "blocks.bin: {n} byte more than blocks; record again",
                many="blocks.bin: {n} bytes more than blocks; record again",
                n=len(raw) - start,
            )
        return cls(
            network=index["network"],
            made_with=index["made_with"],
            end=index["end"],
            blocks=blocks,
            tips=tuple(TipMoment(**row) for row in index["tips"]),
            arrivals=tuple(_arrived(row) for row in index["mempool"]),
            descriptors=tuple(WalletDescriptor(**row) for row in index["descriptors"]),
            transactions=index["transactions"],
            coins=tuple(_coin(row) for row in index["coins"]),
        )


def _arrived(row: Mapping[str, Any]) -> Arrived:
    return Arrived(row["at"], row["label"], parse_transaction(bytes.fromhex(row["raw"])), row.get("replaces"))


def _coin(row: Mapping[str, Any]) -> RecordedCoin:
    return RecordedCoin(**{**row, "spends": tuple(row.get("spends", ()))})
