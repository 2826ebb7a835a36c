"""A donation's way from the coin to what it became: status, steps with evidence, shares that sum exactly.

Plain facts only; sentences are made by the pages and the terminal.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypedDict

from ledger.core.frozen import Amount, Frozen, Whole, made_of
from ledger.model.evidence import Access, Treatment
from ledger.views.flow import ExitKind, ThreadPoint
from ledger.views.people import PeopleReached


class Outcome(StrEnum):
    """What a settled payment turned out to be, or what became of it whole."""

    RETURNED = "returned"
    RETURNED_IN_PART = "returned_in_part"
    CHARGED_BACK = "charged_back"
    TOP_UP = "top_up"
    CHANGE = "change"
    REFUND = "refund"
    WITHDRAWAL = "withdrawal"
    UNDECIDED = "undecided"


class DonationStatus(StrEnum):
    """Exactly one of these, in the words that donors read (docs/rules.md, C5)."""

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
    """What happened to a part of a gift."""

    GIVEN = "given"  # bank money or a gift in kind, as recorded
    SEEN = "seen"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    BLOCKED = "blocked"
    RELEASED = "released"
    VOIDED = "voided"
    RESTORED = "restored"
    RECLASSIFIED = "reclassified"  # it serves another end from then on
    DEPOSITED = "deposited"  # at an exchange, which sells it later
    WITHDRAWN = "withdrawn"  # back from an exchange, unsold
    CONVERTED = "converted"
    PAID = "paid"
    ORDERED = "ordered"
    FEE = "fee"
    RECEIVED = "received"
    FOUND = "found"  # what was lost, short or called bad before
    SHIPPED = "shipped"
    ARRIVED = "arrived"
    HANDED = "handed"
    DISTRIBUTED = "distributed"
    GIVEN_BACK = "given_back"  # by people or an organisation: in stock again
    REFUNDED = "refunded"  # a supplier paid it back: it is money again
    WRITTEN_OFF = "written_off"  # a claim on a supplier that nobody pays
    LENT = "lent"  # to another campaign
    REPAID = "repaid"  # a loan: by the borrower, or back at the lender
    CARRIED = (
        "carried"  # a service was delivered; what it does is the fact `verb`, where its unit does not say it
    )
    RETURNED = "returned"  # to the donor
    CHARGED_BACK = "charged_back"  # by the donor's bank
    HELD = "held"
    UNEXPLAINED = "unexplained"


class _PaperFields(TypedDict):
    """What the path of a document is made of."""

    sha256: str
    kept: bool
    access: Access


def _paper_path(given: _PaperFields) -> str | None:
    return f"/papers/{given['sha256']}" if given["kept"] and given["access"] is not Access.SEALED else None


class Paper(Frozen):
    """A document by the SHA-256 of its bytes."""

    sha256: str
    """Of the copy that is served; of a sealed one the salted hash. 64 hexadecimal digits."""
    original: str | None
    """Of the paper before anything was taken out of it or blacked out; null for a sealed one."""
    done: tuple[Treatment, ...]
    """What was taken out of it, or left in it, before it was served."""
    title: str
    """What it is called."""
    kind: str
    """What sort of paper it is, in the words of who attached it, as `goods received note`."""
    date: str
    """The day on the paper, YYYY-MM-DD."""
    shows: str
    """What it shows, with its figures; empty where that is not told."""
    access: Access
    """Who may read it; a sealed one is known by its salted hash only."""
    waits: bool
    """Does its sealing wait for a second person? It is shown to nobody meanwhile."""
    entry: int | None
    """Number of the entry that it is evidence of."""
    kept: bool
    """Are its bytes kept here? Those of a sealed one never are."""
    href: str | None = made_of(_paper_path)
    """Path of its bytes on this site; null where they are not kept here."""


class Step(Frozen):
    """One thing that happened to a donation."""

    kind: StepKind
    """What happened."""
    at: str
    """When it happened, RFC 3339; the day alone where no more is known."""
    booked: str | None
    """Its accounting day, where that is another than the day that it happened."""
    amount: Amount
    """How much of the donation it happened to."""
    unit: str
    """What a piece is called; empty for money."""
    place: str
    """Place, organisation, order or conversion, by its proper name."""
    reference: str
    """Number of the order, receipt, waybill, conversion, handover or distribution."""
    figures: Mapping[str, Amount]
    """Named amounts, each in its own asset, such as `rate`, `fee` and `damaged`."""
    detail: Mapping[str, str]
    """Named facts that are no amounts, such as `block` and `expires`."""
    evidence: tuple[Paper, ...]
    """Its papers."""
    entry: int | None
    """Number of the entry that recorded it."""
    over: bool
    """False while it still waits to go on."""
    elsewhere: bool = False
    """Was it in the same lot as what the donation's need asked for, and not at the place of that need?"""


