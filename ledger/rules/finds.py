"""Lost pieces that are found again: they lie in stock, and belong to whom they belonged to when they were lost.

The loss stays in the books with what was said then; nothing that came after it is taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Date, Name, Number, Positive, Text
from ledger.core.lines import Part, PartKind, Use
from ledger.core.names import UseCause, UseName
from ledger.rules.campaigns import require_campaign
from ledger.rules.goods import goods_account, goods_line, lot_asset
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, reversed_as, saved_as
from ledger.tracing.ends import reopened, still_ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Find:
    """Pieces of a lot that a `loss` or an `arrival` called lost (an arrival also `short`), and that lie at `place` now.

    `document` is the number of the loss or arrival.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    by: Literal["loss", "arrival"]
    document: Number
    was: Literal["lost", "short"] = "lost"
    product: Number
    lot: Number
    quantity: Positive
    place: Name
    reason: Text
    report: Number | None = None
    date: Date


def _cause(facts: Find, told: dict[str, Any]) -> str:
    """What the account is named by that the pieces went to; raises Refused where the paper is not of the lot."""
    rows = [told["facts"]] if facts.by == "loss" else told["facts"]["lots"]
    row = next((row for row in rows if (row["product"], row["lot"]) == (facts.product, facts.lot)), None)
    if row is None:
        asset = lot_asset(facts.product, facts.lot)
        raise Refused.field("document", f"{facts.by} {facts.document} is not of {asset}; name one that is")
    return "short" if facts.was == "short" else str(row.get("cause", "lost"))


def _post(context: Context, facts: Find) -> Posting:
    require_campaign(context)
    lines, campaign = context.books.lines, context.campaign
    told = context.books.documents.require(facts.by, campaign, facts.document)
    if told.get("reversed") is not None:
        raise Conflict(f"document: {facts.by} {facts.document} was reversed; its pieces are no loss")
    if facts.date < told["date"]:
        raise Refused.field("date", f"{facts.date} is before the day of the loss, {told['date']}")
    cause, asset = _cause(facts, told), lot_asset(facts.product, facts.lot)
    detail = () if facts.by == "loss" else (asset,)
    use_id = str(UseName(UseCause(facts.by), campaign, facts.document, detail))
    use, kind = lines.use(use_id), PartKind(facts.was)
    gone = still_ended(lines, use, kind, facts.product)
    if facts.quantity > gone:
        raise Refused.field(
            "quantity", f"{facts.quantity} are found and {gone} of {asset} are {facts.was} there; no more"
        )
    line, opens = reopened(lines, use, kind, facts.product)
    pieces = ((0, facts.quantity),) if opens else lines.lowest_free(line, facts.quantity)
    here = goods_line(campaign, AccountClass.STOCK, facts.place, asset)
    part = Part(PartKind.ON, facts.quantity, facts.quantity, here, lines.length(here))
    transfer = Transfer(
        goods_account(AccountClass.STOCK, campaign, facts.place),
        account(AccountClass.LOST, campaign, cause),
        asset,
        facts.quantity,
    )
    name = str(UseName(UseCause.FIND, campaign, facts.number))
    found = Use(name, line, pieces, facts.quantity, (part,))
    return Posting((transfer,), (*opens, found))


FIND = Kind(
    name="loss.found",
    noun="loss",
    verb="find",
    facts=Find,
    doc="Record lost pieces that were found again: they are in stock, and their givers' again.",
    roles=RECORDERS,
    key=numbered("loss.found"),
    post=_post,
    fold=saved_as("find"),
    undoing=Undoing(reversed_as("find")),
)
KINDS = (FIND,)
