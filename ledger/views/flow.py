"""The flow of a campaign as data: stages, bars, bands and exits, in the units in which they happened.

A picture or a table is drawn from it elsewhere; nothing here knows pixels or words of a language.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from pydantic import Field

from ledger.core.frozen import Amount, Frozen, Whole


class Substance(StrEnum):
    """What a bar is made of; the page's colour says only this."""

    COIN = "coin"
    MONEY = "money"
    GOODS = "goods"


class StageKind(StrEnum):
    DONATED = "donated"
    CONVERTED = "converted"
    ORDERED = "ordered"
    STOCK = "stock"  # received good at a place; `place` names it
    HANDED = "handed"  # handed over to an organisation; `place` names it
    DISTRIBUTED = "distributed"  # one bar per receiving place


class ExitKind(StrEnum):
    HELD = "held"
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
    LOST = "lost"
    WRITTEN_OFF = "written_off"  # a claim on the supplier, or what a refund left of it, that nobody pays
    IN_STOCK = "in_stock"
    WAITING = "waiting"  # handed over, not yet distributed
    RETURNED = "returned"
    UNEXPLAINED = "unexplained"
    SHORTFALL = "shortfall"
    DISTRIBUTED = "distributed"  # to people, or a service that was delivered: the end that was meant

    @property
    def is_bad(self) -> bool:
        return self in {
            ExitKind.SHORT,
            ExitKind.DAMAGED,
            ExitKind.REJECTED,
            ExitKind.LOST,
            ExitKind.WRITTEN_OFF,
            ExitKind.UNEXPLAINED,
            ExitKind.SHORTFALL,
        }


class Bar(Frozen):
    """One upright bar of a stage: an axis of the units of its amount."""

    key: str
    """Its name within the flow."""
    label: str
    """`PO-1`, `Ghana`, `C-1`: a proper name, not a phrase."""
    substance: Substance
    """What it is made of."""
    amount: Amount
    """How much of what."""

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


class Stage(Frozen):
    """Bars that stand at one point of the way, products apart."""

    kind: StageKind
    """What happened at this point."""
    place: str
    """Proper name of the place or organisation of `stock` and `handed`; else empty."""
    count: int
    """Donations, conversions, orders or receivers."""
    totals: tuple[Amount, ...]
    """What its bars hold together, an asset a row."""
    bars: tuple[Bar, ...] = Field(exclude=True)
    """The flow lists them as its nodes."""


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


def _nodes(given: dict[str, Any]) -> tuple[Node, ...]:
    return tuple(
        Node(key=bar.key, label=bar.label, substance=bar.substance, amount=bar.amount, stage=index)
        for index, stage in enumerate(given["stages"])
        for bar in stage.bars
    )


class Flow(Frozen):
    """What came in, what it became, what left and where: head(i) - exits(i) = head(i+1), unit by unit.

    Where a conversion or an order changes the unit, that holds band by band.
    """

    units: Mapping[str, str]
    """What a piece is called, by product."""
    stages: tuple[Stage, ...]
    """Points of the way, the first one first."""
    nodes: tuple[Node, ...] = Field(default_factory=_nodes)
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

    @property
    def start(self) -> int:
        return self.at[0]

    @property
    def end(self) -> int:
        return self.at[1]


Thread = tuple[ThreadPoint, ...]
"""One donation's way through the flow."""
