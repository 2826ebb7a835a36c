"""Shipments by waybill: what left a place, and what was counted where it arrived; the gap is public."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field

from ledger.core.accounts import AccountClass
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.facts import STRICT, Count, Date, Name, Number, Text
from ledger.core.lines import Operation, PartKind
from ledger.core.names import UseCause, UseName
from ledger.rules.books import Books
from ledger.rules.campaigns import require_campaign
from ledger.rules.goods import Cause, LotCount, lot_asset, moved
from ledger.rules.spec import RECORDERS, Context, Kind, Undoing, document_of, numbered, reversed_as

Carriage = Literal["air", "sea", "road", "rail", "hand"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One part of the way, with the carrier's own paper where it has one."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    origin: Name
    destination: Name
    carriage: Carriage
    carrier: Name | None = None
    paper: Number | None = None  # the leg's own waybill, air waybill or bill of lading
    date: Date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """Goods leave `origin` for `destination` on a waybill; `legs` join the two, where there are several."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    waybill: Number
    origin: Name
    destination: Name
    carriage: Carriage
    carrier: Name | None = None
    air_waybill: Number | None = None
    legs: Annotated[tuple[Leg, ...], Field(min_length=1, max_length=20)] | None = None
    lots: Annotated[tuple[LotCount, ...], Field(min_length=1, max_length=50)]
    expected: Date | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentState:
    """What happened to a waybill on its way: shipped, held or released by customs, delivered and not yet counted."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    waybill: Number
    state: Literal["shipped", "customs_hold", "customs_release", "delivered"]
    place: Name | None = None
    reason: Text | None = None
    report: Number | None = None
    date: Date


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedLot:
    """What was counted of one lot: good + short + damaged + lost, all of it on the waybill.

    `cause` says why pieces are lost, where it is known better than that they are.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    product: Number
    lot: Number
    good: Count
    short: Count = 0
    damaged: Count = 0
    lost: Count = 0
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Goods of a waybill are counted at its destination, or at the `place` where they were brought instead.

    `reason` says why what is missing is missing, and why they are elsewhere.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    number: Number
    waybill: Number
    lots: Annotated[tuple[ArrivedLot, ...], Field(min_length=1, max_length=50)]
    place: Name | None = None
    reason: Text | None = None
    report: Number | None = None
    date: Date


def _once(lots: tuple[LotCount, ...] | tuple[ArrivedLot, ...]) -> None:
    if len({(lot.product, lot.lot) for lot in lots}) != len(lots):
        raise Refused.field("lots", "names a lot twice; add its pieces together")


def _post_shipment(context: Context, facts: Shipment) -> Posting:
    require_campaign(context)
    _once(facts.lots)
    if facts.origin == facts.destination:
        raise Refused.field("destination", "is the origin; name another place")
    if facts.legs is not None:
        _require_way(facts.origin, facts.destination, facts.legs)
    if facts.air_waybill is not None and "air" not in {
        facts.carriage,
        *(leg.carriage for leg in facts.legs or ()),
    }:
        raise Refused.field("air_waybill", "goes with carriage by air; leave it out, or say which leg flies")
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    for index, lot in enumerate(facts.lots):
        added, use = moved(
            context,
            str(UseName(UseCause.SHIPMENT, context.campaign, facts.waybill, (lot.asset,))),
            lot.asset,
            lot.quantity,
            (AccountClass.STOCK, facts.origin),
            (AccountClass.TRANSIT, facts.waybill),
            f"lots.{index}.quantity",
        )
        transfers += added
        operations.append(use)
    return Posting(tuple(transfers), tuple(operations))


def _require_way(origin: str, destination: str, legs: tuple[Leg, ...]) -> None:
    """Refused where the legs do not lead from the origin to the destination."""
    here = origin
    for index, leg in enumerate(legs):
        if leg.origin != here:
            raise Refused.field(
                f"legs.{index}.origin", f"is not {here}, where the goods are then; join the legs"
            )
        here = leg.destination
    if here != destination:
        raise Refused.field("legs", f"end at {here} and the goods go to {destination}; add the last leg")


def _fold_shipment(books: Books, entry: Entry) -> None:
    number = str(entry.facts["waybill"])
    books.documents.save(
        "shipment", entry.campaign, number, document_of(entry, status="in_transit", arrivals=[])
    )


