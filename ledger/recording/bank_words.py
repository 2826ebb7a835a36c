"""The private words of bank lines, which lie beside the journal: kept, read, and forgotten when that is asked.

What an entry commits to stays, and says nothing any more to who does not know the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlmodel import select

from ledger.core.errors import NotFound
from ledger.core.line_words import LineWords
from ledger.core.roles import ADMINS, Scope
from ledger.core.times import rfc3339
from ledger.model.bank import BankLineRow
from ledger.recording.actors import Actor
from ledger.store.transaction import Reading, Writing

BANK_SECRET = "bank_secret"  # noqa: S105 - the name under which it is kept


def words_of(tx: Reading, committed: str | None) -> LineWords | None:
    """The words that a line commits to; None where there are none, or they were forgotten."""
    opening = None if committed is None else tx.desk.opening(committed)
    return None if opening is None else LineWords.opened(opening[1])


def asked_words(
    tx: Reading, actor: Actor, campaign: str, identities: Sequence[str], before: str | None
) -> tuple[str, ...]:
    """The commitments of the words of these lines, and of all that were booked before a day, as far as they are kept.

    Lines that were reversed count too: what a file said wrongly is as private. Raises NotAllowed for who is no admin,
    NotFound for a line that is not there.
    """
    actor.require("bank forget", Scope.ADMINISTER, ADMINS, campaign)
    of_campaign = select(BankLineRow).where(BankLineRow.campaign == campaign)
    asked_lines: list[BankLineRow] = []
    for identity in identities:
        lines = tx.session.exec(of_campaign.where(BankLineRow.identity == identity)).all()
        if not lines:
            raise NotFound.field(
                "line",
                "there is no bank line {line} in campaign {campaign}; `inbox` names them",
                line=identity[:64],
                campaign=campaign,
            )
        asked_lines += lines
    if before is not None:
        asked_lines += tx.session.exec(of_campaign.where(BankLineRow.booked < before)).all()
    return _kept(tx, asked_lines)


def old_words(tx: Reading, before: str) -> tuple[str, ...]:
    """The commitments of the words of all lines that were booked before a day, of every campaign."""
    return _kept(tx, tx.session.exec(select(BankLineRow).where(BankLineRow.booked < before)).all())


def _kept(tx: Reading, lines: Iterable[BankLineRow]) -> tuple[str, ...]:
    committed = dict.fromkeys(line.text for line in lines if line.text is not None)
    return tuple(text for text in committed if tx.desk.opening(text) is not None)


def forget_named(tx: Writing, commitments: Iterable[str], *, now: int, by: int | None = None) -> int:
    """Forget the words of these commitments, and note that it was done; how many were kept until now."""
    count = 0
    for text in commitments:
        if tx.desk.opening(text) is None:
            continue
        tx.desk.delete_opening(text)
        lines = select(BankLineRow.campaign, BankLineRow.identity).where(BankLineRow.text == text)
        for campaign, identity in tx.session.exec(lines):
            tx.desk.audit(rfc3339(now), by, "bank words forgotten", f"{campaign}:{identity}")
        count += 1
    return count
