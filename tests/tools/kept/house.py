"""The translator: kept facts, step by step, into the ledger as it is built today. It compares nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import col, select

from ledger.core.chain import BlockRef, Outpoint, Script
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import LedgerError
from ledger.core.look import ChainLook, JoinedBlock, SeenTx, TxFacts
from ledger.core.roles import APPROVERS
from ledger.core.times import rfc3339
from ledger.model.evidence import Access, EvidenceRow
from ledger.model.people import Counts
from ledger.model.questions import Answer
from ledger.model.reclassifications import Reason
from ledger.recording.actors import Actor
from ledger.recording.confirming import confirm, make_link
from ledger.recording.desk import Outcome as Acted
from ledger.recording.desk import act
from ledger.recording.kinds import BY_NAME
from ledger.recording.papers import seal_paper
from ledger.recording.settling import record_look
from ledger.recording.users import add_user
from ledger.recording.valuing import value_waiting
from ledger.rules.evidence import EVIDENCE
from ledger.rules.questions import ANSWER, UNUSUAL, open_questions
from ledger.rules.results import RESULT, find_indicator, results_of
from ledger.store.addresses import Address
from ledger.store.database import Store
from ledger.store.transaction import Writing
from tests.tools.kept.figures import figures
from tests.tools.kept.journal import (
    Addresses,
    BlockTold,
    Counted,
    EntryRow,
    Looked,
    Moment,
    Outcome,
    Row,
    SeenTold,
    Step,
    Told,
    User,
    Valued,
    txids,
)

ASIDE = "bank.aside"
"""What one person said of a bank line, as it was kept."""
EPOCH = 1_500_000_000
"""When the people of the desk joined: before all that is told."""
SOURCE = "test"


@dataclass(frozen=True, slots=True)
class Done:
    """What a step led to: a word of Outcome or the type of the refusal, and the entries that were made."""

    outcome: str
    entries: tuple[EntryRow, ...]


@dataclass
class House:
    """One ledger that kept steps are told to, in order.

    `numbers` leads from the numbers of entries as they were kept to those of today, which facts name.
    """

    store: Store
    people: dict[str, Actor] = field(default_factory=dict)
    numbers: dict[int, int] = field(default_factory=dict)
    told: list[Step] = field(default_factory=list)

    @classmethod
    def new(cls, url: str) -> House:
        return cls(Store.create(url))

    def close(self) -> None:
        self.store.close()

    def do(self, step: Step) -> Done:
        """Tell one step; a refusal is an answer too."""
        self.told.append(step)
        before = head_of(self.store)
        try:
            with self.store.write() as tx:
                outcome = self._tell(tx, step)
        except LedgerError as refusal:
            return Done(type(refusal).__name__, ())
        entries = tuple(row for row in entries_after(self.store, before) if row[1] != ANSWER.name)
        if isinstance(step, Told) and (step.kind == ASIDE or _seals(step)):
            entries = tuple((seq, step.kind, slug, date) for seq, _, slug, date in entries[1:])
        if not isinstance(step, User | Addresses | Moment):
            self.numbers |= {kept[0]: made[0] for kept, made in zip(step.entries, entries, strict=False)}
        return Done(outcome, entries)

    def renumbered(self, facts: dict[str, Any]) -> dict[str, Any]:
        """Facts that name the entry which stands today for the one that they name; where there was none, still none."""
        entry = facts.get("entry")
        if isinstance(entry, int) and not isinstance(entry, bool):
            return facts | {"entry": self.numbers.get(entry, entry + _BEYOND)}
        return dict(facts)

    def figures(self, at: int) -> list[Row]:
        """What the ledger says at a moment, in the neutral form."""
        with self.store.read() as tx:
            return figures(tx, txids(self.told), now=at)

    def _tell(self, tx: Writing, step: Step) -> str:
        match step:
            case User():
                number = add_user(tx, step.name, step.role, now=EPOCH, by=None)
                self.people[step.name] = Actor.everywhere(number, step.name, step.role)
            case Addresses():
                tx.addresses.add([Address(bytes.fromhex(row[0]), *row[1:]) for row in step.rows])
            case Told():
                return self._act(tx, step)
            case Looked():
                record_look(tx, chain_look(step), now=step.at)
            case Valued():
                value_waiting(tx, now=step.at)
            case Counted():
                wanted = {"about": step.about, "paper": step.paper}
                link = make_link(tx, self.people[step.by], step.campaign, wanted, now=step.at)
                counts = {(product, lot): (good, damaged) for product, lot, good, damaged in step.counts}
                confirm(tx, link.code, counts, now=step.at)
            case Moment():
                raise ValueError("a moment is asked for, never told")
        return Outcome.RECORDED

    def _set_aside(self, tx: Writing, step: Told) -> str:
        """One person set a line aside once; today one asks for it and another one approves, in the same minute."""
        facts, day = step.facts, rfc3339(step.at)[:10]
        number = f"{str(facts.get('line', ''))[:32]}.{facts.get('n', 0)}"
        asked = {"number": number, "lines": [facts.get("line")], "reason": facts.get("reason"), "date": day}
        asked |= {name: value for name, value in facts.items() if name not in {"line", "reason", "n", "date"}}
        act(tx, self.people[step.by], step.campaign, "bank", "aside", asked, now=step.at)
        done = self._approve(tx, step, "aside", {"number": number, "date": day})
        return Outcome.ALREADY if done.already else Outcome.RECORDED

    def _approve(self, tx: Writing, step: Told, noun: str, decided: dict[str, Any]) -> Acted:
        """What another person than the step's decides of what was just asked for."""
        others = (actor for actor in self.people.values() if actor.name != step.by)
        can = (actor for actor in others if actor.roles_in(step.campaign) & APPROVERS)
        second = next(can, self.people[step.by])
        return act(tx, second, step.campaign, noun, "approve", decided, now=step.at)

    def _seal(self, tx: Writing, step: Told) -> str:
        """One person sealed a paper once; today another one approves that, in the same minute."""
        facts, first = dict(step.facts), self.people[step.by]
        # Kept by the paper's own hash, which a salted one has for its note.
        sealed = seal_paper(tx, first, facts["sha256"], facts["sha256"], now=step.at)
        same = (EvidenceRow.campaign == step.campaign, EvidenceRow.sha256 == sealed)
        undone = tx.session.exec(select(EvidenceRow).where(*same, col(EvidenceRow.reversed_by).is_not(None)))
        number = (
            f"{facts['sha256'][:8]}.{facts['about']}.{facts.get('number', '')}"[:36] + f".{len(undone.all())}"
        )
        asked = {name: value for name, value in facts.items() if name not in {"access", "number"}}
        asked |= {"number": number} | ({"of": facts["number"]} if "number" in facts else {})
        told = act(tx, first, step.campaign, "evidence", "seal", asked, now=step.at)
        decided = {"number": number, "date": facts["date"]}
        done = told if told.already else self._approve(tx, step, "sealing", decided)
        return Outcome.ALREADY if done.already else Outcome.RECORDED

    def _answer(self, tx: Writing, step: Told) -> None:
        """Nobody asked when it was kept; today an approval waits until another person says that nothing is wrong."""
        for question in open_questions(tx.session, step.campaign):
            author = tx.desk.author(question.entry)
            others = (actor for actor in self.people.values() if actor.id != author)
            second = next((actor for actor in others if actor.roles_in(step.campaign) & APPROVERS), None)
            if second is None:
                continue
            said = Answer.RIGHT if question.doubt in UNUSUAL else Answer.DIFFERENT
            told = {
                "entry": question.entry,
                "answer": said.value,
                "reason": "As kept",
                "date": question.since[:10],
            }
            told |= {"doubt": question.doubt.value} if question.other is None else {"other": question.other}
            told |= {} if question.name is None else {"name": question.name}
            act(tx, second, step.campaign, "question", "answer", told, now=step.at)

    def _act(self, tx: Writing, step: Told) -> str:
        if step.kind == ASIDE:
            return self._set_aside(tx, step)
        if _seals(step):
            return self._seal(tx, step)
        kind, facts = BY_NAME[step.kind], _named_today(step.kind, self.renumbered(step.facts))
        if kind.verb == "approve":
            self._answer(tx, step)
        if kind is RESULT:
            facts |= _as_reported_today(tx, step.campaign, facts)
        if facts.get("reason") == Reason.NEED_MET:  # kept when nobody had to show that it was
            facts["reason"] = Reason.NEED_WITHDRAWN.value
        told = act(tx, self.people[step.by], step.campaign, kind.noun, kind.verb, facts, now=step.at)
        if told.waiting_for is not None:
            return Outcome.WAITS
        if told.seq is None:
            return Outcome.WITHDRAWN
        return Outcome.ALREADY if told.already else Outcome.RECORDED


