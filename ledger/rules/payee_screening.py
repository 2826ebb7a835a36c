"""Screening of payees: nothing is approved for whoever is on a list, nor a large sum for whom nobody looked up.

Coins are compared by the addresses that they went to (`screening`). Of whom else a person records what a list says of
which day. A match is lifted by another person than the one who recorded it (docs/rules.md, 33).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, select

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number
from ledger.core.names import spend_named
from ledger.core.roles import Role
from ledger.core.wording import Figure, Wording
from ledger.model.named import NameOf
from ledger.model.screening import PayeeKind, ScreeningResult, ScreeningRow, ScreeningTermsRow
from ledger.rules.asked import Asked, Party
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, require_campaign
from ledger.rules.exchange_rates import worth
from ledger.rules.named import names_of
from ledger.rules.pledges import GiftRef
from ledger.rules.questions import names_in_question
from ledger.rules.rows import mark_reversed
from ledger.rules.screening import Listed, ScreeningState, payees_of
from ledger.rules.spec import RECORDERS, Context, F, Kind, N, Undoing, numbered


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeScreening:
    """What `list` says of a payee as it stood on `list_date`; name the supplier, the exchange, or the gift.

    `kind` says which of these it is; the tax office needs no name. `cleared`: what looked like a match is somebody
    else, or may be paid; the paper that shows it is evidence of this.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    kind: PayeeKind
    supplier: Name | None = None
    exchange: Name | None = None
    gift: GiftRef | None = None
    list: Name
    list_date: Date
    result: ScreeningResult
    date: Date

    @property
    def payee(self) -> str:
        """How its row names the payee."""
        return self.supplier or self.exchange or self.gift or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningTerms:
    """Above this sum, minor units of the campaign's currency, an approval waits until its payee was screened.

    0: whatever the sum. Without `above` no sum is named any more.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    above: Count | None = None
    date: Date


_NAMED = {PayeeKind.SUPPLIER: "supplier", PayeeKind.EXCHANGE: "exchange", PayeeKind.DONOR: "gift"}


_RECORDS = {PayeeKind.SUPPLIER: NameOf.SUPPLIER, PayeeKind.EXCHANGE: NameOf.EXCHANGE}
"""Payees that are records, whose spellings are one."""


def screened(session: Session, campaign: str, party: Party) -> ScreeningRow | None:
    """The newest of what was recorded of a payee, however it is spelled."""
    names = {party.name}
    if party.kind in _RECORDS:
        names = names_of(session, _RECORDS[party.kind], party.name)
    rows = (
        select(ScreeningRow)
        .where(
            ScreeningRow.campaign == campaign,
            ScreeningRow.kind == party.kind,
            col(ScreeningRow.payee).in_(names),
            col(ScreeningRow.reversed_by).is_(None),
        )
        .order_by(col(ScreeningRow.entry).desc())
    )
    return session.exec(rows).first()


def _match_alike(session: Session, campaign: str, party: Party) -> ScreeningRow | None:
    """A match of a name that looks like that of a payee, while nobody has said whether they are the same."""
    if party.kind not in _RECORDS:
        return None
    kind = _RECORDS[party.kind]
    for name in names_in_question(session, kind, names_of(session, kind, party.name)):
        screening = screened(session, campaign, Party(party.kind, name))
        if screening is not None and screening.result is ScreeningResult.MATCH:
            return screening
    return None


def newest_screenings(session: Session, campaign: str) -> Sequence[ScreeningRow]:
    """The newest of what was recorded of each payee, by each spelling, by kind and name."""
    wanted = (ScreeningRow.campaign == campaign, col(ScreeningRow.reversed_by).is_(None))
    rows = session.exec(select(ScreeningRow).where(*wanted).order_by(col(ScreeningRow.entry)))
    newest = {(row.kind, row.payee): row for row in rows}
    return [newest[key] for key in sorted(newest)]


def sum_to_screen(session: Session, campaign: str) -> int | None:
    """The sum above which payees are screened, minor units of the campaign's currency; None where none is named."""
    terms = session.get(ScreeningTermsRow, campaign)
    return None if terms is None else terms.above


def stopped(session: Session, campaign: str, asked: Asked, day: str) -> Wording | None:
    """Why an approval waits for a screening of its payee; None where it need not."""
    party = asked.party
    screening = None if party is None else screened(session, campaign, party)
    coins = None
    if asked.txid is not None:
        coins = payees_of(session, campaign, spend_named(asked.txid).txid)
        for match in coins.matches:
            if screening is None or not _clears(screening, match):
                return Wording(
                    "match: decide. {address}, which these coins went to, is on {list} of {list_date}; report it where "
                    "the law asks for that, and if it may be paid all the same, record that and why (`screening add` "
                    "with result=cleared)",
                    {"address": match.address, "list": match.list, "list_date": match.list_date},
                )
    if party is None:
        return None
    alike = _match_alike(session, campaign, party)
    if alike is not None:
        return Wording(
            "match: decide. {name} is on {list} of {list_date}, by screening {number}, and looks like {payee}: another "
            "person than who recorded it says whether they are two, or one spelled twice (`question answer`)",
            {
                "name": alike.payee,
                "list": alike.list_name,
                "list_date": alike.list_date,
                "number": alike.number,
                "payee": _called(party),
            },
        )
    if screening is not None:
        if screening.result is not ScreeningResult.MATCH:
            return None
        return Wording(
            "match: decide. {payee} is on {list} of {list_date}, by screening {number}; if that is somebody else, "
            "another person records it (`screening add` with result=cleared)",
            {
                "payee": _called(party),
                "list": screening.list_name,
                "list_date": screening.list_date,
                "number": screening.number,
            },
        )
    above = sum_to_screen(session, campaign)
    if above is None or (coins is not None and coins.state is ScreeningState.NO_MATCH):
        return None
    currency = campaign_of(session, campaign).currency
    minor = worth(session, campaign, asked.currency, asked.minor, currency, day)
    if minor is not None and minor <= above:
        return None
    return Wording(
        "not checked: nobody has recorded whether {payee} is on a list, which an approval above {above} needs "
        "(`screening add`)",
        {"payee": _called(party), "above": Figure(currency, above)},
    )


