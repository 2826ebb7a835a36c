"""What a kind of entry is: the shape of its facts, its key, its rules, and how it folds into rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from sqlalchemy import Exists
from sqlmodel import Session

from ledger.core.entry import Entry, Posting, with_facts
from ledger.core.facts import Facts, facts_from, notes_from, text_of
from ledger.core.lines import Operation, Use
from ledger.core.roles import APPROVERS as APPROVERS
from ledger.core.roles import RECORDERS as RECORDERS
from ledger.core.roles import Role
from ledger.model.proposals import Proposal, ProposalStatus
from ledger.rules.asked import Also, Asked
from ledger.rules.books import Books
from ledger.rules.doubts import Doubtful
from ledger.rules.standing import Closed, standings

F = TypeVar("F", bound=Facts)
N = TypeVar("N")

SYSTEM = frozenset({Role.SYSTEM})


@dataclass(frozen=True, slots=True)
class Context:
    """What a rule may look at: the books, and which campaign and moment the fact belongs to."""

    books: Books
    campaign: str
    at: str  # RFC 3339, UTC
    role: Role
    entry: Callable[[int], Entry | None] = lambda _seq: None
    """The entry of a number, for a fact that names one."""
    entries: Callable[[int], Iterator[Entry]] = lambda _after: iter(())
    """All entries numbered above `after`, in order, of every campaign."""
    _standings: dict[str, Closed | None] = field(default_factory=dict)
    _absent: set[str] = field(default_factory=set)

    def standings(self, campaigns: Iterable[str]) -> dict[str, Closed | None]:
        """Of those campaigns that there are, how far each one's books are closed: asked once for one fact."""
        wanted = set(campaigns)
        new = wanted - self._standings.keys() - self._absent
        if new:
            self.know(new, standings(self.books.session, sorted(new)))
        return {slug: self._standings[slug] for slug in wanted & self._standings.keys()}

    def know(self, campaigns: Set[str], standing: Mapping[str, Closed | None]) -> None:
        """What was asked of campaigns already: of those that there are, how far each one's books are closed."""
        self._standings.update(standing)
        self._absent.update(campaigns - standing.keys())

    @property
    def today(self) -> str:
        return self.at[:10]


Fold = Callable[[Books, Entry[F, N]], None]
"""Writes what an entry leaves in the model; it decides nothing."""


@dataclass(frozen=True, slots=True)
class Undoing(Generic[F, N]):
    """How a reversal takes back an entry of a kind. What all kinds have in common is in `reversals`."""

    unfold: Callable[[Books, Entry[F, N], int], None]
    require: Callable[[Context, Entry[F, N]], None] = lambda _context, _entry: None
    """Raises Conflict where something that came later stands on the entry."""
    retakes: Callable[[Context, Entry[F, N]], tuple[Use, ...]] = lambda _context, _entry: ()
    """Uses that the entry had undone, and that stand again in another shape."""
    voids: Callable[[Context, Entry[F, N]], tuple[Operation, ...]] = lambda _context, _entry: ()
    """What voids the units that the entry appended to lines; raises Conflict where they went on."""
    instead: Callable[[Context, Entry[F, N]], tuple[Operation, ...] | None] = lambda _context, _entry: None
    """All that happens to lines, where it is not that each use is taken back; None where it is."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A proposal that waits for a decision, and what it is about: minor units of an asset, where it is about any.

    `asks`: what its approval lets go, None for what moves no money.
    """

    noun: str
    number: str
    recorded_at: str
    asset: str
    minor: int | None
    asks: Asked | None


@dataclass(frozen=True, slots=True)
class Explains:
    """What facts say of the spend that they explain, its txid: the sats that they account for, fee included.

    `order`: what was paid for, whose need it is for; else `need`, None for any end.
    """

    txid: str
    sats: int
    need: str | None = None
    order: str | None = None


class Proposals(Protocol):
    """A workflow, of whatever noun: what is asked of all nouns alike."""

    @property
    def noun(self) -> str: ...

    @property
    def waits(self) -> Exists:
        """Does anything of this noun wait for a decision in the campaign `of_campaign`?"""

    def find(self, session: Session, campaign: str, number: str) -> Proposal | None: ...

    def pending(self, session: Session, campaign: str) -> Iterator[Pending]: ...

    def statuses(self, session: Session, campaign: str) -> Iterator[tuple[str, ProposalStatus]]: ...


