"""Bank statements, their lines, and which line is which entry of the books. They move nothing by themselves.

Text and references of a line are private: an entry holds their commitments, never the words (RULES 14).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Positive, Sha256, Text
from ledger.core.money import MAX_AMOUNT, decimal_text
from ledger.rules.books import Books
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, require_campaign

Balance = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankLine:
    """One booked line of a statement: `amount` minor units that came in or went out on the day `booked`.

    `identity` commits to the bank's own reference, else to account, day, amount, text and its n-th occurrence
    that day; `text` commits to the words.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    identity: Sha256
    direction: Literal["in", "out"]
    amount: Positive
    booked: Date
    text: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankStatement:
    """A statement as its file says: `opening` + `came` - `went` = `closing`, in minor units of `currency`.

    `n` counts how often the same file was recorded and reversed before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    bank: Name
    currency: Currency
    sha256: Sha256  # of the file
    part: Count = 0  # of a file that holds several
    opening: Balance
    came: Count
    went: Count
    closing: Balance
    lines: Count
    first: Date
    last: Date
    n: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BankMatch:
    """A person says that a line is the money that an entry moved at that bank; `amount` where it is only a part.

    `n` counts how often the same pair was matched and reversed before.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    line: Sha256
    entry: Positive
    amount: Positive | None = None
    n: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BankAside:
    """A person says that a line is none of this campaign's, and why (public: no names of people)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    line: Sha256
    reason: Text
    n: Count = 0


def moved_at(entry: Entry, campaign: str, bank: str, currency: str) -> int:
    """What an entry's transfers moved at a bank, minor units; above zero it came in."""
    place = account(AccountClass.BANK, campaign, bank)
    moved = 0
    for transfer in entry.transfers:
        if transfer.asset == currency:
            moved += transfer.amount * ((transfer.debit == place) - (transfer.credit == place))
    return moved


def signed(line: dict[str, Any]) -> int:
    """A line's amount, below zero where it went out."""
    amount = int(line["facts"]["amount"])
    return amount if line["facts"]["direction"] == "in" else -amount


def line_left(line: dict[str, Any]) -> int:
    """What of a line is neither matched nor set aside, minor units."""
    return 0 if line["aside"] is not None else int(line["facts"]["amount"]) - int(line["matched"])


def entry_matched(books: Books, campaign: str, seq: int, bank: str) -> int:
    """What of an entry's movement at a bank is on statements already."""
    document = books.documents.find("bank_matched", campaign, f"{seq}:{bank}")
    return 0 if document is None else int(document["matched"])


def require_unmatched(context: Context, entry: Entry) -> None:
    """Conflict where a bank line stands on an entry that would be reversed."""
    for number, document in context.books.documents.some(
        "bank_matched", context.campaign, after=f"{entry.seq}:"
    ):
        if not number.startswith(f"{entry.seq}:"):
            return
        if document["matched"]:
            raise Conflict("entry: a bank line is matched to it; reverse that match first")


def _post_line(context: Context, _facts: BankLine) -> Posting:
    require_campaign(context)
    return Posting()


def _fold_line(books: Books, entry: Entry) -> None:
    document = document_of(entry, matched=0, aside=None)
    books.documents.save("bank_line", entry.campaign, str(entry.facts["identity"]), document)


def _post_statement(context: Context, facts: BankStatement) -> Posting:
    require_campaign(context)
    off = facts.opening + facts.came - facts.went - facts.closing
    if off:
        raise Refused.field(
            "closing",
            f"the lines lead to {decimal_text(facts.currency, facts.closing + off)} {facts.currency}, which is "
            f"{decimal_text(facts.currency, off)} off; take the whole statement as the bank gave it",
        )
    if facts.last < facts.first:
        raise Refused.field("last", "lies before the first day")
    return Posting()


def _fold_statement(books: Books, entry: Entry) -> None:
    books.documents.save("bank_statement", entry.campaign, _statement(entry), document_of(entry))


def _statement(entry: Entry) -> str:
    facts = entry.facts
    return f"{facts['bank']}:{facts['currency']}:{facts['last']}:{entry.seq:012d}"


def _unfold_statement(books: Books, entry: Entry, _seq: int) -> None:
    """What a file was told wrongly to open and close with counts no longer; its lines stay."""
    books.documents.remove("bank_statement", entry.campaign, _statement(entry))


def _require_line_alone(context: Context, entry: Entry) -> None:
    line = context.books.documents.require("bank_line", context.campaign, str(entry.facts["identity"]))
    if line["matched"] or line["aside"] is not None:
        raise Conflict("entry: this bank line is matched or set aside; reverse that first")


def _unfold_line(books: Books, entry: Entry, _seq: int) -> None:
    """A line that no statement has, such as one read with the wrong sign."""
    books.documents.remove("bank_line", entry.campaign, str(entry.facts["identity"]))


def _line(context: Context, identity: str) -> dict[str, Any]:
    line = context.books.documents.find("bank_line", context.campaign, identity)
    if line is None:
        raise NotFound("line: there is no such bank line in this campaign; `aidtrail inbox` lists them")
    if line["aside"] is not None:
        raise Conflict(f"line: it was set aside by entry {line['aside']}; reverse that first")
    return line


