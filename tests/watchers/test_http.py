"""What requests promise: an end in time, an end in size, manners, and no way to where nobody sent them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from time import monotonic
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from watchers.net.errors import SourceDown, SourceRefused, SourceSlow
from watchers.net.guards import (
    GuardRefused,
    array_of,
    hash_text,
    hex_bytes,
    item,
    json_of,
    object_of,
    plain_hash,
    plain_whole,
    text,
    whole,
)
from watchers.net.http import HttpClient, HttpPolicy
from watchers.net.pace import HostPace, Paces


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


def client(clock: Clock, policy: HttpPolicy | None = None) -> HttpClient:
    return HttpClient(policy or HttpPolicy(), monotonic=clock, sleep=clock.sleep, jitter=lambda: 1.0)


def ask(http: HttpClient, url: str, *, max_bytes: int = 10_000, deadline: float = 20.0) -> bytes:
    return http.request("GET", url, max_bytes=max_bytes, deadline=deadline).body


def tip_of(server: EsploraServer) -> str:
    return f"{server.url}/blocks/tip/height"


def test_a_byte_a_moment_does_not_hold_us(server: EsploraServer) -> None:
    """The deadline is for the whole answer, headers included, not for each read; the connection is cut."""
    server.faults.drip = 0.02
    http = HttpClient(HttpPolicy(attempts=1), monotonic=monotonic)
    started = monotonic()
    with pytest.raises(SourceSlow):
        ask(http, tip_of(server), deadline=0.3)
    assert monotonic() - started < 1.5


def test_a_whole_slow_answer_within_the_deadline_is_taken(server: EsploraServer) -> None:
    """Slow alone is no fault."""
    server.faults.drip = 0.001
    http = HttpClient(HttpPolicy(), monotonic=monotonic)
    assert ask(http, tip_of(server), deadline=10) == b"0"


def test_a_gzip_bomb_is_cut_off_at_the_cap(server: EsploraServer, clock: Clock) -> None:
    """Bytes are counted after decompression, and no more than the cap are ever made."""
    server.faults.bomb = 50_000_000
    with pytest.raises(SourceRefused, match="more than 10000 bytes"):
        ask(client(clock), tip_of(server))


def test_gzip_within_the_cap_is_read(server: EsploraServer, clock: Clock) -> None:
    """An honest compressed answer comes out whole."""
    server.faults.bomb = 9_999
    assert ask(client(clock), tip_of(server)) == bytes(9_999)


def test_an_answer_over_the_cap_is_refused(server: EsploraServer, clock: Clock) -> None:
    """Plain bytes count the same."""
    with pytest.raises(SourceRefused, match="more than 100 bytes"):
        ask(client(clock), f"{server.url}/blocks/0", max_bytes=100)


def test_a_broken_off_answer_is_down_not_short(server: EsploraServer, clock: Clock) -> None:
    """Fewer bytes than announced are no answer."""
    server.faults.cut = True
    with pytest.raises(SourceDown):
        ask(client(clock), f"{server.url}/blocks/0")


@pytest.mark.parametrize(
    "place",
    [
        "http://localhost:1/api",
        "https://example.org/",
        "//127.0.0.2/x",
        "http://10.0.0.1/",
        "file:///etc/hosts",
    ],
)
def test_a_redirect_elsewhere_is_refused(place: str, server: EsploraServer, clock: Clock) -> None:
    """Another host, port, scheme or a private address is never followed."""
    server.faults.redirect = place
    with pytest.raises(SourceRefused, match="redirects to another host"):
        ask(client(clock), tip_of(server))
    assert len(server.paths) == 1


def test_a_redirect_within_the_host_is_followed_but_not_in_circles(
    server: EsploraServer, clock: Clock
) -> None:
    """A path of the same server may be named, at most three times."""
    server.faults.redirect, server.faults.first_only = "/api/blocks/tip/height", 1
    assert ask(client(clock), f"{server.url}/elsewhere") == b"0"
    server.faults.first_only = None
    with pytest.raises(SourceRefused, match="circle"):
        ask(client(clock), tip_of(server))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/api", "plain http"),
        ("http://10.1.2.3/", "private address"),
        ("https://192.168.0.4/", "private address"),
        ("https://169.254.169.254/latest/meta-data", "private address"),
        ("https://[fd00::1]/", "private address"),
        ("ftp://example.org/", "https://"),
        ("file:///etc/passwd", "https://"),
        ("https://user:secret@example.org/", "user or a password"),
    ],
)
def test_places_that_nobody_configured_are_not_asked(url: str, why: str, clock: Clock) -> None:
    """Refused before any connection; the refusal never repeats a password."""
    with pytest.raises(SourceRefused, match=why) as caught:
        ask(client(clock), url)
    assert "secret" not in str(caught.value)


def test_loopback_can_be_closed_too(server: EsploraServer, clock: Clock) -> None:
    """A policy for URLs of strangers lets none of them reach this machine."""
    with pytest.raises(SourceRefused):
        ask(client(clock, HttpPolicy(loopback=False)), tip_of(server))
    assert server.paths == []


def test_a_name_that_leads_to_a_private_address_is_refused(
    server: EsploraServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a name leads is looked at once connected, so that DNS cannot send us inside."""
    port = int(server.url.split(":")[2].split("/")[0])

    def resolve(*args: object, **kwargs: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    http = client(clock, HttpPolicy(proxy=None))
    with pytest.raises(SourceRefused, match="leads to a private address"):
        ask(http, f"https://rebound.example.org:{port}/", deadline=2)
    assert server.paths == []
    local = client(clock, HttpPolicy(local_hosts=frozenset({"node.example.org"})))
    assert ask(local, f"http://node.example.org:{port}/api/blocks/tip/height") == b"0"


@pytest.mark.parametrize(
    ("named", "waited"), [("7", 7.0), ("99999999", 600.0), (None, 0.5), ("soon", 0.5), ("-1", 0.5)]
)
def test_too_many_requests_waits_as_asked_but_not_for_ever(
    named: str | None, waited: float, server: EsploraServer, clock: Clock
) -> None:
    """Retry-After is honoured up to the cap; without one, the backoff is."""
    server.faults.status, server.faults.retry_after, server.faults.first_only = 429, named, 1
    assert ask(client(clock), tip_of(server), deadline=5000) == b"0"
    assert clock.slept == [waited]


def test_a_wait_longer_than_the_deadline_is_told_and_kept(server: EsploraServer, clock: Clock) -> None:
    """The next request does not ask before the time that the host named."""
    server.faults.status, server.faults.retry_after, server.faults.first_only = 429, "300", 1
    http = client(clock)
    with pytest.raises(SourceRefused) as caught:
        ask(http, tip_of(server))
    assert caught.value.status == 429
    with pytest.raises(SourceRefused):
        ask(http, tip_of(server))
    assert len(server.paths) == 1
    clock.now += 301
    assert ask(http, tip_of(server)) == b"0"


def test_backoff_doubles_and_gives_up(server: EsploraServer, clock: Clock) -> None:
    """Three attempts, two pauses, then the truth."""
    server.faults.status = 503
    with pytest.raises(SourceDown, match="503"):
        ask(client(clock), tip_of(server))
    assert clock.slept == [0.5, 1.0]
    assert len(server.paths) == 3


@given(st.integers(1, 40), st.floats(0, 1))
def test_backoff_stays_within_its_bounds(attempt: int, roll: float) -> None:
    """Between half the pause and all of it, and never above the cap."""
    pace = Paces(HttpPolicy(), lambda: 0.0, lambda: roll).of(urlsplit("https://example.org/"))
    pause = min(0.5 * 2.0 ** (attempt - 1), 8.0)
    assert pause / 2 <= pace.backoff(attempt, 8.0) <= pause


def test_a_host_that_stays_down_is_left_alone_for_a_while(server: EsploraServer, clock: Clock) -> None:
    """After five failures the circuit opens; one trial after the pause, and a longer pause when it fails."""
    http = client(clock, HttpPolicy(attempts=1))
    server.faults.down = True
    for _ in range(5):
        with pytest.raises(SourceDown):
            ask(http, tip_of(server))
    asked = len(server.paths)
    with pytest.raises(SourceDown, match="several times in a row"):
        ask(http, tip_of(server))
    assert len(server.paths) == asked
    clock.now += 61
    with pytest.raises(SourceDown, match="broke off"):
        ask(http, tip_of(server))
    clock.now += 61
    with pytest.raises(SourceDown, match="several times in a row"):
        ask(http, tip_of(server))
    clock.now += 61
    server.faults.down = False
    assert ask(http, tip_of(server)) == b"0"
    assert ask(http, tip_of(server)) == b"0"


def test_requests_keep_to_the_pace_of_their_host(server: EsploraServer, clock: Clock) -> None:
    """A burst, then so many a second."""
    http = client(clock, HttpPolicy(per_second=2, burst=3))
    for _ in range(7):
        ask(http, tip_of(server))
    assert sum(clock.slept) == pytest.approx(2.0)


@given(st.lists(st.floats(0, 3), min_size=1, max_size=60), st.floats(0.5, 20), st.integers(1, 20))
def test_no_span_sees_more_than_burst_and_pace(pauses: list[float], per_second: float, burst: int) -> None:
    """Between any two requests, at most burst + pace × time others go out."""
    clock, sent = Clock(), []
    pace = HostPace(HttpPolicy(), clock, lambda: 1.0, per_second=per_second, burst=burst)
    for pause in pauses:
        clock.now += pause
        clock.now += pace.take()
        sent.append(clock.now)
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + per_second * (sent[last] - sent[first]) + 1e-6


def test_nothing_of_the_environment_is_read(
    server: EsploraServer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies come from the configuration only."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert ask(client(clock), tip_of(server)) == b"0"


def test_a_proxy_is_used_when_configured(server: EsploraServer, clock: Clock) -> None:
    """The request goes to the proxy, with the whole URL as its path."""
    proxy = server.url.removesuffix("/api")
    http = client(clock, HttpPolicy(proxy=proxy, local_hosts=frozenset({"nowhere.example"})))
    assert ask(http, "http://nowhere.example/api/blocks/tip/height") == b"0"


def test_nobody_listening_is_down(clock: Clock) -> None:
    """A refused connection is told as such, without the URL."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SourceDown, match="no connection") as caught:
        ask(client(clock), f"http://127.0.0.1:{port}/claim/very-secret")
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("body", [b"NaN", b'{"a": 1, "a": 2}', b"1e999", b"<html></html>", b""])
def test_json_with_surprises_is_refused_in_the_name_of_its_field(body: bytes) -> None:
    """What the strict reader refuses is an answer of no use, and the refusal says which."""
    with pytest.raises(GuardRefused) as caught:
        json_of(body, "answer")
    assert caught.value.field == "answer"


WRONG: list[tuple[str, Callable[[], object]]] = [
    ("object", lambda: object_of([], "f")),
    ("array", lambda: array_of({}, "f", most=3)),
    ("long array", lambda: array_of([1, 2, 3, 4], "f", most=3)),
    ("no member", lambda: item({}, "a", "f")),
    ("true for 1", lambda: whole(True, "f", least=0, most=9)),
    ("1.0 for 1", lambda: whole(1.0, "f", least=0, most=9)),
    ("'1' for 1", lambda: whole("1", "f", least=0, most=9)),
    ("null", lambda: whole(None, "f", least=0, most=9)),
    ("too large", lambda: whole(10, "f", least=0, most=9)),
    ("too small", lambda: whole(-1, "f", least=0, most=9)),
    ("no text", lambda: text(3, "f", most=3)),
    ("long text", lambda: text("abcd", "f", most=3)),
    ("upper-case hash", lambda: hash_text("AB" * 32, "f")),
    ("short hash", lambda: hash_text("ab" * 31, "f")),
    ("odd hex", lambda: hex_bytes("abc", "f", least=0, most=9)),
    ("spaced hex", lambda: hex_bytes("ab cd ", "f", least=0, most=9)),
    ("short hex", lambda: hex_bytes("ab", "f", least=2, most=9)),
    ("wide digits", lambda: plain_whole("１２".encode(), "f", most=99)),
    ("signed", lambda: plain_whole(b"-1", "f", most=99)),
    ("page for hash", lambda: plain_hash(b"<!DOCTYPE html>" + b"x" * 500, "f")),
]


@pytest.mark.parametrize("wrong", [call for _, call in WRONG], ids=[name for name, _ in WRONG])
def test_a_field_of_the_wrong_shape_is_refused_by_name(wrong: Callable[[], object]) -> None:
    """The refusal names the field and never repairs the value."""
    with pytest.raises(GuardRefused) as caught:
        wrong()
    assert caught.value.field.startswith("f")
    assert str(caught.value).startswith(caught.value.field)
