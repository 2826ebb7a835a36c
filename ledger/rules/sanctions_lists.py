"""Lists of sanctioned addresses: each that is loaded is a version, kept, and the newest of a name is in force.

It compares nothing; `screening` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlmodel import Session, col, func, select

from ledger.core.addresses import Address, script_of
from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Date, Name, Sha256, Text
from ledger.model.screening import ListedAddressRow, SanctionsListRow
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.rows import mark_reversed
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing

MOST_ADDRESSES = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SanctionsList:
    """The addresses on the list `name`, as `source` had it on `list_date`; `sha256` is that of the file it came in.

    From then on the senders of all gifts and the payees of all coins are compared with it instead of an older one.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    name: Name
    list_date: Date
    source: Text
    addresses: Annotated[tuple[Address, ...], Field(min_length=1, max_length=MOST_ADDRESSES)]
    sha256: Sha256 | None = None
    date: Date


def lists_in_force(session: Session, campaign: str) -> Sequence[SanctionsListRow]:
    """The newest version of each list that stands, by name."""
    rows = session.exec(
        select(SanctionsListRow)
        .where(SanctionsListRow.campaign == campaign, col(SanctionsListRow.reversed_by).is_(None))
        .order_by(col(SanctionsListRow.name), col(SanctionsListRow.list_date), col(SanctionsListRow.entry))
    )
    return list({row.name: row for row in rows}.values())


def _post(context: Context, facts: SanctionsList) -> Posting[None]:
    require_campaign(context)
    if facts.list_date > context.today:
        raise Refused.field(
            "list_date", "is after today, {day}; give the day as of which the list is", day=context.today
        )
    seen: set[bytes] = set()
    for n, address in enumerate(facts.addresses):
        script = script_of(address)
        if script in seen:
            raise Refused.field(f"addresses.{n}", "stands in the list already; take one out")
        seen.add(script)
    return Posting()


def _fold(books: Books, entry: Entry[SanctionsList, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        SanctionsListRow(
            entry=entry.seq,
            campaign=entry.campaign,
            date=entry.date,
            name=facts.name,
            list_date=facts.list_date,
            source=facts.source,
            sha256=facts.sha256,
            at=entry.at,
        )
    )
    session.flush()
    for address in facts.addresses:
        session.add(ListedAddressRow(list_entry=entry.seq, script=script_of(address).hex(), address=address))


def _unfold(books: Books, entry: Entry[SanctionsList, None], seq: int) -> None:
    """The version counts no more; the one before it is in force again."""
    mark_reversed(books.session, SanctionsListRow, entry.seq, seq)


def _times_reversed(books: Books, campaign: str, facts: SanctionsList) -> int:
    gone = select(func.count()).where(
        SanctionsListRow.campaign == campaign,
        SanctionsListRow.name == facts.name,
        SanctionsListRow.list_date == facts.list_date,
        col(SanctionsListRow.reversed_by).is_not(None),
    )
    return books.session.exec(gone).one()


SANCTIONS_LIST: Kind[SanctionsList, None] = Kind(
    name="sanctions-list",
    noun="sanctions-list",
    verb="add",
    facts=SanctionsList,
    doc="Record a list of sanctioned addresses with its day and source (`import sanctions` reads it from a file).",
    roles=RECORDERS,
    named="list_date",
    key=lambda campaign, facts: f"sanctions-list:{campaign}:{facts.name}:{facts.list_date}",
    times_reversed=_times_reversed,
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold),
)
KINDS = (SANCTIONS_LIST,)
