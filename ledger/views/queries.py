"""What pages, JSON and the terminal ask of the ledger: cards, reports, trails and rows. Reads only."""

from __future__ import annotations

import statistics
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice

from sqlmodel import Session, col, select

from ledger.core.accounts import AccountClass
from ledger.core.chain import Outpoint, is_txid
from ledger.core.creditor_reference import is_reference
from ledger.core.errors import NotFound, NothingYet
from ledger.core.frozen import Amount
from ledger.core.names import GiftKey, GiftKind, gift_key_named, gift_named, lot_named
from ledger.core.observation import WatchedOutput
from ledger.core.pasted import pasted_key
from ledger.core.times import rfc3339
from ledger.model import campaigns as model
from ledger.model import pledges as model_pledges
from ledger.model.campaigns import CampaignPartnerRow, KnownFactRow, ProductRow
from ledger.model.evidence import Access, EvidenceRow
from ledger.model.gifts import ContributionRow
from ledger.model.goods import InKindRow, ReceiptRow
from ledger.model.journal import EntryRow
from ledger.recording.bank_references import campaign_of_reference
from ledger.recording.desk import claim_hash
from ledger.rules.books import Books
from ledger.rules.came import Contributed, contributed
from ledger.rules.campaigns import campaign_of, campaign_slugs, campaigns, products_of, standing_needs
from ledger.rules.claims import claims_below_tolerance
from ledger.rules.coins import undecided_outpoints
from ledger.rules.gift_sums import GiftSums, gift_days, gift_sums
from ledger.rules.observing import Observed, WatchedTx
from ledger.rules.order_papers import OrderPapers
from ledger.rules.pledges import gifts_of_pledge
from ledger.rules.restrictions import kept_for
from ledger.rules.settled import depth_of, settled_block
from ledger.rules.spends import spends_of
from ledger.store.transaction import Reading
from ledger.views.bank_state import bank_states
from ledger.views.campaign import (
    CampaignCard,
    CampaignHead,
    CampaignPage,
    CampaignReport,
    DeliveryCheck,
    DonationPage,
    Dust,
    GiftSum,
    JournalHead,
    NeedRow,
    PledgeRow,
    PublicOpenItem,
    ReceivedGood,
    Service,
    SmallClaims,
    SourceOfFact,
    Withheld,
    counted,
    quantities,
)
from ledger.views.chain_coins import unexplained_spends
from ledger.views.chain_status import chain_status
from ledger.views.controls import limit_rows, period_rows
from ledger.views.decisions import decisions, public_decisions
from ledger.views.donation import DonationFollower
from ledger.views.flow import Flow, Origin, StageKind
from ledger.views.gift_list import change_of, donation_rows, newest_gifts
from ledger.views.losses import loss_rows
from ledger.views.open_items import OpenItem
from ledger.views.openings import require_no_opening, standing
from ledger.views.other_gifts import in_kind_rows, is_gift_key, other_rows, other_trails
from ledger.views.papers import paper_page, served_paper, shown_papers
from ledger.views.people import achievements
from ledger.views.readings import CampaignReadings
from ledger.views.reconcile import books_state
from ledger.views.recorded_by import recorded_by
from ledger.views.spending import spending
from ledger.views.stages import CampaignFlow
from ledger.views.sums import LotSums, goods_of, sum_tables
from ledger.views.time_line import held_since, piece_costs, time_line
from ledger.views.totals import apart_totals, bars_of, goods_totals, service_rows
from ledger.views.trail import Donation, DonationTrail, Paper

__all__ = [
    "campaign_cards",
    "campaign_flow",
    "campaign_head",
    "campaign_page",
    "campaign_report",
    "chain_status",
    "donation_page",
    "donation_rows",
    "donation_trails",
    "entry_rows",
    "need_rows",
    "newest_gifts",
    "paper_rows",
    "pledge_rows",
    "served_paper",
]

PAPERS_SHOWN = 3
GIFTS_OF_A_KEY = 1_000
"""Gifts at most that one reference or pledge finds."""
OTHERS_SHOWN = 25
WAITING_SHOWN = 8


