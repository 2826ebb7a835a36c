"""What waits for a person about coins, gifts, banks and drafts. Pure reading; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import Outpoint
from ledger.core.frozen import Amount
from ledger.core.money import decimal_text
from ledger.model.bank import Account
from ledger.model.gifts import CountsAs
from ledger.model.payments import PaymentRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import SpendRow
from ledger.recording import drafts
from ledger.recording.kinds import WORKFLOWS
from ledger.recording.valuing import unvalued_gifts
from ledger.rules.at_exchange import lying_at_exchanges
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of
from ledger.rules.charge_backs import charge_backs_of, uncovered
from ledger.rules.coins import CoinClasses, undecided_outpoints
from ledger.rules.covered import cover_of_spend, covered_of
from ledger.rules.gift_records import given_money, standing_blocks
from ledger.rules.gift_sums import gifts_wanting
from ledger.rules.observing import Observed
from ledger.rules.payee_screening import stopped
from ledger.rules.screening import listed_gifts
from ledger.rules.settled import settled_block
from ledger.store.desk import Draft
from ledger.store.transaction import Reading
from ledger.views.bank_open import OpenBank, open_banks
from ledger.views.bank_state import open_lines, statement_gaps
from ledger.views.chain_coins import open_spends
from ledger.views.line_says import LineSays
from ledger.views.open_items import OpenItem, OpenItemKind, amount_of
from ledger.views.suggestions import suggestions

_ANOTHER = "another person than its recorder approves or rejects it"


def unexplained_waiting(tx: Reading, slug: str, suggest: bool) -> Iterator[OpenItem]:
    for row in open_spends(tx, slug):
        yield OpenItem(
            kind=OpenItemKind.UNEXPLAINED_SPEND,
            campaign=slug,
            subject=row.txid,
            since=row.seen_at,
            amount=row.amount,
            what_to_do="record the conversion, deposit or payment that these coins went into, network fee included",
            suggestions=suggestions(tx, slug, row.txid, row.amount.minor) if suggest else (),
        )


def undecided_waiting(tx: Reading, books: Books, slug: str) -> Iterator[OpenItem]:
    """Coins that count as undecided, one by one; what no coin accounts for is a row of its own."""
    left = books.net(account(AccountClass.UNDECIDED, slug), "BTC")
    if left <= 0:
        return
    observed, classes, settled = Observed(tx.session), CoinClasses(books), settled_block(tx) or 0
    what = "say what it is: a gift, a top-up or own change (`incoming decide`), or a supplier's refund (`refund add`)"
    for coin in map(observed.coin, undecided_outpoints(tx.session, slug)):
        if coin is None or coin.height is None or coin.height > settled or left <= 0:
            continue
        if coin.spent_height is not None and coin.spent_height <= settled:
            continue
        undecided = sum(counted.undecided for owner, counted in classes.counted(coin) if owner == slug)
        if undecided:
            sats = min(left, undecided)
            left -= sats
            seen = observed.tx(Outpoint.parse(coin.outpoint).txid)
            since = "" if seen is None else seen.confirmed_at or seen.first_at
            yield OpenItem(
                kind=OpenItemKind.UNDECIDED_COIN,
                campaign=slug,
                subject=coin.outpoint,
                since=since,
                amount=Amount.known("BTC", sats),
                what_to_do=what,
            )
    if left > 0:
        since = campaign_of(books.session, slug).at
        yield OpenItem(
            kind=OpenItemKind.UNDECIDED_COIN,
            campaign=slug,
            subject="no coin of ours",
            since=since,
            amount=Amount.known("BTC", left),
            what_to_do=what,
        )


def blocked_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    what = "decide with a second person: release it (`release add`), or give it back (`gift-return add`)"
    on_list = (
        "match: decide. It matched {list} of {list_date}: report it where the law asks for that, and decide with a "
        "second person: release it (`release add`), or give it back (`gift-return add`)"
    )
    unknown = "no such payment has settled; see that its key is right, or release the block (`release add`)"
    for block in standing_blocks(books.session, slug):
        gift = given_money(books.session, slug, block.gift)
        live = gift is not None and gift.live
        listed = block.list_name is not None and block.list_date is not None
        decide = on_list.format(list=block.list_name, list_date=block.list_date) if listed else what
        yield OpenItem(
            kind=OpenItemKind.BLOCKED_GIFT,
            campaign=slug,
            subject=block.gift,
            since=block.at,
            amount=Amount.known(
                "BTC" if gift is None else gift.asset, gift.amount if gift is not None and live else None
            ),
            what_to_do=decide if live else unknown,
        )


def listed_waiting(tx: Reading, slug: str) -> Iterator[OpenItem]:
    """What a listed address sent and no block sets apart yet: on its way, or a coin that nobody has decided about."""
    for listed in listed_gifts(tx.session, slug):
        gift = given_money(tx.session, slug, listed.outpoint)
        undecided = gift is not None and gift.live and gift.counts_as is CountsAs.UNDECIDED
        if listed.block is not None or not (undecided or (gift is None and listed.on_its_way)):
            continue
        first = listed.matches[0]
        yield OpenItem(
            kind=OpenItemKind.LISTED_SENDER,
            campaign=slug,
            subject=listed.outpoint,
            since=listed.first_at,
            amount=Amount.known("BTC", listed.sats),
            what_to_do=f"match: decide. {first.address} sent it and is on {first.list} of {first.list_date}; it is set "
            "apart as soon as it counts as a gift",
        )


def unvalued_waiting(tx: Reading, slug: str, now: int) -> Iterator[OpenItem]:
    for gift in unvalued_gifts(tx, slug, now=now):
        what = f"record a rate of its moment, or its value with evidence ({gift.why})"
        subject = gift.outpoint
        if not subject:
            subject = f"{gift.count} more gift{'s' if gift.count > 1 else ''}"
            what = "record a rate of each day on which one was given (the list of gifts shows which have no value)"
        yield OpenItem(
            kind=OpenItemKind.UNVALUED_GIFT,
            campaign=slug,
            subject=subject,
            since=gift.since,
            amount=Amount.known("BTC", gift.sats),
            what_to_do=what,
            count=gift.count,
        )


def shortfalls_waiting(tx: Reading, books: Books, slug: str) -> Iterator[OpenItem]:
    for gift in gifts_wanting(tx.session, slug):
        wanting = (gift.shortfall or 0) - covered_of(tx.session, gift)
        if wanting:
            yield OpenItem(
                kind=OpenItemKind.SHORTFALL,
                campaign=slug,
                subject=gift.outpoint,
                since=gift.voided_at or gift.at,
                amount=Amount.known("BTC", wanting),
                what_to_do="it lost its block after it was used: cover it with a top-up in coins (`cover add`), or "
                "wait until it settles again",
            )
    for charged in charge_backs_of(tx.session, slug):
        wanting = uncovered(tx.session, charged)
        if wanting:
            yield OpenItem(
                kind=OpenItemKind.SHORTFALL,
                campaign=slug,
                subject=f"charge-back {charged.number}",
                since=charged.told_on,
                amount=Amount.known(charged.currency, wanting),
                what_to_do="its bank took back money that was used: cover it with money that is no gift (`cover add`)",
            )
    # What was borrowed stands in the fund whose coins they were.
    undone = select(SpendRow).where(
        SpendRow.campaign == slug, col(SpendRow.live) == 0, col(SpendRow.borrowed_from).is_(None)
    )
    for spend in tx.session.exec(undone.order_by(col(SpendRow.ref))):
        if cover_of_spend(tx.session, spend) is not None:
            continue
        key = f"void:spend:{spend.txid}:{spend.n}" + (f":{spend.part}" if spend.part else "")
        row = tx.journal.by_key(key)
        since = spend.recorded_at if row is None else row.recorded_at
        yield OpenItem(
            kind=OpenItemKind.SHORTFALL,
            campaign=slug,
            subject=f"spend {spend.ref}",
            since=since,
            amount=Amount.known("BTC", spend.out),
            what_to_do="its coins are back and what was made of it stands: wait until it settles again, or cover it "
            "with the transaction that left in its place (`cover add`)",
        )


def exchanges_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Coins that lie at exchanges and are not sold, deposit by deposit; overdue after the day that it names."""
    for deposit, sats in lying_at_exchanges(books, slug):
        overdue = deposit.until < today
        yield OpenItem(
            kind=OpenItemKind.AT_EXCHANGE_OVERDUE if overdue else OpenItemKind.AT_EXCHANGE,
            campaign=slug,
            subject=f"{deposit.exchange}, deposit {deposit.number}",
            since=deposit.until if overdue else deposit.told_on,
            amount=Amount.of("BTC", sats),
            what_to_do=f"to be sold by {deposit.until}: record what the exchange sold of it (`conversion add` without "
            "txid)",
        )


