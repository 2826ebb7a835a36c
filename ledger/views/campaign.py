"""What the public sees of a campaign: totals that tie, the state of reconciliation, papers, service figures.

Plain facts only; pages and JSON are made of these, words are chosen elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypedDict

from ledger.core.frozen import Amount, Frozen, Quantity, Whole, made_of
from ledger.core.telling import Telling, Which
from ledger.model.looks import Completeness
from ledger.rules.pledges import PledgeStatus
from ledger.views.bank_state import BankState
from ledger.views.chain_status import Staleness
from ledger.views.controls import LimitRow, PeriodRow
from ledger.views.flow import Flow
from ledger.views.losses import LossRow
from ledger.views.openings import BroughtIn
from ledger.views.payables import PayableRow
from ledger.views.people import Achievement
from ledger.views.recorded_by import RecordedBy
from ledger.views.spending import Spending
from ledger.views.sum_tables import SumTable
from ledger.views.time_line import HeldSince, PieceCost, Stretch
from ledger.views.totals import ApartTotals, GoodsTotals, ServiceRow
from ledger.views.trail import Donation, DonationStatus, DonationTrail, Outcome, Paper
from ledger.views.two_keys import Deliveries, Unconfirmed


class OpenCount(Frozen):
    """How much of a kind waits for a person."""

    kind: str
    """What kind: a word of `/api/v1/campaigns/{slug}/decisions`."""
    count: int
    """How many."""
    since: str
    """Since when the oldest of them waits, RFC 3339 or a day."""


class PublicOpenItem(Frozen):
    """One thing that waits, as anybody may see it."""

    kind: str
    """What kind of thing."""
    subject: Which
    """Which one."""
    since: str
    """Since when, RFC 3339 or a day."""
    amount: Amount | None
    """How much it is about; null where no amount is known."""
    to_do: Telling
    """What ends it, as a word and its values."""


class Unvalued(Amount):
    """Gifts whose value the desk has to decide."""

    count: int
    """How many."""
    since: str | None
    """When the first of them settled, RFC 3339."""


class Apart(StrEnum):
    """Why coins of the wallets are on no line: what is held is less by them."""

    DUST = "dust"
    UNDECIDED = "undecided"
    BLOCKED = "blocked"


class CoinsApart(Amount):
    """Coins in the wallets that stand apart from what is held."""

    why: Apart
    """Below the dust line; waiting for a decision what they are; or blocked, until two persons release them."""


class Books(Frozen):
    """Is the ledger the chain, and is all explained and matched?"""

    reconciled: bool
    """Books = chain, every coin in and out explained, every order and bank line matched."""
    block: int | None
    """The settled block that the books were compared at; null before the first look."""
    in_books: Amount
    """Coins in the books: what is held, and what stands apart."""
    apart: tuple[CoinsApart, ...] = ()
    """What of them stands apart, where some do."""
    difference: Amount
    """Chain less books."""
    unexplained: Amount
    """Coins that left and no entry says why."""
    unexplained_since: str | None
    """Since when, RFC 3339."""
    shortfall: Amount
    """Coins that a longer chain took back after they were used."""
    unvalued: Unvalued
    """Gifts whose value is not decided."""
    open: tuple[OpenCount, ...] = ()
    """All that waits for a person, by kind."""
    tip: int | None
    """Height of the newest block that the sources agree on."""
    behind_blocks: int
    """Blocks that are not read yet."""
    behind_hours: int
    """About how long that takes."""
    looked_at: str | None
    """When the chain was last looked at, RFC 3339."""
    agreed: bool
    """False where the sources did not agree on a chain, or were not asked for hours."""
    stale: Staleness | None
    """Why this says nothing of now; null where the last look and the newest block are fresh."""
    tip_time: int | None
    """The time in the header of the newest block, Unix seconds."""
    no_chain_since: str | None
    """Since when they do not."""
    sources_agreeing: int
    """Sources that answered the last look and did not lie."""
    sources: int
    """Sources that were asked."""
    start: int | None = None
    """Height of the block that headers are checked from."""
    trust: str = ""
    """Who vouches for it: genesis, table, operator or first use."""
    trusted_rules: str = ""
    """The network whose rules are not checked in full; empty where they are."""
    completeness: Telling = Telling(Completeness.SCANNED_WHOLE)
    """On what it rests that no payment is missing."""

    @property
    def is_chain(self) -> bool:
        """The books alone: they are the chain, and nothing that left is unexplained or wanting."""
        return self.block is not None and not self.is_wrong and not self.behind_blocks

    @property
    def is_wrong(self) -> bool:
        """Does the chain contradict the books?"""
        return bool(self.difference.minor or self.unexplained.minor or self.shortfall.minor)

    def count(self, *kinds: str) -> int:
        """How much of these kinds is open."""
        return sum(row.count for row in self.open if row.kind in kinds)


class Withheld(Frozen):
    """A paper that is not shown. The fact that it proves, with its amounts and names, stays in the public journal."""

    what: str
    """The title of the paper."""
    reason: str
    """Why it is not shown."""
    decided_by: str | None
    """The role of the second person, who approved that; null while it waits for one."""
    review: str
    """The day on which it is decided anew."""


class UnexplainedSpend(Frozen):
    """Coins that left by a transaction."""

    txid: str
    """The transaction."""
    amount: Amount
    """How much left."""
    seen_at: str
    """When it was first seen, RFC 3339."""
    explained_at: str | None
    """When an entry explained it; null while none does."""


class DonationRow(Frozen):
    """One gift in a list."""

    at: str
    """When it came, RFC 3339; the day of bank money and of gifts in kind."""
    key: str
    """What it is asked for by."""
    outpoint: str | None = None
    """`txid:vout`; null for bank money and gifts in kind."""
    address: str | None = None
    """Address that was paid."""
    amount: Amount
    """What was given."""
    unit: str = ""
    """What a piece is called, of a gift in kind."""
    status: DonationStatus
    """Exactly one status."""
    confirmations: int
    """Blocks on top of the payment, its own included."""
    block_height: int | None
    """Height of the block that it is in."""
    block_time: str | None = None
    """Time in the header of that block, RFC 3339."""
    value: Amount | None
    """Its worth on the campaign's valuation clock."""
    late: bool = False
    """Did it come after the campaign's last day?"""
    outcome: Outcome | None = None
    """What it turned out to be, where its status does not say so."""
    restriction: str | None = None
    """Number of the one need that it is for."""
    happened: str | None = None
    """The day that it came to the bank, where it is booked on another."""


