"""What a node without a password promises: bytes that are what was asked for, old paths, and one clear remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest

import watchers.sources.bitcoin_core_rest as rest
from ledger.core.chain import Script
from service.command import BadUse
from service.config import Config, Http, SourceConfig
from service.sources import http_client, sources_of
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core_rest import CoreRestServer
from watchers.net.errors import (
    SourceDown,
    SourceError,
    SourceGarbled,
    SourceLied,
    SourceMissing,
    SourceRefused,
    SourceSlow,
)
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.networks import REGTEST
from watchers.sources.bitcoin_core_rest import BitcoinCoreRest
from watchers.sources.protocol import Can, ClaimedTip, Source

OURS = Script(script_no(1))
BLOCKS = 12


@pytest.fixture
def server() -> Iterator[CoreRestServer]:
    with CoreRestServer(FakeChain()) as running:
        running.chain.mine(BLOCKS)
        yield running


def node(server: CoreRestServer) -> BitcoinCoreRest:
    policy = HttpPolicy(per_second=1e6, burst=10_000, attempts=1)
    return BitcoinCoreRest("node", server.url, HttpClient(policy, monotonic=monotonic), REGTEST)


def pay(server: CoreRestServer, count: int) -> list[bytes]:
    raws = [transaction([(script_no(n), 5)], [outpoint_no(n)]) for n in range(count)]
    for raw in raws:
        server.chain.send(raw)
    return raws


@pytest.mark.parametrize("version", [21, 22, 24, 25])
def test_it_is_a_source_whatever_the_nodes_version(version: int, server: CoreRestServer) -> None:
    """Tip, hashes, headers, blocks and the mempool, by the paths that nodes of that age know."""
    server.version = version
    chain = server.chain
    raws = pay(server, 3)
    one: Source = node(server)
    assert one.can == {Can.TIP, Can.HEADERS, Can.BLOCK, Can.MEMPOOL}
    assert one.whole_mempool
    assert one.look_tip() == ClaimedTip(BLOCKS, chain.tip)
    assert one.look_hash(7) == chain.active[7]
    assert [h.hash for h in one.look_headers(3, 50)] == chain.active[3:]
    assert [h.hash for h in one.look_headers(3, 2)] == chain.active[3:5]
    assert one.look_headers(BLOCKS + 1, 5) == one.look_headers(1, 0) == []
    assert one.look_block(chain.tip) == chain.blocks[chain.tip]
    assert [tx.raw for tx in one.look_mempool([OURS])] == raws


def test_an_older_nodes_path_is_remembered(server: CoreRestServer) -> None:
    """The refused path is asked for once, not before each run of headers."""
    server.version = 22
    one = node(server)
    one.look_headers(1, 5)
    before = one.requests
    one.look_headers(1, 5)
    assert one.requests - before == 2


def test_headers_come_thousands_at_a_time(server: CoreRestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One request for the hash of the first, one for each full run, each run beginning with a known header."""
    monkeypatch.setattr(rest, "_HEADERS_A_REQUEST", 5)
    one = node(server)
    assert [h.hash for h in one.look_headers(0, 100)] == server.chain.active
    assert one.requests == 1 + 4
    assert [h.hash for h in one.look_headers(1, 9)] == server.chain.active[1:10]
    assert [h.hash for h in one.look_headers(8, 5)] == server.chain.active[8:]


def test_a_block_that_leaves_the_chain_between_two_questions_is_no_empty_answer(
    server: CoreRestServer,
) -> None:
    """The hash was of a branch that is gone: SourceMissing, not a chain that ends there."""
    gone = server.chain.active[10]
    server.chain.fork(5, 6)
    server.faults.lies["blockhashbyheight"] = lambda _: gone
    with pytest.raises(SourceMissing, match="left"):
        node(server).look_headers(10, 5)


def test_the_mempool_is_read_whole_and_each_transaction_once(server: CoreRestServer) -> None:
    """No script is sent; what left the mempool is forgotten."""
    raws = pay(server, 3)
    one = node(server)
    assert {tx.raw for tx in one.look_mempool([OURS])} == set(raws)
    fetched = [path for path in server.paths if "/tx/" in path]
    server.chain.drop(next(iter(server.chain.mempool)))
    assert {tx.raw for tx in one.look_mempool([])} == set(raws[1:])
    assert [path for path in server.paths if "/tx/" in path] == fetched
    assert len(fetched) == 3
    server.chain.send(raws[0])
    one.look_mempool([])
    assert len([path for path in server.paths if "/tx/" in path]) == 4
    assert not any(OURS.hex() in path for path in server.paths)


def test_a_transaction_that_left_the_mempool_meanwhile_is_left_out(server: CoreRestServer) -> None:
    """Listed and gone a moment later is an everyday thing."""
    raws = pay(server, 2)
    gone = next(iter(server.chain.mempool))
    server.faults.lies["mempool"] = lambda rows: [*rows, gone]
    server.chain.drop(gone)
    assert [tx.raw for tx in node(server).look_mempool([])] == raws[1:]


