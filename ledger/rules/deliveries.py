"""Handovers, distributions and losses: title passes, the last mile, and what did not arrive and why."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Positive, Sha256, Text
from ledger.core.lines import Operation, Part, PartKind, Piece, Use, lowest, units_in
from ledger.core.names import UseCause, UseName
from ledger.model.evidence import About
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.evidence import standing_papers
from ledger.rules.goods import (
    Cause,
    LotCount,
    goods_line,
    lot_asset,
    moved,
    require_in_date,
    require_not_recalled,
)
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, numbered, reversed_as, saved_as


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Title passes to an organisation at a place; `signed` is the SHA-256 of the paper that it signed there.

    `expired`: why lots are handed over after their last day of use.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    organisation: Name
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    signed: Sha256 | None = None
    expired: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """The paper that the recipient of a handover signed later, by the SHA-256 that its evidence has."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number  # the handover's
    sha256: Sha256
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who got goods, by place and sort; `facilities` counts them, people are reported apart."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    place: Name
    kind: Literal["authority", "facility", "school", "organisation", "households"] | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    facilities: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An organisation hands goods out: at one `place`, or to several `recipients` in turn, as they are listed.

    `facilities` counts where, people are reported apart. `expired`: why lots are handed out after their last day.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    organisation: Name
    place: Name | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)] | None = None
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=50)] | None = None
    facilities: Count = 0
    expired: Text | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Pieces in stock that are no more; all pieces of the lot there bear it in proportion."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    product: Number
    lot: Number
    quantity: Positive
    cause: Cause
    reason: Text
    report: Number | None = None
    date: Date