class _Keyed(TypedDict):
    """What the path of a trail is made of."""

    key: str


def _gift_path(given: _Keyed) -> str:
    return f"/api/v1/donations/{given['key']}/trail"


class InKindRow(Frozen):
    """A gift of goods or a service."""

    key: str
    """What it is asked for by."""
    date: str
    """Its accounting day."""
    what: str
    """Name of the product."""
    quantity: Whole
    """Pieces."""
    damaged: Whole
    """Those of them that came damaged."""
    unit: str
    """What a piece is called."""
    value: Amount | None
    """What it is worth, as somebody states; null where nobody states a value."""
    method: str
    """How that was found; empty where no value is stated."""
    stated_by: str
    """Who states it: a role or an organisation; empty where no value is stated."""
    organisation: str
    """Who gave it; empty where it did not agree to be named."""
    href: str = made_of(_gift_path)
    """Path of its trail as data."""


class NeedRow(Frozen):
    """What a recipient asked for."""

    key: str
    """Number of the need."""
    recipient: str
    """Who asked."""
    item: str
    """Name of the product."""
    quantity: Whole
    """Pieces."""
    unit: str
    """What a piece is called."""
    place: str
    """Where it is wanted."""
    by: str
    """Until which day."""
    kept: tuple[Amount, ...] = ()
    """Money in hand that is restricted to it."""


class _PledgeFields(TypedDict):
    """What is open of a pledge is made of."""

    promised: Amount
    paid: Amount
    lapsed: Amount


def _open(given: _PledgeFields) -> Amount:
    promised = given["promised"]
    return Amount.of(promised.asset, promised.minor - given["paid"].minor - given["lapsed"].minor)


class PledgeRow(Frozen):
    """A promise and what came of it; in no total."""

    number: str
    """Number of the pledge."""
    date: str
    """Its accounting day."""
    happened: str | None = None
    """The day that it was made, where it is booked on another."""
    status: PledgeStatus
    """How far the promise is."""
    due: str | None = None
    """The day until which it was promised to come."""
    overdue: bool = False
    """Is that day past, and something still to come?"""
    promised: Amount
    """What was promised."""
    paid: Amount
    """What of it came."""
    lapsed: Amount
    """What will not come."""
    open: Amount = made_of(_open)
    """What is still to come."""


