"""Observations: what was seen on the chain and when, append-only, folded into the state of transactions and coins.

Donations in the journal are decided elsewhere; nothing here touches money. The tables are those of
ledger/model/observed.py; a block is folded as a whole, in a few statements whatever its number of transactions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Select,
    Text,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    union,
    union_all,
    update,
)
from sqlmodel import Session

from ledger.core.chain import Outpoint
from ledger.core.observation import (
    BlockLeft,
    Evicted,
    ObservationKind,
    ObservedBlock,
    ObservedTx,
    ShownOutputs,
    Sighting,
    WatchedOutput,
    observation_of,
)
from ledger.core.wording import WrongValue
from ledger.model.columns import FLAG, OF_CAMPAIGN, accumulate, table_of, upsert
from ledger.model.observed import (
    ObservedBlockRow,
    ObservedDepartureRow,
    ObservedInputRow,
    ObservedOutputRow,
    ObservedPayeeRow,
    ObservedScriptRow,
    ObservedSourceRow,
    ObservedTransactionRow,
    ObservedUnspentRow,
    TxState,
)


@dataclass(frozen=True, slots=True)
class Departure:
    """A block that held a transaction and left the agreed chain; `time` is its own, `left_at` when that was seen."""

    height: int
    block: str
    time: int
    left_at: str


@dataclass(frozen=True, slots=True)
class WatchedTx:
    """A transaction that touches us, as the observations tell."""

    txid: str
    state: TxState
    inputs: tuple[str, ...]  # outpoints as text
    outputs: tuple[WatchedOutput, ...]  # ours only
    height: int | None
    block: str | None
    block_time: int | None
    position: int | None
    coinbase: bool
    first_at: str
    confirmed_at: str | None
    by: str | None  # what replaced it
    sources: tuple[str, ...]
    others: int  # outputs of value that are not ours
    departures: tuple[Departure, ...] = ()  # in the order in which they were seen


@dataclass(frozen=True, slots=True)
class Coin:
    """An output of ours as the agreed chain has it."""

    outpoint: str
    sats: int
    campaign: str
    branch: str
    height: int | None  # None: not in a block of the agreed chain
    coinbase: bool
    spent_by: str | None
    spent_height: int | None


_BLOCKS, _TXS = table_of(ObservedBlockRow), table_of(ObservedTransactionRow)
_SOURCES, _INPUTS, _OUTPUTS = (
    table_of(ObservedSourceRow),
    table_of(ObservedInputRow),
    table_of(ObservedOutputRow),
)
_UNSPENT = table_of(ObservedUnspentRow)
_SCRIPTS, _PAYEES = table_of(ObservedScriptRow), table_of(ObservedPayeeRow)
_DEPARTURES = table_of(ObservedDepartureRow)
_WAITING = (TxState.SEEN, TxState.REORGED)
"""States of a transaction that is on its way: whoever else spends its inputs replaces it."""
_MANY = 500
"""So many transactions are asked for in one question."""
_PAGE = 10_000
"""So many unspent outpoints are in memory at once as rows; there may be a million of them."""

_txid, _height = bindparam("of_txid", type_=Text), bindparam("of_height", type_=BigInteger)
_txids: BindParameter[str] = bindparam("txids", type_=Text, expanding=True)
_spent = (_INPUTS.c.spent_txid == _OUTPUTS.c.txid) & (_INPUTS.c.spent_vout == _OUTPUTS.c.vout)
_READ = select(_TXS).where(_TXS.c.txid.in_(_txids))
_READ_INPUTS = (
    select(_INPUTS.c.txid, _INPUTS.c.spent_txid, _INPUTS.c.spent_vout)
    .where(_INPUTS.c.txid.in_(_txids))
    .order_by(_INPUTS.c.txid, _INPUTS.c.n)
)
_READ_OUTPUTS = (
    select(
        _OUTPUTS.c.txid,
        _OUTPUTS.c.vout,
        _OUTPUTS.c.script,
        _OUTPUTS.c.sats,
        _OUTPUTS.c.campaign,
        _OUTPUTS.c.branch,
        _OUTPUTS.c.address,
    )
    .where(_OUTPUTS.c.txid.in_(_txids))
    .order_by(_OUTPUTS.c.txid, _OUTPUTS.c.vout)
)
_READ_SOURCES = (
    select(_SOURCES.c.txid, _SOURCES.c.source)
    .where(_SOURCES.c.txid.in_(_txids))
    .order_by(_SOURCES.c.txid, _SOURCES.c.source)
)
_READ_DEPARTURES = (
    select(
        _DEPARTURES.c.txid,
        _DEPARTURES.c.height,
        _DEPARTURES.c.block,
        _DEPARTURES.c.time,
        _DEPARTURES.c.left_at,
    )
    .where(_DEPARTURES.c.txid.in_(_txids))
    .order_by(_DEPARTURES.c.txid, _DEPARTURES.c.n)
)
_COINS = (
    select(
        _OUTPUTS.c.txid,
        _OUTPUTS.c.vout,
        _OUTPUTS.c.sats,
        _OUTPUTS.c.campaign,
        _OUTPUTS.c.branch,
        _OUTPUTS.c.height,
        _OUTPUTS.c.coinbase,
        _OUTPUTS.c.spent_by,
        _OUTPUTS.c.spent_height,
    )
    .join(_TXS, _TXS.c.txid == _OUTPUTS.c.txid)
    .where(_TXS.c.confirmed_at.is_not(None))
)
_COIN = _COINS.where(_OUTPUTS.c.txid == _txid, _OUTPUTS.c.vout == bindparam("of_vout", type_=BigInteger))
_IN_BLOCKS = (
    select(_TXS.c.txid)
    .where(_TXS.c.height >= _height, _TXS.c.height <= bindparam("upto", type_=BigInteger))
    .order_by(_TXS.c.height, _TXS.c.position, _TXS.c.txid)
)
_UNCONFIRMED = select(_TXS.c.txid).where(_TXS.c.state.in_(_WAITING)).order_by(_TXS.c.txid)
_SPENDING_OURS = (
    select(_OUTPUTS.c.txid, _OUTPUTS.c.vout, _INPUTS.c.txid, _TXS.c.height)
    .join(_INPUTS, _spent)
    .join(_TXS, _TXS.c.txid == _INPUTS.c.txid)
    .where(_TXS.c.height.is_not(None))
)
_coins, _paid = _OUTPUTS.alias(), _TXS.alias()
_TIME_OF = select(_BLOCKS.c.time).where(_BLOCKS.c.height == bindparam("at_height"))
_SPENDING_COINS = (
    select(_INPUTS.c.txid)
    .join(_coins, (_coins.c.txid == _INPUTS.c.spent_txid) & (_coins.c.vout == _INPUTS.c.spent_vout))
    .join(_paid, _paid.c.txid == _coins.c.txid)
    .where(_paid.c.confirmed_at.is_not(None))
)
_same = _INPUTS.alias()
_RIVALS = (
    select(_TXS.c.txid.label("rival"), _INPUTS.c.txid.label("by"))
    .select_from(_INPUTS)
    .join(_same, (_same.c.spent_txid == _INPUTS.c.spent_txid) & (_same.c.spent_vout == _INPUTS.c.spent_vout))
    .join(_TXS, _TXS.c.txid == _same.c.txid)
    .where(_INPUTS.c.txid.in_(_txids), _TXS.c.txid.not_in(_txids), _TXS.c.state.in_(_WAITING))
)
_BEATEN = (
    select(_TXS.c.txid)
    .select_from(_INPUTS)
    .join(_same, (_same.c.spent_txid == _INPUTS.c.spent_txid) & (_same.c.spent_vout == _INPUTS.c.spent_vout))
    .join(_TXS, _TXS.c.txid == _same.c.txid)
    .where(_INPUTS.c.txid == _txid, _TXS.c.state == TxState.REPLACED, _TXS.c.replaced_by == _txid)
    .distinct()
    .order_by(_TXS.c.txid)
)
_CHILDREN = (
    select(_TXS.c.txid, _INPUTS.c.spent_txid)
    .join(_INPUTS, _INPUTS.c.txid == _TXS.c.txid)
    .where(_INPUTS.c.spent_txid.in_(_txids), _TXS.c.state.in_(_WAITING))
)
_COINBASE = _OUTPUTS.c.coinbase == bindparam("coinbase", True, type_=FLAG, literal_execute=True)
"""Written into the statement: only so does SQLite know its index of coinbases."""
_AFFECTED = union(
    select(_OUTPUTS.c.txid, _OUTPUTS.c.vout).where(_OUTPUTS.c.txid.in_(_txids)),
    select(_OUTPUTS.c.txid, _OUTPUTS.c.vout).join(_INPUTS, _spent).where(_INPUTS.c.txid.in_(_txids)),
).subquery()
"""Coins of ours that some transactions pay or spend."""
_UNSPENT_OF = (
    select(_OUTPUTS.c.campaign, func.sum(_OUTPUTS.c.sats))
    .where(_OUTPUTS.c.height.is_not(None), _OUTPUTS.c.spent_height.is_(None))
    .group_by(_OUTPUTS.c.campaign)
)
_UNSPENT_KEPT = select(_UNSPENT.c.campaign, _UNSPENT.c.sats)
_UNSPENT_OF_TRANSACTIONS = _UNSPENT_OF.join_from(
    _AFFECTED, _OUTPUTS, (_OUTPUTS.c.txid == _AFFECTED.c.txid) & (_OUTPUTS.c.vout == _AFFECTED.c.vout)
)


@cache
def _unspent_at(of_campaign: bool) -> Select[int, int, int, int]:
    """Sats of a campaign, or of all: coins that no block spends, those of them above block `settled`, coins up to it
    that are spent above it, and coinbases above block `mature` that were unspent at it."""
    settled, mature = bindparam("settled", type_=BigInteger), bindparam("mature", type_=BigInteger)
    mine = (_OUTPUTS.c.campaign == OF_CAMPAIGN,) if of_campaign else ()
    coins = select(func.coalesce(func.sum(_OUTPUTS.c.sats), 0)).where(*mine)
    kept = select(func.coalesce(func.sum(_UNSPENT.c.sats), 0))
    if of_campaign:
        kept = kept.where(_UNSPENT.c.campaign == OF_CAMPAIGN)
    above = select(_TXS.c.txid).where(_TXS.c.height > settled)
    unspent, spent_since = _OUTPUTS.c.spent_height.is_(None), _OUTPUTS.c.spent_height > settled
    there = coins.where(_OUTPUTS.c.height <= settled)
    young = there.where(_COINBASE, _OUTPUTS.c.height > mature, or_(unspent, spent_since))
    return select(
        kept.scalar_subquery(),
        coins.where(_OUTPUTS.c.txid.in_(above), unspent).scalar_subquery(),
        there.where(spent_since).scalar_subquery(),
        young.scalar_subquery(),
    )


_SET_STATE = (
    update(_TXS)
    .where(_TXS.c.txid == _txid, _TXS.c.state != TxState.CONFIRMED)
    .values(
        state=bindparam("new_state", type_=_TXS.c.state.type), replaced_by=bindparam("new_by", type_=Text)
    )
)
_SPEND = (
    update(_OUTPUTS)
    .where(_OUTPUTS.c.txid == _txid, _OUTPUTS.c.vout == bindparam("of_vout", type_=BigInteger))
    .values(spent_by=bindparam("by", type_=Text), spent_height=_height)
)
_CONFIRM = (
    update(_TXS)
    .where(_TXS.c.txid == _txid)
    .values(
        state=TxState.CONFIRMED,
        height=_height,
        block=bindparam("new_block", type_=Text),
        block_time=bindparam("new_time", type_=BigInteger),
        position=bindparam("new_position", type_=BigInteger),
        confirmed_at=func.coalesce(_TXS.c.confirmed_at, bindparam("new_at", type_=Text)),
        replaced_by=None,
        others=bindparam("new_others", type_=BigInteger),
    )
)


def coin_of(outpoint: str, seen: WatchedTx | None) -> Coin | None:
    """The coin that an output of ours becomes when its transaction, seen so far, is in a block."""
    vout = Outpoint.parse(outpoint).vout
    for output in () if seen is None else seen.outputs:
        if output.vout == vout:
            return Coin(outpoint, output.sats, output.campaign, output.branch, None, False, None, None)
    return None


class Observed:
    """The state of chain, transactions and coins."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._accumulate = accumulate(session, ObservedUnspentRow)
        self._show = upsert(session, ObservedScriptRow)
        self._pay = upsert(session, ObservedPayeeRow)

    # reading

    def height_of(self, block: str) -> int | None:
        height: int | None = self._connection.scalar(select(_BLOCKS.c.height).where(_BLOCKS.c.hash == block))
        return height

    def time_of(self, height: int) -> int | None:
        """Unix seconds of the block that was read at a height; None where none was."""
        time: int | None = self._connection.scalar(_TIME_OF, {"at_height": height})
        return time

    def tx(self, txid: str) -> WatchedTx | None:
        return next(self.txs((txid,)), None)

    def replaced_by(self, txid: str) -> tuple[str, ...]:
        """Transactions to or from us whose inputs this one took."""
        return tuple(self._connection.scalars(_BEATEN, {"of_txid": txid}))

    def known(self, txids: Collection[str]) -> set[str]:
        """Those of some txids whose transactions were seen."""
        wanted, known_txids = sorted(txids), set[str]()
        for at in range(0, len(wanted), _MANY):
            query = select(_TXS.c.txid).where(_TXS.c.txid.in_(wanted[at : at + _MANY]))
            known_txids.update(self._connection.scalars(query))
        return known_txids

    def txs(self, txids: Sequence[str]) -> Iterator[WatchedTx]:
        """Those transactions of some that are known, in their order."""
        for at in range(0, len(txids), _MANY):
            asked = {"txids": txids[at : at + _MANY]}
            rows = {row.txid: row for row in self._connection.execute(_READ, asked)}
            inputs: dict[str, list[str]] = defaultdict(list)
            outputs: dict[str, list[WatchedOutput]] = defaultdict(list)
            sources: dict[str, list[str]] = defaultdict(list)
            if rows:
                for txid, spent, vout in self._connection.execute(_READ_INPUTS, asked):
                    inputs[txid].append(f"{spent}:{vout}")
                for txid, *output in self._connection.execute(_READ_OUTPUTS, asked):
                    outputs[txid].append(WatchedOutput(*output))
                for txid, source in self._connection.execute(_READ_SOURCES, asked):
                    sources[txid].append(source)
            departures: dict[str, list[Departure]] = defaultdict(list)
            if any(row.departures for row in rows.values()):
                for txid, *departure in self._connection.execute(_READ_DEPARTURES, asked):
                    departures[txid].append(Departure(*departure))
            for txid in asked["txids"]:
                row = rows.get(txid)
                if row is not None:
                    yield WatchedTx(
                        txid=txid,
                        state=row.state,
                        inputs=tuple(inputs[txid]),
                        outputs=tuple(outputs[txid]),
                        height=row.height,
                        block=row.block,
                        block_time=row.block_time,
                        position=row.position,
                        coinbase=row.coinbase,
                        first_at=row.first_at,
                        confirmed_at=row.confirmed_at,
                        by=row.replaced_by,
                        sources=tuple(sources[txid]),
                        others=row.others,
                        departures=tuple(departures[txid]),
                    )

    def txs_in(self, first: int, last: int) -> Iterator[WatchedTx]:
        """Transactions that touch us in blocks `first..last`, in order of height and position."""
        return self.txs(self._connection.scalars(_IN_BLOCKS, {"of_height": first, "upto": last}).all())

    def paying_from(self, campaign: str, height: int, position: int, size: int) -> Iterator[list[WatchedTx]]:
        """Transactions with outputs of a campaign from a place in a block on, in order, `size` at a time, as far as
        asked for."""
        order = (_TXS.c.height, _TXS.c.position, _TXS.c.txid)
        at = (height, position, "")
        pays = exists().where(_OUTPUTS.c.txid == _TXS.c.txid, _OUTPUTS.c.campaign == campaign)
        query = select(*order).where(pays).order_by(*order).limit(size)
        while True:
            rows = self._connection.execute(query.where(tuple_(*order) > at)).all()
            if rows:
                yield list(self.txs([row.txid for row in rows]))
            if len(rows) < size:
                return
            at = (rows[-1].height, rows[-1].position, rows[-1].txid)

    def spending_coins(self, txids: Sequence[str]) -> set[str]:
        """Those of some transactions that spend a coin of ours: what they pay us is change."""
        spenders: set[str] = set()
        for at in range(0, len(txids), _MANY):
            asked = {"txids": txids[at : at + _MANY]}
            spenders.update(
                self._connection.scalars(_SPENDING_COINS.where(_INPUTS.c.txid.in_(_txids)), asked)
            )
        return spenders

    def payments_above(self, settled: int, campaign: str) -> int:
        """How many payments to a campaign are in blocks above `settled` or in none yet, change aside."""
        young = union_all(
            select(_TXS.c.txid).where(_TXS.c.height > settled),
            select(_TXS.c.txid).where(_TXS.c.state == TxState.SEEN),
        )
        change = _SPENDING_COINS.where(_INPUTS.c.txid == _OUTPUTS.c.txid).correlate(_OUTPUTS).exists()
        count = select(func.count()).select_from(_OUTPUTS)
        mine = count.where(_OUTPUTS.c.txid.in_(young), _OUTPUTS.c.campaign == campaign, ~change)
        return int(self._connection.scalar(mine) or 0)

    def spent_since(self, blocks: int) -> Iterator[Outpoint]:
        """What transactions that touch us spend in the newest blocks, ours and others'."""
        newest = select(func.max(_BLOCKS.c.height)).scalar_subquery()
        query = (
            select(_INPUTS.c.spent_txid, _INPUTS.c.spent_vout)
            .join(_TXS, _TXS.c.txid == _INPUTS.c.txid)
            .where(_TXS.c.height > newest - blocks)
        )
        for row in self._connection.execute(query):
            yield Outpoint(*row)

    def coin(self, outpoint: str) -> Coin | None:
        place = Outpoint.parse(outpoint)
        row = self._connection.execute(_COIN, {"of_txid": place.txid, "of_vout": place.vout}).first()
        return None if row is None else _coin(*row)

    def coin_to_be(self, outpoint: str) -> Coin | None:
        """An output of ours that is a coin, or becomes one when its transaction, seen so far, is in a block."""
        coin = self.coin(outpoint)
        return coin_of(outpoint, self.tx(Outpoint.parse(outpoint).txid)) if coin is None else coin

    def ours(self, outpoints: Collection[Outpoint]) -> set[Outpoint]:
        """Those of some outpoints that are outputs of ours, be they in a block or not."""
        txids = sorted({outpoint.txid for outpoint in outpoints})
        our_outpoints: set[Outpoint] = set()
        for at in range(0, len(txids), _MANY):
            query = select(_OUTPUTS.c.txid, _OUTPUTS.c.vout).where(_OUTPUTS.c.txid.in_(_txids))
            rows = self._connection.execute(query, {"txids": txids[at : at + _MANY]})
            our_outpoints.update(Outpoint(*row) for row in rows)
        return our_outpoints.intersection(outpoints)

    def coins(self) -> Iterator[Coin]:
        """All outputs of ours that ever were in a block."""
        for row in self._connection.execute(_COINS.order_by(_OUTPUTS.c.txid, _OUTPUTS.c.vout)):
            yield _coin(*row)

    def unspent(self) -> Iterator[Outpoint]:
        """Outpoints of ours that no block of the agreed chain spends."""
        query = (
            select(_OUTPUTS.c.txid, _OUTPUTS.c.vout)
            .join(_TXS, _TXS.c.txid == _OUTPUTS.c.txid)
            .where(_OUTPUTS.c.spent_height.is_(None), _TXS.c.confirmed_at.is_not(None))
        )
        for row in self._connection.execute(query).yield_per(_PAGE):
            yield Outpoint(*row)

    def unspent_sats(self, settled: int, mature: int, campaign: str | None = None) -> int:
        """Sats of coins, of a campaign or of all, that lie in blocks up to `settled` and that none of these spends.

        Coinbases count up to block `mature`.
        """
        asked = {"settled": settled, "mature": mature, "of_campaign": campaign}
        kept, newer, spent_since, immature = self._connection.execute(
            _unspent_at(campaign is not None), asked
        ).one()
        return int(kept) - int(newer) + int(spent_since) - int(immature)

    def unspent_kept(self) -> dict[str, int]:
        """Sats of coins that no block spends, by campaign, as they are kept; without those that have none."""
        rows = self._connection.execute(_UNSPENT_KEPT)
        return {campaign: sats for campaign, sats in rows if sats}

    def unspent_counted(self) -> dict[str, int]:
        """The same, counted coin by coin: what the checks trust."""
        return {campaign: int(sats) for campaign, sats in self._connection.execute(_UNSPENT_OF)}

    def knows(self, txid: str, script: str) -> str | None:
        """The block in which a transaction is known to pay or spend a script (hex); None where it is not."""
        block = select(_TXS.c.block).where(_TXS.c.txid == txid, _TXS.c.block.is_not(None))
        pays = select(_OUTPUTS.c.vout).where(_OUTPUTS.c.txid == txid, _OUTPUTS.c.script == script)
        spends = (
            select(_OUTPUTS.c.vout)
            .join(_INPUTS, _spent)
            .where(_INPUTS.c.txid == txid, _OUTPUTS.c.script == script)
        )
        known_block: str | None = self._connection.scalar(block.where(pays.exists() | spends.exists()))
        return known_block

    def scripts_of(self, watched: WatchedTx) -> list[str]:
        """Scripts of ours (hex) that a transaction pays, then those whose coins it spends: their histories list it."""
        query = select(_OUTPUTS.c.script).join(_INPUTS, _spent).where(_INPUTS.c.txid == watched.txid)
        spends = self._connection.scalars(query.order_by(_INPUTS.c.n))
        return list(dict.fromkeys([*(output.script for output in watched.outputs), *spends]))

    def paid_to(self, script: str) -> list[str]:
        """Outpoints that ever paid a script (hex), in order of first sight."""
        query = (
            select(_OUTPUTS.c.txid, _OUTPUTS.c.vout)
            .join(_TXS, _TXS.c.txid == _OUTPUTS.c.txid)
            .where(_OUTPUTS.c.script == script)
            .order_by(_TXS.c.first_at, _OUTPUTS.c.txid, _OUTPUTS.c.vout)
        )
        return [f"{txid}:{vout}" for txid, vout in self._connection.execute(query)]

    def unconfirmed(self) -> Iterator[WatchedTx]:
        """Transactions that were seen and are in no block."""
        return self.txs(self._connection.scalars(_UNCONFIRMED).all())

    # folding

    def fold(self, at: str, source: str, kind: str, subject: str, data: bytes) -> None:
        """Fold one observation; the same rows in the same order give the same tables."""
        observed_kind = ObservationKind(kind)
        match observation_of(observed_kind, subject, data):
            case ObservedBlock() as block:
                if observed_kind is ObservationKind.BLOCK_JOINED:
                    row = {"height": block.height, "hash": subject, "time": block.time}
                    self._connection.execute(insert(_BLOCKS), row)
                self._take_in(at, source, subject, block)
            case BlockLeft():
                self._leave(at, subject)
            case Sighting(tx=transaction):
                self._see(at, source, transaction)
            case Evicted():
                self._set_state([(subject, TxState.EVICTED, None)])
            case ShownOutputs(scripts=scripts):
                self._shown((subject, vout, script, True) for vout, script in scripts)

    def _take_in(self, at: str, source: str, block: str, body: ObservedBlock) -> None:
        """Transactions of a block; those that were known there already are told more fully, never less."""
        for low in range(0, len(body.txs), _MANY):
            some = body.txs[low : low + _MANY]
            self._add(at, source, some)
            asked = {"txids": [tx.txid for tx in some]}
            before = self._unspent_of_transactions(asked)
            self._connection.execute(
                _CONFIRM,
                [
                    {
                        "of_txid": tx.txid,
                        "of_height": body.height,
                        "new_block": block,
                        "new_time": body.time,
                        "new_position": tx.position,
                        "new_at": at,
                        "new_others": tx.others,
                    }
                    for tx in some
                ],
            )
            self._connection.execute(
                update(_OUTPUTS).where(_OUTPUTS.c.txid.in_(_txids)).values(height=body.height), asked
            )
            # A payment may be told after the transaction that spends it, and both in one block.
            spent = [
                *self._connection.execute(_SPENDING_OURS.where(_INPUTS.c.txid.in_(_txids)), asked),
                *self._connection.execute(_SPENDING_OURS.where(_OUTPUTS.c.txid.in_(_txids)), asked),
            ]
            rows = [
                {"of_txid": txid, "of_vout": vout, "by": by, "of_height": there}
                for txid, vout, by, there in spent
            ]
            if rows:
                self._connection.execute(_SPEND, rows)
            after = self._unspent_of_transactions(asked)
            self._add_unspent({each: after[each] - before[each] for each in {*before, *after}})
            self._replace(asked["txids"])

    def _unspent_of_transactions(self, asked: dict[str, list[str]]) -> Counter[str]:
        """By campaign: sats of those coins that some transactions pay or spend, and that no block spends."""
        rows = self._connection.execute(_UNSPENT_OF_TRANSACTIONS, asked)
        return Counter({campaign: int(sats) for campaign, sats in rows})

    def _add_unspent(self, changed: Mapping[str, int]) -> None:
        """Keep the sums of unspent coins true."""
        rows = [{"campaign": campaign, "sats": sats} for campaign, sats in sorted(changed.items()) if sats]
        if rows:
            self._connection.execute(self._accumulate, rows)

    def _add(self, at: str, source: str, transactions: Sequence[ObservedTx]) -> None:
        """Keep transactions, those that are known with their inputs and outputs as they are told now."""
        asked = {"txids": [tx.txid for tx in transactions]}
        known = set(self._connection.scalars(select(_TXS.c.txid).where(_TXS.c.txid.in_(_txids)), asked))
        if known:
            self._connection.execute(
                delete(_INPUTS).where(_INPUTS.c.txid.in_(_txids)), {"txids": sorted(known)}
            )
        paying = select(_OUTPUTS.c.txid, _OUTPUTS.c.vout).where(_OUTPUTS.c.txid.in_(_txids))
        outputs = {(row.txid, row.vout) for row in self._connection.execute(paying, asked)}
        sources = set(
            self._connection.scalars(
                select(_SOURCES.c.txid).where(_SOURCES.c.txid.in_(_txids), _SOURCES.c.source == source), asked
            )
        )
        added = [
            {
                "txid": tx.txid,
                "state": TxState.SEEN,
                "coinbase": tx.coinbase,
                "departures": 0,
                "first_at": at,
                "others": tx.others,
            }
            for tx in transactions
            if tx.txid not in known
        ]
        spent = [
            {"txid": tx.txid, "n": n, "spent_txid": outpoint.txid, "spent_vout": outpoint.vout}
            for tx in transactions
            for n, outpoint in enumerate(tx.inputs)
        ]
        paid = [
            {
                "txid": tx.txid,
                "vout": output.vout,
                "script": output.script,
                "sats": output.sats,
                "campaign": output.campaign,
                "branch": output.branch,
                "address": output.address,
                "coinbase": tx.coinbase,
            }
            for tx in transactions
            for output in tx.outputs
            if (tx.txid, output.vout) not in outputs
        ]
        by = [{"txid": tx.txid, "source": source} for tx in transactions if tx.txid not in sources]
        for table, rows in ((_TXS, added), (_INPUTS, spent), (_OUTPUTS, paid), (_SOURCES, by)):
            if rows:
                self._connection.execute(insert(table), rows)
        self._show_spent(transactions)
        payees = [
            {"txid": tx.txid, "vout": paid.vout, "script": paid.script, "sats": paid.sats}
            for tx in transactions
            for paid in tx.payees
        ]
        if payees:
            self._connection.execute(self._pay, payees)

    def _show_spent(self, transactions: Sequence[ObservedTx]) -> None:
        """Keep what inputs show of the scripts that they spent from; what was proven of one before stays."""
        shown = {
            outpoint: script
            for tx in transactions
            for outpoint, script in zip(tx.inputs, tx.spent, strict=False)
            if script is not None
        }
        txids = sorted({outpoint.txid for outpoint in shown})
        for at in range(0, len(txids), _MANY):
            query = select(_SCRIPTS.c.txid, _SCRIPTS.c.vout).where(_SCRIPTS.c.txid.in_(_txids))
            for row in self._connection.execute(query, {"txids": txids[at : at + _MANY]}):
                shown.pop(Outpoint(*row), None)
        self._shown((outpoint.txid, outpoint.vout, script, False) for outpoint, script in shown.items())

    def _shown(self, outputs: Iterable[tuple[str, int, str, bool]]) -> None:
        rows = [
            {"txid": txid, "vout": vout, "script": script, "proven": proven}
            for txid, vout, script, proven in outputs
        ]
        if rows:
            self._connection.execute(self._show, rows)

    def _replace(self, txids: Sequence[str]) -> None:
        """Those on their way that spend what some transactions spend are replaced by these; with all that spends
        their outputs."""
        rivals = self._connection.execute(_RIVALS, {"txids": txids})
        gone: dict[str, str] = {row.rival: row.by for row in rivals}
        while gone:
            self._set_state([(rival, TxState.REPLACED, by) for rival, by in sorted(gone.items())])
            children = self._connection.execute(_CHILDREN, {"txids": sorted(gone)})
            gone = {row.txid: gone[row.spent_txid] for row in children}

    def _set_state(self, states: Iterable[tuple[str, TxState, str | None]]) -> None:
        rows = [{"of_txid": txid, "new_state": state, "new_by": by} for txid, state, by in states]
        if rows:
            self._connection.execute(_SET_STATE, rows)

    def _leave(self, at: str, block: str) -> None:
        height = self.height_of(block)
        if height is None:
            raise WrongValue("observation: block {block} left and never joined", block=block)
        of_block = select(_TXS.c.txid).where(_TXS.c.height == height)
        lost = _UNSPENT_OF.where(_OUTPUTS.c.txid.in_(of_block), _OUTPUTS.c.height == height)
        freed = (
            select(_OUTPUTS.c.campaign, func.sum(_OUTPUTS.c.sats))
            .where(_OUTPUTS.c.spent_height == height, _OUTPUTS.c.height != height)
            .group_by(_OUTPUTS.c.campaign)
        )
        changed = Counter({campaign: int(sats) for campaign, sats in self._connection.execute(freed)})
        for campaign, sats in self._connection.execute(lost):
            changed[campaign] -= int(sats)
        self._add_unspent(changed)
        left = {"state": TxState.REORGED, "height": None, "block": None, "block_time": None, "position": None}
        departed = select(
            _TXS.c.txid, _TXS.c.departures, _TXS.c.height, _TXS.c.block, _TXS.c.block_time, literal(at)
        )
        columns = ("txid", "n", "height", "block", "time", "left_at")
        spent = {"spent_by": None, "spent_height": None}
        for statement in (
            update(_OUTPUTS).where(_OUTPUTS.c.spent_height == height).values(spent),
            update(_OUTPUTS).where(_OUTPUTS.c.txid.in_(of_block)).values(height=None),
            insert(_DEPARTURES).from_select(columns, departed.where(_TXS.c.height == height)),
            update(_TXS).where(_TXS.c.height == height).values(left | {"departures": _TXS.c.departures + 1}),
            delete(_BLOCKS).where(_BLOCKS.c.height == height),
        ):
            self._connection.execute(statement)

    def _see(self, at: str, source: str, transaction: ObservedTx) -> None:
        known = self.tx(transaction.txid)
        if known is not None and known.state is TxState.CONFIRMED:
            return
        if known is None:
            self._add(at, source, [transaction])
        elif source not in known.sources:
            self._connection.execute(insert(_SOURCES), {"txid": transaction.txid, "source": source})
        self._set_state([(transaction.txid, TxState.SEEN, None)])
        self._replace([transaction.txid])


def _coin(
    txid: str,
    vout: int,
    sats: int,
    campaign: str,
    branch: str,
    height: int | None,
    coinbase: bool,
    spent_by: str | None,
    spent_height: int | None,
) -> Coin:
    outpoint = f"{txid}:{vout}"
    return Coin(outpoint, sats, campaign, branch, height, coinbase, spent_by, spent_height)
