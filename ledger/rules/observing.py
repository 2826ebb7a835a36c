"""Observations: what was seen on the chain and when, append-only, folded into the state of transactions.

Donations in the journal are decided elsewhere; nothing here touches money.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ledger.core.canonical import compact
from ledger.rules.books import END
from ledger.store.shelf import Shelf


class ObservationKind(StrEnum):
    BLOCK_JOINED = "block.joined"
    BLOCK_LEFT = "block.left"
    BLOCK_FILLED = "block.filled"
    TX_SEEN = "tx.seen"
    TX_EVICTED = "tx.evicted"


class TxState(StrEnum):
    SEEN = "seen"
    CONFIRMED = "confirmed"
    REORGED = "reorged"
    REPLACED = "replaced"
    EVICTED = "evicted"


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
class WatchedTx:
    """A transaction that touches us, as the observations tell."""

    txid: str
    state: TxState
    inputs: tuple[str, ...]  # outpoints as text
    outputs: tuple[WatchedOutput, ...]  # ours only
    height: int | None
    block: str | None
    block_time: int | None
    position: int | None
    coinbase: bool
    first_at: str
    confirmed_at: str | None
    by: str | None  # what replaced it
    sources: tuple[str, ...]
    branch: tuple[str, ...]
    others: int | None  # outputs of value that are not ours; None: an older observation, which does not say


@dataclass(frozen=True, slots=True)
class Coin:
    """An output of ours as the agreed chain has it."""

    outpoint: str
    sats: int
    campaign: str
    branch: str
    height: int | None  # None: not in a block of the agreed chain
    coinbase: bool
    spent_by: str | None
    spent_height: int | None


def _load(shelf: Shelf, space: str, key: str) -> Any:
    data = shelf.load(space, key)
    return None if data is None else json.loads(data)


def _save(shelf: Shelf, space: str, key: str, value: object) -> None:
    shelf.save(space, key, _written(value).encode())


_written = compact(ascii_only=True)
_PAGE = 10_000
"""So many unspent outpoints are in memory at once as text; there may be a million of them."""


class Observed:
    """The state of chain, transactions and coins, on a shelf. Spaces begin with `o.`."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    # reading

    def height_of(self, block: str) -> int | None:
        row = _load(self._shelf, "o.hash", block)
        return None if row is None else int(row)

    def time_of(self, height: int) -> int | None:
        """Unix seconds of the block that was read at a height; None where none was."""
        row = _load(self._shelf, "o.block", f"{height:012d}")
        return None if row is None else int(row[1])

    def tx(self, txid: str) -> WatchedTx | None:
        row = _load(self._shelf, "o.tx", txid)
        return None if row is None else _tx(txid, row)

    def txs_in(self, first: int, last: int) -> Iterator[WatchedTx]:
        """Transactions that touch us in blocks `first..last`, in order of height and position."""
        for key, _ in self._shelf.rows("o.order", f"{first:012d}", f"{last + 1:012d}"):
            tx = self.tx(key.rsplit("|", 1)[1])
            if tx is not None:
                yield tx

    def next_height(self, height: int) -> int | None:
        """The next block above a height with a transaction that touches us."""
        for key, _ in self._shelf.rows("o.order", f"{height + 1:012d}", limit=1):
            return int(key[:12])
        return None

    def coinbases_in(self, first: int, last: int) -> Iterator[WatchedTx]:
        """Coinbases that pay us in blocks `first..last`; they are the first of their block."""
        for key, _ in self._shelf.rows("o.order", f"{max(first, 0):012d}", f"{max(last, -1) + 1:012d}"):
            if key[12:22] == "|00000000|":
                tx = self.tx(key.rsplit("|", 1)[1])
                if tx is not None and tx.coinbase:
                    yield tx

    def coin(self, outpoint: str) -> Coin | None:
        row = _load(self._shelf, "o.coin", outpoint)
        return None if row is None else Coin(outpoint, *row)

    def coin_to_be(self, outpoint: str) -> Coin | None:
        """An output of ours that is a coin, or becomes one when its transaction, seen so far, is in a block."""
        coin = self.coin(outpoint)
        txid, _, vout = outpoint.partition(":")
        before = self.tx(txid) if coin is None else None
        for output in () if before is None else before.outputs:
            if str(output.vout) == vout:
                return Coin(outpoint, output.sats, output.campaign, output.branch, None, False, None, None)
        return coin

    def coins(self) -> Iterator[Coin]:
        for key, data in self._shelf.rows("o.coin"):
            yield Coin(key, *json.loads(data))

    def unspent(self) -> Iterator[str]:
        """Outpoints of ours that no block of the agreed chain spends."""
        low = ""
        while page := list(self._shelf.rows("o.unspent", low, limit=_PAGE)):
            for key, _ in page:
                yield key
            low = page[-1][0] + " "  # after it and before all others

    def knows(self, txid: str, script: str) -> str | None:
        """The block in which a transaction is known to pay or spend a script (hex); None where it is not."""
        tx = self.tx(txid)
        if tx is None or tx.block is None:
            return None
        if any(output.script == script for output in tx.outputs):
            return tx.block
        for spent in tx.inputs:
            paying, _, vout = spent.partition(":")
            before = self.tx(paying) if self.coin(spent) is not None else None
            if before is not None and any(
                output.script == script and output.vout == int(vout) for output in before.outputs
            ):
                return tx.block
        return None

    def paid_to(self, script: str) -> list[str]:
        """Outpoints that ever paid a script (hex), in order of first sight."""
        rows = self._shelf.rows("o.script", f"{script}|", f"{script}|{END}")
        return [value.decode() for _, value in rows]

    def unconfirmed(self) -> Iterator[WatchedTx]:
        """Transactions that were seen and are in no block."""
        for key, _ in self._shelf.rows("o.waiting"):
            tx = self.tx(key)
            if tx is not None:
                yield tx

    def spender_waiting(self, outpoint: str) -> str | None:
        """The unconfirmed transaction that spends an outpoint."""
        row = _load(self._shelf, "o.input", outpoint)
        return None if row is None else str(row)

    # folding

    def fold(self, at: str, source: str, kind: str, subject: str, data: bytes) -> None:
        """Fold one observation; the same rows in the same order give the same shelf."""
        body = json.loads(data)
        match ObservationKind(kind):
            case ObservationKind.BLOCK_JOINED:
                self._join(at, source, subject, body)
            case ObservationKind.BLOCK_FILLED:
                self._take_in(at, source, subject, body)
            case ObservationKind.BLOCK_LEFT:
                self._leave(subject)
            case ObservationKind.TX_SEEN:
                self._see(at, source, subject, body)
            case ObservationKind.TX_EVICTED:
                self._set_state(subject, TxState.EVICTED)

    def _join(self, at: str, source: str, block: str, body: dict[str, Any]) -> None:
        height = body["height"]
        _save(self._shelf, "o.block", f"{height:012d}", [block, body["time"]])
        _save(self._shelf, "o.hash", block, height)
        self._take_in(at, source, block, body)

    def _take_in(self, at: str, source: str, block: str, body: dict[str, Any]) -> None:
        """Transactions of a block; those that were known there already are told more fully, never less."""
        height = body["height"]
        for told in body["txs"]:
            txid = told["txid"]
            row = _load(self._shelf, "o.tx", txid) or self._new(at, source, told)
            self._stop_waiting(txid, row["inputs"])
            row |= {
                "state": TxState.CONFIRMED,
                "height": height,
                "block": block,
                "time": body["time"],
                "position": told["position"],
                "confirmed_at": row["confirmed_at"] or at,
                "by": None,
                "branch": told["branch"],
                "sources": sorted({*row["sources"], source}),
                "inputs": told["inputs"],
                "outputs": told["outputs"],
                "others": told.get("others"),
            }
            _save(self._shelf, "o.tx", txid, row)
            self._shelf.save("o.order", f"{height:012d}|{told['position']:08d}|{txid}", b"")
            for vout, script, sats, campaign, branch, _ in told["outputs"]:
                outpoint = f"{txid}:{vout}"
                # A payment may be told after the transaction that spends it.
                spent_by, spent_height = _load(self._shelf, "o.spend", outpoint) or (None, None)
                coin = [sats, campaign, branch, height, told["coinbase"], spent_by, spent_height]
                self._keep(outpoint, coin)
                self._shelf.save("o.script", f"{script}|{row['first_at']}|{outpoint}", outpoint.encode())
            for spent in told["inputs"]:
                _save(self._shelf, "o.spend", spent, [txid, height])
                self._spend(spent, txid, height)
                rival = self.spender_waiting(spent)
                if rival is not None and rival != txid:
                    self._set_state(rival, TxState.REPLACED, by=txid)

    def unspent_sats(self, campaign: str) -> int:
        """Sats of a campaign's coins in blocks of the agreed chain that no block of it spends."""
        return int(_load(self._shelf, "o.sum", campaign) or 0)

    def _keep(self, outpoint: str, coin: list[Any]) -> None:
        self._put(outpoint, coin)
        self._shelf.save("o.unspent", outpoint, b"" if coin[5] is None else None)

    def _put(self, outpoint: str, coin: list[Any]) -> None:
        """Save a coin, and keep the sum of its campaign's unspent coins true."""
        before = _load(self._shelf, "o.coin", outpoint)
        change: dict[str, int] = defaultdict(int)
        for told, sign in ((before, -1), (coin, 1)):
            if told is not None and told[3] is not None and told[5] is None:
                change[told[1]] += sign * told[0]
        for campaign, sats in change.items():
            if sats:
                _save(self._shelf, "o.sum", campaign, self.unspent_sats(campaign) + sats)
        _save(self._shelf, "o.coin", outpoint, coin)

    def _spend(self, outpoint: str, txid: str | None, height: int | None) -> None:
        coin = _load(self._shelf, "o.coin", outpoint)
        if coin is not None:
            coin[5:7] = [txid, height]
            self._keep(outpoint, coin)

    def _leave(self, block: str) -> None:
        height = self.height_of(block)
        if height is None:
            raise ValueError(f"observation: block {block} left and never joined")
        for tx in reversed(list(self.txs_in(height, height))):
            self._shelf.save("o.order", f"{height:012d}|{tx.position:08d}|{tx.txid}", None)
            row = _load(self._shelf, "o.tx", tx.txid)
            row |= {"state": TxState.REORGED, "height": None, "block": None, "time": None, "position": None}
            row["branch"] = []
            _save(self._shelf, "o.tx", tx.txid, row)
            for output in tx.outputs:
                outpoint = f"{tx.txid}:{output.vout}"
                coin = _load(self._shelf, "o.coin", outpoint)
                coin[3] = None
                self._put(outpoint, coin)
            for spent in tx.inputs:
                self._shelf.save("o.spend", spent, None)
                self._spend(spent, None, None)
            self._wait(tx.txid, row["inputs"])
        self._shelf.save("o.block", f"{height:012d}", None)
        self._shelf.save("o.hash", block, None)

    def _see(self, at: str, source: str, txid: str, body: dict[str, Any]) -> None:
        row = _load(self._shelf, "o.tx", txid) or self._new(
            at, source, body | {"txid": txid, "coinbase": False}
        )
        if row["state"] == TxState.CONFIRMED:
            return
        row |= {"state": TxState.SEEN, "by": None, "sources": sorted({*row["sources"], source})}
        _save(self._shelf, "o.tx", txid, row)
        for vout, script, *_ in row["outputs"]:
            outpoint = f"{txid}:{vout}"
            self._shelf.save("o.script", f"{script}|{row['first_at']}|{outpoint}", outpoint.encode())
        for spent in row["inputs"]:
            rival = self.spender_waiting(spent)
            if rival is not None and rival != txid:
                self._set_state(rival, TxState.REPLACED, by=txid)
        self._wait(txid, row["inputs"])

    @staticmethod
    def _new(at: str, source: str, told: dict[str, Any]) -> dict[str, Any]:
        return {
            "state": TxState.SEEN,
            "inputs": told["inputs"],
            "outputs": told["outputs"],
            "others": told.get("others"),
            "height": None,
            "block": None,
            "time": None,
            "position": None,
            "coinbase": told["coinbase"],
            "first_at": at,
            "confirmed_at": None,
            "by": None,
            "sources": [source],
            "branch": [],
        }

    def _wait(self, txid: str, inputs: Iterable[str]) -> None:
        self._shelf.save("o.waiting", txid, b"")
        for spent in inputs:
            _save(self._shelf, "o.input", spent, txid)

    def _stop_waiting(self, txid: str, inputs: Iterable[str]) -> None:
        self._shelf.save("o.waiting", txid, None)
        for spent in inputs:
            if self.spender_waiting(spent) == txid:
                self._shelf.save("o.input", spent, None)

    def _set_state(self, txid: str, state: TxState, by: str | None = None) -> None:
        row = _load(self._shelf, "o.tx", txid)
        if row is None or row["state"] == TxState.CONFIRMED:
            return
        row |= {"state": state, "by": by}
        _save(self._shelf, "o.tx", txid, row)
        self._stop_waiting(txid, row["inputs"])


def _tx(txid: str, row: dict[str, Any]) -> WatchedTx:
    return WatchedTx(
        txid=txid,
        state=TxState(row["state"]),
        inputs=tuple(row["inputs"]),
        outputs=tuple(WatchedOutput(*output) for output in row["outputs"]),
        height=row["height"],
        block=row["block"],
        block_time=row["time"],
        position=row["position"],
        coinbase=row["coinbase"],
        first_at=row["first_at"],
        confirmed_at=row["confirmed_at"],
        by=row["by"],
        sources=tuple(row["sources"]),
        branch=tuple(row["branch"]),
        others=row["others"],
    )
