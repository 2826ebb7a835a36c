"""Connections that end in time: names looked up, addresses judged, proxies gone through, TLS put on top.

Below `net.http` and `net.electrum`, which say what is sent. Whoever opens a connection has a `Deadline`, and every
wait on it ends with that, however slowly the bytes come; from another thread it can be cut off at once.
"""

from __future__ import annotations

import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import socks

from ledger.core.wording import Wording, translatable
from watchers.net.errors import SourceDown, SourceRefused, SourceSlow
from watchers.net.policy import is_public
from watchers.net.proxy import LONGEST, Proxy, socks_wording, tunnel_head, tunnel_refusal

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

Answer = TypeVar("Answer")
_Address = tuple[int, int, int, str, tuple[Any, ...]]
_PIECE = 4096
_MOST_PROXY_HEAD = 16 * 1024


class Deadline:
    """The time that one request has, and the connections that it uses. `abort` may come from any thread.

    `until` is a moment of `monotonic`, which gives seconds that never go back.
    """

    def __init__(self, source: str, until: float, monotonic: Callable[[], float]) -> None:
        self.source = source
        self._until = until
        self._monotonic = monotonic
        self._aborted = False
        self._held: list[Connection] = []
        self._lock = threading.Lock()
        self._woken = threading.Event()

    def left(self) -> float:
        """Seconds that are left; SourceSlow when none are, SourceDown after `abort`."""
        if self._aborted:
            raise SourceDown(self.source, "the connection broke off: this program is ending")
        left = self._until - self._monotonic()
        if left <= 0:
            raise self.missed()
        return left

    def missed(self) -> SourceSlow:
        """What to raise when a wait was as long as the time that was left."""
        return SourceSlow(self.source, "no whole answer within the deadline")

    def hold(self, connection: Connection) -> None:
        """Cut this connection off, too, when the request is aborted."""
        with self._lock:
            self._held.append(connection)
            if self._aborted:
                connection.cut()

    def abort(self) -> None:
        """End the request now: whoever waits for a byte on one of its connections gets the end of them instead."""
        with self._lock:
            self._aborted = True
            for connection in self._held:
                connection.cut()
        self._woken.set()

    def result_of(self, work: Callable[[], Answer]) -> Answer:
        """What `work` returns or raises, for calls that know no deadline: a thread of its own is left with them."""
        answers: list[Answer] = []
        failures: list[BaseException] = []

        def run() -> None:
            try:
                answers.append(work())
            except BaseException as failure:  # handed to the waiting thread, which raises it
                failures.append(failure)
            self._woken.set()

        self._woken.clear()
        threading.Thread(target=run, name=f"look-up for {self.source}", daemon=True).start()
        self._woken.wait(self.left())
        if failures:
            raise failures[0]
        if not answers:
            self.left()
            raise self.missed()
        return answers[0]


