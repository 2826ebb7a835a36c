"""English: what waits for a person, by kind, with its age, and whether that keeps a campaign from being reconciled."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from api.pages.figures import short_hash
from api.pages.messages import Message, listed, worded
from api.pages.sentences.units import time
from ledger.views.campaign import Books, PublicOpenItem


@dataclass(frozen=True, slots=True)
class _Kind:
    """What waits, alone as the beginning of a row, and counted."""

    alone: Message
    counted: Message


_WAITS = "something that waits for a person, with how many of it"
_KIND = "the title of a row of what waits for a person"
_KINDS = {
    "unexplained_spend": _Kind(
        Message("Outgoing coin without an explanation", _KIND),
        Message(
            "{n} outgoing coin without an explanation",
            _WAITS,
            many="{n} outgoing coins without an explanation",
        ),
    ),
    "undecided_coin": _Kind(
        Message("Coin to decide on", _KIND),
        Message("{n} coin to decide on", _WAITS, many="{n} coins to decide on"),
    ),
    "approval": _Kind(
        Message("Entry that waits for a second person", _KIND),
        Message(
            "{n} entry that waits for a second person",
            _WAITS,
            many="{n} entries that wait for a second person",
        ),
    ),
    "blocked_gift": _Kind(
        Message("Donation that is set apart", _KIND),
        Message("{n} donation that is set apart", _WAITS, many="{n} donations that are set apart"),
    ),
    "listed_sender": _Kind(
        Message("Payment from an address on a list", _KIND),
        Message(
            "{n} payment from an address on a list", _WAITS, many="{n} payments from addresses on a list"
        ),
    ),
    "payee_screening": _Kind(
        Message("Approval that waits for a look at lists", _KIND),
        Message(
            "{n} approval that waits for a look at lists",
            _WAITS,
            many="{n} approvals that wait for a look at lists",
        ),
    ),
    "unvalued_gift": _Kind(
        Message("Donation without a value", _KIND),
        Message("{n} donation without a value", _WAITS, many="{n} donations without a value"),
    ),
    "shortfall": _Kind(
        Message("Shortfall to cover", _KIND),
        Message("{n} shortfall to cover", _WAITS, many="{n} shortfalls to cover"),
    ),
    "open_match": _Kind(
        Message("Order line or invoice that does not match", _KIND),
        Message(
            "{n} order line or invoice that does not match",
            _WAITS,
            many="{n} order lines or invoices that do not match",
        ),
    ),
    "bank_line": _Kind(
        Message("Bank line without a match", _KIND),
        Message("{n} bank line without a match", _WAITS, many="{n} bank lines without a match"),
    ),
    "bank_gap": _Kind(
        Message("Bank whose statements do not follow", _KIND),
        Message(
            "{n} bank whose statements do not follow", _WAITS, many="{n} banks whose statements do not follow"
        ),
    ),
    "bank_entry": _Kind(
        Message("Entry that no bank statement shows", _KIND),
        Message(
            "{n} entry that no bank statement shows", _WAITS, many="{n} entries that no bank statement shows"
        ),
    ),
    "bank_opening": _Kind(
        Message("Bank that opens with more or less than the books show", _KIND),
        Message(
            "{n} bank that opens with more or less than the books show",
            _WAITS,
            many="{n} banks that open with more or less than the books show",
        ),
    ),
    "bank_silent": _Kind(
        Message("Bank without a statement for too long", _KIND),
        Message(
            "{n} bank without a statement for too long",
            _WAITS,
            many="{n} banks without a statement for too long",
        ),
    ),
    "bank_overdrawn": _Kind(
        Message("Shared account that others overdrew", _KIND),
        Message(
            "{n} shared account that others overdrew", _WAITS, many="{n} shared accounts that others overdrew"
        ),
    ),
    "cash_count": _Kind(
        Message("Cash box whose count is not the books’", _KIND),
        Message(
            "{n} cash box whose count is not the books’",
            _WAITS,
            many="{n} cash boxes whose counts are not the books’",
        ),
    ),
    "tax_owed": _Kind(
        Message("Sum that is owed to the tax office", _KIND),
        Message(
            "{n} sum that is owed to the tax office", _WAITS, many="{n} sums that are owed to the tax office"
        ),
    ),
    "advance_overdue": _Kind(
        Message("Advance that is not accounted for", _KIND),
        Message(
            "{n} advance that is not accounted for", _WAITS, many="{n} advances that are not accounted for"
        ),
    ),
    "advance": _Kind(
        Message("Advance to account for", _KIND),
        Message("{n} advance to account for", _WAITS, many="{n} advances to account for"),
    ),
    "vat_overdue": _Kind(
        Message("Value added tax that did not come back by its day", _KIND),
        Message(
            "{n} sum of value added tax that did not come back by its day",
            _WAITS,
            many="{n} sums of value added tax that did not come back by their days",
        ),
    ),
    "vat_to_come": _Kind(
        Message("Value added tax that comes back", _KIND),
        Message(
            "{n} sum of value added tax that comes back",
            _WAITS,
            many="{n} sums of value added tax that come back",
        ),
    ),
    "at_exchange_overdue": _Kind(
        Message("Deposit at an exchange that is not sold by its day", _KIND),
        Message(
            "{n} deposit at an exchange that is not sold by its day",
            _WAITS,
            many="{n} deposits at exchanges that are not sold by their days",
        ),
    ),
    "at_exchange": _Kind(
        Message("Deposit at an exchange that is not sold yet", _KIND),
        Message(
            "{n} deposit at an exchange that is not sold yet",
            _WAITS,
            many="{n} deposits at exchanges that are not sold yet",
        ),
    ),
    "outstanding": _Kind(
        Message("Instrument that is under way", _KIND),
        Message("{n} instrument that is under way", _WAITS, many="{n} instruments that are under way"),
    ),
    "count_gap": _Kind(
        Message("Delivery whose two counts differ", _KIND),
        Message(
            "{n} delivery whose two counts differ", _WAITS, many="{n} deliveries whose two counts differ"
        ),
    ),
    "open_claim": _Kind(
        Message("Claim that is open", _KIND),
        Message("{n} claim that is open", _WAITS, many="{n} claims that are open"),
    ),
    "claim_overdue": _Kind(
        Message("Claim that is overdue", _KIND),
        Message("{n} claim that is overdue", _WAITS, many="{n} claims that are overdue"),
    ),
    "late_order": _Kind(
        Message("Order that did not come by its day", _KIND),
        Message(
            "{n} order that did not come by its day", _WAITS, many="{n} orders that did not come by their day"
        ),
    ),
    "late_shipment": _Kind(
        Message("Shipment that did not come by its day", _KIND),
        Message(
            "{n} lot on a waybill that did not come by its day",
            _WAITS,
            many="{n} lots on waybills that did not come by their day",
        ),
    ),
    "result_above": _Kind(
        Message("Result above what was delivered", _KIND),
        Message("{n} result above what was delivered", _WAITS, many="{n} results above what was delivered"),
    ),
    "review_overdue": _Kind(
        Message("Overdue review of a sealed paper", _KIND),
        Message("{n} overdue review of a sealed paper", _WAITS, many="{n} overdue reviews of sealed papers"),
    ),
    "few_addresses": _Kind(
        Message("Few addresses are left for donors", _KIND),
        Message("{n} campaign with few addresses left", _WAITS, many="{n} campaigns with few addresses left"),
    ),
    "recalled_out": _Kind(
        Message("Recalled lot that others have", _KIND),
        Message("{n} recalled lot that others have", _WAITS, many="{n} recalled lots that others have"),
    ),
    "recalled_elsewhere": _Kind(
        Message("Lot that another campaign called back", _KIND),
        Message(
            "{n} lot that another campaign called back",
            _WAITS,
            many="{n} lots that another campaign called back",
        ),
    ),
    "expiry_elsewhere": _Kind(
        Message("Lot whose last day of use another campaign corrected", _KIND),
        Message(
            "{n} lot whose last day of use another campaign corrected",
            _WAITS,
            many="{n} lots whose last day of use another campaign corrected",
        ),
    ),
    "payable": _Kind(
        Message("Sum that is payable to a supplier", _KIND),
        Message(
            "{n} sum that is payable to a supplier", _WAITS, many="{n} sums that are payable to suppliers"
        ),
    ),
    "payable_overdue": _Kind(
        Message("Payable that is overdue", _KIND),
        Message("{n} payable that is overdue", _WAITS, many="{n} payables that are overdue"),
    ),
    "pledge_overdue": _Kind(
        Message("Promise that did not come by its day", _KIND),
        Message(
            "{n} promise that did not come by its day",
            _WAITS,
            many="{n} promises that did not come by their day",
        ),
    ),
    "question": _Kind(
        Message("Question about a name or sum to answer", _KIND),
        Message(
            "{n} question about a name or sum to answer",
            _WAITS,
            many="{n} questions about names or sums to answer",
        ),
    ),
    "refused_draft": _Kind(
        Message("Draft that was refused", _KIND),
        Message("{n} draft that was refused", _WAITS, many="{n} drafts that were refused"),
    ),
    "waiting_draft": _Kind(
        Message("Draft that waits to be recorded", _KIND),
        Message("{n} draft that waits to be recorded", _WAITS, many="{n} drafts that wait to be recorded"),
    ),
    "expired_stock": _Kind(
        Message("Lot in stock past its last day of use", _KIND),
        Message(
            "{n} lot in stock past its last day of use",
            _WAITS,
            many="{n} lots in stock past their last days of use",
        ),
    ),
    "recalled_stock": _Kind(
        Message("Recalled lot in stock", _KIND),
        Message("{n} recalled lot in stock", _WAITS, many="{n} recalled lots in stock"),
    ),
    "surplus": _Kind(
        Message("Lot of which too much came", _KIND),
        Message("{n} lot of which too much came", _WAITS, many="{n} lots of which too much came"),
    ),
    "unconfirmed_delivery": _Kind(
        Message("Delivery that nobody confirmed", _KIND),
        Message("{n} delivery that nobody confirmed", _WAITS, many="{n} deliveries that nobody confirmed"),
    ),
}
_HASH = 64
_OTHER_KIND = Message("{n} {kind}", "{kind}: a code that has no words here", many="{n} {kind}")
_NOTHING_WAITS = Message("Nothing waits for a decision.")
_ALL_SHOWN = Message("{open}.", "{open}: a list of all that waits, as: 2 bank lines without a match")
_OLDEST_SHOWN = Message(
    "{open}. The oldest {shown} are shown.",
    "{open}: a list of all that waits, as: 2 bank lines without a match",
    "{shown}: how many rows of it stand below",
)
_SINCE = Message("since {day}", "something that waits for a person", "{day}: a day, or a day and a time")
_SINCE_DAYS = Message(
    "since {day}, {n} day",
    "something that waits for a person",
    "{day}: a day, or a day and a time",
    many="since {day}, {n} days",
)


def still_open(books: Books) -> str:
    """All that is open, in counts: `2 bank lines without a match and 1 coin to decide on`."""
    return listed([_counted(row.kind, row.count) for row in books.open])


def _counted(kind: str, number: int) -> str:
    """A kind that is not known here is shown as it is written."""
    if kind in _KINDS:
        return worded(_KINDS[kind].counted, n=number)
    return worded(_OTHER_KIND, n=number, kind=kind.replace("_", " "))


def kind_title(kind: str) -> str:
    """What kind of thing waits, as the beginning of a row: the same on the page and on the command line."""
    return worded(_KINDS[kind].alone) if kind in _KINDS else kind.replace("_", " ").capitalize()


def which(row: PublicOpenItem) -> str:
    """Which thing waits; what is as long as a hash is shortened."""
    subject = str(row.subject)
    return short_hash(subject) if len(subject) >= _HASH else subject


def waiting_note(books: Books, shown: int) -> str:
    """What stands above the list of what waits."""
    whole = sum(row.count for row in books.open)
    if not whole:
        return worded(_NOTHING_WAITS)
    if whole > shown:
        return worded(_OLDEST_SHOWN, open=still_open(books), shown=shown)
    return worded(_ALL_SHOWN, open=still_open(books))


def waits_since(row: PublicOpenItem, today: str) -> str:
    """`since 3 May 2020, 12 days`; `today` is an ISO date."""
    if not row.since:
        return ""
    begun, days = time(row.since), _days(row.since[:10], today)
    return worded(_SINCE_DAYS, n=days, day=begun) if days else worded(_SINCE, day=begun)


def _days(since: str, until: str) -> int:
    if not since or not until:
        return 0
    return max(0, (dt.date.fromisoformat(until) - dt.date.fromisoformat(since)).days)
