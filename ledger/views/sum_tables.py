"""Tables of sums: addends above, their total below, in one asset or product; what makes them is in other files."""

from __future__ import annotations

from enum import StrEnum

from ledger.core.frozen import Amount, Frozen


class SumKey(StrEnum):
    """What an addend or a sum is."""

    CONVERTED = "converted"
    EXCHANGE_FEES = "exchange_fees"
    EXCHANGED = "exchanged"
    INTEREST = "interest"
    FETCHED = "fetched"
    GIVEN = "given"
    GIVEN_IN_KIND = "given_in_kind"
    BEFORE = "before"
    GONE_BEFORE = "gone_before"
    BLOCKED_GIFTS = "blocked_gifts"
    TOP_UPS = "top_ups"
    OWN_COINS = "own_coins"
    BORROWED = "borrowed"
    LENT = "lent"
    LOANS_SETTLED = "loans_settled"
    REFUNDED = "refunded"
    INDEMNITIES = "indemnities"
    CAME = "came"
    PAID = "paid"
    NETWORK_FEES = "network_fees"
    HELD = "held"
    AT_EXCHANGE = "at_exchange"
    UNEXPLAINED = "unexplained"
    UNDONE_SPENDS = "undone_spends"
    CHARGES = "charges"
    IN_STOCK = "in_stock"
    IN_TRANSIT = "in_transit"
    WAITING = "waiting"
    DISTRIBUTED = "distributed"
    LOST = "lost"
    RETURNED = "returned"
    RECEIVED = "received"
    GIVEN_BACK = "given_back"
    TAKEN_BACK = "taken_back"
    TAX_OWED = "tax_owed"
    VALUE_OF_GIFT_RETURN = "value_of_gift-return"
    BLOCKED = "blocked"
    OTHER_COINS = "other_coins"
    RECEIVED_GOOD = "received_good"
    VALUE_GIVEN = "value_given"
    VALUE_CONVERTED = "value_converted"
    VALUE_PAID = "value_paid"
    VALUE_OF_OPENING = "value_of_opening"
    VALUE_OF_LOAN = "value_of_loan"
    VALUE_OF_REPAYMENT = "value_of_repayment"
    VALUE_OF_COVER = "value_of_cover"
    VALUE_OF_CUSTODY_FEE = "value_of_custody-fee"
    VALUE_OF_OTHER = "value_of_other"
    VALUE_OF_FEES = "value_of_fees"
    VALUE_HELD = "value_held"
    VALUE_AT_EXCHANGE = "value_at_exchange"
    VALUE_UNEXPLAINED = "value_unexplained"
    CARRYING_VALUE = "carrying_value"
    GAIN = "gain"
    LOSS = "loss"
    GROSS_PROCEEDS = "gross_proceeds"


class SumRow(Amount):
    """One addend of a sum."""

    key: SumKey
    """What the addend is, as `paid` or `network_fees`."""
    label: str = ""
    """Proper name where the key alone does not say: `PO-1`, `W-003`."""


class SumTotal(Amount):
    """What the rows of a sum add up to."""

    key: SumKey
    """What the sum is, as `received`."""


class SumTable(Frozen):
    """Rows of one asset or product that add up to their total, to the last minor unit."""

    asset: str
    """What all of it is in."""
    unit: str
    """What a piece is called; empty for money."""
    came: tuple[SumRow, ...] = ()
    """Where it came from: these too add up to the total; empty where one word says it."""
    rows: tuple[SumRow, ...]
    """Where it is, or what became of it: the addends."""
    total: SumTotal
    """Their sum."""
