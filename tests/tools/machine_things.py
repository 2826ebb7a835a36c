"""Recipes of facts about things and people: from the goods received note to what a service reached."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from contextlib import suppress
from typing import Any

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Refused
from ledger.core.names import Lot, lot_named
from ledger.core.roles import Role
from ledger.model.campaigns import Nature
from ledger.model.deliveries import ShipmentRow
from ledger.model.evidence import About
from ledger.model.goods import FindRow, LotDeliveryRow, RecalledAt, ReceiptRow
from ledger.model.people import Counts, Dimension
from ledger.recording.record import context_of
from ledger.rules.campaigns import product_of
from ledger.rules.carrier_claims import claim_left, standing_claims
from ledger.rules.corrected_counts import COUNTED, CountedField, says_count
from ledger.rules.corrected_places import PLACED, says_place
from ledger.rules.expiries_elsewhere import expiries_elsewhere, expiry_corrected_elsewhere
from ledger.rules.gift_records import contributions_of
from ledger.rules.goods import expiry_of, goods_line, lot_deliveries, noted_of_lots, recalls_of_lots
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import items_of, open_account, require_order
from ledger.rules.overs import named_on, surplus_of, waiting_of
from ledger.rules.recall_outcomes import recall_state, recalls_of
from ledger.rules.receipts import receipts_of_order, received_lots, require_receipt
from ledger.rules.results import cells_at, indicators_of, results_of
from ledger.rules.returns import require_recall
from ledger.rules.shipments import arrivals_of, require_shipment
from ledger.rules.two_counts import two_counts, uncounted_at
from ledger.views.papers import papers_about
from tests.tools.machine_scene import ORGANISATIONS, PLACES, Facts, Scene, tells, tells_decisions
from tests.tools.machine_world import Needs

KINDS_OF_LOSS = ("damage", "expired", "stolen", "lost", "cold_chain", "customs", "recalled")


@tells("receipt")
def _receipt(s: Scene) -> Facts:
    rows = []
    for order in s.open_orders():
        for row in items_of(s.books.session, order):
            opened = s.books.net(open_account(s.slug, order.number, row.item), row.product)
            rows.append((order.number, row.item, row.product, opened))
    replaced = [row for row in rows if _replaceable(s, row[0], row[2])]
    if replaced and s.chance(50):
        number, item, product, opened = s.pick(replaced)
        earlier, found, pieces = s.pick(_replaceable(s, number, product))
        count = s.n(1, pieces)
        again = {
            "lot": s.new("L"),
            "noted": count,
            "good": count,
            "replaces": {"lot": earlier, "discrepancy": found},
        }
        return s.numbered("GRN") | {"order": number, "item": item, "place": s.pick(PLACES), "lots": [again]}
    number, item, product, opened = s.one([row for row in rows if row[3]], "purchase.approved")
    lots: list[Facts] = []
    for noted in s.parts(s.n(1, opened), s.pick((1, 1, 2))):
        if not noted:
            continue
        good, damaged, short, rejected = s.parts(noted, 4) if s.chance(60) else (noted, 0, 0, 0)
        lot: Facts = {"lot": _lot(s, product, [row["lot"] for row in lots]), "noted": noted, "good": good}
        lot["damaged"] = damaged
        lot |= {"short": short, "rejected": rejected}
        if s.chance(35):
            lot["over"] = s.n(1, 9)
        if s.chance(30):
            known = expiry_of(s.books.session, s.slug, Lot(product, lot["lot"]))
            lot["expiry"] = known or s.pick((s.today, "2026-01-01"))
        if lot.get("expiry", s.today) < s.today:
            del lot["expiry"]
        lots.append(lot)
    return s.numbered("GRN") | {"order": number, "item": item, "place": s.pick(PLACES), "lots": lots}


def _lot(s: Scene, product: str, named: list[Any]) -> str:
    """A new lot, or one that came before: a maker's lot comes in as many deliveries as it likes."""
    there = [lot_named(asset) for _, asset in noted_of_lots(s.books.session, s.slug)]
    again = [lot.number for lot in there if lot.product == product and not lot.is_over]
    again = [lot for lot in again if lot not in named]
    return s.pick(again) if again and s.chance(25) else s.new("L")


