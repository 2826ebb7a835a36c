"""The other translator: asks the ledger as it is built today for all its figures, as rows that know nothing of it.

Whoever rebuilds a part of the ledger changes here how it is asked; what a row says stays. Zeros are left out where
a row would only say that there is nothing. Hashes are cut to twelve digits.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlmodel import col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.errors import NotFound
from ledger.core.frozen import Quantity
from ledger.core.names import Lot, lot_named
from ledger.core.times import rfc3339
from ledger.model.campaigns import NeedRow, OfferRow
from ledger.model.deliveries import ArrivalRow, DistributionRow, HandoverRow, ShipmentRow
from ledger.model.evidence import EvidenceRow
from ledger.model.gifts import GiftBlockRow
from ledger.model.goods import InKindRow, LossRow, RecallRow, ReceiptRow, ReturnRow
from ledger.model.limits import LimitRow
from ledger.model.operation import SealedPaperRow
from ledger.model.orders import AcceptanceRow, CreditNoteRow, InvoiceRow, OrderRow
from ledger.model.payments import PaymentRow
from ledger.model.people import ResultRow
from ledger.model.pledges import PledgeRow
from ledger.model.proposals import COUNTS, ProposalStatus
from ledger.model.rates import RateRow
from ledger.recording.kinds import WORKFLOWS
from ledger.rules.books import Books
from ledger.rules.campaigns import products_of
from ledger.rules.gift_records import contributions_of
from ledger.rules.goods import noted_of_lots
from ledger.rules.matching import all_matches
from ledger.rules.order_papers import OrderPapers
from ledger.rules.orders import ORDERS, items_of
from ledger.rules.payable import credited_on_order, payable_on_invoice
from ledger.rules.periods import PERIODS
from ledger.rules.rates import rate_number
from ledger.rules.receipts import receipts_of_order, received_lots
from ledger.rules.results import indicators_of
from ledger.rules.trial_balance import trial_balances
from ledger.rules.two_counts import two_counts
from ledger.store.transaction import Reading
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import bank_sums, statement_gaps
from ledger.views.campaign import CampaignPage, CampaignReport, GiftSum, ReceivedGood
from ledger.views.conservation import Tie, conservation
from ledger.views.decisions import decisions
from ledger.views.flow import StageKind
from ledger.views.gift_list import donation_rows
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.queries import campaign_cards, campaign_page, donation_trails
from ledger.views.stock import lot_traces, stock_rows
from ledger.views.trail import DonationTrail
from tests.tools.kept.journal import Row

_HASH = re.compile(r"[0-9a-f]{64}")
_SHORT = 12
_WHOLE = 10_000
"""More gifts than any kept journal has."""


def figures(tx: Reading, txids: Iterable[str], *, now: int) -> list[Row]:
    """All rows, sorted; of one name several units are added up. `txids` are all transactions that were told."""
    sums: Counter[tuple[str, str, str, str]] = Counter()
    told: set[Row] = set()
    for noun, name, field, asset, value in _all(tx, txids, now):
        key = (noun, _short(name), _short(field), asset)
        if isinstance(value, str):
            told.add((*key, _short(value)))
        else:
            sums[key] += value
    return sorted(
        [*told, *((*key, value) for key, value in sums.items())], key=lambda row: (row[:4], str(row[4]))
    )


def _short(text: str) -> str:
    return _HASH.sub(lambda match: match[0][:_SHORT], text)


def _all(tx: Reading, txids: Iterable[str], now: int) -> Iterator[Row]:
    books = Books(tx)
    yield from _balances(books)
    yield from _conserved(tx)
    for card in campaign_cards(tx):
        coins = _coins(card.received)
        yield "card", card.slug, "received", "BTC", coins.minor
        yield "card", card.slug, "donations", "", coins.count
        yield "card", card.slug, "distributed", "", _pieces(card.distributed)
    for slug in sorted(card.slug for card in campaign_cards(tx)):
        page = campaign_page(tx, slug, now=now)
        report = page.report
        for rows in (
            _totals(page),
            _promised(report),
            _reconciled(report),
            _flow(page),
            _reached(report),
            _delivered(page),
            _lost(page),
            _banks(tx, slug),
            _open_items(tx, slug, now),
            _orders(books, slug),
            _matched(books, slug),
            _stock(books, slug, now),
            _lots(books, slug),
            _periods(tx, slug),
            _statuses(books, slug),
            _gifts(tx, slug, now),
        ):
            yield from rows
    yield from _payments(tx, txids, now)


def _balances(books: Books) -> Iterator[Row]:
    for balance in books.balances():
        name, asset = str(balance.account), balance.asset
        if balance.net:
            yield "account", name, "balance", asset, balance.net


def _conserved(tx: Reading) -> Iterator[Row]:
    made = conservation(tx)
    for table in made.tables:
        for row in table.rows:
            yield "conservation", row.side.value, row.key, table.asset, row.amount.minor
        yield "conservation", "difference", "difference", table.asset, table.difference.minor
    for tie in made.ties:
        yield "tie", f"{tie.what} {_subject(tie)}", "total", tie.total.asset, tie.total.minor
        for part in tie.parts:
            if part.amount.minor:
                name = f"{_ADDENDS.get(part.key, part.key)}{part.restriction and f', restricted to {part.restriction}'}"
                yield (
                    "tie",
                    f"{tie.what} {_subject(tie)}",
                    f"part {name}",
                    part.amount.asset,
                    part.amount.minor,
                )


_ADDENDS = {
    "before_statements": "before the first statement",
    "in_books": "in the books",
    "on_statements_only": "on statements only",
    "set_aside": "set aside",
    "in_books_only": "in the books only",
    "notified_only": "notified only",
}
"""What addends were called when they were kept, where that is another word."""


def _subject(tie: Tie) -> str:
    if tie.what == "coins":
        return "books = chain"
    return tie.total.asset if tie.what == "lot" else tie.subject


def _of_one_product(rows: Sequence[ReceivedGood]) -> int | None:
    """As it was kept: one figure for all that came, which is kept where that was of one product."""
    return rows[0].permille if len(rows) == 1 else None


def _pieces(rows: Iterable[Quantity]) -> int:
    """All of them, as they were kept: in one number, whatever they are."""
    return sum(row.quantity for row in rows)


def _coins(received: Iterable[GiftSum]) -> GiftSum:
    """Gifts in coins, which alone were kept."""
    none = GiftSum(asset="BTC", minor=0, count=0)
    return next((row for row in received if row.asset == "BTC"), none)


def _known(row: OpenItem) -> tuple[str, int]:
    """How much an open item is about; of a blocked gift that never came it was kept in what."""
    if row.amount is not None:
        return row.amount.asset, row.amount.minor
    return ("BTC" if row.kind is OpenItemKind.BLOCKED_GIFT else ""), 0


def _totals(page: CampaignPage) -> Iterator[Row]:
    report, slug = page.report, page.report.slug
    goods, in_kind = report.goods, report.given_in_kind
    counts = {
        "donations": _coins(report.received).count,
        "waiting": report.waiting,
        "dust count": report.dust.count,
        "bought": _pieces(goods.ordered) - _pieces(goods.not_received) - _pieces(goods.not_coming),
        "distributed": _pieces(goods.distributed) + _pieces(in_kind.distributed),
        "receivers": report.receivers,
        "under way": _pieces(goods.under_way) + _pieces(in_kind.under_way),
        "lost": _pieces(goods.lost) + _pieces(in_kind.lost),
        "expired": _pieces(page.expired),
        "papers": report.evidence_count,
        "days from gift to order": report.service.days_gift_to_order,
        "days from order to receipt": report.service.days_order_to_receipt,
        "received good, permille": _of_one_product(report.service.received_good),
    }
    for field, count in counts.items():
        if count is not None:
            yield "campaign", slug, field, "", count
    yield "campaign", slug, "received", "BTC", _coins(report.received).minor
    yield "campaign", slug, "dust", "BTC", report.dust.minor
    yield "campaign", slug, "value", report.value.asset, report.value.minor
    for table in report.sums:
        yield "sum", f"{slug}/{table.total.key}", "total", table.asset, table.total.minor
        for row in table.rows:
            yield "sum", f"{slug}/{table.total.key}", f"{row.key} {row.label}".strip(), table.asset, row.minor
    for withheld in report.withheld:
        yield "withheld", f"{slug}/{withheld.what}", "reason", "", withheld.reason
    for given in report.in_kind:
        yield "given in kind", f"{slug}/{given.key}", "quantity", given.what, given.quantity
        if given.value is not None:
            yield "given in kind", f"{slug}/{given.key}", "value", given.value.asset, given.value.minor


def _promised(report: CampaignReport) -> Iterator[Row]:
    for need in report.needs:
        yield "need", f"{report.slug}/{need.key}", "quantity", need.item, need.quantity
        for kept in need.kept:
            yield "need", f"{report.slug}/{need.key}", "kept", kept.asset, kept.minor
    for pledge in report.pledges:
        name = f"{report.slug}/{pledge.number}"
        yield "pledge", name, "promised", pledge.promised.asset, pledge.promised.minor
        yield "pledge", name, "paid", pledge.paid.asset, pledge.paid.minor
        yield "pledge", name, "lapsed", pledge.lapsed.asset, pledge.lapsed.minor
        yield "pledge", name, "status", "", pledge.status
    for limit in report.limits:
        if limit.most is not None:
            yield "limit", f"{report.slug}/{limit.role}", "most", limit.most.asset, limit.most.minor


def _reconciled(report: CampaignReport) -> Iterator[Row]:
    state, slug = report.books, report.slug
    yield "reconciliation", slug, "settled block", "", -1 if state.block is None else state.block
    yield "reconciliation", slug, "tip", "", -1 if state.tip is None else state.tip
    yield "reconciliation", slug, "reconciled", "", "yes" if state.reconciled else "no"
    yield "reconciliation", slug, "difference", "BTC", state.difference.minor
    yield "reconciliation", slug, "in wallets", "BTC", state.in_books.minor
    yield "reconciliation", slug, "unexplained", "BTC", state.unexplained.minor
    yield "reconciliation", slug, "shortfall", "BTC", state.shortfall.minor
    yield "reconciliation", slug, "unvalued gifts", "", state.unvalued.count
    yield "reconciliation", slug, "unvalued", "BTC", state.unvalued.minor
    for spend in report.unexplained:
        explained = "open" if spend.explained_at is None else "explained"
        yield "unexplained spend", f"{slug}/{spend.txid}", explained, "BTC", spend.amount.minor


def _flow(page: CampaignPage) -> Iterator[Row]:
    report = page.report
    for stage in page.flow.stages:
        for bar in stage.bars:
            kind = "converted" if stage.kind is StageKind.MONEY else stage.kind.value
            name = f"{kind} {stage.place}".strip()
            yield "flow", f"{report.slug}/{name}", bar.label, bar.asset, bar.units
    for left in page.flow.exits:
        yield "flow", f"{report.slug}/left", f"{left.kind.value} {left.label}".strip(), left.asset, left.units


_KEPT_SEXES = {"female": "women", "male": "men"}


def _reached(report: CampaignReport) -> Iterator[Row]:
    for row in report.results:
        name = f"{report.slug}/{row.number}"
        yield "indicator", name, "baseline", row.unit, row.baseline
        yield "indicator", name, "target", row.unit, row.target
        yield "indicator", name, "actual", row.unit, row.actual
        for table in row.breakdowns:
            yield "indicator", name, f"{table.dimension} not stated", row.unit, table.not_stated
            for group in table.rows:
                shown: int | str = "hidden" if group.count is None else group.count
                kept = _KEPT_SEXES.get(group.group, group.group)
                yield "indicator", name, f"{table.dimension} {kept}", row.unit, shown


def _delivered(page: CampaignPage) -> Iterator[Row]:
    report = page.report
    for count in page.deliveries.counts:
        name, asset = f"{report.slug}/{count.about} {count.paper}", f"{count.product}#{count.lot}"
        yield "two counts", name, "sent", asset, count.sent
        yield "two counts", name, "told lost", asset, count.sent - count.books_good
        yield "two counts", name, "good", asset, count.good
        yield "two counts", name, "damaged", asset, count.damaged
        yield "two counts", name, "gap", asset, count.gap
    for waiting in page.deliveries.unconfirmed:
        yield (
            "unconfirmed",
            f"{report.slug}/{waiting.about} {waiting.paper}",
            "pieces",
            "",
            _pieces(waiting.sent),
        )
    for signed in page.deliveries.signed:
        yield "handover", f"{report.slug}/{signed}", "signed", "", "yes"


def _lost(page: CampaignPage) -> Iterator[Row]:
    report = page.report
    for row in page.losses:
        name = f"{report.slug}/{row.document} at {row.place}"
        yield "loss", name, row.cause, row.asset, row.pieces
        if row.found:
            yield "loss", name, f"{row.cause}, found again", row.asset, row.found


def _banks(tx: Reading, slug: str) -> Iterator[Row]:
    for bank in bank_sums(Books(tx), BankReadings(tx.session, slug, "")):
        name = f"{slug}/{bank.bank}"
        yield "bank", name, "opening", bank.currency, bank.opening
        yield "bank", name, "closing", bank.currency, bank.closing
        yield "bank", name, "books", bank.currency, bank.books
        yield "bank", name, "unmatched", bank.currency, bank.unmatched
        yield "bank", name, "unmatched lines", bank.currency, bank.unmatched_lines
        yield "bank", name, "set aside", bank.currency, bank.aside
        yield "bank", name, "outstanding", bank.currency, bank.outstanding
        yield "bank", name, "difference", bank.currency, bank.difference
    for gap in statement_gaps(BankReadings(tx.session, slug, "")):
        yield "bank", f"{slug}/{gap.bank}", "missing between statements", gap.currency, gap.missing


def _open_items(tx: Reading, slug: str, now: int) -> Iterator[Row]:
    for row in decisions(tx, slug, now=now, suggest=False):
        if row.kind is OpenItemKind.QUESTION:  # nobody asked when it was kept
            continue
        yield "open item", slug, f"{row.kind.value}, count", "", row.count
        yield "open item", f"{slug}/{row.kind.value}", str(row.subject), *_known(row)


def _orders(books: Books, slug: str) -> Iterator[Row]:
    papers = OrderPapers(books, slug)
    session = books.session
    for order in session.exec(select(OrderRow).where(OrderRow.campaign == slug)).all():
        number, currency = order.number, order.currency
        name = f"{slug}/{number}"
        for item in items_of(session, order):
            what = f"{item.item} {item.product}"
            yield "order", name, f"{what}, ordered", "", item.quantity
            yield "order", name, f"{what}, value", currency, item.value
        for receipt in receipts_of_order(session, slug, number):
            for row in received_lots(session, receipt.entry):
                lot = Lot(row.product, row.lot)
                counts = {"noted": row.noted, "good": row.good, "damaged": row.damaged}
                counts |= {"short": row.short, "rejected": row.rejected}
                for field, pieces in ({"over": row.noted} if lot.is_over else counts).items():
                    if pieces:
                        yield "order", name, f"{receipt.item}, {field}", str(lot.ordered), pieces
        asked = (PaymentRow.order_entry == order.entry, col(PaymentRow.status).in_(COUNTS))
        for payment in session.exec(select(PaymentRow).where(*asked)):
            field = "paid" if payment.status is ProposalStatus.APPROVED else "asked for"
            yield "order", name, field, currency, payment.discharges
        bound = books.net(account(AccountClass.ENCUMBERED, slug, number), currency)
        yield "order", name, "encumbered", currency, bound
        yield "order", name, "credited", currency, credited_on_order(papers, order)
        for invoice in papers.invoices(order):
            payable = payable_on_invoice(papers, order, invoice)
            yield "invoice", f"{slug}/{invoice.number}", "billed", currency, invoice.amount
            yield "invoice", f"{slug}/{invoice.number}", "payable", currency, payable


def _matched(books: Books, slug: str) -> Iterator[Row]:
    for match in all_matches(OrderPapers(books, slug)):
        name = f"{slug}/{match.order} {match.item} {match.invoice}".rstrip()
        for field, count in (
            ("ordered", match.ordered),
            ("received", match.received),
            ("billed", match.billed),
            ("billed before", match.billed_before),
        ):
            yield "match", name, field, "", count
        for field, minor in (
            ("amount", match.amount),
            ("agreed", match.agreed),
            ("prepaid", match.prepaid),
            ("credited", match.credited),
        ):
            if minor:
                yield "match", name, field, match.currency, minor
        verdict = " ".join([match.verdict.value, *sorted(reason.name.lower() for reason in match.reasons)])
        yield "match", name, "verdict", "", verdict + ("" if match.accepted is None else ", accepted")


def _stock(books: Books, slug: str, now: int) -> Iterator[Row]:
    for row in stock_rows(books, slug, rfc3339(now)[:10]):
        field = ("usable" if row.usable else "apart") + (
            "" if row.recall is None else f", recall {row.recall}"
        )
        yield "stock", f"{slug}/{row.place}", field, f"{row.product}#{row.lot}", row.pieces


def _lots(books: Books, slug: str) -> Iterator[Row]:
    """Each lot with who holds it and whose gifts it was."""
    lots = (lot_named(asset) for _, asset in noted_of_lots(books.session, slug))
    for lot_name in sorted({lot.number for lot in lots if not lot.is_over}):
        for trace in lot_traces(books, slug, lot_name):
            name, asset = f"{slug}/{trace.product}#{trace.lot}", f"{trace.product}#{trace.lot}"
            yield "lot", name, "noted", asset, trace.noted
            for holder in trace.holders:
                yield "lot", name, f"held, {holder.kind} {holder.place}", asset, holder.pieces
            for share in trace.gifts:
                yield "lot", name, f"gift {share.gift or ''}, pieces", asset, share.pieces
                yield "lot", name, f"gift {share.gift or ''}, worth", share.amount.asset, share.amount.minor


def _periods(tx: Reading, slug: str) -> Iterator[Row]:
    for period in trial_balances(tx.session, slug):
        name = f"{slug}/{period.number}"
        yield "period", name, "days", "", f"{period.first} to {period.last}"
        yield "period", name, "state", "", "closed" if period.reopened is None else "reopened"
        for row in period.rows:
            yield "trial balance", f"{name} {row.account}", "opening", row.asset, row.opening
            yield "trial balance", f"{name} {row.account}", "closing", row.asset, row.closing


def _statuses(books: Books, slug: str) -> Iterator[Row]:
    """What became of every paper; the gifts and spends of the chain have rows of their own."""
    for noun, number, standing in _rows_of(books, slug):
        yield "status", f"{slug}/{noun} {number}", "status", "", standing
    accepted = (
        select(InvoiceRow.number)
        .join(AcceptanceRow, col(AcceptanceRow.invoice_entry) == InvoiceRow.entry)
        .where(InvoiceRow.campaign == slug, col(AcceptanceRow.reversed_by).is_(None))
    )
    for number in books.session.exec(accepted.distinct()):
        yield "status", f"{slug}/invoice {number}", "exception", "", "accepted"
    for shipment in books.session.exec(select(ShipmentRow).where(ShipmentRow.campaign == slug)):
        yield "status", f"{slug}/shipment {shipment.waybill}", "status", "", shipment.status.value
    for about, paper in {(row.about.value, row.paper) for row in two_counts(books.session, slug)}:
        yield "status", f"{slug}/confirmation {about}:{paper}", "status", "", "stands"


_REVERSIBLE: dict[str, Any] = {
    "need": NeedRow,
    "offer": OfferRow,
    "pledge": PledgeRow,
    "result": ResultRow,
    "invoice": InvoiceRow,
    "credit-note": CreditNoteRow,
    "receipt": ReceiptRow,
    "arrival": ArrivalRow,
    "handover": HandoverRow,
    "distribution": DistributionRow,
    "loss": LossRow,
    "return": ReturnRow,
    "recall": RecallRow,
    "in-kind": InKindRow,
}


def _rows_of(books: Books, slug: str) -> Iterator[tuple[str, str, str]]:
    """(noun, number, how it stands) of what has a table."""
    session = books.session
    for code in products_of(session, slug):
        yield "product", code, "stands"
    for noun, table in _REVERSIBLE.items():
        for row in session.exec(select(table).where(table.campaign == slug)):
            yield noun, row.number, _standing(row.reversed_by)
    for indicator in indicators_of(session, slug):
        yield "indicator", indicator.number, "stands"
    for paper in session.exec(select(EvidenceRow).where(EvidenceRow.campaign == slug)):
        sealed = session.get(SealedPaperRow, paper.sha256)
        name = paper.sha256 if sealed is None else sealed.lies
        number = f"{name}:{paper.about.value}:{paper.number or ''}"
        yield "evidence", number, _standing(paper.reversed_by)
    for rate in session.exec(select(RateRow).where(RateRow.campaign == slug)):
        yield "rate", rate_number(rate.currency, rate.date, rate.at), "stands"
    for limit in session.exec(select(LimitRow).where(LimitRow.campaign == slug)):
        yield "limit", f"{limit.role}:{limit.currency}", "stands"
    for bank in contributions_of(session, slug):
        yield "contribution", bank.number, _standing(bank.reversed_by)
    for block in session.exec(select(GiftBlockRow).where(GiftBlockRow.campaign == slug)):
        yield "block", block.number, block.status.value
    closed = {row.number: row.stage.value for row in OrderPapers(books, slug).bound if row.is_closed}
    for noun, workflow in WORKFLOWS.items():
        for number, status in workflow.statuses(session, slug):
            standing = _OF_PERIODS.get(status) if noun == PERIODS.noun else None
            if noun == ORDERS.noun:
                standing = closed.get(number)
            yield noun, number, standing or status.value


_OF_PERIODS = {ProposalStatus.APPROVED: "closed", ProposalStatus.REVERSED: "reopened"}


def _standing(reversed_by: int | None) -> str:
    return "stands" if reversed_by is None else "reversed"


def _gifts(tx: Reading, slug: str, now: int) -> Iterator[Row]:
    """The list of donations; the trail of a payment is told with its transaction."""
    rows, _ = donation_rows(tx, slug, after=None, limit=_WHOLE)
    for row in rows:
        yield "gift", row.key, "given", row.amount.asset, row.amount.minor
        yield "gift", row.key, "status", "", row.status.value
        if row.value is not None:
            yield "gift", row.key, "value", row.value.asset, row.value.minor
        for field, text in (("outcome", row.outcome), ("restriction", row.restriction)):
            if text:
                yield "gift", row.key, field, "", text
        if row.late:
            yield "gift", row.key, "late", "", "yes"
        if not row.outpoint:
            yield from _trails(tx, row.key, now)


def _payments(tx: Reading, txids: Iterable[str], now: int) -> Iterator[Row]:
    for txid in txids:
        yield from _trails(tx, txid, now)


def _trails(tx: Reading, key: str, now: int) -> Iterator[Row]:
    """What donors are told of the payments of a key; nothing of one that is nobody's gift."""
    try:
        trails = donation_trails(tx, key)
    except NotFound:
        return
    for trail in trails:
        yield from _trail(trail)


def _trail(trail: DonationTrail) -> Iterator[Row]:
    key = trail.key
    yield "gift", key, "trail, status", "", trail.status.value
    if trail.returned.minor:
        yield "gift", key, "trail, returned", trail.returned.asset, trail.returned.minor
    for place in trail.places:
        service = " (service)" if place.service and place.is_distributed else ""
        yield (
            "gift",
            key,
            f"at {place.kind.value} {place.place}{service}".rstrip(),
            place.amount.asset,
            place.amount.minor,
        )
    for share in trail.shares:
        yield "gift", key, f"share of {share.line} from {share.start}", share.asset, share.end - share.start
    for step in trail.steps:
        yield (
            "gift",
            key,
            f"step {step.kind.value} {step.reference}".rstrip(),
            step.amount.asset,
            step.amount.minor,
        )
    for change in trail.changes:
        yield "gift", key, f"change {change.kind.value}", "", 1
