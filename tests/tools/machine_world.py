"""A ledger that the machine drives: whatever is told, the whole state is audited, and a refusal leaves no trace.

It decides nothing: recipes say what could be told next, and raise `Needs` for what has to come first.
"""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import psycopg
from sqlalchemy import create_engine

from ledger.checks.run import run_checks
from ledger.core.errors import Conflict, LedgerError, NotFound
from ledger.core.facts import facts_from
from ledger.core.look import ChainLook, JoinedBlock, SeenTx
from ledger.core.times import rfc3339
from ledger.model.journal import EntryRow
from ledger.model.tables import METADATA
from ledger.recording.actors import Actor
from ledger.recording.any_kind import AnyKind
from ledger.recording.confirming import confirm, make_link
from ledger.recording.desk import Outcome, act
from ledger.recording.rebuild import rebuild
from ledger.recording.settling import LookOutcome, record_look
from ledger.recording.users import add_user
from ledger.recording.valuing import value_waiting
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs, standing_needs
from ledger.rules.gift_records import SettledGift
from ledger.rules.goods import noted_of_lots
from ledger.rules.matching import all_matches
from ledger.rules.order_papers import OrderPapers
from ledger.rules.settled import settled_block
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_states
from ledger.views.chain_coins import coins_in_books
from ledger.views.conservation import Conservation, ConservationTable, Tie, conservation
from ledger.views.decisions import decisions
from ledger.views.queries import campaign_report, donation_rows, donation_trails
from ledger.views.reconcile import reconciliation
from ledger.views.stock import lot_traces, stock_rows
from ledger.views.trail import DonationStatus
from tests.tools.folded_on import FoldedOn
from tests.tools.gifts import gifts_of
from tests.tools.ledgers import START
from tests.tools.machine_chain import Chain
from tests.tools.plain_shares import PublishedLines

T = TypeVar("T")
Counts = Mapping[tuple[str, str], tuple[int, int]]
DEPTH = 6
BROKEN_CONDITIONS = (sqlite3.IntegrityError, psycopg.IntegrityError)
TABLES = tuple(sorted(METADATA.tables))


class Needs(Exception):
    """What has to be told before the recipe can be; of one campaign, where `slug` names it."""

    def __init__(self, kind: str, slug: str = "") -> None:
        super().__init__(kind, slug)
        self.kind, self.slug = kind, slug


@dataclass(frozen=True)
class Told:
    """What was accepted, to be told again."""

    actor: Actor
    slug: str
    kind: AnyKind
    facts: dict[str, Any]
    seq: int


