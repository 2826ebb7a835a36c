"""Recipes of facts about funds: gifts in kind, coins that are no gifts, loans between campaigns, periods, limits."""

from __future__ import annotations

from datetime import date, timedelta

from sqlmodel import col, select

from ledger.core.accounts import AccountClass
from ledger.model.campaigns import Nature
from ledger.model.corrections import Corrected, CorrectionRow
from ledger.model.gifts import CountsAs
from ledger.model.loans import LoanRow
from ledger.model.proposals import ProposalStatus
from ledger.model.releases import ReleaseRow
from ledger.model.spends import SpendChangeRow, SpendRow
from ledger.recording.kinds import WORKFLOWS
from ledger.rules.campaigns import products_of, standing_needs
from ledger.rules.charge_backs import charge_backs_of, uncovered
from ledger.rules.contributions import gift_of
from ledger.rules.covered import covered_of
from ledger.rules.gift_records import contributions_of, find_contribution, standing_blocks
from ledger.rules.gift_sums import gifts_wanting
from ledger.rules.incoming import coin_named
from ledger.rules.limits import limits_of
from ledger.rules.periods import last_closed, pending_period
from ledger.rules.recall_outcomes import recalls_of
from ledger.rules.repayments import owed_still
from tests.tools.gifts import gifts_of
from tests.tools.machine_chain import SENDERS
from tests.tools.machine_scene import (
    BANKS,
    CURRENCIES,
    PLACES,
    Facts,
    Scene,
    tells,
    tells_decisions,
    unsold,
)
from tests.tools.machine_world import Needs
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of


@tells("in-kind")
def _in_kind(s: Scene) -> Facts:
    product = s.one(products_of(s.tx.session, s.slug).values(), "product")
    facts = s.numbered("IK") | {
        "product": product.code, "place": s.pick(PLACES), "quantity": s.n(1, 500), "value": s.n(1, 90_000),
        "currency": s.pick(CURRENCIES), "method": s.pick(("quote", "invoice", "cost")), "stated_by": "Maker",
    }  # fmt: skip
    if s.chance(50):
        others = [slug for slug in s.world.slugs() if slug != s.slug]
        called_back = [recall.lot for slug in others for recall in recalls_of(s.books.session, slug)]
        corrected = select(CorrectionRow).where(
            CorrectionRow.field == Corrected.EXPIRY, col(CorrectionRow.campaign).in_(others)
        )
        called_back += [row.lot for row in s.books.session.exec(corrected) if row.lot is not None]
        facts["lot"] = s.pick(called_back) if called_back and s.chance(50) else s.new("L")
    if product.nature is Nature.GOODS and s.chance(30):
        facts["expiry"] = s.pick((s.today, "2026-01-01"))
    if product.nature is Nature.GOODS and s.chance(25):
        facts["damaged"] = s.n(1, facts["quantity"])
    return facts


@tells("incoming")
def _incoming(s: Scene) -> Facts:
    coins = [gift.outpoint for gift in gifts_of(s.tx.session, s.slug) if gift.live]
    apart = (
        select(SpendRow.txid, SpendChangeRow.vout)
        .join(SpendChangeRow, col(SpendChangeRow.entry) == SpendRow.entry)
        .where(SpendRow.campaign == s.slug, SpendChangeRow.undecided > 0)
    )
    coins += [f"{txid}:{vout}" for txid, vout in s.books.session.exec(apart)]
    outpoint = s.one(sorted(set(coins)), "donation")
    # What may have come back from an exchange waits for that to be said.
    most = max((left for _, left in unsold(s)), default=0)
    back = [row for row in gifts_of(s.tx.session, s.slug) if row.live and row.units and row.sats <= most]
    if back and s.chance(60):
        # Of the newest one, the least is bound to anything.
        coin = back[-1] if s.chance(50) else s.pick(back)
        return {"outpoint": coin.outpoint, "counts_as": "undecided", "date": s.today, "n": coin.decisions + 1}
    coin = coin_named(s.books, s.slug, outpoint)
    counts = [name for name in ("gift", "top_up", "change", "undecided") if name != coin.counts_as]
    facts: Facts = {"outpoint": outpoint, "counts_as": s.pick(counts), "date": s.today}
    return facts | {"n": coin.decisions + 1}


