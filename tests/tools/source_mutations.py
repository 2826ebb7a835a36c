"""What is read of every dialect's answers, and the ways in which one value of an answer can be wrong.

Only for tests. A value is spoiled where the server makes it; what JSON cannot say is put into the bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from tests.tools.electrum_server import ElectrumServer
from tests.tools.fake_server import FakeServer, Reply

MISSING = "@@missing@@"

FIELDS: dict[str, tuple[str, ...]] = {
    "esplora": (
        "tip.height", "tip.hash", "block-height", "blocks", "blocks.id", "blocks.height", "blocks.version",
        "blocks.timestamp", "blocks.bits", "blocks.nonce", "blocks.merkle_root", "blocks.previousblockhash",
        "header", "block", "mempool", "mempool.txid", "mempool.txids", "tx",
    ),
    "esplora histories": (
        "tip.height", "tip.hash", "block-height", "tx", "history", "history.txid", "history.status",
        "history.status.confirmed", "history.status.block_height", "status", "status.confirmed",
        "status.block_height", "merkle-proof", "merkle-proof.block_height", "merkle-proof.merkle",
        "merkle-proof.pos", "outspend", "outspend.spent", "outspend.txid", "chain_stats",
        "chain_stats.tx_count",
    ),
    "core rpc": (
        "id", "error", "getblockchaininfo", "info.blocks", "info.bestblockhash", "getblockhash",
        "getblockheader", "getblock", "getrawmempool", "getrawtransaction",
    ),
    "core rest": (
        "chaininfo", "chaininfo.blocks", "chaininfo.bestblockhash", "blockhashbyheight", "headers", "block",
        "mempool", "mempool.txid", "tx",
    ),
    "electrum": (
        "id", "error", "server.version", "version.software", "version.protocol",
        "blockchain.headers.subscribe", "tip.height", "tip.hex", "blockchain.block.header", "header",
        "blockchain.block.headers", "headers.count", "headers.max", "headers.headers", "headers.hex",
        "blockchain.scripthash.subscribe", "history.status", "blockchain.scripthash.get_history", "history",
        "history.txid", "history.height", "blockchain.transaction.get", "tx",
        "blockchain.transaction.get_merkle", "merkle.block_height", "merkle.merkle", "merkle.pos",
        "blockchain.scripthash.get_mempool", "mempool", "mempool.txid", "mempool.height",
    ),
}  # fmt: skip
"""Every value that a source reads of its server's answers, by the name under which a server tells it."""

UNREAD = {
    "esplora": ("tx_count", "mediantime", "difficulty"),
    "esplora histories": (
        "mediantime", "difficulty", "block_hash", "block_time", "vin", "funded_txo_count", "funded_txo_sum",
    ),
    "core rpc": ("chain",),
    "core rest": ("chain", "headers", "difficulty", "vsize"),
    "electrum": ("fee", "jsonrpc"),
}  # fmt: skip
"""Keys that the servers send and that nobody reads."""


def twice(value: object) -> str:
    """A mark that puts a value there twice: a duplicate key, a repeated item, a doubled text."""
    return f"@@twice@@{json.dumps(value).encode().hex()}@@"


def _flipped(value: str | bytes, at: float) -> str | bytes:
    """One bit of the bytes, or of the last hexadecimal digit, is another."""
    if isinstance(value, bytes):
        index = int(len(value) * at)
        return value[:index] + bytes([value[index] ^ 1]) + value[index + 1 :] if value else b"\x01"
    index = max(0, int(len(value) * at))
    digit = value[index : index + 1]
    other = f"{int(digit, 16) ^ 1:x}" if re.fullmatch("[0-9a-f]", digit) else "0"
    return value[:index] + other + value[index + 1 :]


