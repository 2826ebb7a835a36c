"""A node's REST interface on loopback over a chain made in memory: of today, of older versions, or switched off.

Only for tests; without a fault it answers as Bitcoin Core does, bodies of errors included.
"""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from tests.tools.fake_server import FakeServer, Reply

BYTES, JSON = "application/octet-stream", "application/json"
MOST_HEADERS = 2_000


class CoreRestServer(FakeServer):
    """`version` is the node's: 25 knows `verbose=false`, 24 `?count=`; 21 fails on any query after a suffix.

    `rest` False is a node without rest=1, `warming` one that is still starting, `keeps_from` the oldest block of a
    pruned one.

    Fields that can be lied about: chaininfo (the object) chaininfo.blocks chaininfo.bestblockhash
    blockhashbyheight headers block mempool (the whole list) mempool.txid tx.
    """

    version = 28
    rest = True
    warming = False
    keeps_from: int | None = None

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        if not self.rest or not path.startswith("/rest/"):
            return Reply(404, b"")
        if self.warming:
            return Reply(503, b"Service temporarily unavailable: Verifying blocks\xe2\x80\xa6\r\n")
        query = urlsplit(handler.path).query
        if query and self.version < 22:
            return Reply(
                400 if "/headers/" in path else 404, b"output format not found (available: json)\r\n"
            )
        told, chain = self.faults.told, self.chain
        top = max(0, chain.height - self.faults.stale)
        match path.removeprefix("/rest/").split("/"):
            case ["chaininfo.json"]:
                info = {
                    "chain": "regtest",
                    "blocks": told("chaininfo.blocks", top),
                    "headers": top,
                    "bestblockhash": told("chaininfo.bestblockhash", chain.active[top]),
                    "difficulty": 4.656542373906925e-10,
                    "pruned": self.keeps_from is not None,
                }
                if self.keeps_from is not None:
                    info["pruneheight"] = self.keeps_from
                return _json(told("chaininfo", info))
            case ["blockhashbyheight", name] if name.endswith(".hex"):
                height = int(name.removesuffix(".hex"))
                if height > top:
                    return Reply(404, b"Block height out of range\r\n")
                return Reply(200, str(told("blockhashbyheight", chain.active[height])).encode() + b"\n")
            case ["headers", name] if self.version >= 24:
                count = int(parse_qs(query).get("count", ["5"])[0])
                return self._headers(name.removesuffix(".bin"), count, top)
            case ["headers", _]:
                return Reply(400, b"No header count specified. Use /rest/headers/<count>/<hash>.<ext>.\r\n")
            case ["headers", count, name]:
                return self._headers(name.removesuffix(".bin"), int(count), top)
            case ["block", name]:
                hash_ = name.removesuffix(".bin")
                if hash_ not in chain.blocks or hash_ in self.missing_blocks:
                    return Reply(404, f"{hash_} not found\r\n".encode())
                if chain.heights[hash_] < (self.keeps_from or 0):
                    return Reply(404, f"{hash_} not available (pruned data)\r\n".encode())
                return Reply(200, told("block", chain.blocks[hash_]), BYTES)
            case ["mempool", "contents.json"]:
                names = [told("mempool.txid", txid) for txid in chain.mempool]
                plain = self.version >= 25 and "verbose=false" in query
                return _json(told("mempool", names if plain else {name: {"vsize": 141} for name in names}))
            case ["tx", name]:
                txid = name.removesuffix(".bin")
                if txid not in chain.mempool:
                    return Reply(404, f"{txid} not found\r\n".encode())
                return Reply(200, told("tx", chain.mempool[txid]), BYTES)
            case _:
                return Reply(404, b"")

    def _headers(self, start: str, count: int, top: int) -> Reply:
        if not 1 <= count <= MOST_HEADERS:
            return Reply(400, b"Header count is invalid or out of acceptable range (1-2000)\r\n")
        active = self.chain.active[: top + 1]
        at = active.index(start) if start in active else len(active)
        raw = b"".join(self.chain.blocks[name][:80] for name in active[at : at + count])
        return Reply(200, self.faults.told("headers", raw), BYTES)


def _json(value: object) -> Reply:
    return Reply(200, json.dumps(value).encode() + b"\n", JSON)
