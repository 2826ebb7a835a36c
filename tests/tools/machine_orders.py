"""Recipes of facts about orders: what is bought, billed, paid, credited and paid back, and how an order is closed."""

from __future__ import annotations

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.core.names import Lot
from ledger.model.goods import ReceiptRow
from ledger.model.orders import ClaimRow, ClosingRow, OrderEnd, OrderRow, RefundRow
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.model.questions import Answer
from ledger.rules.bank_money import at_bank
from ledger.rules.bank_terms import vat_places
from ledger.rules.campaigns import products_of, standing_needs
from ledger.rules.carrier_claims import claim_left, price_of, standing_claims
from ledger.rules.claims import open_claims
from ledger.rules.closings import left_of
from ledger.rules.exchange_rates import worth
from ledger.rules.goods import lot_deliveries
from ledger.rules.matching import billed_lines, invoice_matches, reasons_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import item_of, items_of, order_line, order_value, require_order
from ledger.rules.overs import surplus_of
from ledger.rules.payable import paid_and_waiting
from ledger.rules.questions import UNUSUAL, answer_of, open_questions
from ledger.rules.receipts import receipt_use, receipts_of_order, received_lots
from tests.tools.gifts import gifts_of
from tests.tools.machine_scene import BANKS, CURRENCIES, Facts, Scene, tells, tells_decisions


