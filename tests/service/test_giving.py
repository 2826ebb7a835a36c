"""Which address a donor gets: each once, ever, never a paid one, and the shared one exactly when the gap is full."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.core.chain import Script
from ledger.core.look import SeenTx
from ledger.recording.actors import Actor
from ledger.recording.address_gaps import load_gaps, save_past
from ledger.recording.desk import Intention, act, bip21_of, request_intention
from ledger.recording.lookup import record_sighting
from ledger.store.database import Store
from service.config import Wallet
from service.wallets import add_addresses
from tests.tools.fake_chain import outpoint_no, script_no
from tests.tools.stories import stories
from watchers.proof.descriptors import Descriptor
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, script_of

SLUG = "relief"
NOW = 1_700_000_000
TPUB = "tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp"
FACTS: dict[str, Any] = {
    "slug": SLUG, "title": "Relief", "purpose": "All", "start": "2011-01-01", "end": "2040-01-01",
}  # fmt: skip
LIST = tuple(address_of(script_no(number), REGTEST) or "" for number in range(8))
GAP = 4


def opened(path: Path) -> Store:
    store = Store.create(f"sqlite:///{path}")
    with store.write() as tx:
        ana = tx.desk.add_user("ana", "2011-02-01T00:00:00Z")
        act(tx, Actor.everywhere(ana, "ana", "admin"), SLUG, "campaign", "add", FACTS, now=NOW)
    return store


def ask(store: Store) -> Intention:
    with store.write() as tx:
        made: Intention = request_intention(tx, SLUG, now=NOW)
    return made


def pay(store: Store, address: str, number: int) -> None:
    outpoint = outpoint_no(number)
    script = script_of(address, REGTEST)
    with store.write() as tx:
        record_sighting(tx, SeenTx(outpoint.txid, (), ((Script(script), 1_000),), "node"), now=NOW)


def ranged(**facts: Any) -> Wallet:
    return Wallet(SLUG, f"wpkh({TPUB}/<0;1>/*)", **facts)


class Giving(RuleBasedStateMachine):
    """Donors ask, any address is paid, the service restarts, and this model says which address must come."""

    folder: Path

    @initialize(fixed=st.integers(0, GAP - 1), first=st.sampled_from([0, 0, 1, GAP, 40]))
    def begin(self, fixed: int, first: int) -> None:
        self.path = self.folder / f"{len(list(self.folder.iterdir()))}.db"
        self.store = opened(self.path)
        self.wallets = (ranged(gap_limit=GAP, fixed_index=fixed, first_index=first),)
        self.first = first
        self.fixed = max(fixed, first)
        self.given: set[int] = set()
        self.paid: set[int] = set()
        self.count = 0
        descriptor = Descriptor.parse(self.wallets[0].descriptor, REGTEST)
        self.addresses = [descriptor.address(index) for index in range(200)]
        self.start()

    def start(self) -> None:
        add_addresses(self.store, self.wallets, REGTEST)
        self.count = max(self.count, max(self.paid, default=-1) + 1 + GAP, self.first + GAP)

    def due(self) -> int | None:
        """The lowest index that is free and has fewer than GAP unused ones just below it, from the first one on."""
        for index in range(self.first, self.count):
            before = (
                index
                - 1
                - max((one for one in self.paid if self.first <= one < index), default=self.first - 1)
            )
            if index not in self.given | self.paid | {self.fixed} and before < GAP:
                return index
            if index not in self.given | self.paid | {self.fixed}:
                return None
        return None

    @rule()
    def donor_asks(self) -> None:
        due = self.due()
        made = ask(self.store)
        if due is None:
            assert (made.address, made.fresh, made.claim_code) == (self.addresses[self.fixed], False, "")
        else:
            assert (made.address, made.fresh) == (self.addresses[due], True)
            assert made.claim_code
            self.given.add(due)

    @rule(which=st.integers(0, 60))
    def address_is_paid(self, which: int) -> None:
        index = which % self.count
        pay(self.store, self.addresses[index], 1000 + len(self.paid) * 100 + index)
        self.paid.add(index)

    @rule()
    def service_restarts(self) -> None:
        self.store.close()
        self.store = Store.open(f"sqlite:///{self.path}")
        self.start()

    @invariant()
    def as_many_are_left_as_donors_would_get(self) -> None:
        with self.store.read() as tx:
            left = tx.addresses.left(SLUG, load_gaps(tx))
            assert (
                tx.addresses.count() >= 2 * self.count
            )  # those below the first one and change are watched as well
        assert (left > 0) is (self.due() is not None)

    def teardown(self) -> None:
        self.store.close()


def test_in_any_order_of_asking_paying_and_restarting_the_due_address_comes(tmp_path: Path) -> None:
    Giving.folder = tmp_path
    machine = Giving.TestCase
    machine.settings = settings(
        max_examples=stories(12),
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    machine().runTest()


def test_after_the_gap_all_further_donors_share_the_fixed_address(tmp_path: Path) -> None:
    """The fixed one is the first of the unused; a payment opens the gap again."""
    store = opened(tmp_path / "a.db")
    add_addresses(store, (ranged(gap_limit=GAP),), REGTEST)
    made = [ask(store) for _ in range(6)]
    assert [one.fresh for one in made] == [True] * (GAP - 1) + [False] * 3
    assert len({one.address for one in made[GAP - 1 :]}) == 1
    pay(store, made[GAP - 2].address, 1)
    add_addresses(store, (ranged(gap_limit=GAP),), REGTEST)
    assert ask(store).fresh
    store.close()


def test_a_lower_gap_limit_holds_at_once_and_payments_to_change_open_nothing(tmp_path: Path) -> None:
    """What is watched beyond the gap is not given out: a wallet restored from its words would not look there."""
    store = opened(tmp_path / "a.db")
    add_addresses(store, (ranged(gap_limit=30),), REGTEST)
    wallets = (ranged(gap_limit=GAP),)
    change = address_of(Descriptor.parse(wallets[0].descriptor, REGTEST).change_scripts(20, 1)[0], REGTEST)
    pay(store, change or "", 1)
    add_addresses(store, wallets, REGTEST)
    assert [ask(store).fresh for _ in range(6)] == [True] * (GAP - 1) + [False] * 3
    store.close()


def test_a_list_gives_each_of_its_addresses_once_and_then_its_fixed_one(tmp_path: Path) -> None:
    """No gap bounds it: no wallet is restored from a list."""
    store = opened(tmp_path / "a.db")
    add_addresses(store, (Wallet(SLUG, "", LIST, gap_limit=1, fixed_index=2),), REGTEST)
    made = [ask(store) for _ in range(9)]
    assert [one.address for one in made[:7]] == [*LIST[:2], *LIST[3:]]
    assert [(one.address, one.fresh) for one in made[7:]] == [(LIST[2], False)] * 2
    store.close()


def test_a_wallet_for_a_need_waits_for_it_and_gives_to_those_who_ask_for_it(tmp_path: Path) -> None:
    """None of its addresses is everybody's, and its change is restricted to nothing."""
    store = opened(tmp_path / "a.db")
    wallets = (ranged(gap_limit=GAP, need="N-1"), Wallet(SLUG, "", LIST[:2]))
    add_addresses(store, wallets, REGTEST)
    with store.read() as tx:
        assert {row.source for row in tx.addresses.of_campaign(SLUG)} == {"list"}
    with store.write() as tx:
        ana = Actor.everywhere(1, "ana", "admin")
        kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits"}
        need = {"number": "N-1", "recipient": "R", "product": "KIT", "quantity": 1, "place": "P"}
        act(tx, ana, SLUG, "product", "add", kit, now=NOW)
        act(tx, ana, SLUG, "need", "add", need | {"by": "2030-01-01", "date": "2020-01-01"}, now=NOW)
    add_addresses(store, wallets, REGTEST)
    descriptor = Descriptor.parse(wallets[0].descriptor, REGTEST)
    with store.write() as tx:
        made = [request_intention(tx, SLUG, {"need": "N-1"}, now=NOW).address for _ in range(2)]
        rows = tx.addresses.of_campaign(SLUG)
    assert made == [descriptor.address(0), descriptor.address(1)]
    assert [row.address for row in rows if row.branch == "fixed"] == [LIST[0]]
    assert {(row.branch, row.restriction) for row in rows if row.source != "list"} == {
        ("receive", "N-1"),
        ("change", None),
    }
    assert ask(store).address == LIST[1]
    store.close()


