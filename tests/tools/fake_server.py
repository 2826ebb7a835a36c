"""A server on loopback that shows a chain made in memory, with faults, or lies about it field by field."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from tests.tools.fake_chain import FakeChain

Mutation = Callable[[Any], Any]


@dataclass
class Faults:
    """What a server does wrong. `lies` maps the name of a field to what becomes of its true value."""

    down: bool = False
    drip: float | None = None
    html: bool = False
    status: int | None = None
    retry_after: str | None = None
    bomb: int = 0
    cut: bool = False
    redirect: str | None = None
    stale: int = 0
    first_only: int | None = None
    lies: dict[str, Mutation] = field(default_factory=dict)

    def told(self, name: str, truth: Any) -> Any:
        return self.lies[name](truth) if name in self.lies else truth


@dataclass
class Reply:
    """What goes back over the wire."""

    status: int
    body: bytes
    kind: str = "text/plain"


class FakeServer:
    """A threaded HTTP server on a free port of 127.0.0.1 with faults; `paths` lists what was asked.

    `reached` is set by the first question, `deserted` while no connection is open.
    """

    def __init__(self, chain: FakeChain) -> None:
        self.chain = chain
        self.faults = Faults()
        self.paths: list[str] = []
        self.missing_blocks: set[str] = set()
        self.reached = threading.Event()
        self.deserted = threading.Event()
        self._open = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer._serve(self, b"")

            def do_POST(self) -> None:
                outer._serve(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))

            def log_message(self, *args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            def process_request(self, request: Any, client_address: Any) -> None:
                outer._count(1)
                super().process_request(request, client_address)

            def shutdown_request(self, request: Any) -> None:
                super().shutdown_request(request)
                outer._count(-1)

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def answer(self, handler: BaseHTTPRequestHandler, path: str, body: bytes) -> Reply:
        raise NotImplementedError

    def _count(self, more: int) -> None:
        with self._lock:
            self._open += more
            if self._open:
                self.deserted.clear()
            else:
                self.deserted.set()

    def _serve(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        path = urlsplit(handler.path).path
        with self._lock:
            self.paths.append(path)
            self.reached.set()
            faults = self.faults
            if faults.first_only is not None:
                faults.first_only -= 1
                if faults.first_only < 0:
                    faults = Faults()
            reply = self._faulty(faults, handler, path, body)
        if reply is None:
            handler.close_connection = True
            return
        headers = {"Content-Type": reply.kind, "Content-Length": str(len(reply.body))}
        if faults.bomb:
            headers["Content-Encoding"] = "gzip"
        if faults.retry_after is not None:
            headers["Retry-After"] = faults.retry_after
        if faults.redirect is not None:
            headers["Location"] = faults.redirect
        head = (
            f"HTTP/1.1 {reply.status} X\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n"
        )
        whole = head.encode() + reply.body
        try:
            if faults.cut:
                handler.wfile.write(whole[:-10])
                handler.close_connection = True
            elif faults.drip is not None:
                pause = threading.Event()
                for byte in whole:
                    handler.wfile.write(bytes([byte]))
                    pause.wait(faults.drip)
            else:
                handler.wfile.write(whole)
        except OSError:
            handler.close_connection = True

    def _faulty(
        self, faults: Faults, handler: BaseHTTPRequestHandler, path: str, body: bytes
    ) -> Reply | None:
        if faults.down:
            return None
        if faults.html:
            return Reply(200, b"<!DOCTYPE html><html><body>Just a moment</body></html>", "text/html")
        if faults.redirect is not None:
            return Reply(302, b"")
        if faults.bomb:
            return Reply(200, gzip.compress(bytes(faults.bomb)))
        if faults.status is not None:
            return Reply(faults.status, b"Too Many Requests")
        return self.answer(handler, path, body)


NOT_FOUND = Reply(404, b"Block not found")
