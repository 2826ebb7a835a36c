"""Decisions: the one list of what waits for a person, oldest first, with age, amount and what to do.

Pure reading; the list decides nothing and names no people.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from ledger import drafts
from ledger.accounts import AccountClass, account
from ledger.bank_state import open_lines, statement_gaps
from ledger.books import Books
from ledger.chain_coins import unexplained_spends
from ledger.coins import CoinClasses
from ledger.errors import NotFound
from ledger.gift_sums import gifts_wanting
from ledger.kinds import ALL
from ledger.kinds.confirmations import open_gaps
from ledger.kinds.goods import lot_asset
from ledger.kinds.pledges import gift_asset, gift_document, gift_worth
from ledger.matching import open_matches
from ledger.money import decimal_text
from ledger.observing import Observed
from ledger.record import rfc3339
from ledger.report import OpenCount
from ledger.settled import settled_block
from ledger.stock import stock_rows
from ledger.suggestions import Suggestion, explains, suggestions
from ledger.two_keys import PATIENCE, unconfirmed
from ledger.valuing import unvalued_gifts

if TYPE_CHECKING:
    from ledger.store.desk import Draft
    from ledger.store.transaction import Reading

_PENDING = tuple(kind.noun for kind in ALL if kind.name == f"{kind.noun}.approved")


class Matter(StrEnum):
    """What kind of thing waits."""

    UNEXPLAINED_SPEND = "unexplained_spend"
    UNDECIDED_COIN = "undecided_coin"
    APPROVAL = "approval"
    BLOCKED_GIFT = "blocked_gift"
    UNVALUED_GIFT = "unvalued_gift"
    REFUSED_DRAFT = "refused_draft"
    WAITING_DRAFT = "waiting_draft"
    SHORTFALL = "shortfall"
    OPEN_MATCH = "open_match"
    BANK_LINE = "bank_line"
    BANK_GAP = "bank_gap"
    COUNT_GAP = "count_gap"
    UNCONFIRMED_DELIVERY = "unconfirmed_delivery"
    EXPIRED_STOCK = "expired_stock"
    RECALLED_STOCK = "recalled_stock"
    SURPLUS = "surplus"
    OPEN_CLAIM = "open_claim"


UNRECONCILED = (
    Matter.UNEXPLAINED_SPEND,
    Matter.UNDECIDED_COIN,
    Matter.SHORTFALL,
    Matter.OPEN_MATCH,
    Matter.BANK_LINE,
    Matter.BANK_GAP,
)
"""While one of these is open a campaign is not reconciled: every coin explained, every order and bank line matched."""


@dataclass(frozen=True, slots=True)
class DecisionWanted:
    """One matter: `subject` names it, `since` is RFC 3339 or a day, `minor` is in whole units of `asset`."""

    matter: Matter
    campaign: str
    subject: str
    since: str
    asset: str
    minor: int | None
    what_to_do: str
    suggestions: tuple[Suggestion, ...] = ()
    count: int = 1  # above 1: so many of the same, in one row

    @property
    def is_private(self) -> bool:
        """Drafts are the desk's own until they are recorded."""
        return self.matter in {Matter.REFUSED_DRAFT, Matter.WAITING_DRAFT}


def decisions(
    tx: Reading, campaign: str | None = None, *, now: int, suggest: bool = True
) -> tuple[DecisionWanted, ...]:
    """All that waits in one campaign or in all, the oldest first; raises NotFound for an unknown campaign.

    `now` is in Unix seconds. It holds what only the desk may see (`public_decisions` leaves that out). Without
    `suggest` nothing is proposed for what left, which is the longest part of the work.
    """
    books = Books(tx.shelf)
    if campaign is not None and books.documents.find("campaign", "", campaign) is None:
        raise NotFound(f"campaign: there is no campaign {campaign[:60]}")
    slugs = [slug for slug, _ in books.documents.all("campaign", "") if campaign in {None, slug}]
    found: list[DecisionWanted] = []
    for slug in slugs:
        found += _unexplained(tx, slug, suggest)
        found += _undecided(tx, books, slug)
        found += _approvals(books, slug)
        found += _blocked(books, slug)
        found += _unvalued(tx, slug, now)
        found += _shortfalls(tx, books, slug)
        found += _matches(books, slug)
        found += _claims(books, slug)
        found += _bank_lines(tx, slug, suggest)
        found += _deliveries(books, slug, rfc3339(now)[:10])
        found += _stock(books, slug, rfc3339(now)[:10])
    found += [row for row in _drafts(tx) if row.campaign in slugs]
    return tuple(sorted(found, key=lambda d: (d.since, d.campaign, d.matter.value, d.subject)))