class Connection:
    """One open connection, bare or with TLS, which serves one request after another, each within its deadline."""

    def __init__(self, sock: _TcpSocket | _SocksSocket, deadline: Deadline) -> None:
        self.socket: socket.socket = sock
        self.deadline = deadline
        sock.connection = self
        deadline.hold(self)

    def serve(self, deadline: Deadline) -> None:
        """From now on this request waits on it."""
        self.deadline = deadline
        deadline.hold(self)

    def cut(self) -> None:
        """End it from any thread, without giving it back; it may be gone already."""
        with suppress(OSError):
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it; closing twice is nothing."""
        with suppress(OSError):
            self.socket.close()

    def bare(self) -> None:
        """Behind a SOCKS proxy: what was needed to get through is laid aside."""
        opened = self.socket
        sock = _TcpSocket(opened.family, opened.type, opened.proto, fileno=opened.detach())
        sock.connection = self
        self.socket = sock

    def certificate_sha256(self) -> str:
        """Of the certificate that the other side showed, in lower-case hex; ValueError without TLS."""
        if not isinstance(self.socket, ssl.SSLSocket):
            raise ValueError("the connection has no TLS")
        return hashlib.sha256(self.socket.getpeercert(binary_form=True) or b"").hexdigest()

    def secure(
        self, context: ssl.SSLContext, host: str, *, is_proxy: bool = False, may_pin: bool = False
    ) -> None:
        """Put TLS on top; the certificate is judged before a byte of ours is sent.

        `context` comes from `tls_context`. SourceSlow or SourceDown (the connection is closed then) says what is
        wrong: of the proxy where it is one, and how to go on where its certificate may be named instead (`may_pin`).
        """
        source = self.deadline.source
        try:
            left = self.deadline.left()
            secure = context.wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
            assert isinstance(secure, _TlsSocket), "made by tls_context"
            secure.connection = self
            self.socket = secure
            secure.settimeout(left)
            secure.do_handshake()  # keeps to this time as a whole, not for each read
        except TimeoutError:
            self.close()
            late = _of(is_proxy, Wording("TLS: no secure connection in time"))
            raise SourceSlow(source, "{trouble}", trouble=late) from None
        except ssl.SSLCertVerificationError as failure:
            self.close()
            trouble = _of(is_proxy, tls_wording(failure))
            if may_pin:
                raise SourceDown(
                    source,
                    '{trouble}; if that is meant, set tls to the certificate\'s SHA-256, or to "any"',
                    trouble=trouble,
                ) from None
            raise SourceDown(source, "{trouble}", trouble=trouble) from None
        except (OSError, ValueError) as failure:
            self.close()
            raise SourceDown(source, "{trouble}", trouble=_of(is_proxy, tls_wording(failure))) from None


class _TcpSocket(socket.socket):
    """A socket whose waits end with the deadline of its connection."""

    connection: Connection

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self.settimeout(self.connection.deadline.left())
        try:
            return super().recv(bufsize, flags)
        except TimeoutError:
            raise self.connection.deadline.missed() from None

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0, /) -> int:
        self.settimeout(self.connection.deadline.left())
        try:
            return super().recv_into(buffer, nbytes, flags)
        except TimeoutError:
            raise self.connection.deadline.missed() from None

    def sendall(self, data: ReadableBuffer, flags: int = 0, /) -> None:
        self.settimeout(self.connection.deadline.left())
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise self.connection.deadline.missed() from None


class _TlsSocket(ssl.SSLSocket):
    """The same with TLS, whose every reading goes through `read` and every writing through `send`."""

    connection: Connection

    def read(self, len: int = 1024, buffer: Any = None) -> Any:  # noqa: A002 - as the library names it
        self.settimeout(self.connection.deadline.left())
        try:
            return super().read(len, buffer)
        except TimeoutError:
            raise self.connection.deadline.missed() from None

    def send(self, data: ReadableBuffer, flags: int = 0) -> int:
        self.settimeout(self.connection.deadline.left())
        try:
            return super().send(data, flags)
        except TimeoutError:
            raise self.connection.deadline.missed() from None


class _SocksSocket(socks.socksocket):  # type: ignore[misc]  # PySocks is without types
    """PySocks' way through a SOCKS5 proxy, read within the deadline. It is told names and looks none up."""

    connection: Connection

    def recv_into(self, buffer: WriteableBuffer, nbytes: int = 0, flags: int = 0, /) -> int:
        socket.socket.settimeout(self, self.connection.deadline.left())
        try:
            return socket.socket.recv_into(self, buffer, nbytes, flags)
        except TimeoutError:
            raise self.connection.deadline.missed() from None


def tls_context(authorities: str | None) -> ssl.SSLContext:
    """What certificates are judged by: those authorities (a PEM file), or the system's own."""
    context = ssl.create_default_context(cafile=authorities)
    context.hostname_checks_common_name = False
    context.sslsocket_class = _TlsSocket
    return context