def bank_lines_waiting(tx: Reading, slug: str, suggest: bool) -> Iterator[OpenItem]:
    for line in open_lines(tx, slug, propose=suggest):
        yield OpenItem(
            kind=OpenItemKind.BANK_LINE,
            campaign=slug,
            subject=f"{line.bank} {line.identity}",
            since=line.booked,
            amount=Amount.known(line.currency, line.left),
            what_to_do="match it with the entry whose money it is (`bank match`), record what is missing, or set it "
            "aside",
            suggestions=line.proposals,
            words=LineSays.of(line.words),
        )
    for gap in statement_gaps(tx.session, slug):
        ends = f"{decimal_text(gap.currency, gap.opening)} to {decimal_text(gap.currency, gap.closing)}"
        what = f"its statements do not lead from {ends}; import the one that is missing between them (`import bank`)"
        yield OpenItem(
            kind=OpenItemKind.BANK_GAP,
            campaign=slug,
            subject=gap.bank,
            since=gap.last,
            amount=Amount.known(gap.currency, gap.missing),
            what_to_do=what,
        )


def tax_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    """Tax that was withheld from suppliers and is not paid yet; it undoes nothing."""
    for balance in books.balances(AccountClass.TAX, slug):
        if balance.net < 0:
            first = select(func.min(PaymentRow.told_on)).where(
                PaymentRow.campaign == slug,
                PaymentRow.asset == balance.asset,
                PaymentRow.withheld > 0,
                PaymentRow.status == ProposalStatus.APPROVED,
            )
            yield OpenItem(
                kind=OpenItemKind.TAX_OWED,
                campaign=slug,
                subject="tax office",
                since=books.session.exec(first).one() or "",
                amount=Amount.known(balance.asset, -balance.net),
                what_to_do="it was withheld from suppliers: pay it to the tax office (`tax-payment add`)",
            )


