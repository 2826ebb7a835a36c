"""Screening: are those who sent coins, and those who are paid, on a list of sanctioned addresses or people?

Coins are compared with the lists in force, by scripts; of other payees a person records what a list says. A match
decides nothing by itself, but nothing is spent of such a gift or approved for such a payee until people decide.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import BindParameter, Text, bindparam, func, select
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from ledger.core.chain import Outpoint
from ledger.model.columns import table_of
from ledger.model.gifts import GiftBlockRow
from ledger.model.observed import (
    ObservedInputRow,
    ObservedOutputRow,
    ObservedPayeeRow,
    ObservedScriptRow,
    ObservedTransactionRow,
    TxState,
)
from ledger.model.screening import ListedAddressRow, SanctionsListRow
from ledger.rules.sanctions_lists import lists_in_force

_MANY = 500
"""So many transactions are asked for in one question."""
_TXS, _INPUTS, _OUTPUTS, _SCRIPTS, _PAYEES = (
    table_of(row)
    for row in (
        ObservedTransactionRow,
        ObservedInputRow,
        ObservedOutputRow,
        ObservedScriptRow,
        ObservedPayeeRow,
    )
)
_ADDRESSES = table_of(ListedAddressRow)
_shown = (_SCRIPTS.c.txid == _INPUTS.c.spent_txid) & (_SCRIPTS.c.vout == _INPUTS.c.spent_vout)
_of_txid: BindParameter[str] = bindparam("of_txid", type_=Text)
_PAID = select(_PAYEES.c.script).where(_PAYEES.c.txid == _of_txid).order_by(_PAYEES.c.vout)
_OTHERS = select(_TXS.c.others).where(_TXS.c.txid == _of_txid)
_SENT = (
    select(
        _OUTPUTS.c.txid,
        _OUTPUTS.c.vout,
        _OUTPUTS.c.sats,
        _TXS.c.first_at,
        _TXS.c.state,
        _ADDRESSES.c.list_entry,
        _ADDRESSES.c.address,
    )
    .select_from(_ADDRESSES)
    .join(_SCRIPTS, _SCRIPTS.c.script == _ADDRESSES.c.script)
    .join(_INPUTS, _shown)
    .join(_OUTPUTS, _OUTPUTS.c.txid == _INPUTS.c.txid)
    .join(_TXS, _TXS.c.txid == _INPUTS.c.txid)
    .order_by(_TXS.c.first_at, _OUTPUTS.c.txid, _OUTPUTS.c.vout)
)
_GONE = (TxState.REPLACED, TxState.EVICTED)
_ours = _OUTPUTS.alias()
_CAME = (
    select(
        _OUTPUTS.c.txid,
        _OUTPUTS.c.vout,
        _OUTPUTS.c.sats,
        _TXS.c.first_at,
        func.count(_INPUTS.c.n),
        func.count(_SCRIPTS.c.script),
    )
    .join(_TXS, _TXS.c.txid == _OUTPUTS.c.txid)
    .join(_INPUTS, _INPUTS.c.txid == _OUTPUTS.c.txid, isouter=True)
    .join(_SCRIPTS, _shown, isouter=True)
    .join(
        _ours,
        (_ours.c.txid == _INPUTS.c.spent_txid) & (_ours.c.vout == _INPUTS.c.spent_vout),
        isouter=True,
    )
    .where(
        _OUTPUTS.c.campaign == bindparam("campaign", type_=Text),
        _TXS.c.state.not_in(_GONE),
    )
    .group_by(_OUTPUTS.c.txid, _OUTPUTS.c.vout, _OUTPUTS.c.sats, _TXS.c.first_at)
    .having(func.count(_ours.c.txid) == 0)
    .order_by(_TXS.c.first_at, _OUTPUTS.c.txid, _OUTPUTS.c.vout)
)

_UNKNOWN = (
    select(_INPUTS.c.spent_txid, _INPUTS.c.spent_vout)
    .join(_OUTPUTS, _OUTPUTS.c.txid == _INPUTS.c.txid)
    .join(_TXS, _TXS.c.txid == _INPUTS.c.txid)
    .join(_SCRIPTS, _shown, isouter=True)
    .join(
        _ours,
        (_ours.c.txid == _INPUTS.c.spent_txid) & (_ours.c.vout == _INPUTS.c.spent_vout),
        isouter=True,
    )
    .where(_SCRIPTS.c.script.is_(None), _ours.c.script.is_(None), _TXS.c.state.not_in(_GONE))
    .group_by(_INPUTS.c.spent_txid, _INPUTS.c.spent_vout)
    .order_by(func.max(_TXS.c.first_at).desc(), _INPUTS.c.spent_txid, _INPUTS.c.spent_vout)
)


class ScreeningState(StrEnum):
    """How far addresses were compared with the lists in force, and what came of it."""

    NOT_CHECKED = "not_checked"
    IN_PART = "in_part"
    NO_MATCH = "no_match"
    MATCH = "match"


@dataclass(frozen=True, slots=True, order=True)
class Listed:
    """An address that matched, the list that it is on, and the day of that list."""

    address: str
    list: str
    list_date: str


@dataclass(frozen=True, slots=True)
class Screening:
    """`known` of `all` addresses of a transaction could be compared with `lists`, (name, day) each, and the matches."""

    all: int
    known: int
    lists: tuple[tuple[str, str], ...]
    matches: tuple[Listed, ...]

    @property
    def state(self) -> ScreeningState:
        return screening_state(self.known, self.all, listed=bool(self.matches), has_lists=bool(self.lists))


def screening_state(known: int, every: int, *, listed: bool, has_lists: bool) -> ScreeningState:
    """The state of `every` address of which `known` could be compared; where there is none, nobody is on a list."""
    if listed:
        return ScreeningState.MATCH
    if not has_lists or (every and not known):
        return ScreeningState.NOT_CHECKED
    return ScreeningState.NO_MATCH if known == every else ScreeningState.IN_PART


@dataclass(frozen=True, slots=True)
class SentGift:
    """A payment to a campaign; the senders of `known` of the `inputs` of its transaction are known."""

    outpoint: str
    sats: int
    first_at: str
    inputs: int
    known: int


@dataclass(frozen=True, slots=True)
class ListedGift:
    """A payment to a campaign that an address on a list sent; `block` is the number of its last block for a list."""

    outpoint: str
    sats: int
    first_at: str
    is_live: bool  # neither replaced nor given up: in a block, or in a mempool
    matches: tuple[Listed, ...]
    block: str | None


def _versions(lists: Sequence[SanctionsListRow]) -> tuple[tuple[str, str], ...]:
    return tuple((row.name, row.list_date) for row in lists)


def payees_of(session: Session, campaign: str, txid: str) -> Screening:
    """Whom a transaction of ours paid, our own addresses aside, compared with the campaign's lists."""
    lists, connection = lists_in_force(session, campaign), session.connection()
    scripts = connection.scalars(_PAID, {"of_txid": txid}).all()
    others = connection.scalar(_OTHERS, {"of_txid": txid}) or 0
    listed = _listed(session, lists, set(scripts))
    matches = {listed_address for script in scripts for listed_address in listed.get(script, ())}
    return Screening(max(others, len(scripts)), len(scripts), _versions(lists), tuple(sorted(matches)))


