"""What pages, JSON and the terminal ask of the ledger: cards, reports, trails and rows. Reads only."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import is_txid
from ledger.core.errors import NotFound, NothingYet
from ledger.core.names import lot_named
from ledger.core.times import rfc3339
from ledger.model import campaigns as model
from ledger.model.campaigns import CampaignPartnerRow, KnownFactRow, ProductRow
from ledger.model.evidence import Access, EvidenceRow
from ledger.recording.desk import claim_hash
from ledger.rules.books import Books, Documents
from ledger.rules.campaigns import campaign_of, campaigns, find_product, standing_needs
from ledger.rules.gift_sums import gift_days, gift_sums
from ledger.rules.observing import Observed, WatchedOutput, WatchedTx
from ledger.rules.orders import BOUND
from ledger.rules.pledges import pledge_state, pledges_of
from ledger.rules.restrictions import kept_for
from ledger.rules.settled import depth_of, settled_block
from ledger.views.campaign import CampaignCard, CampaignReport, NeedRow, OpenMatter, PledgeRow, Withheld
from ledger.views.chain_coins import unexplained_spends
from ledger.views.chain_status import chain_status
from ledger.views.controls import limit_rows, period_rows
from ledger.views.decisions import decisions, public_decisions
from ledger.views.donation import DonationFollower
from ledger.views.flow import ExitKind, StageKind
from ledger.views.gift_list import change_of, donation_rows, is_change
from ledger.views.losses import loss_rows
from ledger.views.other_gifts import in_kind_rows, is_gift_key, other_rows, other_trails
from ledger.views.papers import paper_of, paper_page, standing_evidence
from ledger.views.people import achievements
from ledger.views.reconcile import books_state
from ledger.views.remembered import remembered
from ledger.views.stages import CampaignFlow
from ledger.views.stock import stock_rows
from ledger.views.sums import lots_of, sum_tables
from ledger.views.trail import DonationTrail, Paper
from ledger.views.two_keys import deliveries

if TYPE_CHECKING:
    from ledger.store.transaction import Reading

__all__ = [
    "campaign_cards",
    "campaign_report",
    "chain_status",
    "donation_rows",
    "donation_trails",
    "entry_rows",
    "paper_rows",
]

PAPERS_SHOWN = 6
OTHERS_SHOWN = 25
WAITING_SHOWN = 8


def campaign_cards(tx: Reading) -> list[CampaignCard]:
    """All campaigns, newest first."""
    books = Books(tx)
    cards = []
    for campaign in campaigns(tx.session):
        slug = campaign.slug
        gifts = -books.net(account(AccountClass.GIFTS, slug), "BTC")
        count = gift_sums(tx.shelf, slug).count
        unit, distributed = "", 0
        for _, asset, balance in books.balances(account(AccountClass.DISTRIBUTED, slug) + "/"):
            product = find_product(tx.session, slug, lot_named(asset).product)
            unit = product.unit if product else unit
            distributed += balance.net
        cards.append(
            CampaignCard(slug, campaign.title, campaign.start, campaign.end, gifts, count, unit, distributed)
        )
    return sorted(cards, key=lambda card: (card.start, card.slug), reverse=True)


def campaign_report(tx: Reading, slug: str, *, now: int) -> CampaignReport:
    """Everything that a campaign's page shows; raises NotFound."""
    books, observed = Books(tx), Observed(tx.shelf)
    campaign = campaign_of(tx.session, slug)
    flow = remembered(tx, "flow", slug, lambda: CampaignFlow(books, slug).flow())
    gifts = gift_sums(tx.shelf, slug)
    papers = standing_evidence(tx.session, slug)
    ends: dict[ExitKind, int] = {}
    for row in flow.exits:
        ends[row.kind] = ends.get(row.kind, 0) + row.units
    ordered = sum(s.units for s in flow.stages if s.kind is StageKind.ORDERED)
    distributed = sum(s.units for s in flow.stages if s.kind is StageKind.DISTRIBUTED)
    receivers = sum(len(s.bars) for s in flow.stages if s.kind is StageKind.DISTRIBUTED)
    bad = (ExitKind.SHORT, ExitKind.DAMAGED, ExitKind.LOST, ExitKind.REJECTED, ExitKind.WRITTEN_OFF)
    lost = sum(ends.get(k, 0) for k in bad)
    under_way = sum(ends.get(k, 0) for k in (ExitKind.IN_STOCK, ExitKind.IN_TRANSIT, ExitKind.WAITING))
    not_bought = (ExitKind.OPEN, ExitKind.CANCELLED, ExitKind.CLAIM, ExitKind.REFUNDED)
    bought = ordered - sum(ends.get(kind, 0) for kind in not_bought)
    good = sum(lot["good"] for name, lot in lots_of(books, slug) if not lot_named(name).is_over)
    noted = sum(
        lot["noted"]
        for name, lot in lots_of(books, slug)
        if "replaces" not in lot and not lot_named(name).is_over
    )
    head = tx.journal.head()
    fixed = tx.addresses.fixed_of(slug)
    today = rfc3339(now)[:10]
    open_now = public_decisions(decisions(tx, slug, now=now, suggest=False))
    waiting = sum(
        1
        for watched in [*observed.txs_in((settled_block(tx) or -1) + 1, 10**11), *observed.unconfirmed()]
        for output in watched.outputs
        if output.campaign == slug
        and watched.state.value in {"seen", "confirmed"}
        and not is_change(observed, watched)
    )
    return CampaignReport(
        slug=slug,
        title=campaign.title,
        purpose=campaign.purpose,
        start=campaign.start,
        end=campaign.end,
        currency=campaign.currency,
        valuation_clock=campaign.valuation.value,
        depth=depth_of(tx),
        partners=_partners(tx.session, slug),
        unit=flow.unit,
        donations=gifts.count,
        donors_waiting=waiting,
        received=gifts.sats,
        value=gifts.value,
        dust=gifts.dust,
        dust_count=gifts.dust_count,
        bought=bought,
        distributed=distributed,
        receivers=receivers,
        under_way=under_way,
        lost=lost,
        needs=tuple(_need(books, need, product) for need, product in standing_needs(tx.session, slug)),
        achievements=achievements(tx.session, slug),
        books=books_state(tx, slug, now=now, waiting=open_now),
        flow=flow,
        sums=remembered(tx, "sums", slug, lambda: tuple(sum_tables(books, slug))),
        withheld=tuple(_withheld(paper) for paper in papers if paper.access is Access.SEALED),
        unexplained=unexplained_spends(tx, slug),
        papers=tuple(paper_of(paper) for paper in papers[:PAPERS_SHOWN]),
        papers_count=len(papers),
        days_gift_to_order=_days_gift_to_order(books, slug),
        days_order_to_receipt=_days_order_to_receipt(books, slug),
        good_permille=good * 1000 // noted if noted else None,
        closed=today > campaign.end,
        journal_seq=head[0] if head else 0,
        journal_hash=head[1] if head else "0" * 64,
        fixed_address=None if fixed is None else fixed.address,
        gives_addresses=fixed is not None or tx.addresses.highest_index(slug, "receive") is not None,
        demonstration=tx.progress.load("demonstration") == "yes",
        pledges=_pledges(books, slug),
        waiting=tuple(
            OpenMatter(row.matter.value, row.subject, row.since, row.asset, row.minor, row.what_to_do)
            for row in open_now[:WAITING_SHOWN]
        ),
        others=tuple(row for _, row in islice(other_rows(books, slug), OTHERS_SHOWN)),
        in_kind=tuple(islice(in_kind_rows(books, slug), OTHERS_SHOWN)),
        sources_of_facts=_known_facts(tx.session, slug),
        deliveries=deliveries(books, slug, today),
        losses=tuple(reversed(loss_rows(books, slug))),
        periods=period_rows(tx.session, slug),
        limits=limit_rows(tx.session, slug),
        expired=sum(row.pieces for row in stock_rows(books, slug) if row.is_expired(today)),
    )


