"""Valuations: the value of a gift that settled without one, by a rate that came later or by a person's figure.

A value once given stands; only a reversal that names its entry takes it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Sha256
from ledger.core.lines import UnitState, Use
from ledger.core.names import UseCause, line_named, use_named
from ledger.core.roles import Role
from ledger.model.campaigns import CampaignRow, ValuationClock
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.evidence import standing_papers
from ledger.rules.gift_records import (
    GiftValue,
    SettledGift,
    add_valuation,
    gift_of,
    save_gift,
    take_value_back,
    value_by_rate,
    valued_by_conversion,
)
from ledger.rules.sold import fetched_by
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing
from ledger.tracing.follow import Ending, Passage, Stay, follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """The value of the gift `outpoint`: a figure in minor units with the hash of a paper, from a person.

    The program gives `at` instead, the moment of the campaign's clock (Unix seconds), whose rate it found; or
    neither, where the campaign values by conversion. `n` counts the valuations of the gift that were undone.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    outpoint: str
    value: Count | None = None
    paper: Sha256 | None = None
    at: Count | None = None
    n: Count | None = None


_FEES_ONLY = frozenset(
    {UseCause.MOVE, UseCause.OWN_MOVE, UseCause.DEPOSIT, UseCause.WITHDRAWAL, UseCause.CUSTODY_FEE}
)


def _is_fee_of_coins(use: Use) -> bool:
    """Did coins end as a fee and nothing else: of a move, or of an exchange? They fetched nothing, and never will."""
    return use_named(use.id).cause in _FEES_ONLY and line_named(use.line).asset == "BTC"


def converted_value(books: Books, campaign: CampaignRow, gift: SettledGift) -> GiftValue | None:
    """What a gift fetched once all of it is converted, at the gross price of each conversion; else None.

    Floors of cumulative counts, so that the values of all gifts of a conversion sum to no more than it fetched.
    """
    if gift.units is None:
        return None
    slug, (line, start, end) = campaign.slug, gift.units
    units, sold = end - start, list[Passage]()
    for visit in follow(books.lines, line, start, end):
        if isinstance(visit, Stay) and visit.line == line and visit.state is UnitState.VOID:
            units -= visit.end - visit.start
        if isinstance(visit, Ending) and _is_fee_of_coins(visit.use):
            units -= visit.units
        if not isinstance(visit, Passage):
            continue
        name = use_named(visit.use.id)
        if (name.cause, name.campaign) == (UseCause.CONVERSION, slug):
            sold.append(visit)
    if not units or sum(passage.high - passage.low for passage in sold) != units:
        return None
    fetched = fetched_by(books.session, [passage.use.id for passage in sold])
    if any(use.currency != campaign.currency for use in fetched.values()):
        return None
    value = 0
    for passage in sold:
        gross, sats = fetched[passage.use.id].price
        value += passage.high * gross // sats - passage.low * gross // sats
    numbers = dict.fromkeys(use_named(passage.use.id).number for passage in sold)
    return GiftValue(campaign.currency, value, conversions=tuple(numbers))


@dataclass(frozen=True, slots=True)
class Valued:
    """What a gift was found to be worth."""

    valuation: GiftValue


def _post(context: Context, facts: Valuation) -> Posting[Valued]:
    campaign = campaign_of(context.books.session, context.campaign)
    books, slug = context.books, context.campaign
    gift = gift_of(books.session, slug, facts.outpoint)
    if gift.value is not None:
        raise Conflict.field("valuation", "this gift has a value; reverse the entry that gave it first")
    if gift.line is None:
        raise Conflict.field(
            "valuation", "what lies below the dust line or waits for a decision is not valued"
        )
    if (facts.n or 0) != gift.valuations_undone:
        raise Refused.field(
            "n",
            "valuations of this gift that were undone: {valuations_undone}; write that",
            valuations_undone=gift.valuations_undone,
        )
    if facts.value is not None:
        if facts.paper is None:
            raise Refused.field("paper", "name the paper that shows the figure, by its SHA-256")
        papers = standing_papers(books.session, slug, facts.paper)
        if not papers:
            raise Refused.field("paper", "is not among the evidence here; add it with `evidence add` first")
        shown = GiftValue(campaign.currency, facts.value, paper=facts.paper, title=papers[0].title)
        return Posting(notes=Valued(shown))
    if context.role is not Role.SYSTEM:
        raise Refused.field("value", "give the figure in minor units, and the paper that shows it")
    if campaign.valuation is ValuationClock.CONVERSION:
        converted = converted_value(books, campaign, gift)
    else:
        moment = gift.time if facts.at is None else facts.at
        converted = value_by_rate(books.session, campaign, moment, gift.sats)
    if converted is None:
        raise Conflict.field("valuation", "there is no rate of that moment that its sources agree on")
    return Posting(notes=Valued(converted))


def _fold(books: Books, entry: Entry[Valuation, Valued]) -> None:
    session, worth = books.session, entry.notes.valuation
    gift = gift_of(session, entry.campaign, entry.facts.outpoint)
    valued = gift._replace(value=worth.value, currency=worth.currency, valued_by=entry.seq)
    save_gift(session, gift, valued)
    add_valuation(session, valued, worth)


def unfold_converted(books: Books, campaign: str, number: str, seq: int) -> None:
    """Take back the values that rest on a conversion which the reversal `seq` undoes."""
    for outpoint in valued_by_conversion(books.session, campaign, number):
        take_value_back(books.session, gift_of(books.session, campaign, outpoint), seq, by_hand=False)


def _unfold(books: Books, entry: Entry[Valuation, Valued], seq: int) -> None:
    gift = gift_of(books.session, entry.campaign, entry.facts.outpoint)
    take_value_back(books.session, gift, seq, by_hand=True)


def _key(_campaign: str, facts: Valuation) -> str:
    return f"valuation:{facts.outpoint}" + (f":{facts.n}" if facts.n else "")


VALUATION = Kind(
    name="valuation",
    noun="valuation",
    verb="add",
    facts=Valuation,
    notes=Valued,
    doc="Value a gift that no price sources agree on: a figure in minor units, and the paper that shows it.",
    roles=RECORDERS,
    named="outpoint",
    key=_key,
    post=_post,
    fold=_fold,
    date=lambda _facts: None,
    undoing=Undoing(_unfold),
)
KINDS = (VALUATION,)
