"""JSON-RPC with one Electrum server over one connection that is kept: pipelined, numbered, bounded in time and size.

Between `sources.electrum`, which knows what the words mean, and `net.connection`. Notifications are handed on; every
other line must answer a question that is open.
"""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from math import inf
from random import SystemRandom
from typing import Protocol, Self
from urllib.parse import urlsplit

from watchers.net.connection import Connection, Deadline, open_connection, tls_context
from watchers.net.electrum_endpoint import ANY, VERIFY, ElectrumEndpoint
from watchers.net.errors import (
    SourceDown,
    SourceError,
    SourceGarbled,
    SourceLate,
    SourceRefused,
    SourceSlow,
)
from watchers.net.guards import GuardRefused, array_of, item, json_of, object_of, text, whole
from watchers.net.pace import Paces
from watchers.net.policy import HttpPolicy, check_destination, is_local, takes_proxy
from watchers.net.proxy import proxy_of

PROTOCOLS = ("1.4", "1.6")
"""Lowest and highest protocol that is spoken here."""
_PIECE = 64 * 1024
A_GROUP = 250
"""So many questions are on their way at once; their sum is too small to fill a buffer and block both sides."""
_LEAST_GROUP = 10
_MORE = 4
"""By so many questions a group that was made smaller grows with each whole one that is answered."""
_HELD = 3_600.0
"""Seconds after a refusal in which it does not grow: who was busy for a while is asked as before again, and who never
answers more refuses once an hour and not in each look.
"""
_MOST_TOGETHER = 64_000_000
"""Bytes that the answers to one group may have in all, where no single one may have more."""
_SMALL = 64 * 1024
_UNASKED = 1 << 20
"""Bytes of notifications that one exchange may bring along."""
_PADDED = 2
"""Servers pad what they send together to a power of two, with spaces in its last line."""
_BUSY = frozenset({-101, -102})
"""Codes of ElectrumX for too many requests, and for a server that is too busy."""


class ElectrumConnection:
    """Lines out and in over one open connection. SourceDown when it breaks, SourceSlow when time is over."""

    def __init__(self, source: str, connection: Connection) -> None:
        self._source = source
        self._connection = connection
        self._read = bytearray()
        self.received = 0
        """Bytes read, lines that were cut off included."""

    @classmethod
    def open(cls, source: str, endpoint: ElectrumEndpoint, policy: HttpPolicy, deadline: Deadline) -> Self:
        """Connect under the policy: SourceRefused for a place or certificate that it does not allow."""
        check_destination(urlsplit(f"https://{endpoint}"), policy, source)
        local = is_local(endpoint.host, policy)
        if not endpoint.tls and not local and not endpoint.host.endswith(".onion"):
            raise SourceRefused(source, 0, "plain TCP is for local hosts only; use ssl://")
        proxy = proxy_of(policy.proxy or "") if takes_proxy(endpoint.host, policy) else None
        if proxy is not None and proxy.scheme == "https":
            raise SourceRefused(
                source, 0, "an Electrum server is not asked through an https proxy; use socks5h://"
            )
        connection = open_connection(
            endpoint.host,
            endpoint.port,
            deadline,
            guarded=proxy is None and not local,
            proxy=proxy,
            connect_timeout=policy.connect_timeout,
        )
        if endpoint.tls:
            _secure(source, connection, endpoint)
        return cls(source, connection)

    def serve(self, deadline: Deadline) -> None:
        """From now on waits end with this deadline."""
        self._connection.serve(deadline)

    def send(self, data: bytes) -> None:
        """All of it."""
        try:
            self._connection.socket.sendall(data)
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure

    def line(self, most: int) -> bytes:
        """The next line without its end; SourceRefused as soon as it is longer than `most` bytes."""
        looked = 0
        while (end := self._read.find(b"\n", looked)) < 0:
            looked = len(self._read)
            if looked > most:
                break
            if not self._more():
                raise SourceDown(self._source, "the connection was closed")
        if end < 0 or end > most:
            raise SourceRefused(self._source, 0, "answer of more than {most} bytes, cut off", most=most)
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def waiting(self, most: int) -> list[bytes]:
        """Whole lines that came by themselves, without waiting for any; what is half there stays."""
        self._connection.serve(_AtOnce(self._source))
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            while len(self._read) <= most:
                if not self._more():
                    raise SourceDown(self._source, "the connection was closed")
        whole, newline, rest = bytes(self._read).rpartition(b"\n")
        self._read = bytearray(rest)
        return whole.split(b"\n") if newline else []

    def _more(self) -> bool:
        """Some more bytes; False at their end."""
        try:
            piece = self._connection.socket.recv(_PIECE)
        except (BlockingIOError, ssl.SSLWantReadError):
            raise
        except OSError as failure:
            raise SourceDown(self._source, "the connection broke off") from failure
        self._read += piece
        self.received += len(piece)
        return bool(piece)

    def close(self) -> None:
        """Let go of the connection; closing twice is nothing."""
        self._connection.close()