def _partners(session: Session, slug: str) -> tuple[str, ...]:
    rows = select(CampaignPartnerRow.name).where(CampaignPartnerRow.campaign == slug)
    return tuple(session.exec(rows.order_by(col(CampaignPartnerRow.n))))


def _known_facts(session: Session, slug: str) -> tuple[tuple[str, str], ...]:
    rows = select(KnownFactRow).where(KnownFactRow.campaign == slug).order_by(col(KnownFactRow.n))
    return tuple((known.fact, known.source) for known in session.exec(rows))


def _need(books: Books, need: model.NeedRow, product: ProductRow) -> NeedRow:
    return NeedRow(
        need.number,
        need.recipient,
        product.name,
        need.quantity,
        product.unit,
        need.place,
        need.by,
        kept_for(books, need.campaign, need.number),
    )


def _withheld(paper: EvidenceRow) -> Withheld:
    """A paper whose bytes are sealed: the row is public, the detail is not."""
    return Withheld(paper.title, "", None, paper.withheld or "", paper.role, paper.review or "")


def _pledges(books: Books, slug: str) -> tuple[PledgeRow, ...]:
    rows = []
    for pledge in pledges_of(books.session, slug):
        state = pledge_state(books, pledge)
        figures = (state.promised, state.paid, state.lapsed, state.status.value)
        late = "" if pledge.happened == pledge.date else pledge.happened
        rows.append(PledgeRow(pledge.number, pledge.date, state.asset, *figures, happened=late))
    return tuple(sorted(rows, key=lambda row: (row.open == 0, row.date, row.number)))


