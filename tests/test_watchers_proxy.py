"""What requests through a proxy promise: names are left to it, it cannot hold us, and its secret stays one."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
import requests

from tests.esplora_server import EsploraServer
from tests.fakes import FakeChain
from tests.proxies import HttpProxy, Proxy, SayingServer, Socks5Proxy
from tests.tls import AUTHORITY, HOST, secured
from watchers.http import HttpClient, HttpPolicy
from watchers.socks import proxy_of
from watchers.sources import SourceDown, SourceError, SourceRefused, SourceSlow

ONION = "explorerqwertyuiopasdfghjklzxcvbnm234567qwertyuiopasdfgh.onion"
TIP = "/api/blocks/tip/height"
KINDS: list[type[Proxy]] = [Socks5Proxy, HttpProxy]
both = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        yield running


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every name that this process resolves."""
    names: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: str, *args: object, **kwargs: object) -> object:
        names.append(host)
        return real(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return names


def port_of(server: EsploraServer) -> int:
    return int(server.url.split(":")[2].split("/")[0])


def client(proxy: str, *, attempts: int = 1, connect_timeout: float = 10.0) -> HttpClient:
    policy = HttpPolicy(
        proxy=proxy,
        attempts=attempts,
        per_second=1e6,
        burst=1000,
        breaker_failures=1000,
        connect_timeout=connect_timeout,
    )
    http = HttpClient(policy, monotonic=monotonic)
    http._session.verify = str(AUTHORITY)
    return http


def ask(http: HttpClient, url: str, *, max_bytes: int = 10_000, deadline: float = 5.0) -> bytes:
    return http.request("GET", url, max_bytes=max_bytes, deadline=deadline).body


def join_workers(host: str) -> None:
    """Every worker thread for that host ends, and soon."""
    for thread in threading.enumerate():
        if thread.name == f"http {host}":
            thread.join(2)
            assert not thread.is_alive()


@both
def test_an_onion_name_goes_to_the_proxy_and_to_nobody_else(
    kind: type[Proxy], server: EsploraServer, looked_up: list[str]
) -> None:
    """Plain http is enough for an onion service; its name is never looked up here."""
    with kind({ONION: port_of(server)}) as proxy:
        assert ask(client(proxy.url), f"http://{ONION}{TIP}") == b"0"
        assert proxy.asked == [(ONION, 80)]
    assert set(looked_up) == {"127.0.0.1"}


@both
def test_the_name_of_a_public_host_goes_to_the_proxy_too(
    kind: type[Proxy], server: EsploraServer, looked_up: list[str]
) -> None:
    """Over TLS through the proxy, and the certificate is checked against the name all the same."""
    with kind({HOST: secured(server, "good")}) as proxy:
        assert ask(client(proxy.url), f"https://{HOST}{TIP}") == b"0"
        assert proxy.asked == [(HOST, 443)]
    assert set(looked_up) == {"127.0.0.1"}
    assert server.paths == [TIP]


def test_a_name_is_sent_as_a_name_and_an_address_as_an_address(server: EsploraServer) -> None:
    """Types 3 and 1 of RFC 1928."""
    with Socks5Proxy({ONION: port_of(server)}) as proxy:
        http = client(proxy.url)
        ask(http, f"http://{ONION}{TIP}")
        with pytest.raises(SourceDown, match="does not reach the host"):
            ask(http, "https://9.9.9.9/")
        assert proxy.kinds == [3, 1]


def test_another_client_finds_our_socks_proxy_to_be_one(server: EsploraServer) -> None:
    """The test's proxy speaks SOCKS5 as PySocks does, so that not both sides of these tests are ours."""
    with Socks5Proxy({ONION: port_of(server)}, login=("ada", "lovelace")) as proxy:
        url = proxy.with_login("ada", "lovelace")
        answer = requests.get(f"http://{ONION}{TIP}", proxies={"http": url}, timeout=5)
        assert answer.text == "0"


@both
def test_connections_through_a_proxy_are_kept(kind: type[Proxy], server: EsploraServer) -> None:
    """Several requests to one host go through one connection."""
    with kind({HOST: secured(server, "good")}) as proxy:
        http = client(proxy.url)
        for _ in range(3):
            ask(http, f"https://{HOST}{TIP}")
        assert len(proxy.asked) == 1


@both
def test_hosts_nearby_are_asked_without_the_proxy(kind: type[Proxy], server: EsploraServer) -> None:
    """A node on this machine or in this network is nothing for Tor."""
    with kind() as proxy:
        assert ask(client(proxy.url), server.url + "/blocks/tip/height") == b"0"
        assert proxy.asked == []


def test_an_onion_without_a_proxy_is_refused_before_it_is_looked_up(looked_up: list[str]) -> None:
    """The sentence says what to set, and no name server learns of it."""
    http = HttpClient(HttpPolicy(local_hosts=frozenset({ONION})), monotonic=monotonic)
    for scheme in ("http", "https"):
        with pytest.raises(SourceRefused, match="socks5h"):
            ask(http, f"{scheme}://{ONION}/")
    assert looked_up == []


@both
def test_a_drip_behind_a_proxy_does_not_hold_us_nor_a_thread(
    kind: type[Proxy], server: EsploraServer
) -> None:
    """The deadline is for all of it, and the worker's connection to the proxy is cut off."""
    server.faults.drip = 0.02
    with kind({ONION: port_of(server)}) as proxy:
        started = monotonic()
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"http://{ONION}{TIP}", deadline=0.3)
        assert monotonic() - started < 1.5
        join_workers(ONION)


