"""What a ready page costs its server, beside nginx and beside a bare application with the same bytes: plain, gzip
and 304; a stampede; and pages and facts at once.

Run it with `python -m bench.serving`. CPU time of the server process is what is compared: the client is the same.
The bare application knows one answer, on the same uvicorn: no page of ours can cost less than it. The lines of nginx
are left out where it is not there (Debian: `apt-get install nginx-light`).
"""

from __future__ import annotations

import gzip
import json
import multiprocessing
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path

import uvicorn
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.ports import Ports, SiteSettings
from bench.furnished import NOW, SLUG, distributions, furnished, record_all
from bench.measuring import HEAD, Line, printed, times
from ledger.core.facts import facts_json
from ledger.core.roles import Role
from ledger.recording.users import add_token
from ledger.rules.deliveries import Distribution
from ledger.store.database import Store
from service.wiring import serve_for_long

READERS = 32
FACTS_A_SECOND, PAGES_A_SECOND, READING = 10, 40, 4
"""What one process is asked for at once, the pages by so many readers."""
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Kind:
    """One way in which a page is asked for."""

    name: str
    headers: Mapping[str, str]
    status: int


def kinds(tag: str) -> tuple[Kind, ...]:
    return (
        Kind("plain", {"Accept-Encoding": "identity"}, 200),
        Kind("gzip", {"Accept-Encoding": "gzip"}, 200),
        Kind("304", {"Accept-Encoding": "gzip", "If-None-Match": tag}, 304),
    )


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _serve(app: Callable[[], object], port: int) -> None:
    made = app()
    serve_for_long()
    uvicorn.run(made, host="127.0.0.1", port=port, log_level="warning", access_log=False, lifespan="off")  # type: ignore[arg-type]


def our_site(url: str, now: int) -> object:
    """The application over a ledger."""
    return create_app(Ports(Store.open(url), lambda: now, SiteSettings(), lambda: "", list))


@dataclass(frozen=True, slots=True)
class Bare:
    """An application that knows one answer: what the server itself costs."""

    plain: bytes
    packed: bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = dict(scope["headers"])
        headers = [(b"content-type", b"text/html; charset=utf-8"), (b"etag", b'"x"')]
        if b"if-none-match" in asked:
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        packs = b"gzip" in asked.get(b"accept-encoding", b"")
        body = self.packed if packs else self.plain
        headers += [(b"content-encoding", b"gzip")] if packs else []
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@contextmanager
def process(app: Callable[[], object]) -> Iterator[tuple[int, int]]:
    """(port, process) of an application in a process of its own."""
    port = _free_port()
    child = multiprocessing.get_context("spawn").Process(target=_serve, args=(app, port), daemon=True)
    child.start()
    try:
        _await(port)
        yield port, child.pid or 0
    finally:
        child.terminate()
        child.join(10)


@contextmanager
def nginx(folder: Path, plain: bytes, packed: bytes) -> Iterator[tuple[int, int]]:
    """(port, worker process) of nginx with the page as a file, ready in both encodings."""
    port, site = _free_port(), folder / "site"
    site.mkdir()
    (site / "page.html").write_bytes(plain)
    (site / "page.html.gz").write_bytes(packed)
    (folder / "nginx.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log stderr crit;\n"
        "events { worker_connections 64; }\n"
        f"http {{ access_log off; keepalive_requests 1000000; server {{ listen 127.0.0.1:{port}; root {site};\n"
        "default_type text/html; gzip_static on; } }\n"
    )
    child = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")])
    try:
        _await(port)
        yield port, child.pid
    finally:
        child.send_signal(signal.SIGTERM)
        child.wait(10)


def _await(port: int) -> None:
    for _ in range(1_000):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise SystemExit("bench.serving: a server did not open its port")


def _cpu(process_id: int) -> float:
    """CPU seconds of a process so far, with its threads."""
    told = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / _TICKS


def ask(port: int, path: str, headers: Mapping[str, str], often: int) -> tuple[int, bytes, dict[str, str]]:
    """The last of so many answers over one connection: status, body and headers."""
    request = f"GET {path} HTTP/1.1\r\nHost: bench\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    raw, status, body, told = (request + "\r\n").encode(), 0, b"", dict[str, str]()
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        reader = connection.makefile("rb")
        for _ in range(often):
            connection.sendall(raw)
            status = int(reader.readline().split()[1])
            told = {}
            while line := reader.readline().strip():
                name, _, value = line.decode("latin-1").partition(":")
                told[name.lower()] = value.strip()
            body = reader.read(int(told.get("content-length", 0)) if status == 200 else 0)
    return status, body, told


