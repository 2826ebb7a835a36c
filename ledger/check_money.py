"""Checks of money: what wallets, banks, lines and loans say of it ties. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ledger.accounts import AccountClass
from ledger.books import Books
from ledger.chain_coins import coins_in_books, coins_on_chain, coins_one_by_one
from ledger.entry import entry_from_bytes
from ledger.finding import Finding
from ledger.kinds.bank import moved_at
from ledger.kinds.loans import lent_account, owed_account
from ledger.lines import UnitState

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


def books_are_chain(tx: Reading) -> Iterator[Finding]:
    """Coins unspent at the settled block = coins in the books (immature coinbases aside)."""
    chain, books = coins_one_by_one(tx), coins_in_books(tx)
    if chain is not None and chain != books:
        yield Finding("books_are_chain", "BTC", f"{chain} sats on the chain and {books} in the books")
    for slug, _ in Books(tx.shelf).documents.all("campaign", ""):
        counted, kept = coins_one_by_one(tx, slug), coins_on_chain(tx, slug)
        if counted != kept:
            yield Finding("books_are_chain", slug, f"{counted} sats counted and {kept} in the kept sum")


def money_on_lines(tx: Reading) -> Iterator[Finding]:
    """What lies in wallets and banks is what is free or held on an asset's money lines, shortfalls aside."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        on_lines: dict[str, int] = defaultdict(int)
        for name in books.lines.names(f"money/{slug}/"):
            on_lines[name.rsplit("/", 1)[1]] += sum(
                s.end - s.start
                for s in books.lines.spans(name)
                if s.state in {UnitState.FREE, UnitState.HELD}
            )
        banks = {asset for _, asset, _ in books.balances(f"{AccountClass.BANK.value}/{slug}/")}
        for asset in sorted(banks | set(on_lines) | {"BTC"}):
            held = _coins_for_line(books, slug) if asset == "BTC" else _in_banks(books, slug, asset)
            if on_lines[asset] != held:
                what = f"{held} {asset} held and {on_lines[asset]} on the lines"
                yield Finding("money_on_lines", f"{slug}/{asset}", what)


def _in_banks(books: Books, slug: str, asset: str) -> int:
    return sum(b.net for _, a, b in books.balances(f"{AccountClass.BANK.value}/{slug}/") if a == asset)


def _coins_for_line(books: Books, slug: str) -> int:
    """Sats in the wallet, less coins that undone spends brought back, plus what was used and is wanting."""
    sats = books.net(f"{AccountClass.WALLET.value}/{slug}", "BTC")
    for _, gift in books.documents.all("donation", slug):
        sats += 0 if gift["live"] else gift["shortfall"]
    for _, spend in books.documents.all("spend", slug):
        sats += spend["notes"]["shortfall"] - (0 if spend["live"] else spend["facts"]["wallet"])
    return sats


def bank_matches_tie(tx: Reading) -> Iterator[Finding]:
    """No bank line and no entry is matched for more than it is, and both sides are matched for the same."""
    documents = Books(tx.shelf).documents
    for slug, _ in documents.all("campaign", ""):
        of_lines: dict[tuple[str, str], int] = defaultdict(int)
        for identity, line in documents.all("bank_line", slug):
            facts, matched = line["facts"], line["matched"]
            of_lines[facts["bank"], facts["currency"]] += matched
            if not 0 <= matched <= facts["amount"] or (matched and line["aside"] is not None):
                what = f"a line of {facts['amount']} {facts['currency']} is matched for {matched}"
                yield Finding("bank_matches_tie", identity, what)
        of_entries: dict[str, int] = defaultdict(int)
        for number, document in documents.all("bank_matched", slug):
            seq, _, bank = number.partition(":")
            of_entries[bank] += document["matched"]
            row = tx.journal.by_seq(int(seq))
            moved = 0
            if row is not None:
                entry = entry_from_bytes(row.data)
                assets = {transfer.asset for transfer in entry.transfers}
                moved = max((abs(moved_at(entry, slug, bank, asset)) for asset in assets), default=0)
            if not 0 <= document["matched"] <= moved:
                what = f"entry {seq} moved {moved} at {bank} and is matched for {document['matched']}"
                yield Finding("bank_matches_tie", number, what)
        for bank in {name for name, _ in of_lines} | set(of_entries):
            lines = sum(units for (name, _), units in of_lines.items() if name == bank)
            if lines != of_entries[bank]:
                what = f"{lines} of lines at {bank} and {of_entries[bank]} of entries are matched"
                yield Finding("bank_matches_tie", f"{slug}/{bank}", what)


def loans_tie(tx: Reading) -> Iterator[Finding]:
    """What a lender is owed by a loan is what its borrower owes (RULES 17)."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for number, loan in books.documents.all("loan", slug):
            facts = loan["facts"]
            lent = books.net(lent_account(slug, number), facts["asset"])
            owed = -books.net(owed_account(facts["to"], slug, number), facts["asset"])
            if lent != owed:
                what = f"{slug} is owed {lent} {facts['asset']} and {facts['to']} owes {owed}"
                yield Finding("loans_tie", f"{slug}/{number}", what)
