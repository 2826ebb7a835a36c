"""English: rows of sums, figures of service, the printed rule of shares, what is unexplained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.languages.localised import figure
from api.pages.figures import count
from api.pages.messages import Message, worded
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import day
from ledger.core.frozen import Amount
from ledger.core.money import is_money
from ledger.views.campaign import CampaignReport, ReceivedGood
from ledger.views.sum_tables import SumKey, SumRow, SumTable

_ROW = "a row of a table of sums"
SUM_WORDS: Mapping[SumKey, Message] = {
    SumKey.CONVERTED: Message("Converted", _ROW),
    SumKey.EXCHANGE_FEES: Message("Exchange fees", _ROW),
    SumKey.EXCHANGED: Message("Exchanged into other money", _ROW),
    SumKey.INTEREST: Message("Interest of banks", _ROW),
    SumKey.FETCHED: Message("What conversions fetched", _ROW),
    SumKey.GIVEN: Message("Given", _ROW),
    SumKey.GIVEN_IN_KIND: Message("Given in kind", _ROW),
    SumKey.BEFORE: Message("There before the books begin", _ROW),
    SumKey.GONE_BEFORE: Message("Gone before the books begin", _ROW),
    SumKey.BLOCKED_GIFTS: Message("Blocked gifts", _ROW),
    SumKey.TOP_UPS: Message("Top-ups, no gifts", _ROW),
    SumKey.OWN_COINS: Message("Own coins that came back", _ROW),
    SumKey.BORROWED: Message("Borrowed from other campaigns", _ROW),
    SumKey.LENT: Message("Lent to other campaigns", _ROW),
    SumKey.LOANS_SETTLED: Message("Loans settled in other money", _ROW),
    SumKey.REFUNDED: Message("Paid back by suppliers", _ROW),
    SumKey.INDEMNITIES: Message("Paid by carriers and insurers", _ROW),
    SumKey.CAME: Message("All together", _ROW),
    SumKey.PAID: Message("Paid", _ROW),
    SumKey.NETWORK_FEES: Message("Network fees", _ROW),
    SumKey.HELD: Message("Held", _ROW),
    SumKey.AT_EXCHANGE: Message("At an exchange, not sold yet", _ROW),
    SumKey.UNEXPLAINED: Message("Unexplained", _ROW),
    SumKey.UNDONE_SPENDS: Message("Less what the chain undid after its use", _ROW),
    SumKey.CHARGES: Message("Bank charges", _ROW),
    SumKey.IN_STOCK: Message("In stock", _ROW),
    SumKey.IN_TRANSIT: Message("In transit", _ROW),
    SumKey.WAITING: Message("Handed over, waiting", _ROW),
    SumKey.DISTRIBUTED: Message("Distributed", _ROW),
    SumKey.LOST: Message("Lost", _ROW),
    SumKey.RETURNED: Message("Returned to the supplier", _ROW),
    SumKey.RECEIVED: Message("Received", _ROW),
    SumKey.GIVEN_BACK: Message("Returned to donors", _ROW),
    SumKey.TAKEN_BACK: Message("Less what a bank took back after its use, to be covered", _ROW),
    SumKey.TAX_OWED: Message("Owed to the tax office", _ROW),
    SumKey.VALUE_OF_GIFT_RETURN: Message("Returned to donors, at the value when given", _ROW),
    SumKey.BLOCKED: Message("Blocked, set apart", _ROW),
    SumKey.OTHER_COINS: Message("Less dust and undecided coins among these", _ROW),
    SumKey.RECEIVED_GOOD: Message("Received good", _ROW),
    SumKey.VALUE_GIVEN: Message("Value of the gifts in coins, when given", _ROW),
    SumKey.VALUE_CONVERTED: Message("Converted, at the value when given", _ROW),
    SumKey.VALUE_PAID: Message("Paid in coins, at the value when given", _ROW),
    SumKey.VALUE_OF_OPENING: Message("Gone before the books begin, at the value when given", _ROW),
    SumKey.VALUE_OF_LOAN: Message("Lent to other campaigns, at the value when given", _ROW),
    SumKey.VALUE_OF_REPAYMENT: Message("Paid back to lenders, at the value when given", _ROW),
    SumKey.VALUE_OF_COVER: Message("Covered shortfalls, at the value when given", _ROW),
    SumKey.VALUE_OF_CUSTODY_FEE: Message("Fees of exchanges, at the value when given", _ROW),
    SumKey.VALUE_OF_OTHER: Message("Gone otherwise, at the value when given", _ROW),
    SumKey.VALUE_OF_FEES: Message("Network fees, at the value when given", _ROW),
    SumKey.VALUE_HELD: Message("Held, at the value when given", _ROW),
    SumKey.VALUE_AT_EXCHANGE: Message("At an exchange, at the value when given", _ROW),
    SumKey.VALUE_UNEXPLAINED: Message("Unexplained, at the value when given", _ROW),
    SumKey.CARRYING_VALUE: Message("Value when given", _ROW),
    SumKey.GAIN: Message("Gain on it", _ROW),
    SumKey.LOSS: Message("Loss on it", _ROW),
    SumKey.GROSS_PROCEEDS: Message("What the coins fetched, before exchange fees", _ROW),
}
_LABELLED = Message(
    "{row}, {label}", "{row}: what a row of sums is, as: Spent", "{label}: on what, as: Air freight"
)
_MORE = Message("{number} more", "a row that stands for all that are not shown", "{number}: how many")


def sum_word(key: SumKey | None, label: str = "") -> str:
    """What a row of a sum is called; without a key it gathers rows that are not shown."""
    if key is None:
        return worded(_MORE, number=label)
    row = worded(SUM_WORDS[key])
    return worded(_LABELLED, row=row, label=label) if label else row


_TABLE = "title of a table of sums"
_MONEY_NAMES = {
    "BTC": Message("Bitcoin (BTC)", _TABLE),
    "USD": Message("US dollars (USD)", _TABLE),
    "EUR": Message("Euros (EUR)", _TABLE),
    "CNY": Message("Yuan (CNY)", _TABLE),
}
_VALUES = {
    SumKey.VALUE_GIVEN: Message("Gifts in coins, by their value ({asset})", _TABLE, "{asset}: a currency"),
    SumKey.GROSS_PROCEEDS: Message("Gains and losses ({asset})", _TABLE, "{asset}: a currency"),
    SumKey.FETCHED: Message("Conversions ({asset})", _TABLE, "{asset}: a currency"),
}
"""Tables of a currency that are no money of it."""
_UNITS_OF = Message("{units}, {product}", _TABLE, "{units}: as: Kits", "{product}: its code")
_LOT = Message("{product}, {lot}", _TABLE, "{product}, {lot}: their codes")


class RestRow(Amount):
    """The row that stands for all that are not shown; `label` says how many they are."""

    key: None = None
    label: str


def sum_heading(table: SumTable, tables: Sequence[SumTable]) -> str:
    """What a table is called; no two have one name."""
    if table.total.key in _VALUES:
        return worded(_VALUES[table.total.key], asset=table.asset)
    if is_money(table.asset):
        return asset_heading(table.asset)
    name = unit_of(table.unit or table.asset, 2).capitalize()
    several = sum(other.unit == table.unit for other in tables) > 1
    return worded(_UNITS_OF, units=name, product=table.asset) if several else name


def asset_heading(asset: str) -> str:
    """`Bitcoin (BTC)`; a lot as `KIT, A1`."""
    if is_money(asset):
        return worded(_MONEY_NAMES[asset]) if asset in _MONEY_NAMES else asset
    product, _, lot = asset.partition("#")
    return worded(_LOT, product=product, lot=lot) if lot else product


def sum_rows(table: SumTable, most: int) -> Sequence[SumRow | RestRow]:
    """At most so many rows, the last of them for all that are not shown, so that they still add up."""
    if len(table.rows) <= most:
        return table.rows
    shown, rest = table.rows[: most - 1], table.rows[most - 1 :]
    minor = sum(row.minor for row in rest)
    return (*shown, RestRow(asset=table.asset, label=count(len(rest)), minor=minor))


_SERVICE = "how long it takes, and how much arrives whole"
_TO_ORDER = Message("From donation to order, median", _SERVICE)
_TO_RECEIPT = Message("From order to receipt, median", _SERVICE)
_GOOD = Message("Received in good condition", _SERVICE)
_GOOD_OF = Message("Received in good condition, {item}", _SERVICE, "{item}: a product, as: Hand gel")
_PERCENT = Message("{percent} %", "a share", "{percent}: as 98.5")
_NOT_KNOWN = Message("not known yet", _SERVICE)
_DAYS = Message("{n} day", many="{n} days")


def service_figures(report: CampaignReport) -> tuple[tuple[str, str], ...]:
    """How long it takes, and how much of each product arrives whole; absent figures say so."""
    return (
        (worded(_TO_ORDER), _days(report.service.days_gift_to_order)),
        (worded(_TO_RECEIPT), _days(report.service.days_order_to_receipt)),
        *_good(report.service.received_good),
    )


def _good(rows: Sequence[ReceivedGood]) -> tuple[tuple[str, str], ...]:
    match rows:
        case []:
            return ((worded(_GOOD), worded(_NOT_KNOWN)),)
        case [row]:
            return ((worded(_GOOD), _percent(row.permille)),)
        case _:
            return tuple((worded(_GOOD_OF, item=row.item), _percent(row.permille)) for row in rows)


def _percent(permille: int) -> str:
    whole, tenth = divmod(permille, 10)
    return worded(_PERCENT, percent=figure(f"{whole}.{tenth}"))


def _days(number: int | None) -> str:
    return worded(_NOT_KNOWN) if number is None else worded(_DAYS, n=number)


SHARES = Message(
    "All settled donations lie end to end on one line, in the order in which they settled. Each conversion, order and "
    "delivery takes the next piece of its line. So each donation has exact, whole numbers that never shrink when "
    "others give later. This is attribution by rule: it says whose money paid for what, not which hand touched which "
    "piece.",
    "how the share of each gift is computed",
)
NO_COINS = Message("0.00000000 BTC", "an amount")
_NONE_NOW = Message("None now.", "unexplained coins")
_NONE_NOW_EXPLAINED = Message(
    "None now; {n} explained, the last on {day}.",
    "unexplained coins",
    "{day}: when the last was explained",
    many="None now; {n} explained, the last on {day}.",
)


def unexplained_note(explained: int, last: str) -> str:
    """Beside the row of no unexplained coins: how many there were, and until when."""
    return worded(_NONE_NOW_EXPLAINED, n=explained, day=day(last)) if explained else worded(_NONE_NOW)