def costs(port: int, process_id: int, path: str, often: int) -> dict[str, float]:
    """CPU microseconds of the server for one answer of each kind."""
    found = {}
    tag = ask(port, path, {"Accept-Encoding": "gzip"}, 1)[2]["etag"]
    for kind in kinds(tag):
        status, _, _ = ask(port, path, kind.headers, max(1, often // 20))
        if status != kind.status:
            raise SystemExit(f"bench.serving: {path} answered {status} where {kind.status} was wanted")
        start = _cpu(process_id)
        ask(port, path, kind.headers, often)
        found[kind.name] = (_cpu(process_id) - start) * 1e6 / often
    return found


def stampede(port: int, path: str, number: int) -> float:
    """Milliseconds until the last of so many readers has a page that nobody has made yet."""
    readers = [threading.Thread(target=ask, args=(port, path, {}, 1)) for _ in range(number)]
    start = time.perf_counter()
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    return (time.perf_counter() - start) * 1e3


def paced(act: Callable[[int], object], numbers: range, rate: float) -> list[float]:
    """Milliseconds until each of some acts was done, from when it was due: who waits in a queue waits too."""
    taken: list[float] = []
    start = time.perf_counter()
    for place, number in enumerate(numbers):
        due = start + place / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        act(number)
        taken.append((time.perf_counter() - due) * 1e3)
    return taken


def percentile(figures: Sequence[float], share: float) -> float:
    """What so large a share of the figures does not exceed."""
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * share))]


def post_fact(port: int, token: str, facts: Distribution) -> None:
    """Record one fact over HTTP, as a partner's program does."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    path = f"/api/v1/campaigns/{SLUG}/distributions"
    connection.request("POST", path, json.dumps(facts_json(facts)), headers)
    answer = connection.getresponse()
    said = answer.read()
    connection.close()
    if answer.status != 201:
        raise SystemExit(f"bench.serving: {path} answered {answer.status}: {said.decode()[:200]}")


def at_once(port: int, path: str, token: str, seconds: int, after: int) -> tuple[list[float], list[float]]:
    """Milliseconds of pages and of facts, both at their pace in one process; facts are numbered above `after`."""
    pages: list[float] = []

    def reads(_reader: int) -> list[float]:
        each = PAGES_A_SECOND // READING
        return paced(
            lambda _number: ask(port, path, {"Accept-Encoding": "gzip"}, 1), range(each * seconds), each
        )

    wanted = list(distributions(iter(range(after + 1, after + 1 + FACTS_A_SECOND * seconds))))
    with ThreadPoolExecutor(READING + 1) as threads:
        reading = [threads.submit(reads, reader) for reader in range(READING)]
        writing = threads.submit(
            paced, lambda number: post_fact(port, token, wanted[number]), range(len(wanted)), FACTS_A_SECOND
        )
        for reader in reading:
            pages += reader.result()
        facts = writing.result()
    return pages, facts


def main(short: bool = False) -> None:
    entries, often, seconds = (20, 200, 1) if short else (500, 20_000, 20)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url, path = f"sqlite:///{folder / 'ledger.db'}", f"/c/{SLUG}"
        store = furnished(url)
        record_all(store, distributions(count()), entries, entries)
        with store.write() as tx:
            token = add_token(tx, Role.RECORDER, "bench", now=NOW, by=None)
        store.close()
        with process(_Site(url, NOW)) as (port, process_id):
            alone = stampede(port, f"{path}?alone", 1)
            crowd = stampede(port, path, READERS)
            plain = ask(port, path, {"Accept-Encoding": "identity"}, 1)[1]
            ours = costs(port, process_id, path, often)
            pages, facts = at_once(port, path, token, seconds, entries)
        packed = gzip.compress(plain, 6)
        with process(_Bare(plain, packed)) as (port, process_id):
            peers = {"a bare application": (costs(port, process_id, "/page.html", often), ">= 0.7")}
        if shutil.which("nginx") is not None:
            with nginx(folder, plain, packed) as (port, process_id):
                peers["nginx"] = costs(port, process_id, "/page.html", often), ">= 0.4"
    lines = [HEAD]
    for beside, (theirs, aim) in peers.items():
        for kind, ours_cost in ours.items():
            ratio = theirs[kind] / ours_cost if ours_cost else 0.0
            figures = f"{ours_cost:.0f} us", f"{theirs[kind]:.0f} us"
            lines.append(Line(f"a ready page, {kind}, beside {beside}", *figures, times(ratio), aim))
    waited = f"{READERS} readers of a page that nobody made, beside 1"
    lines.append(Line(waited, f"{crowd:.0f} ms", f"{alone:.0f} ms", times(crowd / alone), "<= 4"))
    for what, taken, most in (
        (f"a page beside {FACTS_A_SECOND} facts a second, 99 of 100", pages, 100),
        (f"a fact beside {PAGES_A_SECOND} pages a second, 99 of 100", facts, 50),
    ):
        slow = percentile(taken, 0.99)
        lines.append(Line(what, f"{slow:.0f} ms", f"{most} ms", times(slow / most), "<= 1"))
    print(printed(lines))


@dataclass(frozen=True, slots=True)
class _Site:
    url: str
    now: int

    def __call__(self) -> object:
        return our_site(self.url, self.now)


@dataclass(frozen=True, slots=True)
class _Bare:
    plain: bytes
    packed: bytes

    def __call__(self) -> object:
        return Bare(self.plain, self.packed)


if __name__ == "__main__":
    main()