def _replaceable(s: Scene, order: str, product: str) -> list[tuple[str, str, int]]:
    """(lot, short or rejected, pieces at most) of lots that came on an order."""
    found = []
    for receipt in receipts_of_order(s.books.session, s.slug, order):
        for lot in received_lots(s.books.session, receipt.entry) if receipt.product == product else ():
            found += [(lot.lot, "short", lot.short)] if lot.short else []
            found += [(lot.lot, "rejected", lot.rejected)] if lot.rejected else []
    return found


def _over(s: Scene) -> tuple[Facts, str]:
    """(a decision about pieces of one receipt's surplus, the number of its order)."""
    _, product, lot, _ = s.one(s.held(AccountClass.OVER), "receipt")
    session = s.books.session
    waiting = [
        (receipt, left)
        for receipt, over in surplus_of(session, s.slug, Lot(product, lot))
        if (left := waiting_of(session, over))
    ]
    paper, left = s.pick(waiting)
    facts = s.numbered("OV") | {"product": product, "lot": lot, "quantity": s.n(1, left)}
    if len(waiting) > 1:
        facts[named_on(paper)] = paper.number
    if isinstance(paper, ReceiptRow):
        return facts, paper.order_number
    of_lot = lot_deliveries(session, s.slug, Lot(product, lot).ordered)
    receipts = [session.get(ReceiptRow, one.entry) for one in of_lot]
    orders = [row.order_number for row in receipts if row is not None]
    return facts, s.one(orders, "receipt")


@tells("over.counted")
def _over_counted(s: Scene) -> Facts:
    came = [lot_named(asset) for slug, asset in noted_of_lots(s.books.session, s.slug)]
    goods = [lot for lot in came if product_of(s.books.session, s.slug, lot.product).nature is Nature.GOODS]
    # Where all that came were services, more receipts of the same order help nobody.
    needs = s.pick(("product", "purchase", "purchase.approved", "receipt")) if came else "receipt"
    lot = s.one([lot for lot in goods if not lot.is_over], needs)
    place = s.pick(PLACES)
    found = [find for find in _finds(s) if not Lot(find.product, find.lot).is_over]
    if found and s.chance(70):
        find = s.pick(found)
        lot, place = Lot(find.product, find.lot), find.place
    facts = s.numbered("OC") | {"place": place, "product": lot.product, "lot": lot.number}
    return facts | {"quantity": s.n(1, 9), "reason": "Behind the shelves"}


def _finds(s: Scene) -> list[FindRow]:
    standing = (FindRow.campaign == s.slug, col(FindRow.reversed_by).is_(None))
    return list(s.books.session.exec(select(FindRow).where(*standing).order_by(col(FindRow.entry))))


@tells("over.explained")
def _over_explained(s: Scene) -> Facts:
    """By a find of the lot at the place where its surplus waits."""
    session = s.books.session
    finds = [find for find in _finds(s) if not Lot(find.product, find.lot).is_over]
    if not finds:
        raise Needs("loss.found")
    told: dict[str, int] = defaultdict(int)
    for facts in s.told("over.explained"):
        told[facts["document"]] += facts["quantity"]
    ways = [
        (find, paper, min(left, find.quantity - told[find.number]))
        for find in finds
        for paper, over in surplus_of(session, s.slug, Lot(find.product, find.lot).over)
        if over.place == find.place and (left := waiting_of(session, over))
    ]
    find, paper, most = s.one([way for way in ways if way[2] > 0], "over.counted")
    facts = s.numbered("OV") | {"product": find.product, "lot": Lot(find.product, find.lot).over.number}
    facts |= {"quantity": s.n(1, most), named_on(paper): paper.number}
    return facts | {"by": "find", "document": find.number, "reason": "The same pieces"}


