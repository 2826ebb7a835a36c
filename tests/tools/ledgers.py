"""A small ledger for tests: a store, a campaign, a chain made by hand, and the whole state audited after each step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import wraps
from inspect import signature
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, TypeVar, cast

from sqlalchemy import select

from ledger.checks.run import run_checks
from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.errors import LedgerError
from ledger.core.frozen import Amount
from ledger.core.look import ChainLook, JoinedBlock, SeenTx, TxFacts
from ledger.core.times import unix_seconds
from ledger.model.addresses import AddressRow
from ledger.model.columns import table_of
from ledger.model.journal import ObservationRow
from ledger.recording.actors import Actor
from ledger.recording.desk import Outcome, act
from ledger.recording.kinds import ALL
from ledger.recording.rebuild import rebuild
from ledger.recording.settling import LookOutcome, record_look
from ledger.recording.users import add_user
from ledger.rules.questions import open_questions
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.views.conservation import conservation
from ledger.views.open_items import OpenItem
from ledger.views.queries import campaign_report
from tests.tools.folded_on import FoldedOn
from tests.tools.store_places import copy_place, keep_place, place, usual

START = 1_700_000_000
SLUG = "help"
REVERSIBLE = frozenset(kind.name for kind in ALL if kind.undoing is not None)
"""The kinds whose entries a person can reverse."""


def script(index: int) -> Script:
    return Script(b"\x00\x14" + index.to_bytes(20, "big"))


def name(text: str) -> str:
    """A txid or block hash made of a word."""
    return hashlib.sha256(text.encode()).hexdigest()


def tx(
    label: str,
    *pays: tuple[int, int],
    spends: tuple[tuple[str, int], ...] = (),
    position: int = 1,
    coinbase: bool = False,
) -> TxFacts:
    """A transaction that pays (script index, sats) and spends (label, vout)."""
    inputs = tuple(Outpoint(name(other), vout) for other, vout in spends) or (
        Outpoint(name("in " + label), 0),
    )
    outputs = tuple((script(index), sats) for index, sats in pays)
    return TxFacts(name(label), position, coinbase, inputs, outputs, ())


def day_of(facts: dict[str, Any]) -> int:
    """The first second of the day that a fact is dated, in Unix time: nobody tells it before."""
    try:
        return unix_seconds(f"{facts['date']}T00:00:00Z")
    except (KeyError, ValueError, LedgerError):
        return 0


@dataclass
class Ledger:
    """A ledger and the chain that it follows, as a list of block labels."""

    store: Store
    now: int = START
    chain: list[str] = field(default_factory=lambda: ["genesis"])
    actors: dict[str, Actor] = field(default_factory=dict)
    steps: int = 0
    again: FoldedOn | None = field(default=None, repr=False, compare=False)
    """The model folded again, as far as the story was audited."""

    @classmethod
    def new(cls, folder: Path, *, addresses: int = 20, url: str | None = None, **more: Any) -> Ledger:
        if url:
            return cls._begun(url, addresses, more)
        return copied(
            (cls, addresses, str(more)), folder, lambda base: cls._begun(place(base), addresses, more)
        )

    @classmethod
    def _begun(cls, url: str, addresses: int, more: dict[str, Any]) -> Ledger:
        made = cls(Store.create(url))
        with made.store.write() as writing:
            for role in ("admin", "recorder", "approver"):
                number = add_user(writing, role, role, now=START, by=None)
                made.actors[role] = Actor.everywhere(number, role, role)
        made.do(
            "admin", "campaign", "add", slug=SLUG, title="Help", purpose="All of it", start="2023-11-01",
            **({"end": "2023-12-31"} | more),
        )  # fmt: skip
        with made.store.write() as writing:
            writing.addresses.add(
                [
                    Address(script(i), f"address{i}", SLUG, "change" if i >= 15 else "receive", i, "list")
                    for i in range(addresses)
                ]
            )
        return made

    def do(self, role: str, noun: str, verb: str, /, **facts: Any) -> Outcome:
        self.now = max(self.now + 60, day_of(facts))
        slug = facts["slug"] if noun == "campaign" else SLUG
        with self.store.write() as writing:
            outcome = act(writing, self.actors[role], slug, noun, verb, facts, now=self.now)
        self.stepped()
        return outcome

    def say_right(self, date: str) -> None:
        """Somebody answers that what is unusual of a fee or a rate is right."""
        with self.store.read() as reading:
            asked = [(row.entry, row.doubt) for row in open_questions(reading.session, SLUG)]
        told = {"answer": "right", "reason": "It was looked at", "date": date}
        for entry, doubt in asked:
            self.do("approver", "question", "answer", entry=entry, doubt=doubt.value, **told)

    def mine(self, label: str, *txs: TxFacts) -> LookOutcome:
        return self.look((), [(label, txs)])

    def reorg(self, depth: int, *blocks: tuple[str, tuple[TxFacts, ...]]) -> LookOutcome:
        undone = tuple(name(label) for label in reversed(self.chain[-depth:]))
        del self.chain[-depth:]
        return self.look(undone, list(blocks))

    def look(
        self,
        undone: tuple[str, ...],
        blocks: list[tuple[str, tuple[TxFacts, ...]]],
        seen: tuple[SeenTx, ...] = (),
        mempool: tuple[str, ...] = (),
        seconds: int = 600,
        audited: bool = True,
    ) -> LookOutcome:
        self.now += seconds
        joined = []
        for label, txs in blocks:
            self.chain.append(label)
            ref = BlockRef(len(self.chain) - 1, name(label), START + 600 * len(self.chain))
            joined.append(JoinedBlock(ref, "test", txs))
        tip = BlockRef(len(self.chain) - 1, name(self.chain[-1]), START + 600 * len(self.chain))
        told = ChainLook(undone, tuple(joined), tip, tip.height, seen, mempool, (), True)
        with self.store.write() as writing:
            outcome = record_look(writing, told, now=self.now)
        if audited:
            self.stepped()
        return outcome

    def bury(self, blocks: int = 5) -> None:
        """Mine empty blocks on top, one step of a story."""
        for left in reversed(range(blocks)):
            self.look((), [(f"empty {len(self.chain)} {self.now}", ())], audited=left == 0)

    def stepped(self) -> None:
        """Audit after a step; on PostgreSQL now and then, where the same rules make the same rows.

        A history that a step led to before in this process, in another test, was audited then.
        """
        self.steps += 1
        if usual() != "sqlite" and self.steps % 10:
            return
        history = (type(self), usual(), self._history())
        if history not in _AUDITED:
            self.audit(whole=False)
            _AUDITED.add(history)

    def _history(self) -> str:
        """A digest of all that the state is folded from: entries, observations, and the addresses watched."""
        digest = hashlib.sha256()
        with self.store.read() as reading:
            connection = reading.session.connection()
            digest.update(repr(reading.journal.head()).encode())
            for table in (table_of(ObservationRow), table_of(AddressRow)):
                for row in connection.execute(select(table).order_by(*table.primary_key.columns)):
                    digest.update(repr(tuple(row)).encode())
        return digest.hexdigest()

    def audit(self, *, whole: bool = True) -> None:
        """The whole state; what is folded again begins with the first entry if `whole`, else where it came to last."""
        if self.again is None:
            self.again = FoldedOn()
        with self.store.read() as reading:
            assert (found := run_checks(reading)) == [], found
            assert (rebuild(reading) if whole else self.again.differences(reading)) == []

    def kinds(self) -> list[str]:
        with self.store.read() as reading:
            return [row.kind for row in reading.journal.rows()]


F = TypeVar("F", bound=Callable[..., Ledger])
_AUDITED: set[tuple[type, str, str]] = set()


class QuietLedger(Ledger):
    """One whose test audits it when it wants to, and not at each step."""

    def audit(self, *, whole: bool = True) -> None:
        return


def sum_of(item: OpenItem) -> Amount:
    """What an open item is about in money or coins; not all are."""
    assert item.amount is not None
    return item.amount


def tied(ledger: Ledger) -> None:
    """Money is conserved, and every table of sums closes with its total."""
    with ledger.store.read() as reading:
        made = conservation(reading, SLUG)
        assert made.holds, made
        for table in campaign_report(reading, SLUG, now=ledger.now).sums:
            assert sum(row.minor for row in table.rows) == table.total.minor, table


_MADE: dict[Hashable, tuple[Path, Ledger]] = {}
_FOLDER = TemporaryDirectory(prefix="aidtrail-ledgers-")


def made_once(build: F) -> F:
    """A function that makes a ledger in a folder, its first argument: each is made once a process, and copied."""
    told = signature(build)

    @wraps(build)
    def made(*args: Any, **more: Any) -> Ledger:
        given = told.bind(*args, **more)
        folder, *rest = given.args
        key = (build.__module__, build.__qualname__, repr(rest), repr(given.kwargs))
        return copied(key, folder, lambda base: build(base, *rest, **given.kwargs))

    return cast(F, made)


def copied(key: Hashable, folder: Path, make: Callable[[Path], Ledger]) -> Ledger:
    """What `make` makes in a folder: made once a process, and copied from then on."""
    key = (usual(), key)
    if key not in _MADE:
        base = Path(mkdtemp(dir=_FOLDER.name))
        keep_place(base)
        _MADE[key] = base, make(base)
        _MADE[key][1].store.close()
    base, made = _MADE[key]
    copy_place(base, folder)
    return replace(
        made,
        store=Store.open(place(folder)),
        chain=list(made.chain),
        actors=dict(made.actors),
        again=None,
    )
