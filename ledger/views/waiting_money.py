"""What waits for a person about coins, gifts, banks and drafts. Pure reading; it decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlmodel import col, func, select

from ledger.core.accounts import AccountClass, account
from ledger.core.chain import Outpoint
from ledger.core.frozen import Amount
from ledger.core.telling import Telling, Which
from ledger.core.wording import Figure, Wording
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
from ledger.rules.charge_backs import uncovered_charges
from ledger.rules.coins import CoinClasses, undecided_outpoints
from ledger.rules.covered import covered_gifts, uncovered_spend
from ledger.rules.gift_records import given_money, standing_blocks
from ledger.rules.gift_sums import gifts_wanting
from ledger.rules.observing import Observed
from ledger.rules.payee_screening import stopped
from ledger.rules.screening import listed_gifts
from ledger.rules.settled import settled_block
from ledger.rules.workflow import nouns_waiting
from ledger.store.desk import Draft
from ledger.store.transaction import Reading
from ledger.views.bank_open import OpenBank
from ledger.views.bank_readings import BankReadings
from ledger.views.bank_state import open_lines, statement_gaps
from ledger.views.chain_coins import open_spends
from ledger.views.line_says import LineSays
from ledger.views.open_items import OpenItem, OpenItemKind
from ledger.views.suggestions import suggestions
from ledger.views.to_do import ToDo
from ledger.views.unsettled_spends import UnsettledSpend


def unexplained_waiting(
    tx: Reading, slug: str, young: Iterable[UnsettledSpend], suggest: bool
) -> Iterator[OpenItem]:
    for row in open_spends(tx, slug, young):
        yield OpenItem(
            kind=OpenItemKind.UNEXPLAINED_SPEND,
            campaign=slug,
            subject=row.txid,
            since=row.seen_at,
            amount=row.amount,
            to_do=Telling(ToDo.EXPLAIN_SPEND),
            suggestions=suggestions(tx, slug, row.txid, row.amount.minor) if suggest else (),
        )


def undecided_waiting(tx: Reading, books: Books, slug: str) -> Iterator[OpenItem]:
    """Coins that count as undecided, one by one; what no coin accounts for is a row of its own."""
    left = books.net(account(AccountClass.UNDECIDED, slug), "BTC")
    if left <= 0:
        return
    observed, classes, settled = Observed(tx.session), CoinClasses(books), settled_block(tx) or 0
    what = Telling(ToDo.SAY_WHAT_COIN_IS)
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
                to_do=what,
            )
    if left > 0:
        since = campaign_of(books.session, slug).at
        yield OpenItem(
            kind=OpenItemKind.UNDECIDED_COIN,
            campaign=slug,
            subject=Wording("no coin of ours"),
            since=since,
            amount=Amount.known("BTC", left),
            to_do=what,
        )


def blocked_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    for block in standing_blocks(books.session, slug):
        gift = given_money(books.session, slug, block.gift)
        live = gift is not None and gift.live
        if not live:
            to_do = Telling(ToDo.FIND_BLOCKED)
        elif block.list_name is not None and block.list_date is not None:
            to_do = Telling(ToDo.DECIDE_LISTED, {"list": block.list_name, "list_date": block.list_date})
        else:
            to_do = Telling(ToDo.DECIDE_BLOCKED)
        yield OpenItem(
            kind=OpenItemKind.BLOCKED_GIFT,
            campaign=slug,
            subject=block.gift,
            since=block.at,
            amount=Amount.known(
                "BTC" if gift is None else gift.asset, gift.amount if gift is not None and live else None
            ),
            to_do=to_do,
        )


def listed_waiting(tx: Reading, slug: str) -> Iterator[OpenItem]:
    """What a listed address sent and no block sets apart yet: on its way, or a coin that nobody has decided about."""
    for listed in listed_gifts(tx.session, slug):
        gift = given_money(tx.session, slug, listed.outpoint)
        undecided = gift is not None and gift.live and gift.counts_as is CountsAs.UNDECIDED
        if listed.block is not None or not (undecided or (gift is None and listed.is_live)):
            continue
        first = listed.matches[0]
        yield OpenItem(
            kind=OpenItemKind.LISTED_SENDER,
            campaign=slug,
            subject=listed.outpoint,
            since=listed.first_at,
            amount=Amount.known("BTC", listed.sats),
            to_do=Telling(
                ToDo.AWAIT_LISTED,
                {"address": first.address, "list": first.list, "list_date": first.list_date},
            ),
        )


def unvalued_waiting(tx: Reading, slug: str, now: int) -> Iterator[OpenItem]:
    for gift in unvalued_gifts(tx, slug, now=now):
        what = Telling(ToDo.VALUE_GIFT, {"why": gift.why})
        subject: Which = gift.outpoint
        if not subject:
            subject = Wording("{n} more gift", {"n": gift.count}, "{n} more gifts")
            what = Telling(ToDo.VALUE_GIFTS)
        yield OpenItem(
            kind=OpenItemKind.UNVALUED_GIFT,
            campaign=slug,
            subject=subject,
            since=gift.since,
            amount=Amount.known("BTC", gift.sats),
            to_do=what,
            count=gift.count,
        )


def shortfalls_waiting(tx: Reading, slug: str) -> Iterator[OpenItem]:
    wanted = list(gifts_wanting(tx.session, slug))
    covered = covered_gifts(tx.session, slug) if wanted else {}
    for gift in wanted:
        wanting = (gift.shortfall or 0) - covered.get(gift.entry, 0)
        if wanting:
            yield OpenItem(
                kind=OpenItemKind.SHORTFALL,
                campaign=slug,
                subject=gift.outpoint,
                since=gift.voided_at or gift.at,
                amount=Amount.known("BTC", wanting),
                to_do=Telling(ToDo.COVER_UNDONE_GIFT),
            )
    for charged, wanting in uncovered_charges(tx.session, slug):
        yield OpenItem(
            kind=OpenItemKind.SHORTFALL,
            campaign=slug,
            subject=Wording("charge-back {number}", {"number": charged.number}),
            since=charged.document_date,
            amount=Amount.known(charged.currency, wanting),
            to_do=Telling(ToDo.COVER_CHARGE_BACK),
        )
    # What was borrowed stands in the fund whose coins they were.
    undone = select(SpendRow).where(
        SpendRow.campaign == slug,
        col(SpendRow.live) == 0,
        col(SpendRow.borrowed_from).is_(None),
        uncovered_spend(),
    )
    for spend in tx.session.exec(undone.order_by(col(SpendRow.ref))):
        key = f"void:spend:{spend.txid}:{spend.n}" + (f":{spend.part}" if spend.part else "")
        row = tx.journal.by_key(key)
        since = spend.recorded_at if row is None else row.recorded_at
        yield OpenItem(
            kind=OpenItemKind.SHORTFALL,
            campaign=slug,
            subject=Wording("spend {spend}", {"spend": spend.ref}),
            since=since,
            amount=Amount.known("BTC", spend.out),
            to_do=Telling(ToDo.AWAIT_UNDONE_SPEND),
        )


def exchanges_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Coins that lie at exchanges and are not sold, deposit by deposit; overdue after the day that it names."""
    for came, sats in lying_at_exchanges(books, slug):
        overdue = came.until < today
        yield OpenItem(
            kind=OpenItemKind.AT_EXCHANGE_OVERDUE if overdue else OpenItemKind.AT_EXCHANGE,
            campaign=slug,
            subject=f"{came.exchange}, {came.noun} {came.number}",
            since=came.until if overdue else came.since,
            amount=Amount.of("BTC", sats),
            to_do=Telling(ToDo.SELL_AT_EXCHANGE, {"until": came.until}),
        )