@both
def test_a_drip_inside_tls_behind_a_proxy_does_not_either(kind: type[Proxy], server: EsploraServer) -> None:
    """The same with a secure connection through the proxy."""
    server.faults.drip = 0.02
    with kind({HOST: secured(server, "good")}) as proxy:
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"https://{HOST}{TIP}", deadline=0.4)
        join_workers(HOST)


@both
def test_a_proxy_that_drips_itself_does_not_either(kind: type[Proxy]) -> None:
    """Its own answer never ends: neither the way through nor the worker waits for it."""
    with kind(drip=0.02) as proxy:
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"https://{HOST}/", deadline=0.3)
        join_workers(HOST)


@both
@pytest.mark.parametrize("words", [b"", b"\x05", b"\x16\x03\x03\x40\x00"])
def test_a_handshake_that_drips_does_not_either(kind: type[Proxy], words: bytes) -> None:
    """While TLS is being agreed on, byte after byte, behind a proxy."""
    with SayingServer(words, drip=0.02) as slow, kind({HOST: slow.port}) as proxy:
        with pytest.raises(SourceError):
            ask(client(proxy.url), f"https://{HOST}/", deadline=0.3)
        join_workers(HOST)


def test_a_direct_handshake_that_drips_does_not_either() -> None:
    """And without any proxy: the handle on the connection outlives its wrapping in TLS."""
    with SayingServer(b"\x16\x03\x03\x40\x00", drip=0.02) as slow:
        with pytest.raises(SourceSlow):
            ask(client(""), f"https://localhost:{slow.port}/", deadline=0.3)
        join_workers("localhost")


@both
def test_a_bomb_behind_a_proxy_is_cut_off(kind: type[Proxy], server: EsploraServer) -> None:
    """Bytes are counted after decompression there as well."""
    server.faults.bomb = 50_000_000
    with (
        kind({ONION: port_of(server)}) as proxy,
        pytest.raises(SourceRefused, match="more than 10000 bytes"),
    ):
        ask(client(proxy.url), f"http://{ONION}{TIP}")


@both
def test_a_redirect_behind_a_proxy_to_another_host_is_refused(
    kind: type[Proxy], server: EsploraServer
) -> None:
    """The proxy is not even asked for the other host."""
    server.faults.redirect = "http://127.0.0.1:1/"
    with kind({ONION: port_of(server)}) as proxy:
        with pytest.raises(SourceRefused, match="another host"):
            ask(client(proxy.url), f"http://{ONION}{TIP}")
        assert len(proxy.asked) == 1


@both
def test_the_rules_for_places_hold_behind_a_proxy(kind: type[Proxy]) -> None:
    """Plain http to public hosts, private addresses and addresses in disguise are refused before it is asked."""
    with kind() as proxy:
        http = client(proxy.url)
        for url in (
            f"http://{HOST}/",
            "https://10.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
        ):
            with pytest.raises(SourceRefused):
                ask(http, url)
        assert proxy.asked == []


