"""The service in `addresses` mode, addresses that are added later, and wallets that grow: the books stay the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from api.pages.sentences import rests_on
from ledger.checks.run import run_checks
from ledger.core.chain import Outpoint
from ledger.core.entry import entry_from_bytes
from ledger.recording.actors import Actor
from ledger.recording.desk import act
from ledger.recording.rebuild import rebuild
from ledger.store.database import Store
from ledger.views.chain_coins import unexplained_spends
from ledger.views.chain_status import chain_status
from ledger.views.reconcile import books_state
from ledger.views.unsettled_spends import unsettled_spends
from service.clock import MovableClock
from service.command import BadUse
from service.config import Config, SourceConfig, Wallet, Watch, parse_config
from service.wiring import build
from tests.tools.esplora_server import EsploraServer
from tests.tools.fake_chain import FakeChain, outpoint_no, script_no, transaction
from tests.tools.gifts import gifts_of
from tests.tools.kill_driver import SLUG, config_of
from tests.tools.relief import CAMPAIGN, DEPTH
from tests.tools.stories import stories
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of

TPUB = "tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B"


def opened(folder: Path, name: str = "aidtrail") -> Store:
    store = Store.create(f"sqlite:///{folder / name}.db")
    with store.write() as tx:
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
    return store


def address(number: int) -> str:
    return address_of(script_no(number), REGTEST) or ""


def watching(base: Config, *numbers: int, **watch: Any) -> Config:
    wallet = Wallet(SLUG, "", tuple(address(number) for number in numbers))
    return replace(base, watch=Watch(sightings="off", **watch), wallets=(wallet,))


def by_addresses(one: EsploraServer, two: EsploraServer) -> Config:
    sources = tuple(SourceConfig(name, "esplora", s.url) for name, s in (("one", one), ("two", two)))
    return replace(config_of(one.url), watch=Watch(mode="addresses"), sources=sources)


def audit(store: Store) -> None:
    with store.read() as tx:
        assert run_checks(tx) == []
        assert rebuild(tx) == []
        state = books_state(tx, SLUG, now=0)
        assert state.difference.minor == 0


def entries(store: Store) -> list[tuple[str, Any, Any]]:
    """The facts of every entry in order, without the moment of recording."""
    with store.read() as tx:
        found = [entry_from_bytes(row.data) for row in tx.journal.rows()]
    return [(entry.key, entry.facts, entry.operations) for entry in found]


def gifts(store: Store) -> dict[str, int]:
    with store.read() as tx:
        return {gift.outpoint: gift.sats for gift in gifts_of(tx.session, SLUG) if gift.live}


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


@pytest.fixture
def servers(chain: FakeChain) -> Iterator[tuple[EsploraServer, EsploraServer]]:
    with EsploraServer(chain) as one, EsploraServer(chain) as two:
        yield one, two


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pay"), st.integers(0, 4), st.integers(0, 1)),
        st.tuples(st.just("spend"), st.integers(0, 9), st.integers(0, 4)),
        st.tuples(st.just("mine"), st.integers(1, 4), st.just(0)),
        st.tuples(st.just("fork"), st.integers(1, 8), st.just(0)),
        st.tuples(st.just("look"), st.just(0), st.just(0)),
    ),
    max_size=20,
)


PAID_SPENT_AND_LEFT = [
    ("mine", 4, 0),
    ("pay", 3, 1),
    ("mine", 1, 0),
    ("look", 0, 0),
    ("spend", 1, 3),
    ("fork", 2, 0),
]
"""A payment leaves the chain for good under the transaction that spends it: no block can hold that one either."""

UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)
"""Every try of a story takes a second: shrinking one would take minutes, and twenty steps are few enough to read."""


@example(steps=PAID_SPENT_AND_LEFT)
@given(STEPS)
@settings(max_examples=stories(4), phases=UNSHRUNK, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_modes_record_the_same_entries(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, int]]
) -> None:
    """Honest sources, the same tips, random chains with reorganisations and spends: the journals are equal."""
    chain = FakeChain()
    folder = tmp_path_factory.mktemp("modes")
    with EsploraServer(chain) as one, EsploraServer(chain) as two:
        stores = [opened(folder, name) for name in ("blocks", "addresses")]
        clock = MovableClock(chain.now + 10**7)
        config = watching(config_of(one.url), 0, 1, 2, 3, 4)
        other = replace(by_addresses(one, two), wallets=config.wallets)
        jobs = [
            build(store, each, clock, {}, folder).jobs
            for store, each in zip(stores, (config, other), strict=True)
        ]
        for number, (step, a, b) in enumerate([*steps, ("mine", DEPTH, 0), ("look", 0, 0)]):
            match step:
                case "pay":
                    outputs = [(script_no(a), 3_000 + number), (script_no(b), 4_000)]
                    chain.send(transaction(outputs, [outpoint_no(number)]))
                case "spend":
                    spend(chain, a, b, number)
                case "mine":
                    chain.mine(a)
                case "fork" if chain.height > a:
                    chain.fork(a, a + 1)
                case "look":
                    for each in jobs:
                        each.look()
                        assert each.trouble is None
                    assert entries(stores[0]) == entries(stores[1])
        for store in stores:
            audit(store)
            store.close()


def spend(chain: FakeChain, which: int, to: int, number: int) -> None:
    """Spend a coin of ours that lies in the chain, with change to a script of ours."""
    ours = {script_no(n) for n in range(5)}
    coins: dict[str, Any] = {}
    for name in chain.active:
        block = chain.block(name)
        for position in range(block.count):
            tx = block.transaction(position)
            for each in tx.inputs:
                coins.pop(str(each.outpoint), None)
            for vout, out in enumerate(tx.outputs):
                if bytes(out.script) in ours:
                    coins[f"{tx.txid}:{vout}"] = out.sats
    free = sorted(
        key for key in coins if not any(Outpoint.parse(key).wire() in raw for raw in chain.mempool.values())
    )
    if free:
        coin = free[which % len(free)]
        outputs = [(script_no(to), max(1, coins[coin] // 2)), (script_no(99), coins[coin] // 3)]
        chain.send(transaction(outputs, [Outpoint.parse(coin)], lock=number))


def test_the_page_says_according_to_whom_the_list_is_complete(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer]
) -> None:
    store = opened(tmp_path)
    chain.send(transaction([(script_no(0), 5_000)], [outpoint_no(1)]))
    chain.mine(DEPTH)
    config = replace(by_addresses(*servers), wallets=(Wallet(SLUG, "", (address(0),)),))
    jobs = build(store, config, MovableClock(chain.now), {}, tmp_path).jobs
    jobs.look()
    with store.read() as tx:
        assert rests_on(chain_status(tx, now=0).completeness) == "complete according to one and two"
    servers[1].faults.down = True
    chain.mine(1)
    jobs.look()
    with store.read() as tx:
        assert rests_on(chain_status(tx, now=0).completeness) == "complete according to one"
    assert gifts(store) == dict.fromkeys(gifts(store), 5000)
    assert len(gifts(store)) == 1
    audit(store)


def test_one_source_of_histories_is_not_enough() -> None:
    text = """