def _post_lots(
    context: Context, facts: Any, name: str, source: tuple[Any, str], target: tuple[Any, str]
) -> Posting:
    require_campaign(context)
    if len({(lot.product, lot.lot) for lot in facts.lots}) != len(facts.lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    for index, lot in enumerate(facts.lots):
        use_id = str(UseName(UseCause(name), context.campaign, facts.number, (lot.asset,)))
        added, use = moved(context, use_id, lot.asset, lot.quantity, source, target, f"lots.{index}.quantity")
        transfers += added
        operations.append(use)
    require_in_date(context, facts.lots, facts.date, facts.expired)
    return Posting(tuple(transfers), tuple(operations))


def _post_handover(context: Context, facts: Handover) -> Posting:
    source = (AccountClass.STOCK, facts.place)
    return _post_lots(context, facts, "handover", source, (AccountClass.HANDED, facts.organisation))


def signed_paper(handover: dict[str, Any]) -> tuple[str, str] | None:
    """(SHA-256, day) of the paper that a handover's recipient signed; None while none is told."""
    later = handover.get("signed")
    if later is not None:
        return str(later["sha256"]), str(later["date"])
    paper = handover["facts"].get("signed")
    return None if paper is None else (str(paper), str(handover["date"]))


def _post_signed(context: Context, facts: Signature) -> Posting:
    handover = context.books.documents.require("handover", context.campaign, facts.number)
    if handover.get("reversed") is not None:
        raise Conflict(f"number: handover {facts.number} was reversed; name the one that stands for it")
    if signed_paper(handover) is not None:
        raise Conflict(
            f"number: handover {facts.number} is signed already; reverse that first if it was wrong"
        )
    papers = standing_papers(context.books.session, context.campaign, facts.sha256)
    if (About.HANDOVER, facts.number) not in [(paper.about, paper.number) for paper in papers]:
        raise Refused.field(
            "sha256", f"is no paper of handover {facts.number}; attach it first with `evidence add`"
        )
    return Posting()


def _fold_signed(books: Books, entry: Entry) -> None:
    number = str(entry.facts["number"])
    handover = books.documents.require("handover", entry.campaign, number)
    signed = {"seq": entry.seq, "sha256": entry.facts["sha256"], "date": entry.date}
    books.documents.save("handover", entry.campaign, number, handover | {"signed": signed})


def _unfold_signed(books: Books, entry: Entry, seq: int) -> None:
    """A reversed signature leaves the handover unsigned."""
    del seq
    number = str(entry.facts["number"])
    handover = books.documents.require("handover", entry.campaign, number)
    handover.pop("signed", None)
    books.documents.save("handover", entry.campaign, number, handover)


def _post_distribution(context: Context, facts: Distribution) -> Posting:
    source = (AccountClass.HANDED, facts.organisation)
    if facts.recipients is None:
        if facts.place is None or facts.lots is None:
            raise Refused.field("place", "say where and which lots, or list the recipients with theirs")
        return _post_lots(context, facts, "distribution", source, (AccountClass.DISTRIBUTED, facts.place))
    if facts.place is not None or facts.lots is not None or facts.facilities:
        raise Refused.field(
            "recipients", "have places, lots and facilities of their own; leave those out beside"
        )
    return _post_recipients(context, facts, facts.recipients)


def _post_recipients(context: Context, facts: Distribution, recipients: tuple[Recipient, ...]) -> Posting:
    """Each recipient takes the next free pieces of a lot, in the order of the list (DESIGN, Tracing, rule 4)."""
    require_campaign(context)
    lines, campaign = context.books.lines, context.campaign
    if len({told.place for told in recipients}) != len(recipients):
        raise Refused.field("recipients", "name a place twice; add its lots together")
    wanted: dict[str, int] = defaultdict(int)
    for index, told in enumerate(recipients):
        if len({lot.asset for lot in told.lots}) != len(told.lots):
            raise Refused.field(f"recipients.{index}.lots", "names a lot twice; add its pieces together")
        for lot in told.lots:
            wanted[lot.asset] += lot.quantity
    free: dict[str, tuple[Piece, ...]] = {}
    for asset, units in wanted.items():
        require_not_recalled(context, asset, "recipients")
        line = goods_line(campaign, AccountClass.HANDED, facts.organisation, asset)
        free[asset] = lines.lowest_free(line, units)
        there = units_in(free[asset])
        if there < units:
            raise Refused.field(
                "recipients", f"{units} pieces of {asset} are wanted and {there} are at {facts.organisation}"
            )
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    held = account(AccountClass.HANDED, campaign, facts.organisation)
    for index, told in enumerate(recipients):
        here = account(AccountClass.DISTRIBUTED, campaign, told.place)
        for lot in told.lots:
            line = goods_line(campaign, AccountClass.HANDED, facts.organisation, lot.asset)
            target = goods_line(campaign, AccountClass.DISTRIBUTED, told.place, lot.asset)
            pieces, free[lot.asset] = lowest(free[lot.asset], lot.quantity)
            part = Part(PartKind.ON, lot.quantity, lot.quantity, target, lines.length(target))
            transfers.append(Transfer(here, held, lot.asset, lot.quantity))
            use_id = str(UseName(UseCause.DISTRIBUTION, campaign, facts.number, (lot.asset, str(index))))
            operations.append(Use(use_id, line, pieces, lot.quantity, (part,)))
    all_lots = [lot for told in recipients for lot in told.lots]
    require_in_date(context, all_lots, facts.date, facts.expired)
    return Posting(tuple(transfers), tuple(operations))


def _post_loss(context: Context, facts: Loss) -> Posting:
    require_campaign(context)
    asset = lot_asset(facts.product, facts.lot)
    here = (AccountClass.STOCK, facts.place)
    free = context.books.lines.free_units(goods_line(context.campaign, *here, asset))
    if facts.quantity > free:
        raise Refused.field("quantity", f"{facts.quantity} are lost and {free} are at {facts.place}")
    transfers, use = moved(
        context,
        str(UseName(UseCause.LOSS, context.campaign, facts.number)),
        asset,
        free,
        here,
        here,
        "quantity",
        ((PartKind.LOST, facts.cause, facts.quantity),),
    )
    return Posting(tuple(transfers), (use,))


HANDOVER = Kind(
    name="handover",
    noun="handover",
    verb="add",
    facts=Handover,
    doc="Record that title passed to an organisation.",
    roles=RECORDERS,
    key=numbered("handover"),
    post=_post_handover,
    fold=saved_as("handover"),
    undoing=Undoing(reversed_as("handover")),
)
SIGNED = Kind(
    name="handover.signed",
    noun="handover",
    verb="sign",
    facts=Signature,
    doc="Record that the recipient of a handover signed for it, by the paper attached to it as evidence.",
    roles=RECORDERS,
    named="sha256",
    key=lambda campaign, facts: f"handover.signed:{campaign}:{facts.number}:{facts.sha256}",
    post=_post_signed,
    fold=_fold_signed,
    undoing=Undoing(_unfold_signed),
)
DISTRIBUTION = Kind(
    name="distribution",
    noun="distribution",
    verb="add",
    facts=Distribution,
    doc="Record goods handed out at a place.",
    roles=RECORDERS,
    key=numbered("distribution"),
    post=_post_distribution,
    fold=saved_as("distribution"),
    undoing=Undoing(reversed_as("distribution")),
)
LOSS = Kind(
    name="loss",
    noun="loss",
    verb="add",
    facts=Loss,
    doc="Record pieces in stock that are lost, with cause and report.",
    roles=RECORDERS,
    key=numbered("loss"),
    post=_post_loss,
    fold=saved_as("loss"),
    undoing=Undoing(reversed_as("loss")),
)
KINDS = (HANDOVER, SIGNED, DISTRIBUTION, LOSS)
