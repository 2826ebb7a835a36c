"""Reconciliation: books against the chain at the settled block, every coin explained, every order matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import checkpoint_height
from ledger.core.errors import NotFound
from ledger.core.frozen import Amount, Frozen
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs, find_campaign
from ledger.rules.gift_sums import gift_shortfall
from ledger.store.transaction import Reading
from ledger.views.campaign import Apart, CoinsApart, Unvalued
from ledger.views.campaign import Books as BooksState
from ledger.views.chain_coins import coins_by_kind, coins_on_chain
from ledger.views.chain_status import ChainStatus, chain_status
from ledger.views.decisions import decisions, open_counts, public_decisions
from ledger.views.open_items import UNRECONCILED, OpenItem, OpenItemKind

_APART: Mapping[AccountClass, Apart] = {
    AccountClass.DUST: Apart.DUST,
    AccountClass.UNDECIDED: Apart.UNDECIDED,
    AccountClass.BLOCKED: Apart.BLOCKED,
}


class CampaignBooks(Frozen):
    """The books of one campaign, beside others."""

    campaign: str
    """Short name of the campaign."""
    books: BooksState
    """Are they the chain?"""


def books_state(
    tx: Reading,
    campaign: str,
    *,
    now: int,
    waiting: tuple[OpenItem, ...] | None = None,
    chain: ChainStatus | None = None,
) -> BooksState:
    """Is the campaign reconciled? For the strip on every page; raises NotFound.

    `waiting`: its public decisions, and `chain`, where the caller has them.
    """
    if find_campaign(tx.session, campaign) is None:
        raise NotFound.field("campaign", "there is no campaign {campaign}", campaign=campaign)
    books = Books(tx)
    chain = chain_status(tx, now=now) if chain is None else chain
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


def reconciliation(tx: Reading, campaign: str | None, *, now: int) -> tuple[CampaignBooks, ...]:
    """Books against the chain, of one campaign or of all. Raises NotFound, also where there is no campaign at all."""
    slugs = [campaign] if campaign is not None else list(campaign_slugs(tx.session))
    if not slugs:
        raise NotFound.field("campaign", "there is none yet; add one first")
    of_each = states_of_books(tx, campaign, now=now)
    return tuple(CampaignBooks(campaign=slug, books=of_each[slug]) for slug in slugs)


def states_of_books(tx: Reading, campaign: str | None, *, now: int) -> dict[str, BooksState]:
    """The same by campaign, of one or of all: what all of them rest on is read once. Raises NotFound."""
    by_campaign: dict[str, list[OpenItem]] = defaultdict(list)
    for item in public_decisions(decisions(tx, campaign, now=now, suggest=False)):
        by_campaign[item.campaign].append(item)
    slugs = [campaign] if campaign is not None else list(campaign_slugs(tx.session))
    chain = chain_status(tx, now=now)
    return {
        slug: books_state(tx, slug, now=now, waiting=tuple(by_campaign[slug]), chain=chain) for slug in slugs
    }
