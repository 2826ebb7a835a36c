"""Unconfirmed transactions that touch what we watch, out of what sources show of their mempools.

A sighting is an observation of one source. Absence from here proves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from watchers.net.errors import SourceLied
from watchers.proof.block import Tx, parse_transaction
from watchers.proof.transaction import BytesRefused
from watchers.sources.protocol import MempoolTx


@dataclass(frozen=True, slots=True)
class Sighting:
    """An unconfirmed transaction that pays a watched script or spends a watched outpoint, as one source shows it."""

    tx: Tx
    source: str


@dataclass(frozen=True, slots=True)
class _Outline:
    """What matching needs of a transaction; all of a mempool is held as these."""

    txid: str
    coinbase: bool
    spends: tuple[bytes, ...]
    scripts: tuple[bytes, ...]


class MempoolMatcher:
    """Matches mempools against scripts and outpoints; remembers one source's outlines from look to look."""

    def __init__(self) -> None:
        self._outlines: dict[str, dict[bytes, _Outline]] = {}

    def match(
        self,
        source: str,
        shown: Sequence[MempoolTx],
        scripts: AbstractSet[bytes],
        outpoints: AbstractSet[bytes],
    ) -> list[Sighting]:
        """Those that touch the sets, or spend a watched script's output of another one of these. SourceLied
        when bytes are no transaction."""
        known = self._outlines.get(source, {})
        outlines: dict[bytes, _Outline] = {}
        for one in shown:
            outlines[one.raw] = known.get(one.raw) or _outline(source, one.raw)
        self._outlines[source] = outlines
        paid = {
            _wire(outline.txid, vout)
            for outline in outlines.values()
            for vout, script in enumerate(outline.scripts)
            if script in scripts
        }
        return [
            Sighting(parse_transaction(raw), source)
            for raw, outline in outlines.items()
            if not outline.coinbase
            and (
                any(script in scripts for script in outline.scripts)
                or any(wire in outpoints or wire in paid for wire in outline.spends)
            )
        ]


def _outline(source: str, raw: bytes) -> _Outline:
    try:
        tx = parse_transaction(raw)
    except BytesRefused as refused:
        raise SourceLied(source, "mempool", str(refused)) from refused
    return _Outline(
        tx.txid,
        tx.coinbase,
        tuple(one.outpoint.wire() for one in tx.inputs),
        tuple(bytes(one.script) for one in tx.outputs),
    )


def _wire(txid: str, vout: int) -> bytes:
    return bytes.fromhex(txid)[::-1] + vout.to_bytes(4, "little")
