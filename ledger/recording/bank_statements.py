"""A file of a bank into the journal: which of its lines are known, which are new, and what only one side has.

Lines are the same by reference, day and amount, or by day, amount and the n-th such line of that day; words never
decide (docs/rules.md, 14). All of a file is recorded, or nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlmodel import col, select

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.line_words import LineWords
from ledger.core.times import rfc3339
from ledger.core.wording import Figure, Wording
from ledger.model.bank import BankLineRow, Direction
from ledger.recording.actors import Actor
from ledger.recording.bank_words import BANK_SECRET
from ledger.recording.commitments import commitment, secret_named
from ledger.recording.desk import act
from ledger.rules.bank import STATEMENT, BankLine, BankStatement, last_day, signed, statements_of
from ledger.rules.books import Books
from ledger.store.transaction import Reading, Writing

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One booked line: `minor` units, below zero where they went out. `where` it stands in its file, for people."""

    booked: str
    minor: int
    words: LineWords
    where: Wording


@dataclass(frozen=True, slots=True)
class Statement:
    """What a file says of one account, oldest line first: opening + lines = closing, or it does not tie.

    Without balances, None, its lines are only notified: they count when a statement covers their days. `account` is
    the bank's number for it, or empty. `first` and `last` are the days that it covers.
    """

    account: str
    currency: str
    opening: int | None
    closing: int | None
    first: str
    last: str
    lines: tuple[StatementLine, ...]

    @property
    def off(self) -> int:
        """Minor units by which the lines miss the closing balance."""
        if self.opening is None or self.closing is None:
            return 0
        return self.opening + sum(line.minor for line in self.lines) - self.closing


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file: how many lines were new and known; the entries of its statements that were written, and
    which `parts` of the file these are.
    """

    new: int
    known: int
    statements: tuple[int, ...]
    parts: tuple[int, ...]


def take_statements(
    tx: Writing,
    actor: Actor,
    campaign: str,
    bank: str,
    statements: Sequence[Statement],
    sha256: str,
    *,
    now: int,
    differing: bool = False,
) -> Taken:
    """Record the statements of the file with that hash; what is known already changes nothing.

    Raises Conflict that names what only the file or only the books have of days that both cover, unless `differing`;
    Refused for a line of a day to come.
    """
    for statement in statements:
        _require_past(statement, now)
    secret = secret_named(tx, BANK_SECRET)
    besides: dict[str, _Beside] = {}
    paired = []
    for statement in statements:
        currency = statement.currency
        alike = [s for s in statements if s.currency == currency]
        if currency not in besides:
            besides[currency] = _Beside.of(tx, _Place(secret, campaign, bank, currency), alike, sha256)
        paired.append(besides[currency].paired(statement))
    if not differing:
        for beside in besides.values():
            beside.require_alike()
    new, written = 0, {}
    for part, (statement, pairs) in enumerate(zip(statements, paired, strict=True)):
        for line, row in zip(statement.lines, pairs, strict=True):
            if row is None:
                _record(tx, actor, besides[statement.currency], line, sha256, now)
                new += 1
        facts = _statement_facts(bank, statement, sha256, part)
        if facts is None:
            continue
        facts = _standing(tx, campaign, facts)
        outcome = act(tx, actor, campaign, "bank", "statement", facts, now=now)
        if not outcome.already and outcome.seq is not None:
            written[part] = outcome.seq
    return Taken(new, sum(map(len, paired)) - new, tuple(written.values()), tuple(written))


def take_back(
    tx: Writing, actor: Actor, campaign: str, sha256: str, reason: str, *, now: int
) -> tuple[int, int]:
    """Reverse all that the file with that hash brought: its statements, and the lines that it told of first.

    Returns (lines, statements). Raises NotFound where nothing of it stands, Conflict where a line of it is matched
    or set aside.
    """
    lines = tx.session.exec(
        select(BankLineRow.entry)
        .where(
            BankLineRow.campaign == campaign,
            BankLineRow.file == sha256,
            col(BankLineRow.reversed_by).is_(None),
        )
        .order_by(col(BankLineRow.entry))
    ).all()
    statements = sorted(s.entry for s in statements_of(tx.session, campaign) if s.sha256 == sha256)
    if not lines and not statements:
        raise NotFound.field(
            "file", "nothing in this campaign came from it; give the very file that was imported"
        )
    day = rfc3339(now)[:10]
    for entry in (*statements, *lines):
        act(tx, actor, campaign, "reversal", "add", {"entry": entry, "reason": reason, "date": day}, now=now)
    return len(lines), len(statements)


def _require_past(statement: Statement, now: int) -> None:
    last = last_day(rfc3339(now)[:10])
    for line in statement.lines:
        if line.booked > last:
            raise Refused.field(
                "file",
                "{place} is booked on {day}, which is still to come; see whether `date` in the mapping has day and "
                "month the right way round",
                place=line.where,
                day=line.booked,
            )


def _statement_facts(bank: str, statement: Statement, sha256: str, part: int) -> BankStatement | None:
    """None for what has no balances."""
    if statement.opening is None or statement.closing is None:
        return None
    amounts = [line.minor for line in statement.lines]
    return BankStatement(
        bank=bank,
        currency=statement.currency,
        sha256=sha256,
        part=part,
        opening=statement.opening,
        came=sum(minor for minor in amounts if minor > 0),
        went=-sum(minor for minor in amounts if minor < 0),
        closing=statement.closing,
        lines=len(amounts),
        first=statement.first,
        last=statement.last,
    )


def _standing(tx: Reading, campaign: str, facts: BankStatement) -> BankStatement:
    """Told anew where the same file was recorded and reversed before."""
    n = 0
    while (row := tx.journal.by_key(STATEMENT.key(campaign, facts))) and Books(tx).reversed_by(row.seq):
        n += 1
        facts = replace(facts, n=n)
    return facts


@dataclass(frozen=True, slots=True)
class _Place:
    """A bank of a campaign in one currency, and the secret by which its lines are committed to."""

    secret: bytes
    campaign: str
    bank: str
    currency: str

    def committed(self, *label: str, value: str) -> str:
        labels = "\0".join((self.campaign, self.bank, self.currency, *label))
        return commitment(self.secret, labels, value.encode())[0]

    def reference(self, line: StatementLine) -> str | None:
        """What commits to the bank's own reference of a line; None where it has none."""
        words = line.words.reference
        return self.committed("reference", value=words) if words else None

    def identity(self, line: StatementLine, n: int) -> str:
        """Of the n-th line of that day and amount that was ever told."""
        return self.committed("line", value=f"{line.booked}\0{line.minor}\0{n}")


