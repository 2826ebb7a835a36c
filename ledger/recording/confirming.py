"""Links by which the other side of a delivery confirms what came: random, kept as a hash, expiring, used once.

No account and no person: who has the link counts for the organisation. The code itself is stored nowhere.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import ConfigDict, Field

from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused, one
from ledger.core.facts import STRICT, Number, facts_from
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.recording.record import record
from ledger.recording.users import Actor
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, products_of
from ledger.rules.confirmations import (
    CONFIRMATION,
    About,
    Confirmation,
    CountedLot,
    confirmed_key,
    paper_lots,
)
from ledger.rules.spec import RECORDERS

if TYPE_CHECKING:
    from ledger.store.transaction import Reading, Writing

DAY = 86_400
UNUSABLE = "This link is not known, was used, or has expired. Ask who sent it for a new one."


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkWanted:
    """For which paper a link is wanted (a waybill or a handover's number), and for how many days it holds."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    about: About
    paper: Number
    days: Annotated[int, Field(ge=1, le=90, strict=True)] = 14


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
    """What a link asks: to count these lots of a paper."""

    campaign: str
    title: str
    about: str
    paper: str
    place: str
    lots: tuple[LotAsked, ...]
    expires_at: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Both counts, once the other side gave theirs, and the entry that holds them."""

    asked: Asked
    counted: tuple[CountedLot, ...]
    seq: int


def make_link(tx: Writing, actor: Actor, campaign: str, wanted: object, *, now: int) -> Link:
    """A link for one paper; `wanted` is a LinkWanted or its JSON. Raises Refused, NotFound, Conflict, NotAllowed."""
    if Role(actor.role) not in RECORDERS:
        roles = ", ".join(sorted(role.value for role in RECORDERS))
        raise NotAllowed(f"role: {one(actor.role)} makes no links; these can: {roles}")
    told = wanted if isinstance(wanted, LinkWanted) else facts_from(LinkWanted, wanted)
    books = Books(tx)
    paper_lots(books, campaign, told.about, told.paper)
    if books.documents.find("confirmation", campaign, confirmed_key(told.about, told.paper)) is not None:
        raise Conflict(f"paper: {told.about} {told.paper} is confirmed already")
    code = secrets.token_urlsafe(16)
    expires = now + told.days * DAY
    kept = {"campaign": campaign, "about": told.about, "paper": told.paper, "expires": expires, "used": False}
    tx.progress.save(_name(code), json.dumps(kept))
    tx.desk.audit(rfc3339(now), actor.id, "confirmation link", f"{told.about} {told.paper}")
    return Link(code, rfc3339(expires))


def _name(code: str) -> str:
    """What a link is kept under: 128 random bits need no salt."""
    return f"confirmation link {hashlib.sha256(code.encode('utf-8', 'replace')).hexdigest()}"


def _kept(tx: Reading, code: str, now: int) -> dict[str, Any]:
    text = tx.progress.load(_name(code)) if len(code) <= 64 else None
    kept: dict[str, Any] = json.loads(text) if text else {"used": True}
    if kept["used"] or kept["expires"] <= now:
        raise NotFound(UNUSABLE)
    return kept


def asked_by(tx: Reading, code: str, *, now: int) -> Asked:
    """What a link asks; raises NotFound, in the same words for an unknown, used or expired one."""
    kept = _kept(tx, code, now)
    books, campaign = Books(tx), kept["campaign"]
    try:
        lots = paper_lots(books, campaign, kept["about"], kept["paper"])
    except Conflict:
        raise NotFound(UNUSABLE) from None
    if (
        books.documents.find("confirmation", campaign, confirmed_key(kept["about"], kept["paper"]))
        is not None
    ):
        raise NotFound(UNUSABLE)
    facts = books.documents.require(kept["about"], campaign, kept["paper"])["facts"]
    names = {code: product.plural for code, product in products_of(tx.session, campaign).items()}
    return Asked(
        campaign=campaign,
        title=campaign_of(books.session, campaign).title,
        about=kept["about"],
        paper=kept["paper"],
        place=facts["destination"] if kept["about"] == "shipment" else facts["place"],
        lots=tuple(LotAsked(p, lot, names.get(p, p), sent) for (p, lot), sent in lots.items()),
        expires_at=rfc3339(kept["expires"]),
    )


def confirm(
    tx: Writing, code: str, counts: Mapping[tuple[str, str], tuple[int, int]], *, now: int
) -> Confirmed:
    """Record what the other side counted, (good, damaged) by (product, lot), and use the link up.

    Raises NotFound for a link that cannot be used and Refused for counts that are no counts.
    """
    asked = asked_by(tx, code, now=now)
    kept = _kept(tx, code, now)
    if set(counts) != {(lot.product, lot.lot) for lot in asked.lots}:
        raise Refused.field("lots", "count each lot of the paper once; write 0 for what did not come")
    facts = facts_from(
        Confirmation,
        {
            "number": hashlib.sha256(code.encode()).hexdigest()[:16],
            "about": asked.about,
            "paper": asked.paper,
            "by": "consignee" if asked.about == "shipment" else "recipient",
            "lots": [
                {"product": product, "lot": lot, "good": good, "damaged": damaged}
                for (product, lot), (good, damaged) in counts.items()
            ],
            "date": rfc3339(now)[:10],
        },
    )
    recorded = record(tx, CONFIRMATION, asked.campaign, facts, now=now, role=Role.SYSTEM)
    tx.progress.save(_name(code), json.dumps(kept | {"used": True}))
    return Confirmed(asked, facts.lots, recorded.entry.seq)