@tells("reclassification")
def _reclassification(s: Scene) -> Facts:
    lines = [
        ((line.restriction, line.asset), s.books.lines.free_units(str(line)))
        for line in s.books.lines.money(s.slug)
    ]
    (restriction, asset), free = s.one([row for row in lines if row[1]], "contribution")
    needs = [need.number for need, _ in standing_needs(s.tx.session, s.slug)]
    facts = s.numbered("RC") | {"asset": asset, "amount": s.n(1, free)}
    coins = [ref for ref, _ in s.unexplained()]
    if asset == "BTC" and coins and s.chance(50):
        facts |= {"txid": s.pick(coins), "reason": "exchanged"}
        ends = [None, *needs]
        back = s.pick(ends)
        facts |= {} if restriction == "free" else {"to": restriction}
        return facts | ({} if back is None else {"need": back})
    if restriction == "free":
        return facts | {"to": s.one(needs, "need"), "reason": "set_aside"}
    return facts | {"need": restriction, "reason": s.pick(("need_met", "need_withdrawn", "need_withdrawn"))}


@tells("period")
def _period(s: Scene) -> Facts:
    if pending_period(s.tx.session, s.slug) is not None:
        raise Needs(s.pick(("period.approved", "period.rejected")))
    closed = last_closed(s.tx.session, s.slug)
    yesterday = date.fromisoformat(s.today) - timedelta(days=1)
    first = date(2023, 10, 1) if closed is None else date.fromisoformat(closed.last) + timedelta(days=1)
    last = first + timedelta(days=s.n(0, max(0, (yesterday - first).days)))
    return {"number": s.new("T"), "first": first.isoformat(), "last": last.isoformat(), "date": s.today}


@tells("limit")
def _limit(s: Scene) -> Facts:
    role = "admin" if s.chance(10) else "approver"
    return s.numbered("LM") | {"role": role, "currency": s.pick(CURRENCIES), "most": s.n(1, 9_000_000)}


@tells("limit.lifted")
def _lifted(s: Scene) -> Facts:
    limit = s.one(limits_of(s.tx.session, s.slug), "limit")
    return s.numbered("LM") | {"role": limit.role, "currency": limit.currency}


@tells("loan")
def _loan(s: Scene) -> Facts:
    others = [slug for slug in s.world.slugs() if slug != s.slug]
    facts = s.numbered("LN") | {"to": s.one(others, "campaign")}
    coins = [(ref, d.out) for ref, d in s.unexplained()]
    if coins and s.chance(40):
        ref, out = s.pick(coins)
        return facts | {"asset": "BTC", "txid": ref, "amount": out}
    bank, currency, free = s.one(s.banks(), "contribution")
    fee = s.pick((0, 0, 2)) if free > 2 else 0
    facts |= {"bank": bank, "to_bank": s.pick(BANKS), "fee": fee}
    return facts | {"asset": currency, "amount": s.n(1, free - fee)}


@tells("repayment")
def _repayment(s: Scene) -> Facts:
    owed = []
    for lender in s.world.slugs():
        between = (LoanRow.campaign == lender, LoanRow.borrower == s.slug)
        loans = select(LoanRow).where(*between, LoanRow.status == ProposalStatus.APPROVED)
        for loan in s.tx.session.exec(loans.order_by(col(LoanRow.number))):
            left = owed_still(s.books, loan)
            owed += [(lender, loan.number, loan.asset, left)] if left else []
    lender, number, lent, left = s.one(owed, "loan.approved")
    bank, currency, free = s.one(s.banks(), "contribution")
    facts = s.numbered("RP") | {"lender": lender, "loan": number, "asset": currency, "bank": bank}
    facts |= {"to_bank": s.pick(BANKS), "fee": s.pick((0, 1)) if free > 1 else 0}
    most = free - facts["fee"]
    if currency != lent:
        return facts | {"amount": s.n(1, most), "settles": s.n(1, left)}
    return facts | {"amount": s.n(1, min(most, left))}


