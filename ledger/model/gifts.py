"""Gifts of money: payments to us that settled, their values, what came to a bank, and the blocks on them.

Model: folded from the entries of `ledger/rules/gifts.py`, `valuations.py`, `incoming.py`, `contributions.py`,
`gift_blocks.py` and `gift_returns.py`. A row says as what a gift stands now; the history is in the journal.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import column
from sqlmodel import Field, Index, UniqueConstraint

from ledger.model.columns import FLAG, KEYED, LONG, NO_SEQUENCE, STRICT, TEXT, Table, Word, one_of
from ledger.model.recorded import Numbered


class Coins(StrEnum):
    """Where received coins are counted: gifts on the line, dust apart, and what a person has to decide."""

    WALLET = "wallet"
    DUST = "dust"
    UNDECIDED = "undecided"
    BLOCKED = "blocked"


class CountsAs(StrEnum):
    """What a coin that came is: a gift unless somebody says otherwise, or what waits for a decision."""

    GIFT = "gift"
    TOP_UP = "top_up"  # the campaign's own people put it in
    CHANGE = "change"  # our own coins came back
    REFUND = "refund"  # of a supplier
    WITHDRAWAL = "withdrawal"  # back from an exchange
    UNDECIDED = "undecided"


class GiftState(StrEnum):
    """Is a settled payment on the chain, or did a reorganisation take it out again?"""

    LIVE = "live"
    VOIDED = "voided"


class BlockStatus(StrEnum):
    """Does a block stand, did two persons lift it, or did the gift go back?"""

    STANDING = "standing"
    RELEASED = "released"
    RETURNED = "returned"


class GiftBlockRow(Table, table=True):
    """A gift was set apart, by a list as it stood on a day or for another reason; it may not have settled yet.

    `gift` is its outpoint, or `contribution:NUMBER`. `held` and `used`: units of it that were free then, and were not.
    """

    __tablename__: ClassVar[Any] = "gift_blocks"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("gift_blocks_gift", "campaign", "gift"),
        Index("gift_blocks_status", "campaign", "status"),
        one_of("status", BlockStatus),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    number: str = Field(sa_type=TEXT)
    gift: str = Field(sa_type=TEXT)
    list_name: str | None = Field(default=None, sa_type=TEXT)
    list_date: str | None = Field(default=None, sa_type=TEXT)
    date: str = Field(sa_type=TEXT)
    at: str = Field(sa_type=TEXT)
    held: int = Field(sa_type=LONG)
    used: int = Field(sa_type=LONG)
    status: BlockStatus = Field(default=BlockStatus.STANDING, sa_type=Word(BlockStatus))


class GiftRow(Table, table=True):
    """A payment to us of `sats` that settled, or a coin that came back with a spend and was decided about.

    `entry` recorded it, `at` that moment; `date` is the day of its first block, `first_height` that one's height.
    `block`, `height` and `time` (Unix seconds) say where it is now, `position` its place in the first block, None of
    what came back. `mind` counts how often the chain changed its mind about it, `decisions` what persons decided.

    `line`, `line_start` and `line_end` are its units, none where it is counted apart. `shortfall` of a voided gift was
    used already. `value` is in minor units of `currency`, by the valuation of the entry `valued_by`;
    `valuations_undone` were taken back, the last one by a person where `value_by_hand`. `came_from`: the order
    whose supplier paid it back, or the exchange that it came back from. `returned` sats went back to the donor.
    """

    __tablename__: ClassVar[Any] = "gifts"
    __table_args__ = (
        UniqueConstraint("txid", "vout"),
        Index(
            "gifts_line",
            *("line", "line_start", "line_end", "value"),
            sqlite_where=column("value").is_not(None),
            postgresql_where=column("value").is_not(None),
        ),
        Index("gifts_campaign", "campaign", "state", "counted_in"),
        Index(
            "gifts_unvalued",
            *("campaign", "state", "counted_in", "counts_as", "at", "time", "height"),
            sqlite_where=column("value").is_(None),
            postgresql_where=column("value").is_(None),
        ),
        Index(
            "gifts_wanting",
            *("campaign", "shortfall"),
            sqlite_where=column("shortfall").is_not(None),
            postgresql_where=column("shortfall").is_not(None),
        ),
        one_of("counted_in", Coins),
        one_of("counts_as", CountsAs),
        one_of("state", GiftState),
        STRICT,
    )
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    campaign: str = Field(sa_type=TEXT, foreign_key="campaigns.slug")
    txid: str = Field(sa_type=TEXT)
    vout: int = Field(sa_type=LONG)
    sats: int = Field(sa_type=LONG)
    date: str = Field(sa_type=TEXT)
    at: str = Field(sa_type=TEXT)
    position: int | None = Field(default=None, sa_type=LONG)
    first_height: int = Field(sa_type=LONG)
    block: str = Field(sa_type=TEXT)
    height: int = Field(sa_type=LONG)
    time: int = Field(sa_type=LONG)
    restriction: str | None = Field(default=None, sa_type=TEXT)  # the need that its address is kept for
    counted_in: Coins = Field(sa_type=Word(Coins))
    counts_as: CountsAs = Field(sa_type=Word(CountsAs))
    state: GiftState = Field(sa_type=Word(GiftState))
    mind: int = Field(sa_type=LONG)
    decisions: int = Field(sa_type=LONG)
    line: str | None = Field(default=None, sa_type=TEXT)
    line_start: int | None = Field(default=None, sa_type=LONG)
    line_end: int | None = Field(default=None, sa_type=LONG)
    shortfall: int | None = Field(default=None, sa_type=LONG)
    value: int | None = Field(default=None, sa_type=LONG)
    currency: str | None = Field(default=None, sa_type=TEXT)
    valued_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")
    valuations_undone: int = Field(sa_type=LONG)
    value_by_hand: bool = Field(sa_type=FLAG)
    came_from: str | None = Field(default=None, sa_type=TEXT)
    returned: int = Field(sa_type=LONG)
    blocked_by: int | None = Field(default=None, sa_type=LONG, foreign_key="gift_blocks.entry")
    blocked_at: str | None = Field(default=None, sa_type=TEXT)
    released_at: str | None = Field(default=None, sa_type=TEXT)
    voided_at: str | None = Field(default=None, sa_type=TEXT)
    restored_at: str | None = Field(default=None, sa_type=TEXT)


class GiftVoidPieceRow(Table, table=True):
    """Units of a voided gift that left its line with it; they come back to it when it settles again."""

    __tablename__: ClassVar[Any] = "gift_void_pieces"
    __table_args__ = (KEYED,)
    gift: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="gifts.entry")
    piece_start: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    piece_end: int = Field(sa_type=LONG)


class GiftDayRow(Table, table=True):
    """Sums over a campaign's gifts whose first block was of a day, so that a page never adds up a million of them.

    Of gifts that count: how many, sats, and minor units of their value; of dust how much came.
    """

    __tablename__: ClassVar[Any] = "gift_days"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    date: str = Field(primary_key=True, sa_type=TEXT)
    gifts: int = Field(sa_type=LONG)
    sats: int = Field(sa_type=LONG)
    value: int = Field(sa_type=LONG)
    dust_gifts: int = Field(sa_type=LONG)
    dust: int = Field(sa_type=LONG)


class UnvaluedMomentRow(Table, table=True):
    """How many gifts of a moment count and have no value, and their sats; there is no row where all have one.

    They were recorded `at` (RFC 3339) and are in the block of `time` (Unix seconds) at `height`; what a coinbase pays
    settles later than the rest of its block.
    """

    __tablename__: ClassVar[Any] = "unvalued_moments"
    __table_args__ = (KEYED,)
    campaign: str = Field(primary_key=True, sa_type=TEXT, foreign_key="campaigns.slug")
    at: str = Field(primary_key=True, sa_type=TEXT)
    time: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    height: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    coinbase: bool = Field(primary_key=True, sa_type=FLAG, sa_column_kwargs=NO_SEQUENCE)
    gifts: int = Field(sa_type=LONG)
    sats: int = Field(sa_type=LONG)


class GiftValuationRow(Table, table=True):
    """What a gift is worth, minor units of `currency`, and by what: a rate, its conversions, or a paper with a title.

    `entry` is the gift's own where it was valued as it settled; `price` is that of one bitcoin.
    """

    __tablename__: ClassVar[Any] = "gift_valuations"
    __table_args__ = (STRICT,)
    entry: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="entries.seq"
    )
    gift: int = Field(sa_type=LONG, foreign_key="gifts.entry")
    currency: str = Field(sa_type=TEXT)
    value: int = Field(sa_type=LONG)
    price: int | None = Field(default=None, sa_type=LONG)
    rate: int | None = Field(default=None, sa_type=LONG, foreign_key="rates.entry")
    paper: str | None = Field(default=None, sa_type=TEXT)
    title: str | None = Field(default=None, sa_type=TEXT)
    reversed_by: int | None = Field(default=None, sa_type=LONG, foreign_key="entries.seq")


class ValuationConversionRow(Table, table=True):
    """A conversion that says what a gift fetched, in the order in which its units were sold."""

    __tablename__: ClassVar[Any] = "gift_valuation_conversions"
    __table_args__ = (Index("gift_valuation_conversions_number", "campaign", "number"), KEYED)
    valuation: int = Field(
        primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE, foreign_key="gift_valuations.entry"
    )
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    campaign: str = Field(sa_type=TEXT)
    number: str = Field(sa_type=TEXT)


class ContributionRow(Numbered, table=True):
    """Money that a donor sent to a bank of the campaign, minor units, as a gift with units on a line.

    `happened` is the day of the money, which may lie before the day that it is booked on, `date`. `returned` of it
    went back to its donor, `charged_back` of that by a bank. `fee` of it was kept by banks on the way.
    `reference_likeness`: what the bank's references that look alike have in common, none where it gave none.
    """

    __tablename__: ClassVar[Any] = "contributions"
    __table_args__ = (
        UniqueConstraint("campaign", "number"),
        Index("contributions_reference", "bank", "reference_likeness"),
        Index("contributions_said", "reference"),
        Index("contributions_newest", "campaign", "date", "number"),
        # All that the sums of a campaign ask: its rows are not read for them.
        Index("contributions_sums", "campaign", "reversed_by", "currency", "amount", "charged_back"),
        STRICT,
    )
    bank: str = Field(sa_type=TEXT)
    currency: str = Field(sa_type=TEXT)
    amount: int = Field(sa_type=LONG)
    organisation: str | None = Field(default=None, sa_type=TEXT)
    reference: str | None = Field(default=None, sa_type=TEXT)
    reference_likeness: str | None = Field(default=None, sa_type=TEXT)
    restriction: str | None = Field(default=None, sa_type=TEXT)
    at: str = Field(sa_type=TEXT)
    line: str = Field(sa_type=TEXT)
    line_start: int = Field(sa_type=LONG)
    line_end: int = Field(sa_type=LONG)
    fee: int = Field(default=0, sa_type=LONG)
    returned: int = Field(default=0, sa_type=LONG)
    charged_back: int = Field(default=0, sa_type=LONG)
    blocked_by: int | None = Field(default=None, sa_type=LONG, foreign_key="gift_blocks.entry")
    happened: str = Field(sa_type=TEXT)