def campaign_cards(tx: Reading) -> list[CampaignCard]:
    """All campaigns, newest first."""
    books = Books(tx)
    cards = []
    for campaign in campaigns(tx.session):
        slug = campaign.slug
        units = _units(tx.session, slug)
        distributed, delivered = (
            quantities(
                counted(
                    (lot_named(balance.asset).product, balance.net) for balance in books.balances(kind, slug)
                ),
                units,
            )
            for kind in (AccountClass.DISTRIBUTED, AccountClass.DELIVERED)
        )
        given = select(InKindRow.product).where(
            InKindRow.campaign == slug, col(InKindRow.reversed_by).is_(None)
        )
        in_kind = set(tx.session.exec(given.distinct())) if distributed else set()
        cards.append(
            CampaignCard(
                slug=slug,
                title=campaign.title,
                start=campaign.start,
                end=campaign.end,
                received=(
                    received := gifts_of_money(gift_sums(tx.session, slug), contributed(tx.session, slug))
                ),
                donations=sum(row.count for row in received),
                distributed=distributed,
                in_kind=any(row.product in in_kind for row in distributed),
                delivered=delivered,
            )
        )
    return sorted(cards, key=lambda card: (card.start, card.slug), reverse=True)


def _units(session: Session, slug: str) -> dict[str, str]:
    """What a piece of each product is called."""
    return _units_of(products_of(session, slug))


def _units_of(products: Mapping[str, ProductRow]) -> dict[str, str]:
    return {code: product.unit for code, product in products.items()}


def campaign_flow(tx: Reading, slug: str) -> Flow:
    """The picture of a campaign; raises NotFound."""
    campaign_of(tx.session, slug)
    return CampaignFlow(OrderPapers(Books(tx), slug), contributed(tx.session, slug)).flow()


def gifts_of_money(coins: GiftSums, banks: Mapping[str, Contributed]) -> tuple[GiftSum, ...]:
    """What donors gave in coins and at banks, an asset a row, what went back included; `coins`, `banks`: their sums."""
    rows = [GiftSum(asset="BTC", minor=coins.sats, count=coins.count)] if coins.count else []
    return (
        *rows,
        *(GiftSum(asset=asset, minor=sums.minor, count=sums.gifts) for asset, sums in banks.items()),
    )


def campaign_report(
    tx: Reading,
    slug: str,
    *,
    now: int,
    waiting: tuple[OpenItem, ...] | None = None,
    flow: Flow | None = None,
    readings: CampaignReadings | None = None,
) -> CampaignReport:
    """One campaign with its totals and the state of its books; raises NotFound.

    `waiting`, `flow`, `readings`: its public decisions, its picture and what else was read, where the caller has them.
    """
    today = rfc3339(now)[:10]
    of = CampaignReadings(tx, Books(tx), slug, today) if readings is None else readings
    books, observed = of.books, Observed(tx.session)
    campaign = campaign_of(tx.session, slug)
    flow = CampaignFlow(of.papers, of.contributed).flow() if flow is None else flow
    gifts = gift_sums(tx.session, slug)
    papers = of.evidence
    fixed = tx.addresses.fixed_of(slug)
    settled = settled_block(tx)
    if waiting is None:
        waiting = public_decisions(decisions(tx, slug, now=now, suggest=False, readings=of))
    known = of.known
    goods, bound = goods_of(books, slug, known), of.papers.bound
    apart = _out_of_order(tx.session, slug)
    approved = {
        order.number: order.decided_on
        for order in bound
        if order.decided_on is not None
        and order.opened_by is None
        and apart.isdisjoint({order.entry, order.decided_by})
    }
    received = gifts_of_money(gifts, of.contributed)
    days_of_gifts = gift_days(tx.session, slug)
    items = of.papers.items_by_order
    sums = tuple(sum_tables(books, slug, goods, known, items))
    return CampaignReport(
        slug=slug,
        title=campaign.title,
        purpose=campaign.purpose,
        start=campaign.start,
        end=campaign.end,
        closed=today > campaign.end,
        demonstration=tx.progress.load("demonstration") == "yes",
        partners=_partners(tx.session, slug),
        depth=depth_of(tx),
        valuation_clock=campaign.valuation.value,
        donations=sum(row.count for row in received),
        waiting=observed.payments_above(-1 if settled is None else settled, slug),
        received=received,
        value=Amount.of(campaign.currency, gifts.value),
        dust=Dust(asset="BTC", minor=gifts.dust, count=gifts.dust_count),
        goods=goods_totals(known, flow, goods),
        given_in_kind=apart_totals(known, flow, Origin.GIVEN),
        brought_in=apart_totals(known, flow, Origin.BEFORE),
        opening=standing(tx, slug),
        services=service_rows(known, bound, items),
        receivers=len({bar.label for bar in bars_of(flow, StageKind.DISTRIBUTED)}),
        fixed_address=None if fixed is None else fixed.address,
        gives_addresses=fixed is not None or tx.addresses.highest_index(slug, "receive") is not None,
        pledges=pledge_rows(of),
        payables=of.payables,
        small_claims=_small_claims(of),
        needs=need_rows(tx, slug),
        in_kind=tuple(in_kind_rows(books, slug, OTHERS_SHOWN)),
        results=achievements(tx.session, slug),
        books=books_state(tx, slug, now=now, waiting=waiting),
        sums=sums,
        withheld=tuple(_withheld(paper) for paper in papers if paper.access is Access.SEALED),
        unexplained=unexplained_spends(tx, slug, of.young),
        deliveries=DeliveryCheck(
            open_gaps=sum(1 for row in of.deliveries.counts if row.gap),
            unconfirmed=of.deliveries.unconfirmed,
            handovers_signed=tuple(sorted(of.deliveries.signed)),
        ),
        service=Service(
            days_gift_to_order=_days_gift_to_order(days_of_gifts, approved),
            days_order_to_receipt=_days_order_to_receipt(books, slug, approved),
            received_good=_received_good(known.products, goods),
            costs=piece_costs(bound, items, known.products),
            held_since=held_since(tx.session, slug),
            spending=spending(sums, flow),
        ),
        time_line=time_line(tx.session, slug, days_of_gifts),
        periods=period_rows(tx.session, slug),
        limits=limit_rows(tx.session, slug),
        evidence_count=len(papers),
        journal=_journal_head(tx),
        sources_of_facts=_sources_of_facts(tx.session, slug),
    )


