"""A server on loopback that speaks Esplora's REST dialects over a chain made in memory, or lies about it.

Only for tests. The dialects differ as documented: cursors, lengths of pages, and routes that are not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ledger.core.chain import Outpoint
from tests.tools.fake_chain import FakeChain
from tests.tools.fake_server import NOT_FOUND, FakeServer, Reply
from watchers.proof.block import parse_transaction
from watchers.proof.merkle import branch_in
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, scripthash_hex

HTML_NOT_FOUND = Reply(404, b"<!DOCTYPE html><html><body>404</body></html>", "text/html")
NO_SUCH = Reply(404, b"Transaction not found")
"""How electrs says so, which is behind mempool.space and blockstream.info too."""


class EsploraServer(FakeServer):
    """Esplora's REST dialect. `pages` False is a server without `/blocks/:height`; `page` its length.

    Fields that can be lied about: see `source_mutations`; some are whole lists or objects.

    `rows` is the length of a page of a history. The first page has up to `waiting_rows` that wait, and that many in
    blocks, as Blockstream's; with `together` as many as that in all, waiting ones first, as mempool/electrs.
    `electrum_backend` is mempool's: its pages are of `rows` in all and go on by `?after_txid=`, and it has neither
    `/txs/mempool` nor `/raw`, `/outspend/N` and proofs, but `/hex` and `/outspends`, which does not say who spends.
    `merkle_route` False is a server without proofs; `html` one whose 404 is a page. `unknown_cursor` is what it answers
    to a cursor that it does not know: "empty", "first" (the first page again) or "error". `keeps_rows`:
    `/blocks/:height` and proofs show what they showed before, whatever branch that was of. `apart`: height and hash of
    the tip are cached apart, so the first hash after it moved is that of the tip before.
    """

    pages = True
    page = 10
    rows = 25
    waiting_rows = 50
    together = 0
    electrum_backend = False
    merkle_route = True
    keeps_rows = False
    apart = False
    html = False
    unknown_cursor = "empty"
    between_pages: Callable[[], None] | None = None

    def __init__(self, chain: FakeChain) -> None:
        super().__init__(chain)
        self._rows: dict[int, str] = {}
        self._proofs: dict[str, dict[str, Any]] = {}
        self._tip = ""

    @property
    def url(self) -> str:
        return super().url + "/api"

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        parts = path.removeprefix("/api/").split("/")
        told = self.faults.told
        top = max(0, self.chain.height - self.faults.stale)
        match parts:
            case ["blocks", "tip", "height"]:
                return Reply(200, str(told("tip.height", top)).encode())
            case ["blocks", "tip", "hash"]:
                tip = self.chain.active[top]
                shown, self._tip = self._tip if self.apart and self._tip else tip, tip
                return Reply(200, str(told("tip.hash", shown)).encode())
            case ["block-height", number]:
                if int(number) > top:
                    return NOT_FOUND
                return Reply(200, str(told("block-height", self.chain.active[int(number)])).encode())
            case ["blocks", number] if self.pages:
                if int(number) > top:
                    return NOT_FOUND
                low = max(0, int(number) - self.page + 1)
                rows = [self._row(height) for height in range(int(number), low - 1, -1)]
                return Reply(200, json.dumps(told("blocks", rows)).encode(), "application/json")
            case ["block", name, "header"] if name in self.chain.blocks:
                return Reply(200, str(told("header", self.chain.blocks[name][:80].hex())).encode())
            case ["block", name, "raw"] if name in self.chain.blocks and name not in self.missing_blocks:
                return Reply(200, told("block", self.chain.blocks[name]), "application/octet-stream")
            case ["tx", txid, "raw"] if self._has(txid) and not self.electrum_backend:
                return Reply(200, told("tx", self._raw(txid)), "application/octet-stream")
            case ["tx", txid, "hex"] if self._has(txid):
                return Reply(200, told("tx", self._raw(txid)).hex().encode())
            case ["tx", _, "raw" | "hex"] if not self.electrum_backend and not self.html:
                return NO_SUCH
            case ["tx", txid, "status"]:
                return self._json(told("status", self._status(txid, top, "status")))
            case ["tx", txid, "merkle-proof"] if self._proves(txid, top):
                proof = self._proof(txid, top)
                return self._json(
                    told("merkle-proof", self._proofs.setdefault(txid, proof) if self.keeps_rows else proof)
                )
            case ["tx", txid, "outspend", vout] if not self.electrum_backend:
                return self._json(told("outspend", self._outspend(Outpoint(txid, int(vout)), top)))
            case ["tx", txid, "outspends"] if self._has(txid):
                count = len(parse_transaction(self._raw(txid)).outputs)
                rows = [self._outspend(Outpoint(txid, vout), top) for vout in range(count)]
                if self.electrum_backend:
                    rows = [{"spent": row["spent"]} for row in rows]
                return self._json(rows)
            case ["scripthash", name]:
                return self._json(self._stats(name, top))
            case ["scripthash", name, "txs"]:
                query = parse_qs(urlsplit(handler.path).query)
                return self._history(name, top, query.get("after_txid", [""])[0])
            case ["scripthash", name, "txs", "chain", *cursor] if not self.electrum_backend:
                return self._history(name, top, *cursor, chain=True)
            case [("scripthash" | "address") as kind, name, "txs", "mempool"] if not self.electrum_backend:
                return Reply(200, json.dumps(self._unconfirmed(kind, name)).encode(), "application/json")
            case ["mempool", "txids"]:
                return self._json(
                    told("mempool.txids", [told("mempool.txid", one) for one in self.chain.mempool])
                )
            case _:
                return HTML_NOT_FOUND if self.html else NOT_FOUND

    @staticmethod
    def _json(value: Any) -> Reply:
        return Reply(200, json.dumps(value).encode(), "application/json")

    def _status(self, txid: str, top: int, field: str) -> dict[str, Any]:
        told = self.faults.told
        height = self.chain.places(top).get(txid)
        if height is None:
            return {"confirmed": told(f"{field}.confirmed", False)}
        return {
            "confirmed": told(f"{field}.confirmed", True),
            "block_height": told(f"{field}.block_height", height),
            "block_hash": self.chain.active[height],
            "block_time": self.chain.header(self.chain.active[height]).time,
        }

    def _proof(self, txid: str, top: int) -> dict[str, Any]:
        told = self.faults.told
        height = self.chain.places(top)[txid]
        block = self.chain.block(self.chain.active[height])
        position = next(index for index in range(block.count) if block.txid(index) == txid)
        return {
            "block_height": told("merkle-proof.block_height", height),
            "merkle": told("merkle-proof.merkle", [n[::-1].hex() for n in branch_in(block.levels, position)]),
            "pos": told("merkle-proof.pos", position),
        }

    def _outspend(self, outpoint: Outpoint, top: int) -> dict[str, Any]:
        told = self.faults.told
        for name in self.chain.active[: top + 1]:
            block = self.chain.block(name)
            for index in range(block.count):
                tx = block.transaction(index)
                if outpoint in [one.outpoint for one in tx.inputs]:
                    spent = {"spent": told("outspend.spent", True), "txid": told("outspend.txid", tx.txid)}
                    return spent | {"vin": 0, "status": self._status(tx.txid, top, "outspend")}
        return {"spent": told("outspend.spent", False)}

    def _has(self, txid: str) -> bool:
        return txid in self.chain.transactions or txid in self.chain.places()

    def _raw(self, txid: str) -> bytes:
        return self.chain.transactions.get(txid) or self.chain.raw(txid)

    def _proves(self, txid: str, top: int) -> bool:
        return self.merkle_route and not self.electrum_backend and txid in self.chain.places(top)

    def _stats(self, name: str, top: int) -> dict[str, Any]:
        waiting, confirmed = self.chain.touching(name, top)
        count = self.faults.told("chain_stats.tx_count", len(confirmed))
        stats = {"tx_count": count, "funded_txo_count": 0, "funded_txo_sum": 1}
        return {
            "chain_stats": self.faults.told("chain_stats", stats),
            "mempool_stats": {"tx_count": len(waiting)},
        }

    def _history(self, name: str, top: int, cursor: str = "", *, chain: bool = False) -> Reply:
        """Unconfirmed ones and a page of the newest; behind a cursor, or of `chain` alone, the page after it."""
        if cursor and self.between_pages is not None:
            self.between_pages()
        waiting, confirmed = self.chain.touching(name, top)
        newest = [txid for _, txid in reversed(confirmed)]
        if cursor and cursor not in newest and not self.electrum_backend:
            match self.unknown_cursor:
                case "empty":
                    return self._json([])
                case "error":
                    return Reply(422, b"unknown cursor")
        shown = self._shown(waiting, newest, cursor, chain)
        told = self.faults.told
        rows = [
            {
                "txid": told("history.txid", txid),
                "status": told("history.status", self._status(txid, top, "history.status")),
            }
            for txid in shown
        ]
        return self._json(told("history", rows))

    def _shown(self, waiting: list[str], newest: list[str], cursor: str, chain: bool) -> list[str]:
        """The txids of a page."""
        if self.electrum_backend:
            listed = [*waiting, *newest]
            start = listed.index(cursor) + 1 if cursor in listed else 0
            return listed[start : start + self.rows]
        if chain or cursor in newest:
            start = newest.index(cursor) + 1 if cursor in newest else 0
            return newest[start : start + self.rows]
        shown = waiting[: self.waiting_rows]
        most = max(0, self.together - len(shown)) if self.together else self.rows
        return [*shown, *newest[:most]]

    def _row(self, height: int) -> dict[str, Any]:
        told = self.faults.told
        name = self.chain.active[height]
        header = self.chain.header(self._rows.setdefault(height, name) if self.keeps_rows else name)
        row: dict[str, Any] = {
            "id": told("blocks.id", header.hash),
            "height": told("blocks.height", height),
            "version": told("blocks.version", header.version),
            "timestamp": told("blocks.timestamp", header.time),
            "bits": told("blocks.bits", header.bits),
            "nonce": told("blocks.nonce", header.nonce),
            "merkle_root": told("blocks.merkle_root", header.merkle_root[::-1].hex()),
            "tx_count": 1,
            "mediantime": header.time,
            "difficulty": 4.6565423739069247e-10,
        }
        if height > 0:
            row["previousblockhash"] = told("blocks.previousblockhash", header.previous)
        return row

    def _unconfirmed(self, kind: str, name: str) -> Any:
        rows = []
        for txid, raw in self.chain.mempool.items():
            tx = parse_transaction(raw)
            spent = [
                parse_transaction(paying).outputs[one.outpoint.vout]
                for one in tx.inputs
                if (paying := self.chain.transactions.get(one.outpoint.txid)) is not None
            ]
            scripts = [out.script for out in (*tx.outputs, *spent)]
            names = [scripthash_hex(s) if kind == "scripthash" else address_of(s, REGTEST) for s in scripts]
            if name in names:
                rows.append({"txid": self.faults.told("mempool.txid", txid), "status": {"confirmed": False}})
        return self.faults.told("mempool", rows[: self.waiting_rows])