class _Slugged(TypedDict):
    """What the path of a campaign is made of."""

    slug: str


def _campaign_path(given: _Slugged) -> str:
    return f"/api/v1/campaigns/{given['slug']}"


class GiftSum(Amount):
    """What donors gave in one asset."""

    count: int
    """How many gifts."""


class CampaignCard(Frozen):
    """A campaign in a list."""

    slug: str
    """Short name."""
    title: str
    """Its title."""
    start: str
    """First day."""
    end: str
    """Last day."""
    received: tuple[GiftSum, ...]
    """Settled gifts of money, an asset a row."""
    donations: int
    """How many they are."""
    distributed: tuple[Quantity, ...]
    """Pieces that reached people, a product a row."""
    in_kind: bool = False
    """Was any of these products given in kind too? Then not all that is distributed was bought."""
    delivered: tuple[Quantity, ...] = ()
    """Services that were rendered, a service a row."""
    href: str = made_of(_campaign_path)
    """Path of the campaign as data."""


class Dust(Amount):
    """Payments below the dust line, in no total."""

    count: int
    """How many."""


class DeliveryCheck(Frozen):
    """Deliveries as the other side confirmed them."""

    open_gaps: int
    """Lots whose two counts differ without an explanation."""
    unconfirmed: tuple[Unconfirmed, ...]
    """Deliveries that the other side has not counted in time."""
    handovers_signed: tuple[str, ...]
    """Numbers of handovers that the recipient signed for."""


class ReceivedGood(Frozen):
    """How much of one product came in good condition; unlike pieces have no share together."""

    product: str
    """The product's code."""
    item: str
    """What it is called."""
    permille: int
    """Share of the pieces that delivery notes named, in thousandths, surplus aside."""


class Service(Frozen):
    """How long it takes, and how much came in good condition."""

    days_gift_to_order: int | None
    """Median days from a gift's block to the first order after it."""
    days_order_to_receipt: int | None
    """Median days from an order to its receipt."""
    received_good: tuple[ReceivedGood, ...]
    """Of each product that came, by its code, the share in good condition."""
    costs: tuple[PieceCost, ...] = ()
    """What a product was ordered for, by its code and the currency."""
    held_since: tuple[HeldSince, ...] = ()
    """Since when money and coins lie that wait to be spent, an asset a row."""
    spending: tuple[Spending, ...] = ()
    """What of the money went to goods, services and fees, an asset a row."""


class JournalHead(Frozen):
    """The newest entry of the whole journal."""

    seq: int
    """Its number; 0 before the first."""
    hash: str
    """Its hash."""


class SourceOfFact(Frozen):
    """A fact about the campaign that was known before, and who says so."""

    fact: str
    """What is known."""
    source: str
    """Who says so."""


class SmallClaims(Frozen):
    """Claims below the campaign's tolerance, which nobody pursues."""

    count: Whole
    """How many."""
    amount: Amount
    """What they sum to."""