def _post_arrival(context: Context, facts: Arrival) -> Posting:
    shipment = context.books.documents.require("shipment", context.campaign, facts.waybill)
    if shipment["status"] == "reversed":
        raise Conflict(f"waybill: {facts.waybill} was reversed; nothing is on it")
    if shipment["status"] == "customs_hold":
        raise Conflict(f"waybill: {facts.waybill} is held by customs; record its release first")
    if facts.date < shipment["date"]:
        raise Refused.field("date", f"{facts.date} is before the day of dispatch, {shipment['date']}")
    _require_after_last_state(shipment, facts.date)
    _once(facts.lots)
    place = facts.place or shipment["facts"]["destination"]
    if place != shipment["facts"]["destination"] and facts.reason is None:
        raise Refused.field("reason", f"say why it arrived at {place} and not at its destination")
    transfers: list[Transfer] = []
    operations: list[Operation] = []
    for index, lot in enumerate(facts.lots):
        counted = lot.good + lot.short + lot.damaged + lot.lost
        if counted == 0:
            raise Refused.field(f"lots.{index}", "counts nothing; leave the lot out until it arrives")
        if lot.cause is not None and not lot.lost:
            raise Refused.field(f"lots.{index}.cause", "says why pieces are lost, and none are; leave it out")
        if counted > lot.good and facts.reason is None:
            raise Refused.field("reason", "say why pieces are short, damaged or lost")
        added, use = moved(
            context,
            str(
                UseName(UseCause.ARRIVAL, context.campaign, facts.number, (lot_asset(lot.product, lot.lot),))
            ),
            lot_asset(lot.product, lot.lot),
            counted,
            (AccountClass.TRANSIT, facts.waybill),
            (AccountClass.STOCK, place),
            f"lots.{index}",
            (
                (PartKind.SHORT, "short", lot.short),
                (PartKind.DAMAGED, "damaged", lot.damaged),
                (PartKind.LOST, lot.cause or "lost", lot.lost),
            ),
        )
        transfers += added
        operations.append(use)
    return Posting(tuple(transfers), tuple(operations))


_AFTER = {
    "shipped": {"in_transit"},
    "customs_hold": {"in_transit", "shipped", "customs_release", "partially_received"},
    "customs_release": {"customs_hold"},
    "delivered": {"in_transit", "shipped", "customs_release"},
}
"""Which states a state may follow."""


def _require_after_last_state(shipment: dict[str, Any], date: str) -> None:
    """Refused where a day is before the last thing that happened to the waybill on its way."""
    last = (shipment.get("states") or [{"date": shipment["date"]}])[-1]["date"]
    if date < last:
        raise Refused.field("date", f"{date} is before {last}, when the last thing happened to it")


def _post_state(context: Context, facts: ShipmentState) -> Posting:
    shipment = context.books.documents.require("shipment", context.campaign, facts.waybill)
    if shipment["status"] not in _AFTER[facts.state]:
        raise Conflict(
            f"state: {facts.waybill} is {shipment['status']}; {facts.state} follows only "
            f"{', '.join(sorted(_AFTER[facts.state]))}"
        )
    _require_after_last_state(shipment, facts.date)
    if facts.state == "customs_hold" and facts.reason is None:
        raise Refused.field("reason", "say why customs hold the goods")
    return Posting()


def _fold_state(books: Books, entry: Entry) -> None:
    waybill = str(entry.facts["waybill"])
    shipment = books.documents.require("shipment", entry.campaign, waybill)
    shipment.setdefault("states", []).append(dict(entry.facts))
    books.documents.save("shipment", entry.campaign, waybill, shipment | {"status": entry.facts["state"]})


def _require_nothing_arrived(context: Context, entry: Entry) -> None:
    shipment = context.books.documents.require("shipment", context.campaign, str(entry.facts["waybill"]))
    if shipment["arrivals"]:
        raise Conflict("entry: goods of this waybill have arrived; reverse the arrivals first")


def _status_left(shipment: dict[str, Any]) -> str:
    """What a waybill is when its last state or count is taken back: what was told before."""
    states = shipment.get("states", ())
    last = str(states[-1]["state"]) if states else "in_transit"
    # Nothing arrives while customs hold: a hold that is the last state still stands, whatever came before it.
    return "partially_received" if shipment["arrivals"] and last != "customs_hold" else last


