"""Covers of spends that a reorganisation undid: by the transaction that left in its place, or because nothing was made.

What left in place of another one pays what is owed for it, so its own units go back to their lines. Where nothing was
made of an undone spend its coins are back, and so are its units (docs/rules.md, 28).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ledger.core.accounts import AccountClass, account
from ledger.core.entry import Posting, Transfer
from ledger.core.errors import Conflict, Refused
from ledger.core.lines import Part, PartKind, Piece, Undo, Use, lowest, units_in
from ledger.model.covers import CoverRow
from ledger.model.spends import SpendRow
from ledger.rules.block_holds import freed_by, held_again
from ledger.rules.covered import cover_of_spend
from ledger.rules.restrictions import restriction_of
from ledger.rules.spec import Context
from ledger.rules.spends import carried, cover_use, given_up, require_spend, spend_recorded, uses_of_spend

N = TypeVar("N")


def _plain(spend: SpendRow, field: str) -> SpendRow:
    """Conflict where a spend took coins that stood apart, or another fund's."""
    if spend.undecided or spend.blocked or spend.excess or spend.borrowed_from is not None:
        raise Conflict.field(
            field,
            "it took coins that stood apart or another fund's, or more came back than went in; wait until it "
            "settles again",
        )
    return spend


def _undone(context: Context, ref: str, *, also: str | None) -> SpendRow:
    """The spend that was undone, and that nothing covers; `also`: what left in its place. Raises NotFound or Conflict.

    What was made of it stands, so it is explained; where nothing left in its place nothing explains it.
    """
    session = context.books.session
    spend = _plain(require_spend(session, context.campaign, ref), "spend")
    if spend.live:
        raise Conflict.field("spend", "it stands in its block, and nothing of it is wanting")
    if cover_of_spend(session, spend) is not None:
        raise Conflict.field("spend", "it is covered already")
    if also is not None and spend.explained_by is None:
        raise Conflict.field(
            "spend", "nothing was made of it; cover it without `txid`, and explain that one by itself"
        )
    if also is None and spend.explained_by is not None:
        raise Conflict.field(
            "spend",
            "it is explained, by {explained_by}; name the transaction that left in its place (`txid`), or "
            "reverse that first",
            explained_by=spend.explained_by,
        )
    return spend


def _instead(context: Context, ref: str, undone: SpendRow) -> SpendRow:
    """What left in place of an undone spend, and took no less; raises NotFound, Refused or Conflict."""
    spend = _plain(require_spend(context.books.session, context.campaign, ref), "txid")
    if not spend.live:
        raise Conflict.field("txid", "it is undone itself; wait until it settles again")
    if spend.explained_by is not None:
        raise Conflict.field(
            "txid", "this spend is explained already, by {explained_by}", explained_by=spend.explained_by
        )
    if spend.out < undone.out:
        raise Refused.field(
            "txid",
            "took {pieces} sats less than the spend that it would stand for; reverse what explains that one, "
            "cover it without `txid`, and record anew what was paid",
            pieces=undone.out - spend.out,
        )
    return spend


def _given_up(context: Context, ref: str) -> list[Use]:
    """The uses of a spend whose units go back to their lines; Conflict where some went on."""
    lines, campaign = context.books.lines, context.campaign
    uses = uses_of_spend(lines, campaign, ref)
    if sum(use.units for use in uses) != sum(
        taking.units for taking in carried(context.books, campaign, ref)
    ):
        raise Conflict.field(
            "spend", "some of what was taken is used or was reclassified; reverse that first"
        )
    return uses


def covers_spend(context: Context, spend: str, txid: str | None, amount: int) -> Posting[None]:
    """What recording such a cover holds, which is nothing; raises NotFound, Refused or Conflict."""
    undone = _undone(context, spend, also=txid)
    left = undone if txid is None else _instead(context, txid, undone)
    if left.waits_for is not None:
        raise Conflict.field(
            "spend",
            "{waiting} waits to explain {ref}…; decide that first",
            waiting=left.waits_for,
            ref=left.ref[:8],
        )
    if amount != undone.out:
        raise Refused.field(
            "amount",
            "is not the {pieces} sats that the spend took; a cover is of all of it",
            pieces=undone.out,
        )
    _given_up(context, left.ref)
    return Posting()


def cover_spend(context: Context, cover: CoverRow, notes: N) -> Posting[N]:
    """What was owed to the undone spend is paid by the other one; what that cost more is its network fee."""
    books, campaign, session = context.books, context.campaign, context.books.session
    left = given_up(session, cover)
    undone = _undone(
        context,
        spend_recorded(session, cover.spend_entry).ref,
        also=None if cover.instead_entry is None else left.ref,
    )
    if cover.instead_entry is not None:
        _instead(context, left.ref, undone)
    unexplained = account(AccountClass.UNEXPLAINED, campaign)
    transfers = [Transfer(account(AccountClass.UNDONE, campaign), unexplained, "BTC", undone.out)]
    more = left.out - undone.out
    if more:
        transfers.append(Transfer(account(AccountClass.FEES, campaign, "network"), unexplained, "BTC", more))
    uses = _given_up(context, left.ref)
    borne: dict[str, list[Piece]] = {}
    for use in uses:
        pieces, _ = lowest(use.pieces, more)
        more -= units_in(pieces)
        if pieces:
            borne.setdefault(use.line, []).extend(pieces)
    fees = tuple(
        Use(cover_use(cover, restriction_of(line)), line, tuple(pieces), units_in(pieces), (_fee(pieces),))
        for line, pieces in borne.items()
    )
    held = held_again(books, campaign, freed_by(uses), freed_by(fees))
    return Posting(tuple(transfers), (*(Undo(use.id) for use in reversed(uses)), *fees, *held), notes)


def _fee(pieces: Sequence[Piece]) -> Part:
    units = units_in(pieces)
    return Part(PartKind.FEE, units, units)
