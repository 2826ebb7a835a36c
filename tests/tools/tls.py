"""TLS for test servers: an authority that only tests trust, and certificates of it that are good or wrong in one way.

Made once with `openssl ca` and kept in tests/data/tls. All but `other.pem` are for explorer.example, localhost and
127.0.0.1; they last until 2120, `expired.pem` ended in 2021 and `early.pem` begins in 2119. The key opens nothing.
"""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.tools.fake_server import FakeServer

FOLDER = Path(__file__).resolve().parent.parent / "data/tls"
AUTHORITY = FOLDER / "authority.pem"
HOST = "explorer.example"


def server_context(certificate: str) -> ssl.SSLContext:
    """For a server that shows `good`, `other`, `expired`, `early` or `self`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / f"{certificate}.pem", FOLDER / "key.pem")
    return context


def secured(server: FakeServer, certificate: str) -> int:
    """Make a running server speak TLS with one of those certificates; returns its port."""
    context = server_context(certificate)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    port: int = server._server.server_address[1]
    return port
