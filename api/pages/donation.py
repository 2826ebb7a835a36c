"""The page of one donation, of a key with several, and of a key with none, from the ledger's trail.

The status is said in the words of the design; nothing here asks who the donor is.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from api.pages import sentences as say
from api.pages.contexts import (
    ChangeRow,
    DonationLine,
    DonationPage,
    DonationsPage,
    PlaceRow,
    ShareRow,
    StepView,
)
from api.pages.figures import exact, exact_with_asset, short_hash
from api.pages.parts import ROWS, paper_links, picture, strip
from api.pages.render import PageRenderer
from ledger.core.money import is_money
from ledger.views.campaign import CampaignReport
from ledger.views.trail import DonationTrail, Step, StepKind, TrailChange

_FACTS = 6


def donation_page(pages: PageRenderer, trail: DonationTrail, report: CampaignReport, private: bool) -> bytes:
    """One donation: sentence, status, books, picture with its thread, steps, places, intervals."""
    key, short = trail.key, _short(trail)
    steps = trail.steps[:ROWS]
    hidden = len(trail.steps) - len(steps)
    frame = pages.frame(
        f"Donation {short}",
        demonstration=report.demonstration,
        noindex=private,
        facts=report.sources_of_facts,
        journal=(report.journal_seq, report.journal_hash),
    )
    context = DonationPage(
        frame=frame,
        slug=trail.campaign,
        campaign=trail.campaign_title,
        key=key,
        short=short,
        is_coin=trail.outpoint is not None,
        sentence=say.donation_sentence(trail),
        next=say.donation_next(trail),
        status=trail.status.value,
        word=say.outcome_word(trail.outcome) or say.status_word(trail.status),
        detail=say.status_detail(trail),
        worth=_worth(trail),
        restricted=say.restricted(trail),
        strip=strip(report.books),
        picture=picture(trail.flow, trail.thread),
        steps=tuple(_step(step) for step in steps),
        steps_note=f"{hidden} more steps are in the data." if hidden > 0 else "",
        changes=tuple(_change(change) for change in reversed(trail.changes[-ROWS:])),
        changes_note=f"{len(trail.changes) - ROWS} more changes are in the data."
        if len(trail.changes) > ROWS
        else "",
        places=tuple(
            PlaceRow(
                exact_with_asset(place.asset, place.units)
                if is_money(place.asset)
                else say.number_of(place.units, place.unit),
                say.where(place),
                say.day(place.since),
                place.kind is not None and place.kind.is_bad,
            )
            for place in trail.places[:ROWS]
        ),
        shares=tuple(
            ShareRow(
                say.line_name(share.line),
                exact(share.asset, share.start),
                exact(share.asset, share.end),
                share.asset if is_money(share.asset) else trail.flow.unit,
                share.line,
            )
            for share in trail.shares[:ROWS]
        ),
        shares_rule=say.SHARES,
        sources=say.listed(trail.sources),
    )
    return pages.page("donation.html", context)


def donations_page(pages: PageRenderer, key: str, trails: Sequence[DonationTrail], private: bool) -> bytes:
    """A list for a key that names several donations."""
    rows = tuple(_line(trail) for trail in trails[:ROWS])
    frame = pages.frame("Donations", noindex=private)
    shown = short_hash(key, 8, 6) if not private else "your claim code"
    return pages.page("donations.html", DonationsPage(frame, shown, rows, max(0, len(trails) - ROWS)))


def _line(trail: DonationTrail) -> DonationLine:
    at = trail.settled_at or trail.seen_at or ""
    return DonationLine(
        href=f"/d/{quote(trail.key, safe=':')}",
        outpoint=short_hash(trail.key) if trail.outpoint else trail.gift.rpartition(":")[2],
        at=say.day(at) + (", late" if trail.late else ""),
        amount=say.gift_amount(trail.asset, trail.minor, trail.unit),
        value="" if trail.value is None else exact_with_asset(trail.currency, trail.value),
        status=trail.status.value,
        word=say.outcome_word(trail.outcome) or say.status_word(trail.status),
    )


def _short(trail: DonationTrail) -> str:
    return short_hash(trail.key, 4, 4) if trail.outpoint else trail.gift.rpartition(":")[2]


def _worth(trail: DonationTrail) -> str:
    if trail.value is None:
        return ""
    sources = f"Rate: {say.listed(trail.rate_sources)}." if trail.rate_sources else ""
    return f"Worth {exact_with_asset(trail.currency, trail.value)} then. {sources}".strip()


def _step(step: Step) -> StepView:
    facts = [step.reference] if step.reference else []
    facts += say.step_facts(step)[:_FACTS]
    arrived = step.kind is StepKind.DISTRIBUTED or step.kind is StepKind.CARRIED
    return StepView(
        date=say.time(step.at) if step.kind in _TIMED else say.day(step.at),
        figure=say.amount(step.asset, step.units, step.unit),
        phrase=say.step_phrase(step),
        facts=tuple(facts),
        papers=paper_links(step.papers),
        state="waits" if not step.over else "arrived" if arrived else "done",
    )


def _change(change: TrailChange) -> ChangeRow:
    return ChangeRow(
        date=say.day(change.date),
        what=say.change_what(change),
        why=say.change_why(change),
        said=say.change_said(change),
        says=say.change_says(change),
    )


_TIMED = {StepKind.SEEN, StepKind.CONFIRMED, StepKind.SETTLED, StepKind.VOIDED, StepKind.RESTORED} | {
    StepKind.BLOCKED,
    StepKind.RELEASED,
}
