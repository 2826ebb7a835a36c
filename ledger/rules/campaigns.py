"""Campaigns and what is said about them before money moves: products, needs, offers, pledges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Refused
from ledger.core.facts import STRICT, Count, Currency, Date, Name, Number, Positive, Slug, Text
from ledger.core.money import is_money
from ledger.core.names import FREE
from ledger.core.roles import Role
from ledger.rules.books import Books
from ledger.rules.spec import (
    RECORDERS,
    Context,
    Kind,
    Undoing,
    document_of,
    numbered,
    require_campaign,
    reversed_as,
    saved_as,
)


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
    lower one are left to the desk (RULES 10). Invoices, receipts and orders agree within `match_permille` (0).
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    slug: Slug
    title: Name
    purpose: Text
    start: Date
    end: Date
    currency: Currency = "USD"
    valuation: Literal["block_time", "settlement", "conversion"] = "block_time"
    dust: Count = 1000
    partners: Annotated[tuple[Name, ...], Field(max_length=40)] = ()
    known: Annotated[tuple[KnownFact, ...], Field(max_length=40)] = ()
    tolerance_permille: Annotated[int, Field(ge=0, le=500, strict=True)] | None = None
    match_permille: Annotated[int, Field(ge=0, le=500, strict=True)] | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """A promise, not yet money; never in totals."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    asset: Currency
    amount: Positive
    date: Date


def _post_campaign(context: Context, facts: Campaign) -> Posting:
    if facts.end < facts.start:
        raise Refused.field("end", f"{facts.end} is before the start, {facts.start}; give a later day")
    if facts.slug != context.campaign:
        raise Refused.field("slug", "must be the campaign that it is recorded under")
    return Posting()


def _fold_campaign(books: Books, entry: Entry) -> None:
    books.documents.save("campaign", "", entry.campaign, document_of(entry))


def _post_in_campaign(context: Context, _facts: Any) -> Posting:
    require_campaign(context)
    return Posting()


def _post_product(context: Context, facts: Product) -> Posting:
    require_campaign(context)
    if is_money(facts.code):
        raise Refused.field(
            "code", "is the code of a currency, and its pieces would be counted as money; give another"
        )
    return Posting()


def _post_need(context: Context, facts: Need | Offer) -> Posting:
    require_campaign(context)
    context.books.documents.require("product", context.campaign, facts.product)
    if isinstance(facts, Offer):
        context.books.documents.require("need", context.campaign, facts.need)
    elif facts.number == FREE:
        raise Refused.field("number", "is the word for money of no restriction; number the need otherwise")
    return Posting()


CAMPAIGN = Kind(
    name="campaign",
    noun="campaign",
    verb="add",
    facts=Campaign,
    doc="Open a campaign: a call for one purpose, with its dates, partners and public page.",
    roles=frozenset({Role.ADMIN}),
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
    doc="Name what can be needed, ordered and delivered: goods or a service, its unit, grade and standard.",
    roles=RECORDERS,
    key=numbered("product", "code"),
    post=_post_product,
    fold=saved_as("product", "code"),
)
NEED = Kind(
    name="need",
    noun="need",
    verb="add",
    facts=Need,
    doc="Record what a recipient asks for.",
    roles=RECORDERS,
    key=numbered("need"),
    post=_post_need,
    fold=saved_as("need"),
    undoing=Undoing(reversed_as("need")),
)
OFFER = Kind(
    name="offer",
    noun="offer",
    verb="add",
    facts=Offer,
    doc="Record what a partner can give towards a need.",
    roles=RECORDERS,
    key=numbered("offer"),
    post=_post_need,
    fold=saved_as("offer"),
    undoing=Undoing(reversed_as("offer")),
)
PLEDGE = Kind(
    name="pledge",
    noun="pledge",
    verb="add",
    facts=Pledge,
    doc="Record a promise of money; it is in no total.",
    roles=RECORDERS,
    key=numbered("pledge"),
    post=_post_in_campaign,
    fold=saved_as("pledge"),
    undoing=Undoing(reversed_as("pledge")),
)
KINDS = (CAMPAIGN, PRODUCT, NEED, OFFER, PLEDGE)