def _listed(
    session: Session, lists: Sequence[SanctionsListRow], scripts: set[str]
) -> dict[str, list[Listed]]:
    """By script: where it stands on some lists."""
    named = {row.entry: row for row in lists}
    by_script: dict[str, list[Listed]] = defaultdict(list)
    for some in _parts(scripts):
        wanted = select(_ADDRESSES).where(_ADDRESSES.c.list_entry.in_(named), _ADDRESSES.c.script.in_(some))
        for row in session.connection().execute(wanted) if named else ():
            of = named[row.list_entry]
            by_script[row.script].append(Listed(row.address, of.name, of.list_date))
    return by_script


def _parts(words: Collection[str]) -> Iterator[list[str]]:
    in_order = sorted(words)
    for at in range(0, len(in_order), _MANY):
        yield in_order[at : at + _MANY]


def listed_gifts(session: Session, campaign: str, txids: Collection[str] | None = None) -> list[ListedGift]:
    """The payments to a campaign, in a block or not, that an address on a list in force sent; the oldest first.

    `txids`: those of these transactions alone.
    """
    lists = {row.entry: row for row in lists_in_force(session, campaign)}
    if not lists:
        return []
    among = () if txids is None else (_INPUTS.c.txid.in_(txids),)
    rows = session.connection().execute(
        _SENT.where(_ADDRESSES.c.list_entry.in_(lists), _OUTPUTS.c.campaign == campaign, *among)
    )
    gifts: dict[str, tuple[int, str, bool, set[Listed]]] = {}
    for txid, vout, sats, first_at, state, list_entry, address in rows:
        of = lists[list_entry]
        kept = gifts.setdefault(f"{txid}:{vout}", (sats, first_at, state not in _GONE, set()))
        kept[3].add(Listed(address, of.name, of.list_date))
    blocks = _last_blocks(session, campaign, gifts)
    return [
        ListedGift(outpoint, sats, first_at, coming, tuple(sorted(matches)), blocks.get(outpoint))
        for outpoint, (sats, first_at, coming, matches) in gifts.items()
    ]


def sent_gifts(session: Session, campaign: str) -> Iterator[SentGift]:
    """All payments to a campaign that are in a block or on their way, change aside, in the order of first sight."""
    for txid, vout, sats, first_at, inputs, known in session.connection().execute(
        _CAME, {"campaign": campaign}
    ):
        yield SentGift(f"{txid}:{vout}", sats, first_at, inputs, known)


def unknown_senders(
    session: Session, campaigns: Collection[str], most: int, apart: Collection[str]
) -> list[Outpoint]:
    """Outputs that payments to some campaigns spent and whose scripts nothing shows, those of the newest first.

    At most so many, without those of the transactions `apart`; by transaction.
    """
    wanted = _UNKNOWN.where(_OUTPUTS.c.campaign.in_(campaigns), _INPUTS.c.spent_txid.not_in(apart))
    rows = session.connection().execute(wanted.limit(most))
    return sorted(Outpoint(txid, vout) for txid, vout in rows)


def _last_blocks(session: Session, campaign: str, gifts: Collection[str]) -> dict[str, str]:
    """By gift: the number of the last block that was put on it for a list, standing or not."""
    blocks: dict[str, str] = {}
    for some in _parts(gifts):
        rows = session.exec(
            select_rows(GiftBlockRow)
            .where(
                GiftBlockRow.campaign == campaign,
                col(GiftBlockRow.gift).in_(some),
                col(GiftBlockRow.list_name).is_not(None),
            )
            .order_by(col(GiftBlockRow.entry))
        )
        blocks.update({row.gift: row.number for row in rows})
    return blocks
