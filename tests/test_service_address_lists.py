"""Addresses from CSV files, the fixed address, and fresh ones that are each given out once, ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.desk import Actor, act, request_intention
from ledger.store.database import Store
from service.address_lists import addresses_in
from service.command import BadUse
from service.config import Wallet, parse_config
from service.wallets import add_addresses, with_lists
from tests.demo_data import run_command
from tests.fakes import script_no
from tests.kill_driver import SLUG
from tests.test_service_kill_nine import CAMPAIGN
from tests.test_service_modes import TPUB
from watchers.networks import REGTEST
from watchers.scripts import address_of

A, B = (address_of(script_no(number), REGTEST) or "" for number in (0, 1))
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"  # fmt: skip  # noqa: E501


def listed(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())
    return addresses_in(path, REGTEST, "wallets.addresses_file")


@pytest.mark.parametrize(
    "text",
    [
        f"address\n{A}\n{B}\n",
        f"\ufeffAddress;label\r\n{A};first\r\n\r\n{B};second\r\n",
        f"label\taddress\nx\t{A}\ny\t{B}",
        f'"address","label"\n"{A}","one, two"\n"{B.upper()}",""\n',
    ],
)
def test_a_list_reads_as_spreadsheets_write_it(tmp_path: Path, text: str) -> None:
    assert [one.lower() for one in listed(tmp_path, text)] == [A, B]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{A}\n{B}\n", "no column 'address'"),
        (f"address\n{A}\nbc1qnothing\n", "line 3"),
        (f"address\n{A}\n{B}\n{A.upper()}\n", "line 4 of list.csv repeats the address of line 2"),
        ("address\n\n", "names no address"),
        ("address\nbc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq\n", "line 2"),
        (f"address\n{A}\n{XPRV}\n", "line 3 of list.csv holds a private key"),
    ],
)
def test_a_bad_line_is_named_with_its_number_and_no_secret_is_repeated(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(BadUse) as refused:
        listed(tmp_path, text)
    assert said in str(refused.value)
    assert "xprv9s21" not in str(refused.value)


def test_init_takes_a_file_and_the_service_watches_its_addresses(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(f"address\n{A}\n{B}\n")
    ran = run_command(
        ["init", "--addresses-file", "mine.csv", "--network", "regtest", "--source", "http://127.0.0.1:1"],
        tmp_path,
    )
    assert ran.code == 0, ran.err
    config = parse_config((tmp_path / "aidtrail.toml").read_text())
    (wallet,) = with_lists(config.wallets, REGTEST, tmp_path)
    assert wallet.addresses == (A, B)
    plan = run_command(["look", "--plan", "--json"], tmp_path)
    assert json.loads(plan.out)["addresses"] == 2


def test_the_fixed_address_is_the_configured_one() -> None:
    with pytest.raises(BadUse, match="fixed_index"):
        parse_config('[[wallets]]\ndescriptor = "x"\nfixed_index = 100\n')


def opened(folder: Path) -> Store:
    store = Store.create(f"sqlite:///{folder / 'aidtrail.db'}")
    with store.write() as tx:
        number = tx.desk.add_user("ada", "admin", "2011-02-01T00:00:00Z")
        act(tx, Actor(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000)
    return store


GAP = 5


class Giving(RuleBasedStateMachine):
    """Donors ask, addresses are paid, the service restarts, in any order."""

    folder: Path

    @initialize(fixed=st.integers(0, GAP - 1))
    def begin(self, fixed: int) -> None:
        here = self.folder / str(len(list(self.folder.iterdir())))
        here.mkdir()
        self.store = opened(here)
        self.wallets = (Wallet(SLUG, f"wpkh({TPUB}/<0;1>/*)", gap_limit=GAP, fixed_index=fixed),)
        self.given: list[str] = []
        self.paid: set[str] = set()
        self.unused = 0
        add_addresses(self.store, self.wallets, REGTEST)
        with self.store.read() as tx:
            (self.fixed,) = [row.address for row in tx.addresses.of_campaign(SLUG) if row.branch == "fixed"]

    @rule()
    def ask(self) -> None:
        with self.store.write() as tx:
            made = request_intention(tx, SLUG, now=1_300_000_000)
        if made.fresh:
            assert made.address not in self.given
            assert made.address != self.fixed
            assert made.address not in self.paid
            assert made.claim_code
            self.given.append(made.address)
        else:
            assert made.address == self.fixed

    @rule(which=st.integers(0, 50))
    def pay(self, which: int) -> None:
        with self.store.write() as tx:
            rows = [row for row in tx.addresses.of_campaign(SLUG) if row.branch != "change"]
            tx.addresses.mark_used(rows[which % len(rows)].script)
            self.paid.add(rows[which % len(rows)].address)

    @rule()
    def restart(self) -> None:
        add_addresses(self.store, self.wallets, REGTEST)

    @invariant()
    def no_more_than_the_gap_waits_unused(self) -> None:
        assert len([one for one in self.given if one not in self.paid]) < GAP + len(self.paid)


def test_each_address_is_given_out_once_whatever_happens(tmp_path: Path) -> None:
    Giving.folder = tmp_path
    machine = Giving.TestCase
    machine.settings = settings(
        max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
    )
    machine().runTest()