def public_decisions(rows: tuple[DecisionWanted, ...]) -> tuple[DecisionWanted, ...]:
    """What anybody may see: without drafts, and without suggestions, which may rest on drafts."""
    return tuple(replace(row, suggestions=()) for row in rows if not row.is_private)


def open_counts(rows: Iterable[DecisionWanted]) -> tuple[OpenCount, ...]:
    """How much waits of each matter, and since when, in the order of the matters."""
    found: dict[Matter, list[DecisionWanted]] = defaultdict(list)
    for row in rows:
        found[row.matter].append(row)
    return tuple(
        OpenCount(matter.value, sum(row.count for row in told), min(row.since for row in told))
        for matter in Matter
        if (told := found[matter])
    )


def amount_of(facts: Mapping[str, Any]) -> tuple[str, int | None]:
    """(asset, minor units) that a recorded fact is about; ("", None) where it names none."""
    sats = explains(dict(facts))
    if sats is not None:
        return "BTC", sats
    asset = str(facts.get("asset") or facts.get("currency") or "")
    if "amount" in facts:
        return asset, int(facts["amount"])
    items = facts.get("items") or ()
    if asset and items and all("value" in item for item in items):
        return asset, sum(int(item["value"]) for item in items)
    return asset, None


def _unexplained(tx: Reading, slug: str, suggest: bool) -> Iterator[DecisionWanted]:
    for row in unexplained_spends(tx, slug):
        if row.explained_at is None:
            yield DecisionWanted(
                Matter.UNEXPLAINED_SPEND,
                slug,
                row.txid,
                row.seen_at,
                "BTC",
                row.minor,
                "record the conversion or payment that these coins went into, network fee included",
                suggestions(tx, slug, row.txid, row.minor) if suggest else (),
            )


def _undecided(tx: Reading, books: Books, slug: str) -> Iterator[DecisionWanted]:
    """Coins that count as undecided, one by one; what no coin accounts for is a row of its own."""
    left = books.net(account(AccountClass.UNDECIDED, slug), "BTC")
    if left <= 0:
        return
    observed, classes, settled = Observed(tx.shelf), CoinClasses(tx.shelf), settled_block(tx) or 0
    what = "say what it is: a gift, a top-up or own change (`incoming decide`), or a supplier's refund (`refund add`)"
    for coin in observed.coins():
        gone = coin.spent_height is not None and coin.spent_height <= settled
        if gone or coin.height is None or coin.height > settled or left <= 0:
            continue
        undecided = sum(counted.undecided for owner, counted in classes.counted(coin) if owner == slug)
        if undecided:
            sats = min(left, undecided)
            left -= sats
            seen = observed.tx(coin.outpoint.partition(":")[0])
            since = "" if seen is None else seen.confirmed_at or seen.first_at
            yield DecisionWanted(Matter.UNDECIDED_COIN, slug, coin.outpoint, since, "BTC", sats, what)
    if left > 0:
        since = str(books.documents.require("campaign", "", slug)["at"])
        yield DecisionWanted(Matter.UNDECIDED_COIN, slug, "no coin of ours", since, "BTC", left, what)