def test_a_large_mempool_is_never_shown_in_part(
    server: CoreRestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read over several looks, told as such, and what was read is not asked for again."""
    monkeypatch.setattr(rest, "_FRESH_A_LOOK", 2)
    raws = pay(server, 5)
    one = node(server)
    for told in ("2 of 5", "4 of 5"):
        with pytest.raises(SourceSlow, match=told):
            one.look_mempool([])
    assert {tx.raw for tx in one.look_mempool([])} == set(raws)
    assert len([path for path in server.paths if "/tx/" in path]) == 5


def test_what_is_not_there_is_missing_and_not_an_error_of_another_kind(server: CoreRestServer) -> None:
    """An unknown transaction is None; an unknown or pruned block, or a height above the tip, SourceMissing."""
    one = node(server)
    pruned = server.chain.active[3]
    server.missing_blocks.add(pruned)
    assert one.look_transaction("ab" * 32) is None
    for call in (
        lambda: one.look_block("ab" * 32),
        lambda: one.look_block(pruned),
        lambda: one.look_hash(99),
    ):
        with pytest.raises(SourceMissing):
            call()


CALLS: list[Callable[[BitcoinCoreRest], object]] = [
    lambda one: one.look_tip(),
    lambda one: one.look_hash(3),
    lambda one: one.look_headers(1, 3),
    lambda one: one.look_block("ab" * 32),
    lambda one: one.look_mempool([]),
    lambda one: one.look_transaction("ab" * 32),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("seen", [False, True])
def test_a_node_with_rest_off_is_told_from_one_that_lacks_something(
    call: Callable[[BitcoinCoreRest], object], seen: bool, server: CoreRestServer
) -> None:
    """Whatever is asked, at first or after a restart without it, the sentence names rest=1."""
    one = node(server)
    if seen:
        one.look_tip()
    server.rest = False
    with pytest.raises(SourceRefused, match="rest=1"):
        call(one)


@pytest.mark.parametrize("call", CALLS)
def test_a_node_that_is_still_starting_is_down(
    call: Callable[[BitcoinCoreRest], object], server: CoreRestServer
) -> None:
    """Told in words, and not asked three times in a second for it."""
    server.warming = True
    one = node(server)
    with pytest.raises(SourceDown, match="still starting"):
        call(one)
    assert one.requests == len(server.paths) == 1


def changed(raw: bytes) -> bytes:
    return bytes([raw[0] ^ 1]) + raw[1:]


def flipped(text: str) -> str:
    return ("1" if text[0] == "0" else "0") + text[1:]


def look_tip(one: BitcoinCoreRest) -> object:
    return one.look_tip()


def look_headers(one: BitcoinCoreRest) -> object:
    return one.look_headers(1, 3)


def look_block(one: BitcoinCoreRest) -> object:
    return one.look_block(one.look_hash(3))


def look_mempool(one: BitcoinCoreRest) -> object:
    return one.look_mempool([])


LIES: list[tuple[str, Callable[[Any], Any], Callable[[BitcoinCoreRest], object], type[SourceError]]] = [
    ("chaininfo.blocks", lambda n: True, look_tip, SourceGarbled),
    ("chaininfo.blocks", lambda n: -1, look_tip, SourceGarbled),
    ("chaininfo.blocks", lambda n: 10**30, look_tip, SourceGarbled),
    ("chaininfo.blocks", lambda n: float(n), look_tip, SourceGarbled),
    ("chaininfo.bestblockhash", lambda t: t.upper() + "A", look_tip, SourceGarbled),
    ("chaininfo.bestblockhash", lambda t: None, look_tip, SourceGarbled),
    ("chaininfo", lambda d: [], look_tip, SourceGarbled),
    ("chaininfo", lambda d: {}, look_tip, SourceGarbled),
    ("chaininfo", lambda d: d | {"blocks": float("nan")}, look_tip, SourceGarbled),
    ("blockhashbyheight", lambda t: t[2:], look_headers, SourceGarbled),
    ("blockhashbyheight", lambda t: t.upper(), look_headers, SourceGarbled),
    ("blockhashbyheight", lambda t: "", look_headers, SourceGarbled),
    ("blockhashbyheight", flipped, look_headers, SourceMissing),
    ("headers", changed, look_headers, SourceLied),
    ("headers", lambda raw: raw[:80] + changed(raw[80:160]) + raw[160:], look_headers, SourceLied),
    ("headers", lambda raw: raw[:80] + raw[160:], look_headers, SourceLied),
    ("headers", lambda raw: raw[80:], look_headers, SourceLied),
    ("headers", lambda raw: raw[:-1], look_headers, SourceGarbled),
    ("headers", lambda raw: raw + raw[-80:], look_headers, SourceGarbled),
    ("headers", lambda raw: b"", look_headers, SourceMissing),
    ("block", changed, look_block, SourceLied),
    ("block", lambda raw: raw[:80], look_block, SourceGarbled),
    ("block", lambda raw: b"", look_block, SourceGarbled),
    ("mempool", lambda rows: None, look_mempool, SourceGarbled),
    ("mempool", lambda rows: "text", look_mempool, SourceGarbled),
    ("mempool", lambda rows: [1], look_mempool, SourceGarbled),
    ("mempool", lambda rows: {"short": {}}, look_mempool, SourceGarbled),
    ("mempool.txid", lambda t: t.upper(), look_mempool, SourceGarbled),
    ("mempool.txid", lambda t: True, look_mempool, SourceGarbled),
    ("tx", changed, look_mempool, SourceLied),
    ("tx", lambda raw: raw[:-1], look_mempool, SourceLied),
    ("tx", lambda raw: raw + b"\0", look_mempool, SourceLied),
    ("tx", lambda raw: b"", look_mempool, SourceLied),
]


@pytest.mark.parametrize(("field", "lie", "call", "error"), LIES)
def test_one_changed_field_is_caught(
    field: str,
    lie: Callable[[Any], Any],
    call: Callable[[BitcoinCoreRest], object],
    error: type[SourceError],
    server: CoreRestServer,
) -> None:
    """An own node is read as strictly as any other source: what its bytes contradict is a lie, the rest garbled."""
    server.chain.send(transaction([(OURS, 5)], [outpoint_no(1)]))
    call(node(server))
    server.faults.lies[field] = lie
    with pytest.raises(error):
        call(node(server))


@pytest.mark.parametrize(
    ("fault", "value", "error"),
    [
        ("down", True, SourceDown),
        ("html", True, SourceDown),
        ("status", 503, SourceDown),
        ("status", 500, SourceDown),
        ("status", 429, SourceRefused),
        ("status", 403, SourceRefused),
        ("status", 400, SourceRefused),
        ("cut", True, SourceDown),
        ("bomb", 10**9, SourceRefused),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_trouble_is_raised(
    call: Callable[[BitcoinCoreRest], object],
    fault: str,
    value: Any,
    error: type[SourceError],
    server: CoreRestServer,
) -> None:
    """Never an empty answer."""
    if fault == "bomb" and call is not CALLS[0]:
        value = 10**7 if call is not CALLS[4] else 10**9
    setattr(server.faults, fault, value)
    with pytest.raises(error):
        call(node(server))


def test_nothing_else_is_declared(server: CoreRestServer) -> None:
    """Histories, proofs and spenders of a node are refused without a request."""
    one = node(server)
    with pytest.raises(SourceRefused):
        one.look_history(OURS)
    assert server.paths == []


@pytest.mark.parametrize("end", ["", "/", "/rest", "/rest/"])
def test_the_url_may_end_as_operators_write_it(end: str, server: CoreRestServer) -> None:
    """With or without a slash, with or without /rest."""
    client = HttpClient(HttpPolicy(), monotonic=monotonic)
    assert BitcoinCoreRest("node", server.url + end, client, REGTEST).look_tip().height == BLOCKS


def test_a_proxy_that_cannot_be_used_is_bad_use_and_not_repeated() -> None:
    """The sentence names the key and the remedy; the URL may hold a password."""
    config = Config(http=Http(proxy="socks5://ada:hunter2@127.0.0.1:9050"))
    with pytest.raises(BadUse, match=r"http\.proxy: .*socks5h://") as caught:
        http_client(config)
    assert "hunter2" not in str(caught.value)


def test_a_node_nearby_is_not_asked_at_a_strangers_pace(server: CoreRestServer) -> None:
    """A mempool of more transactions than a minute's requests is read at once."""
    pay(server, 30)
    slow = Config(http=Http(requests_a_minute=1, burst=1))
    one = BitcoinCoreRest("node", server.url, http_client(slow), REGTEST)
    assert len(one.look_mempool([])) == 30


def test_the_configuration_names_it(server: CoreRestServer, tmp_path: Any) -> None:
    """`kind = "bitcoin_core_rest"` is one line of configuration and needs no password."""
    config = Config(sources=(SourceConfig("node", "bitcoin_core_rest", server.url),))
    client = HttpClient(HttpPolicy(), monotonic=monotonic)
    (one,) = sources_of(config, REGTEST, client, {}, tmp_path)
    assert isinstance(one, BitcoinCoreRest)
    assert one.look_tip().height == BLOCKS


def test_a_pruned_node_says_from_which_block_on_it_keeps_them(server: CoreRestServer) -> None:
    server.keeps_from = 5
    one, chain = node(server), server.chain
    assert one.look_block(chain.active[5]) == chain.blocks[chain.active[5]]
    with pytest.raises(
        SourceMissing, match=r"pruned and keeps blocks from 5 on; name a node .* --checkpoint"
    ):
        one.look_block(chain.active[4])
