"""Campaigns in which few donors can still have an address of their own. Pure reading; it gives none out."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.core.telling import Telling
from ledger.recording.address_gaps import load_gaps
from ledger.rules.campaigns import campaign_of
from ledger.store.transaction import Reading
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.to_do import ToDo

FEW = 10
"""So many addresses, or fewer, are few."""


def addresses_waiting(tx: Reading, slug: str, today: str) -> Iterator[OpenItem]:
    """Few addresses are left in a campaign whose call goes on, and where donors ask for them; for the desk alone."""
    asked = tx.addresses.last_given(slug)
    if asked is None or campaign_of(tx.session, slug).end < today:
        return
    left = tx.addresses.left(slug, load_gaps(tx))  # while the past is read, none of them is added by anybody
    if left <= FEW:
        yield OpenItem(
            kind=OpenItemKind.FEW_ADDRESSES,
            campaign=slug,
            subject=slug,
            since=asked,
            amount=None,
            to_do=Telling(ToDo.ADD_ADDRESSES, {"n": left}),
        )