def open_connection(
    host: str,
    port: int,
    deadline: Deadline,
    *,
    guarded: bool,
    proxy: Proxy | None,
    connect_timeout: float,
    proxy_context: ssl.SSLContext | None = None,
) -> Connection:
    """A connection to a host, through the proxy where there is one; without TLS of its own.

    `guarded`: only public addresses are dialled; behind a proxy the name is the proxy's business. `connect_timeout`
    are seconds for each address. `proxy_context` is for proxies that are spoken to over TLS. Raises SourceDown,
    SourceSlow or SourceRefused, with a sentence that says which part failed.
    """
    host = host.strip("[]")
    if proxy is None:
        return _dial(host, port, deadline, connect_timeout, guarded=guarded)
    if proxy.is_socks:
        return _dial_by_socks(proxy, host, port, deadline, connect_timeout)
    connection = _dial(proxy.host, proxy.port, deadline, connect_timeout, guarded=False, is_proxy=True)
    if proxy_context is not None:
        connection.secure(proxy_context, proxy.host, is_proxy=True)
    try:
        _open_tunnel(connection, proxy, host, port)
    except BaseException:
        connection.close()
        raise
    return connection


def dial_proxy(proxy: Proxy, deadline: Deadline, connect_timeout: float) -> Connection:
    """A connection to an HTTP proxy itself, which forwards plain requests."""
    return _dial(proxy.host, proxy.port, deadline, connect_timeout, guarded=False, is_proxy=True)


def _dial(
    host: str, port: int, deadline: Deadline, connect_timeout: float, *, guarded: bool, is_proxy: bool = False
) -> Connection:
    """To the first address of a name that answers, leaving out those where nobody sent us."""
    late = private = False
    for family, kind, protocol, _, address in _addresses(host, port, deadline, is_proxy):
        if guarded and not is_public(str(address[0])):
            private = True
            continue
        try:
            connection = Connection(_TcpSocket(family, kind, protocol), deadline)
        except OSError:
            continue
        try:
            connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.socket.settimeout(min(connect_timeout, deadline.left()))
            connection.socket.connect(address)
        except OSError as failure:
            connection.close()
            late = late or isinstance(failure, TimeoutError)
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    deadline.left()
    raise _nobody(deadline.source, late=late, private=private, is_proxy=is_proxy)


def _dial_by_socks(
    proxy: Proxy, host: str, port: int, deadline: Deadline, connect_timeout: float
) -> Connection:
    """Through the SOCKS proxy at the first of its own addresses that answers."""
    late = False
    if not host.isascii() or len(host) > LONGEST:
        raise SourceDown(deadline.source, "the host's name is longer than the proxy takes, or not in ASCII")
    for family, kind, protocol, _, address in _addresses(proxy.host, proxy.port, deadline, is_proxy=True):
        try:
            sock = _SocksSocket(family, kind, protocol)
        except OSError:
            continue
        connection = Connection(sock, deadline)
        sock.set_proxy(
            socks.SOCKS5, address[0], proxy.port, rdns=True, username=proxy.user, password=proxy.password
        )
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(min(connect_timeout, deadline.left()))
            sock.connect((host, port))
        except socks.ProxyConnectionError as failure:
            connection.close()
            late = late or isinstance(failure.socket_err, TimeoutError)
        except socks.ProxyError as failure:
            connection.close()
            deadline.left()
            raise SourceDown(deadline.source, "{trouble}", trouble=socks_wording(failure)) from None
        except BaseException:
            connection.close()
            raise
        else:
            connection.bare()
            return connection
    deadline.left()
    raise _nobody(deadline.source, late=late, private=False, is_proxy=True)


def _nobody(
    source: str, *, late: bool, private: bool, is_proxy: bool
) -> SourceDown | SourceSlow | SourceRefused:
    """What to raise where no address of a name led to a connection."""
    if private:
        return SourceRefused(
            source, 0, "its name leads to a private address that the configuration does not name"
        )
    if late and is_proxy:
        return SourceSlow(source, "no connection to the proxy in time")
    if late:
        return SourceSlow(source, "no connection to it in time")
    if is_proxy:
        return SourceDown(source, "no connection: nobody answers where the proxy should be")
    return SourceDown(source, "no connection: nobody answers where it should be")


