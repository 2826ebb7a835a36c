"""Looks in `addresses` mode: proven histories, and the same picture of the chain as blocks give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.core.chain import Header, Outpoint, Script
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from watchers.address_look import AddressWatcher
from watchers.look import Look, Watcher
from watchers.net.errors import SourceGarbled, SourceMissing
from watchers.net.http import HttpClient, HttpPolicy
from watchers.proof.headers import HeaderChain
from watchers.proof.networks import REGTEST
from watchers.proof.scan import WatchSet
from watchers.proof.scripts import scripthash_hex
from watchers.sources.esplora import Esplora
from watchers.sources.protocol import Source

OURS = [script_no(number) for number in range(3)]
GENESIS = Header(REGTEST.genesis_header).hash
_clock = count()


def source(server: EsploraServer, name: str = "esplora") -> Esplora:
    policy = HttpPolicy(per_second=1e9, burst=10**9, attempts=1, breaker_failures=10**6)
    http = HttpClient(policy, monotonic=lambda: float(next(_clock)) / 1000, sleep=lambda _: None)
    return Esplora(name, server.url, http, REGTEST, deadline=60.0, block_deadline=60.0)


@dataclass
class Books:
    """Applies looks of one watcher the way a ledger does: which transaction is in which block, and our coins."""

    watcher: Watcher | AddressWatcher
    scripts: list[bytes] = field(default_factory=lambda: list(OURS))
    applied: list[str] = field(default_factory=lambda: [GENESIS])
    txs: dict[str, tuple[str, int, tuple[bytes, ...]]] = field(default_factory=dict)
    coins: dict[Outpoint, tuple[int, str]] = field(default_factory=dict)
    spent: dict[Outpoint, str] = field(default_factory=dict)
    waiting: dict[str, tuple[Outpoint, ...]] = field(default_factory=dict)
    wallet: list[bytes] = field(default_factory=list)
    """Scripts to come, one more for each that was paid."""

    def more_scripts(self, paid: frozenset[bytes]) -> frozenset[bytes]:
        used = [index for index, script in enumerate(self.wallet) if script in paid]
        return frozenset(self.wallet[: max(used) + 2]) if used else frozenset()

    def block_of(self, txid: str, script: bytes) -> str | None:
        return self.txs[txid][0] if txid in self.txs else None

    def look(self, now: int, *, max_blocks: int = 1000) -> Look:
        doubted = [spent for inputs in self.waiting.values() for spent in inputs]
        watch = WatchSet(
            frozenset(self.scripts),
            frozenset(one.wire() for one in [*(set(self.coins) - set(self.spent)), *doubted]),
        )
        look = self.watcher.look(
            self.applied[-1], watch, now=now, max_blocks=max_blocks, sighting_scripts=[Script(s) for s in OURS],
            waiting=doubted, known=self,
        )  # fmt: skip
        for name in look.disconnected:
            assert self.applied.pop() == name
            for txid in [txid for txid, (block, *_) in self.txs.items() if block == name]:
                del self.txs[txid]
                self.coins = {o: c for o, c in self.coins.items() if o.txid != txid}
                self.spent = {o: by for o, by in self.spent.items() if by != txid}
        for found in look.connected:
            assert found.facts.header.previous == self.applied[-1]
            self.applied.append(found.ref.hash)
        for found in (*look.late, *look.connected):
            assert found.ref.hash == self.applied[found.ref.height]
            for tx in found.facts.relevant:
                self.txs[tx.txid] = (found.ref.hash, tx.position, tx.branch)
                self.waiting.pop(tx.txid, None)
            self.coins.update((p.outpoint, (p.sats, found.ref.hash)) for p in found.facts.payments)
            self.spent.update((spend.outpoint, spend.txid) for spend in found.facts.spends)
            self.scripts += sorted({bytes(p.script) for p in found.facts.payments} - set(self.scripts))
        for sighting in look.sightings:
            self.waiting[sighting.tx.txid] = tuple(one.outpoint for one in sighting.tx.inputs)
        assert look.tip.hash == self.applied[-1]
        return look

    @property
    def picture(self) -> object:
        return self.applied, dict(sorted(self.txs.items())), dict(sorted(self.coins.items())), self.spent


def headers() -> HeaderChain:
    return HeaderChain(REGTEST, (0, Header(REGTEST.genesis_header)), table=None)


def by_addresses(*sources: Source) -> Books:
    return Books(AddressWatcher(REGTEST, sources, headers()))


@pytest.fixture
def honest() -> Iterator[EsploraServer]:
    with EsploraServer(FakeChain()) as server:
        yield server


@pytest.fixture
def second(honest: EsploraServer) -> Iterator[EsploraServer]:
    with EsploraServer(honest.chain) as server:
        yield server


def pay(chain: FakeChain, number: int, script: bytes = OURS[0], sats: int = 1000) -> str:
    return chain.send(transaction([(script, sats)], [outpoint_no(number)]))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(0, 2), st.integers(1, 9)),
        st.tuples(st.just("twice"), st.integers(0, 2), st.integers(1, 9)),
        st.tuples(st.just("spend"), st.integers(0, 9), st.integers(0, 1)),
        st.tuples(st.just("mine"), st.integers(1, 3), st.just(0)),
        st.tuples(st.just("fork"), st.integers(1, 4), st.integers(1, 2)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_modes_give_the_same_picture_of_any_chain(steps: list[tuple[str, int, int]]) -> None:
    """With honest sources and the same tips: blocks, transactions with their proofs, coins and spends are equal."""
    chain = FakeChain()
    with EsploraServer(chain) as one, EsploraServer(chain) as two:
        two.rows, two.electrum_backend = 10, True
        blocks = Books(Watcher(REGTEST, [source(one)], headers()))
        addresses = by_addresses(source(one, "one"), source(two, "two"))
        for number, (step, a, b) in enumerate([*steps, ("mine", 1, 0), ("look", 0, 0)]):
            match step:
                case "pay":
                    pay(chain, number, OURS[a], b)
                case "twice":
                    chain.send(transaction([(OURS[a], b), (OURS[0], b)], [outpoint_no(number)]))
                case "spend" if blocks.coins:
                    coin = sorted(set(blocks.coins))[a % len(blocks.coins)]
                    spent_already = any(
                        coin in [i.outpoint for i in chain.block(name).transaction(p).inputs]
                        for name in chain.active
                        for p in range(chain.block(name).count)
                    ) or any(coin.wire() in raw for raw in chain.mempool.values())
                    if not spent_already and coin.txid in chain.places():
                        chain.send(transaction([(OURS[b], 1), (script_no(99), 1)], [coin], lock=number))
                case "mine":
                    chain.mine(a)
                case "fork" if chain.height > a:
                    chain.fork(a, a + b)
                case "look":
                    blocks.look(chain.now)
                    addresses.look(chain.now)
                    assert addresses.picture == blocks.picture
        assert addresses.picture == blocks.picture
        assert addresses.applied[-1] == chain.tip


def test_a_hit_is_proven_and_the_sources_that_answered_are_named(
    honest: EsploraServer, second: EsploraServer
) -> None:
    txid = pay(honest.chain, 1)
    honest.chain.mine(3)
    books = by_addresses(source(honest, "a"), source(second, "b"))
    look = books.look(honest.chain.now)
    assert look.listed_by == ("a", "b")
    assert set(books.txs) == {txid}
    assert not any(path.endswith("/raw") and "/block/" in path for path in honest.paths + second.paths)


def test_nothing_new_costs_one_request_an_address(honest: EsploraServer) -> None:
    pay(honest.chain, 1)
    honest.chain.mine(3)
    books = by_addresses(source(honest))
    books.look(honest.chain.now)
    before = len(honest.paths)
    books.look(honest.chain.now)
    assert len(honest.paths) - before == 2 + len(OURS), "the tip's height and hash, and each history"


@pytest.mark.parametrize("rows", [5, 10, 25, 50])
@pytest.mark.parametrize("electrum_backend", [True, False])
def test_a_history_longer_than_the_servers_pages_is_read_whole(
    honest: EsploraServer, rows: int, electrum_backend: bool
) -> None:
    for number in range(60):
        pay(honest.chain, number)
        honest.chain.mine_block()
    honest.rows, honest.electrum_backend = rows, electrum_backend
    listed = source(honest).look_history(Script(OURS[0]))
    assert [row.height for row in listed] == list(range(60, 0, -1))
    assert len(source(honest).look_history(Script(OURS[0]), above=45)) == 15


def spam(chain: FakeChain, first: int, count: int) -> None:
    for number in range(first, first + count):
        chain.send(transaction([(OURS[0], 1)], [outpoint_no(number)]))


DIALECTS = {
    "blockstream": {"rows": 25},
    "mempool/electrs": {"rows": 25, "together": 50},
    "mempool's Electrum backend": {"rows": 10, "electrum_backend": True},
    "electrs with short pages": {"rows": 5, "waiting_rows": 10, "together": 10},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("confirmed", "waiting"), [(12, 1), (60, 41), (60, 60), (1, 10), (1, 50), (9, 0)])
def test_what_waits_hides_nothing_that_is_in_blocks(
    honest: EsploraServer, dialect: str, confirmed: int, waiting: int
) -> None:
    """Fifty payments of dust leave no place for gifts on the first page: they are asked for behind it."""
    chain, quirks = honest.chain, DIALECTS[dialect]
    vars(honest).update(quirks)
    for number in range(confirmed):
        pay(chain, number)
    chain.mine(2)
    spam(chain, 1_000, waiting)
    one = source(honest)
    rows = one.look_history(Script(OURS[0]))
    assert sum(row.height is not None for row in rows) == confirmed
    shown = waiting if "electrum_backend" in quirks else min(waiting, honest.waiting_rows)
    assert sum(row.height is None for row in rows) == shown
    assert bool(one.cut_short) is (shown < waiting)
    gift = pay(chain, 900)
    chain.mine_block([chain.mempool.pop(gift)], empty=True)
    assert [row.txid for row in one.look_history(Script(OURS[0]), above=2) if row.height is not None] == [
        gift
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_absence_counts_only_where_nothing_that_waits_was_cut_off(
    honest: EsploraServer, dialect: str
) -> None:
    """By histories and by mempools alike; and it counts again once all that waits is shown."""
    vars(honest).update(DIALECTS[dialect])
    spam(honest.chain, 1_000, 60)
    shows_all = dialect.endswith("backend")
    for kind in (Watcher, AddressWatcher):
        books = Books(kind(REGTEST, [source(honest)], headers()))
        look = books.look(honest.chain.now)
        assert look.mempool_sources == ("esplora",)
        asked = look.mempool_scripts
        assert (asked is None or bytes(OURS[0]) in asked) is shows_all
        assert asked is None or bytes(OURS[1]) in asked
    for txid in list(honest.chain.mempool)[honest.waiting_rows :]:
        honest.chain.drop(txid)
    assert books.look(honest.chain.now).mempool_scripts is None


def test_routes_that_a_server_lacks_are_gone_around(honest: EsploraServer) -> None:
    """mempool's Electrum backend has `/hex` for `/raw`, and nothing that says who spends: its histories do."""
    honest.rows, honest.electrum_backend = 10, True
    txid = pay(honest.chain, 1)
    one = source(honest)
    books = by_addresses(one)
    assert [sighting.tx.txid for sighting in books.look(honest.chain.now).sightings] == [txid]
    assert [tx.txid for tx in one.look_mempool([Script(OURS[0])])] == [txid]
    honest.chain.mine(1)
    books.look(honest.chain.now)
    assert set(books.txs) == {txid}
    spender = honest.chain.send(transaction([(script_no(50), 900)], [Outpoint(txid, 0)]))
    honest.chain.mine(1)
    with pytest.raises(SourceMissing, match="outspends: does not say who spends"):
        one.look_spender(Outpoint(txid, 0))
    before = len(honest.paths)
    assert one.look_transaction(txid) is not None
    assert honest.paths[before:] == [f"/api/tx/{txid}/hex"], "what is missing is not asked for again"
    honest.electrum_backend = False
    assert source(honest).look_spender(Outpoint(txid, 0)) == spender


