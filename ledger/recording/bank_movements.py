"""What each entry moves at a bank, as rows that statements are held against: folded from every entry alike.

It decides nothing. A loan moves money at banks of two campaigns, an exchange in two currencies: a row each.
"""

from __future__ import annotations

from collections import defaultdict

from sqlmodel import col, update

from ledger.core.entry import Entry
from ledger.core.names import account_named, noun_of_kind
from ledger.model.bank import BankMovementRow
from ledger.recording.kinds import WORKFLOWS
from ledger.rules.bank_money import OVERDRAWN
from ledger.rules.books import Books
from ledger.rules.corrections import corrections_of


def note_movements(books: Books, entry: Entry) -> None:
    """Fold one entry. A reversal moves nothing: what it undoes never passed the bank, nor what corrected that."""
    if entry.reverses is not None:
        corrected = [row.decided_by for row in corrections_of(books.session, entry.reverses)]
        undone = update(BankMovementRow).where(col(BankMovementRow.entry).in_([entry.reverses, *corrected]))
        books.session.exec(undone.values(reversed_by=entry.seq))
        return
    moved: dict[tuple[str, str, str], int] = defaultdict(int)
    for transfer in entry.transfers:
        for side, units in ((transfer.debit, transfer.amount), (transfer.credit, -transfer.amount)):
            place = account_named(side)
            if place.kind in OVERDRAWN:
                moved[place.campaign, place.detail[-1], transfer.asset] += units
    if not any(moved.values()):
        return
    noun, reference, date = _said(books, entry)
    for (campaign, bank, currency), units in moved.items():
        if units:
            books.session.add(
                BankMovementRow(
                    entry=entry.seq,
                    campaign=campaign,
                    bank=bank,
                    currency=currency,
                    noun=noun,
                    reference=reference,
                    date=date,
                    moved=units,
                )
            )


def _said(books: Books, entry: Entry) -> tuple[str, str, str]:
    """Noun, number and day on the paper of the fact that an entry records or approves."""
    noun, reference = noun_of_kind(entry.kind), str(entry.facts.get("number", entry.key))
    workflow = WORKFLOWS.get(noun)
    proposal = None if workflow is None else workflow.find(books.session, entry.campaign, reference)
    if proposal is not None:
        return noun, reference, proposal.document_date
    return noun, reference, str(entry.facts.get("date", entry.date))