def bank_lines_waiting(tx: Reading, slug: str, of: BankReadings, suggest: bool) -> Iterator[OpenItem]:
    for line in open_lines(tx, slug, propose=suggest):
        yield OpenItem(
            kind=OpenItemKind.BANK_LINE,
            campaign=slug,
            subject=f"{line.bank} {line.identity}",
            since=line.booked,
            amount=Amount.known(line.currency, line.left),
            to_do=Telling(ToDo.MATCH_LINE),
            suggestions=line.proposals,
            words=LineSays.of(line.words),
        )
    for gap in statement_gaps(of):
        what = Telling(
            ToDo.IMPORT_BETWEEN,
            {"opening": Figure(gap.currency, gap.opening), "closing": Figure(gap.currency, gap.closing)},
        )
        yield OpenItem(
            kind=OpenItemKind.BANK_GAP,
            campaign=slug,
            subject=gap.bank,
            since=gap.last,
            amount=Amount.known(gap.currency, gap.missing),
            to_do=what,
        )


def tax_waiting(books: Books, slug: str) -> Iterator[OpenItem]:
    """Tax that was withheld from suppliers and is not paid yet; it undoes nothing."""
    for balance in books.balances(AccountClass.TAX, slug):
        if balance.net < 0:
            first = select(func.min(PaymentRow.document_date)).where(
                PaymentRow.campaign == slug,
                PaymentRow.asset == balance.asset,
                PaymentRow.withheld > 0,
                PaymentRow.status == ProposalStatus.APPROVED,
            )
            yield OpenItem(
                kind=OpenItemKind.TAX_OWED,
                campaign=slug,
                subject=Wording("tax office"),
                since=books.session.exec(first).one() or "",
                amount=Amount.known(balance.asset, -balance.net),
                to_do=Telling(ToDo.PAY_TAX),
            )