@dataclass
class World:
    """`rnd` is set anew for each step; `every` says after how many steps the model is folded again, `checked` after how
    many the invariants are checked."""

    url: str
    every: int = 4
    checked: int = 1
    rnd: random.Random = field(default_factory=lambda: random.Random(0))
    now: int = START
    chain: Chain = field(default_factory=Chain)
    told: list[Told] = field(default_factory=list)
    seen: list[SeenTx] = field(default_factory=list)
    steps: int = 0
    refusals: int = 0
    expiry_first: bool = False
    """A recipe waits for a corrected last day of use: corrections are of these, as long as there is something to."""

    def __post_init__(self) -> None:
        self.store = Store.create(self.url)
        self.folded_on = FoldedOn()
        self._engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        self._outside = self._engine.connect()
        self.actors: list[Actor] = []
        for name, role in (
            ("root", "admin"), ("ann", "recorder"), ("bob", "recorder"), ("cid", "approver"),
            ("dot", "approver"), ("eve", "auditor"),
        ):  # fmt: skip
            self.actors.append(self.add_user(name, role))

    def close(self) -> None:
        self._outside.close()
        self._engine.dispose()
        self.store.close()

    @contextmanager
    def books(self) -> Iterator[Books]:
        with self.store.read() as tx:
            yield Books(tx)

    @property
    def today(self) -> str:
        return rfc3339(self.now)[:10]

    def slugs(self) -> list[str]:
        with self.books() as books:
            return list(campaign_slugs(books.session))

    def some_slug(self) -> str:
        """One of the campaigns, the first more often: a story of one goes further than many beginnings."""
        slugs = self.slugs()
        return slugs[0] if self.rnd.randrange(4) else self.rnd.choice(slugs)

    def number(self) -> int:
        return self.chain.number()

    # what is told

    def actor_for(self, kind: AnyKind, slug: str, facts: dict[str, Any]) -> Actor:
        """Somebody whose role may tell it; for an approval, who did not record what it approves."""
        recorded = self.author_of_approved(kind, slug, facts)
        allowed = [a for a in self.actors if a.roles_in(slug) & kind.roles]
        return self.rnd.choice([a for a in allowed if a.id != recorded])

    def author_of_approved(self, kind: AnyKind, slug: str, facts: dict[str, Any]) -> int | None:
        """Who recorded what these facts would approve."""
        try:
            shaped: Any = type("Facts", (), facts)
            with self.store.read() as tx:
                seq = kind.approves(Books(tx), slug, shaped)
                return None if seq is None else tx.desk.author(seq)
        except (AttributeError, TypeError):
            return None

    def tell(self, kind: AnyKind, slug: str, facts: dict[str, Any], actor: Actor) -> Outcome:
        """Tell a fact at the desk; a LedgerError passes on once it is certain that it left no trace."""
        self.now += 60

        outcome = self.refusable(lambda: self.act(actor, slug, kind, facts, self.now))
        if outcome.seq is not None and not outcome.already:
            self.told.append(Told(actor, slug, kind, facts, outcome.seq))
        if kind.name == "campaign" and not outcome.already:
            self._add_addresses(facts["slug"])
        self.audit()
        return outcome

    def refusable(self, step: Callable[[], T]) -> T:
        """Run a step; where the ledger refuses, the database has to be byte for byte as it was.

        Whatever may not be is refused by a rule: a condition of a table that stops it stands for a forgotten one.
        """
        before = self.digest()
        try:
            return step()
        except LedgerError as refusal:
            if isinstance(refusal.__cause__, BROKEN_CONDITIONS):
                raise AssertionError("a table stopped what no rule had refused") from refusal
            self.refusals += 1
            assert self.digest() == before, "a refused step left a trace"
            raise

    def again(self, told: Told) -> None:
        """The same again changes nothing and says so; what was reversed since does not stand, and is refused.

        Some may be told anew once they are reversed, as papers and their numbers: that is another fact.
        """
        before = self.digest()
        with self.store.read() as reading:
            books = Books(reading)
            stands = books.reversed_by(told.seq) is None
            key = told.kind.key_of(books, told.slug, facts_from(told.kind.facts, told.facts))
            if not stands and key != books.session.get_one(EntryRow, told.seq).key:
                return
        try:
            outcome = self.act(told.actor, told.slug, told.kind, told.facts, self.now + 9)
        except Conflict:
            assert not stands
        else:
            assert stands
            assert outcome.already
            assert outcome.seq == told.seq
        assert self.digest() == before, "the same fact again changed the database"

    def digest(self) -> str:
        """All rows of all tables, every few steps; in between those of the tables that count what was written."""
        found = hashlib.sha256()
        for table in TABLES if self.steps % self.every == 0 else ("meta", "progress", "authors", "drafts"):
            rows = self._outside.exec_driver_sql(f"SELECT * FROM {table}")
            for row in sorted(map(repr, rows)):
                found.update(row.encode())
        return found.hexdigest()

    def _add_addresses(self, slug: str) -> None:
        for branch, count in (("receive", 4), ("change", 2)):
            for index in range(count):
                self.watch(self.chain.script(slug, branch), slug, index, branch)

    def watch(self, script: bytes, slug: str, index: int, branch: str = "receive") -> None:
        with self.books() as books:
            needs = [need.number for need, _ in standing_needs(books.session, slug)]
        need = self.rnd.choice(needs) if needs and branch == "receive" else None
        row = Address(script, f"address{script.hex()}", slug, branch, index, "list", need)
        self.add_addresses([row])

    # what is written, and nothing else is

    def add_user(self, name: str, role: str) -> Actor:
        with self.store.write() as tx:
            return Actor.everywhere(add_user(tx, name, role, now=START, by=None), name, role)

    def add_addresses(self, rows: list[Address]) -> None:
        with self.store.write() as tx:
            tx.addresses.add(rows)

    def act(self, actor: Actor, slug: str, kind: AnyKind, facts: dict[str, Any], now: int) -> Outcome:
        with self.store.write() as tx:
            return act(tx, actor, slug, kind.noun, kind.verb, facts, now=now)

    def record_look(self, look: ChainLook) -> LookOutcome:
        with self.store.write() as tx:
            return record_look(tx, look, now=self.now)

    def value_waiting(self) -> None:
        """The program values what waits for a rate or a conversion."""
        with self.store.write() as tx:
            value_waiting(tx, now=self.now)

    def count(self, actor: Actor, slug: str, about: str, paper: str, counts: Counts) -> None:
        """The other side of a delivery counts, (good, damaged) by (product, lot), by a link that an actor makes."""
        with self.store.write() as tx:
            link = make_link(tx, actor, slug, {"about": about, "paper": paper}, now=self.now)
        with self.store.write() as tx:
            confirm(tx, link.code, counts, now=self.now)

    # what the chain shows

    def look(
        self,
        joined: list[JoinedBlock],
        undone: tuple[str, ...] = (),
        *,
        late: tuple[JoinedBlock, ...] = (),
        seen: tuple[SeenTx, ...] = (),
        mempool: tuple[str, ...] = (),
        seconds: int = 600,
    ) -> LookOutcome:
        self.now += seconds
        tip = self.chain.tip
        told = ChainLook(undone, tuple(joined), tip, tip.height, seen, mempool, (), True, late)
        outcome = self.record_look(told)
        self.audit()
        return outcome

    # what has to hold

    def audit(self, *, whole: bool = False) -> None:
        """The invariants after a step; every few steps also the model, and everything that anybody reads.

        What is folded again begins with the first entry if `whole`, else where it came to last.
        """
        self.steps += 1
        with self.store.read() as tx:
            if whole or self.steps % self.checked == 0:
                found = run_checks(tx)
                assert found == [], found
            self._coins_are_the_chains(tx)
            if whole or self.steps % self.every == 0:
                differs = rebuild(tx) if whole else self.folded_on.differences(tx)
                assert differs == [], differs
                self._read_everything(tx)

    def _coins_are_the_chains(self, tx: Any) -> None:
        settled = settled_block(tx)
        if settled is not None and not self.chain.hidden:
            held, there = coins_in_books(tx), self.chain.balance(settled)
            assert held == there, (held, there)

    def _read_everything(self, tx: Any) -> None:
        """What pages, reports and lists show: it can always be read, and it ties."""
        books = Books(tx)
        self._conserves(conservation(tx))
        lines = PublishedLines(json.loads(row.data) for row in tx.journal.rows())
        decisions(tx, now=self.now)
        reconciliation(tx, None, now=self.now)
        for slug in campaign_slugs(books.session):
            self._conserves(conservation(tx, slug))
            campaign_report(tx, slug, now=self.now)
            donation_rows(tx, slug, after=None, limit=50)
            all_matches(OrderPapers(books, slug))
            bank_states(Books(tx), BankReadings(tx.session, slug, self.today))
            stock_rows(books, slug, "2023-12-31")
            for _, asset in noted_of_lots(books.session, slug):
                lot_traces(books, slug, asset)
            for gift in gifts_of(tx.session, slug):
                self._read_trail(tx, gift, lines)

    @staticmethod
    def _conserves(report: Conservation) -> None:
        """All ties but those of banks: what a statement says is not the ledger's."""
        off: list[ConservationTable | Tie] = [row for row in report.tables if row.difference.minor]
        off += [tie for tie in report.ties if tie.what != "bank" and tie.difference.minor]
        assert off == [], off

    def _read_trail(self, tx: Any, gift: SettledGift, lines: PublishedLines) -> None:
        """A trail says what its gift's state is, nothing below zero, and the shares that an outsider computes from the
        journal."""
        try:
            trails = donation_trails(tx, gift.outpoint)
        except NotFound:
            return
        if gift.live and gift.line:
            statuses = [trail.status for trail in trails]
            wanted = DonationStatus.BLOCKED if gift.blocked_by is not None else DonationStatus.SETTLED
            assert statuses == [wanted], (statuses, wanted)
        for trail in trails:
            amounts = [*(row.amount for row in trail.places), *(step.amount for step in trail.steps)]
            assert min((amount.minor for amount in amounts), default=0) >= 0, amounts
            told: dict[str, list[tuple[int, int]]] = {}
            for share in trail.shares:
                told.setdefault(share.line, []).append((share.start, share.end))
            given = lines.given(gift.campaign, gift.outpoint)
            assert not told or (given is not None and lines.shares(*given) == told), gift.outpoint