def _addresses(host: str, port: int, deadline: Deadline, is_proxy: bool) -> Sequence[_Address]:
    """Where a name leads. The system's resolver keeps no deadline, so a thread asks it; an address needs none."""

    def look_up() -> Sequence[_Address]:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)

    try:
        return look_up() if _is_address(host) else deadline.result_of(look_up)
    except socket.gaierror as failure:
        wording = _NO_ANSWER if failure.errno == socket.EAI_AGAIN else _UNKNOWN
    except (UnicodeError, OSError):
        wording = _UNUSABLE
    raise SourceDown(deadline.source, "DNS: {trouble}", trouble=Wording(wording[is_proxy]))


_NO_ANSWER = (
    translatable("its name cannot be looked up; no name server answers"),
    translatable("the proxy's name cannot be looked up; no name server answers"),
)
_UNKNOWN = (
    translatable("its name cannot be looked up; no name server knows it"),
    translatable("the proxy's name cannot be looked up; no name server knows it"),
)
_UNUSABLE = (
    translatable("its name cannot be looked up"),
    translatable("the proxy's name cannot be looked up"),
)
"""Of a host, and of the proxy."""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _open_tunnel(connection: Connection, proxy: Proxy, host: str, port: int) -> None:
    """Ask an HTTP proxy for a tunnel (RFC 9110, 9.3.6); what it says beyond the end of its head is not TLS."""
    source = connection.deadline.source
    head = bytearray()
    try:
        connection.socket.sendall(tunnel_head(proxy, host, port))
        while b"\r\n\r\n" not in head and len(head) <= _MOST_PROXY_HEAD:
            piece = connection.socket.recv(_PIECE)
            if not piece:
                break
            head += piece
    except OSError:
        head.clear()
    refusal = tunnel_refusal(source, bytes(head))
    if refusal is not None:
        raise refusal


_CERTIFICATE = {
    9: translatable("the certificate is not valid yet; is this machine's clock right?"),
    10: translatable("the certificate has expired; is this machine's clock right?"),
    18: translatable("the certificate is self-signed"),
    19: translatable("the certificate leads to a self-signed one that nobody here trusts"),
    20: translatable("the certificate is of an authority that nobody here trusts"),
    21: translatable("the certificate is of an authority that nobody here trusts"),
    23: translatable("the certificate was revoked"),
    62: translatable("the certificate is for another host name"),
    64: translatable("the certificate is for another address"),
}
"""By OpenSSL's verify codes (X509_V_ERR_…), which Python hands on as `verify_code`."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE"})
_TOO_OLD = frozenset({"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE"})


def _of(is_proxy: bool, trouble: Wording) -> Wording:
    """What is wrong, said of the proxy where it is."""
    return Wording("the proxy: {trouble}", {"trouble": trouble}) if is_proxy else trouble


def tls_wording(failure: Exception) -> Wording:
    """Why a TLS connection could not be made, for a person; never the library's text, which others may choose."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        code = failure.verify_code
        if code in _CERTIFICATE:
            return Wording("TLS: {trouble}", {"trouble": Wording(_CERTIFICATE[code])})
        return Wording("TLS: the certificate is not valid (code {code})", {"code": code})
    reason = getattr(failure, "reason", None)
    if reason in _NO_TLS:
        return Wording("TLS: what answers there does not speak it")
    if reason in _TOO_OLD:
        return Wording("TLS: the other side speaks only versions that are too old")
    if isinstance(failure, ssl.SSLEOFError | ssl.SSLZeroReturnError | ConnectionError):
        return Wording("TLS: the connection broke off before it was secure")
    return Wording("TLS: no secure connection could be made")
