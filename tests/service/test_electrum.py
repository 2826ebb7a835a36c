"""An Electrum server in the configuration: one entry, and one sentence for whatever is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.command import BadUse
from service.config import parse_config
from service.sources import http_client, sources_of
from tests.tools.certificates import fingerprint, self_signed
from tests.tools.electrum_server import ElectrumServer
from tests.tools.fake_chain import FakeChain
from watchers.proof.networks import REGTEST
from watchers.sources.protocol import ClaimedTip


def entry(url: str, *lines: str, kind: str = "electrum") -> str:
    return "\n".join(["[[sources]]", "name = 'e'", f"kind = '{kind}'", f"url = '{url}'", *lines])


def test_one_entry_makes_a_source(tmp_path: Path) -> None:
    """Over TLS with a pinned certificate, at an address that the operator named and that is therefore local."""
    certificate = self_signed(tmp_path)
    with ElectrumServer(FakeChain(), certificate=certificate) as server:
        server.chain.mine(2)
        config = parse_config(entry(server.url, f"tls = '{fingerprint(certificate)}'"))
        (source,) = sources_of(config, REGTEST, http_client(config), {}, tmp_path)
        assert source.name == "e"
        assert source.look_tip() == ClaimedTip(2, server.chain.tip)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (entry("https://a"), "ssl://host:port or tcp://host:port"),
        (entry("ssl://a"), "ssl://host:port or tcp://host:port"),
        (entry("ssl://a:50002", "tls = 'no'"), "SHA-256"),
        (entry("ssl://a:50002", kind="esplora"), "https:// or http://"),
        (entry("https://a", "tls = 'any'", kind="esplora"), "only for Electrum servers"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(BadUse, match=told) as failure:
        parse_config(text)
    assert "'e'" in str(failure.value)
