"""Recipes of facts about campaigns and money: from the product that is needed to the coins that were sold or moved."""

from __future__ import annotations

from datetime import date, timedelta

from ledger.core.accounts import AccountClass
from ledger.core.times import unix_seconds
from ledger.model.campaigns import Nature
from ledger.rules.campaigns import campaign_of, products_of, standing_needs
from ledger.rules.gift_records import contributions_of
from ledger.rules.openings import openings_of
from ledger.rules.pledges import (
    PledgeStatus,
    gift_worth,
    matched_of_gift,
    pledge_of,
    pledge_state,
    pledges_of,
)
from ledger.rules.rates import minute_of
from ledger.rules.unvalued import unvalued_blocks, unvalued_gifts_of
from ledger.views.papers import standing_evidence
from tests.tools.gifts import gifts_of
from tests.tools.machine_scene import (
    BANKS,
    CURRENCIES,
    EXCHANGES,
    PLACES,
    Facts,
    Scene,
    tells,
    tells_decisions,
    unsold,
)
from tests.tools.machine_world import Needs


@tells("campaign")
def _campaign(s: Scene) -> Facts:
    return {
        "slug": f"call-{s.world.number()}", "title": "Call", "purpose": "All of it", "start": "2023-11-01",
        "end": "2023-12-31", "dust": s.pick((0, 1000)), "match_permille": s.pick((0, 100)),
        "valuation": s.pick(("block_time", "settlement", "conversion")), "currency": s.pick(("USD", "EUR")),
    }  # fmt: skip


@tells("product")
def _product(s: Scene) -> Facts:
    return {
        "code": s.new("KIT"),
        "name": "Kit",
        "unit": "kit",
        "plural": "kits",
        "service": s.chance(25),
    }


@tells("need")
def _need(s: Scene) -> Facts:
    product = s.one(products_of(s.tx.session, s.slug), "product")
    return s.numbered("N") | {
        "recipient": "Ministry", "product": product, "quantity": s.n(1, 5000), "place": s.pick(PLACES),
        "by": "2024-03-01",
    }  # fmt: skip


@tells("offer")
def _offer(s: Scene) -> Facts:
    need, product = s.one(standing_needs(s.tx.session, s.slug), "need")
    facts = {"partner": "Partner", "need": need.number, "product": product.code}
    return s.numbered("O") | facts | {"quantity": s.n(1, 500)}


@tells("opening")
def _opening(s: Scene) -> Facts:
    """What was there at the end of some day before: at banks and in places of which the books know nothing yet."""
    if any(row.status == "approved" for row in openings_of(s.tx.session, s.slug)):
        raise Needs("campaign")  # the books of each begin once
    tomorrow = (date.fromisoformat(s.today) + timedelta(days=1)).isoformat()
    facts = s.numbered("O") | {"date": s.pick((tomorrow, tomorrow, s.today, "2023-10-31"))}
    needs = [row.number for row, _ in standing_needs(s.tx.session, s.slug)]
    need = {"need": s.pick(needs)} if needs and s.chance(40) else {}
    known = {row.account.detail[-1] for row in s.books.balances(AccountClass.BANK, s.slug)}
    banks = [bank for bank in (*BANKS, "Old bank") if bank not in known]
    if banks and s.chance(80):
        facts["money"] = [
            {"bank": s.pick(banks), "currency": s.pick(CURRENCIES), "amount": s.n(1, 900_000)} | need
        ]
    held = {row.account.detail[-1] for row in s.books.balances(AccountClass.EXCHANGE, s.slug)}
    exchanges = [exchange for exchange in EXCHANGES if exchange not in held]
    if exchanges and s.chance(60):
        facts["exchanges"] = [{"exchange": s.pick(exchanges), "amount": s.n(1, 50_000)} | need]
    goods = [code for code, row in products_of(s.tx.session, s.slug).items() if row.nature is Nature.GOODS]
    if not goods and s.chance(90):
        raise Needs("product")
    if goods and s.chance(80):
        rows = [{"place": place, "product": s.pick(goods), "quantity": s.n(1, 300)} for place in PLACES]
        facts["stock"] = [row | {"lot": s.new("OLD")} for row in rows[: s.n(1, 3)]]
    if goods and s.chance(95):
        quantity, value = s.n(1, 300), s.n(1, 90_000)
        item = {"item": "1", "product": s.pick(goods), "quantity": quantity, "value": value}
        item |= {"received": s.n(0, quantity), "paid": s.n(0, value - 1)}
        order = {"number": s.new("PO"), "supplier": s.pick(("Maker", "Old maker")), "items": [item]}
        facts["orders"] = [order | need | {"currency": s.pick(CURRENCIES)}]
        if s.chance(50):
            bill = {"number": s.new("INV"), "order": order["number"], "quantity": quantity, "amount": value}
            facts["payables"] = [bill]
    if s.chance(30):
        facts["pledges"] = [{"number": s.new("PL"), "asset": "USD", "amount": s.n(1, 9000)}]
    facts["given"] = [{"asset": "USD", "amount": s.n(1, 900_000), "gifts": s.n(1, 9)}]
    return facts | {"paper": s.one(standing_evidence(s.tx.session, s.slug), "evidence").sha256}


