"""The JSON-RPC of a node, as a server on loopback that shows a chain made in memory, or lies about it."""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.tools.fake_server import FakeServer, Reply


class CoreServer(FakeServer):
    """The JSON-RPC of a node: lies are named by method, and `info.blocks`, `info.bestblockhash`, `id`."""

    user, password = "user", "secret"
    keeps_from: int | None = None
    """The oldest block of a pruned node."""
    syncs_to: int | None = None
    """The best header of a node that still reads the chain."""

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        expected = "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if handler.headers.get("Authorization") != expected:
            return Reply(401, b"")
        asked = json.loads(body)
        if isinstance(asked, list):
            return Reply(200, json.dumps([self._reply(one) for one in asked]).encode(), "application/json")
        reply = self._reply(asked)
        return Reply(
            200 if "error" in self.faults.lies or reply["error"] is None else 500,
            json.dumps(reply).encode(),
            "application/json",
        )

    def _reply(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.paths.append(asked["method"])
        number = self.faults.told("id", asked["id"])
        try:
            result = self._result(asked["method"], asked["params"])
        except LookupError:
            error = {"code": -5, "message": "Block not found"}
            return {"result": None, "error": error, "id": number}
        except PermissionError:
            error = {"code": -1, "message": "Block not available (pruned data)"}
            return {"result": None, "error": error, "id": number}
        told = self.faults.told(asked["method"], result)
        return {"result": told, "error": self.faults.told("error", None), "id": number}

    def _result(self, method: str, params: list[Any]) -> Any:
        chain, told = self.chain, self.faults.told
        top = chain.height - self.faults.stale
        match method:
            case "getblockchaininfo":
                best = told("info.bestblockhash", chain.active[top])
                info = {"chain": "regtest", "blocks": told("info.blocks", top), "bestblockhash": best}
                if self.syncs_to is not None:
                    info |= {"headers": self.syncs_to, "initialblockdownload": True}
                if self.keeps_from is None:
                    return info | {"pruned": False}
                return info | {"pruned": True, "pruneheight": self.keeps_from}
            case "getblockhash":
                return chain.active[: top + 1][params[0]]
            case "getblockheader":
                return chain.blocks[params[0]][:80].hex()
            case "getblock":
                if params[0] in self.missing_blocks:
                    raise LookupError
                if chain.heights[params[0]] < (self.keeps_from or 0):
                    raise PermissionError
                return chain.blocks[params[0]].hex()
            case "getrawmempool":
                return list(chain.mempool)
            case "getrawtransaction":
                return chain.mempool[params[0]].hex()
            case _:
                raise AssertionError(method)
