"""Addresses from CSV files, the fixed address, and fresh ones that are each given out once, ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.recording.actors import Actor
from ledger.recording.desk import act, request_intention
from ledger.store.database import Store
from service.address_lists import addresses_in
from service.command import BadUse
from service.config import Wallet, parse_config
from service.wallets import add_addresses, require_needs_kept, with_lists
from tests.service.test_modes import TPUB
from tests.tools.demo_data import run_command
from tests.tools.fake_chain import script_no
from tests.tools.kill_driver import SLUG
from tests.tools.relief import CAMPAIGN
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of, script_of

A, B, C = (address_of(script_no(number), REGTEST) or "" for number in (0, 1, 2))
FIELD = "wallets.addresses_file"
XPRV = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"  # fmt: skip  # noqa: E501


def listed(tmp_path: Path, text: str) -> tuple[str, ...]:
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode())
    return tuple(line.address for line in addresses_in(path, REGTEST, FIELD))


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
        (f"{A},{B}\n", "no column 'address'"),
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
        number = tx.desk.add_user("ada", "2011-02-01T00:00:00Z")
        act(
            tx, Actor.everywhere(number, "ada", "admin"), SLUG, "campaign", "add", CAMPAIGN, now=1_296_700_000
        )
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


def test_a_file_with_a_column_need_restricts_line_by_line(tmp_path: Path) -> None:
    """Each line says it for its own address; without the column no line says anything."""
    (tmp_path / "list.csv").write_text(f"address,need\n{A},\n{B},N-1\n")
    lines = addresses_in(tmp_path / "list.csv", REGTEST, FIELD)
    assert [(line.address, line.need, str(line.where)) for line in lines] == [
        (A, "", "line 2 of list.csv"),
        (B, "N-1", "line 3 of list.csv"),
    ]
    (tmp_path / "list.csv").write_text(f"address\n{A}\n")
    assert [line.need for line in addresses_in(tmp_path / "list.csv", REGTEST, FIELD)] == [None]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"{A},for Ghana", f"{FIELD}: line 2 of list.csv: need: write letters, digits"),
        (f"{A},{'N' * 41}", f"{FIELD}: line 2 of list.csv: need: "),
        (",N-1", f"{FIELD}: line 2 of list.csv: address is empty beside a need"),
    ],
)
def test_a_bad_need_is_named_with_file_line_field_and_remedy(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(BadUse) as refused:
        listed(tmp_path, f"address,need\n{line}\n")
    assert str(refused.value).startswith(said)
    assert "Ghana" not in str(refused.value)


class Listing:
    """A campaign with two needs, whose operator edits the file and starts the service again."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, opened(folder)
        self.tell_need("N-1")

    def tell_need(self, number: str) -> None:
        need = {"number": number, "recipient": "Clinic", "product": "KIT", "quantity": 5, "place": "Town"}
        kit = {"code": "KIT", "name": "Kit", "unit": "kit", "plural": "kits", "specification": "A kit"}
        with self.store.write() as tx:
            ada = Actor.everywhere(1, "ada", "admin")
            act(tx, ada, SLUG, "product", "add", kit, now=1_296_700_000)
            told = need | {"by": "2011-06-01", "date": "2011-02-03"}
            act(tx, ada, SLUG, "need", "add", told, now=1_296_700_000)

    def start(
        self, *lines: str, head: str = "address,need", need: str = ""
    ) -> dict[str, tuple[str, str | None]]:
        """What the ledger has of each address after a start with this file."""
        (self.folder / "list.csv").write_text("\n".join((head, *lines)) + "\n")
        wallets = with_lists((Wallet(SLUG, addresses_file="list.csv", need=need),), REGTEST, self.folder)
        with self.store.read() as tx:
            require_needs_kept(tx, wallets, REGTEST)
        add_addresses(self.store, wallets, REGTEST)
        with self.store.read() as tx:
            return {row.address: (row.branch, row.restriction) for row in tx.addresses.of_campaign(SLUG)}

    def pay(self, address: str) -> None:
        with self.store.write() as tx:
            tx.addresses.mark_used(script_of(address, REGTEST))

    def ask(self, need: str | None) -> str:
        with self.store.write() as tx:
            return request_intention(tx, SLUG, {"need": need} if need else {}, now=1_300_000_000).address


def test_a_listed_address_of_a_need_is_given_for_it_alone_and_is_nobody_elses(tmp_path: Path) -> None:
    """The fixed address is the first line that is for any end; one for a need goes to who asks for that need."""
    listing = Listing(tmp_path)
    assert listing.start(f"{A},N-1", f"{B},", f"{C},") == {
        A: ("receive", "N-1"), B: ("fixed", None), C: ("receive", None),
    }  # fmt: skip
    assert [listing.ask(None), listing.ask(None), listing.ask("N-1")] == [C, B, A]


def test_lines_of_a_need_that_is_not_recorded_yet_wait_for_it(tmp_path: Path) -> None:
    listing = Listing(tmp_path)
    assert listing.start(f"{A},", f"{B},N-2") == {A: ("fixed", None)}
    listing.tell_need("N-2")
    assert listing.start(f"{A},", f"{B},N-2")[B] == ("receive", "N-2")


def test_the_column_may_come_later_while_an_address_is_neither_given_nor_paid(tmp_path: Path) -> None:
    """A file without the column goes on as before; a need may be added, and stays for ever."""
    listing = Listing(tmp_path)
    listing.tell_need("N-2")
    assert listing.start(A, B, head="address") == {A: ("fixed", None), B: ("receive", None)}
    assert listing.start(f"{A},", f"{B},N-1")[B] == ("receive", "N-1")
    assert listing.start(A, B, head="address")[B] == ("receive", "N-1")
    for other in ("N-2", ""):
        with pytest.raises(BadUse, match=r"line 3 of list\.csv: need: .*is listed already, for N-1"):
            listing.start(f"{A},", f"{B},{other}")


@pytest.mark.parametrize("first", ["", "N-1"])
def test_the_need_of_an_address_with_gifts_is_never_changed(tmp_path: Path, first: str) -> None:
    """Another need, or none, is refused in a sentence, and the address stays what its donors saw."""
    listing = Listing(tmp_path)
    listing.tell_need("N-2")
    before = listing.start(f"{A},", f"{B},{first}")
    listing.pay(B)
    for need in {"", "N-1", "N-2"} - {first}:
        with pytest.raises(BadUse, match=r"line 3 of list\.csv: need: .*has gifts already.*leave it so"):
            listing.start(f"{A},", f"{B},{need}")
        wallets = with_lists((Wallet(SLUG, addresses_file="list.csv"),), REGTEST, tmp_path)
        with pytest.raises(BadUse):
            add_addresses(listing.store, wallets, REGTEST)
    assert listing.start(f"{A},", f"{B},{first}") == before
    assert listing.start(A, B, head="address") == before


def test_what_a_donor_asked_for_stands_whatever_the_file_says_later(tmp_path: Path) -> None:
    """An empty cell takes no need from an address that was given for it; another number is refused."""
    listing = Listing(tmp_path)
    listing.tell_need("N-2")
    listing.start(f"{A},", f"{B},")
    assert listing.ask("N-1") == B
    assert listing.start(f"{A},", f"{B},")[B] == ("receive", "N-1")
    with pytest.raises(BadUse, match="was given to a donor already, for N-1"):
        listing.start(f"{A},", f"{B},N-2")
    with pytest.raises(BadUse, match="everybody gets"):
        listing.start(f"{A},N-1", f"{B},N-1")
