"""Links by which the other side of a delivery confirms what came: random, kept as a hash, expiring, used once.

No account and no person: who has the link counts for the organisation. The code itself is stored nowhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.facts import STRICT, Number, facts_from
from ledger.core.roles import RECORDERS, Role, Scope
from ledger.core.secret import new_code
from ledger.core.times import rfc3339
from ledger.model.deliveries import ConfirmationLinkRow, CountedBy, DeliveryPaper
from ledger.recording.actors import Actor
from ledger.recording.record import record
from ledger.rules.campaigns import campaign_of, products_of
from ledger.rules.confirmations import (
    CONFIRMATION,
    Confirmation,
    CountedLot,
    sent_on,
)
from ledger.rules.deliveries import require_handover
from ledger.rules.shipments import require_shipment
from ledger.rules.two_counts import confirmation_of
from ledger.store.transaction import Reading, Writing

DAY = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWanted:
    """For which paper a link is wanted (a waybill or a handover's number), and for how many days it holds.

    `again`: to correct the count that was given; by another person than who recorded the paper.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    about: DeliveryPaper
    paper: Number
    days: Annotated[int, Field(ge=1, le=90, strict=True)] = 14
    again: Annotated[bool, Field(strict=True)] = False


@dataclass(frozen=True, slots=True)
class Link:
    """A new link's secret, shown once, and when it ends (RFC 3339)."""

    code: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class LotAsked:
    """A lot that the other side is asked to count. `sent` is not shown before they did."""

    product: str
    lot: str
    name: str
    sent: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What a link asks: to count these lots of a paper. `corrects`: the number of the count that is corrected."""

    campaign: str
    title: str
    about: DeliveryPaper
    paper: str
    place: str
    lots: tuple[LotAsked, ...]
    expires_at: str
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Both counts, once the other side gave theirs, and the entry that holds them."""

    asked: Asked
    counted: tuple[CountedLot, ...]
    seq: int


def make_link(tx: Writing, actor: Actor, campaign: str, wanted: object, *, now: int) -> Link:
    """A link for one paper; `wanted` is a LinkWanted or its JSON. Raises Refused, NotFound, Conflict, NotAllowed."""
    actor.require("confirmation link", Scope.RECORD, RECORDERS, campaign)
    facts = wanted if isinstance(wanted, LinkWanted) else facts_from(LinkWanted, wanted)
    session = tx.session
    sent = sent_on(session, campaign, facts.about, facts.paper)
    corrects = _to_correct(tx, actor, facts, sent.paper)
    code = new_code()
    expires = now + facts.days * DAY
    session.add(
        ConfirmationLinkRow(
            code_hash=_hash(code),
            campaign=campaign,
            about=facts.about,
            paper=facts.paper,
            expires=expires,
            corrects=corrects,
        )
    )
    tx.desk.audit(rfc3339(now), actor.id, "confirmation link", f"{facts.about} {facts.paper}")
    return Link(code, rfc3339(expires))


def _to_correct(tx: Writing, actor: Actor, facts: LinkWanted, paper: int) -> int | None:
    """The count that a link corrects, if any; raises Conflict, and NotAllowed for the sender of the paper."""
    last = confirmation_of(tx.session, paper)
    if not facts.again:
        if last is not None:
            raise Conflict.field(
                "paper",
                "{about} {paper} is confirmed already; a link to count `again` is given by another person than "
                "its sender",
                about=facts.about,
                paper=facts.paper,
            )
        return None
    if last is None:
        raise Conflict.field(
            "again",
            "{about} {paper} is not confirmed yet; there is nothing to correct",
            about=facts.about,
            paper=facts.paper,
        )
    if tx.desk.author(paper) == actor.id:
        raise NotAllowed.field(
            "again",
            "who recorded {about} {paper} has no count of it corrected; another person gives the link",
            about=facts.about,
            paper=facts.paper,
        )
    return last.entry


def _hash(code: str) -> str:
    """What a link is kept under: 128 random bits need no salt."""
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _unusable() -> NotFound:
    return NotFound("This link is not known, was used, or has expired. Ask who sent it for a new one.")


def _usable(tx: Reading, code: str, now: int) -> ConfirmationLinkRow:
    link = tx.session.get(ConfirmationLinkRow, _hash(code)) if len(code) <= 64 else None
    if link is None or link.expires <= now:
        raise _unusable()
    return link


def asked_by(tx: Reading, code: str, *, now: int) -> Asked:
    """What a link asks; raises NotFound, in the same words for an unknown, used or expired one."""
    link = _usable(tx, code, now)
    session = tx.session
    try:
        sent = sent_on(session, link.campaign, link.about, link.paper)
    except Conflict:
        raise _unusable() from None
    last = confirmation_of(session, sent.paper)
    if (None if last is None else last.entry) != link.corrects:
        raise _unusable()
    names = {code: product.plural for code, product in products_of(session, link.campaign).items()}
    if link.about is DeliveryPaper.SHIPMENT:
        place = require_shipment(session, link.campaign, link.paper).destination
    else:
        place = require_handover(session, link.campaign, link.paper).place
    return Asked(
        campaign=link.campaign,
        title=campaign_of(session, link.campaign).title,
        about=link.about,
        paper=link.paper,
        place=place,
        lots=tuple(
            LotAsked(lot.product, lot.lot, names.get(lot.product, lot.product), lot.quantity)
            for lot in sent.lots
        ),
        expires_at=rfc3339(link.expires),
        corrects=None if last is None else last.number,
    )


def confirm(
    tx: Writing,
    code: str,
    counts: Mapping[tuple[str, str], tuple[int, int]],
    others: Sequence[Mapping[str, object]] = (),
    *,
    now: int,
) -> Confirmed:
    """Record what the other side counted, (good, damaged) by (product, lot), and use the link up.

    `others`: lots that the paper does not list, as `OtherLot` in JSON.

    Raises NotFound for a link that cannot be used and Refused for counts that are no counts.
    """
    asked = asked_by(tx, code, now=now)
    if set(counts) != {(lot.product, lot.lot) for lot in asked.lots}:
        raise Refused.field("lots", "count each lot of the paper once; write 0 for what did not come")
    by = CountedBy.CONSIGNEE if asked.about is DeliveryPaper.SHIPMENT else CountedBy.RECIPIENT
    facts = facts_from(
        Confirmation,
        {
            "number": _hash(code)[:16],
            "about": asked.about,
            "paper": asked.paper,
            "by": by,
            "lots": [
                {"product": product, "lot": lot, "good": good, "damaged": damaged}
                for (product, lot), (good, damaged) in counts.items()
            ],
            **({"others": list(others)} if others else {}),
            **({} if asked.corrects is None else {"corrects": asked.corrects}),
            "date": rfc3339(now)[:10],
        },
    )
    recorded = record(tx, CONFIRMATION, asked.campaign, facts, now=now, role=Role.SYSTEM)
    tx.session.delete(_usable(tx, code, now))
    return Confirmed(asked, facts.lots, recorded.entry.seq)
