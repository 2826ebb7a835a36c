"""Histories of scripts in Esplora's dialects: pages of 10, 25 or 50, two kinds of cursor, and their quirks.

A list is whole or an error. Every row is a claim; what is believed of it is proven elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ledger.core.chain import Outpoint, Script
from watchers.net.guards import (
    GuardRefused,
    array_of,
    hash_text,
    hex_bytes,
    item,
    json_of,
    object_of,
    whole,
)
from watchers.proof.merkle import MerkleProof
from watchers.proof.scripts import scripthash_hex
from watchers.sources.protocol import HistoryRow, SourceGarbled, SourceMissing

Read = Callable[[str, int, str], bytes]
"""`read(path, most_bytes, what)` gives the body of a 200; SourceMissing for a 404, other SourceErrors else."""

_PAGE_BYTES = 16_000_000
_SMALL = 64 * 1024
_PAGE_ROWS = 250
_MOST_HEIGHT = 100_000_000
_SHORTEST_PAGE = 10
"""No dialect has shorter pages: fewer confirmed rows on one end the list."""
_MOST_ROWS = 100_000
_PASSES = 2


class EsploraHistory:
    """Reads one server's histories. It learns which of the two cursors the server knows."""

    def __init__(self, source: str, read: Read) -> None:
        self._source = source
        self._read = read
        self._after_txid = False

    def rows(self, script: Script, above: int) -> list[HistoryRow]:
        """All rows above a height and those in no block. SourceGarbled when the list cannot be had whole.

        A cursor can be reorganised away between two pages: an empty or repeated page, or an error, then ends a
        list too early. So a list that ran out of pages is counted against the server's own total.
        """
        path = f"/scripthash/{scripthash_hex(script)}"
        for _ in range(_PASSES - 1):
            try:
                return self._rows(path, above)
            except SourceGarbled:
                continue  # a block came or went between two pages: once more from the first
        return self._rows(path, above)

    def _rows(self, path: str, above: int) -> list[HistoryRow]:
        found: dict[str, HistoryRow] = {}
        page = self._page(f"{path}/txs")
        while True:
            confirmed = [row for row in page if row.height is not None]
            fresh = [row for row in page if row.txid not in found]
            found.update((row.txid, row) for row in page)
            heights = [row.height for row in confirmed if row.height is not None]
            if len(confirmed) < _SHORTEST_PAGE and len(found) == len(page):
                break  # the first page, and all fits on it
            if heights and max(heights) <= above:
                break  # rows come newest first
            if not fresh or not confirmed:
                self._count(path, sum(row.height is not None for row in found.values()))
                break
            if len(found) > _MOST_ROWS:
                raise SourceGarbled(self._source, "history", f"more than {_MOST_ROWS:,} rows")
            page = self._next_page(path, confirmed[-1].txid)
        return [row for row in found.values() if row.height is None or row.height > above]

    def _count(self, path: str, listed: int) -> None:
        fields = self._object(path, "address")
        try:
            stats = object_of(item(fields, "chain_stats", "address"), "address.chain_stats")
            total = whole(
                item(stats, "tx_count", "address.chain_stats"),
                "address.chain_stats.tx_count",
                least=0,
                most=1 << 40,
            )
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused
        if listed < total:
            raise SourceGarbled(self._source, "history", f"ends after {listed} of {total} transactions")

    def _next_page(self, path: str, last: str) -> list[HistoryRow]:
        """The page after a txid: `/txs/chain/:txid`, or on mempool's Electrum backend `?after_txid=`."""
        if not self._after_txid:
            try:
                return self._page(f"{path}/txs/chain/{last}")
            except SourceMissing:
                self._after_txid = True
        return self._page(f"{path}/txs?after_txid={last}")

    def _page(self, path: str) -> list[HistoryRow]:
        body = self._read(path, _PAGE_BYTES, "history")
        try:
            rows = array_of(json_of(body, "history"), "history", most=_PAGE_ROWS)
            return [_row(object_of(row, "history")) for row in rows]
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused

    def place(self, txid: str) -> int | None:
        """The height that `/tx/:txid/status` claims."""
        fields = self._object(f"/tx/{txid}/status", "status")
        try:
            return _height(fields, "status")
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused

    def proof(self, txid: str, height: int) -> MerkleProof:
        """The branch of `/tx/:txid/merkle-proof`; SourceMissing when it is of another block than at `height`."""
        fields = self._object(f"/tx/{txid}/merkle-proof", "merkle-proof")
        try:
            stands = whole(
                item(fields, "block_height", "merkle-proof"),
                "merkle-proof.block_height",
                least=0,
                most=_MOST_HEIGHT,
            )
            nodes = array_of(item(fields, "merkle", "merkle-proof"), "merkle-proof.merkle", most=32)
            # Printed like txids, in display order.
            branch = tuple(hex_bytes(node, "merkle-proof.merkle", least=32, most=32)[::-1] for node in nodes)
            position = whole(
                item(fields, "pos", "merkle-proof"), "merkle-proof.pos", least=0, most=(1 << 32) - 1
            )
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused
        if stands != height:
            raise SourceMissing(self._source, f"merkle-proof: of block {stands}, not of {height}")
        return MerkleProof(txid, position, branch)

    def spender(self, outpoint: Outpoint) -> str | None:
        """The txid that `/tx/:txid/outspend/:vout` claims, None for an unspent one."""
        fields = self._object(f"/tx/{outpoint.txid}/outspend/{outpoint.vout}", "outspend")
        try:
            if not _flag(fields, "spent", "outspend"):
                return None
            return hash_text(item(fields, "txid", "outspend"), "outspend.txid")
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused

    def _object(self, path: str, what: str) -> Mapping[str, object]:
        body = self._read(path, _SMALL, what)
        try:
            return object_of(json_of(body, what), what)
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused


def _row(row: Mapping[str, object]) -> HistoryRow:
    txid = hash_text(item(row, "txid", "history"), "history.txid")
    return HistoryRow(
        txid, _height(object_of(item(row, "status", "history"), "history.status"), "history.status")
    )


def _height(status: Mapping[str, object], field: str) -> int | None:
    if not _flag(status, "confirmed", field):
        return None
    return whole(item(status, "block_height", field), f"{field}.block_height", least=0, most=_MOST_HEIGHT)


def _flag(fields: Mapping[str, object], key: str, field: str) -> bool:
    value = item(fields, key, field)
    if not isinstance(value, bool):
        raise GuardRefused(f"{field}.{key}", "is neither true nor false")
    return value