def banks_waiting(tx: Reading, slug: str, today: str) -> Iterator[OpenItem]:
    """The other way, from the books to the bank: entries without a line, opening balances, banks that are silent."""
    for bank in open_banks(tx.session, slug, today):
        yield from _unlisted_waiting(bank, slug)
        for way in bank.under_way:
            yield OpenItem(
                kind=OpenItemKind.OUTSTANDING,
                campaign=slug,
                subject=f"{bank.bank} entry {way.entry}",
                since=way.date,
                amount=Amount.known(bank.currency, way.left),
                what_to_do=f"{way.number} says that a {way.instrument.replace('_', ' ')} may take until {way.until}; "
                "nothing is to be done before",
            )
        if bank.opening:
            yield OpenItem(
                kind=OpenItemKind.BANK_OPENING,
                campaign=slug,
                subject=bank.bank,
                since=bank.first or "",
                amount=Amount.known(bank.currency, bank.opening),
                what_to_do="the first statement opens with this, and the books do not show it before that day: record "
                "what is missing, or import the statements before",
            )
        if bank.silent_since is not None:
            yield OpenItem(
                kind=OpenItemKind.BANK_SILENT,
                campaign=slug,
                subject=f"{bank.bank} {bank.currency}",
                since=bank.silent_since,
                amount=None,
                what_to_do=_COUNT_IT if bank.account is Account.CASH else _IMPORT_NEXT,
            )
        if bank.advanced:
            yield OpenItem(
                kind=OpenItemKind.ADVANCE_OVERDUE if bank.overdue else OpenItemKind.ADVANCE,
                campaign=slug,
                subject=f"{bank.bank}, {bank.holder}",
                since=bank.until if bank.overdue else bank.moved_on or "",
                amount=Amount.known(bank.currency, bank.advanced),
                what_to_do=f"{bank.holder} accounts for it by {bank.until}: record what it paid from there, and what "
                "it gave back (`move add`)",
            )
        if bank.count_off:
            yield OpenItem(
                kind=OpenItemKind.CASH_COUNT,
                campaign=slug,
                subject=bank.bank,
                since=bank.counted_on or "",
                amount=Amount.known(bank.currency, bank.count_off),
                what_to_do="two people counted so much more than the books hold (less, where it has a minus): record "
                "what is missing, or what the box lacks (`bank-fee add` with cause=shortage), or count again",
            )
        if bank.foreign:
            yield OpenItem(
                kind=OpenItemKind.BANK_OVERDRAWN,
                campaign=slug,
                subject=bank.bank,
                since=bank.foreign_on or "",
                amount=Amount.known(bank.currency, bank.foreign),
                what_to_do="others' money in this shared account is below zero, so they spent the fund's: see that it "
                "comes back, or which lines were set aside wrongly",
            )