def test_a_proof_that_a_server_kept_from_a_block_that_it_left_is_no_lie(honest: EsploraServer) -> None:
    """Proofs are cached apart from the chain: what the block itself shows is booked, and nobody is set aside."""
    chain, honest.keeps_rows = honest.chain, True
    gift = pay(chain, 1)
    chain.mine(1)
    books = by_addresses(source(honest))
    books.look(chain.now)
    chain.unmine(1)
    for raw in (transaction([(script_no(50), 7)], [outpoint_no(9)]), chain.transactions[gift]):
        chain.send(raw)
    chain.mine(2)
    (report,) = books.look(chain.now).reports
    assert (report.lied, report.error) == (None, None)
    assert books.txs[gift][:2] == (chain.active[1], 2)


@pytest.mark.parametrize("answer", ["empty", "first", "error"])
def test_a_cursor_that_a_reorganisation_takes_away_never_shortens_a_history(
    honest: EsploraServer, answer: str
) -> None:
    """The server no longer knows the cursor: the list is an error, not an end."""
    for number in range(40):
        pay(honest.chain, number)
        honest.chain.mine_block()
    honest.unknown_cursor = answer

    def reorganise() -> None:
        honest.between_pages = None
        honest.chain.fork(30, 31)
        for number in range(40):
            pay(honest.chain, 100 + number)
            honest.chain.mine_block()

    honest.between_pages = reorganise
    books = by_addresses(source(honest))
    first = books.look(honest.chain.now + 10**6)
    assert first.listed_by == ()
    assert not books.txs
    books.look(honest.chain.now + 10**6)
    books.look(honest.chain.now + 10**6)
    _, confirmed = honest.chain.touching(scripthash_hex(Script(OURS[0])))
    assert set(books.txs) == {txid for _, txid in confirmed}