class Place(Frozen):
    """Where units of a donation are now: an end of its trail."""

    kind: ExitKind
    """`distributed` is the end that was meant."""
    amount: Amount
    """How much is there."""
    unit: str
    """What a piece is called; empty for money."""
    place: str
    """Proper name of the place or organisation; empty where there is none."""
    to: str = ""
    """Where it goes, of what is on the way; empty of all that is not."""
    since: str
    """Since when, RFC 3339 or a day; empty where that is not known."""
    service: str = ""
    """What the service is called that it went to, such as `Air freight`; empty for goods and money."""
    verb: str = ""
    """What that service does, as `carried`; empty where its unit says so."""
    paid: Amount | None = None
    """What of the donation went to that service; null where it was given in kind, and for goods."""
    elsewhere: bool = False
    """Is it in the same lot as what the donation's need asked for, and not at the place of that need?"""

    @property
    def is_distributed(self) -> bool:
        """Did it reach the end that was meant?"""
        return self.kind is ExitKind.DISTRIBUTED


class ChangeKind(StrEnum):
    """How a later entry changed what a trail had said."""

    REVERSED = "reversed"  # an entry that it stood on was taken back
    VOIDED = "voided"  # the gift's block left the chain
    RESTORED = "restored"
    MOVED = "moved"  # the gift is in another block
    LEFT = "left"  # its block left the chain before it was in the books
    VALUED = "valued"  # its value was given anew
    LOST = "lost"
    FOUND = "found"
    RETURNED = "returned"
    CLOSED = "closed"  # its order was closed with something left
    RECALLED = "recalled"
    FEE = "fee"  # a move between own places cost something
    CHARGED = "charged"  # a bank took something for itself
    CORRECTED = "corrected"  # a count or a price
    COVERED = "covered"  # a top-up makes good for what was used of a gift that lost its block
    EXCHANGED = "exchanged"  # another gift went back to its donor, and took other units than it had
    OTHER = "other"


class TrailChange(Frozen):
    """What a later entry changed of what the donor had been told: what was said, what is said since, and why."""

    kind: ChangeKind
    """How it changed."""
    entry: int | None
    """Number of the later entry; null where the chain changed it before it was in the books."""
    at: str
    """When it was recorded, or seen on the chain, RFC 3339."""
    date: str
    """Its accounting day; of what the chain changed the day that it was seen."""
    of: int | None
    """Number of the entry that it undoes."""
    why: str
    """The reason that the entry gives; empty where it gives none."""
    said: tuple[Place, ...]
    """Where the units were said to be."""
    says: tuple[Place, ...]
    """Where they are said to be since."""
    detail: Mapping[str, str]
    """Named facts, such as `undone` and `value_said`."""


class LineShare(Frozen):
    """A half-open interval on a line: anyone can compute it from the published journal."""

    line: str
    """Name of the line, as in the journal."""
    asset: str
    """What its units are."""
    start: Whole
    """First unit."""
    end: Whole
    """The unit behind the last one."""
    fineness: int
    """Units of the line in a minor unit of the asset: 1, but on an item cheaper than a minor unit a piece."""


class Block(Frozen):
    """The block that a payment is in."""

    height: int
    """Its height."""
    hash: str
    """Its hash."""
    time: str
    """The time in its header, RFC 3339."""
    position: int | None = None
    """Which transaction of it the payment is; the first is 0."""
    branch: tuple[str, ...] = ()
    """The Merkle path from the transaction up to the root in the block's header, each node as bytes in hexadecimal."""


