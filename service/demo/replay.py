"""An Esplora-shaped explorer on loopback that shows the recorded chain as it stood at a moment.
Never reads a clock: `advance` says what time it is; it serves what was recorded and makes nothing up."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from ledger.core.wording import WrongValue
from service.demo.recording import (
    FOLDER,
    RecordedBlock,
    RecordedCoin,
    Recording,
    TipMoment,
    WalletDescriptor,
)
from watchers.proof.networks import network_named
from watchers.proof.scripts import AddressRefused, script_of, scripthash_hex
from watchers.proof.transaction import Tx
from watchers.proof.work import target_of

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
PAGE = 10
HISTORY_PAGE = 25
EASIEST = 0xFFFF << 208


@dataclass(frozen=True, slots=True)
class View:
    """What can be seen at one moment: the best chain by height, every block shown so far, the mempool."""

    at: int
    best: tuple[str, ...]
    shown: frozenset[str]
    mempool: Mapping[str, Tx]
    confirmed: Mapping[str, RecordedBlock]


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes of an answer and what they are."""

    body: bytes
    kind: str = "text/plain"
    status: int = 200


def _text(text: str) -> Answer:
    return Answer(text.encode())


def _json(value: object) -> Answer:
    return Answer(json.dumps(value, separators=(",", ":")).encode(), "application/json")


def _raw(body: bytes) -> Answer:
    return Answer(body, "application/octet-stream")


def _missing(what: str) -> Answer:
    return Answer(f"{what} not found".encode(), status=404)


