"""The page of one campaign, and the list of all: contexts from the ledger's report, figure by figure.

Nothing is computed here that the report does not say; it only chooses words.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from api.pages import sentences as say
from api.pages.contexts import (
    CampaignPage,
    CardView,
    Figure,
    HomePage,
    InKindView,
    PeriodView,
    Sum,
    WaitingRow,
    WithheldRow,
)
from api.pages.figures import count, exact, exact_with_asset, short_hash
from api.pages.parts import ROWS, donation_line, groups_of_four, paper_rows, picture, strip
from api.pages.render import PageRenderer
from api.pages.things import deliveries_note, delivery_rows, lost_note, lost_rows
from ledger.core.money import is_money
from ledger.views.campaign import CampaignCard, CampaignReport, DonationRow, OpenMatter, SumTable

SHOWN_PAPERS = 8
SHOWN_DONATIONS = 8
SHOWN_PERIODS = 12


def home_page(pages: PageRenderer, cards: Sequence[CampaignCard]) -> bytes:
    """All campaigns, each with its sentence."""
    views = tuple(
        CardView(f"/c/{card.slug}", card.title, say.period(card.start, card.end), say.card_sentence(card))
        for card in cards[:ROWS]
    )
    return pages.page(
        "home.html", HomePage(pages.frame(pages.settings.title), views, max(0, len(cards) - ROWS))
    )


def campaign_page(
    pages: PageRenderer, report: CampaignReport, rows: Sequence[DonationRow], more: bool
) -> bytes:
    """One campaign: sentence, books, picture, sums, withheld, papers, gifts, times, rule."""
    frame = pages.frame(
        report.title,
        demonstration=report.demonstration,
        facts=report.sources_of_facts,
        journal=(report.journal_seq, report.journal_hash),
    )
    coins = [row for row in rows if row.outpoint]  # the others have tables of their own
    more = more and len(coins) == len(rows)
    context = CampaignPage(
        frame=frame,
        slug=report.slug,
        kicker=f"{report.title}, {say.period(report.start, report.end)}",
        purpose=report.purpose,
        sentence=say.campaign_sentence(report),
        next=say.campaign_next(report),
        call=say.call_state(report),
        strip=strip(report.books),
        picture=picture(report.flow, None),
        sums=tuple(_sum(table) for table in report.sums),
        withheld=_withheld(report),
        pledges=tuple(
            (
                row.number,
                say.booked(row.date, row.happened),
                exact_with_asset(row.asset, row.promised),
                say.pledge_status(row),
                say.pledge_came(row),
            )
            for row in report.pledges[:ROWS]
        ),
        waiting=tuple(_waiting(row, report.books.looked_at) for row in report.waiting),
        waiting_note=say.waiting_note(report.books, len(report.waiting)),
        papers=paper_rows(report.papers[:SHOWN_PAPERS]),
        papers_note=_papers_note(report),
        needs=tuple(
            (
                say.need_asked(need),
                need.recipient,
                need.place,
                say.day(need.by),
                f"/c/{report.slug}/give?need={quote(need.key)}" if report.gives_addresses else "",
            )
            for need in report.needs[:ROWS]
        ),
        results=tuple(say.result_row(item) for item in report.achievements[:ROWS]),
        donations=tuple(donation_line(row) for row in coins[:SHOWN_DONATIONS]),
        donations_note=_donations_note(
            report, min(len(coins), SHOWN_DONATIONS), more or len(coins) > SHOWN_DONATIONS
        ),
        others=tuple(donation_line(row) for row in report.others if is_money(row.asset)),
        in_kind=tuple(
            InKindView(
                f"{say.number_of(row.quantity, row.unit)}, {row.what}"
                + (f", from {row.organisation}" if row.organisation else ""),
                exact_with_asset(row.currency, row.value),
                f"{row.method.replace('_', ' ')}, stated by {row.stated_by}",
                f"/d/{quote(row.key, safe=':')}",
                row.key.rpartition(":")[2],
            )
            for row in report.in_kind
        ),
        service=say.service_figures(report),
        shares=say.SHARES,
        address=groups_of_four(report.fixed_address or ""),
        gives=report.gives_addresses,
        dust=_dust(report),
        partners=say.listed(report.partners),
        deliveries=delivery_rows(report.deliveries),
        deliveries_note=deliveries_note(report.deliveries),
        losses=lost_rows(report.losses),
        losses_note=lost_note(report.losses, report.expired),
        periods=tuple(
            PeriodView(
                row.number,
                "" if row.is_month else say.period(row.first, row.last),
                say.period_closed(row),
                f"/c/{report.slug}/periods/{quote(row.number)}",
            )
            for row in report.periods[:SHOWN_PERIODS]
        ),
        periods_note=say.PERIODS_NOTE if report.periods else say.PERIODS_NONE,
        limits=tuple((row.role.capitalize(), say.limit_most(row)) for row in report.limits[:ROWS]),
        limits_note=say.LIMITS_NOTE,
    )
    return pages.page("campaign.html", context)


def _sum(table: SumTable) -> Sum:
    rows = tuple(
        Figure(say.sum_word(row.key, row.label), exact(table.asset, row.minor), row.minor == 0)
        for row in table.rows
    )
    total = Figure(say.sum_word(table.total_key, ""), exact(table.asset, table.total), False)
    return Sum(say.sum_heading(table.asset, table.unit, table.total_key), rows, total)


def _withheld(report: CampaignReport) -> tuple[WithheldRow, ...]:
    rows = [
        WithheldRow(
            row.what,
            "not shown" if row.minor is None else exact_with_asset(row.asset, row.minor),
            row.reason,
            row.decided_by or "–",
            say.day(row.review) or "–",
            "withheld",
        )
        for row in report.withheld[:ROWS]
    ]
    open_spends = [spend for spend in report.unexplained if spend.explained_at is None]
    rows += [
        WithheldRow(
            f"Outgoing coin, {spend.txid[:8]}…",
            exact_with_asset("BTC", spend.minor),
            f"No entry says why, since {say.time(spend.seen_at)}",
            "–",
            "–",
            "unexplained",
        )
        for spend in open_spends[:ROWS]
    ]
    if not open_spends:
        explained = [spend.explained_at for spend in report.unexplained if spend.explained_at]
        note = say.unexplained_note(len(explained), max(explained, default=""))
        rows.append(WithheldRow("Unexplained outgoing coins", exact_with_asset("BTC", 0), note, "–", "–", ""))
    return tuple(rows)


def _waiting(row: OpenMatter, now: str | None) -> WaitingRow:
    amount = "–" if row.minor is None else exact_with_asset(row.asset, row.minor)
    subject = short_hash(row.subject) if len(row.subject) >= 64 else row.subject
    what = say.matter_word(row.matter)
    return WaitingRow(what[:1].upper() + what[1:], subject, amount, say.waits_since(row, now), row.what_to_do)


def _papers_note(report: CampaignReport) -> str:
    shown = min(len(report.papers), SHOWN_PAPERS)
    if not report.papers_count:
        return "None yet."
    return f"{count(shown)} of {count(report.papers_count)}. Each opens the bytes whose SHA-256 is shown."


def _donations_note(report: CampaignReport, shown: int, more: bool) -> str:
    if not shown:
        return "None in coins yet." if report.others else "No payment has come yet. Nothing expires."
    return f"The first {count(shown)} of {count(report.donations)} settled." if more else ""


def _dust(report: CampaignReport) -> str:
    if not report.dust_count:
        return ""
    noun = "payment" if report.dust_count == 1 else "payments"
    dust = exact_with_asset("BTC", report.dust)
    return f"{count(report.dust_count)} {noun} below the dust line, {dust}, in no total."
