"""An Electrum server on loopback that shows a FakeChain, or lies about it, by protocol 1.4 or 1.6.
Only for tests; over TCP, or over TLS with a certificate that signs itself."""

from __future__ import annotations

import json
import select
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Self

from tests.tools.fake_chain import FakeChain
from tests.tools.fake_server import Faults
from watchers.net.electrum_endpoint import endpoint_of
from watchers.net.policy import HttpPolicy
from watchers.proof.block import Tx, parse_block, parse_transaction
from watchers.proof.merkle import branch_in, levels_of
from watchers.proof.networks import REGTEST
from watchers.sources.electrum import Electrum


class Declined(Exception):
    """An error that goes back in place of a result."""

    def __init__(self, code: int, said: str) -> None:
        self.code, self.said = code, said
        super().__init__(said)


class Session(socketserver.StreamRequestHandler):
    """One connection: what it subscribed to, and what it was last told of that."""

    server: _Server
    disable_nagle_algorithm = True  # what is told by itself must not wait for an acknowledgement

    def setup(self) -> None:
        self.quiet = threading.Lock()
        self.protocol: tuple[int, ...] = (1, 4)
        self.greeted = False
        self.tip: str | None = None
        self.statuses: dict[str, str | None] = {}
        self.held: list[bytes] = []
        super().setup()

    def handle(self) -> None:
        outer = self.server.outer
        outer.sessions.append(self)
        outer.connections += 1
        try:
            for line in self._lines() if outer.holds else self.rfile:
                if not outer.answer_line(self, line):
                    return
        except OSError:
            return
        finally:
            outer.sessions.remove(self)

    def _lines(self) -> Iterator[bytes]:
        """Questions as they come; what was answered goes out, the last first, when no more of them is on its way."""
        rest = b""
        while piece := self.request.recv(1 << 16):
            *lines, rest = (rest + piece).split(b"\n")
            yield from lines
            if not rest and not select.select([self.request], [], [], 0)[0]:
                answers, self.held = self.held, []
                self.wfile.write(b"".join(reversed(answers)))

    def finish(self) -> None:
        try:
            super().finish()
        except OSError:
            return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    outer: ElectrumServer
    context: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.context is not None:
            try:
                request = self.context.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)
        if self.context is not None:
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        return


