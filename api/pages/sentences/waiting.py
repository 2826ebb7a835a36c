"""English: what waits for a person, by kind, with its age, and whether that keeps a campaign from being reconciled."""

from __future__ import annotations

import datetime as dt

from api.pages.figures import count
from api.pages.sentences.messages import listed
from api.pages.sentences.units import day, number_of, time
from ledger.views.campaign import Books, PublicOpenItem

_KINDS = {
    "unexplained_spend": ("outgoing coin without an explanation", "outgoing coins without an explanation"),
    "undecided_coin": ("coin to decide on", "coins to decide on"),
    "approval": ("entry that waits for a second person", "entries that wait for a second person"),
    "blocked_gift": ("donation that is set apart", "donations that are set apart"),
    "listed_sender": ("payment from an address on a list", "payments from addresses on a list"),
    "payee_screening": ("approval that waits for a look at lists", "approvals that wait for a look at lists"),
    "unvalued_gift": ("donation without a value", "donations without a value"),
    "shortfall": ("shortfall to cover", "shortfalls to cover"),
    "open_match": ("order line or invoice that does not match", "order lines or invoices that do not match"),
    "bank_line": ("bank line without a match", "bank lines without a match"),
    "bank_gap": ("bank whose statements do not follow", "banks whose statements do not follow"),
    "bank_entry": ("entry that no bank statement shows", "entries that no bank statement shows"),
    "bank_opening": (
        "bank that opens with more or less than the books show",
        "banks that open with more or less than the books show",
    ),
    "bank_silent": ("bank without a statement for too long", "banks without a statement for too long"),
    "bank_overdrawn": ("shared account that others overdrew", "shared accounts that others overdrew"),
    "cash_count": ("cash box whose count is not the books’", "cash boxes whose counts are not the books’"),
    "tax_owed": ("sum that is owed to the tax office", "sums that are owed to the tax office"),
    "advance_overdue": ("advance that is not accounted for", "advances that are not accounted for"),
    "advance": ("advance to account for", "advances to account for"),
    "outstanding": ("instrument that is under way", "instruments that are under way"),
    "count_gap": ("delivery whose two counts differ", "deliveries whose two counts differ"),
    "open_claim": ("claim on a supplier", "claims on suppliers"),
    "claim_overdue": ("claim on a supplier that is overdue", "claims on suppliers that are overdue"),
    "recalled_out": ("recalled lot that others have", "recalled lots that others have"),
    "payable": ("sum that is payable to a supplier", "sums that are payable to suppliers"),
    "payable_overdue": ("payable that is overdue", "payables that are overdue"),
    "pledge_overdue": ("promise that did not come by its day", "promises that did not come by their day"),
    "unconfirmed_delivery": ("delivery that nobody confirmed", "deliveries that nobody confirmed"),
}


def kind_word(kind: str, number: int = 1) -> str:
    """`bank lines without a match`; a word that is not known here is shown as it is written."""
    one, many = _KINDS.get(kind, (kind.replace("_", " "), kind.replace("_", " ")))
    return one if number == 1 else many


def still_open(books: Books) -> str:
    """All that is open, in counts: `2 bank lines without a match and 1 coin to decide on`."""
    return listed([f"{count(row.count)} {kind_word(row.kind, row.count)}" for row in books.open])


def open_item_title(row: PublicOpenItem) -> str:
    """What kind of thing waits, as the beginning of a row."""
    word = kind_word(row.kind)
    return word[:1].upper() + word[1:]


def waiting_note(books: Books, shown: int) -> str:
    """What stands above the list of what waits."""
    whole = sum(row.count for row in books.open)
    if not whole:
        return "Nothing waits for a decision."
    rest = f" The oldest {count(shown)} are shown." if whole > shown else ""
    return f"{still_open(books)}.{rest}"


def waits_since(row: PublicOpenItem, today: str) -> str:
    """`since 3 May 2020, 12 days`; `today` is an ISO date."""
    begun = time(row.since) if "T" in row.since else day(row.since)
    said = f"since {begun}" if begun else ""
    days = _days(row.since[:10], today)
    return f"{said}, {number_of(days, 'day')}" if days else said


def _days(since: str, until: str) -> int:
    if not since or not until:
        return 0
    return max(0, (dt.date.fromisoformat(until) - dt.date.fromisoformat(since)).days)