@pytest.mark.parametrize("second", [Wallet(SLUG, "", LIST[4:]), ranged(), ranged(fixed_index=3)])
def test_a_campaign_has_one_fixed_address_however_many_wallets_and_keeps_it(
    tmp_path: Path, second: Wallet
) -> None:
    store = opened(tmp_path / "a.db")
    first = Wallet(SLUG, "", LIST[:4])
    for wallets in ((first, second), (second, first), (replace(first, addresses=LIST[3::-1]), second)):
        add_addresses(store, wallets, REGTEST)
        with store.read() as tx:
            fixed = [row.address for row in tx.addresses.of_campaign(SLUG) if row.branch == "fixed"]
        assert fixed == [LIST[0]]
    store.close()


def test_addresses_whose_past_is_not_read_yet_wait_for_it(tmp_path: Path) -> None:
    """They may have been paid; once their past is read, or histories told of it, they are given out."""
    store = opened(tmp_path / "a.db")
    add_addresses(store, (Wallet(SLUG, "", LIST[:2]),), REGTEST)
    with store.write() as tx:
        tx.progress.save("checkpoint", f"0:{REGTEST.genesis_header.hex()[:64]}")
        tx.progress.save("scanned", "ab" * 32)
    add_addresses(store, (Wallet(SLUG, "", LIST),), REGTEST)
    assert [ask(store).address for _ in range(3)] == [LIST[1], LIST[0], LIST[0]]
    with store.write() as tx:
        save_past(tx, None)
    assert ask(store).address == LIST[2]
    store.close()


def test_many_donors_at_once_get_different_addresses(tmp_path: Path) -> None:
    """Four threads ask at once; nobody shares a fresh address, and those beyond share the fixed one."""
    store = opened(tmp_path / "a.db")
    add_addresses(store, (ranged(gap_limit=21),), REGTEST)
    made: list[Intention] = []
    threads = [threading.Thread(target=lambda: made.extend(ask(store) for _ in range(7))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh = [one.address for one in made if one.fresh]
    assert len(made) == 28
    assert len(fresh) == len(set(fresh)) == 20
    assert len({one.address for one in made if not one.fresh}) == 1
    store.close()


@pytest.mark.parametrize("title", ['Masks #1 + more = 100% für Ärzte "A"', "a&b?c=d/e%20", "口罩 / أقنعة"])
def test_a_wallet_reads_the_campaigns_title_from_the_bip_21_uri(title: str) -> None:
    """RFC 3986, on which BIP 21 builds: nothing but unreserved characters and escapes stands in the label."""
    uri = urlsplit(bip21_of("bc1qaddress", title))
    assert (uri.scheme, uri.path, uri.fragment) == ("bitcoin", "bc1qaddress", "")
    assert parse_qsl(uri.query) == [("label", title)]
    assert re.fullmatch(r"label=([A-Za-z0-9._~-]|%[0-9A-F]{2})*", uri.query)