def _more(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str() | bytes():
            return _flipped(value, 0.5)
        case list():
            return value[:-1]
        case None:
            return {"code": -5, "message": "not found"}
    return {}


def _less(value: Any) -> Any:
    match value:
        case bool():
            return int(value)
        case int():
            return value - 1
        case str() | bytes():
            return _flipped(value, 0.99)
        case list():
            return value[::-1]
        case None:
            return {"code": 1, "message": ""}
    return [value]


def _wrong_type(value: Any) -> Any:
    match value:
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case str():
            return 7
        case bytes():
            return b"<!DOCTYPE html><html></html>"
        case None:
            return 7
    return "x"


def _huge(value: Any) -> Any:
    match value:
        case bool() | int():
            return 1 << 70
        case str():
            return value * (2000 if len(value) < 200 else 20) or "0" * 2000
        case bytes():
            return value + bytes(5_000_000)
        case list():
            return value * 1000
    return 10**40


def _half(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value // 2
        case str() | bytes() | list():
            return value[: len(value) // 2]
    return {}


MUTATIONS: dict[str, Callable[[Any], Any]] = {
    "cut in half": _half,
    "one more, or a bit in the middle": _more,
    "one less, or the last bit": _less,
    "negative": lambda value: b"-1" if isinstance(value, bytes) else -1,
    "missing": lambda value: b"" if isinstance(value, bytes) else MISSING,
    "wrong type": _wrong_type,
    "null": lambda value: b"null" if isinstance(value, bytes) else None,
    "huge": _huge,
    "NaN": lambda value: b"NaN" if isinstance(value, bytes) else float("nan"),
    "twice": lambda value: value + value if isinstance(value, bytes) else twice(value),
}


def _first() -> Callable[[Any], Any]:
    """What was told of it first, whatever is true by now."""
    told: list[Any] = []

    def lie(value: Any) -> Any:
        told.append(value)
        return told[0]

    return lie


def _before() -> Callable[[Any], Any]:
    """What was told of it the time before: of another block, transaction or script, or of an earlier moment."""
    told: list[Any] = []

    def lie(value: Any) -> Any:
        told.append(value)
        return told[max(0, len(told) - 2)]

    return lie


REMEMBERED = {"what was told first": _first, "what was told before": _before}
"""Those that need to know what was told: made anew for each server."""
WAYS = (*MUTATIONS, *REMEMBERED)


def mutation(name: str) -> Callable[[Any], Any]:
    """One of the ways, for one server."""
    return REMEMBERED[name]() if name in REMEMBERED else MUTATIONS[name]


def _said(mark: bytes) -> bytes:
    return bytes.fromhex(mark.decode())


def written(body: bytes) -> bytes:
    """The bytes of an answer with the marks carried out."""
    if b"@@" not in body:
        return body
    body = re.sub(rb'"\w+": "@@missing@@"(, )?|"@@missing@@"(, )?|@@missing@@', b"", body)
    body = re.sub(rb", (?=[}\]])", b"", body)
    body = re.sub(
        rb'("\w+"): "@@twice@@([0-9a-f]*)@@"',
        lambda found: found[1] + b": " + _said(found[2]) + b", " + found[1] + b": " + _said(found[2]),
        body,
    )
    body = re.sub(rb'"@@twice@@([0-9a-f]*)@@"', lambda found: _said(found[1]) + b", " + _said(found[1]), body)
    return re.sub(rb"@@twice@@([0-9a-f]*)@@", lambda found: 2 * (_said(found[1]).strip(b'"') + b"\n"), body)


def rewrite(server: FakeServer | ElectrumServer, change: Callable[[bytes], bytes]) -> None:
    """Every answer of the server passes through `change`."""
    if isinstance(server, ElectrumServer):
        send = server._send
        vars(server)["_send"] = lambda session, lines: send(session, change(lines))
        return
    answer = server.answer

    def changed(handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        reply = answer(handler, path, body)
        return Reply(reply.status, change(reply.body), reply.kind)

    vars(server)["answer"] = changed


def with_extras(unread: tuple[str, ...]) -> Callable[[bytes], bytes]:
    """Every object of an answer gets a member that nobody knows, and its unread members become junk."""

    def grown(value: Any) -> Any:
        if isinstance(value, list):
            return [grown(one) for one in value]
        if not isinstance(value, dict):
            return value
        known = {
            key: {"junk": [None, -1, "x"]} if key in unread else grown(one) for key, one in value.items()
        }
        return {"unknown_to_us": {"deep": [1, None, {"txid": "ff" * 32}], "n": 1.5}, **known}

    def change(body: bytes) -> bytes:
        lines = []
        for line in body.split(b"\n"):
            if not line.startswith((b"{", b"[")):
                return body
            lines.append(json.dumps(grown(json.loads(line))).encode())
        return b"\n".join(lines)

    def by_line(body: bytes) -> bytes:
        if not body.endswith(b"\n"):
            return change(body)
        return change(body[:-1]) + b"\n"

    return by_line
