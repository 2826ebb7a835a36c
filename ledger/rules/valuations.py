"""Valuations: the value of a gift that settled without one, by a rate that came later or by a person's figure.

A value once given stands; only a reversal that names its entry takes it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Sha256, facts_json
from ledger.core.lines import UnitState, Use
from ledger.core.names import UseCause, line_named, use_named
from ledger.core.roles import Role
from ledger.model.campaigns import CampaignRow, ValuationClock
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.evidence import standing_papers
from ledger.rules.rates import value_at
from ledger.rules.sold import sold_in
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of
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


def _is_fee_of_coins(use: Use) -> bool:
    """Did coins end as the network fee of a move between own addresses? They fetched nothing, and never will."""
    moves = use_named(use.id).cause in {UseCause.MOVE, UseCause.OWN_MOVE}
    return moves and line_named(use.line).asset == "BTC"


def converted_value(books: Books, campaign: CampaignRow, gift: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a gift fetched once all of it is converted, at the gross price of each conversion; else None.

    Floors of cumulative counts, so that the values of all gifts of a conversion sum to no more than it fetched.
    `gift` is the gift's document, or its row of those without a value.
    """
    slug = campaign.slug
    numbers: list[str] = []
    value = converted = 0
    units = int(gift["end"]) - int(gift["start"])
    for visit in follow(books.lines, gift["line"], gift["start"], gift["end"]):
        if isinstance(visit, Stay) and visit.line == gift["line"] and visit.state is UnitState.VOID:
            units -= visit.end - visit.start
        if isinstance(visit, Ending) and _is_fee_of_coins(visit.use):
            units -= visit.units
        if not isinstance(visit, Passage):
            continue
        name = use_named(visit.use.id)
        if (name.cause, name.campaign) != (UseCause.CONVERSION, slug):
            continue
        number = name.number
        conversion = books.documents.require("conversion", slug, number)
        if conversion["facts"]["currency"] != campaign.currency:
            return None
        fill = next(sold for sold in sold_in(slug, conversion) if sold.use == visit.use.id)
        value += visit.high * fill.gross // fill.sold - visit.low * fill.gross // fill.sold
        converted += visit.high - visit.low
        if number not in numbers:
            numbers.append(number)
    if not units or converted != units:
        return None
    return {"currency": campaign.currency, "value": value, "conversions": numbers}


def value_sources(valuation: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Who says what a gift is worth: those who quoted, the conversions that sold it, or a paper's title."""
    if valuation is None:
        return ()
    if "title" in valuation:
        return (str(valuation["title"]),)
    quoted = tuple(str(quote["source"]) for quote in valuation.get("quotes", ()))
    return quoted or tuple(str(number) for number in valuation["conversions"])


def _post(context: Context, facts: Valuation) -> Posting:
    campaign = require_campaign(context)
    books, slug = context.books, context.campaign
    gift = books.documents.require("donation", slug, facts.outpoint)
    if "valuation" in gift["notes"]:
        raise Conflict("valuation: this gift has a value; reverse the entry that gave it first")
    if not gift["line"]:
        raise Conflict("valuation: what lies below the dust line or waits for a decision is not valued")
    reversed_before = int(gift.get("valuations_reversed", 0))
    if (facts.n or 0) != reversed_before:
        raise Refused.field("n", f"valuations of this gift that were undone: {reversed_before}; write that")
    if facts.value is not None:
        if facts.paper is None:
            raise Refused.field("paper", "name the paper that shows the figure, by its SHA-256")
        papers = standing_papers(books.session, slug, facts.paper)
        if not papers:
            raise Refused.field("paper", "is not among the evidence here; add it with `evidence add` first")
        told = {"currency": campaign.currency, "value": facts.value, "paper": facts.paper}
        return Posting(notes={"valuation": told | {"title": papers[0].title}})
    if context.role is not Role.SYSTEM:
        raise Refused.field("value", "give the figure in minor units, and the paper that shows it")
    if campaign.valuation is ValuationClock.CONVERSION:
        found = converted_value(books, campaign, gift)
    else:
        moment = gift["time"] if facts.at is None else facts.at
        valued = value_at(books.session, campaign, moment, gift["facts"]["sats"])
        found = None if valued is None else facts_json(valued)
    if found is None:
        raise Conflict("valuation: there is no rate of that moment that its sources agree on")
    return Posting(notes={"valuation": found})


def _fold(books: Books, entry: Entry) -> None:
    outpoint = str(entry.facts["outpoint"])
    gift = books.documents.require("donation", entry.campaign, outpoint)
    gift["notes"]["valuation"] = dict(entry.notes["valuation"])
    gift["valued_by"] = entry.seq
    books.documents.save("donation", entry.campaign, outpoint, gift)
    books.documents.save("valuation", entry.campaign, outpoint, document_of(entry))


def _take_back(books: Books, campaign: str, outpoint: str, seq: int, *, by_hand: bool) -> None:
    """Take a value back by the reversal `seq`; the gift waits for another, from a person where one undid it."""
    told = books.documents.require("valuation", campaign, outpoint)
    books.documents.save("valuation", campaign, outpoint, told | {"reversed": seq})
    gift = books.documents.require("donation", campaign, outpoint)
    del gift["notes"]["valuation"], gift["valued_by"]
    gift["valuations_reversed"] = int(gift.get("valuations_reversed", 0)) + 1
    gift["value_by_hand"] = by_hand
    books.documents.save("donation", campaign, outpoint, gift)


def unfold_converted(books: Books, campaign: str, number: str, seq: int) -> None:
    """Take back the values that rest on a conversion which the reversal `seq` undoes."""
    for outpoint, told in list(books.documents.all("valuation", campaign)):
        if number in told["notes"]["valuation"].get("conversions", ()) and not told.get("reversed"):
            _take_back(books, campaign, outpoint, seq, by_hand=False)


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    _take_back(books, entry.campaign, str(entry.facts["outpoint"]), seq, by_hand=True)


def _key(_campaign: str, facts: Valuation) -> str:
    return f"valuation:{facts.outpoint}" + (f":{facts.n}" if facts.n else "")


VALUATION = Kind(
    name="valuation",
    noun="valuation",
    verb="add",
    facts=Valuation,
    doc="Value a gift that no price sources agree on: a figure in minor units, and the paper that shows it.",
    roles=RECORDERS,
    key=_key,
    post=_post,
    fold=_fold,
    date=lambda _facts: None,
    undoing=Undoing(_unfold),
)
KINDS = (VALUATION,)
