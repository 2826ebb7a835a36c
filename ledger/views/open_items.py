"""An open item waits for a person: its kind, its subject, since when, how much, and what to do. It finds none."""

from __future__ import annotations

from enum import StrEnum

from ledger.core.frozen import Amount, Frozen
from ledger.core.telling import Telling, Which
from ledger.views.line_says import LineSays
from ledger.views.suggestions import Suggestion


class OpenItemKind(StrEnum):
    """What kind of thing waits."""

    UNEXPLAINED_SPEND = "unexplained_spend"
    UNDECIDED_COIN = "undecided_coin"
    APPROVAL = "approval"
    QUESTION = "question"
    BLOCKED_GIFT = "blocked_gift"
    LISTED_SENDER = "listed_sender"
    PAYEE_SCREENING = "payee_screening"
    UNVALUED_GIFT = "unvalued_gift"
    REFUSED_DRAFT = "refused_draft"
    WAITING_DRAFT = "waiting_draft"
    SHORTFALL = "shortfall"
    OPEN_MATCH = "open_match"
    BANK_LINE = "bank_line"
    BANK_GAP = "bank_gap"
    BANK_ENTRY = "bank_entry"
    BANK_OPENING = "bank_opening"
    BANK_SILENT = "bank_silent"
    BANK_OVERDRAWN = "bank_overdrawn"
    CASH_COUNT = "cash_count"
    ADVANCE_OVERDUE = "advance_overdue"
    ADVANCE = "advance"
    VAT_OVERDUE = "vat_overdue"
    VAT_TO_COME = "vat_to_come"
    AT_EXCHANGE_OVERDUE = "at_exchange_overdue"
    AT_EXCHANGE = "at_exchange"
    OUTSTANDING = "outstanding"
    TAX_OWED = "tax_owed"
    COUNT_GAP = "count_gap"
    UNCONFIRMED_DELIVERY = "unconfirmed_delivery"
    EXPIRED_STOCK = "expired_stock"
    RECALLED_STOCK = "recalled_stock"
    RECALLED_OUT = "recalled_out"
    RECALLED_ELSEWHERE = "recalled_elsewhere"
    EXPIRY_ELSEWHERE = "expiry_elsewhere"
    SURPLUS = "surplus"
    LATE_ORDER = "late_order"
    LATE_SHIPMENT = "late_shipment"
    OPEN_CLAIM = "open_claim"
    CLAIM_OVERDUE = "claim_overdue"
    PAYABLE = "payable"
    PAYABLE_OVERDUE = "payable_overdue"
    PLEDGE_OVERDUE = "pledge_overdue"
    RESULT_ABOVE = "result_above"
    REVIEW_OVERDUE = "review_overdue"
    FEW_ADDRESSES = "few_addresses"


SCREENING = frozenset({OpenItemKind.LISTED_SENDER, OpenItemKind.PAYEE_SCREENING})
"""What lists of sanctions ask a person to decide before it is an entry; for the desk alone."""
UNRECONCILED = (
    OpenItemKind.UNEXPLAINED_SPEND,
    OpenItemKind.UNDECIDED_COIN,
    OpenItemKind.SHORTFALL,
    OpenItemKind.OPEN_MATCH,
    OpenItemKind.BANK_LINE,
    OpenItemKind.BANK_GAP,
    OpenItemKind.BANK_ENTRY,
    OpenItemKind.BANK_OPENING,
    OpenItemKind.BANK_SILENT,
    OpenItemKind.BANK_OVERDRAWN,
    OpenItemKind.CASH_COUNT,
    OpenItemKind.ADVANCE_OVERDUE,
    OpenItemKind.VAT_OVERDUE,
    OpenItemKind.AT_EXCHANGE_OVERDUE,
    OpenItemKind.COUNT_GAP,
    OpenItemKind.UNCONFIRMED_DELIVERY,
    OpenItemKind.LATE_ORDER,
    OpenItemKind.LATE_SHIPMENT,
    OpenItemKind.CLAIM_OVERDUE,
    OpenItemKind.PAYABLE_OVERDUE,
)
"""While one of these is open a campaign is not reconciled: a figure has no explanation, or something is overdue, in
coins, orders, banks or deliveries. What else waits is explained and in time, and is listed beside it."""


class OpenItem(Frozen):
    """One thing that waits for a person."""

    kind: OpenItemKind
    """What kind of thing."""
    campaign: str
    """Short name of the campaign."""
    subject: Which
    """Which one."""
    since: str
    """Since when, RFC 3339 or a day."""
    amount: Amount | None
    """How much it is about; null where no amount is known."""
    to_do: Telling
    """What ends it, as a word and its values."""
    suggestions: tuple[Suggestion, ...] = ()
    """Records that may explain it, the best first; for the desk only."""
    words: LineSays | None = None
    """What a bank line says, where it is one and has not been forgotten; for the desk only."""
    count: int = 1
    """Above 1: so many of the same, in one row."""

    @property
    def is_private(self) -> bool:
        """Drafts are the desk's own until they are recorded, and what lists say of people until it is an entry.

        How many addresses are left would only help who takes them away.
        """
        return self.kind in {
            OpenItemKind.REFUSED_DRAFT,
            OpenItemKind.WAITING_DRAFT,
            OpenItemKind.FEW_ADDRESSES,
            *SCREENING,
        }
