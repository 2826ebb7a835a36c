"""What of the money went to goods, to services and to fees, an asset a row: the accounts give the sums, the lines say
what was for which."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.core.frozen import Amount, Frozen
from ledger.core.money import is_money
from ledger.views.flow import ExitKind, Flow
from ledger.views.sum_tables import SumKey, SumTable

FEES = frozenset({SumKey.NETWORK_FEES, SumKey.CHARGES, SumKey.EXCHANGE_FEES})
"""Rows of sums that are fees of the network, of banks and of exchanges."""


class Spending(Frozen):
    """What became of all that came of one asset; `goods`, `services`, `fees` and `rest` add up to `whole`."""

    goods: Amount
    """Paid to suppliers for goods, before what they paid back."""
    services: Amount
    """Paid for freight, insurance, storage and other services."""
    fees: Amount
    """Kept by the network, banks and exchanges."""
    rest: Amount
    """All else: sold for other money, held, returned; negative where more was paid than came."""
    whole: Amount
    """All that came, what exchanges kept of it included."""


def spending(tables: Sequence[SumTable], flow: Flow) -> tuple[Spending, ...]:
    """Of each asset of which something was spent; `tables`: the sums of the campaign."""
    services: dict[str, int] = {}
    for row in flow.exits:
        if row.kind is ExitKind.SPENT:
            services[row.amount.asset] = services.get(row.amount.asset, 0) + row.amount.minor
    shares = []
    for asset in dict.fromkeys(table.asset for table in tables if is_money(table.asset)):
        of = {table.total.key: table for table in tables if table.asset == asset}
        main, fetched = of.get(SumKey.RECEIVED), of.get(SumKey.FETCHED)
        if main is None:
            continue
        kept = 0 if fetched is None else _sum(fetched, FEES)
        paid, fees = _sum(main, {SumKey.PAID}), _sum(main, FEES) + kept
        whole, served = main.total.minor + kept, services.get(asset, 0)
        if paid or fees:
            parts = (paid - served, served, fees, whole - paid - fees, whole)
            goods, service, fee, rest, total = (Amount.of(asset, minor) for minor in parts)
            shares.append(Spending(goods=goods, services=service, fees=fee, rest=rest, whole=total))
    return tuple(shares)


def _sum(table: SumTable, keys: frozenset[SumKey] | set[SumKey]) -> int:
    return sum(row.minor for row in table.rows if row.key in keys)