@dataclass(eq=False)
class Replay:
    """The recording, played up to a moment that only moves forwards; serves from a thread of its own."""

    recording: Recording
    _view: View = field(init=False)
    _scripts: dict[tuple[str, int], str] = field(init=False, default_factory=dict)
    _moving: threading.Lock = field(init=False, default_factory=threading.Lock)
    _server: ThreadingHTTPServer | None = field(init=False, default=None)
    _thread: threading.Thread | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        for tx in self._all_transactions():
            for vout, output in enumerate(tx.outputs):
                self._scripts[tx.txid, vout] = scripthash_hex(output.script)
        self._view = self._seen_at(0)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Replay:
        """The packaged recording, before its first block."""
        return cls(Recording.load(folder))

    @property
    def now(self) -> int:
        """The moment that is shown, seconds since 1970; 0 before the first `advance`."""
        return self._view.at

    @property
    def view(self) -> View:
        """What is shown now."""
        return self._view

    @property
    def start(self) -> int:
        """When the first block was mined."""
        return self.recording.tips[0].at

    @property
    def end(self) -> int:
        """Where the recording rests, after its last event."""
        return self.recording.end

    @property
    def transactions(self) -> Mapping[str, str]:
        """Txids by the plan's labels."""
        return self.recording.transactions

    @property
    def coins(self) -> tuple[RecordedCoin, ...]:
        """Every output that pays the campaign: gifts, dust, change."""
        return self.recording.coins

    @property
    def descriptors(self) -> tuple[WalletDescriptor, ...]:
        """The campaign's public output descriptors, one a script type."""
        return self.recording.descriptors

    def advance(self, to_time: int) -> None:
        """Shows everything up to that moment; ValueError for one before what is shown already."""
        with self._moving:
            if to_time < self._view.at:
                raise WrongValue(
                    "to_time: {to_time} is before {at}, and time only goes forwards",
                    to_time=to_time,
                    at=self._view.at,
                )
            self._view = self._seen_at(to_time)

    def events(self) -> list[tuple[int, str]]:
        """Moments at which something changes, in order, and what: blocks, a change of chains, arrivals."""
        events = [
            (
                arrived.at,
                f"{arrived.label} replaces another" if arrived.replaces else f"{arrived.label} is seen",
            )
            for arrived in self.recording.arrivals
        ]
        best = self.recording.genesis.hash
        for tip in self.recording.tips:
            grows = self._path(tip)[-2] == best
            events.append(
                (tip.at, f"block {tip.height}" if grows else f"another chain, to block {tip.height}")
            )
            best = tip.hash
        return sorted(events, key=lambda event: event[0])

    def serve(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serves on a loopback address (port 0: a free one) and returns the base URL; ValueError for others."""
        if host not in LOOPBACK:
            raise WrongValue(
                "host: {host} is not this machine; the replay serves on 127.0.0.1 only", host=host[:40]
            )
        if self._server is not None:
            raise WrongValue("the replay serves already; stop it first")
        self._server = ThreadingHTTPServer((host, port), _handler_for(self.answer))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return f"http://{host}:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stops serving; nothing when it does not serve."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)
        self._server = self._thread = None

    def answer(self, path: str) -> Answer:
        """The answer to GET `path`, as an Esplora gives it."""
        view = self._view
        for pattern, serve in _ROUTES:
            match = pattern.fullmatch(path)
            if match is not None:
                return serve(self, view, *match.groups())
        return _missing("Route")

    def _all_transactions(self) -> list[Tx]:
        mined = [tx for block in self.recording.blocks.values() for tx in block.parsed]
        return mined + [arrived.tx for arrived in self.recording.arrivals]

    def _path(self, tip: TipMoment) -> list[str]:
        """Hashes from genesis up to a tip."""
        path, cursor = [tip.hash], self.recording.blocks[tip.hash]
        while cursor.height:
            cursor = self.recording.blocks[cursor.header.previous]
            path.append(cursor.hash)
        return path[::-1]

    def _seen_at(self, at: int) -> View:
        genesis = self.recording.genesis.hash
        best, shown = [genesis], {genesis}
        revealed = [tip for tip in self.recording.tips if tip.at <= at]
        for tip in revealed:
            cursor = self.recording.blocks[tip.hash]
            while cursor.hash not in shown:
                shown.add(cursor.hash)
                cursor = self.recording.blocks[cursor.header.previous]
        if revealed:
            best = self._path(revealed[-1])
        blocks = [self.recording.blocks[each] for each in best]
        confirmed = {txid: block for block in blocks for txid in block.txids}
        here = [arrived for arrived in self.recording.arrivals if arrived.at <= at]
        gone = {arrived.replaces for arrived in here} | confirmed.keys()
        mempool = {arrived.tx.txid: arrived.tx for arrived in here if arrived.tx.txid not in gone}
        return View(at, tuple(best), frozenset(shown), mempool, confirmed)

    def _block(self, view: View, block: str) -> RecordedBlock | None:
        return self.recording.blocks[block] if block in view.shown else None

    def _tip_height(self, view: View) -> Answer:
        return _text(str(len(view.best) - 1))

    def _tip_hash(self, view: View) -> Answer:
        return _text(view.best[-1])

    def _hash_at(self, view: View, height: str) -> Answer:
        return _text(view.best[int(height)]) if int(height) < len(view.best) else _missing("Block")

    def _page(self, view: View, start: str | None) -> Answer:
        first = len(view.best) - 1 if start is None else int(start)
        if first >= len(view.best):
            return _missing("Block")
        heights = range(first, max(first - PAGE, -1), -1)
        return _json([_summary(self.recording.blocks[view.best[height]]) for height in heights])

    def _of_block(self, view: View, block: str, what: str | None) -> Answer:
        block_found = self._block(view, block)
        if block_found is None:
            return _missing("Block")
        match what:
            case "header":
                return _text(block_found.header.raw.hex())
            case "raw":
                return _raw(block_found.raw)
            case "txids":
                return _json(block_found.txids)
            case "status":
                best = (
                    block_found.height < len(view.best) and view.best[block_found.height] == block_found.hash
                )
                following = view.best[block_found.height + 1 : block_found.height + 2] if best else ()
                place = {"height": block_found.height, "next_best": following[0] if following else None}
                return _json({"in_best_chain": True} | place if best else {"in_best_chain": False})
        return _json(_summary(block_found))

    def _of_transaction(self, view: View, txid: str, what: str) -> Answer:
        block = view.confirmed.get(txid)
        if block is None and txid not in view.mempool:
            return _missing("Transaction")
        if what == "status":
            return _json(_status(block))
        tx = view.mempool[txid] if block is None else block.parsed.transaction(block.txids.index(txid))
        return _raw(tx.raw) if what == "raw" else _text(tx.raw.hex())

    def _of_script(self, view: View, scripthash: str) -> Answer:
        touching = [tx for tx in view.mempool.values() if scripthash in self._scripthashes(tx)]
        return _json([{"txid": tx.txid, "status": _status(None)} for tx in touching])

    def _history(self, view: View, scripthash: str, after: str | None) -> Answer:
        """Unconfirmed first, then 25 confirmed ones, newest first; `after` goes on behind a transaction."""
        confirmed = [
            (block, block.parsed.transaction(block.txids.index(txid)))
            for txid, block in view.confirmed.items()
        ]
        touching = [(b, tx.txid) for b, tx in confirmed if scripthash in self._scripthashes(tx)]
        touching.sort(key=lambda row: (-row[0].height, row[1]))
        if after is not None:
            names = [txid for _, txid in touching]
            if after not in names:
                return _json([])
            touching = touching[names.index(after) + 1 :]
        rows = [{"txid": txid, "status": _status(block)} for block, txid in touching[:HISTORY_PAGE]]
        if after is None:
            waiting = [tx for tx in view.mempool.values() if scripthash in self._scripthashes(tx)]
            rows = [{"txid": tx.txid, "status": _status(None)} for tx in waiting] + rows
        return _json(rows)

    def _stats(self, view: View, scripthash: str) -> Answer:
        """How many transactions touch a script, which is what ends a list of pages."""
        confirmed = [
            block.parsed.transaction(block.txids.index(txid)) for txid, block in view.confirmed.items()
        ]
        counts = {
            "chain_stats": sum(scripthash in self._scripthashes(tx) for tx in confirmed),
            "mempool_stats": sum(scripthash in self._scripthashes(tx) for tx in view.mempool.values()),
        }
        return _json({"scripthash": scripthash} | {key: {"tx_count": n} for key, n in counts.items()})

    def _of_address(self, view: View, address: str) -> Answer:
        try:
            script = script_of(address, network_named(self.recording.network))
        except AddressRefused:
            return Answer(b"Invalid Bitcoin address", status=400)
        return self._of_script(view, scripthash_hex(script))

    def _mempool(self, view: View) -> Answer:
        return _json(list(view.mempool))

    def _scripthashes(self, tx: Tx) -> set[str]:
        """Scripts that a transaction pays or spends from, hashed as Esplora does."""
        spent = ((each.outpoint.txid, each.outpoint.vout) for each in tx.inputs)
        paid = ((tx.txid, vout) for vout in range(len(tx.outputs)))
        return {self._scripts[each] for each in (*spent, *paid) if each in self._scripts}


def _summary(block: RecordedBlock) -> dict[str, object]:
    header = block.header
    return {
        "id": block.hash,
        "height": block.height,
        "version": header.version,
        "timestamp": header.time,
        "tx_count": len(block.txids),
        "size": block.size,
        "weight": block.weight,
        "merkle_root": header.merkle_root[::-1].hex(),
        "previousblockhash": header.previous if block.height else None,
        "mediantime": block.mediantime,
        "nonce": header.nonce,
        "bits": header.bits,
        "difficulty": EASIEST / target_of(header.bits),
    }


def _status(block: RecordedBlock | None) -> dict[str, object]:
    if block is None:
        return {"confirmed": False}
    where = {"block_height": block.height, "block_hash": block.hash, "block_time": block.header.time}
    return {"confirmed": True} | where


_HASH = "([0-9a-f]{64})"
_ROUTES: tuple[tuple[re.Pattern[str], Callable[..., Answer]], ...] = (
    (re.compile(r"/blocks/tip/height"), Replay._tip_height),
    (re.compile(r"/blocks/tip/hash"), Replay._tip_hash),
    (re.compile(r"/block-height/(\d{1,9})"), Replay._hash_at),
    (re.compile(r"/blocks(?:/(\d{1,9}))?"), Replay._page),
    (re.compile(rf"/block/{_HASH}(?:/(header|raw|status|txids))?"), Replay._of_block),
    (re.compile(rf"/tx/{_HASH}/(raw|hex|status)"), Replay._of_transaction),
    (re.compile(rf"/scripthash/{_HASH}/txs/mempool"), Replay._of_script),
    (re.compile(rf"/scripthash/{_HASH}"), Replay._stats),
    (re.compile(rf"/scripthash/{_HASH}/txs(?:/chain/{_HASH})?"), Replay._history),
    (re.compile(r"/address/([0-9A-Za-z]{1,100})/txs/mempool"), Replay._of_address),
    (re.compile(r"/mempool/txids"), Replay._mempool),
)


def _handler_for(answer: Callable[[str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """GET only; one buffered write an answer, so that small ones do not wait for each other."""

        protocol_version = "HTTP/1.1"
        timeout = 30
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            given = answer(self.path.partition("?")[0])
            self.send_response(HTTPStatus(given.status))
            self.send_header("Content-Type", given.kind)
            self.send_header("Content-Length", str(len(given.body)))
            self.end_headers()
            self.wfile.write(given.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """The replay keeps no log."""

    return Handler