[watch]
mode = "addresses"
[[sources]]
name = "one"
kind = "esplora"
url = "https://example.org/api"
"""
    with pytest.raises(BadUse, match="two sources or more"):
        parse_config(text)


@pytest.mark.parametrize("ask_histories", [True, False])
def test_an_address_that_is_added_later_has_its_past_read_again(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer], ask_histories: bool
) -> None:
    """More payments than a page holds, and a spend, all before the address was added."""
    store = opened(tmp_path)
    for number in range(30):
        chain.send(transaction([(script_no(7), 2_000 + number)], [outpoint_no(number)]))
        chain.mine_block()
    spend_of = next(key for key in chain.places() if chain.raw(key) and script_no(7) in chain.raw(key))
    chain.send(transaction([(script_no(99), 500)], [Outpoint(spend_of, 0)]))
    chain.mine(DEPTH)
    clock = MovableClock(chain.now)
    base = config_of(servers[0].url)
    first = build(store, watching(base, 0), clock, {}, tmp_path).jobs
    while (outcome := first.look()) and outcome.behind:
        pass
    first.leader.release()
    assert gifts(store) == {}
    config = watching(base, 0, 7, ask_histories=ask_histories, blocks_a_look=20)
    jobs = build(store, config, clock, {}, tmp_path).jobs
    jobs.look()
    with store.read() as tx:
        words = rests_on(chain_status(tx, now=0).completeness)
    assert words.startswith("every block scanned whole; the past of 1 address is scanned up to block 20")
    assert ("complete according to honest" in words) is ask_histories
    if ask_histories:
        assert len(gifts(store)) == 30
    jobs.look()
    with store.read() as tx:
        assert rests_on(chain_status(tx, now=0).completeness) == "every block scanned whole"
    assert sorted(gifts(store).values()) == [2_000 + number for number in range(30)]
    audit(store)


@pytest.mark.parametrize("change", [0, 1_500, 6_000])
def test_a_coin_that_is_told_after_its_spend_settled_is_a_part_of_that_spend(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer], change: int
) -> None:
    """One transaction spent it together with a coin that was known; a reorganisation undoes both parts."""
    store = opened(tmp_path)
    known = chain.send(transaction([(script_no(0), 4_000)], [outpoint_no(1)]))
    unknown = chain.send(transaction([(script_no(7), 3_000)], [outpoint_no(2)]))
    chain.mine(1)
    outputs = [(script_no(99), 500), *([(script_no(0), change)] if change else [])]
    spender = chain.send(transaction(outputs, [Outpoint(known, 0), Outpoint(unknown, 0)]))
    chain.mine(DEPTH)
    clock = MovableClock(chain.now)
    base = config_of(servers[0].url)
    first = build(store, watching(base, 0), clock, {}, tmp_path).jobs
    first.look()
    first.leader.release()
    audit(store)
    jobs = build(store, watching(base, 0, 7), clock, {}, tmp_path).jobs
    for _ in range(3):
        jobs.look()
        audit(store)
    with store.read() as tx:
        rows = {row.txid: row.amount.minor for row in unexplained_spends(tx, SLUG, unsettled_spends(tx))}
    assert rows[f"{spender}:1"] == 3_000
    assert sum(rows.values()) == 7_000 - min(change, 4_000)
    chain.fork(DEPTH, DEPTH + 1)
    clock.move_to(clock() + 10_000)
    jobs.look()
    audit(store)


def test_from_addresses_to_blocks_all_that_was_listed_is_read_again(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer]
) -> None:
    """Both explorers left a payment out; the blocks show it."""
    store = opened(tmp_path)
    paid = chain.send(transaction([(script_no(0), 2_000)], [outpoint_no(1)]))
    chain.mine(DEPTH)
    for server in servers:
        server.faults.lies["history"] = lambda rows: []
    clock = MovableClock(chain.now)
    wallets = (Wallet(SLUG, "", (address(0),)),)
    first = build(store, replace(by_addresses(*servers), wallets=wallets), clock, {}, tmp_path).jobs
    first.look()
    first.leader.release()
    assert gifts(store) == {}
    jobs = build(store, watching(config_of(servers[0].url), 0, ask_histories=False), clock, {}, tmp_path).jobs
    for _ in range(2):
        jobs.look()
    assert list(gifts(store)) == [f"{paid}:0"]
    with store.read() as tx:
        assert rests_on(chain_status(tx, now=0).completeness) == "every block scanned whole"
    audit(store)


def test_a_coin_found_late_is_watched_from_then_on(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer]
) -> None:
    """Its spend arrives while the past is still being read."""
    store = opened(tmp_path)
    paid = chain.send(transaction([(script_no(7), 2_000)], [outpoint_no(1)]))
    chain.mine(10)
    clock = MovableClock(chain.now)
    base = config_of(servers[0].url)
    first = build(store, watching(base, 0), clock, {}, tmp_path).jobs
    first.look()
    first.leader.release()
    jobs = build(store, watching(base, 0, 7, ask_histories=False, blocks_a_look=4), clock, {}, tmp_path).jobs
    chain.send(transaction([(script_no(99), 500)], [Outpoint(paid, 0)]))
    chain.mine(DEPTH)
    for _ in range(12):
        jobs.look()
    assert len(gifts(store)) == 1
    audit(store)


def test_a_wallet_grows_inside_a_look_so_that_no_payment_is_missed(
    tmp_path: Path, chain: FakeChain, servers: tuple[EsploraServer, EsploraServer]
) -> None:
    """Every block pays the last address that is watched so far: each opens the next ones, in one look."""
    store = opened(tmp_path)
    text = f"wpkh({TPUB}/<0;1>/*)"
    descriptor = Descriptor.parse(text, REGTEST)
    for number, index in enumerate((4, 9, 14, 19)):
        chain.send(transaction([(descriptor.script(index), 2_000)], [outpoint_no(number)]))
        chain.mine_block()
    chain.mine(DEPTH)
    wallets = (Wallet(SLUG, text, gap_limit=5),)
    for name, config in (("blocks", config_of(servers[0].url)), ("addresses", by_addresses(*servers))):
        store = opened(tmp_path, name)
        built = build(store, replace(config, wallets=wallets), MovableClock(chain.now), {}, tmp_path)
        built.jobs.look()
        assert built.jobs.trouble is None
        assert len(gifts(store)) == 4, name
        audit(store)
