"""The real Electrum server as the tests use it: e-x beside a real node, over TCP and TLS on loopback.
Never a stand-in: it indexes the node's own blocks and speaks whatever protocol it is asked for."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from tests.node.knots import Node
from tests.node.waiting import moments
from tests.tools.certificates import self_signed
from watchers.net.electrum_endpoint import endpoint_of
from watchers.net.errors import SourceError
from watchers.net.policy import HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources.electrum import Electrum

POLL_MILLISECONDS = "200"
START = """
from electrumx.cli.electrumx_server import main
from electrumx.server.transport import PaddedRSTransport
PaddedRSTransport.WAIT_FOR_BUFFER_GROWTH_SECONDS = 0.02
main()
"""
"""e-x keeps a small reply back for a second, to send it with others: too long for tests, so this is shortened."""


class ElectrumFailed(Exception):
    """The server did not start or does not follow the node; the message ends with its log."""


class RealElectrum:
    """One e-x process that follows one node; a context manager that leaves nothing behind."""

    def __init__(self, program: Path, node: Node) -> None:
        self.node = node
        self.folder = Path(tempfile.mkdtemp(prefix="aidtrail-electrum-"))
        self.certificate = self_signed(self.folder)
        self.tcp_port, self.tls_port = _free_ports()
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def tcp(self) -> str:
        return f"tcp://127.0.0.1:{self.tcp_port}"

    @property
    def tls(self) -> str:
        return f"ssl://127.0.0.1:{self.tls_port}"

    def source(self, url: str = "", trust: str = "any", name: str = "electrum") -> Electrum:
        """A source that asks it (over TCP unless told otherwise), at no pace."""
        policy = HttpPolicy(per_second=1e6, burst=10_000, breaker_failures=10_000)
        return Electrum(name, endpoint_of(url or self.tcp, trust), policy, REGTEST, monotonic=monotonic)

    def start(self) -> Self:
        """Starts the process and waits until it shows the node's tip."""
        daemon = f"http://{self.node.user}:{self.node.password}@127.0.0.1:{self.node.rpc_port}/"
        settings = {
            "COIN": "Bitcoin",
            "NET": "regtest",
            "DB_ENGINE": "leveldb",
            "DB_DIRECTORY": str(self.folder),
            "DAEMON_URL": daemon,
            "SERVICES": f"{self.tcp},{self.tls}",
            "SSL_CERTFILE": str(self.certificate),
            "SSL_KEYFILE": str(self.certificate),
            "ALLOW_ROOT": "1",
            "PEER_DISCOVERY": "off",
            "PEER_ANNOUNCE": "",
            "COST_SOFT_LIMIT": "0",
            "COST_HARD_LIMIT": "0",
            "CACHE_MB": "32",
            "REORG_LIMIT": "200",
            "DAEMON_POLL_INTERVAL_BLOCKS": POLL_MILLISECONDS,
            "DAEMON_POLL_INTERVAL_MEMPOOL": POLL_MILLISECONDS,
        }
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._program.with_name("python"), "-c", START],
                env={"PATH": os.environ["PATH"], **settings},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        return self.follow()

    def follow(self) -> Self:
        """Waits until its tip is the node's."""
        source = self.source()
        try:
            for _ in moments(30):
                if self._process is None or self._process.poll() is not None:
                    break
                try:
                    if source.look_tip().hash == self.node.rpc("getbestblockhash"):
                        return self
                except SourceError:
                    pass
        finally:
            source.close()
        raise ElectrumFailed(f"e-x does not follow the node: {(self.folder / 'log').read_text()[-800:]}")

    def stop(self) -> None:
        """Ends the process; its index stays until `close`."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
