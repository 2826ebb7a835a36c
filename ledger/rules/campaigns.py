"""Campaigns and what is said about them before money moves: products, needs, offers.

The first facts of all: every other rule asks here which campaign, product or need it is about.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry, Posting
from ledger.core.errors import NotFound, Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug, Text
from ledger.core.money import is_money
from ledger.core.names import FREE
from ledger.core.roles import Role
from ledger.core.wording import Wording
from ledger.model.campaigns import (
    CampaignPartnerRow,
    CampaignRow,
    KnownFactRow,
    Nature,
    NeedRow,
    OfferRow,
    ProductRow,
    ValuationClock,
)
from ledger.model.columns import OF_CAMPAIGN, TEXT
from ledger.rules.books import Books
from ledger.rules.rows import find_numbered
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered

TOLERANCE_PERMILLE = 20
"""Quotes that lie further apart are left to the desk, unless the campaign says otherwise (docs/rules.md, 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A published fact that the page states, and where it was published."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    fact: Text
    source: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A call for one purpose. Amounts below `dust` sats are recorded and not counted.

    `valuation` is the clock by which gifts are valued: the time of their block, the time of the block that
    buried them deep enough, or their conversion. Quotes further apart than `tolerance_permille` (20) of the
    lower one are left to the desk (docs/rules.md, 10). Invoices, receipts and orders agree within `match_permille` (0).
    What is owed to it and worth less than `claim_tolerance` minor units of its currency is not pursued (23).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    slug: Slug
    title: Name
    purpose: Text
    start: Date
    end: Date
    currency: Currency = "USD"
    valuation: ValuationClock = ValuationClock.BLOCK_TIME
    dust: Count = 1000
    partners: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    known: Annotated[tuple[KnownFact, ...], Field(max_length=40)] = ()
    tolerance_permille: Annotated[int, Field(ge=0, le=500, strict=True)] | None = None
    match_permille: Annotated[int, Field(ge=0, le=500, strict=True)] | None = None
    claim_tolerance: Count | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What can be needed, ordered and delivered; a service is delivered where it is received."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    code: Number
    name: Name
    unit: Name
    plural: Name
    specification: Text | None = None
    grade: Text | None = None
    standard: Text | None = None
    service: bool = False
    verb: Name | None = None  # what is done where it is a service: insured, carried, trained


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a recipient asks for: item, quantity, place, by when."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    recipient: Name
    product: Number
    quantity: Positive
    place: Name
    by: Date
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a partner can give towards a need."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    partner: Name
    need: Number
    product: Number
    quantity: Positive
    date: Date


# ── what other rules ask ─────────────────────────────────────────────────────────────────────────────────


def find_campaign(session: Session, slug: str) -> CampaignRow | None:
    return session.get(CampaignRow, slug)


def campaign_of(session: Session, slug: str) -> CampaignRow:
    """The campaign of a name; raises NotFound."""
    campaign = find_campaign(session, slug)
    if campaign is None:
        raise _missing(slug)
    return campaign


def _missing(slug: str) -> NotFound:
    return NotFound.field("campaign", "there is no campaign {campaign}", campaign=slug)


def require_campaign(context: Context) -> None:
    """Raises NotFound where a fact is recorded under a campaign that there is not."""
    if context.campaign not in context.standings((context.campaign,)):
        raise _missing(context.campaign)


def campaigns(session: Session) -> Sequence[CampaignRow]:
    """All campaigns, by name."""
    return session.exec(select(CampaignRow).order_by(col(CampaignRow.slug))).all()


_SLUGS = select(CampaignRow.slug).order_by(col(CampaignRow.slug))


def campaign_slugs(session: Session) -> Sequence[str]:
    """The names of all campaigns, in order."""
    return session.connection().scalars(_SLUGS).all()


_PRODUCTS = select(ProductRow).where(col(ProductRow.campaign) == OF_CAMPAIGN).order_by(col(ProductRow.code))
_PRODUCT = _PRODUCTS.where(col(ProductRow.code) == bindparam("of_code", type_=TEXT))


def find_product(session: Session, campaign: str, code: str) -> ProductRow | None:
    return session.exec(_PRODUCT, params={"of_campaign": campaign, "of_code": code}).one_or_none()


def product_of(session: Session, campaign: str, code: str) -> ProductRow:
    """The product of a code; raises NotFound."""
    product = find_product(session, campaign, code)
    if product is None:
        raise NotFound.field(
            "product", "there is no product {code} in campaign {campaign}", code=code, campaign=campaign
        )
    return product


def comes_to(product: ProductRow) -> AccountClass:
    """Where what came of a product is: goods lie in stock, a service is delivered where it is received."""
    return AccountClass.DELIVERED if product.nature is Nature.SERVICE else AccountClass.STOCK


def products_of(session: Session, campaign: str) -> dict[str, ProductRow]:
    """The products of a campaign by their codes, in order."""
    rows = session.exec(_PRODUCTS, params={"of_campaign": campaign})
    return {product.code: product for product in rows}


def find_need(session: Session, campaign: str, number: str) -> NeedRow | None:
    return find_numbered(session, NeedRow, campaign, number)


def need_of(session: Session, campaign: str, number: str) -> NeedRow:
    """The need of a number, reversed or not; raises NotFound."""
    need = find_need(session, campaign, number)
    if need is None:
        raise NotFound.field(
            "need", "there is no need {number} in campaign {campaign}", number=number, campaign=campaign
        )
    return need


_NEED_NUMBERS = select(NeedRow.number).where(col(NeedRow.campaign) == OF_CAMPAIGN)


def need_numbers(session: Session, campaign: str) -> Sequence[str]:
    """The numbers of all needs of a campaign, reversed ones too."""
    return session.exec(_NEED_NUMBERS, params={"of_campaign": campaign}).all()


_NEEDS = (
    select(NeedRow, ProductRow)
    .join(ProductRow, col(ProductRow.entry) == NeedRow.product_entry)
    .where(col(NeedRow.campaign) == OF_CAMPAIGN, col(NeedRow.reversed_by).is_(None))
    .order_by(col(NeedRow.number))
)


def standing_needs(session: Session, campaign: str) -> Sequence[tuple[NeedRow, ProductRow]]:
    """The needs of a campaign that are not reversed, by number, each with the product that is asked for."""
    return session.exec(_NEEDS, params={"of_campaign": campaign}).all()


def require_need(session: Session, campaign: str, need: str, field: str) -> NeedRow:
    """The need that money may be restricted to; Refused where it is reversed, NotFound where there is none."""
    row = find_need(session, campaign, need)
    if row is None:
        raise NotFound.field(
            field,
            "there is no need {need} in campaign {campaign}; name one that is recorded",
            need=need,
            campaign=campaign,
        )
    if row.reversed_by is not None:
        raise Refused.field(field, "is no standing need; name one that is, or none")
    return row


def need_words(product: str, recipient: str) -> Wording:
    """What a need asks for and who, in a few words."""
    return Wording("{product} for {recipient}", {"product": product, "recipient": recipient})


def need_title(session: Session, campaign: str, need: str | None) -> str:
    """`need_words` of a need's number; empty for money of any end."""
    row = find_need(session, campaign, need) if need else None
    if row is None:
        return ""
    return str(need_words(session.get_one(ProductRow, row.product_entry).name, row.recipient))


# ── the facts ────────────────────────────────────────────────────────────────────────────────────────────


def _post_campaign(context: Context, facts: Campaign) -> Posting[None]:
    if facts.end < facts.start:
        raise Refused.field(
            "end", "{end} is before the start, {start}; give a later day", end=facts.end, start=facts.start
        )
    if facts.slug != context.campaign:
        raise Refused.field("slug", "must be the campaign that it is recorded under")
    return Posting()


def _fold_campaign(books: Books, entry: Entry[Campaign, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        CampaignRow(
            slug=facts.slug,
            entry=entry.seq,
            at=entry.at,
            title=facts.title,
            purpose=facts.purpose,
            start=facts.start,
            end=facts.end,
            currency=facts.currency,
            valuation=facts.valuation,
            dust=facts.dust,
            tolerance_permille=(
                TOLERANCE_PERMILLE if facts.tolerance_permille is None else facts.tolerance_permille
            ),
            match_permille=facts.match_permille or 0,
            claim_tolerance=facts.claim_tolerance or 0,
        )
    )
    session.flush()
    for n, name in enumerate(facts.partners):
        session.add(CampaignPartnerRow(campaign=facts.slug, n=n, name=name))
    for n, known in enumerate(facts.known):
        session.add(KnownFactRow(campaign=facts.slug, n=n, fact=known.fact, source=known.source))


def _post_product(context: Context, facts: Product) -> Posting[None]:
    require_campaign(context)
    if is_money(facts.code):
        raise Refused.field(
            "code", "is the code of a currency, and its pieces would be counted as money; give another"
        )
    if facts.verb is not None and not facts.service:
        raise Refused.field("verb", "says what a service does; leave it out for goods")
    return Posting()


def _fold_product(books: Books, entry: Entry[Product, None]) -> None:
    facts = entry.facts
    books.session.add(
        ProductRow(
            entry=entry.seq,
            campaign=entry.campaign,
            code=facts.code,
            name=facts.name,
            unit=facts.unit,
            plural=facts.plural,
            nature=Nature.SERVICE if facts.service else Nature.GOODS,
            verb=facts.verb,
            specification=facts.specification,
            grade=facts.grade,
            standard=facts.standard,
        )
    )


def _post_need(context: Context, facts: Need) -> Posting[None]:
    require_campaign(context)
    product_of(context.books.session, context.campaign, facts.product)
    if facts.number == FREE:
        raise Refused.field("number", "is the word for money of no restriction; number the need otherwise")
    return Posting()


def _fold_need(books: Books, entry: Entry[Need, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        NeedRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            recipient=facts.recipient,
            product_entry=product_of(session, entry.campaign, facts.product).entry,
            quantity=facts.quantity,
            place=facts.place,
            by=facts.by,
            date=entry.date,
        )
    )


def _unfold_need(books: Books, entry: Entry[Need, None], seq: int) -> None:
    books.session.get_one(NeedRow, entry.seq).reversed_by = seq


def _post_offer(context: Context, facts: Offer) -> Posting[None]:
    require_campaign(context)
    session = context.books.session
    product_of(session, context.campaign, facts.product)
    need_of(session, context.campaign, facts.need)
    return Posting()


def _fold_offer(books: Books, entry: Entry[Offer, None]) -> None:
    session, facts = books.session, entry.facts
    session.add(
        OfferRow(
            entry=entry.seq,
            campaign=entry.campaign,
            number=facts.number,
            partner=facts.partner,
            need_entry=need_of(session, entry.campaign, facts.need).entry,
            product_entry=product_of(session, entry.campaign, facts.product).entry,
            quantity=facts.quantity,
            date=entry.date,
        )
    )


def _unfold_offer(books: Books, entry: Entry[Offer, None], seq: int) -> None:
    books.session.get_one(OfferRow, entry.seq).reversed_by = seq


CAMPAIGN = Kind(
    name="campaign",
    noun="campaign",
    verb="add",
    facts=Campaign,
    notes=None,
    doc="Open a campaign: a call for one purpose, with its dates, partners and public page.",
    roles=frozenset({Role.ADMIN}),
    named="slug",
    key=lambda campaign, _facts: f"campaign:{campaign}",
    post=_post_campaign,
    fold=_fold_campaign,
    date=lambda facts: None,
)
PRODUCT = Kind(
    name="product",
    noun="product",
    verb="add",
    facts=Product,
    notes=None,
    doc="Name what can be needed, ordered and delivered: goods or a service, its unit, grade and standard.",
    roles=RECORDERS,
    named="code",
    key=numbered("product", "code"),
    post=_post_product,
    fold=_fold_product,
)
NEED = Kind(
    name="need",
    noun="need",
    verb="add",
    facts=Need,
    notes=None,
    doc="Record what a recipient asks for.",
    roles=RECORDERS,
    key=numbered("need"),
    post=_post_need,
    fold=_fold_need,
    undoing=Undoing(_unfold_need),
)
OFFER = Kind(
    name="offer",
    noun="offer",
    verb="add",
    facts=Offer,
    notes=None,
    doc="Record what a partner can give towards a need.",
    roles=RECORDERS,
    key=numbered("offer"),
    post=_post_offer,
    fold=_fold_offer,
    undoing=Undoing(_unfold_offer),
)
KINDS = (CAMPAIGN, PRODUCT, NEED, OFFER)