@tells("over.returned")
def _over_returned(s: Scene) -> Facts:
    return _over(s)[0]


@tells("over.accepted")
def _over_accepted(s: Scene) -> Facts:
    return _over(s)[0]


@tells("over.bought")
def _over_bought(s: Scene) -> Facts:
    facts, first = _over(s)
    ways = []
    amended = require_order(s.books.session, s.slug, first)
    for order in s.open_orders():
        for row in items_of(s.books.session, order):
            opened = s.books.net(open_account(s.slug, order.number, row.item), row.product)
            adds = order.amends == amended.entry
            if adds and row.product == facts["product"] and opened:
                ways.append((order.number, row.item, opened))
    if not ways:
        raise Needs(s.pick(("purchase", "purchase.approved", "purchase.approved")))
    number, item, opened = s.pick(ways)
    return facts | {"order": number, "item": item, "quantity": min(facts["quantity"], opened)}


def _some(s: Scene, kind: AccountClass, needs: str, *, recalled: bool = True) -> tuple[str, list[Facts]]:
    """(a place, some lots of what lies there)."""
    rows = [row for row in s.held(kind) if recalled or not s.recalled(row[1], row[2])]
    place = s.one(rows, needs)[0]
    here = [row for row in rows if row[0] == place]
    chosen = {s.pick(here)[1:] for _ in range(s.pick((1, 1, 2)))}
    return place, [
        {"product": p, "lot": lot, "quantity": s.n(1, there) if s.chance(70) else there}
        for p, lot, there in sorted(chosen)
    ]


def _beyond(s: Scene, kind: AccountClass, place: str, lots: list[Facts]) -> Facts:
    """Why more goes on than the other side counted, where it does."""
    uncounted = uncounted_at(s.books.session, s.slug, (kind, place))
    for row in lots:
        lot = Lot(row["product"], row["lot"])
        there = s.books.lines.free_units(goods_line(s.slug, kind, place, lot))
        if uncounted.get(lot) and row["quantity"] > max(0, there - uncounted[lot]):
            return {"beyond_count": "All were there"}
    return {}


@tells("shipment")
def _shipment(s: Scene) -> Facts:
    origin, lots = _some(s, AccountClass.STOCK, "receipt")
    destination = s.pick([place for place in PLACES if place != origin])
    facts: Facts = {"waybill": s.new("WB"), "origin": origin, "destination": destination, "date": s.today}
    facts |= {"carriage": s.pick(("air", "road")), "lots": lots}
    facts |= _beyond(s, AccountClass.STOCK, origin, lots)
    if s.chance(30):
        legs = [{"origin": origin, "destination": "Hub", "carriage": "road"}]
        facts["legs"] = [*legs, {"origin": "Hub", "destination": destination, "carriage": "air"}]
        facts["air_waybill"] = "123-456"
    return facts


def _on_the_way(s: Scene, *statuses: str) -> list[str]:
    found = select(ShipmentRow).where(ShipmentRow.campaign == s.slug).order_by(col(ShipmentRow.waybill))
    return [row.waybill for row in s.books.session.exec(found) if row.status in statuses]


@tells("arrival")
def _arrival(s: Scene) -> Facts:
    ways = set(_on_the_way(s, "in_transit", "shipped", "customs_release", "delivered", "partially_received"))
    rows = [row for row in s.held(AccountClass.TRANSIT) if row[0] in ways]
    waybill = s.one(rows, "shipment")[0]
    lots: list[Facts] = []
    for place, product, lot, pieces in rows:
        if place == waybill and (not lots or s.chance(60)):
            count = s.n(1, pieces)
            good, short, damaged, lost = s.parts(count, 4) if s.chance(50) else (count, 0, 0, 0)
            row = {"product": product, "lot": lot, "good": good, "short": short}
            row |= {"damaged": damaged, "lost": lost}
            row |= {"over": s.n(1, 9)} if s.chance(15) else {}
            lots.append(row | ({"cause": s.pick(KINDS_OF_LOSS)} if lost and s.chance(40) else {}))
    return s.numbered("AR") | {"waybill": waybill, "lots": lots, "reason": "Wet boxes"}


