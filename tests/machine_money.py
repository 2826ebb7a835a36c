"""Recipes of facts about campaigns and money: from the product that is needed to the supplier's refund."""

from __future__ import annotations

import hashlib

from ledger.accounts import AccountClass
from ledger.bank_state import movements
from ledger.books import Books
from ledger.kinds import REVERSIBLE
from ledger.kinds.bank import line_left, signed
from ledger.kinds.closings import left_of
from ledger.kinds.orders import order_value
from ledger.kinds.payments import paid_and_waiting
from ledger.kinds.pledges import PledgeStatus, gift_worth, matched_of_gift, pledge_state
from ledger.kinds.rates import minute_of
from ledger.matching import billed_lines, invoice_matches, reasons_of
from ledger.order_papers import OrderPapers
from ledger.record import unix_seconds
from ledger.unvalued import unvalued_blocks, unvalued_gifts_in
from tests.machine_scene import BANKS, CURRENCIES, PLACES, Facts, Scene, tells, tells_decisions
from tests.machine_world import Needs


@tells("campaign")
def _campaign(s: Scene) -> Facts:
    return {
        "slug": f"call-{s.world.number()}", "title": "Call", "purpose": "All of it", "start": "2023-11-01",
        "end": "2023-12-31", "dust": s.pick((0, 1000)), "match_permille": s.pick((0, 100)),
        "valuation": s.pick(("block_time", "settlement", "conversion")), "currency": s.pick(("USD", "EUR")),
    }  # fmt: skip


@tells("product")
def _product(s: Scene) -> Facts:
    return {
        "code": s.new("KIT"),
        "name": "Kit",
        "unit": "kit",
        "plural": "kits",
        "service": s.chance(25),
    }


@tells("need")
def _need(s: Scene) -> Facts:
    product, _ = s.one(s.documents("product"), "product")
    return s.numbered("N") | {
        "recipient": "Ministry", "product": product, "quantity": s.n(1, 5000), "place": s.pick(PLACES),
        "by": "2024-03-01",
    }  # fmt: skip


@tells("offer")
def _offer(s: Scene) -> Facts:
    need, document = s.one(s.documents("need"), "need")
    facts = {"partner": "Partner", "need": need, "product": document["facts"]["product"]}
    return s.numbered("O") | facts | {"quantity": s.n(1, 500)}


@tells("pledge")
def _pledge(s: Scene) -> Facts:
    return s.numbered("PL") | {"asset": s.pick(("USD", "EUR", "BTC")), "amount": s.n(1, 500_000)}


def _open_pledges(s: Scene) -> list[str]:
    done = {PledgeStatus.PAID, PledgeStatus.LAPSED}
    numbers = [number for number, _ in s.documents("pledge")]
    return [n for n in numbers if pledge_state(s.books, s.slug, n).status not in done]


@tells("pledge.matched")
def _match(s: Scene) -> Facts:
    number = s.one(_open_pledges(s), "pledge")
    state = pledge_state(s.books, s.slug, number)
    gifts = [f"contribution:{name}" for name, _ in s.documents("contribution")]
    gifts += [outpoint for outpoint, d in s.documents("donation") if d["line"]]
    left = []
    for gift in gifts:
        worth = gift_worth(s.books, s.slug, gift, state.asset) or 0
        left.append((gift, worth - matched_of_gift(s.books, s.slug, gift, state.asset)))
    gift, units = s.one([row for row in left if row[1] > 0], s.pick(("contribution", "donation", "pledge")))
    return s.numbered("PM") | {"pledge": number, "gift": gift, "amount": s.n(1, min(state.open, units))}


def _step(s: Scene) -> Facts:
    return {"number": s.one(_open_pledges(s), "pledge"), "date": s.today}


tells("pledge.committed")(_step)
tells("pledge.lapsed")(_step)


