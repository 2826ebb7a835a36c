"""The flow of a campaign as data: stages, bars, bands and exits, in the units in which they happened.

A picture or a table is drawn from it elsewhere; nothing here knows pixels or words of a language.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypedDict

from pydantic import Field

from ledger.core.frozen import Amount, Frozen, Whole, made_of


class Substance(StrEnum):
    """What a bar is made of; the page's colour says only this."""

    COIN = "coin"
    MONEY = "money"
    GOODS = "goods"


class Origin(StrEnum):
    """How the units of a bar came to lie there: what is given is never told as converted or bought."""

    GIVEN = "given"  # by donors: coins, money at a bank, goods in kind
    CONVERTED = "converted"
    SUPPLIED = "supplied"  # ordered from a supplier, and on from there
    REFUNDED = "refunded"  # a supplier paid it back: it was money before
    REPAID = "repaid"  # a loan came back: it was money before
    RETURNED = "returned"  # goods that people or an organisation gave back: they were on the picture before
    BEFORE = "before"  # there before the books begin: whose gift it was is not known here
    OTHER = "other"  # a top-up, own coins, a loan of another campaign: nobody's gift

    @property
    def is_back(self) -> bool:
        """Was it on the picture before? Such units are never added to what came in."""
        return self in {Origin.REFUNDED, Origin.REPAID, Origin.RETURNED}


class StageKind(StrEnum):
    """A stage of the way from the coin to the recipient."""

    DONATED = "donated"
    MONEY = "money"  # at banks, in the currency that `place` names
    ORDERED = "ordered"
    STOCK = "stock"  # received good, or given in kind, at a place; `place` names it
    HANDED = "handed"  # handed over to an organisation; `place` names it
    DISTRIBUTED = "distributed"  # one bar per receiving place


class ExitKind(StrEnum):
    """What leaves the way at a stage, and as what."""

    HELD = "held"
    BLOCKED = "blocked"  # a gift's own units, set apart until two people release them
    AT_EXCHANGE = "at_exchange"  # coins that an exchange holds and has not sold yet
    FEE = "fee"
    SPENT = "spent"  # money spent on services such as freight
    CHARGES = "charges"
    OPEN = "open"  # ordered, not yet received
    SHORT = "short"
    DAMAGED = "damaged"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"  # the supplier paid it back: it is money again
    LENT = "lent"  # to another campaign
    REPAID = "repaid"  # a loan between campaigns, at either end
    CLAIM = "claim"  # paid for, not delivered, and the order is closed: the supplier owes it
    IN_TRANSIT = "in_transit"
    LOST = "lost"  # on the way
    MISSING = "missing"  # from where it lay
    EXPIRED = "expired"
    STOLEN = "stolen"
    SPOILED = "spoiled"  # it was not kept cold
    CUSTOMS = "customs"  # kept by them
    RECALLED = "recalled"  # its lot was recalled, and it was destroyed or kept from people
    WRITTEN_OFF = "written_off"  # a claim on the supplier, or what a refund left of it, that nobody pays
    IN_STOCK = "in_stock"
    WAITING = "waiting"  # handed over, not yet distributed
    RETURNED = "returned"
    UNEXPLAINED = "unexplained"
    SHORTFALL = "shortfall"
    BEFORE = "before"  # gone on before the books begin: where to is not in them
    DISTRIBUTED = "distributed"  # to people, or a service that was delivered: the end that was meant

    @property
    def is_bad(self) -> bool:
        return self in GOODS_LOST or self in {ExitKind.UNEXPLAINED, ExitKind.SHORTFALL}


GOODS_LOST = frozenset(
    {
        ExitKind.SHORT,
        ExitKind.DAMAGED,
        ExitKind.REJECTED,
        ExitKind.LOST,
        ExitKind.MISSING,
        ExitKind.EXPIRED,
        ExitKind.STOLEN,
        ExitKind.SPOILED,
        ExitKind.CUSTOMS,
        ExitKind.RECALLED,
        ExitKind.WRITTEN_OFF,
    }
)
"""How pieces end that reach nobody and that nobody pays back."""


class _BarFields(TypedDict):
    """What the origin of a bar is made of."""

    substance: Substance


def _most(given: _BarFields) -> Origin:
    """How most of what is of a substance came to lie where it is."""
    match given["substance"]:
        case Substance.COIN:
            return Origin.GIVEN
        case Substance.MONEY:
            return Origin.CONVERTED
    return Origin.SUPPLIED


class Bar(Frozen):
    """One upright bar of a stage: an axis of the units of its amount."""

    key: str
    """Its name within the flow."""
    label: str
    """`PO-1`, `Ghana`, `C-1`: a proper name, not a phrase."""
    substance: Substance
    """What it is made of."""
    origin: Origin = made_of(_most)
    """How its units came to lie there."""
    amount: Amount
    """How much of what."""
    order: str = ""
    """Number of the order that it is an item of; empty for what is no order."""

    @property
    def asset(self) -> str:
        """What its units are."""
        return self.amount.asset

    @property
    def units(self) -> int:
        """How long its axis is."""
        return self.amount.minor


class Node(Bar):
    """A bar with its stage."""

    stage: int
    """Number of its stage, from 0."""


class StagePart(Frozen):
    """What came to a stage in one way."""

    origin: Origin
    """How."""
    count: int
    """Donations, conversions, refunds, orders, or places."""
    totals: tuple[Amount, ...]
    """How much, an asset a row."""


