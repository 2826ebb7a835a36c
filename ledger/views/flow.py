"""The flow of a campaign as data: stages, bars, bands and exits, in the units in which they happened.

A picture or a table is drawn from it elsewhere; nothing here knows pixels or words of a language.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Matter(StrEnum):
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


@dataclass(frozen=True, slots=True)
class Bar:
    """One upright bar of a stage: an axis of `units` (BTC sats, cents, pieces)."""

    key: str
    label: str  # "PO-1", "Ghana", "C-1": a proper name, not a phrase
    matter: Matter
    asset: str
    units: int


@dataclass(frozen=True, slots=True)
class Stage:
    kind: StageKind
    place: str  # proper name for stock, handed; else ""
    asset: str
    units: int
    count: int  # donations, conversions, orders, receivers
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """Units `source_start..source_end` of one bar became `target_start..target_end` of another."""

    source: str
    source_start: int
    source_end: int
    target: str
    target_start: int
    target_end: int


@dataclass(frozen=True, slots=True)
class Exit:
    """Units of a bar that stopped there, merged by kind; `units` is in `asset`, `start..end` on the bar."""

    source: str
    start: int
    end: int
    kind: ExitKind
    asset: str
    units: int
    label: str  # proper name such as a waybill or product, or ""


@dataclass(frozen=True, slots=True)
class Flow:
    """head(i) - exits(i) = head(i+1), unit by unit; where a conversion changes the unit, per band."""

    unit: str  # the product's unit, e.g. "mask"; plural is the page's matter
    stages: tuple[Stage, ...]
    bands: tuple[Band, ...]
    exits: tuple[Exit, ...]


@dataclass(frozen=True, slots=True)
class ThreadPoint:
    """Where one donation lies on a bar (its units there), or how it left."""

    bar: str
    start: int
    end: int
    left: ExitKind | None  # None: goes on (or is at the last stage)


@dataclass(frozen=True, slots=True)
class Thread:
    points: tuple[ThreadPoint, ...]