def require_screened(context: Context, kind: Kind[F, N], facts: F, day: str) -> None:
    """Conflict where an approval lets money go to a payee who is on a list, or whom somebody has to look up first."""
    asked = kind.asks(context, facts)
    if asked is not None:
        why = stopped(context.books.session, context.campaign, asked, day)
        if why is not None:
            raise Conflict.of("screening", why)


def _clears(screening: ScreeningRow, match: Listed) -> bool:
    return (
        screening.result is ScreeningResult.CLEARED
        and screening.list_name == match.list
        and screening.list_date >= match.list_date
    )


def _called(party: Party) -> str | Wording:
    match party.kind:
        case PayeeKind.TAX_OFFICE:
            return Wording("the tax office")
        case PayeeKind.DONOR:
            return Wording("the donor of {gift}", {"gift": party.name})
        case PayeeKind.SUPPLIER | PayeeKind.EXCHANGE:
            return party.name


def _post(context: Context, facts: PayeeScreening) -> Posting[None]:
    require_campaign(context)
    wanted = _NAMED.get(facts.kind)
    for field in _NAMED.values():
        if (getattr(facts, field) is not None) != (field == wanted):
            if wanted:
                raise Refused.field(
                    field,
                    "does not fit the kind {kind}; name the {field}, and nobody else",
                    kind=facts.kind,
                    field=wanted,
                )
            raise Refused.field(
                field, "does not fit the kind {kind}; the tax office needs no other name", kind=facts.kind
            )
    if facts.list_date > context.today:
        raise Refused.field(
            "list_date", "is after today, {day}; give the day as of which the list is", day=context.today
        )
    return Posting()


def _match_before(books: Books, campaign: str, facts: PayeeScreening) -> int | None:
    """The match that this lifts: whoever recorded that cannot."""
    party = Party(facts.kind, facts.payee)
    earlier = _match_alike(books.session, campaign, party) or screened(books.session, campaign, party)
    lifts = (
        earlier is not None and earlier.number != facts.number and facts.result is not ScreeningResult.MATCH
    )
    return (
        earlier.entry if earlier is not None and lifts and earlier.result is ScreeningResult.MATCH else None
    )


def _fold(books: Books, entry: Entry[PayeeScreening, None]) -> None:
    facts = entry.facts
    books.session.add(
        ScreeningRow(
            entry=entry.seq,
            campaign=entry.campaign,
            date=entry.date,
            number=facts.number,
            kind=facts.kind,
            payee=facts.payee,
            list_name=facts.list,
            list_date=facts.list_date,
            result=facts.result,
        )
    )


def _unfold(books: Books, entry: Entry[PayeeScreening, None], seq: int) -> None:
    """It says nothing any more; what was recorded of the payee before stands again."""
    mark_reversed(books.session, ScreeningRow, entry.seq, seq)


def _post_terms(context: Context, _facts: ScreeningTerms) -> Posting[None]:
    require_campaign(context)
    return Posting()


def _fold_terms(books: Books, entry: Entry[ScreeningTerms, None]) -> None:
    session = books.session
    terms = session.get(ScreeningTermsRow, entry.campaign)
    if terms is None:
        terms = ScreeningTermsRow(campaign=entry.campaign, date=entry.date, entry=entry.seq)
    terms.above, terms.date, terms.entry = entry.facts.above, entry.date, entry.seq
    session.add(terms)


SCREENING: Kind[PayeeScreening, None] = Kind(
    name="screening",
    noun="screening",
    verb="add",
    facts=PayeeScreening,
    doc="Record what a list of sanctioned people says of a payee; a match is lifted by another person only.",
    roles=RECORDERS,
    key=numbered("screening"),
    approves=_match_before,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
TERMS: Kind[ScreeningTerms, None] = Kind(
    name="screening.terms",
    noun="screening",
    verb="set",
    facts=ScreeningTerms,
    doc="Say above which sum an approval waits until its payee was looked up on a list.",
    roles=frozenset({Role.ADMIN}),
    key=numbered("screening.terms"),
    post=_post_terms,
    fold=_fold_terms,
)
KINDS = (SCREENING, TERMS)
