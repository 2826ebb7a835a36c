"""Balances of accounts: asked by class and campaign, folded from transfers.

Everything is a place (docs/rules.md, C4): wallets, banks, stocks, what a supplier owes. Lines are apart from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    select,
    union_all,
    update,
)
from sqlmodel import Session

from ledger.core.accounts import NEVER_NEGATIVE, AccountClass
from ledger.core.entry import Transfer
from ledger.core.errors import Conflict
from ledger.core.money import MAX_AMOUNT
from ledger.core.names import Account, account_named
from ledger.core.wording import Figure
from ledger.model.balances import BalanceRow, DayBalanceRow
from ledger.model.columns import OF_CAMPAIGN, UNCOUNTED, accumulate, table_of
from ledger.model.journal import EntryRow, TransferRow
from ledger.model.keys import OfKeys
from ledger.rules.rows import Columns

_T, _E = table_of(TransferRow).c, table_of(EntryRow).c
_SIDES = union_all(
    select(_T.debit.label("account"), _T.asset, _T.seq, _T.amount.label("units")),
    select(_T.credit, _T.asset, _T.seq, -_T.amount),
).subquery()


class Balance(NamedTuple):
    """Sums of one account in one asset, minor units."""

    account: Account
    asset: str
    debits: int
    credits: int

    @property
    def net(self) -> int:
        return self.debits - self.credits


_BALANCES = table_of(BalanceRow)
_account, _asset = bindparam("of_account", type_=Text), bindparam("of_asset", type_=Text)
_ONE = select(_BALANCES.c.debits, _BALANCES.c.credits).where(
    _BALANCES.c.account == _account, _BALANCES.c.asset == _asset
)
_SOME = select(_BALANCES.c.account, _BALANCES.c.asset, _BALANCES.c.debits, _BALANCES.c.credits)
_ADD = insert(_BALANCES)
_CHANGE = (
    update(_BALANCES)
    .where(_BALANCES.c.account == _account, _BALANCES.c.asset == _asset)
    .values(debits=bindparam("debited", type_=BigInteger), credits=bindparam("credited", type_=BigInteger))
    .execution_options(**UNCOUNTED)
)
_OF_TRANSFERS = OfKeys(_SOME.where, _BALANCES.c.account, _BALANCES.c.asset)
_DAILY = (
    select(_SIDES.c.account, _SIDES.c.asset, _E.date, func.sum(_SIDES.c.units))
    .join(_E.seq.table, _E.seq == _SIDES.c.seq)
    .join(_BALANCES, and_(_BALANCES.c.account == _SIDES.c.account, _BALANCES.c.asset == _SIDES.c.asset))
    .group_by(_SIDES.c.account, _SIDES.c.asset, _E.date)
    .order_by(_SIDES.c.account, _SIDES.c.asset, _E.date)
)
"""What came to each place less what left it, day by day."""
_ON_DAYS = table_of(DayBalanceRow)
_LATER_DAYS = OfKeys(
    select(_ON_DAYS.c.account, _ON_DAYS.c.asset, _ON_DAYS.c.date, _ON_DAYS.c.units)
    .where(_ON_DAYS.c.date > bindparam("since", type_=Text))
    .order_by(_ON_DAYS.c.date.desc())
    .where,
    _ON_DAYS.c.account,
    _ON_DAYS.c.asset,
)
"""What moved at each of some accounts after a day, the newest day first."""


def net(session: Session, account: str, asset: str) -> int:
    """Debits minus credits of an account in an asset, minor units."""
    row = session.connection().execute(_ONE, {"of_account": account, "of_asset": asset}).first()
    return 0 if row is None else row.debits - row.credits


def balances(
    session: Session,
    kind: AccountClass | None = None,
    campaign: str | None = None,
    *,
    place: str | None = None,
    asset: str | None = None,
) -> list[Balance]:
    """The balances of a class, a campaign, a place, an asset, or of all, in order of account and asset."""
    given = {"kind": kind, "campaign": campaign, "place": place, "asset": asset}
    wanted = {name: value for name, value in given.items() if value is not None}
    asked = {f"of_{name}": value for name, value in wanted.items()}
    rows = session.connection().execute(_of_columns(tuple(wanted)), asked)
    return [
        Balance(account_named(name), of_asset, debited, credited)
        for name, of_asset, debited, credited in rows
    ]


@cache
def _of_columns(names: tuple[str, ...]) -> Select[str, str, int, int]:
    """All balances whose columns are as asked."""
    wanted = [_BALANCES.c[name] == bindparam(f"of_{name}") for name in names]
    return _SOME.where(*wanted).order_by(_BALANCES.c.account, _BALANCES.c.asset)


def net_of_kinds(
    session: Session, kinds: Collection[AccountClass], asset: str, campaign: str | None = None
) -> int:
    """Debits minus credits of all accounts of some classes in an asset, of a campaign or of all, minor units."""
    return sum(nets_of_kinds(session, kinds, asset, campaign).values())


_NETS = (
    select(_BALANCES.c.kind, func.sum(_BALANCES.c.debits - _BALANCES.c.credits))
    .where(
        _BALANCES.c.kind.in_(bindparam("of_kinds", expanding=True, type_=_BALANCES.c.kind.type)),
        _BALANCES.c.asset == _asset,
    )
    .group_by(_BALANCES.c.kind)
)
_NETS_OF_CAMPAIGN = _NETS.where(_BALANCES.c.campaign == OF_CAMPAIGN)


def nets_of_kinds(
    session: Session, kinds: Collection[AccountClass], asset: str, campaign: str | None = None
) -> dict[AccountClass, int]:
    """The same class by class; those that have accounts."""
    query = _NETS if campaign is None else _NETS_OF_CAMPAIGN
    asked = {"of_kinds": sorted(kinds), "of_asset": asset, "of_campaign": campaign}
    return {kind: int(units) for kind, units in session.connection().execute(query, asked)}


class CampaignBalances:
    """All balances of one campaign, read in one statement: for an answer that asks about most of them."""

    def __init__(self, session: Session, campaign: str) -> None:
        self._by_kind: dict[AccountClass, list[Balance]] = defaultdict(list)
        for balance in balances(session, campaign=campaign):
            self._by_kind[balance.account.kind].append(balance)

    def net(self, kind: AccountClass, asset: str, *detail: str) -> int:
        """Debits minus credits of an account in an asset, minor units."""
        there = (b for b in self._by_kind[kind] if b.asset == asset and b.account.detail == detail)
        return sum(balance.net for balance in there)

    def of(self, kind: AccountClass, *, place: str | None = None, asset: str | None = None) -> list[Balance]:
        """The balances of a class, at a place or in an asset, in order of account and asset."""
        return [
            balance
            for balance in self._by_kind[kind]
            if asset in {None, balance.asset} and (place is None or place == (*balance.account.detail, "")[0])
        ]


def moved_by(transfers: Iterable[Transfer]) -> dict[tuple[str, str], int]:
    """What transfers bring to each account less what they take from it, by account and asset."""
    moved: dict[tuple[str, str], int] = defaultdict(int)
    for debit, credit, asset, amount in transfers:
        moved[debit, asset] += amount
        moved[credit, asset] -= amount
    return moved


def first_days_with(
    session: Session, wanted: Mapping[tuple[str, str], int], since: str
) -> dict[tuple[str, str], str]:
    """The first day, not before `since`, from which on each account held so much at the end of every day.

    `wanted` says how much, minor units, by account and asset; they hold so much by now: what one lacks now, no day has.
    """
    connection, pairs = session.connection(), list(wanted)
    if not pairs:
        return {}
    later = list(_LATER_DAYS.ask(connection, pairs, since=since))
    there = dict.fromkeys(pairs, 0)
    if later:
        for row in _OF_TRANSFERS.ask(connection, pairs):
            there[row.account, row.asset] = row.debits - row.credits
    first: dict[tuple[str, str], str] = {}
    for account, asset, date, came in later:
        there[account, asset] -= came
        if there[account, asset] < wanted[account, asset]:
            first.setdefault((account, asset), date)
    return {pair: first.get(pair, since) for pair in pairs}


class Low(NamedTuple):
    """An account that held less than nothing of an asset, minor units, at the end of an accounting day."""

    account: str
    asset: str
    date: str
    units: int


_DAYS_OF_PLACES = _DAILY.where(_BALANCES.c.kind.in_(sorted(NEVER_NEGATIVE)))
_DAYS_OF_CAMPAIGN = _DAYS_OF_PLACES.where(_BALANCES.c.campaign == OF_CAMPAIGN)


def days_below_zero(session: Session, campaign: str | None = None) -> Iterator[Low]:
    """Each day that ended with less than nothing at a place that holds something, by account, asset and day.

    By the transfers of the journal alone; of a campaign, or of all.
    """
    query = _DAYS_OF_PLACES if campaign is None else _DAYS_OF_CAMPAIGN
    of: tuple[str, str] | None = None
    there = 0
    for account, asset, date, came in session.connection().execute(query, {"of_campaign": campaign}):
        if (account, asset) != of:
            of, there = (account, asset), 0
        there += int(came)
        if there < 0:
            yield Low(account, asset, date, there)


Moved = tuple[str, Sequence[Transfer]]
"""The accounting day of an entry, and its transfers."""


def apply_transfers(session: Session, entries: Iterable[Moved]) -> None:
    """Fold the transfers of entries, in their order; Conflict where they leave an account below zero, or beyond what a
    sum may be."""
    debited: dict[tuple[str, str], int] = defaultdict(int)
    credited: dict[tuple[str, str], int] = defaultdict(int)
    on_days: dict[tuple[str, str, str], int] = defaultdict(int)
    for date, transfers in entries:
        for debit, credit, asset, amount in transfers:
            debited[debit, asset] += amount
            credited[credit, asset] += amount
        for (account, asset), units in moved_by(transfers).items():
            if units and account_named(account).kind in NEVER_NEGATIVE:
                on_days[account, asset, date] += units
    pairs = list(dict.fromkeys((*debited, *credited)))
    if not pairs:
        return
    connection = session.connection()
    there = {
        (row.account, row.asset): (row.debits, row.credits) for row in _OF_TRANSFERS.ask(connection, pairs)
    }
    new: list[Columns] = []
    changed: list[Columns] = []
    for account, asset in pairs:
        name, known = account_named(account), (account, asset) in there
        more, less = there.get((account, asset), (0, 0))
        more, less = more + debited[account, asset], less + credited[account, asset]
        _require_possible(name, asset, more - less)
        if known:
            changed.append({"of_account": account, "of_asset": asset, "debited": more, "credited": less})
            continue
        place, item = (*name.detail, "", "")[:2]
        new.append(
            {
                "account": account,
                "asset": asset,
                "kind": name.kind,
                "campaign": name.campaign,
                "place": place,
                "item": item,
                "debits": more,
                "credits": less,
            }
        )
    daily: list[Columns] = [
        {"account": account, "asset": asset, "date": date, "units": units}
        for (account, asset, date), units in on_days.items()
    ]
    for statement, rows in ((_ADD, new), (_CHANGE, changed), (accumulate(session, DayBalanceRow), daily)):
        if rows:
            connection.execute(statement, rows)


def _require_possible(account: Account, asset: str, amount: int) -> None:
    if amount < 0 and account.kind in NEVER_NEGATIVE:
        raise Conflict.field(
            "amount",
            "{account} would hold {amount}; it cannot hold less than nothing",
            account=str(account),
            amount=Figure(asset, amount),
        )
    if abs(amount) > MAX_AMOUNT:
        raise Conflict.field(
            "amount",
            "{account} would hold more than {most} minor units of {asset}",
            account=str(account),
            most=MAX_AMOUNT,
            asset=asset,
        )
