"""What became of a pledge: matched to the gifts that fulfil it, in parts or whole, or lapsed.

A pledge is a promise: nothing here moves money, and no total ever counts one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict

from ledger.core.entry import Entry, Posting
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Number, Positive, matching
from ledger.core.money import decimal_text
from ledger.core.names import GiftKind, gift_named
from ledger.rules.books import Books
from ledger.rules.spec import (
    RECORDERS,
    Context,
    Kind,
    Undoing,
    Unfold,
    document_of,
    numbered,
    require_campaign,
    reversed_as,
    saved_as,
)

GiftRef = Annotated[
    str,
    matching(
        r"[0-9a-f]{64}:(0|[1-9][0-9]{0,9})|contribution:[A-Za-z0-9][A-Za-z0-9._-]{0,39}",
        "write TXID:VOUT for coins, or contribution:NUMBER for money at a bank",
    ),
]
"""A gift as its line names it."""


class PledgeStatus(StrEnum):
    """The words of OCHA FTS, and what ends a promise that nobody kept."""

    PLEDGE = "pledge"
    COMMITMENT = "commitment"
    PAID = "paid"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`amount` minor units of a pledge were fulfilled by a gift; `number` is that of the match."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    pledge: Number
    gift: GiftRef
    amount: Positive
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A pledge became binding, or will not be fulfilled any more."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    date: Date


@dataclass(frozen=True, slots=True)
class PledgeState:
    """How far a pledge is fulfilled, minor units of its asset; one that lapsed in part leaves `lapsed`."""

    asset: str
    promised: int
    paid: int
    lapsed: int
    status: PledgeStatus

    @property
    def open(self) -> int:
        """What is still to come."""
        return self.promised - self.paid - self.lapsed


def gift_document(books: Books, campaign: str, gift: str) -> dict[str, Any] | None:
    """The document of a gift in coins or at a bank, by its name on the line; None where there is none."""
    name = gift_named(gift)
    if name.kind is GiftKind.CONTRIBUTION:
        return books.documents.find("contribution", campaign, name.number)
    return books.documents.find("donation", campaign, gift)


def gift_asset(books: Books, campaign: str, gift: str) -> str:
    """The asset that a gift is in."""
    document = gift_document(books, campaign, gift)
    return "BTC" if document is None else str(document["facts"].get("currency", "BTC"))


def gift_worth(books: Books, campaign: str, gift: str, asset: str) -> int | None:
    """What a live gift is in an asset, minor units: its own, or its value in that currency; None: it is not."""
    document = gift_document(books, campaign, gift)
    if document is None or not document["live"]:
        return None
    facts = document["facts"]
    own, amount = (facts["currency"], facts["amount"]) if "amount" in facts else ("BTC", facts["sats"])
    if own == asset:
        return int(amount)
    valuation = document["notes"].get("valuation")
    return int(valuation["value"]) if valuation and valuation["currency"] == asset else None


def _matches(books: Books, campaign: str, *, live: bool) -> list[dict[str, Any]]:
    """The facts of all matches that are not reversed; with `live`, only of gifts that are live now."""
    found = []
    for _, document in books.documents.all("pledge_match", campaign):
        facts = document["facts"]
        gift = gift_document(books, campaign, facts["gift"])
        if not document.get("reversed") and not (live and (gift is None or not gift["live"])):
            found.append(facts)
    return found


def pledge_state(books: Books, campaign: str, number: str) -> PledgeState:
    """What of a pledge is paid, by the matches that stand now; raises NotFound.

    A gift that a reorganisation voids pays nothing until it is restored.
    """
    pledge = books.documents.require("pledge", campaign, number)
    promised = int(pledge["facts"]["amount"])
    paid = sum(row["amount"] for row in _matches(books, campaign, live=True) if row["pledge"] == number)
    steps = books.documents.find("pledge_step", campaign, number) or {}
    lapsed = promised - paid if "lapsed" in steps else 0
    if paid == promised:
        status = PledgeStatus.PAID
    elif lapsed:
        status = PledgeStatus.LAPSED
    else:
        status = PledgeStatus.COMMITMENT if "committed" in steps else PledgeStatus.PLEDGE
    return PledgeState(pledge["facts"]["asset"], promised, paid, lapsed, status)


def matched_of_gift(books: Books, campaign: str, gift: str, asset: str) -> int:
    """How much of a gift is matched to pledges in an asset, minor units."""
    return sum(
        row["amount"]
        for row in _matches(books, campaign, live=False)
        if row["gift"] == gift
        and books.documents.require("pledge", campaign, row["pledge"])["facts"]["asset"] == asset
    )


def _require_standing(context: Context, number: str, field: str) -> PledgeState:
    pledge = context.books.documents.require("pledge", context.campaign, number)
    if pledge.get("reversed"):
        raise Conflict(f"{field}: pledge {number} was reversed; name one that stands")
    state = pledge_state(context.books, context.campaign, number)
    if state.status in {PledgeStatus.PAID, PledgeStatus.LAPSED}:
        remedy = ", or reverse its lapse first" if state.status is PledgeStatus.LAPSED else ""
        raise Conflict(
            f"{field}: pledge {number} is {state.status.value}; name one that is still open{remedy}"
        )
    return state


def _post_match(context: Context, facts: Match) -> Posting:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    state = _require_standing(context, facts.pledge, "pledge")
    asset = state.asset
    worth = gift_worth(books, campaign, facts.gift, asset)
    if worth is None:
        raise Refused.field(
            "gift",
            f"is no settled gift that counts in {asset}, the pledge's own; name one, or value it first",
        )
    left = worth - matched_of_gift(books, campaign, facts.gift, asset)
    # A match of a gift that a reorganisation voided still binds: the gift may be restored.
    bound = sum(
        row["amount"] for row in _matches(books, campaign, live=False) if row["pledge"] == facts.pledge
    )
    free = state.promised - bound
    most = min(free, left)
    if facts.amount > most:
        raise Refused.field(
            "amount",
            f"{decimal_text(asset, free)} {asset} of the pledge is unmatched and "
            f"{decimal_text(asset, max(left, 0))} of the gift is unmatched; write at most the smaller",
        )
    return Posting()


def _post_step(context: Context, facts: Step) -> Posting:
    require_campaign(context)
    _require_standing(context, facts.number, "number")
    return Posting()


def _fold_step(word: str) -> Any:
    def fold(books: Books, entry: Entry) -> None:
        number = str(entry.facts["number"])
        steps = books.documents.find("pledge_step", entry.campaign, number) or {}
        books.documents.save("pledge_step", entry.campaign, number, steps | {word: document_of(entry)})

    return fold


def _unfold_step(word: str) -> Unfold:
    """Take a commitment or a lapse back."""

    def unfold(books: Books, entry: Entry, _seq: int) -> None:
        number = str(entry.facts["number"])
        steps = books.documents.require("pledge_step", entry.campaign, number)
        del steps[word]
        if steps:
            books.documents.save("pledge_step", entry.campaign, number, steps)
        else:
            books.documents.remove("pledge_step", entry.campaign, number)

    return unfold


MATCH = Kind(
    name="pledge.matched",
    noun="pledge",
    verb="match",
    facts=Match,
    doc="Match a gift to the pledge that it fulfils, in part or whole; it moves no money.",
    roles=RECORDERS,
    key=numbered("pledge.matched"),
    post=_post_match,
    fold=saved_as("pledge_match"),
    undoing=Undoing(reversed_as("pledge_match")),
)
COMMIT = Kind(
    name="pledge.committed",
    noun="pledge",
    verb="commit",
    facts=Step,
    doc="Record that a pledge became binding; it is still in no total.",
    roles=RECORDERS,
    key=lambda campaign, facts: f"commitment:{campaign}:{facts.number}:{facts.date}",
    post=_post_step,
    fold=_fold_step("committed"),
    undoing=Undoing(_unfold_step("committed")),
)
LAPSE = Kind(
    name="pledge.lapsed",
    noun="pledge",
    verb="lapse",
    facts=Step,
    doc="Record that what is open of a pledge will not come.",
    roles=RECORDERS,
    key=lambda campaign, facts: f"lapse:{campaign}:{facts.number}:{facts.date}",
    post=_post_step,
    fold=_fold_step("lapsed"),
    undoing=Undoing(_unfold_step("lapsed")),
)
KINDS = (MATCH, COMMIT, LAPSE)