def nobody() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@pytest.mark.parametrize("scheme", ["http", "https", "socks5h"])
def test_a_proxy_that_is_down_is_said_to_be_the_proxy(scheme: str) -> None:
    """Not the explorer behind it."""
    http = client(f"{scheme}://ada:very-secret@127.0.0.1:{nobody()}")
    with pytest.raises(SourceDown, match="where the proxy should be") as caught:
        ask(http, f"https://{HOST}/")
    assert "very-secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_proxy_whose_name_nobody_knows_is_said_to_be_the_proxy(scheme: str) -> None:
    """DNS of the proxy, not of the explorer."""
    with pytest.raises(SourceDown, match="DNS: the proxy's name"):
        ask(client(f"{scheme}://no-such-proxy.invalid:9050"), f"https://{HOST}/")


@both
def test_a_proxy_that_does_not_reach_the_host_says_so(kind: type[Proxy]) -> None:
    """The proxy works; what is behind it does not."""
    with kind() as proxy, pytest.raises(SourceDown, match="proxy does not reach the host"):
        ask(client(proxy.url), f"https://{HOST}/")


@pytest.mark.parametrize(
    ("code", "said"),
    [(2, "rules forbid"), (5, "refuses the connection"), (0xF0, "not found"), (99, "code 99")],
)
def test_a_socks_proxys_reason_is_told(code: int, said: str) -> None:
    """RFC 1928's and Tor's codes in words."""
    with Socks5Proxy(refusal=code) as proxy, pytest.raises(SourceDown, match=said):
        ask(client(proxy.url), f"https://{HOST}/")


@both
def test_a_login_opens_the_proxy_and_goes_no_further(kind: type[Proxy], server: EsploraServer) -> None:
    """Written as URLs want it; the host behind never sees it."""
    with kind({HOST: secured(server, "good")}, login=("ada", "p@ss:word")) as proxy:
        http = client(proxy.with_login("ada", "p%40ss%3Aword"))
        heads: list[str] = []
        answer = server.answer
        server.answer = lambda handler, path, body: (  # type: ignore[method-assign]
            heads.append(str(handler.headers)) or answer(handler, path, body)  # type: ignore[func-returns-value]
        )
        assert ask(http, f"https://{HOST}{TIP}") == b"0"
        if isinstance(proxy, Socks5Proxy):
            assert proxy.logins == [("ada", "p@ss:word")]
        else:
            assert base64.b64encode(b"ada:p@ss:word") in proxy.heads[0]
    assert len(heads) == 1
    assert "Proxy-Authorization" not in heads[0]


SECRET = "hunter2hunter2"


