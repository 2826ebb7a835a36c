"""Checks of money: what wallets, banks, lines and loans say of it ties. None of them mends anything."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from sqlalchemy import case, union_all
from sqlalchemy import select as select_columns
from sqlmodel import col, func, select

from ledger.checks.finding import Finding
from ledger.core.accounts import AccountClass
from ledger.core.lines import UnitState
from ledger.core.wording import Figure
from ledger.model.columns import OF_CAMPAIGN
from ledger.model.conversions import ConversionRow, ConversionSaleRow
from ledger.model.exchange_coins import CustodyFeeRow, DepositRow, WithdrawalRow
from ledger.model.loans import LoanRow
from ledger.model.proposals import ProposalStatus
from ledger.model.spends import SpendRow
from ledger.rules.at_exchange import coming_back, opened_at
from ledger.rules.bank_money import at_banks
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_slugs
from ledger.rules.charge_backs import shortfall_at_banks
from ledger.rules.gift_sums import gift_shortfall
from ledger.rules.loans import lent_account, owed_account
from ledger.rules.observing import Observed
from ledger.rules.tax_payments import tax_owed
from ledger.store.transaction import Reading
from ledger.views.chain_coins import coins_in_books, coins_on_chain


def books_are_chain(tx: Reading) -> Iterator[Finding]:
    """Coins unspent at the settled block = coins in the books (immature coinbases aside)."""
    chain, books = coins_on_chain(tx), coins_in_books(tx)
    if chain is not None and chain != books:
        yield Finding.of(
            "books_are_chain",
            "BTC",
            "{chain} on the chain and {books} in the books",
            chain=Figure("BTC", chain),
            books=Figure("BTC", books),
        )


def unspent_sums_tie(tx: Reading) -> Iterator[Finding]:
    """The sums by which chain and books are compared are those of the coins themselves, campaign by campaign."""
    observed = Observed(tx.session)
    counted, kept = observed.unspent_counted(), observed.unspent_kept()
    for slug in sorted(counted.keys() | kept.keys()):
        one, other = counted.get(slug, 0), kept.get(slug, 0)
        if one != other:
            yield Finding.of(
                "unspent_sums_tie",
                slug,
                "{counted} counted and {kept} in the kept sum",
                counted=Figure("BTC", one),
                kept=Figure("BTC", other),
            )


def money_on_lines(tx: Reading) -> Iterator[Finding]:
    """What lies in wallets and banks is what is free or held on an asset's money lines, shortfalls aside."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        on_lines: dict[str, int] = defaultdict(int)
        names = {str(name): name for name in books.lines.money(slug)}
        for line, spans in books.lines.whole_of(names).items():
            on_lines[names[line].asset] += sum(
                span.end - span.start for span in spans if span.state in {UnitState.FREE, UnitState.HELD}
            )
        banks = {balance.asset for balance in books.balances(AccountClass.BANK, slug)}
        for asset in sorted(banks | set(on_lines) | {"BTC"}):
            held = _coins_for_line(books, slug) if asset == "BTC" else _in_banks(books, slug, asset)
            if on_lines[asset] != held:
                yield Finding.of(
                    "money_on_lines",
                    f"{slug}/{asset}",
                    "{held} held and {lines} on the lines",
                    held=Figure(asset, held),
                    lines=Figure(asset, on_lines[asset]),
                )


def _in_banks(books: Books, slug: str, asset: str) -> int:
    """What lies at banks, plus what was charged back after it was used and nobody covered, less withheld tax."""
    return (
        at_banks(books, slug, asset)
        + shortfall_at_banks(books.session, slug, asset)
        - tax_owed(books, slug, asset)
    )


_WANTING_OF_SPENDS = select(
    func.coalesce(
        func.sum(SpendRow.shortfall - case((col(SpendRow.live) == 1, 0), else_=col(SpendRow.wallet))), 0
    )
).where(col(SpendRow.campaign) == OF_CAMPAIGN)


def _coins_for_line(books: Books, slug: str) -> int:
    """Sats in the wallet, less coins that undone spends brought back, plus what was used and is wanting."""
    sats = books.net(f"{AccountClass.WALLET.value}/{slug}", "BTC")
    sats += gift_shortfall(books.session, slug)
    return sats + int(books.session.exec(_WANTING_OF_SPENDS, params={"of_campaign": slug}).one())