def _approvals(books: Books, slug: str) -> Iterator[DecisionWanted]:
    for noun in _PENDING:
        for number, document in books.documents.all(noun, slug):
            if document.get("status") == "pending":
                asset, minor = amount_of(document["facts"])
                if "gift" in document["facts"]:
                    asset = gift_asset(books, slug, document["facts"]["gift"])
                yield DecisionWanted(
                    Matter.APPROVAL,
                    slug,
                    f"{noun} {number}",
                    document["at"],
                    asset,
                    minor,
                    "another person than its recorder approves or rejects it",
                )


def _blocked(books: Books, slug: str) -> Iterator[DecisionWanted]:
    what = "decide with a second person: release it (`release add`), or give it back (`gift-return add`)"
    unknown = "no such payment has settled; see that its key is right, or release the block (`release add`)"
    for _, block in books.documents.all("block", slug):
        if block["status"] != "standing":
            continue
        gift = str(block["facts"]["gift"])
        document = gift_document(books, slug, gift)
        there = document is not None and document["live"]
        minor = gift_worth(books, slug, gift, gift_asset(books, slug, gift)) if there else None
        yield DecisionWanted(
            Matter.BLOCKED_GIFT,
            slug,
            gift,
            block["at"],
            gift_asset(books, slug, gift),
            minor,
            what if there else unknown,
        )


def _unvalued(tx: Reading, slug: str, now: int) -> Iterator[DecisionWanted]:
    for gift in unvalued_gifts(tx, slug, now=now):
        what = f"record a rate of its moment, or its value with evidence ({gift.why})"
        subject = gift.outpoint
        if not subject:
            subject = f"{gift.count} more gift{'s' if gift.count > 1 else ''}"
            what = "record a rate of each day on which one was given (the list of gifts shows which have no value)"
        yield DecisionWanted(
            Matter.UNVALUED_GIFT, slug, subject, gift.since, "BTC", gift.sats, what, count=gift.count
        )


def _shortfalls(tx: Reading, books: Books, slug: str) -> Iterator[DecisionWanted]:
    what = "cover it with a named entry, or wait until the coins come back"
    for outpoint in gifts_wanting(tx.shelf, slug):
        gift = books.documents.require("donation", slug, outpoint)
        yield DecisionWanted(
            Matter.SHORTFALL, slug, outpoint, gift["voided_at"], "BTC", gift["shortfall"], what
        )
    for ref, spend in books.documents.all("spend", slug):
        # What was borrowed stands in the fund whose coins they were.
        if not spend["live"] and "borrowed_from" not in spend["notes"]:
            part = spend["facts"]["part"]
            key = f"void:spend:{spend['facts']['txid']}:{spend['n']}" + (f":{part}" if part else "")
            row = tx.journal.by_key(key)
            since = spend["at"] if row is None else row.recorded_at
            out = spend["notes"]["out"]
            yield DecisionWanted(Matter.SHORTFALL, slug, f"spend {ref}", since, "BTC", out, what)


def _matches(books: Books, slug: str) -> Iterator[DecisionWanted]:
    for match in open_matches(books, slug):
        reasons = "; ".join(reason.value for reason in match.reasons)
        if not match.item:
            what = "record the invoice, or tell the payment anew as a prepayment or with why there is none"
            yield DecisionWanted(
                Matter.OPEN_MATCH,
                slug,
                match.order,
                match.date,
                match.currency,
                match.amount,
                f"{reasons}: {what}",
            )
            continue
        yield DecisionWanted(
            Matter.OPEN_MATCH,
            slug,
            f"{match.order}/{match.item}" + (f" invoice {match.invoice}" if match.invoice else ""),
            match.date,
            match.currency,
            match.amount,
            f"order, receipt and invoice do not agree ({reasons}): correct one, or have the exception accepted",
        )


def _claims(books: Books, slug: str) -> Iterator[DecisionWanted]:
    """What suppliers owe on closed orders: paid for, not delivered, and not paid back."""
    what = "record what the supplier pays back (`refund add`), or write it off with the reason (written_off)"
    for number, order in books.documents.all("purchase", slug):
        if "closing" not in order:
            continue
        currency = order["facts"]["currency"]
        owed = books.net(account(AccountClass.CLAIMS, slug, number), currency)
        if owed:
            since = str(books.documents.require("closing", slug, order["closing"])["decided_on"])
            yield DecisionWanted(Matter.OPEN_CLAIM, slug, number, since, currency, owed, what)