@tells("shipment.state")
def _state(s: Scene) -> Facts:
    after = {
        "in_transit": ("shipped", "customs_hold", "delivered"),
        "shipped": ("customs_hold", "delivered"),
        "customs_hold": ("customs_release",),
        "customs_release": ("customs_hold", "delivered"),
        "partially_received": ("customs_hold",),
    }
    waybill = s.one(_on_the_way(s, *after), "shipment")
    status = require_shipment(s.books.session, s.slug, waybill).status
    facts = {"waybill": waybill, "state": s.pick(after[status]), "reason": "Papers are looked at"}
    return s.numbered("SS") | facts


def _expired(s: Scene, lots: list[Facts]) -> Facts:
    days = [expiry_of(s.books.session, s.slug, Lot(lot["product"], lot["lot"])) for lot in lots]
    return {"expired": "The maker allowed it"} if any(day and day < s.today for day in days) else {}


@tells("handover")
def _handover(s: Scene) -> Facts:
    place, lots = _some(s, AccountClass.STOCK, "receipt", recalled=False)
    facts = s.numbered("HO") | {"place": place, "organisation": s.pick(ORGANISATIONS), "lots": lots}
    facts |= _expired(s, lots) | _beyond(s, AccountClass.STOCK, place, lots)
    if s.chance(15):
        facts["signed"] = hashlib.sha256(facts["number"].encode()).hexdigest()
    return facts


@tells("handover.signed")
def _signature(s: Scene) -> Facts:
    signed = {facts["number"] for facts in s.told("handover.signed")}
    rows = [facts["number"] for facts in s.told("handover") if "signed" not in facts]
    number = s.one([row for row in rows if row not in signed], "handover")
    papers = [paper.sha256 for paper in papers_about(s.tx.session, s.slug, About.HANDOVER, number)]
    return {"number": number, "sha256": s.one(papers, "evidence"), "date": s.today}


@tells("distribution")
def _distribution(s: Scene) -> Facts:
    organisation, lots = _some(s, AccountClass.HANDED, "handover", recalled=False)
    facts: Facts = {"organisation": organisation} | _expired(s, lots)
    facts |= _beyond(s, AccountClass.HANDED, organisation, lots)
    if s.chance(30):
        rows = [
            {"place": s.pick(PLACES), "lots": [lot | {"quantity": quantity}]}
            for lot in lots
            for quantity in s.parts(lot["quantity"], 2)
            if quantity
        ]
        facts["recipients"] = [row | {"place": f"{row['place']} {n}"} for n, row in enumerate(rows)]
    else:
        facts |= {"place": s.pick(PLACES), "lots": lots, "facilities": s.n(0, 4)}
    return s.numbered("DI") | facts


@tells("loss")
def _loss(s: Scene) -> Facts:
    place, lots = _some(s, AccountClass.STOCK, "receipt")
    return s.numbered("LO") | lots[0] | {"place": place, "cause": s.pick(KINDS_OF_LOSS), "reason": "Gone"}


def _counted_off(s: Scene) -> list[tuple[str, str, str, str, str, int]]:
    """(by, document, was, product, lot, pieces) of what papers counted off."""
    names = {"loss": ("quantity",), "arrival": ("lost", "short", "damaged")}
    told = [
        (by, facts["number"], "lost" if by == "loss" else name, row["product"], row["lot"], row[name])
        for by, words in names.items()
        for name in words
        for facts in s.told(by)
        for row in facts.get("lots", [facts])
        if row[name]
    ]
    for facts in s.told("receipt"):
        product = require_receipt(s.books.session, s.slug, facts["number"]).product
        if product_of(s.books.session, s.slug, product).nature is Nature.GOODS:
            told += [
                ("receipt", facts["number"], name, product, row["lot"], row[name])
                for row in facts["lots"]
                for name in ("short", "damaged", "rejected")
                if row.get(name)
            ]
    return told