@tells("rate")
def _rate(s: Scene) -> Facts:
    moments = [block.time for block in unvalued_blocks(s.books.shelf, s.slug)]
    at = s.pick([*moments, s.world.now])
    price = s.n(2_000_000, 5_000_000)
    quotes = [
        {"source": "One", "price": price},
        {"source": "Two", "price": price + s.pick((0, 1, price // 60, price // 10))},
    ]
    currency = s.books.documents.require("campaign", "", s.slug)["facts"]["currency"]
    day = s.today if at == s.world.now else _day(at)
    told = {"date": day, "currency": s.pick((currency, "USD")), "quotes": quotes}
    return told | ({"at": minute_of(at)} if s.chance(50) else {})


def _day(moment: int) -> str:
    start = unix_seconds("2023-11-14T00:00:00Z")
    day = (moment - start) // 86_400
    return f"2023-11-{14 + day:02d}" if day < 17 else f"2023-12-{day - 16:02d}"


@tells("valuation")
def _valuation(s: Scene) -> Facts:
    _, gift = s.one(unvalued_gifts_in(s.books.shelf, s.slug), "donation")
    outpoint = gift.outpoint
    paper, _ = s.one(s.documents("evidence"), "evidence")
    undone = s.books.documents.require("donation", s.slug, outpoint).get("valuations_reversed", 0)
    facts = {"outpoint": outpoint, "value": s.n(0, 10_000_000), "paper": paper}
    return facts | ({"n": undone} if undone else {})


@tells("contribution")
def _contribution(s: Scene) -> Facts:
    facts = {"bank": s.pick(BANKS), "currency": s.pick(CURRENCIES), "amount": s.n(1000, 3_000_000)}
    needs = s.documents("need")
    if needs and s.chance(25):
        facts["restriction"] = s.pick(needs)[0]
    return s.numbered("CT") | facts | ({"organisation": "Company"} if s.chance(30) else {})


@tells("conversion")
def _conversion(s: Scene) -> Facts:
    known = [(ref, d["notes"]["out"]) for ref, d in s.unexplained()]
    txid, out = s.one(known + (s.young_spends() if s.chance(50) or not known else []), "spend")
    if out < 2:
        raise Needs("spend")
    fee = s.n(0, min(out - 1, 5000))
    proceeds, charge = s.n(3, 2_000_000), s.pick((0, 7))
    facts = s.numbered("CV") | {
        "txid": txid, "sold": out - fee, "network_fee": fee, "currency": s.pick(CURRENCIES),
        "proceeds": proceeds, "exchange_fee": charge, "exchange": "Exchange", "bank": s.pick(BANKS),
    }  # fmt: skip
    if s.chance(40) and out - fee >= 2:
        first, got = s.n(1, out - fee - 1), s.n(1, proceeds - 1)
        facts["fills"] = [
            {"sold": first, "proceeds": got, "fee": charge},
            {"sold": out - fee - first, "proceeds": proceeds - got},
        ]
    if s.chance(30):
        facts["quote"] = s.n(1, 5_000_000)
    return facts


@tells("move")
def _move(s: Scene) -> Facts:
    coins = [(ref, d) for ref, d in s.unexplained() if d["facts"]["change"]]
    if coins and s.chance(60):
        ref, document = s.pick(coins)
        return s.numbered("MV") | {
            "txid": ref,
            "asset": "BTC",
            "amount": 0,
            "fee": document["notes"]["out"],
        }
    bank, currency, free = s.one(s.banks(), s.pick(("contribution", "spend")))
    fee = s.pick((0, 1, min(free - 1, 9)))
    other = next(name for name in BANKS if name != bank)
    facts = {"asset": currency, "amount": s.n(1, free - fee), "fee": fee, "from_bank": bank, "to_bank": other}
    return s.numbered("MV") | facts


@tells("purchase")
def _purchase(s: Scene) -> Facts:
    currencies = [currency for currency in sorted(set(CURRENCIES)) if s.free(currency) > 100]
    currency = s.one(currencies, "contribution")
    most = s.free(currency) // s.pick((1, 2, 3, 10))
    items = []
    for index in range(s.pick((1, 1, 2, 3))):
        product, _ = s.one(s.documents("product"), "product")
        value = s.n(1, most // 3)
        items.append({"item": str(index + 1), "product": product, "quantity": s.n(1, 60), "value": value})
    facts = s.numbered("PO") | {"supplier": "Maker", "currency": currency, "items": items}
    needs = s.documents("need")
    if needs and s.chance(30):
        facts["need"] = s.pick(needs)[0]
    over = s.held(AccountClass.OVER)
    amended = s.of_status("purchase", "approved", "completed")
    if over and s.chance(60):
        _, product, lot, _ = s.pick(over)
        items[0]["product"] = product
        facts["amends"] = s.books.documents.require("lot", "", f"{product}#{lot}")["order"]
    elif amended and s.chance(30):
        facts["amends"] = s.pick(amended)[0]
    return facts


@tells("closing")
def _closing(s: Scene) -> Facts:
    waiting = {d["facts"]["order"] for _, d in s.of_status("payment", "pending")}
    waiting |= {d["facts"]["order"] for _, d in s.of_status("closing", "pending")}
    orders = [(n, d) for n, d in s.of_status("purchase", "approved") if n not in waiting]
    number, order = s.one(orders, "purchase.approved")
    left = left_of(s.books, s.slug, order)
    return s.numbered("CL") | {
        "order": number, "discount": sum(row.discount for row in left), "reason": "No more comes",
        "cancellation": sum(row.cancellation for row in left), "claim": sum(row.claim for row in left),
    }  # fmt: skip


@tells("invoice")
def _invoice(s: Scene) -> Facts:
    number, order = s.one(s.of_status("purchase", "approved"), "purchase.approved")
    items = order["facts"]["items"]
    lines = [{"item": i["item"], "quantity": i["quantity"], "amount": i["value"]} for i in items]
    if s.chance(40):
        line = s.pick(lines)
        line |= {"amount": s.n(1, line["amount"] * 2), "quantity": s.n(1, line["quantity"] * 2)}
    total, pieces = (sum(line[name] for line in lines) for name in ("amount", "quantity"))
    facts = s.numbered("IV") | {"order": number, "quantity": pieces, "amount": total}
    return facts | ({"lines": lines} if s.chance(60) else {})


@tells("invoice.accepted")
def _acceptance(s: Scene) -> Facts:
    wrong = [n for n, _ in s.documents("invoice") if reasons_of(invoice_matches(s.books, s.slug, n))]
    return {"number": s.one(wrong, "invoice"), "reason": "Agreed by letter", "date": s.today}


@tells("payment")
def _payment(s: Scene) -> Facts:
    unpaid = []
    for number, order in s.of_status("purchase", "approved"):
        left = order_value(order) - paid_and_waiting(s.books, s.slug, number)
        if left:
            unpaid.append((number, order, left))
    number, order, left = s.one(unpaid, "purchase.approved")
    facts = s.numbered("PY") | {"order": number}
    coins = [(ref, d["notes"]["out"]) for ref, d in s.unexplained() if d["notes"]["out"] > 1]
    coins += s.young_spends() if s.chance(30) else []
    if coins and s.chance(40):
        txid, out = s.pick(coins)
        fee = s.n(0, min(out - 1, 2000))
        facts |= {"asset": "BTC", "txid": txid, "amount": out - fee, "fee": fee, "discharges": s.n(1, left)}
    else:
        bank, currency, free = s.one(s.banks(), "contribution")
        fee = s.pick((0, 0, 3)) if free > 3 else 0
        amount = s.n(1, free - fee)
        if currency == order["facts"]["currency"]:
            amount = min(free - fee if s.chance(50) else amount, left)
        facts |= {"asset": currency, "bank": bank, "amount": amount, "fee": fee}
        facts["discharges"] = amount if currency == order["facts"]["currency"] else s.n(1, left)
    bills = [n for n, d in s.documents("invoice") if d["facts"]["order"] == number]
    if bills and s.chance(40):
        facts["invoice"] = s.pick(bills)
        if s.chance(50):
            facts["prepayment"] = True
    elif s.chance(20):
        facts["no_invoice"] = "A market stall gives none"
    return facts


@tells("credit-note")
def _credit_note(s: Scene) -> Facts:
    bound = s.of_status("purchase", "approved", "completed", "cancelled")
    number, order = s.one(bound, "purchase.approved")
    facts = s.numbered("CN") | {"order": number, "reason": "Bad pieces"}
    papers = OrderPapers(s.books, s.slug)
    bills = [bill for bill in papers.of("invoice", number) if not bill.get("reversed")]
    if not bills or s.chance(40):
        return facts | {"amount": s.n(1, order_value(order))}
    bill = s.pick(bills)
    facts["invoice"] = bill["facts"]["number"]
    rows = [row for row in billed_lines(papers, bill, order) if row[2] > 0]
    if not rows or s.chance(40):
        return facts | {"amount": s.n(1, bill["facts"]["amount"])}
    item, pieces, amount = s.pick(rows)
    credited = s.n(1, amount)
    return facts | {
        "amount": credited,
        "lines": [{"item": item, "quantity": s.n(0, pieces), "amount": credited}],
    }


@tells("refund")
def _refund(s: Scene) -> Facts:
    ways = [_claimed(s), *_bad_lots(s), *_returned(s)]
    there = [way for way in ways if way is not None]
    paid = [way for way in there if _is_paid(s, way[0])]
    found = s.one(
        paid, s.pick(("payment.approved", "receipt", "return")) if not there else "payment.approved"
    )
    facts, value, currency = found
    facts |= s.numbered("RF") | {"bank": s.pick(BANKS), "asset": currency, "amount": s.n(1, value)}
    if "lot" not in facts and s.chance(25):
        del facts["bank"]
        return facts | {"amount": 0, "written_off": "The maker is bankrupt"}
    coins = [(o, d["facts"]["sats"]) for o, d in s.documents("donation") if d["live"] and not d["line"]]
    if coins and s.chance(30):
        outpoint, sats = s.pick(coins)
        facts |= {"asset": "BTC", "outpoint": outpoint, "amount": sats, "refunds": facts["amount"]}
        del facts["bank"]
    elif s.chance(15):
        facts |= {"asset": "CHF", "refunds": facts["amount"]}
    notes = [n for n, d in s.documents("credit-note") if d["facts"]["order"] == facts["order"]]
    if notes and s.chance(30):
        facts["credit_note"] = s.pick(notes)
    return facts


def _is_paid(s: Scene, facts: Facts) -> bool:
    """Did a payment reach the first position of what failed?"""
    if "lot" not in facts:
        return True
    receipts = [d for _, d in s.documents("receipt") if d["facts"]["order"] == facts["order"]]
    for receipt in receipts:
        use_id = f"receipt:{s.slug}:{receipt['facts']['number']}:{facts['lot']}"
        if s.books.lines.has_use(use_id):
            use = s.books.lines.use(use_id)
            return bool(use.pieces) and use.pieces[-1][1] <= s.books.lines.filled(use.line)
    return False


def _claimed(s: Scene) -> tuple[Facts, int, str] | None:
    lines = s.books.lines
    for number, order in s.of_status("purchase", "completed", "cancelled"):
        for item in order["facts"]["items"]:
            line = f"order/{s.slug}/{number}/{item['item']}/{order['facts']['currency']}"
            paid = lines.lowest_free(line, item["value"], within=(0, lines.filled(line)))
            units = sum(end - start for start, end in paid)
            if units:
                value = s.n(1, units)
                facts = {"order": number, "item": item["item"], "failure": "undelivered", "value": value}
                return facts, value, order["facts"]["currency"]
    return None


def _of_lot(s: Scene, asset: str, failure: str, pieces: int) -> tuple[Facts, int, str] | None:
    lot = s.books.documents.find("lot", "", asset)
    if (
        lot is None
        or lot["campaign"] != s.slug
        or "order" not in lot
        or lot["facts"]["lot"].endswith(".over")
    ):
        return None
    order = s.books.documents.require("purchase", s.slug, lot["order"])
    receipt = s.books.documents.require("receipt", s.slug, lot["receipt"])
    item = next(i for i in order["facts"]["items"] if i["item"] == receipt["facts"]["item"])
    quantity = s.n(1, pieces)
    value = quantity * item["value"] // item["quantity"]
    if not value:
        return None
    facts = {"order": lot["order"], "item": item["item"], "failure": failure, "lot": lot["facts"]["lot"]}
    return facts | {"quantity": quantity}, value, order["facts"]["currency"]


def _bad_lots(s: Scene) -> list[tuple[Facts, int, str] | None]:
    found = []
    for asset, lot in s.books.documents.all("lot", ""):
        found += [
            _of_lot(s, asset, failure, lot["facts"][failure])
            for failure in ("short", "damaged", "rejected")
            if lot["campaign"] == s.slug and lot["facts"].get(failure)
        ]
    return found


def _returned(s: Scene) -> list[tuple[Facts, int, str] | None]:
    found: list[tuple[Facts, int, str] | None] = []
    for number, document in s.documents("return"):
        if document["facts"]["way"] == "to_supplier":
            for lot in document["facts"]["lots"]:
                way = _of_lot(s, f"{lot['product']}#{lot['lot']}", "returned", lot["quantity"])
                found += [None if way is None else (way[0] | {"returned_by": number}, way[1], way[2])]
    return found


@tells("bank.line")
def _bank_line(s: Scene) -> Facts:
    identity = hashlib.sha256(f"line {s.world.number()}".encode()).hexdigest()
    facts = {
        "bank": s.pick(BANKS),
        "currency": "USD",
        "identity": identity,
        "direction": s.pick(("in", "out")),
    }
    facts |= {"amount": s.n(1, 100_000), "booked": s.today}
    known = list(movements(s.tx, s.slug))
    if known and s.chance(80):
        row = s.pick(known)
        facts |= {"bank": row.bank, "currency": row.currency, "amount": abs(row.moved)}
        facts["direction"] = "in" if row.moved > 0 else "out"
    return facts


@tells("bank.statement")
def _statement(s: Scene) -> Facts:
    opening, came, went = s.n(-1000, 9000), s.n(0, 5000), s.n(0, 5000)
    return {
        "bank": s.pick(BANKS), "currency": "USD", "opening": opening, "came": came, "went": went,
        "closing": opening + came - went, "lines": s.n(0, 9), "first": s.today, "last": s.today,
        "sha256": hashlib.sha256(f"file {s.world.number()}".encode()).hexdigest(),
    }  # fmt: skip


def _undone(s: Scene, kind: str, line: str, entry: int | None) -> int:
    """How often the same was told of a line before."""
    rows = [t for t in s.world.told if t.kind.name == kind and t.slug == s.slug and t.facts["line"] == line]
    return len([t for t in rows if entry is None or t.facts["entry"] == entry])


@tells("bank.match")
def _bank_match(s: Scene) -> Facts:
    pairs = []
    rows = [row for row in movements(s.tx, s.slug) if row.left]
    for identity, line in s.documents("bank_line"):
        facts = line["facts"]
        for row in rows:
            if (row.bank, row.currency) != (facts["bank"], facts["currency"]) or not line_left(line):
                continue
            if signed(line) * row.moved > 0:
                pairs.append((identity, row.entry, min(line_left(line), row.left)))
    if not pairs and not rows:
        raise Needs("contribution")
    identity, entry, left = s.one(pairs, "bank.line")
    told = {"line": identity, "entry": entry, "n": _undone(s, "bank.match", identity, entry)}
    return told | ({"amount": s.n(1, left)} if s.chance(40) else {})


@tells("bank.aside")
def _aside(s: Scene) -> Facts:
    lines = [i for i, d in s.documents("bank_line") if not d["matched"] and d["aside"] is None]
    identity = s.one(lines, "bank.line")
    return {"line": identity, "reason": "Rent", "n": _undone(s, "bank.aside", identity, None)}


@tells("reversal")
def _reversal(s: Scene) -> Facts:
    rows = [row for row in s.tx.journal.rows(campaign=s.slug) if row.kind in REVERSIBLE]
    done = {int(seq) for seq, _ in Books(s.tx.shelf).documents.all("reversal", "")}
    there = [row.seq for row in rows if row.seq not in done]
    entry = s.one(there[-s.pick((1, 4, 40)) :], "contribution")
    return {"entry": entry, "reason": "Told in error", "date": s.today}


for _noun in ("conversion", "move", "purchase", "closing", "payment", "refund"):
    tells_decisions(_noun)