def _bank_lines(tx: Reading, slug: str, suggest: bool) -> Iterator[DecisionWanted]:
    for line in open_lines(tx, slug, propose=suggest):
        yield DecisionWanted(
            Matter.BANK_LINE,
            slug,
            f"{line.bank} {line.identity}",
            line.booked,
            line.currency,
            line.left,
            "match it with the entry whose money it is (`bank match`), record what is missing, or set it aside",
            line.proposals,
        )
    for gap in statement_gaps(Books(tx.shelf), slug):
        ends = f"{decimal_text(gap.currency, gap.opening)} to {decimal_text(gap.currency, gap.closing)}"
        what = f"its statements do not lead from {ends}; import the one that is missing between them (`import bank`)"
        yield DecisionWanted(Matter.BANK_GAP, slug, gap.bank, gap.last, gap.currency, gap.missing, what)


def _deliveries(books: Books, slug: str, today: str) -> Iterator[DecisionWanted]:
    """Two counts of a delivery that differ, and deliveries that only the sender counted."""
    for gap in open_gaps(books, slug):
        asset = lot_asset(gap.product, gap.lot)
        yield DecisionWanted(
            Matter.COUNT_GAP,
            slug,
            f"{gap.about} {gap.paper}",
            gap.date,
            asset,
            gap.gap,
            f"{gap.sent} were sent and {gap.good + gap.damaged} counted: record the loss or correct the paper, "
            "and name it (`confirmation explain`)",
        )
    for row in unconfirmed(books, slug, today):
        yield DecisionWanted(
            Matter.UNCONFIRMED_DELIVERY,
            slug,
            f"{row.about} {row.paper}",
            row.date,
            "",
            None,
            f"{row.place} has not counted it for {PATIENCE} days: send a new link (`confirmation link`)",
        )


def _stock(books: Books, slug: str, today: str) -> Iterator[DecisionWanted]:
    """What lies in stock and cannot be used: past its last day, called back, or come too much and undecided."""
    for row in stock_rows(books, slug):
        asset = lot_asset(row.product, row.lot)
        subject = f"{asset} at {row.place}"
        if row.recall is not None:
            since = str(books.documents.require("recall", slug, row.recall)["date"])
            what = "send it back, or write it off (`loss add` with cause=recalled)"
            yield DecisionWanted(Matter.RECALLED_STOCK, slug, subject, since, asset, row.pieces, what)
        elif not row.usable:
            lot = books.documents.require("lot", "", asset)
            since = str(books.documents.require("receipt", slug, lot["receipt"])["date"])
            what = "send it back (`over return`), have it accepted (`over accept`), or buy it (`over buy`)"
            yield DecisionWanted(Matter.SURPLUS, slug, subject, since, asset, row.pieces, what)
        elif row.expiry is not None and row.is_expired(today):
            what = "write it off (`loss add` with cause=expired)"
            yield DecisionWanted(Matter.EXPIRED_STOCK, slug, subject, row.expiry, asset, row.pieces, what)


def _drafts(tx: Reading) -> Iterator[DecisionWanted]:
    """Explanations told early that were refused when their spend settled, or whose transaction nobody has seen."""
    for draft, why in drafts.refused(tx):
        what = f"record it again, put right, or take it back (`reject`): {why}"
        yield _of_draft(Matter.REFUSED_DRAFT, draft, what)
    for draft in drafts.unseen(tx):
        what = f"waits for {draft.waits_for}, which nobody has seen yet; if it will not come, take it back (`reject`)"
        yield _of_draft(Matter.WAITING_DRAFT, draft, what)


def _of_draft(matter: Matter, draft: Draft, what: str) -> DecisionWanted:
    asset, minor = amount_of(drafts.facts_of(draft))
    return DecisionWanted(matter, draft.campaign, draft.key, draft.at, asset, minor, what)
