"""What the client of an own node promises: batches, its whole mempool, and no more trust than in a stranger."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest

from ledger.core.chain import Script
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core import CoreServer
from watchers.net.errors import (
    SourceDown,
    SourceError,
    SourceGarbled,
    SourceLied,
    SourceMissing,
    SourceRefused,
)
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources.bitcoin_core import BitcoinCore
from watchers.sources.protocol import ClaimedTip, Source

OURS = Script(script_no(1))


@pytest.fixture
def server() -> Iterator[CoreServer]:
    with CoreServer(FakeChain()) as running:
        running.chain.mine(12)
        yield running


def client() -> HttpClient:
    return HttpClient(HttpPolicy(per_second=1e6, burst=10_000, attempts=1), monotonic=monotonic)


def core(server: CoreServer, password: str = "secret") -> BitcoinCore:
    return BitcoinCore("node", server.url, "user", password, client(), REGTEST)


def test_it_is_a_source(server: CoreServer) -> None:
    """It shows tip, hashes, headers and blocks of the active chain."""
    one: Source = core(server)
    chain = server.chain
    assert one.look_tip() == ClaimedTip(12, chain.tip)
    assert one.look_hash(7) == chain.active[7]
    assert [h.hash for h in one.look_headers(3, 50)] == chain.active[3:]
    assert one.look_headers(13, 5) == []
    assert one.look_block(chain.tip) == chain.blocks[chain.tip]


def test_headers_come_in_batches(server: CoreServer) -> None:
    """Two requests for up to five hundred headers."""
    one = core(server)
    one.look_headers(1, 12)
    assert one.requests == 2


def test_the_mempool_is_read_whole_and_each_transaction_once(server: CoreServer) -> None:
    """The scripts are never sent; what left the mempool is forgotten."""
    raws = [transaction([(script_no(n), 5)], [outpoint_no(n)]) for n in range(3)]
    txids = [server.chain.send(raw) for raw in raws]
    one = core(server)
    assert {tx.raw for tx in one.look_mempool([OURS])} == set(raws)
    fetched = server.paths.count("getrawtransaction")
    server.chain.drop(txids[0])
    assert {tx.raw for tx in one.look_mempool([])} == set(raws[1:])
    assert server.paths.count("getrawtransaction") == fetched == 3
    server.chain.send(raws[0])
    one.look_mempool([])
    assert server.paths.count("getrawtransaction") == 4


def test_what_is_not_there_is_missing_and_not_an_error_of_another_kind(server: CoreServer) -> None:
    """An unknown transaction is None; an unknown block, or a height above the tip, is SourceMissing."""
    one = core(server)
    assert one.look_transaction("ab" * 32) is None
    for call in (lambda: one.look_block("ab" * 32), lambda: one.look_hash(99)):
        with pytest.raises(SourceMissing):
            call()


def test_a_wrong_password_is_told(server: CoreServer) -> None:
    """The refusal names what to check and repeats no password."""
    with pytest.raises(SourceRefused, match="user or password") as caught:
        core(server, "wrong-one").look_tip()
    assert "wrong-one" not in str(caught.value)


def test_a_cookie_is_user_and_password(server: CoreServer) -> None:
    """The content of the node's cookie file opens it; anything else is refused at once."""
    one = BitcoinCore.with_cookie("node", server.url, lambda: "user:secret\n", client(), REGTEST)
    assert one.look_tip().height == 12
    with pytest.raises(ValueError, match="cookie"):
        BitcoinCore.with_cookie("node", server.url, lambda: "nonsense", client(), REGTEST)


def test_a_node_that_was_started_again_is_opened_by_its_new_cookie(server: CoreServer) -> None:
    """Refused, the cookie is read again; one that is gone, unreadable or the same as before is not tried twice."""
    now = ["user:of-the-last-start"]

    def cookie() -> str:
        if not now[0]:
            raise FileNotFoundError(2, "no such file")
        return now[0]

    one = BitcoinCore.with_cookie("node", server.url, cookie, client(), REGTEST)
    for gone in ("user:of-the-last-start", "half-written", ""):
        now[0] = gone
        before = one.requests
        with pytest.raises(SourceRefused, match="user or password"):
            one.look_tip()
        assert one.requests == before + 1
    now[0] = "user:secret"
    assert one.look_tip().height == 12