def test_a_block_that_arrives_between_two_pages_shows_a_txid_twice_and_it_counts_once(
    honest: EsploraServer,
) -> None:
    for number in range(30):
        pay(honest.chain, number)
        honest.chain.mine_block()

    def arrive() -> None:
        honest.between_pages = None
        pay(honest.chain, 99)
        honest.chain.mine_block()

    honest.between_pages = arrive
    listed = source(honest).look_history(Script(OURS[0]))
    assert len({row.txid for row in listed}) == len(listed) == 31


def test_a_row_that_one_source_leaves_out_is_found_at_the_other(
    honest: EsploraServer, second: EsploraServer
) -> None:
    txid = pay(honest.chain, 1)
    honest.chain.mine(2)
    honest.faults.lies["history"] = lambda rows: []
    books = by_addresses(source(honest, "a"), source(second, "b"))
    books.look(honest.chain.now)
    assert set(books.txs) == {txid}


def test_what_a_source_left_out_is_told_late_when_an_honest_one_answers(
    honest: EsploraServer, second: EsploraServer
) -> None:
    txid = pay(honest.chain, 1)
    honest.chain.mine(2)
    honest.faults.lies["history"] = lambda rows: []
    second.faults.down = True
    books = by_addresses(source(honest, "a"), source(second, "b"))
    look = books.look(honest.chain.now)
    assert look.listed_by == ("a",)
    assert not books.txs
    second.faults.down = False
    look = books.look(honest.chain.now)
    assert [found.ref.height for found in look.late] == [1]
    assert set(books.txs) == {txid}


