"""What the Esplora client promises: bytes that hash to what was asked for, or an error that names the field."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.core.chain import Script
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.fake_core import CoreServer
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
from watchers.proof.block import parse_transaction
from watchers.proof.networks import REGTEST
from watchers.sources import esplora
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Can, ClaimedTip, Source

OURS = Script(script_no(1))


@pytest.fixture
def server() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as running:
        running.chain.mine(34)
        yield running


def source(server: EsploraServer, *, deadline: float = 5.0, own: bool = False) -> Esplora:
    http = HttpClient(HttpPolicy(per_second=1e6, burst=10_000, attempts=1), monotonic=monotonic)
    return Esplora(
        "esplora", server.url, http, REGTEST, deadline=deadline, block_deadline=deadline, whole_mempool=own
    )


def test_it_is_a_source(server: EsploraServer) -> None:
    """It can be handed in wherever a Source is asked for, and declares what it can."""
    one: Source = source(server)
    assert one.can == set(Can)
    assert one.look_tip() == ClaimedTip(34, server.chain.tip)


@pytest.mark.parametrize("page", [10, 15, 1])
@pytest.mark.parametrize(("first", "count"), [(0, 35), (1, 34), (1, 5), (7, 20), (34, 1), (30, 50), (35, 3)])
def test_headers_are_rebuilt_from_pages_of_any_length(
    page: int, first: int, count: int, server: EsploraServer
) -> None:
    """In order, each of 80 bytes that hash to its block; fewer at the tip."""
    server.page = page
    headers = source(server).look_headers(first, count)
    assert [h.hash for h in headers] == server.chain.active[first : first + count]


def test_pages_save_requests(server: EsploraServer) -> None:
    """Ten headers a request, not one."""
    source(server).look_headers(1, 34)
    assert len(server.paths) == 4


def test_a_server_without_pages_is_asked_for_each_header(server: EsploraServer) -> None:
    """The eighty bytes come from `/block/:hash/header` then, and pages are not tried again."""
    server.pages = False
    one = source(server)
    assert [h.hash for h in one.look_headers(3, 6)] == server.chain.active[3:9]
    before = len(server.paths)
    one.look_headers(3, 1)
    assert not any(path.startswith("/api/blocks/") for path in server.paths[before:])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 25), st.integers(1, 30), st.integers(1, 16))
def test_any_span_of_headers_is_the_active_chain(first: int, count: int, page: int) -> None:
    """Whatever the span and the page, the answer is that slice of the chain."""
    with EsploraServer(SHORT) as server:
        server.page = page
        headers = source(server).look_headers(first, count)
    assert [h.hash for h in headers] == SHORT.active[first : first + count]


SHORT = FakeChain()
SHORT.mine(21)


HEADER_LIES: list[tuple[str, Callable[[Any], Any]]] = [
    ("blocks.id", lambda t: "0" * 64),
    ("blocks.version", lambda n: n ^ 1),
    ("blocks.timestamp", lambda n: n + 1),
    ("blocks.bits", lambda n: n - 1),
    ("blocks.nonce", lambda n: n ^ 1),
    ("blocks.merkle_root", lambda t: t[::-1]),
    ("blocks.previousblockhash", lambda t: t[::-1]),
    ("blocks.nonce", lambda n: True),
    ("blocks.bits", lambda n: "207fffff"),
    ("blocks.height", lambda n: float("nan")),
    ("blocks.height", lambda n: None),
]


@pytest.mark.parametrize(("field", "lie"), HEADER_LIES)
def test_each_field_of_a_header_is_bound_by_its_hash(
    field: str, lie: Callable[[Any], Any], server: EsploraServer
) -> None:
    """One changed field is a lie that is named, never a header."""
    server.faults.lies[field] = lie
    with pytest.raises((SourceLied, SourceGarbled), match="blocks"):
        source(server).look_headers(5, 10)


def test_headers_at_wrong_heights_are_a_lie(server: EsploraServer) -> None:
    """A row that stands elsewhere than on its parent contradicts the page itself."""
    server.faults.lies["blocks"] = lambda rows: [{**rows[0], "height": rows[0]["height"] + 1}, *rows[1:]]
    with pytest.raises(SourceLied, match=r"blocks\.height"):
        source(server).look_headers(5, 10)


def test_a_lone_header_must_hash_to_its_block(server: EsploraServer) -> None:
    """The fall-back is checked like the pages."""
    server.pages = False
    for lie in (lambda t: "01" + t[2:], lambda t: t[:-2], lambda t: "zz" * 80):
        server.faults.lies["header"] = lie
        with pytest.raises((SourceLied, SourceGarbled), match="header"):
            source(server).look_headers(5, 2)


def test_a_passing_404_does_not_end_the_use_of_pages(server: EsploraServer) -> None:
    """A server that gave pages before, or whose tip is only lower, is asked for them again."""
    one = source(server)
    assert one.look_headers(99, 3) == []
    one.look_headers(1, 3)
    server.pages = False
    assert [h.hash for h in one.look_headers(4, 3)] == server.chain.active[4:7]
    server.pages = True
    before = len(server.paths)
    one.look_headers(1, 10)
    assert server.paths[before:] == ["/api/blocks/10"]


def test_a_reorg_between_two_pages_ends_the_answer_at_the_break(server: EsploraServer) -> None:
    """Headers given never skip from one branch to another."""
    chain, one = server.chain, source(server)
    old = list(chain.active)
    paged = server._row

    def row(height: int) -> dict[str, Any]:
        if height == 12 and chain.active == old:
            chain.fork(30, 31)
        return paged(height)

    server._row = row  # type: ignore[method-assign]
    headers = one.look_headers(1, 30)
    for below, above in pairwise(headers):
        assert above.previous == below.hash


def test_a_block_comes_whole_and_is_the_one_asked_for(server: EsploraServer) -> None:
    """Another block under that name is a lie; one that is not there is missing."""
    one, name = source(server), server.chain.tip
    assert one.look_block(name) == server.chain.blocks[name]
    server.faults.lies["block"] = lambda raw: server.chain.blocks[server.chain.active[3]]
    with pytest.raises(SourceLied, match="block"):
        one.look_block(name)
    with pytest.raises(SourceMissing):
        one.look_block("ab" * 32)


def test_the_mempool_shows_what_pays_the_scripts(server: EsploraServer) -> None:
    """Only those transactions, whole; one that was fetched once is not fetched again."""
    raw = transaction([(OURS, 5)], [outpoint_no(1)])
    server.chain.send(raw)
    server.chain.send(transaction([(script_no(2), 5)], [outpoint_no(2)]))
    one = source(server)
    assert [tx.raw for tx in one.look_mempool([OURS])] == [raw]
    before = len(server.paths)
    assert [tx.raw for tx in one.look_mempool([OURS])] == [raw]
    assert len(server.paths) == before + 1


def test_a_transaction_is_checked_against_its_txid(server: EsploraServer) -> None:
    """Other bytes are a lie; a 404 is None; both differ from an error."""
    raw = transaction([(OURS, 5)], [outpoint_no(1)])
    txid = server.chain.send(raw)
    one = source(server)
    assert one.look_transaction(txid) == parse_transaction(raw)
    assert one.look_transaction("ab" * 32) is None
    server.faults.lies["tx"] = lambda raw: transaction([(OURS, 6)], [outpoint_no(1)])
    with pytest.raises(SourceLied):
        one.look_transaction(txid)
    server.faults.status = 500
    with pytest.raises(SourceDown):
        one.look_transaction(txid)


def test_a_transaction_that_a_server_says_it_lacks_costs_one_request(server: EsploraServer) -> None:
    """Not one by each route that might have had it; where a route is missing, the next is asked all the same."""
    one = source(server)
    assert one.look_transaction("ab" * 32) is None
    assert one.requests == 1
    txid = server.chain.send(transaction([(OURS, 5)], [outpoint_no(1)]))
    server.electrum_backend = True
    other = source(server)
    found = [other.look_transaction(known) is not None for known in ("ab" * 32, txid, "ab" * 32, txid)]
    assert found == [False, True, False, True]


def test_a_transaction_listed_but_not_shown_is_an_error(server: EsploraServer) -> None:
    """A mempool with holes does not pass for a complete one."""
    txid = server.chain.send(transaction([(OURS, 5)], [outpoint_no(1)]))
    del server.chain.transactions[txid]
    with pytest.raises(SourceMissing):
        source(server).look_mempool([OURS])


def test_a_large_mempool_of_ones_own_server_is_read_once_over_several_looks(
    server: EsploraServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And never shown in part; what left it between the list and the question is left out."""
    monkeypatch.setattr(esplora, "_FRESH_A_LOOK", 2)
    monkeypatch.setattr(esplora, "_KNOWN_TXS", 3)
    raws = [transaction([(script_no(n), 5)], [outpoint_no(n)]) for n in range(5)]
    names = [server.chain.send(raw) for raw in raws]
    one = source(server, own=True)
    for told in ("2 of 5", "4 of 5"):
        with pytest.raises(SourceSlow, match=told):
            one.look_mempool([])
    for _ in range(2):
        assert {tx.raw for tx in one.look_mempool([])} == set(raws)
    assert len([path for path in server.paths if "/tx/" in path]) == 5
    fresh = source(server, own=True)
    del server.chain.transactions[names[0]]
    for _ in range(4):
        with suppress(SourceSlow):
            shown = {tx.raw for tx in fresh.look_mempool([])}
    assert shown == set(raws[1:])
    names = [f"{n:064x}" for n in range(70_000)]  # 4.7 MB of txids: fewer than mainnet had
    server.faults.lies["mempool.txids"] = lambda _: names
    with pytest.raises(SourceSlow, match="of 70000"):
        source(server, own=True).look_mempool([])