class ElectrumServer:
    """A threaded server on a free port of 127.0.0.1; `asked` lists the methods with their params.

    `faults` is honoured in `down` (the connection is cut at a question), `drip`, `cut` (a reply breaks off, and
    the connection with it), `html` (garbage), `stale`, `first_only` and `lies`. Fields that can be lied about:
    id version.software version.protocol tip.height tip.hex header headers.hex headers.headers headers.count
    headers.max history.status history.txid history.height mempool.txid mempool.height tx merkle.merkle
    merkle.pos merkle.block_height; `history` and `mempool` are whole lists; a method's name is its whole result.
    `highest` is the highest protocol spoken; `before` are lines pushed ahead of every reply; `pads` fills what
    is sent at once up to a power of two with spaces, as e-x does; `mute` keeps all notifications back;
    `declines` maps a method to the error it is answered with; `too_long` are script hashes whose histories are
    refused; `hangs_up_at` are methods at which the connection is cut; with `one_version` the highest is spoken where it
    alone is asked for, and no range is understood; `proves_alone` finds the block of a transaction by itself; `holds`
    answers back until it has read all that was asked, and gives the last answer first; of what is asked together
    `batch_size` at most are answered.
    """

    def __init__(self, chain: FakeChain, *, highest: str = "1.6", certificate: Path | None = None) -> None:
        self.chain = chain
        self.faults = Faults()
        self.highest = highest
        self.asked: list[tuple[str, list[Any]]] = []
        self.connections = 0
        self.sessions: list[Session] = []
        self.before: list[bytes] = []
        self.pads = False
        self.mute = False
        self.declines: dict[str, tuple[int, str]] = {}
        self.hangs_up_at: set[str] = set()
        self.one_version = False
        self.proves_alone = False
        self.holds = False
        self.batch_size = 1_000_000
        self.too_long: set[str] = set()
        self.lock = threading.RLock()
        self._blocks: dict[str, list[Tx]] = {}
        self._server = _Server(("127.0.0.1", 0), Session)
        self._server.outer = self
        if certificate is not None:
            self._server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._server.context.load_cert_chain(certificate)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{'tcp' if self._server.context is None else 'ssl'}://127.0.0.1:{self.port}"

    def methods(self) -> list[str]:
        return [method for method, _ in self.asked]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self.cut_off()

    def cut_off(self) -> None:
        """Close every connection, as a server that is restarted does."""
        for session in list(self.sessions):
            try:
                session.request.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def notify(self) -> None:
        """Tell every connection what has changed of what it subscribed to."""
        with self.lock:
            for session in list(self.sessions):
                self._send(session, self._news(session))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def answer_line(self, session: Session, line: bytes) -> bool:
        """Answer one question; False ends the connection."""
        asked = json.loads(line)
        with self.lock:
            self.asked.append((asked["method"], asked["params"]))
            faults = self.faults
            if faults.first_only is not None:
                faults.first_only -= 1
                if faults.first_only < 0:
                    faults = Faults()
            if faults.down:
                return False
            if faults.html:
                session.wfile.write(b"<!DOCTYPE html>\n")
                return True
            reply: dict[str, Any] = {"jsonrpc": "2.0", "id": faults.told("id", asked["id"])}
            try:
                if len(session.held) >= self.batch_size:
                    raise Declined(-101, "excessive resource usage")
                if asked["method"] in self.hangs_up_at:
                    return False
                if asked["method"] in self.declines:
                    raise Declined(*self.declines[asked["method"]])
                result = self._result(session, asked["method"], asked["params"])
                reply["result"] = faults.told(asked["method"], result)
                if (error := faults.told("error", None)) is not None:
                    reply["error"] = error
            except Declined as declined:
                reply["error"] = {"code": declined.code, "message": declined.said}
            whole = b"".join(self.before) + self._news(session) + json.dumps(reply).encode() + b"\n"
            if self.pads:
                size = max(1024, 2 ** len(whole).bit_length())
                whole = whole[:-2] + b" " * (size - len(whole)) + whole[-2:]
        if faults.cut:
            session.wfile.write(whole[:-10])
            return False
        if faults.drip is not None:
            pause = threading.Event()
            for byte in whole:
                session.wfile.write(bytes([byte]))
                pause.wait(faults.drip)
            return True
        if self.holds:
            session.held.append(whole)
            return True
        self._send(session, whole)
        return True

    def _send(self, session: Session, lines: bytes) -> None:
        with session.quiet:
            session.wfile.write(lines)

    def _news(self, session: Session) -> bytes:
        """Notifications that are due on a connection."""
        lines: list[dict[str, Any]] = []
        if self.mute:
            return b""
        tip = self._tip()
        if session.tip is not None and session.tip != tip["hex"]:
            session.tip = tip["hex"]
            lines.append({"method": "blockchain.headers.subscribe", "params": [tip]})
        for name, known in session.statuses.items():
            status = self._status(name)
            if status != known:
                session.statuses[name] = status
                lines.append({"method": "blockchain.scripthash.subscribe", "params": [name, status]})
        return b"".join(json.dumps({"jsonrpc": "2.0", **line}).encode() + b"\n" for line in lines)

    @property
    def top(self) -> int:
        return max(0, self.chain.height - self.faults.stale)

    def _tip(self) -> dict[str, Any]:
        header = self.chain.header(self.chain.active[self.top])
        told = self.faults.told
        return {"height": told("tip.height", self.top), "hex": told("tip.hex", header.raw.hex())}

    def _result(self, session: Session, method: str, params: list[Any]) -> Any:
        chain, told = self.chain, self.faults.told
        if method == "server.version":
            return self._version(session, params)
        if not session.greeted:
            raise Declined(1, "use server.version to identify client")
        match method, params:
            case "blockchain.headers.subscribe", []:
                tip = self._tip()
                session.tip = tip["hex"]
                return tip
            case "blockchain.block.header", [height]:
                if height > self.top:
                    raise Declined(1, f"height {height:,d} out of range")
                return told("header", chain.header(chain.active[height]).raw.hex())
            case "blockchain.block.headers", [first, count]:
                return self._headers(session, first, min(count, 2016))
            case (("blockchain.scripthash.subscribe" | "blockchain.scripthash.get_history"), [name]) if (
                name in self.too_long
            ):
                raise Declined(1, "history too large")
            case "blockchain.scripthash.subscribe", [name]:
                session.statuses[name] = self._status(name)
                return told("history.status", session.statuses[name])
            case "blockchain.scripthash.get_history", [name]:
                rows = [self._row("history", txid, height) for txid, height in self._history(name)]
                return told("history", rows)
            case "blockchain.scripthash.get_mempool", [name]:
                loose = [(txid, height) for txid, height in self._history(name) if height <= 0]
                return told("mempool", [self._row("mempool", txid, height) for txid, height in loose])
            case "blockchain.transaction.get", [txid, False]:
                if txid not in chain.transactions:
                    raise Declined(
                        2,
                        "daemon error: DaemonError({'code': -5, 'message': 'No such mempool or blockchain "
                        "transaction. Use gettransaction for wallet transactions.'})",
                    )
                return told("tx", chain.transactions[txid].hex())
            case "blockchain.transaction.get_merkle", [txid, *rest]:
                return self._merkle(txid, rest)
            case _:
                raise Declined(-32601, f'unknown method "{method}"')

    def _version(self, session: Session, params: list[Any]) -> list[str]:
        if self.one_version:
            if params[1] != self.highest:
                raise Declined(1, f"requested {params[1]}, server supports {self.highest}")
            session.protocol, session.greeted = _numbers(self.highest), True
            return ["Fake 1.0", self.highest]
        _, (low, high) = params
        spoken = min(_numbers(high), _numbers(self.highest))
        if spoken < _numbers(low):
            raise Declined(1, f"unsupported protocol version: {params[1]}")
        session.protocol, session.greeted = spoken, True
        told = self.faults.told
        number = ".".join(map(str, spoken))
        return [told("version.software", "Fake 1.0"), told("version.protocol", number)]

    def _headers(self, session: Session, first: int, count: int) -> dict[str, Any]:
        told = self.faults.told
        names = self.chain.active[: self.top + 1][first : first + count]
        raws = [self.chain.header(name).raw.hex() for name in names]
        result: dict[str, Any] = {
            "count": told("headers.count", len(raws)),
            "max": told("headers.max", 2016),
        }
        if session.protocol >= (1, 6):
            result["headers"] = told("headers.headers", raws)
        else:
            result["hex"] = told("headers.hex", "".join(raws))
        return result

    def _merkle(self, txid: str, rest: list[Any]) -> dict[str, Any]:
        if not rest and not self.proves_alone:
            raise Declined(-32602, "invalid params: 1 argument where 2 belong")
        for height in rest or range(self.top + 1):
            txids = self._txids(height)
            if txid in txids:
                told, position = self.faults.told, txids.index(txid)
                nodes = branch_in(levels_of([bytes.fromhex(one)[::-1] for one in txids]), position)
                return {
                    "block_height": told("merkle.block_height", height),
                    "merkle": told("merkle.merkle", [node[::-1].hex() for node in nodes]),
                    "pos": told("merkle.pos", position),
                }
        raise Declined(1, f"tx {txid} not in block at height {rest[0] if rest else 0:,d}")

    def _txids(self, height: int) -> list[str]:
        if not 0 <= height <= self.top:
            raise Declined(1, f"height {height:,d} out of range")
        return [tx.txid for tx in self._txs(height)]

    def _txs(self, height: int) -> list[Tx]:
        name = self.chain.active[height]
        if name not in self._blocks:
            self._blocks[name] = list(parse_block(self.chain.blocks[name]))
        return self._blocks[name]

    def _row(self, kind: str, txid: str, height: int) -> dict[str, Any]:
        told = self.faults.told
        row = {"tx_hash": told(f"{kind}.txid", txid), "height": told(f"{kind}.height", height)}
        if height <= 0:
            row["fee"] = 200
        return row

    def _status(self, name: str) -> str | None:
        text = "".join(f"{txid}:{height}:" for txid, height in self._history(name))
        return sha256(text.encode()).hexdigest() if text else None

    def _history(self, name: str) -> list[tuple[str, int]]:
        """What pays or spends the script of that name, in the protocol's order."""
        paying: dict[str, list[bytes]] = {}
        found: list[tuple[str, int]] = []

        def touches(tx: Tx) -> bool:
            paying[tx.txid] = [out.script for out in tx.outputs]
            scripts = list(paying[tx.txid])
            for source in tx.inputs:
                spent = source.outpoint
                scripts += paying.get(spent.txid, [])[spent.vout : spent.vout + 1]
            return any(sha256(script).digest()[::-1].hex() == name for script in scripts)

        for height in range(1, self.top + 1):
            found += [(tx.txid, height) for tx in self._txs(height) if touches(tx)]
        loose: list[tuple[str, int]] = []
        for txid, raw in self.chain.mempool.items():
            tx = parse_transaction(raw)
            if touches(tx):
                above = any(one.outpoint.txid in self.chain.mempool for one in tx.inputs)
                loose.append((txid, -1 if above else 0))
        return found + sorted(loose, key=lambda row: (-row[1], row[0]))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


PACE = HttpPolicy(per_second=1e6, burst=10_000, breaker_failures=1_000)
"""No pace and no rests."""


def electrum(
    server: ElectrumServer,
    *,
    tls: str = "any",
    policy: HttpPolicy = PACE,
    deadline: float = 10.0,
    url: str = "",
    clock: Callable[[], float] = monotonic,
    sleep: Callable[[float], None] | None = None,
) -> Electrum:
    """The source that asks this server (or another URL)."""
    endpoint = endpoint_of(url or server.url, tls)
    return Electrum("e", endpoint, policy, REGTEST, monotonic=clock, sleep=sleep, deadline=deadline)