def test_an_error_in_a_history_is_never_an_empty_one(honest: EsploraServer) -> None:
    pay(honest.chain, 1)
    honest.chain.mine(2)
    honest.faults.lies["history"] = lambda rows: {"error": "busy"}
    books = by_addresses(source(honest))
    look = books.look(honest.chain.now)
    assert look.tip.height == 0
    assert look.listed_by == ()
    with pytest.raises(SourceGarbled, match="history"):
        source(honest).look_history(Script(OURS[0]))


def test_an_invented_row_settles_nothing_and_its_source_is_set_aside(
    honest: EsploraServer, second: EsploraServer
) -> None:
    """The transaction exists, but not where the row says: the proof contradicts, and the honest source goes on."""
    pay(honest.chain, 1)
    honest.chain.mine(3)
    honest.faults.lies["history.status.block_height"] = lambda height: height + 1
    honest.faults.lies["merkle-proof.block_height"] = lambda height: height + 1
    books = by_addresses(source(honest, "liar"), source(second, "b"))
    look = books.look(honest.chain.now)
    liar = next(report for report in look.reports if report.name == "liar")
    assert liar.lied is not None
    assert str(liar.lied).startswith("proof")
    assert {txid: block for txid, (block, *_) in books.txs.items()} == dict.fromkeys(
        books.txs, honest.chain.active[1]
    )
    assert look.listed_by == ("b",)


