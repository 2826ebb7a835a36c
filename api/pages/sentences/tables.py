"""English: rows of sums, figures of service, the printed rule of shares, what is unexplained.

A key that is not known here is shown as it is written.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.figures import count
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import day, number_of
from ledger.core.money import is_money
from ledger.views.campaign import CampaignReport
from ledger.views.sum_tables import SumRow, SumTable

_SUM_WORDS = {
    "converted": "Converted",
    "exchange_fees": "Exchange fees",
    "exchanged": "Exchanged into other money",
    "interest": "Interest of banks",
    "fetched": "What conversions fetched",
    "given": "Given",
    "given_in_kind": "Given in kind",
    "before": "There before the books begin",
    "gone_before": "Gone before the books begin",
    "blocked_gifts": "Blocked gifts",
    "top_ups": "Top-ups, no gifts",
    "own_coins": "Own coins that came back",
    "borrowed": "Borrowed from other campaigns",
    "lent": "Lent to other campaigns",
    "loans_settled": "Loans settled in other money",
    "refunded": "Paid back by suppliers",
    "came": "All that came good",
    "paid": "Paid",
    "network_fees": "Network fees",
    "fees": "Fees",
    "held": "Held",
    "unexplained": "Unexplained",
    "spent": "Spent",
    "charges": "Bank charges",
    "in_stock": "In stock",
    "in_transit": "In transit",
    "handed": "Handed over, waiting",
    "waiting": "Handed over, waiting",
    "distributed": "Distributed",
    "lost": "Lost",
    "returned": "Returned to the supplier",
    "received": "Received",
    "given_back": "Returned to donors",
    "tax_owed": "Owed to the tax office",
    "value_of_gift-return": "Returned to donors, at the value when given",
    "blocked": "Blocked, set apart",
    "other_coins": "Less dust and undecided coins among these",
    "received_good": "Received good",
    "value_given": "Value of the gifts in coins, when given",
    "value_converted": "Converted, at the value when given",
    "value_paid": "Paid in coins, at the value when given",
    "value_of_opening": "Gone before the books begin, at the value when given",
    "value_of_fees": "Network fees, at the value when given",
    "value_held": "Held, at the value when given",
    "value_unexplained": "Unexplained, at the value when given",
    "carrying_value": "Value when given",
    "gain": "Gain on it",
    "loss": "Loss on it",
    "gross_proceeds": "What the coins fetched, before exchange fees",
}


def sum_word(key: str, label: str = "") -> str:
    """What a row of a sum is called; `more` gathers rows that are not shown."""
    if key == MORE:
        return f"{label} more"
    words = _SUM_WORDS.get(key) or key.replace("_", " ").capitalize()
    return f"{words}, {label}" if label else words


_MONEY_NAMES = {"BTC": "Bitcoin (BTC)", "USD": "US dollars (USD)", "EUR": "Euros (EUR)", "CNY": "Yuan (CNY)"}


_VALUES = {
    "value_given": "Gifts in coins, by their value",
    "gross_proceeds": "Gains and losses",
    "fetched": "Conversions",
}
"""Tables of a currency that are no money of it."""


MORE = "more"
"""Key of the row that stands for all that are not shown."""


def sum_heading(table: SumTable, tables: Sequence[SumTable]) -> str:
    """What a table is called; no two have one name."""
    if table.total.key in _VALUES:
        return f"{_VALUES[table.total.key]} ({table.asset})"
    if is_money(table.asset):
        return asset_heading(table.asset)
    name = unit_of(table.unit or table.asset, 2).capitalize()
    several = sum(other.unit == table.unit for other in tables) > 1
    return f"{name}, {table.asset}" if several else name


def asset_heading(asset: str) -> str:
    """`Bitcoin (BTC)`; a lot as `KIT, A1`."""
    return _MONEY_NAMES.get(asset, asset) if is_money(asset) else asset.replace("#", ", ")


def sum_rows(table: SumTable, most: int) -> Sequence[SumRow]:
    """At most so many rows, the last of them for all that are not shown, so that they still add up."""
    if len(table.rows) <= most:
        return table.rows
    shown, rest = table.rows[: most - 1], table.rows[most - 1 :]
    minor = sum(row.minor for row in rest)
    return (*shown, SumRow(asset=table.asset, key=MORE, label=count(len(rest)), minor=minor))


def service_figures(report: CampaignReport) -> tuple[tuple[str, str], ...]:
    """How long it takes, and how much arrives whole; absent figures say so."""
    good = report.service.received_good_permille
    return (
        ("From donation to order, median", _days(report.service.days_gift_to_order)),
        ("From order to receipt, median", _days(report.service.days_order_to_receipt)),
        ("Received in good condition", "not known yet" if good is None else f"{good // 10}.{good % 10} %"),
    )


def _days(number: int | None) -> str:
    return "not known yet" if number is None else number_of(number, "day")


SHARES = (
    "All settled donations lie end to end on one line, in the order in which they settled. Each conversion, "
    "order and delivery takes the next piece of its line. So each donation has exact, whole numbers that never "
    "shrink when others give later. This is attribution by rule: it says whose money paid for what, not which "
    "hand touched which piece."
)
UNEXPLAINED_NONE = "None now."
NO_COINS = "0.00000000 BTC"


def unexplained_note(explained: int, last: str) -> str:
    return (
        f"None now; {count(explained)} explained, the last on {day(last)}." if explained else UNEXPLAINED_NONE
    )