def _post_match(context: Context, facts: BankMatch) -> Posting:
    line = _line(context, facts.line)
    bank, currency = line["facts"]["bank"], line["facts"]["currency"]
    entry = context.entry(facts.entry)
    if entry is None or entry.campaign != context.campaign:
        raise NotFound(f"entry: there is no entry {facts.entry} in this campaign")
    if entry.reverses is not None or context.books.reversed_by(entry.seq) is not None:
        raise Refused.field("entry", "is reversed, or a reversal; such money never passed the bank")
    moved = moved_at(entry, context.campaign, bank, currency)
    if moved * signed(line) <= 0:
        raise Refused.field(
            "entry", f"moved {decimal_text(currency, moved)} {currency} at {bank}; not this line"
        )
    left = min(line_left(line), abs(moved) - entry_matched(context.books, context.campaign, entry.seq, bank))
    if left <= 0:
        raise Conflict("line: it, or the entry, is matched whole already; nothing is matched twice")
    if facts.amount is not None and facts.amount > left:
        raise Refused.field("amount", f"only {decimal_text(currency, left)} {currency} is not matched yet")
    return Posting((), (), {"amount": facts.amount or left, "bank": bank})


def _add_match(books: Books, entry: Entry, sign: int) -> None:
    identity, seq, bank = str(entry.facts["line"]), int(entry.facts["entry"]), str(entry.notes["bank"])
    amount = sign * int(entry.notes["amount"])
    line = books.documents.require("bank_line", entry.campaign, identity)
    books.documents.save(
        "bank_line",
        entry.campaign,
        identity,
        line | {"matched": line["matched"] + amount},
    )
    matched = entry_matched(books, entry.campaign, seq, bank) + amount
    books.documents.save("bank_matched", entry.campaign, f"{seq}:{bank}", {"matched": matched})


def _fold_match(books: Books, entry: Entry) -> None:
    _add_match(books, entry, 1)


def _unfold_match(books: Books, entry: Entry, _seq: int) -> None:
    """A reversed match leaves line and entry open as they were."""
    _add_match(books, entry, -1)


def _post_aside(context: Context, facts: BankAside) -> Posting:
    if _line(context, facts.line)["matched"]:
        raise Conflict("line: it is matched, in part or whole; reverse the match first")
    return Posting()


def _fold_aside(books: Books, entry: Entry) -> None:
    _set_aside(books, entry, entry.seq)


def _unfold_aside(books: Books, entry: Entry, _seq: int) -> None:
    """A line that was set aside by mistake waits again."""
    _set_aside(books, entry, None)


def _set_aside(books: Books, entry: Entry, by: int | None) -> None:
    identity = str(entry.facts["line"])
    line = books.documents.require("bank_line", entry.campaign, identity)
    books.documents.save("bank_line", entry.campaign, identity, line | {"aside": by})


def _nth(facts: Any) -> str:
    return f":{facts.n}" if facts.n else ""


def _again(facts: BankStatement) -> str:
    return f":n{facts.n}" if facts.n else ""


LINE = Kind(
    name="bank.line",
    noun="bank",
    verb="line",
    facts=BankLine,
    doc="Record one booked line of a bank statement (`import bank` does it for a whole file).",
    roles=RECORDERS,
    key=lambda campaign, facts: f"bank.line:{campaign}:{facts.identity}",
    post=_post_line,
    fold=_fold_line,
    undoing=Undoing(_unfold_line, _require_line_alone),
)
STATEMENT = Kind(
    name="bank.statement",
    noun="bank",
    verb="statement",
    facts=BankStatement,
    doc="Record what a bank statement opens and closes with; refused where it does not tie.",
    roles=RECORDERS,
    key=lambda campaign, facts: (
        f"import:{campaign}:{facts.sha256}" + (f":{facts.part}" if facts.part else "") + _again(facts)
    ),
    post=_post_statement,
    fold=_fold_statement,
    undoing=Undoing(_unfold_statement),
)
MATCH = Kind(
    name="bank.match",
    noun="bank",
    verb="match",
    facts=BankMatch,
    doc="Say which entry's money a bank line is; neither is ever matched twice.",
    roles=RECORDERS,
    key=lambda campaign, facts: f"bank.match:{campaign}:{facts.line}:{facts.entry}{_nth(facts)}",
    post=_post_match,
    fold=_fold_match,
    undoing=Undoing(_unfold_match),
)
ASIDE = Kind(
    name="bank.aside",
    noun="bank",
    verb="aside",
    facts=BankAside,
    doc="Say that a bank line is none of this campaign's, and why.",
    roles=RECORDERS,
    key=lambda campaign, facts: f"bank.aside:{campaign}:{facts.line}{_nth(facts)}",
    post=_post_aside,
    fold=_fold_aside,
    undoing=Undoing(_unfold_aside),
)
KINDS = (LINE, STATEMENT, MATCH, ASIDE)
