"""The page of one campaign, and the list of all, from the ledger's answers.

Nothing is computed here that they do not say; the template and the sentences choose the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from api.pages.countries import countries_of
from api.pages.parts import ROWS, groups_of_four, picture
from api.pages.render import Frame, PageRenderer
from ledger.core.money import is_money
from ledger.recording.desk import bip21_of
from ledger.views.campaign import CampaignCard, CampaignHead, CampaignPage, CampaignReport, DonationRow
from ledger.views.flow import Flow
from ledger.views.two_keys import Deliveries, DeliveryCount, Unconfirmed

SHOWN_PAPERS = 6
SHOWN_DONATIONS = 3
SHOWN_PERIODS = 12
SHOWN_DELIVERIES = 8
SHOWN_LOSSES = 8


def home_page(pages: PageRenderer, cards: Sequence[CampaignCard]) -> bytes:
    """All campaigns, each with its sentence."""
    frame = pages.frame(pages.settings.title)
    return pages.page("home.html", frame, cards=cards[:ROWS], hidden=max(0, len(cards) - ROWS))


def campaign_page(pages: PageRenderer, page: CampaignPage, rows: Sequence[DonationRow], today: str) -> bytes:
    """One campaign: sentence, books, picture, sums, withheld, papers, gifts, times, rule.

    `rows`: the newest gifts in coins; `today`: ISO date.
    """
    report = page.report
    unexplained = [spend for spend in report.unexplained if spend.explained_at is None]
    return pages.page(
        "campaign.html",
        _frame(pages, report),
        page=page,
        report=report,
        today=today,
        picture=picture(page.flow, language=pages.language),
        countries=countries_of(report.slug, page.flow, report.needs),
        unexplained=unexplained[:ROWS],
        explained=[spend.explained_at for spend in report.unexplained if spend.explained_at],
        donations=rows,
        others=[row for row in page.others if is_money(row.amount.asset)],
        deliveries=_deliveries(page.deliveries),
        address=groups_of_four(report.fixed_address),
        by_bank=bool(pages.settings.accounts_of(report.slug)),
        signed=bool(pages.settings.statements_of(report.slug)),
        wallet=bip21_of(report.fixed_address, report.title) if report.fixed_address else "",
        rows=ROWS,
        shown_papers=SHOWN_PAPERS,
        shown_losses=SHOWN_LOSSES,
    )


def accounts_page(pages: PageRenderer, page: CampaignPage, today: str) -> bytes:
    """What accountants look for: what was there before, banks, what waits, is owed or promised, periods, limits."""
    return pages.page(
        "accounts.html",
        _frame(pages, page.report),
        page=page,
        report=page.report,
        today=today,
        rows=ROWS,
        shown_periods=SHOWN_PERIODS,
    )


def bars_page(pages: PageRenderer, head: CampaignHead, flow: Flow, number: int, start: int) -> bytes:
    """Every bar of stage `number` of the picture, 25 a page from `start` on."""
    stage = flow.stages[number]
    return pages.page(
        "bars.html",
        _frame(pages, head),
        head=head,
        number=number,
        stage=stage,
        units=flow.units,
        bars=stage.bars[start : start + ROWS],
        start=start,
        rows=ROWS,
    )


def _frame(pages: PageRenderer, head: CampaignHead | CampaignReport) -> Frame:
    return pages.frame(
        head.title,
        demonstration=head.demonstration,
        facts=head.sources_of_facts,
        journal=head.journal,
    )


def _deliveries(shown: Deliveries) -> list[DeliveryCount | Unconfirmed]:
    """Open gaps first, then what nobody confirmed, then what agrees; the first of them."""
    gaps = [row for row in shown.counts if row.gap]
    agreed = [row for row in shown.counts if not row.gap]
    rows: list[DeliveryCount | Unconfirmed] = [*gaps, *shown.unconfirmed, *agreed]
    return rows[:SHOWN_DELIVERIES]