def _period_decision(s: Scene) -> Facts:
    pending = pending_period(s.tx.session, s.slug)
    if pending is None:
        raise Needs("period")
    return {"number": pending.number, "date": s.today}


tells("period.approved")(_period_decision)
tells("period.rejected")(_period_decision)
for _noun in ("loan", "repayment", "reclassification"):
    tells_decisions(_noun)


def _live_gifts(s: Scene) -> list[str]:
    gifts = [gift.outpoint for gift in gifts_of(s.tx.session, s.slug) if gift.live and gift.line]
    banks = contributions_of(s.tx.session, s.slug)
    return gifts + [f"contribution:{bank.number}" for bank in banks if bank.reversed_by is None]


@tells("block")
def _block(s: Scene) -> Facts:
    blocked = {block.gift for block in standing_blocks(s.tx.session, s.slug)}
    young = [
        str(coin.outpoint)
        for coin in s.world.chain.unspent()
        if coin.owner.slug == s.slug and coin.height > s.world.chain.tip.height - 5
    ]
    gifts = [gift for gift in [*_live_gifts(s), *young] if gift not in blocked]
    facts = s.numbered("BK") | {"gift": s.one(gifts, s.pick(("donation", "contribution")))}
    return facts | ({"list": "OFAC", "list_date": s.today} if s.chance(50) else {})


@tells("sanctions-list")
def _sanctions_list(s: Scene) -> Facts:
    s.one(_live_gifts(s), "donation")  # so that there is somebody to compare with it
    addresses = sorted({str(address_of(s.pick(SENDERS), REGTEST)) for _ in range(s.n(1, 2))})
    return {
        "name": s.pick(("OFAC SDN", "UN")), "list_date": s.today, "source": "lists.example",
        "addresses": addresses, "date": s.today,
    }  # fmt: skip


@tells("screening")
def _screening(s: Scene) -> Facts:
    """Mostly of a payee whose approval waits."""
    facts = s.numbered("SC") | {"list": "UN", "list_date": s.today, "result": s.pick(("no_match", "cleared"))}
    pending = [row.asks for flow in WORKFLOWS.values() for row in flow.pending(s.tx.session, s.slug)]
    parties = sorted({asked.party for asked in pending if asked is not None and asked.party is not None})
    if not parties or s.chance(10):
        return facts | {"kind": "supplier", "supplier": "Nobody", "result": "match"}
    party = s.pick(parties)
    named = {"supplier": "supplier", "exchange": "exchange", "donor": "gift"}.get(party.kind)
    return facts | {"kind": party.kind.value} | ({} if named is None else {named: party.name})


@tells("screening.terms")
def _screening_terms(s: Scene) -> Facts:
    return s.numbered("ST") | ({"above": 10**12} if s.chance(80) else {})


@tells("release")
def _release(s: Scene) -> Facts:
    asked = select(ReleaseRow.block_entry).where(ReleaseRow.status == ProposalStatus.PENDING)
    waiting = set(s.tx.session.exec(asked))
    blocks = [b.number for b in standing_blocks(s.tx.session, s.slug) if b.entry not in waiting]
    return s.numbered("RL") | {"block": s.one(blocks, "block")}


@tells("gift-return")
def _gift_return(s: Scene) -> Facts:
    blocked = {block.gift for block in standing_blocks(s.tx.session, s.slug)}
    gift = s.one([gift for gift in _live_gifts(s) if gift not in blocked], "contribution")
    facts = s.numbered("GR") | {"gift": gift, "reason": s.pick(("asked", "mistake", "other"))}
    if gift.startswith("contribution:"):
        came = find_contribution(s.tx.session, s.slug, gift.partition(":")[2])
        assert came is not None
        fee = s.pick((0, 0, 2))
        facts |= {"bank": came.bank, "fee": fee, "amount": s.n(1, max(1, came.amount - fee))}
        return facts
    txid, out = s.one([(ref, d.out) for ref, d in s.unexplained()], "spend")
    fee = s.n(0, min(out - 1, 500))
    return facts | {"txid": txid, "amount": out - fee, "fee": fee}


