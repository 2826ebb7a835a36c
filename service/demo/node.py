"""A throwaway Bitcoin node on a chain of its own (regtest), started and driven over JSON-RPC on loopback.
It never touches a public network, never listens beyond this machine, and leaves nothing behind."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

USER = "aidtrail"
START_ATTEMPTS, START_PAUSE = 1200, 0.05
SETTINGS = (
    "regtest=1",
    "server=1",
    "rest=1",
    "txindex=1",
    "fallbackfee=0.0002",
    "corepolicy=1",
    "dnsseed=0",
    "fixedseeds=0",
    "listenonion=0",
    "natpmp=0",
    "discover=0",
    "dbcache=32",
    "maxmempool=50",
    "mempoolexpiry=9000",
    "persistmempool=1",
)


class NodeFailed(Exception):
    """The node did not start, stop or answer; the message says which, and the end of its log."""


class RpcRefused(Exception):
    """The node answered a call with an error: `code` is the node's number, the message its own sentence."""

    def __init__(self, method: str, code: int, sentence: str) -> None:
        super().__init__(f"{method}: {sentence} ({code})")
        self.code = code


class RegtestNode:
    """One bitcoind process with a data folder of its own; use as a context manager, or start and stop it.

    `mock_time` is the node's clock in seconds since 1970 (None: the machine's). Amounts come back as Decimal
    of whole bitcoins; hand amounts in as text ("0.0002") or Decimal, never float.
    """

    def __init__(self, binary: Path, *, mock_time: int | None = None, extra: tuple[str, ...] = ()) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="aidtrail-node-"))
        self.user = USER
        self.password = secrets.token_hex(16)
        self.rpc_port, self.p2p_port = _free_ports(2)
        self.mock_time = mock_time
        self._binary = binary
        self._extra = extra
        self._process: subprocess.Popen[bytes] | None = None
        self._write_settings()

    @property
    def url(self) -> str:
        """Base of JSON-RPC and of the REST paths (`/rest/…`)."""
        return f"http://127.0.0.1:{self.rpc_port}"

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> Self:
        """Starts the process (again after `stop` or `kill`) and waits for it; NodeFailed after a minute."""
        if self.pid is not None:
            return self
        command = [str(self._binary), f"-datadir={self.folder}", "-printtoconsole=0"]
        if self.mock_time is not None:
            command.append(f"-mocktime={self.mock_time}")
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True
            )
        for attempt in range(START_ATTEMPTS):
            try:
                self.rpc("getblockcount")
                break
            except (OSError, http.client.HTTPException, RpcRefused) as error:
                if self._process.poll() is not None or attempt == START_ATTEMPTS - 1:
                    raise NodeFailed(f"bitcoind did not start: {self._last_words()}") from error
                time.sleep(START_PAUSE)
        for wallet in sorted(p.name for p in self._chain_folder().glob("wallets/*") if p.is_dir()):
            with contextlib.suppress(RpcRefused):
                self.rpc("loadwallet", wallet)
        return self

    def rpc(self, method: str, *params: object, wallet: str | None = None) -> Any:
        """Calls one method and returns its result; RpcRefused when it says no, OSError when it is down."""
        path = f"/wallet/{wallet}" if wallet is not None else "/"
        body = json.dumps(
            {"jsonrpc": "1.0", "id": 1, "method": method, "params": params}, default=_plain_amount
        ).encode()
        secret = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        connection = http.client.HTTPConnection("127.0.0.1", self.rpc_port, timeout=60)
        try:
            connection.request(
                "POST", path, body, {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
            )
            raw = connection.getresponse().read()
        finally:
            connection.close()
        try:
            answer = json.loads(raw, parse_float=Decimal)
        except ValueError as error:
            raise NodeFailed(f"{method}: the node's answer is not JSON: {raw[:80]!r}") from error
        if answer.get("error"):
            raise RpcRefused(method, int(answer["error"]["code"]), str(answer["error"]["message"]))
        return answer["result"]

    def set_time(self, seconds: int) -> None:
        """Moves the node's clock to `seconds` since 1970; blocks mined from now on carry it."""
        self.mock_time = seconds
        self.rpc("setmocktime", seconds)

    def stop(self) -> None:
        """Ends the process in order, keeping its data for another `start`; nothing when it does not run."""
        if self._process is None:
            return
        with contextlib.suppress(OSError, http.client.HTTPException, RpcRefused, NodeFailed):
            self.rpc("stop")
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """Ends the process at once, as a power cut would (SIGKILL)."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=60)
            self._process = None

    def close(self) -> None:
        """Stops the process and removes its data folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _chain_folder(self) -> Path:
        return self.folder / "regtest"

    def _write_settings(self) -> None:
        section = (
            "[regtest]",
            f"bind=127.0.0.1:{self.p2p_port}",
            "rpcbind=127.0.0.1",
            "rpcallowip=127.0.0.1",
            f"rpcport={self.rpc_port}",
            f"rpcuser={self.user}",
            f"rpcpassword={self.password}",
        )
        path = self.folder / "bitcoin.conf"
        path.touch(mode=0o600)
        path.write_text("\n".join((*SETTINGS, *self._extra, *section, "")))

    def _last_words(self) -> str:
        texts = [
            path.read_text(errors="replace")[-400:]
            for path in (self.folder / "console.log", self._chain_folder() / "debug.log")
            if path.exists()
        ]
        return " | ".join(text.strip() for text in texts) or "it wrote no log"


def _plain_amount(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"cannot send a {type(value).__name__} to the node")


def _free_ports(count: int) -> list[int]:
    """Ports free at this moment; held open together so that no two are the same."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