class Restriction(Frozen):
    """The one need that a gift is for."""

    need: str
    """Number of the need."""
    title: str
    """What it asks for, in a few words."""
    place: str
    """Where it is wanted."""


class _DonationFields(TypedDict):
    """What the path of a trail is made of."""

    key: str


def _trail_path(given: _DonationFields) -> str:
    return f"/api/v1/donations/{given['key']}/trail"


class Donation(Frozen):
    """One donation: its payment, status and worth, and where all of it is."""

    key: str
    """What it is asked for by: its outpoint, or `contribution:CAMPAIGN:NUMBER`, or `in-kind:CAMPAIGN:NUMBER`."""
    campaign: str
    """Short name of the campaign."""
    campaign_title: str
    """Title of the campaign."""
    outpoint: str | None
    """`txid:vout`; null for bank money and gifts in kind."""
    txid: str | None
    """Transaction of a payment in coins."""
    vout: int | None
    """Which output of it."""
    address: str | None
    """Address that was paid."""
    amount: Amount
    """What was given."""
    unit: str = ""
    """What a piece is called, of a gift in kind."""
    status: DonationStatus
    """Exactly one status."""
    confirmations: int
    """Blocks on top of the payment, its own included."""
    needed: int
    """Confirmations after which it is settled."""
    block: Block | None
    """Null while it is in no block."""
    seen_at: str | None
    """When a source first showed it, RFC 3339."""
    settled_at: str | None
    """When it was buried deep enough, RFC 3339; of bank money and gifts in kind the day that they came."""
    recorded_at: str | None
    """When it went into the books, RFC 3339."""
    value: Amount | None
    """Its worth on the campaign's valuation clock; null while that is not known."""
    rate_sources: tuple[str, ...]
    """Who told the price."""
    replaced_by: str | None
    """Transaction that replaced it."""
    went_elsewhere: bool = False
    """True where the transaction that replaced it pays nothing to the campaign."""
    replaces: tuple[str, ...] = ()
    """Transactions that it replaced: they had spent the same coins."""
    sources: tuple[str, ...]
    """Sources of the chain that showed it."""
    places: tuple[Place, ...]
    """Where all of it is."""
    late: bool = False
    """Did it come after the campaign's last day? It counts all the same."""
    outcome: Outcome | None = None
    """What it turned out to be, where its status does not say so."""
    returned: Amount
    """What went back to the donor, fees included."""
    restriction: Restriction | None = None
    """The one need that it is for; null for any end."""
    used: Amount | None = None
    """What of a gift that lost its block had been used; it counts as nobody's gift, and its use stands."""
    covered: Amount | None = None
    """What of that top-ups cover; null where nothing was used."""
    undone: Amount | None = None
    """What of it left with a transaction that the chain undid since, and nothing covers; what it became stands."""
    stands: tuple[Place, ...] = ()
    """Where what was used of it is now, and what it became."""
    href: str = made_of(_trail_path)
    """Path of its trail as data."""


class DonationTrail(Donation):
    """A donation with its steps, its exact intervals, and its way through the campaign's flow."""

    steps: tuple[Step, ...]
    """What happened to it, the oldest first."""
    changes: tuple[TrailChange, ...] = ()
    """What later entries changed of what was told, the oldest first."""
    shares: tuple[LineShare, ...]
    """Its intervals on each line."""
    people: tuple[PeopleReached, ...] = ()
    """Whom services reached that it went to, by sex, where a report says so; groups below the minimum are not told."""
    thread: tuple[ThreadPoint, ...]
    """Where it lies on the bars of `/api/v1/campaigns/{slug}/trail`."""

    def as_donation(self) -> Donation:
        """The same without its steps and intervals."""
        return Donation(**{name: getattr(self, name) for name in Donation.model_fields})


class Donations(Frozen):
    """The donations that a key names."""

    key: str | None
    """The key that was asked for; null where it is a claim code, which is secret."""
    donations: tuple[Donation, ...]
    """Each with its status."""
