"""What is told of a proxy that fails: that it is the proxy, why, and never its password."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.proxies import HttpProxy, Proxy, SayingServer, Socks5Proxy
from tests.tools.tls import HOST, secured
from tests.watchers.test_proxy import ONION, TIP, ask, both, client, port_of
from watchers.net.errors import SourceDown, SourceError, SourceRefused
from watchers.net.http import HttpClient, HttpPolicy
from watchers.net.proxy import proxy_of


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        yield running


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

        def noted(handler: Any, path: str, body: Any) -> Any:
            heads.append(str(handler.headers))
            return answer(handler, path, body)

        server.answer = noted  # type: ignore[method-assign]
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
    assert SECRET not in repr(proxy_of(http.policy.proxy or ""))
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
        (f"socks5h://{'u' * 128}:hunter2@127.0.0.1:80", "127 bytes"),
        ("socks5h://:hunter2@127.0.0.1:80", "give both or none"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(text: str, said: str) -> None:
    """Before any request, with the remedy, and without repeating what may hold a password."""
    with pytest.raises(ValueError, match=said) as caught:
        HttpClient(HttpPolicy(proxy=text), monotonic=lambda: 0.0)
    assert "hunter2" not in str(caught.value)


def test_a_proxy_is_read_with_its_login() -> None:
    """User and password as they are, not as URLs write them."""
    one = proxy_of("socks5h://ada:p%40ss@127.0.0.1:9050")
    assert (one.host, one.port, one.user, one.password) == ("127.0.0.1", 9050, "ada", "p@ss")
    assert "p@ss" not in repr(one)
    assert "p%40ss" not in repr(one)
