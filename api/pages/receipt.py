"""A receipt of a gift, or of all gifts of a key: what tax offices ask for, as far as the books know it.

Nothing of the donor stands on it but what anybody reads on the page of the gift; a name is written by hand on paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from api.pages.render import PageRenderer
from api.pages.sentences import receipt as words
from ledger.views.trail import DonationStatus, DonationTrail, Outcome

MOST = 250
"""Gifts on one receipt; who has more asks for each."""
_NO_GIFT = {Outcome.TOP_UP, Outcome.CHANGE, Outcome.REFUND, Outcome.WITHDRAWAL, Outcome.UNDECIDED}


def receipted(trails: Sequence[DonationTrail]) -> list[DonationTrail]:
    """Those that are gifts in the books: settled, and not wholly given back."""
    return [trail for trail in trails if _counts(trail)][:MOST]


def _counts(trail: DonationTrail) -> bool:
    settled = trail.status is DonationStatus.SETTLED and trail.outcome not in _NO_GIFT
    return settled and trail.returned.minor < trail.amount.minor


def receipt_page(
    pages: PageRenderer, trails: Sequence[DonationTrail], purposes: Mapping[str, str], today: str
) -> bytes:
    """`purposes`: of each campaign, by its short name; `today`: the day of the receipt."""
    return pages.page(
        "receipt.html",
        pages.frame(str(words.TITLE), noindex=True),
        words=words,
        trails=trails,
        purposes=purposes,
        today=today,
        settings=pages.settings,
    )