_SALES = select(
    ConversionSaleRow.conversion_entry,
    func.sum(ConversionSaleRow.sold),
    func.sum(ConversionSaleRow.proceeds),
    func.sum(ConversionSaleRow.fee),
).group_by(col(ConversionSaleRow.conversion_entry))
_CONVERSIONS = (
    select(ConversionRow)
    .where(ConversionRow.status == ProposalStatus.APPROVED)
    .order_by(col(ConversionRow.entry))
)


def conversions_tie(tx: Reading) -> Iterator[Finding]:
    """What the uses of a standing conversion sold sums to the whole of it, fee by fee."""
    summed = {
        entry: (int(sold), int(proceeds), int(fee)) for entry, sold, proceeds, fee in tx.session.exec(_SALES)
    }
    for row in tx.session.exec(_CONVERSIONS):
        whole, amounts = (row.sold, row.proceeds, row.exchange_fee), summed.get(row.entry, (0, 0, 0))
        if whole != amounts:
            yield Finding.of(
                "conversions_tie",
                f"{row.campaign}/{row.number}",
                "sold, proceeds and fee are {whole}, and those of its uses {found}",
                whole=_sale(row.currency, *whole),
                found=_sale(row.currency, *amounts),
            )


def _sale(currency: str, sold: int, proceeds: int, fee: int) -> list[Figure]:
    return [Figure("BTC", sold), Figure(currency, proceeds), Figure(currency, fee)]


_CAME_AND_WENT = union_all(
    *(
        select_columns(col(row.campaign), col(row.exchange), moved).where(
            col(row.status) == ProposalStatus.APPROVED, *only
        )
        for row, moved, only in (
            (DepositRow, col(DepositRow.amount), ()),
            (ConversionRow, -col(ConversionRow.sold), (col(ConversionRow.txid).is_(None),)),
            (WithdrawalRow, -(col(WithdrawalRow.amount) + col(WithdrawalRow.fee)), ()),
            (CustodyFeeRow, -col(CustodyFeeRow.amount), ()),
        )
    )
)


def coins_at_exchanges_tie(tx: Reading) -> Iterator[Finding]:
    """What lies at an exchange is what was brought there and nothing took from there; no more of it is on lines."""
    books, moved = Books(tx), Counter[tuple[str, str]]()
    for campaign, exchange, sats in tx.session.execute(_CAME_AND_WENT):
        moved[campaign, exchange] += sats
    for campaign in campaign_slugs(tx.session):
        for before in opened_at(tx.session, campaign):
            moved[campaign, before.exchange] += before.amount
    lies = {
        (balance.account.campaign, balance.account.detail[-1]): balance.net
        for balance in books.balances(AccountClass.EXCHANGE)
    }
    for campaign, exchange in sorted(lies.keys() | moved.keys()):
        held = lies.get((campaign, exchange), 0)
        expected = moved[campaign, exchange] + coming_back(tx.session, campaign, exchange)
        units = sum(
            span.end - span.start
            for line in books.lines.at_exchanges(campaign, exchange)
            for span in books.lines.spans(str(line))
            if span.state in {UnitState.FREE, UnitState.HELD}
        )
        if held != expected or units > held:
            yield Finding.of(
                "coins_at_exchanges_tie",
                f"{campaign}/{exchange}",
                "{held} lie there, {told} were brought and not taken, and {lines} are on lines",
                held=Figure("BTC", held),
                told=Figure("BTC", expected),
                lines=Figure("BTC", units),
            )


_LOANS = select(LoanRow.campaign, LoanRow.number, LoanRow.borrower, LoanRow.asset).order_by(
    col(LoanRow.campaign), col(LoanRow.number)
)


def loans_tie(tx: Reading) -> Iterator[Finding]:
    """What a lender is owed by a loan is what its borrower owes (docs/rules.md, 17)."""
    books = Books(tx)
    for campaign, number, borrower, asset in books.session.exec(_LOANS):
        lent = books.net(lent_account(campaign, number), asset)
        owed = -books.net(owed_account(borrower, campaign, number), asset)
        if lent != owed:
            yield Finding.of(
                "loans_tie",
                f"{campaign}/{number}",
                "{lender} is owed {lent} and {borrower} owes {owed}",
                lender=campaign,
                lent=Figure(asset, lent),
                borrower=borrower,
                owed=Figure(asset, owed),
            )