def _require_last_state(context: Context, entry: Entry) -> None:
    """Conflict where something happened to the waybill after the state that would be reversed."""
    waybill, number = str(entry.facts["waybill"]), entry.facts["number"]
    shipment = context.books.documents.require("shipment", context.campaign, waybill)
    arrivals = (context.books.documents.require("arrival", entry.campaign, n) for n in shipment["arrivals"])
    came_since = any(arrival["seq"] > entry.seq for arrival in arrivals)
    if came_since or shipment["states"][-1]["number"] != number:
        raise Conflict(
            f"entry: {waybill} is {shipment['status']} since then; reverse what came after it first"
        )


def _unfold_state(books: Books, entry: Entry, seq: int) -> None:
    """A reversed state leaves the waybill as it was before."""
    del seq
    waybill = str(entry.facts["waybill"])
    shipment = books.documents.require("shipment", entry.campaign, waybill)
    shipment |= {"states": shipment["states"][:-1]}
    shipment |= {"status": _status_left(shipment)}
    books.documents.save("shipment", entry.campaign, waybill, shipment)


def arrived_at(shipment: dict[str, Any], arrival: dict[str, Any]) -> str:
    """Where goods of a waybill were counted: its destination, unless the arrival names another place."""
    return str(arrival["facts"].get("place") or shipment["facts"]["destination"])


def _fold_arrival(books: Books, entry: Entry) -> None:
    number, waybill = str(entry.facts["number"]), str(entry.facts["waybill"])
    shipment = books.documents.require("shipment", entry.campaign, waybill)
    shipment["arrivals"].append(number)
    arrived = {(lot["product"], lot["lot"]): 0 for lot in shipment["facts"]["lots"]}
    for name in shipment["arrivals"]:
        earlier = books.documents.find("arrival", entry.campaign, name)
        lots = entry.facts["lots"] if earlier is None else earlier["facts"]["lots"]
        for lot in lots:
            arrived[lot["product"], lot["lot"]] += lot["good"] + lot["short"] + lot["damaged"] + lot["lost"]
    whole = all(arrived[lot["product"], lot["lot"]] == lot["quantity"] for lot in shipment["facts"]["lots"])
    shipment["status"] = "received" if whole else "partially_received"
    books.documents.save("shipment", entry.campaign, waybill, shipment)
    books.documents.save("arrival", entry.campaign, number, document_of(entry, reversed=None))


def _unfold_arrival(books: Books, entry: Entry, seq: int) -> None:
    """What was counted is on its way again."""
    reversed_as("arrival")(books, entry, seq)
    waybill = str(entry.facts["waybill"])
    shipment = books.documents.require("shipment", entry.campaign, waybill)
    shipment |= {"arrivals": [name for name in shipment["arrivals"] if name != entry.facts["number"]]}
    shipment |= {"status": _status_left(shipment)}
    books.documents.save("shipment", entry.campaign, waybill, shipment)


SHIPMENT = Kind(
    name="shipment",
    noun="shipment",
    verb="add",
    facts=Shipment,
    doc="Record goods leaving a place on a waybill.",
    roles=RECORDERS,
    named="waybill",
    key=numbered("shipment", "waybill"),
    post=_post_shipment,
    fold=_fold_shipment,
    undoing=Undoing(reversed_as("shipment", "waybill", status="reversed"), require=_require_nothing_arrived),
)
ARRIVAL = Kind(
    name="arrival",
    noun="shipment",
    verb="arrive",
    facts=Arrival,
    doc="Record what was counted where a waybill arrived: good, short, damaged, lost.",
    roles=RECORDERS,
    key=numbered("arrival"),
    post=_post_arrival,
    fold=_fold_arrival,
    undoing=Undoing(_unfold_arrival),
)
STATE = Kind(
    name="shipment.state",
    noun="shipment",
    verb="state",
    facts=ShipmentState,
    doc="Record what happened to a waybill on its way: shipped, held or released by customs, delivered.",
    roles=RECORDERS,
    key=numbered("shipment.state"),
    post=_post_state,
    fold=_fold_state,
    undoing=Undoing(_unfold_state, require=_require_last_state),
)
KINDS = (SHIPMENT, ARRIVAL, STATE)
