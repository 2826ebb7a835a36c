"""Coins that left watched addresses: recorded by the watcher, explained later by a conversion or payment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict
from sqlalchemy import Text, bindparam
from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Entry, Posting, Transfer
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Count, Date, Number, Positive, Txid
from ledger.core.lines import (
    Change,
    Operation,
    Part,
    PartKind,
    Piece,
    Source,
    Undo,
    UnitState,
    Use,
    joined,
    units_in,
)
from ledger.core.names import FREE, GiftKind, SpentLine, UseCause, UseName, gift_named, money_use, use_named
from ledger.core.wording import Figure
from ledger.model.columns import OF_CAMPAIGN, OF_ENTRY
from ledger.model.covers import CoverRow
from ledger.model.spends import ExplainedBy, SpendChangeRow, SpendInputRow, SpendRow
from ledger.rules.block_holds import held_by_block
from ledger.rules.books import Books
from ledger.rules.covered import cover_of_spend
from ledger.rules.gift_records import find_gift, standing_block
from ledger.rules.restrictions import Taking, all_in_order, restriction_of, take, take_alike, within
from ledger.rules.spec import SYSTEM, Context, Kind
from ledger.tracing.state import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCoin:
    """An output that came back: how many of its sats are of the wallet, dust, or to be decided."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    vout: Count
    wallet: Count
    dust: Count
    undecided: Count
    blocked: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one transaction took from a campaign's coins, change already taken off.

    `wallet`, `dust` and `undecided` say whence its inputs take (docs/rules.md, 12); `excess` came back above them.
    `coins` says what each output that came back to the campaign counts as. `late`: a part for coins that were
    not known when the spend settled; it is explained by itself, as `TXID:PART`. `need`: what an explanation
    given before it settled says that it is for; money restricted to that need goes first. `moved`: the coins went
    from own addresses to own addresses; so many sats bear the fee alike, which is all that left.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: Txid
    block: Txid
    height: Count
    time: Count
    wallet: Count
    dust: Count
    undecided: Count
    change: Count
    excess: Count
    coins: tuple[ChangeCoin, ...] = ()
    part: Count = 0  # counts the campaigns that one transaction spent from, then what was told late
    late: bool = False
    blocked: Positive | None = None  # of gifts that lay apart, on no line
    taken: tuple[str, ...] | None = (
        None  # the coins among its inputs that were undecided, or of blocked gifts
    )
    need: Number | None = None
    moved: Positive | None = None
    date: Date

    @property
    def ref(self) -> str:
        """What names this spend in its campaign."""
        return spend_ref(self.txid, self.part, self.late)

    @property
    def out(self) -> int:
        """Sats that left for good, network fee included."""
        return self.wallet + self.dust + self.undecided + (self.blocked or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentAgain:
    """The n-th time that the chain changed its mind about a spend."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    txid: Txid
    n: Positive
    date: Date
    part: Count = 0
    late: bool = False
    block: Txid | None = None
    height: Count | None = None

    @property
    def ref(self) -> str:
        """What names the spend in its campaign."""
        return spend_ref(self.txid, self.part, self.late)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendNotes:
    """What of a spend no free units stood for, sats (docs/rules.md, 12)."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    shortfall: int


def spend_ref(txid: str, part: int, late: bool) -> str:
    """The name of a spend in its campaign: the txid, and for what was told late the part."""
    return f"{txid}:{part}" if late else txid


_of_txid = bindparam("of_txid", type_=Text)
_SPEND = select(SpendRow).where(
    col(SpendRow.campaign) == OF_CAMPAIGN, col(SpendRow.ref) == bindparam("of_ref", type_=Text)
)
_SPENDS = (
    select(SpendRow).where(col(SpendRow.txid) == _of_txid).order_by(col(SpendRow.campaign), col(SpendRow.ref))
)
_SPENDS_OF_CAMPAIGN = _SPENDS.where(col(SpendRow.campaign) == OF_CAMPAIGN)
_CHANGE = (
    select(SpendChangeRow).where(col(SpendChangeRow.entry) == OF_ENTRY).order_by(col(SpendChangeRow.vout))
)
_APART = (
    select(SpendInputRow.outpoint)
    .where(col(SpendInputRow.entry) == OF_ENTRY, col(SpendInputRow.released) == 0)
    .order_by(col(SpendInputRow.outpoint))
)
_TAKEN_BY = (
    select(SpendRow.txid)
    .join(SpendInputRow, col(SpendInputRow.entry) == SpendRow.entry)
    .where(
        col(SpendInputRow.campaign) == OF_CAMPAIGN,
        col(SpendInputRow.outpoint) == bindparam("of_outpoint", type_=Text),
    )
    .order_by(col(SpendRow.entry).desc())
)


def find_spend(session: Session, campaign: str, ref: str) -> SpendRow | None:
    return session.exec(_SPEND, params={"of_campaign": campaign, "of_ref": ref}).first()


def require_spend(session: Session, campaign: str, ref: str) -> SpendRow:
    """Raises NotFound."""
    spend = find_spend(session, campaign, ref)
    if spend is None:
        raise NotFound.field(
            "spend", "there is no spend {ref} in campaign {campaign}", ref=ref, campaign=campaign
        )
    return spend


def spends_of(session: Session, txid: str, campaign: str | None = None) -> Sequence[SpendRow]:
    """All recorded spends of a transaction, in a campaign or in all, by campaign and name."""
    query = _SPENDS if campaign is None else _SPENDS_OF_CAMPAIGN
    return session.exec(query, params={"of_txid": txid, "of_campaign": campaign}).all()


def spend_change(session: Session, spend: SpendRow) -> Sequence[SpendChangeRow]:
    """What came back with a spend, in the order of outputs."""
    return session.exec(_CHANGE, params={"of_entry": spend.entry}).all()


def change_coin(row: SpendChangeRow) -> ChangeCoin:
    """A row of change as the fact that it came from says it."""
    return ChangeCoin(
        vout=row.vout,
        wallet=row.wallet,
        dust=row.dust,
        undecided=row.undecided,
        blocked=row.blocked or None,
    )


def inputs_apart(session: Session, spend: SpendRow) -> Sequence[str]:
    """The outpoints among a spend's inputs that stood apart, undecided or of a gift that is still blocked."""
    return session.exec(_APART, params={"of_entry": spend.entry}).all()


def taken_by(session: Session, campaign: str, outpoint: str) -> str | None:
    """The transaction whose spend took a coin that stood apart; the newest, where several did."""
    return session.exec(_TAKEN_BY, params={"of_campaign": campaign, "of_outpoint": outpoint}).first()


def _numbered(name: str, part: int) -> str:
    """The key of a spend; a second campaign's part of one transaction is told apart by its number."""
    return f"{name}:{part}" if part else name


def spent_line(ref: str, restriction: str = FREE) -> str:
    """Units of one restriction that a spend carried away, until an entry says what for."""
    return str(SpentLine(ref, restriction))


def _use_id(ref: str, campaign: str, restriction: str) -> str:
    return str(money_use(UseCause.SPEND, campaign, ref, restriction))


def _carried_away(source: Source, campaign: str, ref: str, lender: str | None) -> bool:
    """Did a spend put units on its line, or what stands for it: money of another end, or a loan?"""
    if source.use is not None:
        use = use_named(source.use)
        return use.is_of(UseCause.SPEND, campaign, ref) or (
            (use.cause, use.campaign) == (UseCause.RECLASSIFICATION, campaign)
        )
    gift = gift_named(str(source.gift))
    return gift.kind is GiftKind.LOAN and gift.lender == lender


def carried(books: Books, campaign: str, ref: str) -> tuple[Taking, ...]:
    """The units that a spend carried away of a campaign's money and nobody used yet, by their restriction.

    Another campaign's coins of the same transaction may lie on the same line; those are left out.
    """
    spend = require_spend(books.session, campaign, ref)
    takings = []
    for restriction in all_in_order(books, campaign, "BTC", spend.need):
        line = spent_line(ref, restriction)
        spans = [
            (source.start, source.end)
            for source in books.lines.sources(line)
            if _carried_away(source, campaign, ref, spend.borrowed_from)
        ]
        pieces = within(books.lines, line, spans)
        if pieces:
            takings.append(Taking(restriction, line, pieces))
    return tuple(takings)


def uses_of_spend(lines: Lines, campaign: str, ref: str) -> list[Use]:
    """The standing uses by which a spend carried units of a campaign away, in the order of its lines."""
    uses = []
    for line in lines.spent(ref):
        for source in lines.sources(str(line)):
            if source.use is None or not use_named(source.use).is_of(UseCause.SPEND, campaign, ref):
                continue
            spans = lines.spans(str(line), source.start, source.end)
            if any(span.state is not UnitState.VOID for span in spans):
                uses.append(lines.use(source.use))
    return uses


def unowned(ref: str) -> tuple[Taking, ...]:
    """Coins of a spend that no gift stands behind: they pay or fetch money all the same, and it has no owner then."""
    return (Taking(FREE, spent_line(ref), ()),)


def fee_share(fee: int, out: int, units: int) -> int:
    """The fee's part of the units that a spend carried away, which may be fewer than the `out` that left."""
    return fee * units // out if out else 0


def carrying_use(books: Books, ref: str, restriction: str, sats: int) -> Part:
    """The part of a use that carries units to what a spend took away."""
    onward = spent_line(ref, restriction)
    return Part(PartKind.ON, sats, sats, onward, books.lines.length(onward))


def require_released(context: Context, spend: SpendRow) -> None:
    """Conflict where a spend took coins of a gift that is blocked: nothing is made of them (docs/rules.md, 1)."""
    blocks = [
        standing.number
        for outpoint in inputs_apart(context.books.session, spend)
        if (standing := standing_block(context.books.session, context.campaign, outpoint)) is not None
    ]
    if blocks or spend.blocked:
        if blocks:
            raise Conflict.field(
                "txid",
                "it took coins of a gift that is blocked, by {block}; two persons release it first (`release add`), "
                "or record that it went back (`gift-return add`)",
                block=blocks[0],
            )
        raise Conflict.field(
            "txid",
            "it took coins of a gift that is blocked; two persons release it first (`release add`), or record that "
            "it went back (`gift-return add`)",
        )


def _takings(spend: Spent | SpendRow, campaign: str) -> list[tuple[str, int]]:
    """(account, sats) that a spend takes, of those that hold any."""
    held = (
        (AccountClass.WALLET, spend.wallet),
        (AccountClass.DUST, spend.dust),
        (AccountClass.UNDECIDED, spend.undecided),
        (AccountClass.BLOCKED, spend.blocked),
    )
    return [(account(kind, campaign), sats) for kind, sats in held if sats]


def _of_blocked(context: Context, facts: Spent) -> list[tuple[str, tuple[Piece, ...]]]:
    """Held units of blocked gifts whose own coins a spend took: they are spent, nobody else's (docs/rules.md, 12)."""
    books, left, blocked = context.books, facts.wallet, []
    for outpoint in facts.taken or ():
        gift = find_gift(books.session, context.campaign, outpoint)
        if gift is None or gift.units is None or gift.blocked_by is None:
            continue
        pieces: list[Piece] = []
        line, *units = gift.units
        for start, end in held_by_block(books.lines, line, *units):
            if left:
                pieces.append((start, min(end, start + left)))
                left -= pieces[-1][1] - start
        if pieces:
            blocked.append((line, tuple(pieces)))
    return blocked


def _post_spend(context: Context, facts: Spent) -> Posting[SpendNotes]:
    """Unrestricted money first, then restricted lines by number; what is wanting is a shortfall (docs/rules.md, 12)."""
    unexplained = account(AccountClass.UNEXPLAINED, context.campaign)
    transfers = [Transfer(unexplained, a, "BTC", sats) for a, sats in _takings(facts, context.campaign)]
    if facts.excess:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(
            Transfer(undecided, account(AccountClass.EXCESS, context.campaign), "BTC", facts.excess)
        )
    books, campaign = context.books, context.campaign
    at = dict[str, int]()
    operations: list[Operation] = []

    def carry(use_id: str, line: str, pieces: tuple[Piece, ...]) -> int:
        onward = spent_line(facts.ref, restriction_of(line))
        start = at.get(onward, books.lines.length(onward))
        count = units_in(pieces)
        operations.append(Use(use_id, line, pieces, count, (Part(PartKind.ON, count, count, onward, start),)))
        at[onward] = start + count
        return count

    blocked = _of_blocked(context, facts)
    left = facts.wallet - units_in(piece for _, pieces in blocked for piece in pieces)
    if facts.moved is None:
        takings = take(books, campaign, "BTC", left, all_in_order(books, campaign, "BTC", facts.need))
    else:
        takings = take_alike(books, campaign, "BTC", left, facts.moved)
    for taking in takings:
        left -= carry(_use_id(facts.ref, campaign, taking.restriction), taking.line, taking.pieces)
    for number, (line, pieces) in enumerate(blocked):
        operations.append(Change(line, pieces, UnitState.HELD, UnitState.FREE, ""))
        carry(str(UseName(UseCause.SPEND, campaign, facts.ref, variant=str(number))), line, pieces)
    return Posting(tuple(transfers), tuple(operations), SpendNotes(shortfall=left))


def _fold_spend(books: Books, entry: Entry[Spent, SpendNotes]) -> None:
    facts, session = entry.facts, books.session
    session.add(
        SpendRow(
            entry=entry.seq,
            campaign=entry.campaign,
            ref=facts.ref,
            txid=facts.txid,
            part=facts.part,
            late=facts.late,
            block=facts.block,
            height=facts.height,
            time=facts.time,
            date=entry.date,
            recorded_at=entry.at,
            role=entry.role,
            wallet=facts.wallet,
            dust=facts.dust,
            undecided=facts.undecided,
            blocked=facts.blocked or 0,
            change=facts.change,
            excess=facts.excess,
            out=facts.out,
            shortfall=entry.notes.shortfall,
            need=facts.need,
        )
    )
    session.flush()
    for coin in facts.coins:
        session.add(
            SpendChangeRow(
                entry=entry.seq,
                vout=coin.vout,
                wallet=coin.wallet,
                dust=coin.dust,
                undecided=coin.undecided,
                blocked=coin.blocked or 0,
            )
        )
    for outpoint in facts.taken or ():
        session.add(SpendInputRow(entry=entry.seq, outpoint=outpoint, campaign=entry.campaign))


def _post_void(context: Context, facts: SpentAgain) -> Posting[None]:
    spend = require_spend(context.books.session, context.campaign, facts.ref)
    undone = account(AccountClass.UNDONE, context.campaign)
    transfers = [Transfer(a, undone, "BTC", n) for a, n in _takings(spend, context.campaign)]
    if spend.excess:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(Transfer(undone, undecided, "BTC", spend.excess))
    return Posting(tuple(transfers))


def spend_recorded(session: Session, entry: int | None) -> SpendRow:
    """The spend that an entry recorded."""
    return session.get_one(SpendRow, entry)


def given_up(session: Session, cover: CoverRow) -> SpendRow:
    """The spend whose units went back to their lines by a cover: what left in place of another one, or the undone."""
    return spend_recorded(session, cover.instead_entry or cover.spend_entry)


def cover_use(cover: CoverRow, restriction: str) -> str:
    """What bears what coins cost more that were sent anew."""
    return str(money_use(UseCause.COVER, cover.campaign, cover.number, restriction))


def uncovering(books: Books, cover: CoverRow) -> Posting[None]:
    """What takes back the cover of a spend: nothing covers it, and what had gone back to its lines is taken anew."""
    campaign, session = cover.campaign, books.session
    undone, left = spend_recorded(session, cover.spend_entry), given_up(session, cover)
    unexplained = account(AccountClass.UNEXPLAINED, campaign)
    transfers = [Transfer(unexplained, account(AccountClass.UNDONE, campaign), "BTC", undone.out)]
    if left.out > undone.out:
        fees = account(AccountClass.FEES, campaign, "network")
        transfers.append(Transfer(unexplained, fees, "BTC", left.out - undone.out))
    restrictions = all_in_order(books, campaign, "BTC", left.need)
    names = [use for one in restrictions if books.lines.has_use(use := cover_use(cover, one))]
    borne = [books.lines.use(name) for name in names]
    taken = {use.line: use.pieces for use in borne}
    for taking in take(books, campaign, "BTC", left.wallet - sum(use.units for use in borne), restrictions):
        taken[taking.line] = joined([*taken.get(taking.line, ()), *taking.pieces])
    again = []
    for line, pieces in taken.items():
        restriction, units = restriction_of(line), units_in(pieces)
        onward = spent_line(left.ref, restriction)
        part = Part(PartKind.ON, units, units, onward, books.lines.length(onward))
        use_id = money_use(UseCause.SPEND, campaign, left.ref, restriction, f"cover:{cover.number}")
        again.append(Use(str(use_id), line, pieces, units, (part,)))
    return Posting(tuple(transfers), (*(Undo(name) for name in reversed(names)), *again))


def note_uncovered(books: Books, cover: CoverRow) -> None:
    """A spend whose units had gone back is open again, with those that it took anew."""
    left = given_up(books.session, cover)
    mark_open(books, cover.campaign, left.ref)
    left.shortfall = left.wallet - sum(t.units for t in carried(books, cover.campaign, left.ref))
    books.session.add(left)


def _post_restore(context: Context, facts: SpentAgain) -> Posting[None]:
    spend = require_spend(context.books.session, context.campaign, facts.ref)
    undone = account(AccountClass.UNDONE, context.campaign)
    transfers = [Transfer(undone, a, "BTC", n) for a, n in _takings(spend, context.campaign)]
    if spend.excess:
        undecided = account(AccountClass.UNDECIDED, context.campaign)
        transfers.append(Transfer(undecided, undone, "BTC", spend.excess))
    cover = cover_of_spend(context.books.session, spend)
    ends: Posting[None] = Posting() if cover is None else uncovering(context.books, cover)
    return Posting((*transfers, *ends.transfers), ends.operations)


def _fold_again(live: bool) -> Callable[[Books, Entry[SpentAgain, None]], None]:
    def fold(books: Books, entry: Entry[SpentAgain, None]) -> None:
        spend = require_spend(books.session, entry.campaign, entry.facts.ref)
        spend.live, spend.n = live, entry.facts.n
        books.session.add(spend)
        cover = cover_of_spend(books.session, spend) if live else None
        if cover is not None:
            cover.ended_by = entry.seq
            books.session.add(cover)
            note_uncovered(books, cover)

    return fold


def lender_of(session: Session, campaign: str, txid: str) -> str | None:
    """Whose coins a recorded spend took, where it took none of this campaign's (docs/rules.md, 17)."""
    query = select(SpendRow.campaign).where(SpendRow.txid == txid, SpendRow.ref == txid)
    owners = session.exec(query.order_by(col(SpendRow.campaign))).all()
    return None if campaign in owners else next(iter(owners), None)


def require_unexplained(context: Context, txid: str, total: int, field: str) -> SpendRow:
    """The spend that a fact explains; raises NotFound, or Conflict that says by how much it differs."""
    session = context.books.session
    lender = lender_of(session, context.campaign, txid)
    if lender is not None:
        raise Conflict.field(
            "txid",
            "it spent coins of campaign {lender}; record a loan there, which names what is to explain here",
            lender=lender,
        )
    spend = require_spend(session, context.campaign, txid)
    if spend.explained_by is not None:
        raise Conflict.field(
            "txid", "this spend is explained already, by {explained_by}", explained_by=spend.explained_by
        )
    if spend.out != total:
        raise Conflict.field(
            field,
            "the transaction took {taken} and this explains {explained}; an explanation covers all of it, network "
            "fee included",
            taken=Figure("BTC", spend.out),
            explained=Figure("BTC", total),
        )
    return spend


def require_purpose(spend: SpendRow, need: str | None) -> None:
    """Refused where an explanation names a need and the spend settled without knowing of it."""
    if need is not None and spend.need != need:
        raise Refused.field(
            "need",
            "is named too late: the transaction has settled and took unrestricted money first; leave it out",
        )


def mark_waiting(books: Books, campaign: str, ref: str, by: ExplainedBy, number: str) -> None:
    """An explanation of a spend waits for an approval."""
    _mark(books, campaign, ref, by, number, None)


def mark_explained(books: Books, campaign: str, ref: str, by: ExplainedBy, number: str, at: str) -> None:
    """An entry says what a spend was for; `at` is when it was recorded."""
    _mark(books, campaign, ref, by, number, at)


def mark_open(books: Books, campaign: str, ref: str) -> None:
    """Nothing explains a spend, and nothing waits to."""
    _mark(books, campaign, ref, None, None, None)


def _mark(
    books: Books, campaign: str, ref: str, by: ExplainedBy | None, number: str | None, at: str | None
) -> None:
    spend = require_spend(books.session, campaign, ref)
    spend.explanation, spend.explanation_number, spend.explained_at = by, number, at
    books.session.add(spend)


SPEND = Kind(
    name="spend",
    noun="spend",
    verb="settle",
    facts=Spent,
    doc="Coins that left; unexplained until an entry says what for.",
    roles=SYSTEM,
    named="txid",
    key=lambda _campaign, facts: _numbered(f"spend:{facts.txid}", facts.part),
    post=_post_spend,
    fold=_fold_spend,
    notes=SpendNotes,
)
VOID_SPEND = Kind(
    name="void.spend",
    noun="spend",
    verb="void",
    facts=SpentAgain,
    doc="A spend that a reorganisation undid; its coins are back, its use stands (docs/rules.md, 4).",
    roles=SYSTEM,
    named="txid",
    key=lambda _campaign, facts: _numbered(f"void:spend:{facts.txid}:{facts.n}", facts.part),
    post=_post_void,
    fold=_fold_again(False),
)
RESTORE_SPEND = Kind(
    name="restore.spend",
    noun="spend",
    verb="restore",
    facts=SpentAgain,
    doc="An undone spend that settled again.",
    roles=SYSTEM,
    named="txid",
    key=lambda _campaign, facts: _numbered(f"restore:spend:{facts.txid}:{facts.n}", facts.part),
    post=_post_restore,
    fold=_fold_again(True),
)
KINDS = (SPEND, VOID_SPEND, RESTORE_SPEND)