@tells("loss.found")
def _find(s: Scene) -> Facts:
    by, number, was, product, lot, pieces = s.one(_counted_off(s), s.pick(("loss", "arrival")))
    return s.numbered("FI") | {
        "by": by, "document": number, "was": was, "product": product, "lot": lot,
        "quantity": s.n(1, pieces), "place": s.pick(PLACES), "reason": "Behind the shelves",
    }  # fmt: skip


@tells("claim")
def _claim(s: Scene) -> Facts:
    told = [row for row in _counted_off(s) if row[2] != "rejected"]
    by, number, was, product, lot, pieces = s.one(told, s.pick(("loss", "arrival")))
    facts = s.numbered("CL") | {
        "on": s.pick(("carrier", "insurer")), "debtor": s.pick(("Lorries", "Maker")), "by": by,
        "document": number, "was": was, "product": product, "lot": lot, "quantity": s.n(1, pieces),
    }  # fmt: skip
    return facts | {"owner": "The office", "until": s.today} if s.chance(50) else facts


@tells("claim-end")
def _claim_ended(s: Scene) -> Facts:
    left = [(claim, claim_left(s.books, claim)) for claim in standing_claims(s.books.session, s.slug)]
    claim, pieces = s.one([row for row in left if row[1]], "claim")
    facts = s.numbered("CE") | {"claim": claim.number, "quantity": 1 if s.chance(50) else s.n(1, pieces)}
    notes = s.told("credit-note")
    if notes and s.chance(50):
        note = s.pick(notes)
        return facts | {"became": "credited", "order": note["order"], "credit_note": note["number"]}
    gifts = [gift for gift in s.told("in-kind") if gift["product"] == claim.product]
    return facts | {"became": "replaced", "in_kind": s.one(gifts, "in-kind")["number"]}


@tells("return")
def _return(s: Scene) -> Facts:
    facts = s.numbered("RT") | {"reason": "Wrong size"}
    if s.held(AccountClass.HANDED) and s.chance(50):
        organisation, lots = _some(s, AccountClass.HANDED, "handover")
        who = {"direction": "from_recipient", "place": s.pick(PLACES), "organisation": organisation}
        return facts | who | {"lots": lots}
    if s.held(AccountClass.DISTRIBUTED) and s.chance(30):
        people, lots = _some(s, AccountClass.DISTRIBUTED, "distribution")
        who = {"direction": "from_recipient", "place": s.pick(PLACES), "people": people}
        return facts | who | {"lots": lots}
    place, lots = _some(s, AccountClass.STOCK, "receipt")
    return facts | {"direction": "to_supplier", "place": place, "lots": lots}


@tells("recall")
def _recall(s: Scene) -> Facts:
    there = [lot_named(asset) for _, asset in noted_of_lots(s.books.session, s.slug)]
    lot = s.one(
        [lot for lot in there if not lot.is_over and not s.recalled(lot.product, lot.number)], "receipt"
    )
    return s.numbered("RC") | {"product": lot.product, "lot": lot.number, "reason": "Maker's warning"}


@tells("recall.differs")
def _recall_differs(s: Scene) -> Facts:
    other = s.one([slug for slug in s.world.slugs() if slug != s.slug], "campaign")
    if not recalls_of(s.books.session, other):
        raise Needs("recall", other)
    here = [lot_named(asset) for _, asset in noted_of_lots(s.books.session, s.slug)]
    lots = [lot for lot in here if not lot.is_over]
    found = recalls_of_lots(s.books.session, s.slug, lots).elsewhere
    if not found:
        raise Needs("in-kind", s.slug)
    lot, recall = s.pick(list(found.items()))
    facts = {"of": recall.campaign, "recall": recall.number, "product": lot.product, "lot": lot.number}
    return s.numbered("RD") | facts | {"reason": "Of another maker"}


