"""What observations say, typed: blocks, transactions that touch us, outputs that were shown.

Their bytes are made and read here and nowhere else. They are compact JSON with sorted keys, so that the same thing seen
has the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from ledger.core.chain import Outpoint


class ObservationKind(StrEnum):
    BLOCK_JOINED = "block.joined"
    BLOCK_LEFT = "block.left"
    BLOCK_FILLED = "block.filled"
    TX_SEEN = "tx.seen"
    TX_EVICTED = "tx.evicted"
    OUTPUTS_SHOWN = "outputs.shown"


@dataclass(frozen=True, slots=True)
class WatchedOutput:
    """An output to one of our scripts."""

    vout: int
    script: str  # hex
    sats: int
    campaign: str
    branch: str
    address: str


@dataclass(frozen=True, slots=True)
class PaidOutput:
    """An output of value to somebody else, of a transaction that spends coins of ours."""

    vout: int
    script: str  # hex
    sats: int


@dataclass(frozen=True, slots=True)
class ObservedTx:
    """A transaction that touches us. `position` in its block is None for a sighting, whose `branch` is empty.

    `inputs` is empty for a coinbase. `others` counts outputs of value that are not ours. `spent` are the scripts (hex)
    that the inputs spent from, None for each that does not show it; empty: none does. `branch` is the Merkle path, in
    hex, from the transaction upwards.
    """

    txid: str
    position: int | None
    coinbase: bool
    inputs: tuple[Outpoint, ...]
    outputs: tuple[WatchedOutput, ...]
    others: int
    spent: tuple[str | None, ...] = ()
    payees: tuple[PaidOutput, ...] = ()
    branch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObservedBlock:
    """A block that joined the agreed chain, or of which more is told; `time` is Unix seconds, its own."""

    height: int
    time: int
    txs: tuple[ObservedTx, ...]


@dataclass(frozen=True, slots=True)
class BlockLeft:
    """A block left the agreed chain."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An unconfirmed transaction was seen."""

    tx: ObservedTx


@dataclass(frozen=True, slots=True)
class Evicted:
    """A transaction that was on its way was absent in so many looks."""

    looks: int


@dataclass(frozen=True, slots=True)
class ShownOutputs:
    """What outputs of a transaction pay, as its own bytes say: vout and script (hex)."""

    scripts: tuple[tuple[int, str], ...]


ObservationBody: TypeAlias = ObservedBlock | BlockLeft | Sighting | Evicted | ShownOutputs


def transactions_of(body: ObservationBody) -> Sequence[ObservedTx]:
    """The transactions that an observation tells of."""
    match body:
        case ObservedBlock():
            return body.txs
        case Sighting():
            return (body.tx,)
        case _:
            return ()


def observation_bytes(body: ObservationBody) -> bytes:
    """The bytes of an observation."""
    return json.dumps(_json(body), separators=(",", ":"), sort_keys=True).encode()


def observation_of(kind: ObservationKind, subject: str, data: bytes) -> ObservationBody:
    """What the bytes of an observation say; `subject` is the block's hash or the transaction's id."""
    fields: dict[str, Any] = json.loads(data)
    match kind:
        case ObservationKind.BLOCK_JOINED | ObservationKind.BLOCK_FILLED:
            txs = tuple(_tx(row["txid"], row) for row in fields["txs"])
            return ObservedBlock(fields["height"], fields["time"], txs)
        case ObservationKind.BLOCK_LEFT:
            return BlockLeft()
        case ObservationKind.TX_SEEN:
            return Sighting(_tx(subject, fields))
        case ObservationKind.TX_EVICTED:
            return Evicted(fields["looks"])
        case ObservationKind.OUTPUTS_SHOWN:
            return ShownOutputs(tuple((vout, script) for vout, script in fields["outputs"]))


def _json(body: ObservationBody) -> dict[str, Any]:
    match body:
        case ObservedBlock():
            txs = [dict(_placed(tx)) for tx in body.txs]
            return {"height": body.height, "time": body.time, "txs": txs}
        case BlockLeft():
            return {}
        case Sighting():
            return dict(_parts(body.tx))
        case Evicted():
            return {"looks": body.looks}
        case ShownOutputs():
            return {"outputs": body.scripts}


def _placed(tx: ObservedTx) -> Iterator[tuple[str, Any]]:
    """What a block adds to what is told of a transaction."""
    yield from (
        ("txid", tx.txid),
        ("position", tx.position),
        ("coinbase", tx.coinbase),
        ("branch", tx.branch),
    )
    yield from _parts(tx)


def _parts(tx: ObservedTx) -> Iterator[tuple[str, Any]]:
    yield "inputs", [str(spent) for spent in tx.inputs]
    yield "outputs", [(o.vout, o.script, o.sats, o.campaign, o.branch, o.address) for o in tx.outputs]
    yield "others", tx.others
    if tx.spent:
        yield "spent", tx.spent
    if tx.payees:
        yield "payees", [(paid.vout, paid.script, paid.sats) for paid in tx.payees]


def _tx(txid: str, fields: Mapping[str, Any]) -> ObservedTx:
    return ObservedTx(
        txid=txid,
        position=fields.get("position"),
        coinbase=fields.get("coinbase", False),
        inputs=tuple(map(Outpoint.parse, fields["inputs"])),
        outputs=tuple(WatchedOutput(*output) for output in fields["outputs"]),
        others=fields["others"],
        spent=tuple(fields.get("spent", ())),
        payees=tuple(PaidOutput(*paid) for paid in fields.get("payees", ())),
        branch=tuple(fields.get("branch", ())),
    )