tells_decisions("opening")


@tells("opening.approved")
def _opening_approved(s: Scene) -> Facts:
    """It is booked on its own day, whenever it is approved."""
    row = s.one([row for row in openings_of(s.tx.session, s.slug) if row.status == "pending"], "opening")
    return {"number": row.number, "date": row.document_date}


@tells("pledge")
def _pledge(s: Scene) -> Facts:
    return s.numbered("PL") | {"asset": s.pick(("USD", "EUR", "BTC")), "amount": s.n(1, 500_000)}


def _open_pledges(s: Scene) -> list[str]:
    done = {PledgeStatus.PAID, PledgeStatus.LAPSED}
    pledges = pledges_of(s.tx.session, s.slug)
    return [pledge.number for pledge in pledges if pledge_state(s.books, pledge).status not in done]


@tells("pledge.matched")
def _match(s: Scene) -> Facts:
    number = s.one(_open_pledges(s), "pledge")
    state = pledge_state(s.books, pledge_of(s.tx.session, s.slug, number))
    gifts = [f"contribution:{bank.number}" for bank in contributions_of(s.tx.session, s.slug)]
    gifts += [gift.outpoint for gift in gifts_of(s.tx.session, s.slug) if gift.line]
    left = []
    for gift in gifts:
        worth = gift_worth(s.books, s.slug, gift, state.asset) or 0
        left.append((gift, worth - matched_of_gift(s.tx.session, s.slug, gift, state.asset)))
    gift, units = s.one([row for row in left if row[1] > 0], s.pick(("contribution", "donation", "pledge")))
    return s.numbered("PM") | {"pledge": number, "gift": gift, "amount": s.n(1, min(state.open, units))}


def _step(s: Scene) -> Facts:
    return {"number": s.one(_open_pledges(s), "pledge"), "date": s.today}


tells("pledge.committed")(_step)
tells("pledge.lapsed")(_step)


