"""Handovers, distributions and losses: title passes, the last mile, and what did not arrive and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.accounts import AccountClass
from ledger.entry import Posting, Transfer
from ledger.errors import Refused
from ledger.facts import STRICT, Count, Date, Name, Number, Positive, Text
from ledger.kinds.goods import LotCount, goods_line, lot_asset, moved
from ledger.kinds.spec import RECORDERS, Context, Kind, numbered, require_campaign, saved_as
from ledger.lines import Operation, PartKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """Title passes to an organisation at a place."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    place: Name
    organisation: Name
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """An organisation hands goods out at a place; `facilities` counts where, people are reported apart."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    organisation: Name
    place: Name
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    facilities: Count = 0
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
    cause: Literal["damage", "expired", "stolen", "lost", "cold_chain", "customs", "recalled"]
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
        use_id = f"{name}:{context.campaign}:{facts.number}:{lot.asset}"
        added, use = moved(context, use_id, lot.asset, lot.quantity, source, target, f"lots.{index}.quantity")
        transfers += added
        operations.append(use)
    return Posting(tuple(transfers), tuple(operations))


def _post_handover(context: Context, facts: Handover) -> Posting:
    source = (AccountClass.STOCK, facts.place)
    return _post_lots(context, facts, "handover", source, (AccountClass.HANDED, facts.organisation))


def _post_distribution(context: Context, facts: Distribution) -> Posting:
    source = (AccountClass.HANDED, facts.organisation)
    return _post_lots(context, facts, "distribution", source, (AccountClass.DISTRIBUTED, facts.place))


def _post_loss(context: Context, facts: Loss) -> Posting:
    require_campaign(context)
    asset = lot_asset(facts.product, facts.lot)
    here = (AccountClass.STOCK, facts.place)
    free = context.books.lines.free_units(goods_line(context.campaign, *here, asset))
    if facts.quantity > free:
        raise Refused.field("quantity", f"{facts.quantity} are lost and {free} are at {facts.place}")
    transfers, use = moved(
        context,
        f"loss:{context.campaign}:{facts.number}",
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
)
KINDS = (HANDOVER, DISTRIBUTION, LOSS)
