"""nginx and Caddy, as docs/operators.md configures them, in front of a real `aidtrail serve`; a port that is taken."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.concurrency import run_in_threadpool

from api.live import News, Streams
from service import bounded_head
from service.bounded_head import HEAD_BYTES
from service.command import Unavailable
from service.process import is_gone
from service.wiring import WebServer
from tests.tools.demo_data import run_command

ROOT = Path(__file__).resolve().parents[2]
CODE = "Zk3mQ8vR2xTyUiOp5AsDfG"
SECONDS = 30
LONG = 20_000_000
"""Bytes of an answer that no buffer of the system takes whole."""
Told = Callable[..., bytes]
Put = Callable[[Path, int], tuple["subprocess.Popen[bytes]", int]]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)


def from_docs(language: str) -> str:
    """The one example of that language in docs/operators.md."""
    (found,) = (
        str(text)
        for told, text in BLOCK.findall((ROOT / "docs/operators.md").read_text(encoding="utf-8"))
        if told == language
    )
    return found


def program(name: str) -> str:
    """Where a web server is installed; skips the test without it, and fails it in CI."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        reason = f"{name} is not installed (Debian: {name})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def unused_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])


@dataclass
class Front:
    """A web server in front: what it answers, and all that it wrote."""

    port: int
    logs: Path
    running: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """It answers what it has, and has written all that it writes."""
        if self.running is not None:
            self.running.send_signal(signal.SIGQUIT if "nginx" in str(self.running.args) else signal.SIGTERM)
            self.running.wait(SECONDS)

    def ask(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, body, {"Host": "aid.example"} | (headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def written(self) -> str:
        return "\n".join(
            path.read_text("utf-8", "replace") for path in self.logs.rglob("*") if path.is_file()
        )


@dataclass(frozen=True)
class Serving:
    """A real `aidtrail serve`, which looks at a source that never answers."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    asked: socket.socket


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """With one address for donors; its configuration names the web server in front."""
    folder, silent = tmp_path_factory.mktemp("behind"), socket.create_server(("127.0.0.1", 0))
    donors = ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    source = f"http://127.0.0.1:{silent.getsockname()[1]}"
    made = run_command(["init", "--address", *donors, "--source", source], folder)
    assert made.code == 0, made.err
    toml = folder / "aidtrail.toml"
    toml.write_text(toml.read_text() + "\n" + from_docs("toml"))
    port = unused_port()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "service.cli", "serve", "--port", str(port), "--data", str(folder)],
        env={"PYTHONPATH": str(ROOT), "HOME": str(folder), "PATH": os.environ["PATH"]},
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        if f":{port}" in line:
            break
    else:
        pytest.fail("it did not serve")
    yield Serving(folder, port, process, silent)
    process.kill()
    process.communicate(timeout=SECONDS)
    silent.close()


@pytest.fixture
def behind(serving: Serving) -> int:
    """The port that a web server in front asks."""
    return serving.port


def started(command: list[str], folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A web server that takes connections; what it says goes into a file of the folder."""
    with (folder / "said").open("wb") as said:
        running = subprocess.Popen(
            command,
            cwd=folder,
            stdout=said,
            stderr=said,
            env={"HOME": str(folder), "PATH": os.environ["PATH"]},
        )
    for _ in range(SECONDS * 100):
        assert running.poll() is None, (folder / "said").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return running
        except OSError:
            try:
                running.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
    running.kill()
    raise AssertionError((folder / "said").read_text())


def nginx(folder: Path, behind: int) -> tuple[subprocess.Popen[bytes], int]:
    port, path = unused_port(), program("nginx")
    told = from_docs("nginx").replace("listen 443 ssl;", f"listen 127.0.0.1:{port};")
    told = re.sub(r"^ *ssl_certificate.*\n", "", told, flags=re.MULTILINE)
    told = told.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{behind}").replace(
        "/var/log/nginx", str(folder)
    )
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {folder}/pid; error_log {folder}/begun; events {{}} http {{ {temporary} {told} }}"
    (folder / "nginx.conf").write_text(whole)
    command = [
        path,
        "-c",
        str(folder / "nginx.conf"),
        "-p",
        str(folder),
        "-g",
        "daemon off; master_process off;",
    ]
    return started(command, folder, port), port


def caddy(folder: Path, behind: int) -> tuple[subprocess.Popen[bytes], int]:
    port, path = unused_port(), program("caddy")
    told = from_docs("caddyfile").replace("aid.example {", f"http://:{port} {{")
    told = told.replace("127.0.0.1:8080", f"127.0.0.1:{behind}").replace("/var/log/caddy", str(folder))
    (folder / "Caddyfile").write_text(told.replace("{", "{\n\tadmin off", 1))
    return started([path, "run", "--config", str(folder / "Caddyfile")], folder, port), port


@pytest.fixture(params=[nginx, caddy], ids=["nginx", "caddy"])
def front(request: pytest.FixtureRequest, tmp_path: Path, behind: int) -> Iterator[Front]:
    running, port = request.param(tmp_path, behind)
    front = Front(port, tmp_path, running)
    yield front
    front.stop()


def test_a_web_server_in_front_keeps_metrics_inside_limits_what_comes_and_logs_no_code(
    front: Front, behind: int
) -> None:
    """Also where a path is written otherwise, and where what is behind fails."""
    assert front.ask("GET", "/healthz") == (200, "ok\n")
    assert "aidtrail" in Front(behind, front.logs).ask("GET", "/metrics")[1]
    for path in ("/metrics", "//metrics", "/%6detrics", "/x/../metrics", "/metrics/", "/metrics?x=1"):
        status, told = front.ask("GET", path)
        assert (status, "aidtrail_" in told) == (404, False), path
    for path in (
        "/d/{}",
        "/confirm/{}",
        "/api/v1/donations/{}",
        "/%64/{}",
        "//d/{}",
        "/d/{}?lang=en",
        "/x/../d/{}",
    ):
        assert front.ask("GET", path.format(CODE))[0] in {200, 308, 404}, path
    front.ask("POST", f"/confirm/{CODE}", {"Content-Type": "application/x-www-form-urlencoded"}, b"x" * 99)
    front.ask("GET", "/", {"Referer": f"https://aid.example/d/{CODE}", "Cookie": CODE})
    assert front.ask("GET", "/", {"X-Long": "x" * 70_000})[0] in {400, 431}
    with contextlib.suppress(ConnectionError):  # a server may close before all of it is sent
        headers = {"Authorization": f"Bearer {CODE}", "Content-Type": "text/plain"}
        assert front.ask("PUT", f"/api/v1/papers/{'0' * 64}", headers, bytes(10_500_000))[0] in {401, 413}
    assert front.ask("GET", "/api/v1/campaigns")[0] == 200
    front.stop()
    log = front.written()
    assert "/api/v1/campaigns" in log
    assert CODE not in log


class Echo(http.server.BaseHTTPRequestHandler):
    """Says who the web server in front says that asks, and by which name it was asked."""

    def do_GET(self) -> None:
        told = f"{self.headers.get_all('X-Forwarded-For')} {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
        """Nothing."""


@pytest.mark.parametrize("put", [nginx, caddy], ids=["nginx", "caddy"])
def test_news_of_a_gift_pass_a_web_server_in_front_as_they_come(put: Put, tmp_path: Path) -> None:
    """The second event is sent only once the first was read, so one that is held back would never come."""
    read = threading.Event()

    async def events() -> AsyncIterator[str]:
        yield "id: 1\n\n"
        yield f"id: {await run_in_threadpool(read.wait, SECONDS)}\n\n"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await News(Streams(), "", events())(scope, receive, send)

    server = WebServer(app, "127.0.0.1", 0)
    running, port = put(tmp_path, int(server.start().rpartition(":")[2]))
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    asking.request("GET", f"/d/live/{CODE}", headers={"Host": "aid.example", "Accept-Encoding": "gzip"})
    answer = asking.getresponse()
    assert answer.readline() == b"id: 1\n"
    read.set()
    assert answer.read() == b"\nid: True\n\n"
    asking.close()
    Front(port, tmp_path, running).stop()
    server.stop()


@pytest.mark.parametrize("put", [nginx, caddy], ids=["nginx", "caddy"])
def test_who_asks_is_told_by_the_web_server_and_never_by_the_client(put: Put, tmp_path: Path) -> None:
    """Who names others in a header is still the client that it is."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as echo:
        threading.Thread(target=echo.serve_forever, daemon=True).start()
        running, port = put(tmp_path, echo.server_port)
        front = Front(port, tmp_path, running)
        told = front.ask("GET", "/", {"X-Forwarded-For": "198.51.100.7, 203.0.113.9"})
        front.stop()
        echo.shutdown()
    assert told == (200, "['127.0.0.1'] aid.example")


@pytest.fixture
def alone() -> Iterator[Told]:
    """What a server without a web server in front answers to bytes, until it closes the connection."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        body = bytes(LONG) if scope["path"] == "/long" else b"ok"
        size = str(len(body)).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
        await send({"type": "http.response.body", "body": body})

    def told(sent: bytes, rest: bytes = b"", reads: bool = True) -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as asking:
            asking.sendall(sent)
            while not reads:  # until the server ends it, whose end of the connection takes nothing more then
                asking.sendall(b"\r\n")
            answered = asking.recv(4_096) if rest else b""
            asking.sendall(rest)
            return answered + b"".join(iter(lambda: asking.recv(4_096), b""))

    server = WebServer(app, "127.0.0.1", 0)
    port = int(server.start().rpartition(":")[2])
    yield told
    server.stop()


def is_problem(answer: bytes, status: int) -> bool:
    """One whole answer of this status, in the shape of every problem and with the safety headers."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    told = json.loads(body)
    assert headers["content-length"] == str(len(body))
    assert (headers["connection"], headers["x-content-type-options"]) == ("close", "nosniff")
    assert {"type", "title", "detail"} < told.keys()
    return (
        first.startswith(f"http/1.1 {status} ")
        and headers["content-type"] == "application/problem+json"
        and told["status"] == status
    )


def test_a_head_that_is_too_long_or_never_ends_is_not_waited_for(
    alone: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What keeps to the limits is answered on the same connection again."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n"
    answered = alone(request % b"" + request % b"X: y\r\nConnection: close\r\n")
    assert answered.count(b"200 OK") == 2
    assert is_problem(alone(b"GET / HTTP/1.1\r\nX: " + b"y" * (HEAD_BYTES + 1_000)), 431)
    monkeypatch.setattr(bounded_head, "HEAD_SECONDS", 0.05)
    assert is_problem(alone(b"GET / HTTP/1.1\r\nX-Slow: "), 408)
    assert is_problem(alone(b""), 408)


@pytest.mark.parametrize("method", [b"FOO", b"get", b"LIST", b"X" * 300])
def test_a_method_that_nothing_here_has_is_501(alone: Told, method: bytes) -> None:
    assert is_problem(alone(method + b" / HTTP/1.1\r\nHost: a\r\n\r\n"), 501)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/9.9\r\nHost: a\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    ],
)
def test_a_request_that_is_none_is_a_problem_too(alone: Told, sent: bytes) -> None:
    assert is_problem(alone(sent), 400)


@pytest.mark.parametrize(
    "hosts", [b"", b"Host: a\r\nHost: a\r\n", b"Host: a b\r\n", b"Host: a/b\r\n", b"Host: user@a\r\n"]
)
def test_a_request_of_http_1_1_names_one_host(alone: Told, hosts: bytes) -> None:
    """Also the second one of a connection; what comes behind it is not answered."""
    wrong = b"GET / HTTP/1.1\r\n%b\r\n" % hosts
    right = b"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"
    assert is_problem(alone(wrong), 400)
    first, _, second = alone(right + wrong + right).partition(b"\r\n\r\nok")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert is_problem(second, 400)
    posted = b"POST / HTTP/1.1\r\n%bContent-Length: 4\r\n\r\nbody" % hosts
    assert is_problem(alone(posted), 400)


def test_an_older_client_needs_to_name_no_host(alone: Told) -> None:
    assert alone(b"GET / HTTP/1.0\r\n\r\n").endswith(b"ok")


def test_beyond_so_many_connections_the_next_is_told_to_come_again(
    alone: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_head, "CONNECTIONS", 0)
    answer = alone(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert is_problem(answer, 503)
    assert b"\r\nretry-after: 1\r\n" in answer


def test_one_client_has_not_all_connections(alone: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told before it has sent anything; and no number of silent ones takes all files of the process."""
    for limit in ("EACH_CLIENT", "SPARE"):
        with monkeypatch.context() as within:
            within.setattr(bounded_head, limit, 0 if limit == "EACH_CLIENT" else -bounded_head.CONNECTIONS)
            assert is_problem(alone(b""), 503)


def test_no_connection_stays_for_a_rest_that_comes_late_or_never(
    alone: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that no route wanted is thrown away for a while; after it, the next request has to come in time."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"
    monkeypatch.setattr(bounded_head, "HEAD_SECONDS", 0.2)
    for rest in (b"x", b"xy"):
        assert alone(request, rest).endswith(b"\r\n\r\nok")


def test_who_reads_no_answer_is_not_waited_for(alone: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is kept all that is asked ahead of the answers."""
    request = b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n"
    assert b"HTTP/1.1 400 " in alone(request % b"" * (bounded_head.PIPELINED + 2))
    monkeypatch.setattr(bounded_head, "STUCK_SECONDS", 0.05)
    with pytest.raises(ConnectionError):
        alone(request % b"long", reads=False)


def test_who_sends_nonsense_writes_nothing_into_the_log(
    alone: Told, capfd: pytest.CaptureFixture[str]
) -> None:
    """Else anybody could fill the disk with it."""
    upgrade = b"Connection: Upgrade, close\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    for sent in (
        b"FOO / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n" % upgrade,
        b"\x16\x03\x01",
    ):
        assert alone(sent).startswith(b"HTTP/1.1 ")
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_port_that_is_taken_is_named_in_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match=f"port {port} on 127.0.0.1 cannot be opened"):
            WebServer(lambda *_: None, "127.0.0.1", port).start()
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_a_stop_waits_neither_for_a_source_nor_for_whoever_writes(serving: Serving) -> None:
    """The one that is started next need not wait for a lease that could not be given back."""
    serving.asked.settimeout(SECONDS)
    serving.asked.accept()[0].close()
    with contextlib.closing(sqlite3.connect(serving.folder / "aidtrail.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        serving.process.terminate()
        assert serving.process.wait(9) == 0, "container engines kill after ten seconds"
        (holder,) = other.execute("SELECT holder FROM leases").fetchone()
    assert not holder or is_gone(holder)