def _days_gift_to_order(books: Books, slug: str) -> int | None:
    """Median days from a gift's block to the first approved order after it."""
    orders = sorted(d["decided_on"] for _, d in books.documents.all("purchase", slug) if d["status"] in BOUND)
    days: list[tuple[int, int]] = []
    for day, count in gift_days(books.shelf, slug):
        after = bisect_left(orders, day)
        if after < len(orders):
            waited = date.fromisoformat(orders[after]) - date.fromisoformat(day)
            days.append((waited.days, count))
    return median_of(sorted(days))


def median_of(counted: list[tuple[int, int]]) -> int | None:
    """The median of (figure, how often), in order of figures; rounded down between two."""
    whole = sum(count for _, count in counted)
    below, middle = 0, list[int]()
    for figure, count in counted:
        middle += [figure for place in ((whole - 1) // 2, whole // 2) if below <= place < below + count]
        below += count
    return sum(middle) // 2 if middle else None


def _days_order_to_receipt(books: Books, slug: str) -> int | None:
    orders = {n: d for n, d in books.documents.all("purchase", slug) if d["status"] in BOUND}
    days = [
        (
            date.fromisoformat(receipt["date"])
            - date.fromisoformat(orders[receipt["facts"]["order"]]["decided_on"])
        ).days
        for _, receipt in books.documents.all("receipt", slug)
        if receipt["reversed"] is None and receipt["facts"]["order"] in orders
    ]
    return int(statistics.median(days)) if days else None


# ── donations ────────────────────────────────────────────────────────────────────────────────────────────


def _outputs_of(tx: Reading, key: str) -> list[tuple[WatchedTx, WatchedOutput]]:
    """The payments that a key names; raises NotFound with what is known and what to do."""
    observed, documents = Observed(tx.shelf), Documents(tx.shelf)
    text = key.strip()
    txid, colon, vout = text.lower().partition(":")
    if is_txid(txid) and (not colon or (vout.isascii() and vout.isdigit() and len(vout) <= 10)):
        watched = observed.tx(txid)
        if watched is None:
            raise NotFound(
                f"No donation has the key {txid[:8]}…{txid[-6:]}. It may be too young to be seen here, or pay "
                "somebody else."
            )
        change = change_of(observed, documents, watched)
        outputs = [o for o in watched.outputs if o.vout not in change and (not colon or o.vout == int(vout))]
        if not outputs:
            raise NotFound("This transaction is known here, but that output is no donation.")
        return [(watched, output) for output in outputs]
    row = tx.addresses.by_address(text)
    if row is None and text.lower() != text:
        row = tx.addresses.by_address(text.lower())
    if row is None:
        row = tx.addresses.by_claim(claim_hash(text))
    if row is None:
        if len(text) == 64 or (text.isascii() and text.isalnum() and len(text) > 80):
            raise NotFound("A transaction id has 64 hexadecimal characters, 0 to 9 and a to f.")
        raise NotFound(_unknown(text))
    found: list[tuple[WatchedTx, WatchedOutput]] = []
    for outpoint in observed.paid_to(row.script.hex()):
        txid, _, vout = outpoint.partition(":")
        watched = observed.tx(txid)
        if watched is None or int(vout) in change_of(observed, documents, watched):
            continue
        found += [(watched, output) for output in watched.outputs if output.vout == int(vout)]
    if not found:
        raise NothingYet("No payment has come to this address yet. Nothing expires.")
    return found


def _unknown(text: str) -> str:
    hexadecimal = text.isascii() and text and all(c in "0123456789abcdefABCDEF" for c in text)
    if hexadecimal:
        return f"A transaction id has 64 characters; yours has {len(text)}."
    return "No donation has this key. Write a transaction id, an address of this site, or a claim code."


def donation_trails(tx: Reading, key: str, *, now: int) -> list[DonationTrail]:
    """The trails of the donations that a txid, outpoint, address or claim code names; raises NotFound."""
    del now
    if is_gift_key(key.strip()):
        return other_trails(tx, key.strip())
    followers: dict[str, DonationFollower] = {}
    trails = []
    for watched, output in _outputs_of(tx, key):
        if output.campaign not in followers:
            followers[output.campaign] = DonationFollower(tx, output.campaign)
        trails.append(followers[output.campaign].trail(watched, output))
    return trails


def entry_rows(tx: Reading, slug: str, *, after: int, limit: int) -> tuple[list[bytes], int | None]:
    """The published bytes of a campaign's entries, in order."""
    campaign_of(tx.session, slug)
    rows = list(tx.journal.rows(after=after, limit=limit + 1, campaign=slug))
    page = rows[:limit]
    return [row.data for row in page], page[-1].seq if len(rows) > limit else None


def paper_rows(tx: Reading, slug: str, *, after: int | None, limit: int) -> tuple[list[Paper], int | None]:
    """Papers of a campaign, by the hash of their bytes; raises NotFound."""
    campaign_of(tx.session, slug)
    return paper_page(tx.session, slug, after=after, limit=limit)
