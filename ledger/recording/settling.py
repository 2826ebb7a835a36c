"""From a look to the books: observe what joined and left, then void, restore, settle; all in one transaction.

A reorganisation is applied as a whole before anything settles (docs/rules.md, 3 and 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlmodel import select

from ledger.core.chain import Outpoint, Script
from ledger.core.entry import Entry
from ledger.core.look import ChainLook, JoinedBlock, SeenTx
from ledger.core.observation import (
    BlockLeft,
    Evicted,
    ObservationBody,
    ObservationKind,
    ObservedBlock,
    ObservedTx,
    PaidOutput,
    WatchedOutput,
    observation_bytes,
    transactions_of,
)
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.model.columns import as_written, replace_all
from ledger.model.looks import AbsentRow, LastLookRow, LookSourceRow
from ledger.model.observed import TxState
from ledger.recording.any_kind import AnyKind
from ledger.recording.early import purpose_of, record_drafts
from ledger.recording.record import Recorded, record
from ledger.recording.screening import keep_apart
from ledger.recording.sightings import others_among, own_outputs, sighted, spent_from
from ledger.rules.books import Books
from ledger.rules.coins import CoinClasses, gift_facts, late_spend_facts, spend_facts
from ledger.rules.fee_only import bearing, explained_by_itself
from ledger.rules.gifts import DONATION, MOVED, RESTORE, VOID, Again
from ledger.rules.observing import Coin, Observed, WatchedTx
from ledger.rules.openings import standing_opening
from ledger.rules.own_moves import OWN_MOVE, OwnMove
from ledger.rules.sanctions_lists import lists_in_force
from ledger.rules.settled import MATURITY, depth_of
from ledger.rules.spends import RESTORE_SPEND, SPEND, VOID_SPEND, SpentAgain, spend_change, spends_of
from ledger.rules.spent_before import SPENT_BEFORE, spent_before
from ledger.store.messages import forget_messages, keep_messages
from ledger.store.observations import Observation
from ledger.store.transaction import Writing

ABSENT_LOOKS = 3
ABSENT_SECONDS = 3600
"""Evicted: absent in three looks in a row, over at least an hour (docs/rules.md, C2)."""


@dataclass
class LookOutcome:
    """The entries that a look led to, in order."""

    entries: list[Entry] = field(default_factory=list)
    behind: int = 0
    """Blocks between the agreed tip and the best header, when this look came nearer: read on at once."""


def record_look(tx: Writing, look: ChainLook, *, now: int) -> LookOutcome:
    """Take a look into the ledger. Raises nothing for what a chain can do; all or nothing with `tx`."""
    return _Settling(tx, look, now).run()


def _payees(outputs: Iterable[tuple[Script, int]], ours: Iterable[WatchedOutput]) -> tuple[PaidOutput, ...]:
    """The outputs of value that are not ours."""
    own = {output.vout for output in ours}
    return tuple(
        PaidOutput(vout, script.hex(), sats)
        for vout, (script, sats) in enumerate(outputs)
        if sats > 0 and vout not in own
    )


class _Settling:
    def __init__(self, tx: Writing, look: ChainLook, now: int) -> None:
        self._tx, self._look, self._now = tx, look, now
        self._at = rfc3339(now)
        self._observed = Observed(tx.session)
        self._classes = CoinClasses(Books(tx))
        self._depth = depth_of(tx)
        self._outcome = LookOutcome()
        self._late_coins: list[str] = []
        self._recorded_spenders: set[str] = set()
        self._screens: dict[str, bool] = {}

    def run(self) -> LookOutcome:
        undone, lowest = self._observe()
        late_coins = [c for c in map(self._observed.coin, self._late_coins) if c is not None]
        self._recorded_spenders = {
            c.spent_by for c in late_coins if c.spent_by and spends_of(self._tx.session, c.spent_by)
        }
        tip = self._look.tip
        progress = self._tx.progress
        before = int(progress.load("settled_height") or -1)
        young = int(progress.load("settled_coinbase") or -1)
        progress.save("scanned", tip.hash)
        progress.save("tip_height", str(tip.height))
        progress.save("tip_hash", tip.hash)
        progress.save("tip_time", str(tip.time))
        self._note_look()
        if lowest is not None:
            before, young = min(before, lowest - 1), min(young, lowest - 1)
            self._void(undone)
        settled = tip.height - self._depth + 1
        mature = tip.height - max(self._depth, MATURITY) + 1
        work = [w for w in self._observed.txs_in(before + 1, settled) if not w.coinbase]
        work += [w for w in self._observed.txs_in(young + 1, mature) if w.coinbase]
        work += self._late(before, young)
        for transaction in sorted(work, key=lambda w: (w.height or 0, w.position or 0)):
            self._settle(transaction)
        self._settle_late_spends()
        progress.save("settled_height", str(settled))
        progress.save("settled_coinbase", str(mature))
        if self._look.joined:
            self._outcome.behind = max(0, self._look.best_height - tip.height)
        return self._outcome

    def _late(self, before: int, young: int) -> list[WatchedTx]:
        """What was told late of blocks that were settled before."""
        txids = {facts.txid for block in self._look.late for facts in block.txs}
        waiting = [w for w in map(self._observed.tx, sorted(txids)) if w is not None and w.height is not None]
        return [w for w in waiting if (w.height or 0) <= (young if w.coinbase else before)]

    # observing

    def _observe(self) -> tuple[list[str], int | None]:
        """Append and fold what is new; transactions of blocks that left, newest first, and their lowest height."""
        undone: list[str] = []
        lowest: int | None = None
        for block in self._look.undone:
            height = self._observed.height_of(block)
            if height is None:
                continue
            lowest = height if lowest is None else min(lowest, height)
            undone += [w.txid for w in reversed(list(self._observed.txs_in(height, height)))]
            self._append("look", ObservationKind.BLOCK_LEFT, block, BlockLeft())
        for late in self._look.late:
            for facts in late.txs:
                self._late_coins += [
                    outpoint
                    for output in own_outputs(self._tx, facts.outputs)
                    if self._observed.coin(outpoint := f"{facts.txid}:{output.vout}") is None
                ]
        for kind, blocks in (
            (ObservationKind.BLOCK_JOINED, self._look.joined),
            (ObservationKind.BLOCK_FILLED, self._look.late),
        ):
            for block_told in blocks:
                self._append(block_told.source, kind, block_told.ref.hash, self._block(block_told))
        seen = {sighting.txid for sighting in self._look.seen}
        waiting = list(self._look.seen)
        while waiting:  # a payment out of an unconfirmed one may be told before it
            left = [sighting for sighting in waiting if not self._see(sighting)]
            waiting = left if len(left) < len(waiting) else []
        if self._look.mempool_complete:
            self._note_absent(seen)
        return undone, lowest

    def _see(self, sighting: SeenTx) -> bool:
        """Observe a sighting that is new; False where it is nothing of ours, as far as is known."""
        known = self._observed.tx(sighting.txid)
        if known is not None and known.state in {TxState.SEEN, TxState.CONFIRMED}:
            return True
        outputs = own_outputs(self._tx, sighting.outputs)
        if not outputs and not any(self._observed.coin_to_be(str(spent)) for spent in sighting.inputs):
            return False
        self._append(sighting.source, ObservationKind.TX_SEEN, sighting.txid, sighted(sighting, outputs))
        return True

    def _block(self, block: JoinedBlock) -> ObservedBlock:
        """A block as its observation tells of it; whom a transaction pays is told where it spends coins of ours."""
        inputs = {spent for facts in block.txs if not facts.coinbase for spent in facts.inputs}
        ours = self._observed.ours(inputs)
        txs = []
        for facts in block.txs:
            outputs = own_outputs(self._tx, facts.outputs)
            spends = not ours.isdisjoint(facts.inputs)
            txs.append(
                ObservedTx(
                    txid=facts.txid,
                    position=facts.position,
                    coinbase=facts.coinbase,
                    inputs=() if facts.coinbase else facts.inputs,
                    outputs=outputs,
                    others=others_among(facts.outputs, outputs),
                    spent=spent_from(facts.spent),
                    payees=_payees(facts.outputs, outputs) if spends else (),
                    branch=tuple(node.hex() for node in facts.branch),
                )
            )
            ours |= {Outpoint(facts.txid, output.vout) for output in outputs}
        return ObservedBlock(block.ref.height, block.ref.time, tuple(txs))

    def _append(self, source: str, kind: ObservationKind, subject: str, body: ObservationBody) -> None:
        data = observation_bytes(body)
        concerned = set(self._campaigns_of(kind, subject, body))
        self._tx.observations.append([Observation(self._at, source, kind.value, subject, data)])
        self._observed.fold(self._at, source, kind.value, subject, data)
        self._tx.changes.note(concerned)

    def _campaigns_of(self, kind: ObservationKind, subject: str, body: ObservationBody) -> Iterator[str]:
        """Whose payments and coins an observation is about, before it is folded; none for an empty block."""
        known: list[WatchedTx | None] = []
        match kind:
            case ObservationKind.BLOCK_LEFT:
                height = self._observed.height_of(subject)
                known += [] if height is None else self._observed.txs_in(height, height)
            case ObservationKind.TX_EVICTED:
                known.append(self._observed.tx(subject))
        for watched in filter(None, known):
            yield from (output.campaign for output in watched.outputs)
            yield from self._owners(watched.inputs)
        for transaction in transactions_of(body):
            yield from (output.campaign for output in transaction.outputs)
            yield from self._owners(map(str, transaction.inputs))

    def _owners(self, outpoints: Iterable[str]) -> Iterator[str]:
        return (coin.campaign for coin in map(self._observed.coin_to_be, outpoints) if coin is not None)

    def _note_absent(self, seen: set[str]) -> None:
        """Count looks in which what is on its way was absent everywhere; evicted only by the rule."""
        counts = {row.txid: row for row in self._tx.session.exec(as_written(select(AbsentRow)))}
        after: list[dict[str, str | int]] = []
        for waiting in list(self._observed.unconfirmed()):
            if waiting.txid in seen:
                continue
            before = counts.get(waiting.txid)
            if not self._was_asked(waiting):
                if before is not None:
                    after.append({"txid": before.txid, "looks": before.looks, "since": before.since})
                continue
            looks, since = (0, self._now) if before is None else (before.looks, before.since)
            if looks + 1 >= ABSENT_LOOKS and self._now - since >= ABSENT_SECONDS:
                source = ",".join(self._look.mempool_complete)
                self._append(source, ObservationKind.TX_EVICTED, waiting.txid, Evicted(looks + 1))
            else:
                after.append({"txid": waiting.txid, "looks": looks + 1, "since": since})
        if counts or after:
            replace_all(self._tx.session, AbsentRow, after)

    def _was_asked(self, waiting: WatchedTx) -> bool:
        """True where mempools were asked about a script that it pays or spends; else its absence says nothing."""
        asked = self._look.mempool_scripts
        return asked is None or any(
            bytes.fromhex(script) in asked for script in self._observed.scripts_of(waiting)
        )

    def _note_look(self) -> None:
        look = self._look
        progress = self._tx.progress
        if look.agreed:
            progress.save("no_chain_since", "")
        elif not progress.load("no_chain_since"):
            progress.save("no_chain_since", self._at)
        session = self._tx.session
        noted = {"at": self._at, "agreed": look.agreed, "best_height": look.best_height}
        replace_all(session, LastLookRow, (noted,))
        said = [why for source in look.sources for why in (source.error, source.lied) if why is not None]
        keys = keep_messages(session, said)
        answers = [
            dict(source)
            | {
                "n": n,
                "error": None if source.error is None else keys[source.error],
                "lied": None if source.lied is None else keys[source.lied],
            }
            for n, source in enumerate(look.sources)
        ]
        replace_all(session, LookSourceRow, answers)
        forget_messages(session)

    # the books

    def _record(self, kind: AnyKind, campaign: str, facts: object, date: str | None = None) -> None:
        outcome = record(self._tx, kind, campaign, facts, now=self._now, role=Role.SYSTEM, date=date)
        if isinstance(outcome, Recorded):
            self._outcome.entries.append(outcome.entry)

    def _depth_of(self, transaction: WatchedTx) -> int:
        return max(self._depth, MATURITY) if transaction.coinbase else self._depth

    def _is_deep(self, transaction: WatchedTx | None) -> bool:
        if transaction is None or transaction.height is None:
            return False
        return self._look.tip.height - transaction.height + 1 >= self._depth_of(transaction)

    def _settled_on(self, transaction: WatchedTx) -> str:
        """The day of the block that buried it deep enough: a gift belongs to that period (docs/rules.md, 13)."""
        height = (transaction.height or 0) + self._depth_of(transaction) - 1
        time = self._observed.time_of(height)
        return rfc3339(self._look.tip.time if time is None else time)[:10]

    def _void(self, txids: list[str]) -> None:
        """Void what fell out of the settled chain: spends before gifts, newest first (docs/rules.md, 4)."""
        day = self._at[:10]
        for txid in txids:
            self._void_coins(txid, came_back=True)
            for spend in spends_of(self._tx.session, txid):
                if spend.live and not self._is_deep(self._observed.tx(txid)):
                    again = SpentAgain(txid=txid, n=spend.n + 1, part=spend.part, late=spend.late, date=day)
                    self._record(VOID_SPEND, spend.campaign, again)
        for txid in txids:
            self._void_coins(txid, came_back=False)

    def _void_coins(self, txid: str, *, came_back: bool) -> None:
        """Gifts, or what came back above a spend and was decided about: that goes before the spend itself."""
        now_at = self._observed.tx(txid)
        for output in reversed(now_at.outputs if now_at else ()):
            outpoint = f"{txid}:{output.vout}"
            for coin in self._classes.followed(txid, output):
                if not coin.live or coin.came_back is not came_back:
                    continue
                if not self._is_deep(now_at):
                    again = Again(outpoint=outpoint, n=coin.mind + 1, date=self._at[:10])
                    self._record(VOID, coin.campaign, again)
                elif now_at is not None and now_at.block != coin.block:
                    self._record(MOVED, coin.campaign, self._again(outpoint, coin.mind + 1, now_at))

    def _again(self, outpoint: str, n: int, at: WatchedTx) -> Again:
        return Again(
            outpoint=outpoint, n=n, date=self._at[:10], block=at.block, height=at.height, time=at.block_time
        )

    def _settle(self, transaction: WatchedTx) -> None:
        returned = self._settle_spends(transaction)
        for output in transaction.outputs:
            outpoint = f"{transaction.txid}:{output.vout}"
            known = list(self._classes.followed(transaction.txid, output))
            for coin in known:
                if not coin.live:
                    self._record(RESTORE, coin.campaign, self._again(outpoint, coin.mind + 1, transaction))
            if not known and output.vout not in (returned or ()):
                self._keep_apart(output.campaign, transaction.txid)
                row = self._tx.addresses.by_script(bytes.fromhex(output.script))
                facts = gift_facts(outpoint, output, transaction, None if row is None else row.restriction)
                if returned is not None:  # change that was told after the spend: a person says what it is
                    facts = replace(facts, change_branch=True)
                self._record(DONATION, output.campaign, facts, self._settled_on(transaction))

    def _keep_apart(self, campaign: str, txid: str) -> None:
        """What a listed address sent never joins a line."""
        if campaign not in self._screens:
            self._screens[campaign] = bool(lists_in_force(self._tx.session, campaign))
        if self._screens[campaign]:
            self._outcome.entries += keep_apart(self._tx, campaign, now=self._now, settling=(txid,))

    def _explain_before(self, campaign: str) -> None:
        """What left before the day of an opening, and is read after its approval, is explained by it."""
        session = self._tx.session
        opening = standing_opening(session, campaign)
        if opening is not None:
            for facts in spent_before(session, campaign, opening.number, opening.document_date):
                self._record(SPENT_BEFORE, campaign, facts)

    def _settle_late_spends(self) -> None:
        """Coins that were told late and are spent by a transaction whose spend is in the books already."""
        by_spender: dict[str, list[Coin]] = {}
        for coin in filter(None, map(self._observed.coin, dict.fromkeys(self._late_coins))):
            if coin.spent_by is not None and coin.spent_by in self._recorded_spenders:
                by_spender.setdefault(coin.spent_by, []).append(coin)
        for txid, coins in by_spender.items():
            spender = self._observed.tx(txid)
            if spender is not None and self._is_deep(spender):
                for campaign, facts in late_spend_facts(spender, coins, self._classes):
                    self._record(SPEND, campaign, facts)

    def _settle_spends(self, transaction: WatchedTx) -> set[int] | None:
        """Record or restore what the transaction took from us; the outputs that are change, None where it took
        nothing."""
        spent = [c for c in (self._observed.coin(o) for o in transaction.inputs) if c is not None]
        if not spent:
            return None
        known = spends_of(self._tx.session, transaction.txid)
        if not known:
            parts = tuple(spend_facts(transaction, spent, self._classes))
            moved = explained_by_itself(self._tx, transaction, spent, parts)
            for campaign, facts in parts:
                purpose = purpose_of(self._tx, campaign, facts.ref, facts.out)
                alike = None if moved is None else bearing(facts)
                self._record(SPEND, campaign, replace(facts, need=purpose, moved=alike))
            if moved is not None:
                campaign, facts = moved
                self._record(OWN_MOVE, campaign, OwnMove(txid=facts.txid, fee=facts.out, date=facts.date))
            self._outcome.entries += record_drafts(self._tx, transaction.txid, now=self._now)
            for campaign in dict.fromkeys(campaign for campaign, _ in parts):
                self._explain_before(campaign)
        for spend in known:
            if not spend.live:
                again = SpentAgain(
                    txid=transaction.txid,
                    n=spend.n + 1,
                    part=spend.part,
                    late=spend.late,
                    date=self._at[:10],
                    block=transaction.block,
                    height=transaction.height,
                )
                self._record(RESTORE_SPEND, spend.campaign, again)
        return {
            coin.vout
            for spend in spends_of(self._tx.session, transaction.txid)
            for coin in spend_change(self._tx.session, spend)
        }