def campaign_head(tx: Reading, slug: str) -> CampaignHead:
    """What every page of a campaign shows of it; raises NotFound."""
    return CampaignHead(
        slug=slug,
        title=(campaign := campaign_of(tx.session, slug)).title,
        purpose=campaign.purpose,
        demonstration=tx.progress.load("demonstration") == "yes",
        journal=_journal_head(tx),
        sources_of_facts=_sources_of_facts(tx.session, slug),
    )


def _journal_head(tx: Reading) -> JournalHead:
    head = tx.journal.head()
    return JournalHead(seq=head[0] if head else 0, hash=head[1] if head else "0" * 64)


def _partners(session: Session, slug: str) -> tuple[str, ...]:
    rows = select(CampaignPartnerRow.name).where(CampaignPartnerRow.campaign == slug)
    return tuple(session.exec(rows.order_by(col(CampaignPartnerRow.n))))


def _sources_of_facts(session: Session, slug: str) -> tuple[SourceOfFact, ...]:
    rows = select(KnownFactRow).where(KnownFactRow.campaign == slug).order_by(col(KnownFactRow.n))
    return tuple(SourceOfFact(fact=known.fact, source=known.source) for known in session.exec(rows))


def campaign_page(tx: Reading, slug: str, *, now: int) -> CampaignPage:
    """What the page of a campaign shows; raises NotFound."""
    campaign = campaign_of(tx.session, slug)
    books, today = Books(tx), rfc3339(now)[:10]
    of = CampaignReadings(tx, books, campaign.slug, today)
    open_now = public_decisions(decisions(tx, slug, now=now, suggest=False, readings=of))
    flow = CampaignFlow(of.papers, of.contributed).flow()
    expired = [(row.product, row.pieces) for row in of.stock if row.expired]
    return CampaignPage(
        report=campaign_report(tx, slug, now=now, waiting=open_now, flow=flow, readings=of),
        flow=flow,
        papers=shown_papers(tx.session, of.evidence[: -PAPERS_SHOWN - 1 : -1]),
        waiting=tuple(
            PublicOpenItem(
                kind=row.kind.value,
                subject=row.subject,
                since=row.since,
                amount=row.amount,
                to_do=row.to_do,
            )
            for row in open_now[:WAITING_SHOWN]
        ),
        deliveries=of.deliveries,
        losses=tuple(reversed(loss_rows(books.session, slug))),
        expired=quantities(counted(expired), _units_of(of.known.products)),
        others=tuple(
            row for _, row in islice(other_rows(books, slug, after=None, size=OTHERS_SHOWN), OTHERS_SHOWN)
        ),
        banks=bank_states(books, of.banks),
    )