@dataclass(frozen=True, slots=True)
class _Closing:
    """Where a statement closings: its last day, and the balance then."""

    last: str
    closing: int


_Pairs = list[BankLineRow | None]
"""Beside each line of a statement the one of the books that it is; None where it is new."""


@dataclass(slots=True)
class _Beside:
    """The books beside the statements of a file in one currency: a line there is at most one of the file.

    `rows` stand on days of the file, `times` counts by day and amount what was ever told on them. `spans` are first
    and last day of each statement in the books, `closings` where they end, and those of the file that were paired;
    `covered` are the days of those. `follows` are days on which one of the file goes on from another that ended there.
    """

    place: _Place
    is_known: bool
    rows: list[BankLineRow]
    times: Counter[tuple[str, int]]
    spans: list[tuple[str, str]]
    closings: list[_Closing]
    covered: list[tuple[str, str]] = field(default_factory=list)
    used: set[int] = field(default_factory=set)
    new: list[StatementLine] = field(default_factory=list)
    follows: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tx: Reading, place: _Place, statements: Sequence[Statement], sha256: str) -> _Beside:
        earlier = [
            s
            for s in statements_of(tx.session, place.campaign)
            if (s.bank, s.currency) == (place.bank, place.currency)
        ]
        rows = [
            row for row in _rows(tx, place, statements) if any(_covers(s, row.booked) for s in statements)
        ]
        return cls(
            place=place,
            is_known=any(s.sha256 == sha256 for s in earlier),
            rows=[row for row in rows if row.reversed_by is None],
            times=Counter((row.booked, signed(row)) for row in rows),
            spans=[(s.first, s.last) for s in earlier],
            closings=[_Closing(s.last, s.closing) for s in earlier],
        )

    def paired(self, statement: Statement) -> _Pairs:
        """Each of its lines with the one in the books that it is."""
        free = [row for row in self.rows if row.entry not in self.used and _covers(statement, row.booked)]
        references = [self.place.reference(line) for line in statement.lines]
        pairs = _pairs(statement, references, free, loose=False)
        if not self.is_known:
            has_balances = statement.closing is not None
            if has_balances and None in pairs and (loose := _pairs(statement, references, free, loose=True)):
                # Two formats of a bank may give a line two references: then all lines pair, or nothing is proven.
                is_whole = None not in loose and len(loose) == len(free)
                pairs = loose if is_whole else pairs
            by_reference = any(
                row and r and row.reference == r for row, r in zip(pairs, references, strict=True)
            )
            if not by_reference and self._goes_on(statement, pairs):
                pairs = [None] * len(pairs)
                self.follows.add(statement.first)
        self.used |= {row.entry for row in pairs if row is not None}
        self.new += [line for line, row in zip(statement.lines, pairs, strict=True) if row is None]
        if statement.closing is not None:
            self.closings.append(_Closing(statement.last, statement.closing))
            self.covered.append((statement.first, statement.last))
        return pairs

    def _goes_on(self, statement: Statement, pairs: _Pairs) -> bool:
        """Does it begin where the newest one closed, and hold lines that look like earlier ones of that day?

        Then those are further ones: a bank without references writes the same fee twice a day in two files alike.
        What looks known and sums to nothing may as well be the same lines, exported a second time.
        """
        newest = max(self.closings, key=lambda end: end.last, default=None)
        if newest is None:
            return False
        of_that_day = [end for end in self.closings if end.last == newest.last]
        is_next = of_that_day[-1].closing == statement.opening and statement.first >= newest.last
        return is_next and sum(signed(row) for row in pairs if row is not None) != 0

    def require_alike(self) -> None:
        """Conflict where the file and the books differ on days that both cover; it names what only one has."""
        if self.is_known:
            return
        missing = [
            row
            for row in self.rows
            if row.entry not in self.used
            and row.booked not in self.follows
            and any(first <= row.booked <= last for first, last in self.covered)
        ]
        days = {row.booked for row in missing}
        extra = [
            line
            for line in self.new
            if line.booked not in self.follows
            and (line.booked in days or any(first < line.booked < last for first, last in self.spans))
        ]
        if not missing and not extra:
            return
        currency = self.place.currency
        in_file = [
            Wording(
                "{day} {amount} ({place})",
                {"day": line.booked, "amount": Figure(currency, line.minor), "place": line.where},
            )
            for line in extra
        ]
        in_books = [
            Wording(
                "{day} {amount} (entry {entry})",
                {"day": row.booked, "amount": Figure(currency, signed(row)), "entry": row.entry},
            )
            for row in missing
        ]
        raise Conflict.field(
            "file",
            "covers days that are in the books already, and differs from them; only the file has {in_file}; only the "
            "books have {in_books}. Nothing was taken: take back the file that is wrong (`import bank FILE --take-back "
            "REASON`), or add --differing where both are right",
            in_file=_listed(in_file),
            in_books=_listed(in_books),
        )