def test_without_a_route_for_proofs_the_whole_block_proves(honest: EsploraServer) -> None:
    txid = pay(honest.chain, 1)
    honest.chain.mine(2)
    honest.merkle_route = False
    books = by_addresses(source(honest))
    books.look(honest.chain.now)
    assert set(books.txs) == {txid}


def test_a_replacement_that_leaves_us_out_is_found_by_the_spent_input(honest: EsploraServer) -> None:
    txid = pay(honest.chain, 1)
    books = by_addresses(source(honest))
    look = books.look(honest.chain.now)
    assert [sighting.tx.txid for sighting in look.sightings] == [txid]
    honest.chain.drop(txid)
    rival = honest.chain.send(transaction([(script_no(50), 900)], [outpoint_no(1)]))
    honest.chain.mine_block()
    look = books.look(honest.chain.now)
    assert [tx.txid for found in look.connected for tx in found.facts.relevant] == [rival]


def test_a_replacement_out_of_a_busy_address_is_found_where_no_source_names_spenders(
    honest: EsploraServer,
) -> None:
    """An exchange pays from an address with a long history: the rival is among the newest of it, not the oldest."""
    chain, busy = honest.chain, script_no(70)
    honest.rows, honest.electrum_backend = 10, True
    for number in range(60):
        pay(chain, number, busy)
    funding = pay(chain, 60, busy)
    chain.mine(1)
    gift = chain.send(transaction([(OURS[0], 900)], [Outpoint(funding, 0)]))
    books = by_addresses(source(honest))
    books.look(chain.now)
    chain.drop(gift)
    rival = chain.send(transaction([(script_no(50), 800)], [Outpoint(funding, 0)]))
    chain.mine_block()
    look = books.look(chain.now)
    assert [tx.txid for found in look.connected for tx in found.facts.relevant] == [rival]


def test_a_wallet_grows_within_one_look(honest: EsploraServer) -> None:
    """Each payment opens the wallet's next script, which was paid in the same or an earlier block."""
    wallet = [script_no(200 + index) for index in range(5)]
    for index, script in enumerate(wallet):
        pay(honest.chain, index, script)
    honest.chain.mine_block()
    for make in (
        lambda: Watcher(REGTEST, [source(honest)], headers()),
        lambda: AddressWatcher(REGTEST, [source(honest)], headers()),
    ):
        books = Books(make(), scripts=wallet[:1], wallet=wallet)
        books.look(honest.chain.now)
        assert len(books.coins) == len(wallet)
