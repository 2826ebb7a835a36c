"""The page of one donation, and of a key with several, from the ledger's trail.

The status is said in the words of the design; nothing here asks who the donor is.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages import sentences as say
from api.pages.figures import short_hash
from api.pages.parts import ROWS, picture
from api.pages.receipt import receipted
from api.pages.render import PageRenderer
from api.pages.sentences import fixed, proof, receipt
from ledger.views.campaign import DonationPage
from ledger.views.trail import Donation, DonationTrail, StepKind

FACTS = 6
"""Most named facts of a step in a first view."""
PAPERS = 4
"""Most papers of a step in a first view."""
TIMED = frozenset(
    {
        StepKind.SEEN,
        StepKind.CONFIRMED,
        StepKind.SETTLED,
        StepKind.VOIDED,
        StepKind.RESTORED,
        StepKind.BLOCKED,
        StepKind.RELEASED,
    }
)
"""Steps that are told with the time of day."""
ARRIVED = frozenset({StepKind.DISTRIBUTED, StepKind.CARRIED})
"""Steps at whose end the thing is where it was meant to go."""


def donation_page(pages: PageRenderer, page: DonationPage, private: bool, live: str = "") -> bytes:
    """One donation: sentence, status, books, picture with its thread, steps, places, intervals.

    Args:
        live: where news of it are told, while it waits.
    """
    trail = page.trail
    frame = pages.frame(
        say.donation_title(_short(trail)),
        demonstration=page.demonstration,
        noindex=private,
        facts=page.sources_of_facts,
        journal=page.journal,
    )
    return pages.page(
        "donation.html",
        frame,
        trail=trail,
        live=live,
        instead=page.instead,
        books=page.books,
        recorded_by=page.recorded_by,
        proof=proof,
        command=proof.check_command(page.trail, page.network),
        raw_block=proof.raw_block(trail.block, page.network) if trail.block else "",
        hashed={paper.sha256: paper for step in trail.steps for paper in step.evidence}.values(),
        # The picture shows no services; what of the gift went to one names its unit.
        units={**page.flow.units, **{row.amount.asset: row.unit for row in trail.places if row.unit}},
        short=_short(trail),
        picture=picture(page.flow, trail.thread, pages.language),
        rows=ROWS,
        facts=FACTS,
        papers=PAPERS,
        timed=TIMED,
        arrived=ARRIVED,
        receipt=str(receipt.LINK) if receipted([trail]) else "",
    )


def donations_page(pages: PageRenderer, key: str, trails: Sequence[DonationTrail], private: bool) -> bytes:
    """A sentence for each donation of a key that names several, and for all of them."""
    return pages.page(
        "donations.html",
        pages.frame(str(fixed.DONATIONS), noindex=private),
        key=say.claim_code() if private else short_hash(key, 8, 6),
        trails=trails,
        rows=ROWS,
        asked=key,
        receipt=str(receipt.LINK) if receipted(trails) else "",
    )


def _short(trail: Donation) -> str:
    return short_hash(trail.key, 4, 4) if trail.outpoint else trail.key.rpartition(":")[2]
