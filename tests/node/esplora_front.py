"""An Esplora-shaped server over HTTP in front of a real node, for tests: every answer is the node's own, reshaped.

Never makes up a block, a header or a transaction; what the node does not have is a 404.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from tests.node.knots import Node, RpcRefused

PAGE = 10
TEXT, JSON, BYTES = "text/plain", "application/json", "application/octet-stream"


class EsploraFront:
    """Serves the routes that the watcher asks for, on a free port of loopback, from `node`'s RPC."""

    def __init__(self, node: Node) -> None:
        self._rpc: Callable[..., Any] = node.rpc
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                status, kind, body = outer._answer(self.path.removeprefix("/api/").split("/"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, parts: list[str]) -> tuple[int, str, bytes]:
        try:
            return 200, *self._found(parts)
        except (LookupError, RpcRefused):
            return 404, TEXT, b"not found"

    def _found(self, parts: list[str]) -> tuple[str, bytes]:
        match parts:
            case ["blocks", "tip", "height"]:
                return TEXT, str(self._rpc("getblockcount")).encode()
            case ["blocks", "tip", "hash"]:
                return TEXT, self._rpc("getbestblockhash").encode()
            case ["block-height", height]:
                return TEXT, self._rpc("getblockhash", int(height)).encode()
            case ["blocks", height]:
                top = int(height)
                rows = [self._row(one) for one in range(top, max(-1, top - PAGE), -1)]
                return JSON, json.dumps(rows).encode()
            case ["block", name, "header"]:
                return TEXT, self._rpc("getblockheader", name, False).encode()
            case ["block", name, "raw"]:
                return BYTES, bytes.fromhex(self._rpc("getblock", name, 0))
            case ["tx", txid, "raw"]:
                return BYTES, bytes.fromhex(self._rpc("getrawtransaction", txid))
            case ["mempool", "txids"]:
                return JSON, json.dumps(self._rpc("getrawmempool")).encode()
            case _:
                raise LookupError

    def _row(self, height: int) -> dict[str, Any]:
        """A block as `/blocks/:height` lists it."""
        header = self._rpc("getblockheader", self._rpc("getblockhash", height))
        row = {
            "id": header["hash"],
            "height": header["height"],
            "version": header["version"],
            "timestamp": header["time"],
            "bits": int(header["bits"], 16),
            "nonce": header["nonce"],
            "merkle_root": header["merkleroot"],
            "tx_count": header["nTx"],
            "mediantime": header["mediantime"],
        }
        if height > 0:
            row["previousblockhash"] = header["previousblockhash"]
        return row
