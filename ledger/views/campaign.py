"""What the public sees of a campaign: totals that tie, the state of reconciliation, papers, service figures.

Plain facts only; pages and JSON are made of these elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ledger.rules.settled import SCANNED_WHOLE
from ledger.views.controls import LimitRow, PeriodRow
from ledger.views.flow import Flow
from ledger.views.losses import LossRow
from ledger.views.people import Achievement
from ledger.views.trail import DonationStatus, Paper
from ledger.views.two_keys import Deliveries


@dataclass(frozen=True, slots=True)
class OpenCount:
    """How much of a kind waits for a person: `matter` is a word of ledger/views/decisions.py."""

    matter: str
    count: int
    since: str  # of the oldest: RFC 3339, or a day


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """One thing that waits, as anybody may see it."""

    matter: str
    subject: str
    since: str
    asset: str
    minor: int | None
    what_to_do: str


@dataclass(frozen=True, slots=True)
class Books:
    """Is the ledger the chain, and is all explained and matched? `block` is S = tip - depth + 1, None before a look.

    `reconciled` is the design's whole word: books = chain, every coin in and out explained, every order matched.
    """

    block: int | None
    reconciled: bool
    difference: int  # sats: chain minus books
    in_wallets: int  # sats in the books
    unexplained: int  # sats that left and no entry says why (settled or younger)
    unexplained_since: str | None
    shortfall: int  # sats voided by a reorg but already used
    tip: int | None
    behind: int  # blocks
    behind_hours: int
    looked_at: str | None  # RFC 3339 of the last look
    agreed: bool  # False: "no agreed chain since T"
    no_chain_since: str | None
    sources_agreeing: int
    sources: int
    start: int | None = None  # height of the checkpoint that headers are checked from
    trust: str = ""  # who vouches for it: genesis, table, operator, first use
    trusted_rules: str = ""  # the network whose rules are not checked in full, else ""
    completeness: str = SCANNED_WHOLE  # on what it rests that no payment is missing
    unvalued: int = 0  # gifts whose value the desk has to decide
    unvalued_sats: int = 0
    unvalued_since: str | None = None  # when the first of them settled
    open: tuple[OpenCount, ...] = ()  # all that waits for a person, by matter

    @property
    def is_chain(self) -> bool:
        """The books alone: they are the chain, and nothing that left is unexplained or wanting."""
        wrong = self.difference or self.unexplained or self.shortfall
        return self.block is not None and not wrong and not self.behind

    def count(self, *matters: str) -> int:
        """How much of these matters is open."""
        return sum(row.count for row in self.open if row.matter in matters)


@dataclass(frozen=True, slots=True)
class SumRow:
    key: str  # "converted", "paid", "network_fees", "held", "unexplained", "spent", "charges", …
    label: str  # proper name where the key alone does not say ("PO-1", "W-003"), else ""
    minor: int


@dataclass(frozen=True, slots=True)
class SumTable:
    """Rows that add up to `total`, to the last minor unit."""

    asset: str
    unit: str
    total_key: str  # "received", "received_from_conversion", "received_good"
    rows: tuple[SumRow, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Withheld:
    what: str
    asset: str
    minor: int | None
    reason: str
    decided_by: str  # roles
    review: str  # ISO date


@dataclass(frozen=True, slots=True)
class UnexplainedSpend:
    txid: str
    minor: int
    seen_at: str
    explained_at: str | None


@dataclass(frozen=True, slots=True)
class DonationRow:
    at: str
    outpoint: str  # empty: bank money or a gift in kind, named by `gift`
    address: str
    minor: int
    status: DonationStatus
    confirmations: int
    block_height: int | None
    value: int | None
    currency: str
    gift: str = ""
    block_time: int | None = None  # Unix seconds, of the block that it is in
    asset: str = "BTC"
    unit: str = ""
    late: bool = False
    outcome: str = ""
    restriction: str = ""  # the number of the need that it is for
    happened: str = ""  # the day it came to the bank, where it is booked on another

    @property
    def key(self) -> str:
        return self.outpoint or self.gift


@dataclass(frozen=True, slots=True)
class InKindRow:
    """A gift of goods or a service: `value` in minor units of `currency`, as `stated_by` says by `method`."""

    key: str
    date: str
    what: str
    quantity: int
    unit: str
    value: int
    currency: str
    method: str
    stated_by: str
    organisation: str  # empty where it did not agree to be named


@dataclass(frozen=True, slots=True)
class NeedRow:
    key: str
    recipient: str
    item: str
    quantity: int
    unit: str
    place: str
    by: str
    kept: tuple[tuple[str, int], ...] = ()  # (asset, minor units) in hand that are restricted to it


@dataclass(frozen=True, slots=True)
class PledgeRow:
    """A promise and what came of it, minor units of its asset; in no total."""

    number: str
    date: str
    asset: str
    promised: int
    paid: int
    lapsed: int
    status: str  # pledge, commitment, paid, lapsed
    happened: str = ""  # the day it was made, where it is booked on another

    @property
    def open(self) -> int:
        """What is still to come."""
        return self.promised - self.paid - self.lapsed


@dataclass(frozen=True, slots=True)
class CampaignCard:
    slug: str
    title: str
    start: str
    end: str
    received: int  # sats settled
    donations: int
    unit: str
    distributed: int


@dataclass(frozen=True, slots=True)
class CampaignReport:
    slug: str
    title: str
    purpose: str
    start: str
    end: str
    currency: str
    valuation_clock: str
    depth: int
    partners: tuple[str, ...]  # organisations
    unit: str  # main product's unit
    donations: int  # settled
    donors_waiting: int  # seen or confirmed, not settled
    received: int  # sats settled
    value: int  # minor units of currency
    dust: int
    dust_count: int
    bought: int  # good + damaged + short: ordered pieces that were bought
    distributed: int
    receivers: int  # places reached
    under_way: int
    lost: int  # damaged + short + lost
    needs: tuple[NeedRow, ...]
    achievements: tuple[Achievement, ...]
    books: Books
    flow: Flow
    sums: tuple[SumTable, ...]
    withheld: tuple[Withheld, ...]
    unexplained: tuple[UnexplainedSpend, ...]
    papers: tuple[Paper, ...]
    papers_count: int
    days_gift_to_order: int | None  # median
    days_order_to_receipt: int | None
    good_permille: int | None  # share received in good condition, in thousandths
    closed: bool
    journal_seq: int
    journal_hash: str
    fixed_address: str | None
    demonstration: bool
    sources_of_facts: tuple[tuple[str, str], ...]  # (fact, source)
    deliveries: Deliveries = field(default_factory=lambda: Deliveries((), ()))
    pledges: tuple[PledgeRow, ...] = ()  # those that stand, open ones first
    waiting: tuple[OpenMatter, ...] = ()  # what needs a decision, the oldest first; at most a page of it
    losses: tuple[LossRow, ...] = ()  # newest first
    expired: int = 0  # pieces in stock that are past their last day of use
    others: tuple[DonationRow, ...] = ()  # bank money, by number; at most a page of it
    in_kind: tuple[InKindRow, ...] = ()
    gives_addresses: bool = False  # to who asks: it has some that are for donors
    periods: tuple[PeriodRow, ...] = ()  # that were closed, the newest first
    limits: tuple[LimitRow, ...] = ()  # of each role that approves
