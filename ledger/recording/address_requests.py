"""What a donor may ask for before giving, and the address that a claim code stands for. It gives none out.

Nothing of the donor is known here: a code is found by its hash.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.recording.desk import Intention, bip21_of, claim_hash
from ledger.rules.campaigns import campaign_of, need_title, standing_needs
from ledger.store.transaction import Reading


@dataclass(frozen=True, slots=True)
class Choice:
    """What a donor chooses from: the campaign's standing needs, each as (number, what it asks for and who)."""

    slug: str
    title: str
    end: str
    needs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Awaited:
    """An address that was given to a donor, with its campaign; `restricted_to` says its need in words."""

    slug: str
    title: str
    intention: Intention
    restricted_to: str


def choice_of(tx: Reading, slug: str) -> Choice:
    """Raises NotFound for an unknown campaign."""
    campaign = campaign_of(tx.session, slug)
    needs = tuple(
        (need.number, f"{product.name} for {need.recipient}")
        for need, product in standing_needs(tx.session, slug)
    )
    return Choice(slug, campaign.title, campaign.end, needs)


def awaited_by(tx: Reading, code: str) -> Awaited | None:
    """The address that was given out under a claim code, paid or not; None where there is none."""
    row = tx.addresses.by_claim(claim_hash(code))
    if row is None:
        return None
    title = campaign_of(tx.session, row.campaign).title
    given = Intention(row.address, bip21_of(row.address, title), code, True, row.restriction)
    return Awaited(row.campaign, title, given, need_title(tx.session, row.campaign, row.restriction))
