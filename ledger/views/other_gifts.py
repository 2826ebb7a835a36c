"""Gifts that no watched transaction brought: money at a bank, and goods or services in kind; their keys and trails.

A key is `contribution:CAMPAIGN:NUMBER` or `in-kind:CAMPAIGN:NUMBER`; it may be asked for without the campaign.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount
from ledger.model.evidence import About
from ledger.recording.dating import HAPPENED, day_beside
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, campaign_slugs, product_of
from ledger.views.campaign import DonationRow, InKindRow
from ledger.views.donation import DonationFollower, restriction_to
from ledger.views.papers import papers_of_gift
from ledger.views.trail import DonationStatus, DonationTrail, Step, StepKind

if TYPE_CHECKING:
    from ledger.store.transaction import Reading

NOUNS = ("contribution", "in-kind")
"""The nouns of such gifts, which their keys begin with."""


def gift_key(noun: str, campaign: str, number: str) -> str:
    """What a donor asks for such a gift by."""
    return f"{noun}:{campaign}:{number}"


def is_gift_key(text: str) -> bool:
    """Does a text have the shape of such a key?"""
    return text.partition(":")[0] in NOUNS and ":" in text


def other_trails(tx: Reading, key: str) -> list[DonationTrail]:
    """The trails of the gifts that a key names, of one campaign or of all; raises NotFound."""
    books = Books(tx)
    noun, _, rest = key.partition(":")
    named, colon, number = rest.partition(":")
    slugs = [named] if colon else list(campaign_slugs(books.session))
    trails = []
    for slug in slugs:
        document = books.documents.find(noun, slug, number if colon else rest)
        if document is not None:
            trails.append(_trail(tx, books, slug, noun, document))
    if not trails:
        raise NotFound(
            f"No gift has the key {key[:80]}. Write {noun}:CAMPAIGN:NUMBER; the campaign tells you the number."
        )
    return trails


def _interval(document: dict[str, Any]) -> tuple[str, int, int]:
    line, start, end = document["notes"]["interval"]
    return str(line), int(start), int(end)


def _trail(tx: Reading, books: Books, slug: str, noun: str, document: dict[str, Any]) -> DonationTrail:
    follower, facts = DonationFollower(tx, slug), document["facts"]
    row = _row(books, slug, noun, document, follower.campaign.end)
    line, start, end = _interval(document)
    way = follower.way(line, start, end)
    lies = document | {"line": line, "start": start, "end": end}
    in_kind = noun == "in-kind"
    detail: list[tuple[str, str]] = []
    if in_kind:
        detail = [
            ("value", f"{facts['value']} {facts['currency']}"),
            ("method", facts["method"].replace("_", " ")),
        ]
        detail.append(("stated_by", facts["stated_by"]))
    if row.happened:
        detail.append((HAPPENED, row.happened))
    place = facts["place"] if in_kind else facts["bank"]
    given = Step(
        kind=StepKind.GIVEN,
        at=document["date"],
        amount=row.amount,
        unit=row.unit,
        place=place,
        reference=facts["number"],
        detail=dict(detail),
        evidence=papers_of_gift(tx.session, slug, About(noun), facts["number"], facts.get("paper")),
        entry=document["seq"],
        over=True,
    )
    steps = [given]
    undoing = None if document["reversed"] is None else tx.journal.by_seq(int(document["reversed"]))
    if undoing is not None:
        day, seq = entry_from_bytes(undoing.data).date, undoing.seq
        steps.append(
            Step(
                kind=StepKind.VOIDED,
                at=day,
                amount=row.amount,
                unit=row.unit,
                place="",
                reference="",
                detail={},
                evidence=(),
                entry=seq,
                over=True,
            )
        )
    return DonationTrail(
        key=row.key,
        campaign=slug,
        campaign_title=follower.campaign.title,
        outpoint=None,
        txid=None,
        vout=None,
        address=None,
        amount=row.amount,
        unit=row.unit,
        status=row.status,
        confirmations=0,
        needed=0,
        block=None,
        seen_at=None,
        settled_at=document["at"] if document["live"] else None,
        value=row.value,
        rate_sources=(),
        replaced_by=None,
        steps=(*steps, *way.steps),
        places=way.places,
        shares=way.shares,
        thread=way.thread,
        sources=(),
        late=row.late,
        outcome=row.outcome,
        returned=Amount.of(row.amount.asset, int(document.get("returned", 0))),
        changes=follower.later.of(f"{noun}:{facts['number']}", lies),
        restriction=restriction_to(tx.session, slug, row.restriction),
    )


def _status(document: dict[str, Any]) -> DonationStatus:
    if not document["live"]:
        return DonationStatus.REVERSED
    return DonationStatus.SETTLED if document.get("blocked") is None else DonationStatus.BLOCKED


def _row(books: Books, slug: str, noun: str, document: dict[str, Any], end: str) -> DonationRow:
    facts = document["facts"]
    asset, minor, unit = facts.get("currency", ""), int(facts.get("amount", 0)), ""
    if noun == "in-kind":
        product = product_of(books.session, slug, facts["product"])
        asset, minor, unit = product.code, int(facts["quantity"]), product.unit
    return DonationRow(
        at=document["date"],
        key=gift_key(noun, slug, facts["number"]),
        amount=Amount.of(asset, minor),
        unit=unit,
        status=_status(document),
        confirmations=0,
        block_height=None,
        value=Amount.known(facts["currency"], facts.get("value")),
        late=document["date"] > end,
        outcome=document.get("outcome") or None,
        restriction=facts.get("restriction") or None,
        happened=day_beside(document),
    )


def other_rows(books: Books, slug: str) -> Iterator[tuple[str, DonationRow]]:
    """(place in the list, row) of each, bank money first, by number."""
    end = campaign_of(books.session, slug).end
    for noun in NOUNS:
        for number, document in books.documents.all(noun, slug):
            yield f"a{noun}:{number}", _row(books, slug, noun, document, end)


def in_kind_rows(books: Books, slug: str) -> Iterator[InKindRow]:
    """What was given in kind and stands, with its stated value: told apart, in no total of money."""
    for number, document in books.documents.all("in-kind", slug):
        if document["live"]:
            facts = document["facts"]
            product = product_of(books.session, slug, facts["product"])
            yield InKindRow(
                key=gift_key("in-kind", slug, number),
                date=document["date"],
                what=product.name,
                quantity=int(facts["quantity"]),
                unit=product.unit,
                value=Amount.of(facts["currency"], int(facts["value"])),
                method=facts["method"],
                stated_by=facts["stated_by"],
                organisation=facts.get("organisation", ""),
            )