@both
@pytest.mark.parametrize(
    "spoil",
    [
        lambda proxy: setattr(proxy, "_login", ("ada", "another")),
        lambda proxy: setattr(proxy, "_refusal", 1),
        lambda proxy: setattr(proxy, "_drip", 0.02),
        lambda proxy: proxy.close(),
    ],
    ids=["wrong password", "refused", "slow", "down"],
)
def test_no_error_repeats_the_proxys_password(
    spoil: Callable[[Proxy], None], kind: type[Proxy], capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither its text nor that of what caused it, nor anything that is printed."""
    with kind(login=("ada", SECRET)) as proxy:
        http = client(proxy.with_login("ada", SECRET))
        spoil(proxy)
        with pytest.raises(SourceError) as caught:
            ask(http, f"https://{HOST}/", deadline=0.4)
    failure: BaseException | None = caught.value
    encoded = base64.b64encode(f"ada:{SECRET}".encode()).decode()
    while failure is not None:
        assert SECRET not in str(failure)
        assert encoded not in str(failure)
        failure = failure.__cause__
    assert SECRET not in repr(http._proxy)
    assert SECRET not in "".join(capfd.readouterr())


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_http_proxy_that_wants_a_login_is_told(scheme: str, server: EsploraServer) -> None:
    """For CONNECT and for forwarded requests; what the proxy says in words is not repeated."""
    with (
        HttpProxy({ONION: port_of(server)}, login=("ada", SECRET)) as proxy,
        pytest.raises(SourceRefused, match="user or password") as caught,
    ):
        ask(client(proxy.url), f"{scheme}://{ONION}{TIP}")
    assert caught.value.status == 407
    assert SECRET not in str(caught.value)


def test_a_socks_proxy_that_wants_a_login_is_told() -> None:
    """With none given, and with a wrong one."""
    with Socks5Proxy(login=("ada", SECRET)) as proxy:
        with pytest.raises(SourceDown, match="asks for a user and a password"):
            ask(client(proxy.url), f"https://{HOST}/")
        with pytest.raises(SourceDown, match="refuses user or password"):
            ask(client(proxy.with_login("ada", "wrong")), f"https://{HOST}/")


def test_407_from_a_host_without_a_proxy_is_the_hosts_own(server: EsploraServer) -> None:
    """No proxy is blamed that is not there."""
    server.faults.status = 407
    http = client("")
    assert http.request("GET", server.url + "/x", max_bytes=100, deadline=5).status == 407


@pytest.mark.parametrize(
    "words",
    [
        b"HTTP/1.1 400 Bad\r\n\r\n",
        b"\x05\x07",
        b"\x05\x02",
        b"\x04\x00",
        b"\x05\x00\x05\x00\x00\x09" + bytes(9),
        b"\x05\x00\x04\x00\x00\x01" + bytes(6),
        b"\x05",
        b"",
    ],
)
def test_nonsense_from_a_socks_proxy_is_told(words: bytes) -> None:
    """Whatever comes back, one sentence that names the proxy."""
    with SayingServer(words) as odd, pytest.raises(SourceDown, match="proxy"):
        ask(client(f"socks5h://127.0.0.1:{odd.port}"), f"https://{HOST}/")


@pytest.mark.parametrize(
    "words",
    [
        b"\x05\xff",
        b"",
        b"HTTP/1.1 200\r\n",
        b"HTTP/1.1 99999 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a" * 70000,
    ],
)
def test_nonsense_from_an_http_proxy_is_told(words: bytes) -> None:
    """The same for CONNECT."""
    with SayingServer(words) as odd, pytest.raises(SourceDown):
        ask(client(f"http://127.0.0.1:{odd.port}"), f"https://{HOST}/")


@pytest.mark.parametrize("kind", ["good", "other", "self"])
def test_a_proxy_spoken_to_over_tls(kind: str, server: EsploraServer) -> None:
    """Its own certificate is checked as well, and blamed as the proxy's."""
    port = secured(server, kind)
    http = client(f"https://localhost:{port}")
    with pytest.raises(SourceDown) as caught:
        ask(http, f"https://{HOST}/", deadline=2)
    assert ("certificate" in str(caught.value)) == (kind != "good")
    assert "proxy" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("socks5://127.0.0.1:9050", "socks5h://"),
        ("socks4a://127.0.0.1:9050", "socks5h://"),
        ("127.0.0.1:9050", "http://"),
        ("ftp://127.0.0.1:21", "http://"),
        ("http://:8080", "host and a port"),
        ("socks5h://127.0.0.1", "host and a port"),
        ("http://127.0.0.1:99999", "not a URL"),
        ("http://[::1:80", "not a URL"),
        ("http://ada:hunter2@127.0.0.1:80/path", "after its port"),
        (f"socks5h://{'u' * 256}:hunter2@127.0.0.1:80", "255 bytes"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(text: str, said: str) -> None:
    """Before any request, with the remedy, and without repeating what may hold a password."""
    with pytest.raises(ValueError, match=said) as caught:
        HttpClient(HttpPolicy(proxy=text), monotonic=monotonic)
    assert "hunter2" not in str(caught.value)


def test_a_proxy_is_read_with_its_login() -> None:
    """User and password as they are, not as URLs write them."""
    one = proxy_of("socks5h://ada:p%40ss@127.0.0.1:9050")
    assert (one.host, one.port, one.user, one.password) == ("127.0.0.1", 9050, "ada", "p@ss")
    assert "p@ss" not in repr(one)
    assert "p%40ss" not in repr(one)