class _AtOnce(Deadline):
    """No time at all: what is there is read, and nothing is waited for."""

    def __init__(self, source: str) -> None:
        super().__init__(source, 0.0, lambda: 0.0)

    def left(self) -> float:
        """None."""
        return 0.0


def _secure(source: str, connection: Connection, endpoint: ElectrumEndpoint) -> None:
    """TLS, whose certificate is judged as the place says before a byte of ours is sent."""
    context = tls_context(None)
    if endpoint.trust != VERIFY:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    connection.secure(context, endpoint.host, may_pin=True)
    shown = connection.certificate_sha256()
    if endpoint.trust not in (VERIFY, ANY, shown):
        connection.close()
        raise SourceRefused(
            source,
            0,
            "TLS: the certificate's SHA-256 is {shown}, which is not the one configured",
            shown=shown,
        )


class ElectrumDeclined(SourceRefused):
    """The server answered a question with an error: its own `code` (0 where it gives none) and words."""

    def __init__(self, source: str, method: str, code: int, said: str) -> None:
        self.code = code
        self.said = said
        super().__init__(
            source,
            0,
            "{method}: the server answers error {code}, {said}",
            method=method,
            code=code,
            said=said,
        )


class Listener(Protocol):
    """Who wants to know what a server says by itself."""

    def heard(self, method: str, params: object) -> None:
        """A notification, whose params are as they came."""

    def lost(self) -> None:
        """The connection is gone, and all that was subscribed on it."""