class _StageFields(TypedDict):
    """What the parts of a stage are made of."""

    bars: tuple[Bar, ...]


def _parts(given: _StageFields) -> tuple[StagePart, ...]:
    """The bars by how they came, each counted as one."""
    bars = given["bars"]
    return tuple(
        StagePart(origin=origin, count=len(mine), totals=totals_of(mine))
        for origin in Origin
        if (mine := [bar for bar in bars if bar.origin is origin])
    )


def totals_of(bars: Iterable[Bar]) -> tuple[Amount, ...]:
    """What bars hold together, asset by asset."""
    sums: dict[str, int] = {}
    for bar in bars:
        sums[bar.asset] = sums.get(bar.asset, 0) + bar.units
    return tuple(Amount.of(asset, units) for asset, units in sums.items())


class Stage(Frozen):
    """Bars that stand at one point of the way, products apart."""

    kind: StageKind
    """What happened at this point."""
    place: str
    """Proper name of the place or organisation of `stock` and `handed`, or the currency; else empty."""
    count: int
    """Donations, conversions, orders or receivers."""
    totals: tuple[Amount, ...]
    """What came to it, an asset a row: all its bars but what came back, which was counted before."""
    bars: tuple[Bar, ...] = Field(exclude=True)
    """The flow lists them as its nodes."""
    parts: tuple[StagePart, ...] = made_of(_parts)
    """The same by how it came: what came in, and what came back."""

    @property
    def is_shared(self) -> bool:
        """Do several places beside each other share it, a bar each?"""
        return self.kind in (StageKind.STOCK, StageKind.HANDED) and not self.place


Interval = tuple[Whole, Whole]
"""First unit, and the unit behind the last one."""


class Band(Frozen):
    """Units of one bar that became units of another."""

    source: str
    """Key of the bar that they came from."""
    taken: Interval = Field(validation_alias="from", serialization_alias="from")
    """Where they lay on it: the first unit, and the one behind the last."""
    target: str
    """Key of the bar that they became."""
    joined: Interval = Field(validation_alias="to", serialization_alias="to")
    """Where they lie on it: the first unit, and the one behind the last."""
    apart: Origin | None = None
    """How they came that are goods and no order's: given in kind, or there before the books begin; null for others."""

    @property
    def source_start(self) -> int:
        return self.taken[0]

    @property
    def source_end(self) -> int:
        return self.taken[1]

    @property
    def target_start(self) -> int:
        return self.joined[0]

    @property
    def target_end(self) -> int:
        return self.joined[1]


class Exit(Frozen):
    """Units of a bar that stopped there, merged by kind."""

    source: str
    """Key of the bar."""
    taken: Interval = Field(validation_alias="from", serialization_alias="from")
    """Where they lie on it: the first unit, and the one behind the last."""
    kind: ExitKind
    """Why they stopped."""
    amount: Amount
    """How much of what."""
    label: str
    """Proper name such as a waybill or a product; empty where there is none."""
    to: str = ""
    """Where it goes, of what is on a waybill; empty of all that is not."""
    apart: Origin | None = None
    """How they came that are goods and no order's: given in kind, or there before the books begin; null for others."""

    @property
    def start(self) -> int:
        return self.taken[0]

    @property
    def end(self) -> int:
        return self.taken[1]

    @property
    def asset(self) -> str:
        return self.amount.asset

    @property
    def units(self) -> int:
        return self.amount.minor


class _FlowFields(TypedDict):
    """What the nodes of a flow are made of."""

    stages: tuple[Stage, ...]


def _nodes(given: _FlowFields) -> tuple[Node, ...]:
    return tuple(
        Node(
            key=bar.key,
            label=bar.label,
            substance=bar.substance,
            origin=bar.origin,
            amount=bar.amount,
            order=bar.order,
            stage=index,
        )
        for index, stage in enumerate(given["stages"])
        for bar in stage.bars
    )


class Flow(Frozen):
    """What came in, what it became, what left and where: head(i) - exits(i) = head(i+1), unit by unit.

    Where a conversion or an order changes the unit, that holds band by band.
    """

    units: Mapping[str, str]
    """What a piece is called, by product."""
    names: Mapping[str, str] = Field(default_factory=dict)
    """What a product is called, by its code."""
    stages: tuple[Stage, ...]
    """Points of the way, the first one first."""
    nodes: tuple[Node, ...] = made_of(_nodes)
    """The bars."""
    bands: tuple[Band, ...] = Field(validation_alias="links", serialization_alias="links")
    """What became of units, from bar to bar."""
    exits: tuple[Exit, ...]
    """What stopped, bar by bar."""


class ThreadPoint(Frozen):
    """Where one donation lies on a bar, or how it left."""

    node: str
    """Key of the bar."""
    at: Interval
    """Its units there: the first, and the one behind the last."""
    left: ExitKind | None
    """How it stopped there; null where it goes on, or is at the last stage."""
    label: str = ""
    """Proper name of what it left to, as in the exits: a waybill, an exchange, a service; empty where there is none."""
    amount: Amount | None = None
    """How much of the donation left so, of which only a part may be meant by `at`; null where it goes on."""

    @property
    def start(self) -> int:
        return self.at[0]

    @property
    def end(self) -> int:
        return self.at[1]


Thread = tuple[ThreadPoint, ...]
"""One donation's way through the flow."""