def flipped(text: str) -> str:
    return ("1" if text[0] == "0" else "0") + text[1:]


LIES: list[tuple[str, Callable[[Any], Any], Callable[[BitcoinCore], object]]] = [
    ("info.blocks", lambda n: True, lambda one: one.look_tip()),
    ("info.blocks", lambda n: -1, lambda one: one.look_tip()),
    ("info.bestblockhash", lambda t: t.upper() + "A", lambda one: one.look_tip()),
    ("getblockchaininfo", lambda d: [], lambda one: one.look_tip()),
    ("getblockchaininfo", lambda d: {}, lambda one: one.look_tip()),
    ("id", lambda n: n + 1, lambda one: one.look_tip()),
    ("id", lambda n: 0, lambda one: one.look_headers(1, 3)),
    ("id", lambda n: None, lambda one: one.look_headers(1, 3)),
    ("getblockhash", flipped, lambda one: one.look_headers(1, 3)),
    ("getblockheader", flipped, lambda one: one.look_headers(1, 3)),
    ("getblockheader", lambda t: t[2:], lambda one: one.look_headers(1, 3)),
    ("getblock", flipped, lambda one: one.look_block(one.look_hash(3))),
    ("getblock", lambda t: t[:-1], lambda one: one.look_block(one.look_hash(3))),
    ("getblock", lambda t: 5, lambda one: one.look_block(one.look_hash(3))),
    ("getrawmempool", lambda r: {}, lambda one: one.look_mempool([])),
    ("getrawmempool", lambda r: [1], lambda one: one.look_mempool([])),
    ("getrawtransaction", flipped, lambda one: one.look_mempool([])),
    ("getrawtransaction", lambda t: t[:-2], lambda one: one.look_mempool([])),
]


@pytest.mark.parametrize(("field", "lie", "call"), LIES)
def test_one_changed_field_is_caught(
    field: str, lie: Callable[[Any], Any], call: Callable[[BitcoinCore], object], server: CoreServer
) -> None:
    """An own node is read as strictly as any other source."""
    server.chain.send(transaction([(OURS, 5)], [outpoint_no(1)]))
    call(core(server))
    server.faults.lies[field] = lie
    with pytest.raises((SourceLied, SourceGarbled, SourceMissing)):
        call(core(server))


@pytest.mark.parametrize(
    ("fault", "value", "error"),
    [
        ("down", True, SourceDown),
        ("html", True, SourceError),
        ("status", 503, SourceDown),
        ("bomb", 10**7, SourceError),
    ],
)
def test_trouble_is_raised(fault: str, value: Any, error: type[SourceError], server: CoreServer) -> None:
    """Never an empty answer."""
    setattr(server.faults, fault, value)
    for call in (
        core(server).look_tip,
        lambda: core(server).look_mempool([]),
        lambda: core(server).look_headers(1, 2),
    ):
        with pytest.raises(error):
            call()


def test_a_node_that_still_reads_the_chain_says_how_far_it_has_come(server: CoreServer) -> None:
    """Its tip says nothing of now; a node that lacks less than a day of blocks is behind as any source may be."""
    top = server.chain.height
    server.syncs_to = top + 144
    with pytest.raises(SourceDown, match=rf"still reads the chain \(block {top} of {top + 144}\)"):
        core(server).look_tip()
    server.syncs_to = top + 143
    assert core(server).look_tip().height == top


def test_a_pruned_node_says_from_which_block_on_it_keeps_them(server: CoreServer) -> None:
    server.keeps_from = 5
    one, chain = core(server), server.chain
    assert one.look_block(chain.active[5]) == chain.blocks[chain.active[5]]
    with pytest.raises(
        SourceMissing, match=r"pruned and keeps blocks from 5 on; name a node .* --checkpoint"
    ):
        one.look_block(chain.active[4])