class CampaignReport(Frozen):
    """One campaign with totals that tie, withheld and unexplained rows, and the state of its books."""

    slug: str
    """Short name."""
    title: str
    """Its title."""
    purpose: str
    """What it is for."""
    start: str
    """First day."""
    end: str
    """Last day."""
    closed: bool
    """Is its last day over? A gift counts all the same."""
    demonstration: bool
    """Is all of it invented?"""
    partners: tuple[str, ...]
    """Organisations."""
    depth: int
    """Confirmations after which a payment is settled."""
    valuation_clock: str
    """When the price of a gift is taken: block time, settlement or conversion."""
    donations: int
    """Settled gifts of money: in coins and at banks."""
    waiting: int
    """Payments that are seen or confirmed and not settled."""
    received: tuple[GiftSum, ...]
    """Settled gifts of money, an asset a row, each in its own."""
    value: Amount
    """The worth of those in coins on the valuation clock."""
    dust: Dust
    """Payments below the dust line."""
    goods: GoodsTotals
    """What was ordered of goods, and where it is."""
    given_in_kind: ApartTotals
    """What was given in kind of goods, and where it is."""
    brought_in: ApartTotals
    """Goods that were there before the books begin, and where they are."""
    opening: BroughtIn | None
    """What stood when the books began; null where they begin with the campaign."""
    services: tuple[ServiceRow, ...]
    """Services, each in its own unit."""
    receivers: int
    """Places that people were reached in, each counted once."""
    fixed_address: str | None
    """Address that all donors share; null where there is none."""
    gives_addresses: bool
    """Does it give an address of one's own to who asks?"""
    pledges: tuple[PledgeRow, ...]
    """Promises that stand, open ones first."""
    payables: tuple[PayableRow, ...]
    """What is still to be paid to suppliers, what is due first before the rest."""
    small_claims: tuple[SmallClaims, ...]
    """What is owed to it and closed by itself, below its tolerance: a currency a row."""
    needs: tuple[NeedRow, ...]
    """What recipients asked for."""
    in_kind: tuple[InKindRow, ...]
    """Gifts of goods and services; at most a page of them."""
    results: tuple[Achievement, ...]
    """What was reached against what was promised."""
    books: Books
    """The state of its books."""
    sums: tuple[SumTable, ...]
    """Sums that add up, an asset or product each."""
    withheld: tuple[Withheld, ...]
    """Figures whose detail is not public."""
    unexplained: tuple[UnexplainedSpend, ...]
    """Coins that left, explained late or not at all."""
    deliveries: DeliveryCheck
    """Deliveries as the other side confirmed them."""
    service: Service
    """How long it takes, what a piece was ordered for, and since when money lies there."""
    time_line: tuple[Stretch, ...] = ()
    """What it did from when to when, in the order in which that is usually done."""
    periods: tuple[PeriodRow, ...]
    """Periods that were closed, the newest first."""
    limits: tuple[LimitRow, ...]
    """The most that each role approves."""
    evidence_count: int
    """Papers."""
    journal: JournalHead
    """The newest entry."""
    sources_of_facts: tuple[SourceOfFact, ...]
    """What was known before, and who says so."""


class CampaignPage(Frozen):
    """What the page of a campaign shows beside its report."""

    report: CampaignReport
    """The campaign as data."""
    flow: Flow
    """Its picture."""
    papers: tuple[Paper, ...]
    """The newest papers, the newest first."""
    waiting: tuple[PublicOpenItem, ...]
    """What needs a decision, the oldest first; at most a page of it."""
    deliveries: Deliveries
    """Both counts of each delivery."""
    losses: tuple[LossRow, ...]
    """What is lost, the newest first."""
    expired: tuple[Quantity, ...]
    """Pieces in stock that are past their last day of use."""
    others: tuple[DonationRow, ...]
    """Bank money and gifts in kind; at most a page of them."""
    banks: tuple[BankState, ...] = ()
    """Each bank of which there is a statement."""


class CampaignHead(Frozen):
    """What stands at the head and the foot of every page of a campaign."""

    slug: str
    """Short name, as in its address."""
    title: str
    """Its name."""
    purpose: str
    """What it is for."""
    demonstration: bool
    """Is all of it invented?"""
    journal: JournalHead
    """The newest entry."""
    sources_of_facts: tuple[SourceOfFact, ...]
    """What was known before, and who says so."""


class DonationPage(Frozen):
    """What the page of a donation shows beside its trail."""

    trail: DonationTrail
    """The donation."""
    instead: tuple[Donation, ...]
    """What the transaction pays to the campaign that replaced it."""
    books: Books
    """The state of its campaign's books."""
    recorded_by: Mapping[int, RecordedBy]
    """The roles behind the entries of its steps, by the number of the entry."""
    network: str
    """Which chain its coins are on; empty before the first look."""
    flow: Flow
    """The picture that its thread goes through."""
    demonstration: bool
    """Is all of it invented?"""
    journal: JournalHead
    """The newest entry."""
    sources_of_facts: tuple[SourceOfFact, ...]
    """What was known before, and who says so."""


def quantities(counts: Mapping[str, int], units: Mapping[str, str]) -> tuple[Quantity, ...]:
    """Pieces by product as rows, those that are none left out; `units` names a piece by product."""
    return tuple(
        Quantity(product=product, unit=units.get(product, ""), quantity=count)
        for product, count in counts.items()
        if count
    )


def counted(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    """(product, pieces) added up product by product."""
    sums: dict[str, int] = {}
    for product, pieces in rows:
        sums[product] = sums.get(product, 0) + pieces
    return sums