def banks_waiting(of: BankReadings, slug: str) -> Iterator[OpenItem]:
    """The other way, from the books to the bank: entries without a line, opening balances, banks that are silent."""
    for bank in of.open:
        yield from _unlisted_waiting(bank, slug)
        for each in bank.outstanding_instruments:
            yield OpenItem(
                kind=OpenItemKind.OUTSTANDING,
                campaign=slug,
                subject=Wording("{bank} entry {entry}", {"bank": bank.bank, "entry": str(each.entry)}),
                since=each.date,
                amount=Amount.known(bank.currency, each.left),
                to_do=Telling(
                    ToDo.AWAIT_INSTRUMENT,
                    {"number": each.number, "instrument": each.instrument, "until": each.until},
                ),
            )
        if bank.opening:
            yield OpenItem(
                kind=OpenItemKind.BANK_OPENING,
                campaign=slug,
                subject=bank.bank,
                since=bank.first or "",
                amount=Amount.known(bank.currency, bank.opening),
                to_do=Telling(ToDo.RECORD_BEFORE_OPENING),
            )
        if bank.silent_since is not None:
            yield OpenItem(
                kind=OpenItemKind.BANK_SILENT,
                campaign=slug,
                subject=f"{bank.bank} {bank.currency}",
                since=bank.silent_since,
                amount=None,
                to_do=Telling(ToDo.COUNT_BOX if bank.account is Account.CASH else ToDo.IMPORT_NEXT),
            )
        if bank.advanced:
            late, in_time = (
                (OpenItemKind.VAT_OVERDUE, OpenItemKind.VAT_TO_COME)
                if bank.account is Account.VAT
                else (OpenItemKind.ADVANCE_OVERDUE, OpenItemKind.ADVANCE)
            )
            yield OpenItem(
                kind=late if bank.overdue else in_time,
                campaign=slug,
                subject=f"{bank.bank}, {bank.holder}",
                since=bank.until if bank.overdue else bank.moved_on or "",
                amount=Amount.known(bank.currency, bank.advanced),
                to_do=Telling(
                    ToDo.GET_VAT_BACK if bank.account is Account.VAT else ToDo.ACCOUNT_FOR_ADVANCE,
                    {"holder": bank.holder, "until": bank.until},
                ),
            )
        if bank.count_off:
            yield OpenItem(
                kind=OpenItemKind.CASH_COUNT,
                campaign=slug,
                subject=bank.bank,
                since=bank.counted_on or "",
                amount=Amount.known(bank.currency, bank.count_off),
                to_do=Telling(ToDo.EXPLAIN_COUNT),
            )
        if bank.foreign:
            yield OpenItem(
                kind=OpenItemKind.BANK_OVERDRAWN,
                campaign=slug,
                subject=bank.bank,
                since=bank.foreign_on or "",
                amount=Amount.known(bank.currency, bank.foreign),
                to_do=Telling(ToDo.GET_BACK_OVERDRAWN),
            )