@tells("purchase")
def _purchase(s: Scene) -> Facts:
    currencies = [currency for currency in sorted(set(CURRENCIES)) if s.free(currency) > 100]
    currency = s.one(currencies, "contribution")
    most = s.free(currency) // s.pick((1, 2, 3, 10))
    items = []
    for index in range(s.pick((1, 1, 2, 3))):
        product = s.one(products_of(s.tx.session, s.slug), "product")
        value = s.n(1, most // 3)
        items.append({"item": str(index + 1), "product": product, "quantity": s.n(1, 60), "value": value})
    supplier = "MAKER" if s.chance(5) else "Maker"
    facts = s.numbered("PO") | {"supplier": supplier, "currency": currency, "items": items}
    needs = standing_needs(s.tx.session, s.slug)
    if needs and s.chance(30):
        facts["need"] = s.pick(needs)[0].number
    over = s.held(AccountClass.OVER)
    bound = OrderPapers(s.books, s.slug).bound
    amended = [order.number for order in bound if order.closed_as is not OrderEnd.CANCELLED]
    if over and s.chance(60):
        _, product, lot, _ = s.pick(over)
        items[0]["product"] = product
        paper, _ = surplus_of(s.books.session, s.slug, Lot(product, lot))[0]
        if isinstance(paper, ReceiptRow):
            facts["amends"] = paper.order_number
    elif amended and s.chance(30):
        facts["amends"] = s.pick(amended)
    return facts


@tells("closing")
def _closing(s: Scene) -> Facts:
    closing = (ClosingRow.campaign == s.slug, ClosingRow.status == ProposalStatus.PENDING)
    paying = (PaymentRow.campaign == s.slug, PaymentRow.status == ProposalStatus.PENDING)
    waiting = set(s.books.session.exec(select(ClosingRow.order_entry).where(*closing)))
    waiting |= set(s.books.session.exec(select(PaymentRow.order_entry).where(*paying)))
    orders = [order for order in s.open_orders() if order.entry not in waiting]
    order = s.one(orders, "purchase.approved")
    left = left_of(s.books, order)
    return s.numbered("CL") | {
        "order": order.number, "discount": sum(row.discount for row in left), "reason": "No more comes",
        "cancellation": sum(row.cancellation for row in left), "claim": sum(row.claim for row in left),
    }  # fmt: skip


@tells("invoice")
def _invoice(s: Scene) -> Facts:
    order = s.one(s.open_orders(), "purchase.approved")
    items = items_of(s.books.session, order)
    lines: list[Facts] = [{"item": i.item, "quantity": i.quantity, "amount": i.value} for i in items]
    amendments = [
        one for one in s.open_orders() if one.amends == order.entry and one.currency == order.currency
    ]
    if amendments and s.chance(50):
        added = s.pick(amendments)
        for item in items_of(s.books.session, added):
            part: Facts = {"order": added.number, "item": item.item}
            lines.append(part | {"quantity": item.quantity, "amount": item.value})
    apart = len(lines) > len(items)
    if s.chance(40):
        line = s.pick(lines)
        line |= {"amount": s.n(1, line["amount"] * 2), "quantity": s.n(1, line["quantity"] * 2)}
    total, pieces = (sum(line[name] for line in lines) for name in ("amount", "quantity"))
    facts = s.numbered("IV") | {"order": order.number, "quantity": pieces, "amount": total}
    if s.invoices() and s.chance(20):
        facts["number"] = s.pick(s.invoices()).number.replace("-", "-0")
    places = vat_places(s.books.session, s.slug)
    if places and s.chance(60):
        vat = s.n(1, total)
        facts |= {"amount": total + vat, "vat": vat, "vat_to": s.pick(list(places))}
    elif total > 1 and s.chance(10):
        facts["vat"] = s.n(1, total - 1)
    return facts | ({"lines": lines} if apart or s.chance(60) else {})


@tells("invoice.accepted")
def _acceptance(s: Scene) -> Facts:
    wrong = [bill.number for bill in s.invoices() if reasons_of(invoice_matches(s.books, bill))]
    return {"number": s.one(wrong, "invoice"), "reason": "Agreed by letter", "date": s.today}


@tells("question.answered")
def _answer(s: Scene) -> Facts:
    session = s.books.session
    asked = open_questions(session, s.slug)
    unanswered = [row for row in asked if answer_of(session, row) is None]
    # What somebody called wrong is in the way until its payment is rejected.
    wrong = any(row.doubt in UNUSUAL for row in asked) and s.waiting("payment")
    question = s.one(unanswered, "payment.rejected" if wrong else "invoice")
    answer = s.pick((Answer.DIFFERENT, Answer.DIFFERENT, Answer.SAME))
    if question.doubt in UNUSUAL:
        answer = Answer.WRONG if s.chance(10) else Answer.RIGHT
    facts = {"entry": question.entry, "doubt": question.doubt.value, "answer": answer.value}
    if question.other is not None:
        facts["other"] = question.other
    if question.name is not None:
        facts["name"] = question.name
    return facts | {"reason": "Both papers lie here", "date": s.today}


@tells("payment")
def _payment(s: Scene) -> Facts:
    unpaid = []
    for order in s.open_orders():
        left = order_value(s.books.session, order) - paid_and_waiting(s.books.session, order)
        if left:
            unpaid.append((order, left))
    order, left = s.one(unpaid, "purchase.approved")
    facts = s.numbered("PY") | {"order": order.number}
    coins = [(ref, d.out) for ref, d in s.unexplained() if d.out > 1]
    coins += s.unsettled_spends() if s.chance(30) else []
    if coins and s.chance(40):
        txid, out = s.pick(coins)
        fee = s.n(0, min(out - 1, 2000))
        facts |= {"asset": "BTC", "txid": txid, "amount": out - fee, "fee": fee, "discharges": s.n(1, left)}
    else:
        bank, currency, free = s.one(s.banks(), "contribution")
        fee = s.pick((0, 0, 3)) if free > 3 else 0
        amount = s.n(1, free - fee)
        if currency == order.currency:
            amount = min(free - fee if s.chance(50) else amount, left)
        facts |= {"asset": currency, "bank": bank, "amount": amount, "fee": fee}
        fair = worth(s.books.session, s.slug, currency, amount, order.currency, s.today)
        usual = fair if fair is not None and 0 < fair <= left and s.chance(80) else s.n(1, left)
        facts["discharges"] = amount if currency == order.currency else usual
        if currency == order.currency and amount > 2 and s.chance(20):
            withheld = s.n(1, amount - 1)
            facts |= {"amount": amount - withheld, "withheld": withheld}
    bills = [bill for bill in s.invoices() if bill.order_entry == order.entry]
    if bills and s.chance(40):
        bill = s.pick(bills)
        facts["invoice"] = bill.number
        left = (
            at_bank(s.books, s.slug, facts.get("bank", ""), facts["asset"]) - facts["amount"] - facts["fee"]
        )
        if facts["asset"] == order.currency and left > 0 and bill.vat_back and s.chance(70):
            vat = s.n(1, min(left, bill.vat_back))
            facts |= {"amount": facts["amount"] + vat, "vat": vat}
        if s.chance(50):
            facts["prepayment"] = True
    elif s.chance(20):
        facts["no_invoice"] = "A market stall gives none"
    return facts


@tells("credit-note")
def _credit_note(s: Scene) -> Facts:
    order = s.one(OrderPapers(s.books, s.slug).bound, "purchase.approved")
    facts = s.numbered("CN") | {"order": order.number, "reason": "Bad pieces"}
    papers = OrderPapers(s.books, s.slug, order)
    bills = papers.invoices(order)
    if not bills or s.chance(40):
        return facts | {"amount": s.n(1, order_value(s.books.session, order))}
    bill = s.pick(bills)
    facts["invoice"] = bill.number
    rows = [row for row in billed_lines(papers, order, bill) if row[2] > 0]
    if not rows or s.chance(40):
        vat = s.n(1, bill.vat_back) if bill.vat_back and s.chance(60) else 0
        return facts | {"amount": s.n(1, bill.amount) + vat} | ({"vat": vat} if vat else {})
    item, pieces, amount = s.pick(rows)
    credited = s.n(1, amount)
    return facts | {
        "amount": credited,
        "lines": [{"item": item, "quantity": s.n(0, pieces), "amount": credited}],
    }


@tells("refund")
def _refund(s: Scene) -> Facts:
    ways = [_claimed(s), *_bad_lots(s), *_returned(s), *_rests(s), *_of_others(s)]
    there = [way for way in ways if way is not None]
    paid = [way for way in there if _is_paid(s, way[0])]
    found = s.one(
        paid, s.pick(("payment.approved", "receipt", "return")) if not there else "payment.approved"
    )
    facts, value, currency = found
    facts |= s.numbered("RF") | {"bank": s.pick(BANKS), "asset": currency, "amount": s.n(1, value)}
    if s.chance(25):
        facts["written_off"] = "The maker is bankrupt"
        if s.chance(50):
            del facts["bank"]
            return facts | {"amount": 0}
        facts["amount"] = s.n(1, max(1, value - 1))
    gifts = gifts_of(s.tx.session, s.slug)
    coins = [(gift.outpoint, gift.sats) for gift in gifts if gift.live and not gift.line]
    if coins and "claim" not in facts and s.chance(30):
        outpoint, sats = s.pick(coins)
        facts |= {"asset": "BTC", "outpoint": outpoint, "amount": sats, "refunds": facts["amount"]}
        del facts["bank"]
    elif s.chance(15):
        facts |= {"asset": "CHF", "refunds": facts["amount"]}
    order = require_order(s.books.session, s.slug, facts["order"])
    notes = [note.number for note in OrderPapers(s.books, s.slug, order).notes(order)]
    if notes and "claim" not in facts and s.chance(30):
        facts["credit_note"] = s.pick(notes)
    return facts


def _is_paid(s: Scene, facts: Facts) -> bool:
    """Did a payment reach the first position of what failed?"""
    if "lot" not in facts:
        return True  # what never came and what a refund left were paid for
    for receipt in receipts_of_order(s.books.session, s.slug, facts["order"]):
        use_id = receipt_use(s.slug, receipt.number, facts["lot"])
        if s.books.lines.has_use(use_id):
            use = s.books.lines.use(use_id)
            return bool(use.pieces) and use.pieces[-1][1] <= s.books.lines.filled(use.line)
    return False


def _claimed(s: Scene) -> tuple[Facts, int, str] | None:
    lines = s.books.lines
    for order in OrderPapers(s.books, s.slug).bound:
        if not order.is_closed:
            continue
        for item in items_of(s.books.session, order):
            line = order_line(s.slug, order.number, item.item, order.currency)
            paid = lines.lowest_free(line, item.units, within=(0, lines.filled(line)))
            left = sum(item.value_of(*piece) for piece in paid)
            if left:
                value = s.n(1, left)
                facts = {"order": order.number, "item": item.item, "failure": "undelivered", "value": value}
                return facts, value, order.currency
    return None


def _of_lot(
    s: Scene, receipt: ReceiptRow | None, lot: str, failure: str, pieces: int
) -> tuple[Facts, int, str] | None:
    if receipt is None:
        return None
    order = require_order(s.books.session, s.slug, receipt.order_number)
    item = item_of(s.books.session, order, receipt.item)
    quantity = s.n(1, pieces)
    value = quantity * item.value // item.quantity
    if not value:
        return None
    facts = {"order": receipt.order_number, "item": item.item, "failure": failure, "lot": lot}
    return facts | {"quantity": quantity}, value, order.currency


def _bad_lots(s: Scene) -> list[tuple[Facts, int, str] | None]:
    found = []
    session = s.books.session
    standing = select(ReceiptRow).where(ReceiptRow.campaign == s.slug, col(ReceiptRow.reversed_by).is_(None))
    for receipt in session.exec(standing.order_by(col(ReceiptRow.entry))).all():
        for lot in received_lots(session, receipt.entry):
            failed = {"short": lot.short, "damaged": lot.damaged, "rejected": lot.rejected}
            found += [_of_lot(s, receipt, lot.lot, how, pieces) for how, pieces in failed.items() if pieces]
    return found


def _returned(s: Scene) -> list[tuple[Facts, int, str] | None]:
    found: list[tuple[Facts, int, str] | None] = []
    for told in s.told("return"):
        for row in told["lots"] if told["direction"] == "to_supplier" else ():
            lot = Lot(row["product"], row["lot"])
            came = [] if lot.is_over else lot_deliveries(s.books.session, s.slug, lot)
            receipts = [s.books.session.get(ReceiptRow, delivery.entry) for delivery in came]
            way = _of_lot(s, next(filter(None, receipts), None), lot.number, "returned", row["quantity"])
            found += [None if way is None else (way[0] | {"returned_by": told["number"]}, way[1], way[2])]
    return found


def _rests(s: Scene) -> list[tuple[Facts, int, str] | None]:
    """What earlier refunds left a claim, and no other one settled."""
    session = s.books.session
    approved = (RefundRow.campaign == s.slug, RefundRow.status == ProposalStatus.APPROVED)
    settled = select(RefundRow.rest_of).where(*approved, col(RefundRow.rest_of).is_not(None))
    left = select(RefundRow).where(*approved, RefundRow.rest > 0, col(RefundRow.entry).not_in(settled))
    found: list[tuple[Facts, int, str] | None] = []
    for row in session.exec(left.order_by(col(RefundRow.entry))):
        order = session.get_one(OrderRow, row.order_entry)
        facts = {"order": order.number, "item": row.item, "failure": row.failure.value, "rest_of": row.number}
        if row.claim is not None:
            facts["claim"] = session.get_one(ClaimRow, row.claim).number
        found.append((facts, row.rest, order.currency))
    return found


def _of_others(s: Scene) -> list[tuple[Facts, int, str] | None]:
    """What carriers and insurers answer for."""
    found: list[tuple[Facts, int, str] | None] = []
    for claim in standing_claims(s.books.session, s.slug):
        left = claim_left(s.books, claim)
        order, item = price_of(s.books.session, claim)
        quantity = s.n(1, left) if left else 0
        value = item.value_of_pieces(quantity)
        if value:
            facts = {
                "order": order.number,
                "item": item.item,
                "failure": claim.failure.value,
                "lot": claim.lot,
            }
            found.append((facts | {"claim": claim.number, "quantity": quantity}, value, order.currency))
    return found


@tells("claim.followed")
def _claim_followed(s: Scene) -> Facts:
    claim = s.one(
        open_claims(OrderPapers(s.books, s.slug)), s.pick(("receipt", "payment.approved", "closing.approved"))
    )
    of = {"claim": claim.claim} if claim.claim else {"order": claim.order}
    return s.numbered("CF") | of | {"owner": "The office", "until": s.today}


for _noun in ("purchase", "closing", "payment", "refund"):
    tells_decisions(_noun)
