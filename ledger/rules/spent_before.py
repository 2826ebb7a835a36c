"""Coins before an opening's day: what an address held at its end, and what had left before, of which no book tells.

The chain proves both. What left is explained by the opening that stands: it is gone, and where to is not in the books
(docs/rules.md, 31).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlmodel import Session, col, func, or_, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.facts import STRICT, Date, Number, Positive, SpendRef
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import UseCause, money_use
from ledger.core.times import unix_seconds
from ledger.model.columns import table_of
from ledger.model.observed import ObservedBlockRow, ObservedOutputRow, ObservedTransactionRow
from ledger.model.spends import ExplainedBy, SpendRow
from ledger.rules.books import Books
from ledger.rules.spec import SYSTEM, Context, Kind, Undoing
from ledger.rules.spends import carried, inputs_apart, mark_explained, mark_open, require_unexplained


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentBefore:
    """`amount` sats left by a transaction before the day of an opening, network fee included."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: SpendRef
    opening: Number
    amount: Positive
    date: Date


def day_ends(day: str) -> int:
    """The first second after a day, Unix time: days of the chain are days in UTC."""
    return unix_seconds(f"{day}T00:00:00Z") + 86_400


def is_read(session: Session, day: str) -> bool:
    """Was a block read that is later than a day?"""
    later = select(ObservedBlockRow.height).where(ObservedBlockRow.time >= day_ends(day))
    return session.exec(later.limit(1)).first() is not None


def coins_at(session: Session, campaign: str, address: str, day: str) -> int:
    """Sats that the chain shows at an address of a campaign at the end of a day."""
    coin, end = ObservedOutputRow, day_ends(day)
    spent = select(ObservedTransactionRow.txid).where(
        ObservedTransactionRow.txid == coin.spent_by, col(ObservedTransactionRow.block_time) < end
    )
    held = (
        select(func.coalesce(func.sum(coin.sats), 0))
        .join(ObservedTransactionRow, col(ObservedTransactionRow.txid) == coin.txid)
        .where(
            coin.campaign == campaign,
            coin.address == address,
            col(coin.height).is_not(None),
            col(ObservedTransactionRow.block_time) < end,
            or_(col(coin.spent_height).is_(None), ~spent.correlate(table_of(coin)).exists()),
        )
    )
    return int(session.exec(held).one())


def spent_before(session: Session, campaign: str, opening: str, day: str) -> Iterator[SpentBefore]:
    """What left a campaign by the end of a day and nothing explains or waits to: blocked gifts, and loans, aside."""
    spends = select(SpendRow).where(
        SpendRow.campaign == campaign,
        col(SpendRow.live) == 1,
        col(SpendRow.explanation).is_(None),
        col(SpendRow.borrowed_from).is_(None),
        SpendRow.out > 0,
        SpendRow.time < day_ends(day),
    )
    for spend in session.exec(spends.order_by(col(SpendRow.entry))).all():
        if not spend.blocked and not inputs_apart(session, spend):
            yield SpentBefore(txid=spend.ref, opening=opening, amount=spend.out, date=spend.date)


def _post(context: Context, facts: SpentBefore) -> Posting[None]:
    campaign = context.campaign
    require_unexplained(context, facts.txid, facts.amount, "amount")
    gone = Transfer(
        account(AccountClass.BEFORE, campaign),
        account(AccountClass.UNEXPLAINED, campaign),
        "BTC",
        facts.amount,
    )
    uses = (
        Use(
            str(money_use(UseCause.OPENING, campaign, facts.txid, taking.restriction, facts.opening)),
            taking.line,
            taking.pieces,
            taking.units,
            (Part(PartKind.BEFORE, taking.units, taking.units),),
        )
        for taking in carried(context.books, campaign, facts.txid)
    )
    return Posting((gone,), tuple(uses))


def _fold(books: Books, entry: Entry[SpentBefore, None]) -> None:
    facts = entry.facts
    mark_explained(books, entry.campaign, facts.txid, ExplainedBy.OPENING, facts.opening, entry.at)


def _unfold(books: Books, entry: Entry[SpentBefore, None], _seq: int) -> None:
    mark_open(books, entry.campaign, entry.facts.txid)


SPENT_BEFORE = Kind(
    name="spend.before",
    noun="spend",
    verb="begin",
    facts=SpentBefore,
    doc="Coins that left before the day of an opening; where to is not in the books.",
    roles=SYSTEM,
    named="txid",
    key=lambda campaign, facts: f"spend.before:{campaign}:{facts.txid}:{facts.opening}",
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (SPENT_BEFORE,)