@tells("recall.ended")
def _recall_ended(s: Scene) -> Facts:
    ways = [
        (recall.number, holder)
        for recall in recalls_of(s.books.session, s.slug)
        for holder in recall_state(s.books, recall).holders
    ]
    number, holder = s.one(ways, "recall")
    recall = require_recall(s.books.session, s.slug, number)
    kind = {
        "stock": AccountClass.STOCK,
        "organisation": AccountClass.HANDED,
        "people": AccountClass.DISTRIBUTED,
    }
    lot = Lot(recall.product, recall.lot)
    free = s.books.lines.free_units(goods_line(s.slug, kind[holder.at.value], holder.place, lot))
    words = ["destroyed"] if free else []
    words += [] if holder.at is RecalledAt.STOCK else ["used", "not_found"]
    became = s.one(words, "recall")
    most = min(holder.open, free) if became == "destroyed" else holder.open
    return s.numbered("RE") | {
        "recall": number, "at": holder.at.value, "place": holder.place, "became": became,
        "quantity": s.n(1, most), "reason": "Maker's warning",
    }  # fmt: skip


@tells("correction")
def _correction(s: Scene) -> Facts:
    if s.world.expiry_first:
        return _corrected_expiry(s)
    gifts = [g for g in contributions_of(s.tx.session, s.slug) if g.reversed_by is None]
    if gifts and s.chance(25):
        gift = s.pick(gifts)
        amount = s.pick((gift.amount + s.n(1, 500), max(1, gift.amount - s.n(1, 500))))
        told: Facts = {"entry": gift.entry, "field": "amount", "reason": "Mistyped", "new": str(amount)}
        return s.numbered("CR") | told | {"old": str(gift.amount)}
    counted, orders = _counted(s), OrderPapers(s.books, s.slug).bound
    if orders and s.chance(30):
        order = s.pick(orders)
        item = s.pick(items_of(s.books.session, order))
        price = s.pick((item.value + 1, item.value + s.n(1, 500), max(1, item.value - s.n(1, 500))))
        priced: Facts = {"entry": order.entry, "field": "value", "item": item.item, "reason": "Mistyped"}
        return s.numbered("CR") | priced | {"old": str(item.value), "new": str(price)}
    placed = _placed(s)
    if placed and s.chance(20):
        entry, place = s.pick(placed)
        elsewhere = s.pick([name for name in PLACES if name != place])
        moved: Facts = {
            "entry": entry,
            "field": "place",
            "reason": "Mistyped",
            "old": place,
            "new": elsewhere,
        }
        return s.numbered("CR") | moved
    if counted and s.chance(75):
        of, said = s.pick(counted)
        new = s.pick([n for n in (said - 1, said + 1, said // 2, said + s.n(1, 20)) if n >= 0 and n != said])
        facts: Facts = {"entry": of.entry, "field": of.field.value, "reason": "Mistyped"}
        facts |= {} if of.lot is None else {"lot": of.lot}
        facts |= {} if of.place is None else {"place": of.place}
        return s.numbered("CR") | facts | {"old": str(said), "new": str(new)}
    return _corrected_expiry(s)


def _corrected_expiry(s: Scene) -> Facts:
    """Another last day of use of a lot that came."""
    rows = select(LotDeliveryRow).where(
        LotDeliveryRow.campaign == s.slug, col(LotDeliveryRow.reversed_by).is_(None)
    )
    came = [row for row in s.books.session.exec(rows) if not Lot(row.product, row.lot).is_over]
    row = s.one(came, "receipt")
    day = s.pick([day for day in ("2027-01-01", "2028-01-01") if day != row.expiry])
    facts = {"entry": row.entry, "field": "expiry", "lot": row.lot, "new": day, "reason": "Mistyped"}
    return s.numbered("CR") | facts | ({} if row.expiry is None else {"old": row.expiry})


def _placed(s: Scene) -> list[tuple[int, str]]:
    """Entries that brought goods to a place that can be put right, and that place."""
    told = [(kind, row) for kind in sorted(PLACED) for row in s.tx.journal.rows(campaign=s.slug, kind=kind)]
    found = []
    for kind, row in told:
        if s.books.reversed_by(row.seq) is None:
            with suppress(Refused):  # of several places somebody has to say which
                place = says_place(s.books.session, kind, row.seq, None)
                found += [] if place is None else [(row.seq, place)]
    return found


def _counted(s: Scene) -> list[tuple[CountedField, int]]:
    """Each count that can be put right, and what its paper says."""
    context = context_of(s.tx, s.books, s.slug, s.world.now, Role.RECORDER)
    found = []
    for kind, fields in COUNTED.items():
        for row in s.tx.journal.rows(campaign=s.slug, kind=kind):
            if s.books.reversed_by(row.seq) is not None:
                continue
            facts = entry_from_bytes(row.data).facts
            given = [(facts.get("place"), lot) for lot in facts.get("lots") or ()]
            for told in facts.get("recipients") or ():
                given += [(told["place"], lot) for lot in told["lots"]]
            names = [(place, f"{lot['product']}#{lot['lot']}") for place, lot in given if "product" in lot]
            names += [(None, lot["lot"]) for _, lot in given if "product" not in lot]
            whole: list[tuple[str | None, str | None]] = [(None, None)]
            for place, lot in names or whole:
                at = place if kind == "distribution" else None
                for field in fields:
                    of = CountedField(s.slug, kind, row.seq, field, lot, at)
                    try:
                        found.append((of, says_count(context, of)))
                    except Refused:
                        continue
    return found


tells_decisions("correction")


@tells("correction.differs")
def _correction_differs(s: Scene) -> Facts:
    others = [slug for slug in s.world.slugs() if slug != s.slug]
    if not others:
        raise Needs("campaign")
    s.world.expiry_first = not expiry_corrected_elsewhere(s.books.session, s.slug)
    if s.world.expiry_first:
        raise Needs("correction.approved", others[0])
    here = [lot_named(asset) for _, asset in noted_of_lots(s.books.session, s.slug)]
    lots = [lot for lot in here if not lot.is_over]
    found = expiries_elsewhere(s.books.session, s.slug, lots)
    if not found:
        raise Needs("in-kind", s.slug)
    lot, told = s.pick(list(found.items()))
    facts = {"of": told.campaign, "correction": told.number, "product": lot.product, "lot": lot.number}
    return s.numbered("CD") | facts | {"reason": "Of another maker"}


tells_decisions("claim-end")


def papers_to_count(s: Scene) -> list[tuple[str, str]]:
    """(shipment or handover, number) that the other side has not counted."""
    papers = [("shipment", facts["waybill"]) for facts in s.told("shipment")]
    papers += [("handover", facts["number"]) for facts in s.told("handover")]
    counted = {(facts["about"], facts["paper"]) for facts in s.told("confirmation")}
    return [paper for paper in papers if paper not in counted]


@tells("confirmation.explained")
def _explained(s: Scene) -> Facts:
    gaps = [row for row in two_counts(s.books.session, s.slug) if row.gap]
    gap = s.one(gaps, "confirmation")
    told: dict[tuple[str, str], int] = defaultdict(int)
    for row in s.told("confirmation.explained"):
        if (row["product"], row["lot"]) == (gap.product, gap.lot):
            told[row["by"], row["document"]] += row["quantity"]
    left, missing = {}, "loss.found" if gap.about == "shipment" else "return"
    session = s.books.session
    shipment = require_shipment(session, s.slug, gap.paper) if gap.about == "shipment" else None
    came = {row.place: row.date for row in arrivals_of(session, shipment.entry)} if shipment else {}
    for kind, entry in (
        ("loss", "loss"),
        ("find", "loss.found"),
        ("arrival", "arrival"),
        ("return", "return"),
    ):
        for facts in s.told(entry):
            number = facts["number"]
            if kind == "loss" and came.get(facts["place"], "~") > facts["date"]:
                continue
            if kind == "arrival" and facts["waybill"] == gap.paper:
                continue
            for row in facts.get("lots", [facts]):
                if (row["product"], row["lot"]) == (gap.product, gap.lot):
                    names = ("quantity", "good", "short", "damaged", "lost")
                    counted = sum(row.get(name, 0) for name in names)
                    left[kind, number] = min(abs(gap.gap), counted - told[kind, number])
    by, document = s.one([name for name, pieces in left.items() if pieces > 0], missing)
    return s.numbered("EX") | {
        "about": gap.about, "paper": gap.paper, "product": gap.product, "lot": gap.lot, "by": by,
        "quantity": s.n(1, left[by, document]), "document": document, "reason": "Counted again",
    }  # fmt: skip


@tells("indicator")
def _indicator(s: Scene) -> Facts:
    base = s.n(0, 50)
    facts = {"title": "Trained", "unit": "people", "baseline": base, "target": base + s.n(1, 900)}
    return s.numbered("IN") | facts


@tells("result")
def _result(s: Scene) -> Facts:
    indicator = s.one(indicators_of(s.tx.session, s.slug), "indicator")
    standing = results_of(s.tx.session, indicator)
    by_place = standing[0].at is not None if standing else s.chance(30)
    at = s.pick(["Accra", "Lagos"]) if by_place else None
    series = [row for row in standing if row.at == at]
    until = max((row.end for row in series), default="2023-11-01")
    if s.chance(50):
        total = s.n(0, 200)
        span: Facts = {"counts": "period", "start": _after(until), "end": _after(until)}
        to_date = [row.number for row in series if row.counts is Counts.TO_DATE]
        if to_date:
            span["follows"] = to_date[-1]
        before: dict[tuple[Dimension, str], int] = {}
    else:
        total = sum(row.new for row in series) + s.n(0, 100)
        span = {"counts": "to_date", "end": until}
        before = {(cell.dimension, cell.group): cell.count for cell in cells_at(s.tx.session, indicator, at)}
    facts = s.numbered("RS") | {"indicator": indicator.number, "total": total} | span
    if at is not None:
        facts["at"] = at
    facts["date"] = max(s.today, facts["end"])
    for dimension, groups in ((Dimension.SEX, ("female", "male")), (Dimension.AGE, ("under 18", "adults"))):
        if s.chance(50):
            least = {group: before.get((dimension, group), 0) for group in groups}
            more = s.parts(max(0, total - sum(least.values())), 2)
            cells = [{"group": g, "count": least[g] + n} for (g, n) in zip(groups, more, strict=True)]
            facts[dimension.value] = cells
    return facts


def _after(day: str) -> str:
    year, month, date = map(int, day.split("-"))
    return f"{year}-{month:02d}-{date + 1:02d}" if date < 28 else f"{year}-{month % 12 + 1:02d}-01"


@tells("evidence")
def _evidence(s: Scene) -> Facts:
    sha256 = hashlib.sha256(f"paper {s.world.number()}".encode()).hexdigest()
    about: list[tuple[str, str | None]] = [("campaign", None)]
    if s.chance(40):
        about = [("handover", facts["number"]) for facts in s.told("handover")] or about
    for kind in ("need", "purchase", "receipt", "shipment", "loss", "return", "recall", "closing"):
        if about[0][0] == "handover":
            break
        about += [(kind, facts.get("number") or facts["waybill"]) for facts in s.told(kind)]
    kind, number = s.pick(about)
    facts: Facts = {"sha256": sha256, "title": "Paper", "paper": "letter", "shows": "What was agreed"}
    facts |= {"access": "public", "about": kind, "date": s.today}
    if number is not None:
        facts["number"] = number
    return facts


@tells("sealing")
def _sealing(s: Scene) -> Facts:
    public = _evidence(s)
    facts = s.numbered("SE") | {name: public[name] for name in ("sha256", "title", "paper", "shows", "about")}
    if "number" in public:
        facts["of"] = public["number"]
    return facts | {"withheld": "Names of people", "review": "2024-06-01"}


tells_decisions("sealing")
