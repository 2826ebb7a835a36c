"""What a campaign expects of its banks: how soon an entry is on a statement, how often one comes, whose money it is.

Public, and it moves nothing. What keeps a bank from being reconciled is counted by these (docs/rules.md, 19).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Name, Number
from ledger.core.roles import Role
from ledger.model.bank import Account, BankTermsRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.spec import Context, Kind, numbered

DAYS, STATEMENT_DAYS = 7, 45
"""Days until an entry is on a statement, and until there is another statement, where nobody says otherwise."""

HELD_BY_OTHERS = frozenset({Account.ADVANCE, Account.VAT})
"""Money that an organisation has and accounts for by a day; no statement tells of it."""

Days = Annotated[int, Field(ge=0, le=366, strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTerms:
    """What is expected of a bank, or, where none is named, of all banks of the campaign that have no terms.

    An entry is on a statement within `days` (7), and there is a statement every `statement_days` (45). `account`:
    `own`, `shared` with others' money, `cash`, a box of which nothing tells but a count by two people, `advance`,
    money that the organisation `holder` has and accounts for by the day `until`, or `vat`, value added tax that a tax
    office gives back by then.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name | None = None
    days: Days | None = None
    statement_days: Days | None = None
    account: Account = Account.OWN
    holder: Name | None = None
    until: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True)
class Terms:
    """What is expected of a bank."""

    days: int = DAYS
    statement_days: int = STATEMENT_DAYS
    account: Account = Account.OWN
    holder: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class TermsOfBanks:
    """What a campaign expects: of each bank that it says it of, and of all others."""

    of: dict[str, Terms]
    others: Terms

    def at(self, bank: str) -> Terms:
        return self.of.get(bank, self.others)


def terms_of(session: Session, campaign: str) -> TermsOfBanks:
    """What a campaign expects of its banks."""
    rows = {
        row.bank: row for row in session.exec(select(BankTermsRow).where(BankTermsRow.campaign == campaign))
    }
    others = _terms(rows.pop("", None), Terms())
    return TermsOfBanks({bank: _terms(row, others) for bank, row in rows.items()}, others)


def takes_vat(session: Session, campaign: str, bank: str) -> bool:
    """Does value added tax that comes back lie there?"""
    row = session.get(BankTermsRow, (campaign, bank))
    return row is not None and row.account is Account.VAT


def vat_places(session: Session, campaign: str) -> Sequence[str]:
    """Where value added tax lies that comes back."""
    return session.exec(
        select(BankTermsRow.bank).where(
            BankTermsRow.campaign == campaign, BankTermsRow.account == Account.VAT
        )
    ).all()


def _terms(row: BankTermsRow | None, others: Terms) -> Terms:
    if row is None:
        return others
    return Terms(
        others.days if row.days is None else row.days,
        others.statement_days if row.statement_days is None else row.statement_days,
        row.account,
        row.holder or "",
        row.until or "",
    )


def _post(context: Context, facts: BankTerms) -> Posting[None]:
    require_campaign(context)
    if facts.bank is None and facts.account is not Account.OWN:
        raise Refused.field("bank", "is missing; say of one bank that others' money or cash lies in it")
    named = (facts.holder is not None, facts.until is not None)
    if named != (facts.account in HELD_BY_OTHERS,) * 2:
        raise Refused.field(
            "holder", "and until are of an advance, and of vat: name both there, and neither elsewhere"
        )
    return Posting()


def _fold(books: Books, entry: Entry[BankTerms, None]) -> None:
    facts, bank = entry.facts, entry.facts.bank or ""
    books.session.merge(
        BankTermsRow(
            campaign=entry.campaign,
            bank=bank,
            entry=entry.seq,
            date=entry.date,
            account=facts.account,
            days=facts.days,
            statement_days=facts.statement_days,
            holder=facts.holder,
            until=facts.until,
        )
    )


TERMS = Kind(
    name="bank.terms",
    noun="bank",
    verb="terms",
    facts=BankTerms,
    notes=None,
    doc="Say how soon a bank shows an entry, how often its statements come, and whose money lies there.",
    roles=frozenset({Role.ADMIN}),
    key=numbered("bank.terms"),
    post=_post,
    fold=_fold,
)
KINDS = (TERMS,)