def _listed(wordings: Sequence[Wording]) -> Sequence[Wording]:
    if not wordings:
        return [Wording("nothing")]
    more = (
        [Wording("{count} more", {"count": len(wordings) - _MOST_NAMED})]
        if len(wordings) > _MOST_NAMED
        else []
    )
    return [*wordings[:_MOST_NAMED], *more]


def _covers(statement: Statement, day: str) -> bool:
    return statement.first <= day <= statement.last


def _rows(tx: Reading, place: _Place, statements: Sequence[Statement]) -> Iterator[BankLineRow]:
    """All lines that were ever told of the days from the first to the last of these statements, in order."""
    yield from tx.session.exec(
        select(BankLineRow)
        .where(
            BankLineRow.campaign == place.campaign,
            BankLineRow.bank == place.bank,
            BankLineRow.currency == place.currency,
            col(BankLineRow.booked) >= min(s.first for s in statements),
            col(BankLineRow.booked) <= max(s.last for s in statements),
        )
        .order_by(col(BankLineRow.entry))
    )


def _pairs(
    statement: Statement, references: Sequence[str | None], free: Sequence[BankLineRow], *, loose: bool
) -> _Pairs:
    """By reference, day and amount; then, in order, by day and amount, where one of the two has no reference.

    `loose`: there also where both have one.
    """
    left: dict[tuple[str, int], list[BankLineRow]] = {}
    for row in free:
        left.setdefault((row.booked, signed(row)), []).append(row)
    pairs: _Pairs = [None] * len(statement.lines)
    for by_reference in (True, False):
        for at, line in enumerate(statement.lines):
            rows, reference = left.get((line.booked, line.minor), []), references[at]
            if pairs[at] is not None:
                continue
            for row in rows:
                is_same = reference is not None and row.reference == reference
                if is_same if by_reference else (loose or reference is None or row.reference is None):
                    pairs[at] = row
                    rows.remove(row)
                    break
    return pairs


def _record(tx: Writing, actor: Actor, beside: _Beside, line: StatementLine, sha256: str, now: int) -> None:
    place, alike = beside.place, (line.booked, line.minor)
    beside.times[alike] += 1
    identity = place.identity(line, beside.times[alike])
    text, opening = None, None
    if kept := line.words.kept():
        text, salt = commitment(place.secret, f"text\0{identity}", kept)
        opening = (salt, kept)
    facts = BankLine(
        bank=place.bank,
        currency=place.currency,
        identity=identity,
        direction=Direction.IN if line.minor > 0 else Direction.OUT,
        amount=abs(line.minor),
        booked=line.booked,
        text=text,
        reference=place.reference(line),
        file=sha256,
    )
    act(tx, actor, place.campaign, "bank", "line", facts, now=now)
    if text is not None and opening is not None:
        tx.desk.save_opening(text, *opening)