@tells("rate")
def _rate(s: Scene) -> Facts:
    moments = [block.moment.time for block in unvalued_blocks(s.tx.session, s.slug)]
    at = s.pick([*moments, s.world.now])
    price = s.n(2_000_000, 5_000_000)
    quotes = [
        {"source": "One", "price": price},
        {"source": "Two", "price": price + s.pick((0, 1, price // 60, price // 10))},
    ]
    currency = campaign_of(s.books.session, s.slug).currency
    day = s.today if at == s.world.now else _day(at)
    told = {"date": day, "currency": s.pick((currency, "USD")), "quotes": quotes}
    return told | ({"at": minute_of(at)} if s.chance(50) else {})


@tells("exchange-rate")
def _exchange_rate(s: Scene) -> Facts:
    base, currency = s.pick((("USD", "CNY"), ("EUR", "USD"), ("CNY", "USD"), ("EUR", "CNY")))
    price = f"{s.n(1, 9)}.{s.n(1, 999):03d}"
    monthly = {"monthly": True} if s.chance(30) else {}
    return {"base": base, "currency": currency, "price": price, "source": "Bank", "date": s.today} | monthly


def _day(moment: int) -> str:
    start = unix_seconds("2023-11-14T00:00:00Z")
    day = (moment - start) // 86_400
    return f"2023-11-{14 + day:02d}" if day < 17 else f"2023-12-{day - 16:02d}"


@tells("valuation")
def _valuation(s: Scene) -> Facts:
    gift = s.one(unvalued_gifts_of(s.tx.session, s.slug), "donation")
    paper = s.one(standing_evidence(s.tx.session, s.slug), "evidence")
    undone = gift.valuations_undone
    facts = {"outpoint": gift.outpoint, "value": s.n(0, 10_000_000), "paper": paper.sha256}
    return facts | ({"n": undone} if undone else {})


@tells("contribution")
def _contribution(s: Scene) -> Facts:
    facts = {"bank": s.pick(BANKS), "currency": s.pick(CURRENCIES), "amount": s.n(1000, 3_000_000)}
    needs = standing_needs(s.tx.session, s.slug)
    if needs and s.chance(25):
        facts["restriction"] = s.pick(needs)[0].number
    facts |= {"fee": s.n(1, 999)} if s.chance(20) else {}
    return s.numbered("CT") | facts | ({"organisation": "Company"} if s.chance(30) else {})


@tells("deposit")
def _deposit(s: Scene) -> Facts:
    known = [(ref, d.out) for ref, d in s.unexplained()]
    txid, out = s.one(known + (s.unsettled_spends() if s.chance(50) or not known else []), "spend")
    if out < 2:
        raise Needs("spend")
    fee = s.n(0, min(out - 1, 5000))
    facts = {"txid": txid, "amount": out - fee, "network_fee": fee, "exchange": s.pick(EXCHANGES)}
    return s.numbered("DP") | facts | ({"until": s.today} if s.chance(20) else {})


def _sold_there(s: Scene) -> Facts:
    """A fill of coins that lie at an exchange, which names no transaction."""
    exchange, left = s.one(unsold(s), "deposit.approved")
    facts = {
        "sold": s.pick((left, s.n(1, left))),
        "currency": s.pick(CURRENCIES),
        "proceeds": s.n(1, 900_000),
    }
    needs = standing_needs(s.tx.session, s.slug)
    if needs and s.chance(20):
        facts["need"] = s.pick(needs)[0].number
    facts |= {"reference": s.new("F")} if s.chance(50) else {}
    return s.numbered("CV") | facts | {"exchange": exchange, "bank": s.pick(BANKS)}


@tells("withdrawal")
def _withdrawal(s: Scene) -> Facts:
    exchange, left = max(unsold(s), key=lambda row: row[1], default=("", 0))
    if not left:
        raise Needs("deposit.approved")
    small = [row for row in gifts_of(s.tx.session, s.slug) if row.live and row.sats <= left]
    # Where all coins are worth more than what lies there, more has to be brought there, or less given.
    missing = s.pick(("incoming", "incoming", "donation") if small else ("deposit.approved", "donation"))
    coin = s.one([row for row in small if row.counts_as == "undecided"], missing)
    fee = s.pick((0, min(300, left - coin.sats)))
    return s.numbered("WD") | {
        "exchange": exchange, "outpoint": coin.outpoint, "amount": coin.sats, "fee": fee, "date": s.today,
    }  # fmt: skip


@tells("custody-fee")
def _custody_fee(s: Scene) -> Facts:
    exchange, left = s.one(unsold(s), "deposit.approved")
    return s.numbered("CF") | {"exchange": exchange, "amount": s.n(1, min(left, 900))}


@tells("conversion")
def _conversion(s: Scene) -> Facts:
    if s.chance(40):
        return _sold_there(s)
    known = [(ref, d.out) for ref, d in s.unexplained()]
    txid, out = s.one(known + (s.unsettled_spends() if s.chance(50) or not known else []), "spend")
    if out < 2:
        raise Needs("spend")
    fee = s.n(0, min(out - 1, 5000))
    proceeds, charge = s.n(3, 2_000_000), s.pick((0, 7))
    facts = s.numbered("CV") | {
        "txid": txid, "sold": out - fee, "network_fee": fee, "currency": s.pick(CURRENCIES),
        "proceeds": proceeds, "exchange_fee": charge, "exchange": "Exchange", "bank": s.pick(BANKS),
    }  # fmt: skip
    if s.chance(40) and out - fee >= 2:
        first, got = s.n(1, out - fee - 1), s.n(1, proceeds - 1)
        facts["fills"] = [
            {"sold": first, "proceeds": got, "fee": charge},
            {"sold": out - fee - first, "proceeds": proceeds - got},
        ]
    if s.chance(30):
        facts["quote"] = s.n(1, 5_000_000)
    return facts


@tells("move")
def _move(s: Scene) -> Facts:
    coins = [(ref, d) for ref, d in s.unexplained() if d.change]
    if coins and s.chance(60):
        ref, spend = s.pick(coins)
        return s.numbered("MV") | {"txid": ref, "asset": "BTC", "amount": 0, "fee": spend.out}
    bank, currency, free = s.one(s.banks(), s.pick(("contribution", "spend")))
    fee = s.pick((0, 1, min(free - 1, 9)))
    other = next(name for name in BANKS if name != bank)
    facts = {"asset": currency, "amount": s.n(1, free - fee), "fee": fee, "from_bank": bank, "to_bank": other}
    return s.numbered("MV") | facts


for _noun in ("deposit", "withdrawal", "custody-fee", "conversion", "move"):
    tells_decisions(_noun)