_IMPORT_NEXT = "import the next statement (`import bank`): nothing says what the bank holds since then"
_COUNT_IT = "count the box with a second person (`cash-count add`): nothing says what it holds since then"
_SHOWN = 100
"""Entries of a bank that are listed one by one; the rest is a row with their count."""


def _unlisted_waiting(bank: OpenBank, slug: str) -> Iterator[OpenItem]:
    for entry in bank.unlisted[:_SHOWN]:
        what = (
            "the rest of a part that a line shows: match the line that shows it, put right the amount, or say what is "
            "under way (`bank outstanding`)"
            if entry.part
            else f"{entry.days} days old on the newest statement's last day, {bank.last}, and on no statement: match "
            "its line (`bank match`), reverse what never happened, or say what is under way (`bank outstanding`)"
        )
        if entry.until is not None:
            what = (
                f"was outstanding until {entry.until}, and no statement shows it: ask the bank, or reverse it"
            )
        yield OpenItem(
            kind=OpenItemKind.BANK_ENTRY,
            campaign=slug,
            subject=f"{bank.bank} {entry.noun} {entry.reference}",
            since=entry.date,
            amount=Amount.known(bank.currency, entry.left),
            what_to_do=what,
        )
    more = bank.unlisted[_SHOWN:]
    if more:
        yield OpenItem(
            kind=OpenItemKind.BANK_ENTRY,
            campaign=slug,
            subject=f"{bank.bank} {len(more)} more",
            since=more[0].date,
            amount=Amount.known(bank.currency, sum(entry.left for entry in more)),
            what_to_do="match their lines (`bank match`); the oldest are listed one by one",
            count=len(more),
        )


def approvals_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Proposals that nobody decided yet; beside one, that a payee is on a list or was looked up on none."""
    for workflow in WORKFLOWS.values():
        for proposal in workflow.pending(books.session, slug):
            item = OpenItem(
                kind=OpenItemKind.APPROVAL,
                campaign=slug,
                subject=f"{proposal.noun} {proposal.number}",
                since=proposal.recorded_at,
                amount=Amount.known(proposal.asset, proposal.minor),
                what_to_do=_ANOTHER,
            )
            yield item
            why = None if proposal.asks is None else stopped(books.session, slug, proposal.asks, today)
            if why is not None:
                yield item.model_copy(update={"kind": OpenItemKind.PAYEE_SCREENING, "what_to_do": why})


def drafts_waiting(tx: Reading) -> Iterator[OpenItem]:
    """Explanations told early that were refused when their spend settled, or whose transaction nobody has seen."""
    for draft, why in drafts.refused(tx):
        what = f"record it again, put right, or take it back (`reject`): {why}"
        yield _of_draft(OpenItemKind.REFUSED_DRAFT, draft, what)
    for draft in drafts.unseen(tx):
        what = f"waits for {draft.waits_for}, which nobody has seen yet; if it will not come, take it back (`reject`)"
        yield _of_draft(OpenItemKind.WAITING_DRAFT, draft, what)


def _of_draft(kind: OpenItemKind, draft: Draft, what: str) -> OpenItem:
    asset, minor = amount_of(drafts.facts_of(draft))
    return OpenItem(
        kind=kind,
        campaign=draft.campaign,
        subject=draft.key,
        since=draft.at,
        amount=Amount.known(asset, minor),
        what_to_do=what,
    )