CALLS: list[tuple[str, Callable[[Esplora], object]]] = [
    ("tip", lambda one: one.look_tip()),
    ("hash", lambda one: one.look_hash(3)),
    ("headers", lambda one: one.look_headers(1, 5)),
    ("block", lambda one: one.look_block(SHORT.tip)),
    ("mempool", lambda one: one.look_mempool([OURS])),
    ("transaction", lambda one: one.look_transaction("ab" * 32)),
]
TROUBLES: list[tuple[str, dict[str, Any], type[SourceError]]] = [
    ("down", {"down": True}, SourceDown),
    ("html", {"html": True}, SourceDown),
    ("500", {"status": 500}, SourceDown),
    ("502", {"status": 502}, SourceDown),
    ("403", {"status": 403}, SourceRefused),
    ("429", {"status": 429}, SourceRefused),
    ("redirect", {"redirect": "https://example.org/"}, SourceRefused),
    ("bomb", {"bomb": 9_000_000}, SourceRefused),
    ("drip", {"drip": 0.05}, SourceSlow),
]


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
@pytest.mark.parametrize(("trouble", "error"), [t[1:] for t in TROUBLES], ids=[t[0] for t in TROUBLES])
def test_trouble_is_raised_and_never_answered(
    call: Callable[[Esplora], object], trouble: dict[str, Any], error: type[SourceError]
) -> None:
    """Each question under each fault ends in the right kind of error, in the source's name; none is a lie."""
    with EsploraServer(SHORT) as server:
        for name, value in trouble.items():
            setattr(server.faults, name, value)
        with pytest.raises(error) as caught:
            call(source(server, deadline=0.3 if "drip" in trouble else 5.0))
    assert caught.value.source == "esplora"
    assert not isinstance(caught.value, SourceLied)