@dataclass(frozen=True, slots=True)
class Kind(Generic[F, N]):
    """One kind of entry. `post` raises Refused, NotFound or Conflict and changes nothing.

    Its fold and its undoing are given the entry with facts and notes of their types, not as JSON.
    """

    name: str  # in the journal, e.g. "conversion" or "conversion.approved"
    noun: str
    verb: str
    facts: type[F]
    doc: str
    roles: frozenset[Role]
    key: Callable[[str, F], str]
    post: Callable[[Context, F], Posting[N]]
    fold: Callable[[Books, Entry[F, N]], None]
    date: Callable[[F], str | None] = lambda facts: text_of(facts, "date")
    approves: Callable[[Books, str, F], int | None] = lambda _books, _campaign, _facts: None
    """The seq of the entry that this one approves; its recorder may not be its approver."""
    asks: Callable[[Context, F], Asked | None] = lambda _context, _facts: None
    """What an approval lets go, which a limit may forbid its role; None for what moves no money."""
    asks_also: Callable[[Context, F, Asked], Iterator[Also]] = lambda _context, _facts, _asked: iter(())
    """What else of its noun goes to the payee of that, pending and approved, of all campaigns."""
    explains: Callable[[F], Explains | None] = lambda _facts: None
    """The spend that this fact explains, if any: it waits as a draft until that settles (docs/rules.md, C3)."""
    early: Callable[[Context, F], None] = lambda _context, _facts: None
    """Refuses, before that, what no settling can mend; raises Refused, NotFound or Conflict."""
    rests_on: Callable[[Context, F], Iterable[int]] = lambda _context, _facts: ()
    """Entries that it rests on and that no field of `ledger/rules/rests_on.py` names."""
    covered: Callable[[Context, F, str], Iterable[int]] = lambda _context, _facts, _since: ()
    """Entries that came after a day and without which it would not be covered: money that it counts on and does not
    take (docs/rules.md, 18)."""
    issuer: Callable[[Books, str, F], str | None] = lambda _books, _campaign, _facts: None
    """Whose number it is, where it is that of somebody else's paper: another's may be the same."""
    doubts: Callable[[Books, Entry[F, N]], Iterable[Doubtful]] = lambda _books, _entry: ()
    """What is doubtful of an entry that was folded just now: questions that somebody else than its author answers."""
    times_reversed: Callable[[Books, str, F], int] = lambda _books, _campaign, _facts: 0
    """How many of the same were recorded and count no more, reversed most often, where it may be recorded again:
    the key of the next one says the number."""
    named: str = "number"
    """The field by which people tell one from another: what a refusal of other facts under the same key calls it."""
    follows: Callable[[Books, Entry[F, N]], Iterable[Following]] = lambda _books, _entry: ()
    """What an entry leads to by itself: recorded right after it, together or not at all."""
    undoing: Undoing[F, N] | None = None
    """How an entry of this kind is reversed; without one it never is."""
    notes: type[N] | None = None
    everywhere: bool = False
    """Does it, and its reversal, say something to every campaign?"""
    read_elsewhere: bool = False
    """May other campaigns' inboxes say something else after it, or its reversal? Unlike `everywhere` it is told by
    whoever may tell it in its own."""
    also_in: Callable[[Session, str, F], tuple[str, ...]] = lambda _session, _campaign, _facts: ()
    """Campaigns beside its own in whose books it writes: who tells it needs the role there too."""
    listed_with: tuple[str, ...] = ()
    """Other nouns of which an entry of this kind is one as well."""
    workflow: Proposals | None = None
    """Where two people decide it: the workflow that this kind begins."""

    def key_of(self, books: Books, campaign: str, facts: F) -> str:
        """What happened in the world, for the n-th time that it stands, and on whose paper."""
        again, issuer = self.times_reversed(books, campaign, facts), self.issuer(books, campaign, facts)
        key = self.key(campaign, facts) + (f":{again}" if again else "")
        return key if issuer is None else f"{key}@{issuer}"

    def read(self, entry: Entry) -> Entry[F, N]:
        """An entry of this kind from the journal, as its fold and its undoing take it."""
        return with_facts(entry, facts_from(self.facts, entry.facts), notes_from(self.notes, entry.notes))


class Recorder(Protocol):
    """Records facts of whichever kind."""

    def __call__(self, kind: Kind[F, N], facts: F, /) -> None: ...


Following = Callable[[Recorder], None]
"""Facts that follow from an entry, with their kind."""


def following(kind: Kind[F, N], facts: F) -> Following:
    """What an entry leads to by itself."""
    return lambda record: record(kind, facts)


def numbered(kind: str, number: str = "number") -> Callable[[str, Facts], str]:
    """A key from what happened: the kind, the campaign and the number on the paper."""

    def key(campaign: str, facts: Facts) -> str:
        return f"{kind}:{campaign}:{getattr(facts, number)}"

    return key