@tells("bank-fee")
def _bank_fee(s: Scene) -> Facts:
    bank, currency, free = s.one(s.banks(), "contribution")
    facts = s.numbered("BF") | {"bank": bank, "currency": currency, "amount": s.n(1, min(free, 500))}
    return facts | {"cause": s.pick(("account", "service", "tax", "shortage"))}


@tells("interest")
def _interest(s: Scene) -> Facts:
    return s.numbered("IN") | {"bank": s.pick(BANKS), "currency": s.pick(CURRENCIES), "amount": s.n(1, 900)}


@tells("exchange")
def _exchange(s: Scene) -> Facts:
    bank, currency, free = s.one(s.banks(), "contribution")
    fee = s.pick((0, 0, 3)) if free > 3 else 0
    facts = s.numbered("EX") | {"bank": bank, "currency": currency, "sold": s.n(1, free - fee), "fee": fee}
    into = "EUR" if currency == "USD" else "USD"
    return facts | {"to_bank": s.pick(BANKS), "into": into, "bought": s.n(1, 2 * free)}


@tells("charge-back")
def _charge_back(s: Scene) -> Facts:
    gifts = [
        g for g in contributions_of(s.tx.session, s.slug) if g.reversed_by is None and g.blocked_by is None
    ]
    gift = s.one([g for g in gifts if g.returned < g.amount], "contribution")
    left = gift.amount - gift.returned
    return s.numbered("CB") | {"gift": gift_of(gift.number), "amount": s.pick((left, s.n(1, left)))}


@tells("cover")
def _cover(s: Scene) -> Facts:
    session = s.tx.session
    gone = [
        (gift, left)
        for gift in gifts_wanting(session, s.slug)
        if (left := (gift.shortfall or 0) - covered_of(session, gift, waiting=True))
    ]
    coins = [g for g in gifts_of(session, s.slug) if g.live and g.counts_as is CountsAs.TOP_UP]
    if gone and coins:
        (gift, left), coin = s.pick(gone), s.pick(coins)
        amount = s.n(1, min(left, coin.sats))
        return s.numbered("CV") | {"gift": gift.outpoint, "coin": coin.outpoint, "amount": amount}
    spends = list(session.exec(select(SpendRow).where(SpendRow.campaign == s.slug)))
    undone = [spend for spend in spends if not spend.live]
    if undone and s.chance(60):
        spend, open_ones = s.pick(undone), [ref for ref, _ in s.unexplained()]
        facts = s.numbered("CV") | {"spend": spend.ref, "amount": spend.out}
        return facts | ({"txid": s.pick(open_ones)} if open_ones and s.chance(60) else {})
    rows = [(row, uncovered(session, row, waiting=True)) for row in charge_backs_of(session, s.slug)]
    row, wanting = s.one([pair for pair in rows if pair[1] > 0], "charge-back.approved")
    return s.numbered("CV") | {"charge_back": row.number, "bank": s.pick(BANKS), "amount": s.n(1, wanting)}


@tells("tax-payment")
def _tax_payment(s: Scene) -> Facts:
    owed = [(b.asset, -b.net) for b in s.books.balances(AccountClass.TAX, s.slug) if b.net < 0]
    if not owed:
        raise Needs("payment.approved")
    currency, units = s.pick(owed)
    bank = s.one([bank for bank, asset, _ in s.banks() if asset == currency] or list(BANKS), "contribution")
    return s.numbered("TX") | {"bank": bank, "currency": currency, "amount": s.n(1, units)}


for _noun in ("tax-payment", "release", "gift-return", "bank-fee", "exchange", "charge-back", "cover"):
    tells_decisions(_noun)