def test_what_was_asked_is_counted(server: EsploraServer) -> None:
    """Requests and bytes are told, so that a daily cap can hold."""
    one = source(server)
    raw = one.look_block(server.chain.tip)
    assert (one.requests, one.bytes_read) == (1, len(raw))


def test_the_fake_chain_is_a_chain() -> None:
    """What the tests call honest is valid and linked, and its servers agree about it."""
    chain = FakeChain()
    txid = chain.send(transaction([(OURS, 5)], [outpoint_no(1)]))
    name = chain.mine_block()
    assert parse_transaction(chain.transactions[txid]).txid == txid
    assert chain.header(name).previous == chain.active[0]
    assert chain.mempool == {}
    with CoreServer(chain) as node, EsploraServer(chain) as explorer:
        assert node.url != explorer.url


def test_a_url_that_is_no_root_of_an_api_is_told_what_one_is(server: EsploraServer) -> None:
    """A node's port has no such route; an explorer's front page answers whatever is asked."""
    for url, kind in ((server.url + "/v1", SourceMissing), (server.url, SourceDown)):
        server.faults.html = kind is SourceDown
        http = HttpClient(HttpPolicy(per_second=1e6, attempts=1), monotonic=monotonic)
        with pytest.raises(kind, match="often ends in /api"):
            Esplora("e", url, http, REGTEST).look_tip()