def _seals(step: Told) -> bool:
    return step.kind == EVIDENCE.name and step.facts.get("access") == Access.SEALED


_BEYOND = 1_000_000
"""No kept journal has so many entries."""
SEXES = {"women": "female", "men": "male"}


def _named_today(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Facts with the names that their fields have today."""
    if kind == "return" and "way" in facts:
        return {"direction" if name == "way" else name: value for name, value in facts.items()}
    if kind == "receipt" and isinstance(facts.get("lots"), list):
        return facts | {"lots": [_replacing_today(lot) for lot in facts["lots"]]}
    return facts


def _replacing_today(lot: Any) -> Any:
    replaces = lot.get("replaces") if isinstance(lot, dict) else None
    if not isinstance(replaces, dict) or "found" not in replaces:
        return lot
    said = {"discrepancy" if name == "found" else name: value for name, value in replaces.items()}
    return lot | {"replaces": said}


def _as_reported_today(tx: Writing, campaign: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Kept reports tell sexes in words of their own, and a period after a report to date names none."""
    more: dict[str, Any] = {}
    if "sex" in facts:
        # One that names no group was told to be refused.
        more["sex"] = [
            cell | {"group": SEXES[cell["group"]]} if "group" in cell else cell for cell in facts["sex"]
        ]
    indicator = find_indicator(tx.session, campaign, facts["indicator"])
    if indicator is not None and facts["counts"] == Counts.PERIOD:
        to_date = [row.number for row in results_of(tx.session, indicator) if row.counts is Counts.TO_DATE]
        if to_date:
            more["follows"] = to_date[-1]
    return more


def head_of(store: Store) -> int:
    """The number of the newest entry, 0 before the first."""
    with store.read() as tx:
        head = tx.journal.head()
    return head[0] if head else 0


def entries_after(store: Store, seq: int) -> tuple[EntryRow, ...]:
    """The entries above a number."""
    with store.read() as tx:
        entries = [entry_from_bytes(row.data) for row in tx.journal.rows(seq)]
    return tuple((entry.seq, entry.kind, entry.campaign, entry.date) for entry in entries)


def chain_look(step: Looked) -> ChainLook:
    """A kept look in the ledger's words."""
    tip = BlockRef(*step.tip)
    joined, late = (tuple(map(_block, blocks)) for blocks in (step.joined, step.late))
    seen = tuple(map(_seen, step.seen))
    return ChainLook(tuple(step.undone), joined, tip, tip.height, seen, tuple(step.mempool), (), True, late)


def _block(told: BlockTold) -> JoinedBlock:
    height, name, time, txs = told
    return JoinedBlock(
        BlockRef(height, name, time),
        SOURCE,
        tuple(
            TxFacts(
                txid,
                position,
                coinbase,
                tuple(map(Outpoint.parse, inputs)),
                _outputs(outputs),
                tuple(map(bytes.fromhex, branch)),
            )
            for txid, position, coinbase, inputs, outputs, branch in txs
        ),
    )


def _seen(told: SeenTold) -> SeenTx:
    txid, inputs, outputs = told
    return SeenTx(txid, tuple(map(Outpoint.parse, inputs)), _outputs(outputs), SOURCE)


def _outputs(outputs: Sequence[tuple[str, int]]) -> tuple[tuple[Script, int], ...]:
    return tuple((Script(bytes.fromhex(script)), sats) for script, sats in outputs)
