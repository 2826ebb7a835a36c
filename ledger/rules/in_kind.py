"""Gifts in kind: goods that lie in stock as a lot of their own, or a service that was rendered, as a gift for ever.

The value is what somebody states, by a named method; it is told apart and never added to money.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Currency, Date, Name, Number, Positive, Sha256
from ledger.core.lines import Append, Change
from ledger.core.names import OVER, GiftKind, GiftName, Lot
from ledger.model.campaigns import Nature
from ledger.rules.books import Books
from ledger.rules.campaigns import product_of, require_campaign
from ledger.rules.evidence import standing_papers
from ledger.rules.goods import goods_account, goods_line, lot_asset
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as
from ledger.rules.taken_off import appended_off


@dataclass(frozen=True, slots=True, kw_only=True)
class InKind:
    """`quantity` pieces of a product came as a gift, in `place`; `value` in minor units, as `stated_by` says.

    `lot` names the pieces (this number where it is left out); a service has no expiry. `organisation` only
    where it agrees; `stated_by` is an organisation or a role, never a person; `paper` is the evidence.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    product: Number
    place: Name
    quantity: Positive
    lot: Number | None = None
    expiry: Date | None = None
    value: Positive
    currency: Currency
    method: Literal["quote", "invoice", "market_price", "appraisal", "cost"]
    stated_by: Name
    paper: Sha256 | None = None
    organisation: Name | None = None
    date: Date


def in_kind_gift(number: str) -> str:
    """What the line names the gift by."""
    return str(GiftName(GiftKind.IN_KIND, number))


def _asset_of(facts: Any) -> str:
    return lot_asset(str(facts["product"]), str(facts.get("lot", facts["number"])))


def _post(context: Context, facts: InKind) -> Posting:
    require_campaign(context)
    books, campaign = context.books, context.campaign
    service = product_of(books.session, campaign, facts.product).nature is Nature.SERVICE
    lot = facts.number if facts.lot is None else facts.lot
    asset = lot_asset(facts.product, lot)
    if Lot("", lot).is_over:
        raise Refused.field("lot", f"ends with {OVER}, as what came too much does; name it otherwise")
    if books.documents.find("lot", "", asset) is not None:
        raise Conflict(f"lot: {lot} is received already; a lot is named once")
    if facts.currency == "BTC":
        raise Refused.field(
            "currency", "a stated value is in a currency of a country; coins are no gift in kind"
        )
    if facts.expiry is not None and service:
        raise Refused.field("expiry", f"{facts.product} is a service; leave it out")
    if facts.expiry is not None and facts.expiry < facts.date:
        raise Refused.field("expiry", f"{facts.expiry} is before the day of receipt, {facts.date}")
    if facts.paper is not None and not standing_papers(books.session, campaign, facts.paper):
        raise Refused.field("paper", "no evidence has this hash; attach the paper first")
    kind = AccountClass.DELIVERED if service else AccountClass.STOCK
    line = goods_line(campaign, kind, facts.place, asset)
    start = books.lines.length(line)
    given = Transfer(
        goods_account(kind, campaign, facts.place),
        account(AccountClass.IN_KIND, campaign),
        asset,
        facts.quantity,
    )
    gift = Append(line, asset, start, facts.quantity, in_kind_gift(facts.number))
    return Posting((given,), (gift,), {"interval": [line, start, start + facts.quantity]})


def _fold(books: Books, entry: Entry) -> None:
    facts = entry.facts
    document = document_of(entry, live=True, reversed=None)
    books.documents.save("in-kind", entry.campaign, str(facts["number"]), document)
    quantity = int(facts["quantity"])
    lot: dict[str, Any] = {"lot": facts.get("lot", facts["number"]), "noted": quantity, "good": quantity}
    lot |= {"damaged": 0, "short": 0, "rejected": 0}
    if "expiry" in facts:
        lot["expiry"] = facts["expiry"]
    kept = {
        "campaign": entry.campaign,
        "product": facts["product"],
        "seq": entry.seq,
        "place": facts["place"],
    }
    books.documents.save("lot", "", _asset_of(facts), {**kept, "in_kind": facts["number"], "facts": lot})


def _unfold(books: Books, entry: Entry, seq: int) -> None:
    """The gift was none: its lot can be named again."""
    reversed_as("in-kind", live=False)(books, entry, seq)
    books.documents.remove("lot", "", _asset_of(entry.facts))


def _taken_off(context: Context, entry: Entry) -> tuple[Change, ...]:
    """What takes the pieces off their line again."""
    return appended_off(context, entry, "this in-kind is used or held")


IN_KIND = Kind(
    name="in-kind",
    noun="in-kind",
    verb="add",
    facts=InKind,
    doc="Record goods or a service that were given, with the value that somebody states and by which method.",
    roles=RECORDERS,
    key=numbered("in-kind"),
    post=_post,
    fold=_fold,
    undoing=Undoing(_unfold, takes_off=_taken_off),
)
KINDS = (IN_KIND,)
