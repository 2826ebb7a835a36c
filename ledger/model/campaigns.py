"""What a campaign is and asks for before money moves: the call itself, its products, needs and offers.

Model: folded from the entries of `ledger/rules/campaigns.py`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field, UniqueConstraint

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import Numbered


class ValuationClock(StrEnum):
    """When a gift is valued: at its block, at the block that buried it deep enough, or when it is converted."""

    BLOCK_TIME = "block_time"
    SETTLEMENT = "settlement"
    CONVERSION = "conversion"


class Nature(StrEnum):
    """Goods lie in places until they are handed over; a service is delivered where it is received."""

    GOODS = "goods"
    SERVICE = "service"


class CampaignRow(Table, table=True):
    """A call for one purpose, under the name that every other table has in its column `campaign`.

    Gifts below `dust` sats are recorded and not counted. Quotes further apart than `tolerance_permille` of the lower
    one decide nothing (docs/rules.md, 10); invoices, receipts and orders agree within `match_permille`. Claims below
    `claim_tolerance` minor units of its currency are not pursued (23).
    """

    __tablename__: ClassVar[Any] = "campaigns"
    __table_args__ = (one_of("valuation", ValuationClock), KEYED)
    slug: str = Field(primary_key=True, sa_type=TEXT)
    entry: int = Field(sa_type=LONG, unique=True, foreign_key="entries.seq")
    at: str = Field(sa_type=TEXT)  # when it was recorded
    title: str = Field(sa_type=TEXT)
    purpose: str = Field(sa_type=TEXT)
    start: str = Field(sa_type=TEXT)
    end: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)  # of its reports
    valuation: ValuationClock = Field(sa_type=Word(ValuationClock))
    dust: int = Field(sa_type=LONG)
    tolerance_permille: int = Field(sa_type=LONG)
    match_permille: int = Field(sa_type=LONG)
    claim_tolerance: int = Field(default=0, sa_type=LONG)


class CampaignPartnerRow(Table, table=True):
    """An organisation that takes part in a campaign, in the order in which they were named."""

    __tablename__: ClassVar[Any] = "campaign_partners"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    name: str = Field(sa_type=TEXT)


class KnownFactRow(Table, table=True):
    """A published fact that a campaign's page states, and where it was published."""

    __tablename__: ClassVar[Any] = "campaign_known_facts"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    fact: str = Field(sa_type=TEXT)
    source: str = Field(sa_type=TEXT)


class ProductRow(Table, table=True):
    """What can be needed, ordered and delivered; `unit` and `plural` are what one and several are called."""

    __tablename__: ClassVar[Any] = "products"
    __table_args__ = (UniqueConstraint("campaign", "code"), one_of("nature", Nature), STRICT)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    code: str = Field(sa_type=TEXT)
    name: str = Field(sa_type=TEXT)
    unit: str = Field(sa_type=TEXT)
    plural: str = Field(sa_type=TEXT)
    nature: Nature = Field(sa_type=Word(Nature))
    verb: str | None = Field(default=None, sa_type=TEXT)  # what a service does: insured, carried
    specification: str | None = Field(default=None, sa_type=TEXT)
    grade: str | None = Field(default=None, sa_type=TEXT)
    standard: str | None = Field(default=None, sa_type=TEXT)


class NeedRow(Numbered, table=True):
    """What a recipient asks for: so many pieces of a product, at a place, by a day."""

    __tablename__: ClassVar[Any] = "needs"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    recipient: str = Field(sa_type=TEXT)
    product_entry: int = Field(sa_type=LONG, foreign_key="products.entry")
    quantity: int = Field(sa_type=LONG)
    place: str = Field(sa_type=TEXT)
    by: str = Field(sa_type=TEXT)


class OfferRow(Numbered, table=True):
    """What a partner can give towards a need: so many pieces of a product."""

    __tablename__: ClassVar[Any] = "offers"
    __table_args__ = (UniqueConstraint("campaign", "number"), STRICT)
    partner: str = Field(sa_type=TEXT)
    need_entry: int = Field(sa_type=LONG, foreign_key="needs.entry")
    product_entry: int = Field(sa_type=LONG, foreign_key="products.entry")
    quantity: int = Field(sa_type=LONG)
