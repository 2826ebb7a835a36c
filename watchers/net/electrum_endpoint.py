"""Where an Electrum server listens, read from what a configuration names; `net.electrum` opens the connection.

It stands apart so that reading a configuration loads no sockets.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger.core.wording import WrongValue

VERIFY, ANY = "verify", "any"


@dataclass(frozen=True, slots=True)
class ElectrumEndpoint:
    """Where a server listens. `trust` is "verify", "any" or the SHA-256 of its certificate in lower-case hex."""

    host: str
    port: int
    tls: bool
    trust: str = VERIFY

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def endpoint_of(url: str, tls: str = VERIFY) -> ElectrumEndpoint:
    """Read `tcp://host:port` or `ssl://host:port`; WrongValue says in one sentence what is wrong.

    `tls` tells what an ssl server must show: "verify" (a certificate that an authority of this system vouches
    for), "any" (encryption alone: what a server says is proven, whoever it is), or one certificate's SHA-256.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port = "", None
    else:
        if parts.scheme not in ("tcp", "ssl") or parts.username is not None or parts.path.strip("/"):
            host = ""
    if not host or not port:
        raise WrongValue("an Electrum server is named as ssl://host:port or tcp://host:port")
    trust = tls.replace(":", "").lower()
    if trust not in (VERIFY, ANY) and (len(trust) != 64 or not set(trust) <= set("0123456789abcdef")):
        raise WrongValue('tls is "verify", "any" or the 64 hexadecimal digits of a certificate\'s SHA-256')
    return ElectrumEndpoint(host, port, parts.scheme == "ssl", trust)