_SHOWN = 100
"""Entries of a bank that are listed one by one; the rest is a row with their count."""


def _unlisted_waiting(bank: OpenBank, slug: str) -> Iterator[OpenItem]:
    for entry in bank.unlisted[:_SHOWN]:
        if entry.until is not None:
            what = Telling(ToDo.ASK_BANK, {"until": entry.until})
        elif entry.part:
            what = Telling(ToDo.MATCH_REST)
        else:
            what = Telling(ToDo.MATCH_ENTRY, {"n": entry.days, "last": bank.last or ""})
        yield OpenItem(
            kind=OpenItemKind.BANK_ENTRY,
            campaign=slug,
            subject=f"{bank.bank} {entry.noun} {entry.reference}",
            since=entry.date,
            amount=Amount.known(bank.currency, entry.left),
            to_do=what,
        )
    more = bank.unlisted[_SHOWN:]
    if more:
        yield OpenItem(
            kind=OpenItemKind.BANK_ENTRY,
            campaign=slug,
            subject=Wording("{bank} {n} more", {"bank": bank.bank, "n": len(more)}, "{bank} {n} more"),
            since=more[0].date,
            amount=Amount.known(bank.currency, sum(entry.left for entry in more)),
            to_do=Telling(ToDo.MATCH_ENTRIES),
            count=len(more),
        )


_NOUNS_WAITING = nouns_waiting(WORKFLOWS.values())


def approvals_waiting(books: Books, slug: str, today: str) -> Iterator[OpenItem]:
    """Proposals that nobody decided yet; beside one, that a payee is on a list or was looked up on none."""
    nouns = set(books.session.connection().execute(_NOUNS_WAITING, {"of_campaign": slug}).scalars())
    for workflow in (of for of in WORKFLOWS.values() if of.noun in nouns):
        for proposal in workflow.pending(books.session, slug):
            item = OpenItem(
                kind=OpenItemKind.APPROVAL,
                campaign=slug,
                subject=f"{proposal.noun} {proposal.number}",
                since=proposal.recorded_at,
                amount=Amount.known(proposal.asset, proposal.minor),
                to_do=Telling(ToDo.DECIDE),
            )
            yield item
            why = None if proposal.asks is None else stopped(books.session, slug, proposal.asks, today)
            if why is not None:
                to_do = Telling(ToDo.SCREEN_PAYEE, {"why": why})
                yield item.model_copy(update={"kind": OpenItemKind.PAYEE_SCREENING, "to_do": to_do})


def drafts_waiting(tx: Reading) -> Iterator[OpenItem]:
    """Explanations told early that were refused when their spend settled, or whose transaction nobody has seen."""
    waiting = tx.desk.drafts()
    for draft, why in drafts.refused(tx, waiting):
        what = Telling(ToDo.PUT_DRAFT_RIGHT, {"why": why})
        yield _of_draft(OpenItemKind.REFUSED_DRAFT, draft, what)
    for draft in drafts.unseen(tx, waiting):
        what = Telling(ToDo.AWAIT_DRAFT, {"txid": draft.waits_for or ""})
        yield _of_draft(OpenItemKind.WAITING_DRAFT, draft, what)


def _of_draft(kind: OpenItemKind, draft: Draft, what: Telling) -> OpenItem:
    sats = drafts.read(draft).explains.sats
    return OpenItem(
        kind=kind,
        campaign=draft.campaign,
        subject=draft.key,
        since=draft.at,
        amount=Amount.known("BTC", sats),
        to_do=what,
    )
