"""Reconciliation: books against the chain at the settled block, every coin explained, every order matched."""

from __future__ import annotations

from collections.abc import Mapping

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import checkpoint_height
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen
from ledger.recording.valuing import unvalued_gifts
from ledger.rules.at_exchange import lying_at_exchanges
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs, find_campaign
from ledger.rules.gift_sums import gift_shortfall
from ledger.store.transaction import Reading
from ledger.views.campaign import Apart, CoinsApart, Unvalued
from ledger.views.campaign import Books as BooksState
from ledger.views.chain_coins import coins_by_kind, coins_on_chain, open_spends
from ledger.views.chain_status import chain_status
from ledger.views.decisions import decisions, open_counts, public_decisions
from ledger.views.open_items import SCREENING, UNRECONCILED, OpenItem, OpenItemKind

UNVALUED_SHOWN = 20
_APART: Mapping[AccountClass, Apart] = {
    AccountClass.DUST: Apart.DUST,
    AccountClass.UNDECIDED: Apart.UNDECIDED,
    AccountClass.BLOCKED: Apart.BLOCKED,
}


class Reconciliation(Frozen):
    """Words and figures for a person, of one campaign or of all."""

    state: BooksState
    """The books of the campaign, or of the last one."""
    lines: tuple[tuple[str, str], ...]
    """What is said, and its figure."""
    open: bool
    """Is anything open? The exit code says the same."""


def books_state(
    tx: Reading, campaign: str, *, now: int, waiting: tuple[OpenItem, ...] | None = None
) -> BooksState:
    """Is the campaign reconciled? For the strip on every page; raises NotFound.

    `waiting`: its public decisions, where the caller has them.
    """
    if find_campaign(tx.session, campaign) is None:
        raise NotFound.field("campaign", "there is no campaign {campaign}", campaign=campaign)
    books = Books(tx)
    chain = chain_status(tx, now=now)
    on_chain, coins = coins_on_chain(tx, campaign), coins_by_kind(tx, campaign)
    in_books = sum(coins.values())
    difference = 0 if on_chain is None else on_chain - in_books
    shortfall = -books.net(account(AccountClass.UNDONE, campaign), "BTC")
    shortfall += gift_shortfall(tx.session, campaign)
    if waiting is None:
        waiting = public_decisions(decisions(tx, campaign, now=now, suggest=False))
    spends = [row for row in waiting if row.kind is OpenItemKind.UNEXPLAINED_SPEND]
    unexplained = sum(row.amount.minor for row in spends if row.amount is not None)
    unvalued = [row for row in waiting if row.kind is OpenItemKind.UNVALUED_GIFT]
    return BooksState(
        block=chain.settled_height,
        reconciled=on_chain is not None
        and not difference
        and not unexplained
        and not shortfall
        and not chain.behind
        and chain.agreed
        and chain.stale is None
        and not any(row.kind in UNRECONCILED for row in waiting),
        difference=Amount.of("BTC", difference),
        in_books=Amount.of("BTC", in_books),
        apart=tuple(
            CoinsApart(asset="BTC", minor=coins[kind], why=why)
            for kind, why in _APART.items()
            if coins.get(kind)
        ),
        unexplained=Amount.of("BTC", unexplained),
        unexplained_since=min((row.since for row in spends), default=None),
        shortfall=Amount.of("BTC", shortfall),
        tip=chain.tip_height,
        behind_blocks=chain.behind,
        behind_hours=chain.behind_hours if chain.behind else 0,
        looked_at=chain.looked_at,
        agreed=chain.agreed,
        stale=chain.stale,
        tip_time=chain.tip_time,
        no_chain_since=chain.no_chain_since,
        sources_agreeing=sum(1 for source in chain.sources if source.ok and source.lied is None),
        sources=len(chain.sources),
        start=checkpoint_height(chain.checkpoint) if chain.checkpoint else None,
        trust=chain.trust or "",
        trusted_rules=tx.progress.load("trusted_rules") or "",
        completeness=chain.completeness,
        unvalued=Unvalued(
            asset="BTC",
            minor=sum(row.amount.minor for row in unvalued if row.amount is not None),
            count=sum(row.count for row in unvalued),
            since=min((row.since for row in unvalued), default=None),
        ),
        open=open_counts(waiting),
    )


def reconciliation(tx: Reading, campaign: str | None, *, now: int) -> Reconciliation:
    """Books against the chain, of one campaign or of all, in words."""
    slugs = [campaign] if campaign is not None else list(campaign_slugs(tx.session))
    lines: list[tuple[str, str]] = []
    is_open = False
    state: BooksState | None = None
    for slug in slugs:
        waiting = decisions(tx, slug, now=now, suggest=False)
        state = books_state(tx, slug, now=now, waiting=public_decisions(waiting))
        is_open = is_open or not state.reconciled
        lines.append(
            (f"{slug}: books = chain at block", "none yet" if state.block is None else str(state.block))
        )
        lines.append((f"{slug}: in the books, sats", str(state.in_books.minor)))
        lines += [(f"{slug}: of it apart, {row.why}, sats", str(row.minor)) for row in state.apart]
        lines += [
            (f"{slug}: at {row.exchange} since {row.told_on}, not sold, sats", str(sats))
            for row, sats in lying_at_exchanges(Books(tx), slug)
        ]
        lines.append((f"{slug}: difference, sats", str(state.difference.minor)))
        lines.append((f"{slug}: unexplained, sats", str(state.unexplained.minor)))
        lines.extend(
            (f"{slug}: unexplained since {row.seen_at}", f"{row.amount.minor} sats in {row.txid}")
            for row in open_spends(tx, slug)
        )
        if state.unvalued.count:
            lines.append((f"{slug}: gifts whose value the desk has to decide", str(state.unvalued.count)))
            lines.extend(
                (
                    f"{slug}: without a value since {row.since}",
                    f"{row.sats} sats in {row.outpoint}: {row.why}",
                )
                for row in unvalued_gifts(tx, slug, now=now)[:UNVALUED_SHOWN]
            )
        if state.shortfall.minor:
            lines.append((f"{slug}: shortfall, sats", str(state.shortfall.minor)))
        screened = sum(row.count for row in waiting if row.kind in SCREENING)
        if screened:
            lines.append((f"{slug}: screening, matches and payees that wait for a decision", str(screened)))
        lines.extend(
            (f"{slug}: open, {row.kind.replace('_', ' ')}", f"{row.count}, since {row.since}")
            for row in state.open
        )
        if state.behind_blocks:
            lines.append((f"{slug}: blocks behind", str(state.behind_blocks)))
        if state.stale is not None:
            lines.append((f"{slug}: not fresh, {state.stale}, last look", state.looked_at or "none"))
        elif not state.agreed:
            lines.append((f"{slug}: no agreed chain since", state.no_chain_since or "the first look"))
    if state is None:
        raise NotFound.field("campaign", "there is none yet; add one first")
    return Reconciliation(state=state, lines=tuple(lines), open=is_open)
