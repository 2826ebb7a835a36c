"""A donation's way from the coin to what it became: status, steps with evidence, shares that sum exactly.

Plain facts only; sentences are made by the pages and the terminal.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.core.chain import BlockRef, Outpoint
from ledger.model.evidence import Access
from ledger.views.flow import ExitKind, Flow, Thread


class DonationStatus(StrEnum):
    """Exactly one of these, in the words that donors read (DESIGN.md section 3)."""

    SEEN = "seen"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    REPLACED = "replaced"
    EVICTED = "evicted"
    REORGED = "reorged"
    BELOW_DUST = "below_dust"
    BLOCKED = "blocked"
    REVERSED = "reversed"  # recorded in error: of gifts that no chain proves


class StepKind(StrEnum):
    GIVEN = "given"  # bank money or a gift in kind, as recorded
    SEEN = "seen"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    BLOCKED = "blocked"
    RELEASED = "released"
    VOIDED = "voided"
    RESTORED = "restored"
    RECLASSIFIED = "reclassified"  # it serves another end from then on
    CONVERTED = "converted"
    PAID = "paid"
    ORDERED = "ordered"
    FEE = "fee"
    RECEIVED = "received"
    SHIPPED = "shipped"
    ARRIVED = "arrived"
    HANDED = "handed"
    DISTRIBUTED = "distributed"
    REFUNDED = "refunded"  # a supplier paid it back: it is money again
    WRITTEN_OFF = "written_off"  # a claim on a supplier that nobody pays
    LENT = "lent"  # to another campaign
    REPAID = "repaid"  # a loan: by the borrower, or back at the lender
    CARRIED = "carried"  # a service such as freight
    RETURNED = "returned"  # to the donor
    HELD = "held"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document by the SHA-256 of its bytes."""

    sha256: str
    title: str
    kind: str  # "purchase order", "goods received note", …
    date: str  # ISO date
    shows: str  # what it shows, with its figures
    access: Access
    entry: int | None  # seq of the entry that it is evidence of


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened to this donation: `units` of `asset` (`unit` names a piece)."""

    kind: StepKind
    at: str  # RFC 3339, or ISO date where only a day is known
    asset: str
    units: int
    unit: str  # "mask" for goods; "" for money
    place: str  # place, organisation, order, conversion: proper name
    reference: str  # "PO-1", "GRN-1", "W-001", "C-1", "H-1", "D-15"
    detail: tuple[tuple[str, str], ...]  # named facts, e.g. ("rate", "9500.00 USD"), ("of", "72000")
    papers: tuple[Paper, ...]
    entry: int | None
    over: bool  # False: still waiting to go on (a ring, not a disc)


@dataclass(frozen=True, slots=True)
class Place:
    """Where units of the donation are now: the ends of its trail."""

    kind: ExitKind | None  # None: distributed, the end that was meant
    asset: str
    units: int
    unit: str
    place: str
    since: str
    service: bool = False  # a service delivered ("carried"), not goods


class ChangeKind(StrEnum):
    """How a later entry changed what a trail had said."""

    REVERSED = "reversed"  # an entry that it stood on was taken back
    VOIDED = "voided"  # the gift's block left the chain
    RESTORED = "restored"
    MOVED = "moved"  # the gift is in another block
    VALUED = "valued"  # its value was given anew
    LOST = "lost"
    FOUND = "found"
    RETURNED = "returned"
    CLOSED = "closed"  # its order was closed with something left
    RECALLED = "recalled"
    FEE = "fee"  # a move between own places cost something
    EXCHANGED = "exchanged"  # another gift went back to its donor, and took other units than it had
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TrailChange:
    """What a later entry changed of what the donor had been told: what was said, what is said since, and why."""

    kind: ChangeKind
    entry: int
    at: str  # RFC 3339, when it was recorded
    date: str  # ISO date, its accounting date
    of: int | None  # the entry that it undoes
    why: str  # the reason that the entry gives, else ""
    said: tuple[Place, ...]
    says: tuple[Place, ...]
    detail: tuple[
        tuple[str, str], ...
    ]  # named facts: ("undone", "shipment W-1"), ("value_said", "9500 USD"), …


@dataclass(frozen=True, slots=True)
class LineShare:
    """Half-open interval on a line: anyone can compute it from the published journal."""

    line: str
    start: int
    end: int
    asset: str


@dataclass(frozen=True, slots=True)
class DonationTrail:
    campaign: str
    campaign_title: str
    outpoint: Outpoint | None  # None: bank money or a gift in kind, named by `gift`
    address: str
    minor: int  # whole units of `asset`
    status: DonationStatus
    confirmations: int
    needed: int
    block: BlockRef | None
    seen_at: str | None
    settled_at: str | None
    value: int | None  # minor units of `currency` on the campaign's valuation clock
    currency: str
    rate_sources: tuple[str, ...]
    replaced_by: str | None  # txid
    steps: tuple[Step, ...]
    places: tuple[Place, ...]  # units per asset at each end
    shares: tuple[LineShare, ...]
    flow: Flow
    thread: Thread
    sources: tuple[str, ...]  # sources that showed it
    gift: str = ""
    asset: str = "BTC"
    unit: str = ""  # of a gift in kind
    late: bool = False  # it came after the campaign's last day, and counts all the same
    outcome: str = ""  # "returned" where units went back to the donor
    returned: int = 0  # minor units that went back, fees included
    changes: tuple[TrailChange, ...] = ()  # oldest first; what went on as told is in `steps`
    restriction: str = ""  # the number of the need that it is for; empty: for any end
    restricted_to: str = ""  # what that need asks for, in a few words

    @property
    def key(self) -> str:
        """What the donation is asked for by."""
        return self.gift if self.outpoint is None else str(self.outpoint)
