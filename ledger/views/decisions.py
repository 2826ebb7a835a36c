"""Decisions: the one list of what waits for a person, oldest first, with age, amount and what to do.

Pure reading; the list decides nothing and names no people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ledger.core.errors import NotFound
from ledger.core.times import rfc3339
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs, find_campaign
from ledger.store.transaction import Reading
from ledger.views.asked_questions import questions_waiting
from ledger.views.campaign import OpenCount
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.readings import CampaignReadings
from ledger.views.unsettled_spends import unsettled_spends
from ledger.views.waiting_addresses import addresses_waiting
from ledger.views.waiting_money import (
    approvals_waiting,
    bank_lines_waiting,
    banks_waiting,
    blocked_waiting,
    drafts_waiting,
    exchanges_waiting,
    listed_waiting,
    shortfalls_waiting,
    tax_waiting,
    undecided_waiting,
    unexplained_waiting,
    unvalued_waiting,
)
from ledger.views.waiting_things import (
    claims_waiting,
    deliveries_waiting,
    expiries_elsewhere_waiting,
    matches_waiting,
    orders_late,
    payables_waiting,
    pledges_waiting,
    recalls_elsewhere_waiting,
    recalls_waiting,
    results_above,
    reviews_waiting,
    shipments_late,
    stock_waiting,
)


def decisions(
    tx: Reading,
    campaign: str | None = None,
    *,
    now: int,
    suggest: bool = True,
    readings: CampaignReadings | None = None,
) -> tuple[OpenItem, ...]:
    """All that waits in one campaign or in all, the oldest first; raises NotFound for an unknown campaign.

    `now` is in Unix seconds. It holds what only the desk may see (`public_decisions` leaves that out). Without
    `suggest` nothing is proposed for what left, which is the longest part of the work. `readings`: of the campaign,
    where the caller has them.
    """
    books, today = Books(tx), rfc3339(now)[:10]
    if campaign is not None and find_campaign(books.session, campaign) is None:
        raise NotFound.field("campaign", "there is no campaign {campaign}", campaign=campaign[:60])
    slugs = [slug for slug in campaign_slugs(books.session) if campaign in {None, slug}]
    items: list[OpenItem] = []
    young = tuple(unsettled_spends(tx)) if readings is None else None
    for slug in slugs:
        of = CampaignReadings(tx, books, slug, today, young) if readings is None else readings
        items += unexplained_waiting(tx, slug, of.young, suggest)
        items += undecided_waiting(tx, books, slug)
        items += approvals_waiting(books, slug, today)
        items += questions_waiting(tx, slug)
        items += blocked_waiting(books, slug)
        items += listed_waiting(tx, slug)
        items += unvalued_waiting(tx, slug, now)
        items += shortfalls_waiting(tx, slug)
        items += matches_waiting(of.papers)
        items += claims_waiting(of.papers, today)
        items += orders_late(of.papers, today)
        items += shipments_late(books, slug, today)
        items += payables_waiting(of.payables, slug)
        items += pledges_waiting(of)
        items += results_above(books, slug)
        items += bank_lines_waiting(tx, slug, of.banks, suggest)
        items += banks_waiting(of.banks, slug)
        items += exchanges_waiting(books, slug, today)
        items += tax_waiting(books, slug)
        items += deliveries_waiting(of)
        items += stock_waiting(of)
        items += recalls_waiting(books, slug)
        items += recalls_elsewhere_waiting(books, slug)
        items += expiries_elsewhere_waiting(books, slug)
        items += reviews_waiting(books, slug, today)
        items += addresses_waiting(tx, slug, today)
    items += [row for row in drafts_waiting(tx) if row.campaign in slugs]
    return tuple(sorted(items, key=lambda d: (d.since, d.campaign, d.kind.value, str(d.subject))))


def public_decisions(rows: tuple[OpenItem, ...]) -> tuple[OpenItem, ...]:
    """What anybody may see: without drafts, suggestions, which may rest on drafts, and the words of bank lines."""
    return tuple(
        row.model_copy(update={"suggestions": (), "words": None}) for row in rows if not row.is_private
    )


def open_counts(rows: Iterable[OpenItem]) -> tuple[OpenCount, ...]:
    """How much waits of each kind, and since when, in the order of the kinds."""
    by_kind: dict[OpenItemKind, list[OpenItem]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    return tuple(
        OpenCount(
            kind=kind.value, count=sum(row.count for row in rows_of), since=min(row.since for row in rows_of)
        )
        for kind in OpenItemKind
        if (rows_of := by_kind[kind])
    )
