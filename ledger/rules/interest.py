"""Interest: what a bank pays for money that lies there. It is no gift, and for any end; its units are nobody's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive
from ledger.core.lines import Append, Change
from ledger.core.names import GiftKind, GiftName
from ledger.core.wording import Wording
from ledger.model.bank_money import InterestRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.gifts import money_line
from ledger.rules.rows import mark_reversed, paper_head
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered
from ledger.rules.voided_units import void_appended


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """`amount` minor units of `currency` that a bank paid, whatever it kept of it for the state told apart."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    bank: Name
    currency: Currency
    amount: Positive
    date: Date


def _post(context: Context, facts: Interest) -> Posting[None]:
    require_campaign(context)
    if facts.currency == "BTC":
        raise Refused.field("currency", "no bank holds coins; coins that come in are recorded by the watcher")
    line = money_line(context.campaign, facts.currency)
    start = context.books.lines.length(line)
    bank = account(AccountClass.BANK, context.campaign, facts.bank)
    paid = Transfer(bank, account(AccountClass.INTEREST, context.campaign), facts.currency, facts.amount)
    gift = str(GiftName(GiftKind.INTEREST, facts.number))
    return Posting((paid,), (Append(line, facts.currency, start, facts.amount, gift),))


def _fold(books: Books, entry: Entry[Interest, None]) -> None:
    facts = entry.facts
    books.session.add(
        InterestRow(**paper_head(entry), bank=facts.bank, currency=facts.currency, amount=facts.amount)
    )


def _unfold(books: Books, entry: Entry[Interest, None], seq: int) -> None:
    mark_reversed(books.session, InterestRow, entry.seq, seq)


def _voided(context: Context, entry: Entry[Interest, None]) -> tuple[Change, ...]:
    """What takes the money off its line again."""
    return void_appended(
        context, entry, Wording("some of this interest is used or held; reverse what stands on it first")
    )


INTEREST = Kind(
    name="interest",
    noun="interest",
    verb="add",
    facts=Interest,
    notes=None,
    doc="Record interest that a bank paid; it is no gift, and for any end.",
    roles=RECORDERS,
    key=numbered("interest"),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, voids=_voided),
)
KINDS = (INTEREST,)