class ElectrumClient:
    """Asks one server. Safe to use from several threads, one exchange at a time.

    `monotonic` gives seconds that never go back; `sleep` waits that many.
    """

    def __init__(
        self,
        source: str,
        endpoint: ElectrumEndpoint,
        policy: HttpPolicy,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self.requests = 0
        self.asked_until = inf
        """Moment of `monotonic` after which it is asked no more: SourceLate, which is no failure of its."""
        self.protocol: tuple[int, ...] = ()
        self.listener: Listener | None = None
        self._source = source
        self._endpoint = endpoint
        self._policy = policy
        self._monotonic = monotonic
        self._ended = threading.Event()
        self._sleep: Callable[[float], object] = sleep if sleep is not None else self._ended.wait
        self._under_way: Deadline | None = None
        self._pace = Paces(policy, monotonic, SystemRandom().random).of(urlsplit(f"//{endpoint}"))
        self._group = A_GROUP
        self._held_until = monotonic()
        self._lock = threading.Lock()
        self._connection: ElectrumConnection | None = None
        self._read_before = 0
        self._number = 0

    @property
    def bytes_read(self) -> int:
        """Bytes read over all connections, notifications and padding included."""
        return self._read_before + (self._connection.received if self._connection is not None else 0)

    def ask(self, method: str, *params: object, most: int, deadline: float) -> object:
        """The result of one question within `deadline` seconds in all, from a line of at most `most` bytes
        beside padding.

        ElectrumDeclined where the server answers with an error.
        """
        (answer,) = self.ask_all(method, [params], most=most, deadline=deadline)
        if isinstance(answer, ElectrumDeclined):
            raise answer
        return answer

    def ask_all(
        self,
        method: str,
        calls: Sequence[Sequence[object]],
        *,
        most: int,
        deadline: float,
        most_together: int = A_GROUP,
    ) -> list[object | ElectrumDeclined]:
        """The results in the order of the calls, `most_together` of them on their way at a time, and fewer for a
        while where the server called that too much; `deadline` is for each such group.

        The pace that a host is owed counts groups: a wallet subscribes to all its addresses at once, too, and a server
        that is asked one by one may hold each short answer back.
        """
        answers: list[object | ElectrumDeclined] = []
        while len(answers) < len(calls):
            group = min(most_together, self._group)
            answers += self._mannerly(method, calls[len(answers) : len(answers) + group], most, deadline)
        return answers

    def hear(self) -> None:
        """Hand on the notifications that have come by themselves; a broken connection is only let go of."""
        with self._lock:
            if self._connection is None:
                return
            try:
                for line in self._connection.waiting(_UNASKED):
                    if self._row(line, {}) is not None:
                        raise SourceDown(self._source, "an answer that nobody asked for")
            except SourceError:
                self._close()

    def close(self) -> None:
        """Let go of the connection; the next question opens another."""
        with self._lock:
            self._close()

    def end(self) -> None:
        """Cut off what is under way, from any thread; later questions raise SourceDown."""
        self._ended.set()
        under_way = self._under_way
        if under_way is not None:
            under_way.abort()

    def _mannerly(
        self, method: str, calls: Sequence[Sequence[object]], most: int, deadline: float
    ) -> list[object | ElectrumDeclined]:
        """One group at the pace, and with the rests, that a host is owed."""
        now = self._monotonic()
        until = min(now + deadline, self.asked_until)
        if self.asked_until <= now:
            raise SourceLate(self._source)
        ends = Deadline(self._source, until, self._monotonic)
        wait = self._pace.wait(until, self._source)
        if wait > 0:
            self._sleep(wait)
        if not self._lock.acquire(timeout=ends.left()):
            raise SourceSlow(self._source, "another question to it is taking all the time")
        try:
            self._under_way = ends
            if self._ended.is_set():
                raise SourceDown(self._source, "not asked: this program is ending")
            answers = self._exchange(method, calls, most, ends)
        except BaseException as failure:
            self._close()  # a late answer must meet no later question
            if isinstance(failure, SourceDown | SourceSlow):
                if self._monotonic() >= self.asked_until:
                    raise SourceLate(self._source) from None
                self._pace.failed(1)
            raise
        finally:
            self._under_way = None
            self._lock.release()
        self._pace.succeeded()
        for answer in answers:
            if isinstance(answer, ElectrumDeclined) and answer.code in _BUSY:
                self._pace.pause(self._policy.breaker_pause)
                self._held_until = self._monotonic() + _HELD
                if len(calls) > _LEAST_GROUP:
                    self._group = max(_LEAST_GROUP, len(calls) // 2)
                raise SourceRefused(self._source, 429, "too many requests: {said}", said=answer.said)
        if len(calls) >= self._group and self._monotonic() >= self._held_until:
            self._group = min(A_GROUP, self._group + _MORE)
        return answers

    def _exchange(
        self, method: str, calls: Sequence[Sequence[object]], most: int, deadline: Deadline
    ) -> list[object | ElectrumDeclined]:
        """Over the connection that is there; where that has broken since it was last used, over a new one."""
        kept = self._connection
        if kept is not None:
            try:
                kept.serve(deadline)
                return self._round(kept, method, calls, most)
            except SourceDown:
                self._close()
        return self._round(self._open(deadline), method, calls, most)

    def _open(self, deadline: Deadline) -> ElectrumConnection:
        """A new connection, on which both sides have agreed on a protocol: the first message, as 1.6 demands."""
        connection = ElectrumConnection.open(self._source, self._endpoint, self._policy, deadline)
        self._connection = connection
        self._pace.take()
        declined: ElectrumDeclined | None = None
        for wanted in (list(PROTOCOLS), PROTOCOLS[0]):  # electrs before 0.10 takes one version and no range
            try:
                (answer,) = self._round(
                    connection, "server.version", [[self._policy.user_agent, wanted]], _SMALL
                )
            except SourceDown:
                if declined is None:
                    raise
                break  # it hung up behind its refusal, as the protocol says
            if not isinstance(answer, ElectrumDeclined):
                self.protocol = self._agreed(answer)
                return connection
            declined = declined or answer
        raise SourceRefused(
            self._source,
            0,
            "speaks no protocol from {lowest} to {highest}: {said}",
            lowest=PROTOCOLS[0],
            highest=PROTOCOLS[1],
            said="" if declined is None else declined.said,
        )

    def _agreed(self, answer: object) -> tuple[int, ...]:
        try:
            rows = array_of(answer, "version", most=2)
            if len(rows) != 2:
                raise GuardRefused(
                    "version",
                    "{n} item where software and protocol belong",
                    many="{n} items where software and protocol belong",
                    n=len(rows),
                )
            text(rows[0], "version.software", most=200)
            named = text(rows[1], "version.protocol", most=20)
            if not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,4}){1,3}", named, re.ASCII):
                raise GuardRefused("version.protocol", "not a number such as 1.4")
        except GuardRefused as refused:
            raise SourceGarbled.of(self._source, refused) from refused
        protocol = tuple(int(part) for part in named.split("."))
        if not (1, 4) <= protocol[:2] <= (1, 6):
            raise SourceRefused(
                self._source, 0, "speaks protocol {named}; 1.4 to 1.6 are understood", named=named
            )
        return protocol

    def _round(
        self,
        connection: ElectrumConnection,
        method: str,
        calls: Sequence[Sequence[object]],
        most: int,
    ) -> list[object | ElectrumDeclined]:
        """Send the questions and read lines until each is answered; answers may come in any order."""
        opened: dict[int, str] = {}
        lines: list[bytes] = []
        for params in calls:
            self._number += 1
            opened[self._number] = method
            asked = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": list(params)}
            lines.append(json.dumps(asked, separators=(",", ":")).encode() + b"\n")
        order = list(opened)
        self.requests += len(order)
        connection.send(b"".join(lines))
        answers: dict[int, object | ElectrumDeclined] = {}
        enough = (
            connection.received + _PADDED * min(len(order) * most, max(most, _MOST_TOGETHER)) + 2 * _UNASKED
        )
        while opened:
            if connection.received > enough:
                raise SourceRefused(
                    self._source, 0, "more than we read in one go, notifications included; cut off"
                )
            line = connection.line(_PADDED * most + _UNASKED)
            answered = self._row(line, opened)
            if answered is not None:
                number, answer = answered
                answers[number] = answer
                del opened[number]
        return [answers[number] for number in order]

    def _row(self, line: bytes, opened: Mapping[int, str]) -> tuple[int, object | ElectrumDeclined] | None:
        """What a line answers, None where it is a notification; SourceGarbled for anything else."""
        field = next(iter(opened.values()), "notification")
        try:
            row = object_of(json_of(line, field), field)
            if "method" in row and row.get("id") is None:
                name = text(row["method"], "notification.method", most=200)
                if self.listener is not None:
                    self.listener.heard(name, row.get("params"))
                return None
            number = whole(item(row, "id", field), f"{field}.id", least=0, most=1 << 62)
            if number not in opened:
                raise GuardRefused(f"{field}.id", "answers a question that is not open")
            error = row.get("error")
            if error is not None:
                return number, self._declined(error, opened[number])
            return number, item(row, "result", field)
        except GuardRefused as refused:
            raise SourceGarbled.of(self._source, refused) from refused

    def _declined(self, error: object, method: str) -> ElectrumDeclined:
        """An error as an object with code and message, or as bare text, as some servers have it."""
        code, said = 0, error
        if not isinstance(error, str):
            fields = object_of(error, f"{method}.error")
            code = whole(
                item(fields, "code", f"{method}.error"),
                f"{method}.error.code",
                least=-1_000_000,
                most=1_000_000,
            )
            said = fields.get("message", "")
        words = text(said, f"{method}.error.message", most=100_000)
        return ElectrumDeclined(
            self._source, method, code, "".join(c for c in words if c.isprintable())[:200]
        )

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._read_before += self._connection.received
            self._connection = None
            if self.listener is not None:
                self.listener.lost()
