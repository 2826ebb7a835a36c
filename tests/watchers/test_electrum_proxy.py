"""An Electrum server through a proxy: the proxy alone learns its name, TLS reaches past it, and time is kept."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.tools.certificates import self_signed
from tests.tools.electrum_server import PACE, ElectrumServer, electrum
from tests.tools.fake_chain import FakeChain
from tests.tools.proxies import HttpProxy, Proxy, SayingServer, Socks5Proxy
from watchers.net.errors import SourceDown, SourceRefused, SourceSlow
from watchers.sources.electrum import Electrum
from watchers.sources.protocol import ClaimedTip

HOST = "electrum.example.org"
ONION = "a" * 56 + ".onion"
URL = f"ssl://{HOST}:50002"
KINDS: list[type[Proxy]] = [Socks5Proxy, HttpProxy]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate: Path) -> Iterator[ElectrumServer]:
    with ElectrumServer(FakeChain(), certificate=certificate) as running:
        running.chain.mine(2)
        yield running


def through(server: ElectrumServer, proxy: str, *, url: str = URL, deadline: float = 5.0) -> Electrum:
    return electrum(server, url=url, policy=dataclasses.replace(PACE, proxy=proxy), deadline=deadline)


@pytest.mark.parametrize("kind", KINDS)
def test_the_proxy_alone_looks_the_name_up(
    kind: Callable[[dict[str, int]], Proxy], server: ElectrumServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing on this machine asks a name server for it."""
    looked: list[str] = []
    real = socket.getaddrinfo

    def watched(host: str, *args: Any, **kwargs: Any) -> object:
        looked.append(host)
        return real(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", watched)
    with kind({HOST: server.port}) as proxy:
        assert through(server, proxy.url).look_tip() == ClaimedTip(2, server.chain.tip)
        assert proxy.asked == [(HOST, 50002)]
    assert set(looked) == {"127.0.0.1"}


def test_an_onion_host_is_asked_without_tls_through_tor_only() -> None:
    """Tor encrypts on its own; without a proxy nothing is asked."""
    with ElectrumServer(FakeChain()) as server, Socks5Proxy({ONION: server.port}) as proxy:
        url = f"tcp://{ONION}:50001"
        assert through(server, proxy.url, url=url).look_tip().height == 0
        with pytest.raises(SourceRefused, match="Tor only"):
            electrum(server, url=url).look_tip()


@pytest.mark.parametrize("kind", [Socks5Proxy, HttpProxy])
def test_a_proxy_may_ask_for_a_login(kind: type[Socks5Proxy | HttpProxy], server: ElectrumServer) -> None:
    """The right one opens it; a missing one is told, and no secret with it."""
    with kind({HOST: server.port}, login=("ada", "s3cret")) as proxy:
        assert through(server, proxy.with_login("ada", "s3cret")).look_tip().height == 2
        with pytest.raises((SourceDown, SourceRefused), match="user") as failure:
            through(server, proxy.url).look_tip()
        assert "s3cret" not in str(failure.value)


@pytest.mark.parametrize("kind", KINDS)
def test_a_host_that_the_proxy_does_not_reach_is_down(
    kind: Callable[[dict[str, int]], Proxy], server: ElectrumServer
) -> None:
    with kind({}) as proxy, pytest.raises(SourceDown, match="the proxy does not reach the host"):
        through(server, proxy.url).look_tip()


@pytest.mark.parametrize("kind", [Socks5Proxy, HttpProxy])
def test_a_proxy_that_drips_does_not_hold_us(
    kind: type[Socks5Proxy | HttpProxy], server: ElectrumServer
) -> None:
    started = monotonic()
    with kind({HOST: server.port}, drip=0.02) as proxy, pytest.raises(SourceSlow):
        through(server, proxy.url, deadline=0.4).look_tip()
    assert monotonic() - started < 1.5


def test_a_server_that_drips_before_tls_does_not_hold_us(server: ElectrumServer) -> None:
    """The handshake has to end in time as well."""
    started = monotonic()
    with SayingServer(b"\x16\x03\x03", drip=0.02) as dripping, pytest.raises((SourceSlow, SourceDown)):
        electrum(server, url=f"ssl://127.0.0.1:{dripping.port}", deadline=0.4).look_tip()
    assert monotonic() - started < 1.5


def test_a_host_nearby_is_asked_without_the_proxy(server: ElectrumServer) -> None:
    with Socks5Proxy({}) as proxy:
        assert through(server, proxy.url, url=server.url).look_tip().height == 2
        assert proxy.asked == []


def test_a_proxy_that_is_spoken_to_over_tls_is_refused(server: ElectrumServer) -> None:
    with pytest.raises(SourceRefused, match="https proxy"):
        through(server, "https://127.0.0.1:1").look_tip()