def _received_good(products: Mapping[str, ProductRow], goods: Iterable[LotSums]) -> tuple[ReceivedGood, ...]:
    """Share of what was received of each product that was in good condition, surplus aside."""
    noted, good = Counter[str](), Counter[str]()
    for row in goods:
        if not row.is_over:
            noted[row.lot.product] += row.noted
            good[row.lot.product] += row.good
    return tuple(
        ReceivedGood(product=product, item=products[product].name, permille=good[product] * 1000 // came)
        for product, came in sorted(noted.items())
        if came
    )


def need_rows(tx: Reading, slug: str) -> tuple[NeedRow, ...]:
    """What the campaign asks for and what came of each, by number."""
    books = Books(tx)
    return tuple(_need(books, need, product) for need, product in standing_needs(tx.session, slug))


def _need(books: Books, need: model.NeedRow, product: ProductRow) -> NeedRow:
    return NeedRow(
        key=need.number,
        recipient=need.recipient,
        item=product.name,
        quantity=need.quantity,
        unit=product.unit,
        place=need.place,
        by=need.by,
        kept=tuple(Amount.of(asset, minor) for asset, minor in kept_for(books, need.campaign, need.number)),
    )


def _withheld(paper: EvidenceRow) -> Withheld:
    """A paper that is sealed, or waits for that: the row is public, the paper is not."""
    return Withheld(
        what=paper.title,
        reason=paper.withheld or "",
        decided_by=None if paper.waits else paper.role,
        review=paper.review or "",
    )


def pledge_rows(of: CampaignReadings) -> tuple[PledgeRow, ...]:
    """What was promised and came of it, what is open first, then by date and number."""
    rows = []
    for pledge, state in of.pledges:
        rows.append(
            PledgeRow(
                number=pledge.number,
                date=pledge.date,
                happened=None if pledge.happened == pledge.date else pledge.happened,
                status=state.status,
                due=pledge.due,
                overdue=bool(state.open and pledge.due is not None and pledge.due < of.today),
                promised=Amount.of(state.asset, state.promised),
                paid=Amount.of(state.asset, state.paid),
                lapsed=Amount.of(state.asset, state.lapsed),
            )
        )
    return tuple(sorted(rows, key=lambda row: (row.open.minor == 0, row.date, row.number)))


def _small_claims(of: CampaignReadings) -> tuple[SmallClaims, ...]:
    """What is below the campaign's tolerance, by currency."""
    claims: dict[str, list[int]] = defaultdict(list)
    for claim in claims_below_tolerance(of.papers):
        claims[claim.currency].append(claim.amount)
    return tuple(
        SmallClaims(count=len(amounts), amount=Amount.of(currency, sum(amounts)))
        for currency, amounts in sorted(claims.items())
    )


def _out_of_order(session: Session, slug: str) -> set[int]:
    """The entries of a campaign that happened before what they rest on: they tell no time of service."""
    out = select(EntryRow.seq).where(EntryRow.campaign == slug, col(EntryRow.out_of_order).is_not(None))
    return set(session.exec(out))


def _days_gift_to_order(gifts: Sequence[tuple[str, int]], approved: Mapping[str, str]) -> int | None:
    """Median days from a gift's block to the first approved order after it; `gifts`: how many by day.

    `approved`: days by order.
    """
    orders = sorted(approved.values())
    days: list[tuple[int, int]] = []
    for day, count in gifts:
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


def _days_order_to_receipt(books: Books, slug: str, approved: Mapping[str, str]) -> int | None:
    received = (
        select(ReceiptRow.order_number, ReceiptRow.date)
        .join(EntryRow, col(EntryRow.seq) == ReceiptRow.entry)
        .where(
            ReceiptRow.campaign == slug,
            col(ReceiptRow.reversed_by).is_(None),
            col(EntryRow.out_of_order).is_(None),
        )
    )
    days = [
        (date.fromisoformat(day) - date.fromisoformat(approved[order])).days
        for order, day in books.session.exec(received)
        if order in approved
    ]
    return int(statistics.median(days)) if days else None


# ── donations ────────────────────────────────────────────────────────────────────────────────────────────


def _no_donation(tx: Reading, observed: Observed, watched: WatchedTx, vout: int | None) -> NotFound:
    """Why none of the outputs that a key names is a donation: its transaction pays nothing, gives back, or both."""
    if not watched.outputs:
        return NotFound("This transaction is known here, and pays nothing to a campaign.")
    named = [output for output in watched.outputs if vout in {None, output.vout}]
    if named:
        back = sum(coin.sats for coin in map(observed.coin_to_be, watched.inputs) if coin is not None)
        above = sum(output.sats for output in watched.outputs) > back
        settled = [spend.campaign for spend in spends_of(tx.session, watched.txid)]
        waiting = {outpoint for slug in settled for outpoint in undecided_outpoints(tx.session, slug)}
        if above and (not settled or any(f"{watched.txid}:{output.vout}" in waiting for output in named)):
            return NotFound(
                "This transaction spends coins of a campaign as well. What it pays above them waits for a decision: "
                "ask again once a person has said what it is."
            )
        return NotFound("This transaction gives a campaign change of its own coins, and that is no donation.")
    return NotFound("This transaction is known here, but that output is no donation.")


def _outputs_of(tx: Reading, key: str) -> list[tuple[WatchedTx, WatchedOutput]]:
    """The payments that a key names; raises NotFound with what is known and what to do."""
    observed = Observed(tx.session)
    text = key.strip()
    named = _transaction_named(text.lower())
    if named is not None:
        txid, vout = named
        watched = observed.tx(txid)
        if watched is None:
            raise NotFound(
                "No donation has the key {key}. It may be too young to be seen here, or pay somebody else.",
                key=f"{txid[:8]}…{txid[-6:]}",
            )
        change = change_of(tx, observed, watched)
        outputs = [o for o in watched.outputs if o.vout not in change and vout in {None, o.vout}]
        if not outputs:
            raise _no_donation(tx, observed, watched, vout)
        return [(watched, output) for output in outputs]
    row = tx.addresses.by_address(text)
    if row is None and text.lower() != text:
        row = tx.addresses.by_address(text.lower())
    if row is None:
        row = tx.addresses.by_claim(claim_hash(text))
    if row is None:
        if len(text) == 64 or (text.isascii() and text.isalnum() and len(text) > 80):
            raise NotFound("A transaction id has 64 hexadecimal characters, 0 to 9 and a to f.")
        raise _unknown(text)
    paying: list[tuple[WatchedTx, WatchedOutput]] = []
    for outpoint in map(Outpoint.parse, observed.paid_to(row.script.hex())):
        watched = observed.tx(outpoint.txid)
        if watched is None or outpoint.vout in change_of(tx, observed, watched):
            continue
        paying += [(watched, output) for output in watched.outputs if output.vout == outpoint.vout]
    if not paying:
        raise NothingYet("No payment has come to this address yet. Nothing expires.")
    return paying


def _transaction_named(text: str) -> tuple[str, int | None] | None:
    """(txid, output) of a text that names a transaction, or one output of it; None for any other text."""
    if is_txid(text):
        return text, None
    try:
        outpoint = Outpoint.parse(text)
    except ValueError:
        return None
    return outpoint.txid, outpoint.vout


def _unknown(text: str) -> NotFound:
    hexadecimal = text.isascii() and text and all(c in "0123456789abcdefABCDEF" for c in text)
    if hexadecimal:
        return NotFound("A transaction id has 64 characters; yours has {count}.", count=len(text))
    return NotFound(
        "No donation has this key. Write a transaction id, an address of this site, or a claim code."
    )


def donation_trails(tx: Reading, key: str) -> list[DonationTrail]:
    """The trails of the donations that a txid, outpoint, address or claim code names; raises NotFound."""
    key = pasted_key(key)
    if is_gift_key(key):
        return other_trails(tx, key)
    if is_reference(key):
        return _by_reference(tx, key)
    require_no_opening(tx.session, key)
    followers: dict[str, DonationFollower] = {}
    trails = []
    try:
        outputs = _outputs_of(tx, key)
    except NothingYet:
        raise
    except NotFound:
        by_reference = [*_contributions_by_reference(tx, key), *_by_pledge(tx, key)]
        if not by_reference:
            raise
        return by_reference
    for watched, output in outputs:
        if output.campaign not in followers:
            followers[output.campaign] = DonationFollower(tx, output.campaign)
        trails.append(followers[output.campaign].trail(watched, output))
    return trails


def _by_reference(tx: Reading, reference: str) -> list[DonationTrail]:
    """The gifts that came to a bank with a creditor reference; raises NothingYet for one of ours that none has."""
    trails = _contributions_by_reference(tx, reference)
    if not trails and campaign_of_reference(tx, reference) is not None:
        raise NothingYet("No transfer with this reference is recorded yet. Nothing expires.")
    if not trails:
        raise NotFound("No donation has this reference; write it as it stands on the transfer.")
    return trails


def _contributions_by_reference(tx: Reading, reference: str) -> list[DonationTrail]:
    """The gifts that came to a bank with a reference, the bank's own or one that the donor wrote on it."""
    said = select(ContributionRow.campaign, ContributionRow.number).where(
        ContributionRow.reference == reference
    )
    rows = tx.session.exec(said.order_by(col(ContributionRow.entry)).limit(GIFTS_OF_A_KEY)).all()
    return [
        trail
        for slug, number in rows
        for trail in other_trails(tx, str(GiftKey(str(GiftKind.CONTRIBUTION), slug, number)))
    ]


def _by_pledge(tx: Reading, number: str) -> list[DonationTrail]:
    """The gifts that fulfilled the pledges of a number; raises NothingYet where there are pledges and no gifts."""
    gift_key = gift_key_named(number)
    if gift_key is not None and gift_key.noun != "pledge":
        return []
    bare = number if gift_key is None else gift_key.number
    named = select(model_pledges.PledgeRow).where(
        model_pledges.PledgeRow.number == bare, col(model_pledges.PledgeRow.reversed_by).is_(None)
    )
    slugs = [
        slug for slug in campaign_slugs(tx.session) if gift_key is None or gift_key.campaign in {None, slug}
    ]
    pledges = tx.session.exec(named.where(col(model_pledges.PledgeRow.campaign).in_(slugs))).all()
    trails: list[DonationTrail] = []
    for pledge in pledges:
        for gift in gifts_of_pledge(tx.session, pledge)[:GIFTS_OF_A_KEY]:
            name = gift_named(gift)
            outpoint = name.kind is GiftKind.COINS
            key = gift if outpoint else str(GiftKey(str(name.kind), pledge.campaign, name.number))
            trails += donation_trails(tx, key)
    if pledges and not trails:
        raise NothingYet("Nothing that was promised with this pledge has come yet.")
    return trails


def donation_page(tx: Reading, trail: DonationTrail, *, now: int) -> DonationPage:
    """What the page of a donation shows beside its trail, and no more."""
    campaign = campaign_of(tx.session, trail.campaign)
    return DonationPage(
        trail=trail,
        instead=_paid_instead(tx, trail),
        recorded_by=recorded_by(tx.session, {step.entry for step in trail.steps if step.entry is not None}),
        network=tx.progress.load("network") or "",
        books=books_state(tx, campaign.slug, now=now),
        flow=campaign_flow(tx, campaign.slug),
        demonstration=tx.progress.load("demonstration") == "yes",
        journal=_journal_head(tx),
        sources_of_facts=_sources_of_facts(tx.session, trail.campaign),
    )


def _paid_instead(tx: Reading, trail: DonationTrail) -> tuple[Donation, ...]:
    """What the transaction pays to the campaign that replaced a gift; nothing where none did."""
    observed = Observed(tx.session)
    watched = observed.tx(trail.replaced_by) if trail.replaced_by else None
    if watched is None:
        return ()
    change, follower = change_of(tx, observed, watched), DonationFollower(tx, trail.campaign)
    paid = [o for o in watched.outputs if o.campaign == trail.campaign and o.vout not in change]
    return tuple(follower.trail(watched, output).as_donation() for output in paid)


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
