"""What requests through a proxy promise: names are left to it, it cannot hold us, and its secret stays one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest

from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain
from tests.tools.proxies import HttpProxy, Proxy, SayingServer, Socks5Proxy
from tests.tools.tls import AUTHORITY, HOST, secured
from watchers.net.errors import SourceDown, SourceError, SourceRefused, SourceSlow
from watchers.net.http import HttpClient, HttpPolicy

ONION = "explorerqwertyuiopasdfghjklzxcvbnm234567qwertyuiopasdfgh.onion"
TIP = "/api/blocks/tip/height"
LONG = "/api/blocks/0"
"""An answer of some five hundred bytes, which drips for half a minute."""
DRIP = 0.05
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


def client(proxy: str) -> HttpClient:
    policy = HttpPolicy(
        proxy=proxy,
        attempts=1,
        per_second=1e6,
        burst=1000,
        breaker_failures=1000,
        authorities=str(AUTHORITY),
    )
    return HttpClient(policy, monotonic=monotonic)


def ask(http: HttpClient, url: str, *, max_bytes: int = 10_000, deadline: float = 5.0) -> bytes:
    return http.request("GET", url, max_bytes=max_bytes, deadline=deadline).body


def until_look_ups_end() -> None:
    """Every thread that asked for a name ends, and soon."""
    for thread in threading.enumerate():
        if thread.name.startswith("look-up"):
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


def test_a_proxy_spoken_to_over_tls_leads_to_hosts_over_tls(server: EsploraServer) -> None:
    """One inside the other: each certificate is checked against its own name, and the deadline holds for both."""
    with HttpProxy({HOST: secured(server, "good")}, certificate="good") as proxy:
        http = client(proxy.url.replace("127.0.0.1", "localhost"))
        assert ask(http, f"https://{HOST}{TIP}") == b"0"
        assert ask(http, f"https://{HOST}{TIP}") == b"0"
        assert proxy.asked == [(HOST, 443)]
        server.faults.drip = DRIP
        with pytest.raises(SourceSlow):
            ask(http, f"https://{HOST}{LONG}", deadline=0.4)


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
    server.faults.drip = DRIP
    with kind({ONION: port_of(server)}) as proxy:
        started = monotonic()
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"http://{ONION}{LONG}", deadline=0.3)
        assert monotonic() - started < 1.5
        until_look_ups_end()


@both
def test_a_drip_inside_tls_behind_a_proxy_does_not_either(kind: type[Proxy], server: EsploraServer) -> None:
    """The same with a secure connection through the proxy."""
    server.faults.drip = DRIP
    with kind({HOST: secured(server, "good")}) as proxy:
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"https://{HOST}{LONG}", deadline=0.4)
        until_look_ups_end()


@both
def test_a_proxy_that_drips_itself_does_not_either(kind: type[Proxy]) -> None:
    """Its own answer never ends: neither the way through nor the worker waits for it."""
    with kind(drip=0.02) as proxy:
        with pytest.raises(SourceSlow):
            ask(client(proxy.url), f"https://{HOST}/", deadline=0.3)
        until_look_ups_end()


@both
@pytest.mark.parametrize("words", [b"", b"\x05", b"\x16\x03\x03\x40\x00"])
def test_a_handshake_that_drips_does_not_either(kind: type[Proxy], words: bytes) -> None:
    """While TLS is being agreed on, byte after byte, behind a proxy."""
    with SayingServer(words, drip=0.02) as slow, kind({HOST: slow.port}) as proxy:
        with pytest.raises(SourceError):
            ask(client(proxy.url), f"https://{HOST}/", deadline=0.3)
        until_look_ups_end()


def test_a_direct_handshake_that_drips_does_not_either() -> None:
    """And without any proxy: the handle on the connection outlives its wrapping in TLS."""
    with SayingServer(b"\x16\x03\x03\x40\x00", drip=0.02) as slow:
        with pytest.raises(SourceSlow):
            ask(client(""), f"https://localhost:{slow.port}/", deadline=0.3)
        until_look_ups_end()


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
