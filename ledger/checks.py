"""Invariants of the ledger: each check is a function that yields what is wrong. None of them mends anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ledger.accounts import NEVER_NEGATIVE, AccountClass, class_of
from ledger.books import Books
from ledger.carrying import carrying_tables
from ledger.chain_coins import coins_in_books, coins_on_chain, coins_one_by_one
from ledger.entry import GENESIS, entry_from_bytes, entry_hash
from ledger.errors import LedgerError
from ledger.gift_sums import GiftSums, gift_days, gift_sums, part_of
from ledger.kinds.bank import moved_at
from ledger.kinds.block_holds import blocked_intervals
from ledger.kinds.closings import left_of
from ledger.kinds.loans import lent_account, owed_account
from ledger.kinds.orders import BOUND
from ledger.kinds.pledges import gift_asset, gift_worth, matched_of_gift, pledge_state
from ledger.lines import UnitState
from ledger.trial_balance import frozen_differs

if TYPE_CHECKING:
    from ledger.store.transaction import Reading


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: which check says so, about what, in a sentence with figures."""

    check: str
    subject: str
    sentence: str


def assets_balance(tx: Reading) -> Iterator[Finding]:
    """Each asset's debits equal its credits over all accounts."""
    sums: dict[str, int] = defaultdict(int)
    for _, asset, balance in Books(tx.shelf).balances():
        sums[asset] += balance.net
    for asset, net in sums.items():
        if net:
            yield Finding("assets_balance", asset, f"debits and credits of {asset} differ by {net}")


def no_negative_place(tx: Reading) -> Iterator[Finding]:
    """No wallet, bank, stock or transit holds less than nothing."""
    for name, asset, balance in Books(tx.shelf).balances():
        if balance.net < 0 and class_of(name) in NEVER_NEGATIVE:
            yield Finding("no_negative_place", name, f"{name} holds {balance.net} {asset}")


def lines_are_tiled(tx: Reading) -> Iterator[Finding]:
    """Free, held, used and void units tile every line, and each used span names a use of that line."""
    lines = Books(tx.shelf).lines
    for name in lines.names():
        at = 0
        for span in lines.spans(name):
            if span.start != at:
                yield Finding("lines_are_tiled", name, f"units {at} to {span.start} of {name} have no state")
            if span.state is UnitState.USED and lines.use(span.ref).line != name:
                yield Finding("lines_are_tiled", name, f"units from {span.start} name a use of another line")
            at = span.end
        if at != lines.length(name):
            yield Finding("lines_are_tiled", name, f"{name} is {lines.length(name)} long and tiled to {at}")


def parts_sum(tx: Reading) -> Iterator[Finding]:
    """The parts of each standing use sum to what it took, and lie where they say."""
    lines = Books(tx.shelf).lines
    for name in lines.names():
        for use_id in dict.fromkeys(s.ref for s in lines.spans(name) if s.state is UnitState.USED):
            use = lines.use(use_id)
            if sum(part.share for part in use.parts) != use.scale:
                yield Finding("parts_sum", use_id, f"the parts of {use_id} do not sum to {use.scale}")
            taken = sum(s.end - s.start for s in lines.spans(name) if s.ref == use_id)
            if taken != use.units:
                yield Finding("parts_sum", use_id, f"{use_id} counts {use.units} and holds {taken} units")
            for part in use.parts:
                if part.line is None or not part.out:
                    continue
                covered = sum(
                    min(s.end, part.start + part.out) - max(s.start, part.start)
                    for s in lines.sources(part.line, part.start, part.start + part.out)
                    if s.use == use_id
                )
                if covered != part.out:
                    yield Finding("parts_sum", use_id, f"{part.line} does not hold what {use_id} yielded")


def _replaced(lot: dict[str, Any]) -> int:
    """Pieces of an earlier lot that a lot was delivered for: it lowers what was short or rejected."""
    return int(lot["noted"]) if "replaces" in lot else 0


def orders_tie(tx: Reading) -> Iterator[Finding]:
    """Per order item: ordered = received (good, damaged, short, rejected) + cancelled + open."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        received: dict[tuple[str, str], int] = defaultdict(int)
        for _, receipt in books.documents.all("receipt", slug):
            if receipt["reversed"] is None:
                facts = receipt["facts"]
                received[facts["order"], facts["item"]] += sum(
                    lot["good"] + lot["damaged"] + lot["short"] + lot["rejected"] - _replaced(lot)
                    for lot in facts["lots"]
                )
        for _, bought in books.documents.all("bought", slug):
            if bought["reversed"] is None:
                received[bought["facts"]["order"], bought["facts"]["item"]] += bought["facts"]["quantity"]
        for number, order in books.documents.all("purchase", slug):
            if order["status"] not in BOUND:
                continue
            for item in order["facts"]["items"]:
                name = f"{AccountClass.OPEN.value}/{slug}/{number}/{item['item']}"
                opened = books.net(name, item["product"])
                gone = f"{AccountClass.CANCELLED.value}/{slug}/{number}/{item['item']}"
                cancelled = books.net(gone, item["product"])
                if received[number, item["item"]] + cancelled + opened != item["quantity"]:
                    yield Finding(
                        "orders_tie",
                        f"{number}/{item['item']}",
                        f"{item['quantity']} ordered, {received[number, item['item']]} noted, "
                        f"{cancelled} cancelled and {opened} open",
                    )


def closed_orders_left_nothing(tx: Reading) -> Iterator[Finding]:
    """A closed order has no open pieces and no bound money, and each unit of its lines has an owner or is gone."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for number, order in books.documents.all("purchase", slug):
            if order["status"] not in {"completed", "cancelled"}:
                continue
            currency = order["facts"]["currency"]
            bound = books.net(f"{AccountClass.ENCUMBERED.value}/{slug}/{number}", currency)
            if bound:
                yield Finding("closed_orders_left_nothing", number, f"{bound} {currency} is still bound")
            for row in left_of(books, slug, order):
                if row.pieces or row.cancelled or row.discount:
                    what = f"{row.pieces} pieces and {row.cancellation + row.discount} {currency} are left"
                    yield Finding("closed_orders_left_nothing", f"{number}/{row.item}", what)


def lots_tie(tx: Reading) -> Iterator[Finding]:
    """Per lot: noted = stock + in transit + handed + distributed + delivered + lost + returned; lines agree."""
    books = Books(tx.shelf)
    where: dict[str, int] = defaultdict(int)
    on_lines: dict[str, int] = defaultdict(int)
    in_stock: dict[str, int] = defaultdict(int)
    places = {
        AccountClass.STOCK,
        AccountClass.TRANSIT,
        AccountClass.HANDED,
        AccountClass.DISTRIBUTED,
        AccountClass.DELIVERED,
    }
    for name, asset, balance in books.balances():
        kind = class_of(name)
        if "#" in asset and kind not in {AccountClass.NOTED, AccountClass.IN_KIND}:
            where[asset] += balance.net
            if kind in places:
                in_stock[asset] += balance.net
    for name in books.lines.names("goods/"):
        on_lines[name.rsplit("/", 1)[1]] += books.lines.free_units(name)
    for asset, document in books.documents.all("lot", ""):
        if where[asset] != document["facts"]["noted"]:
            noted = document["facts"]["noted"]
            yield Finding("lots_tie", asset, f"{noted} noted and {where[asset]} accounted for")
        if on_lines[asset] != in_stock[asset]:
            yield Finding("lots_tie", asset, f"{in_stock[asset]} in places and {on_lines[asset]} on lines")


def bytes_hash(tx: Reading) -> Iterator[Finding]:
    """Stored bytes hash to what was published, and each entry names the hash of the one before."""
    previous = GENESIS
    for seq, row in enumerate(tx.journal.rows(), start=1):
        if entry_hash(row.data) != row.hash:
            what = f"the bytes of entry {row.seq} do not hash to {row.hash}"
            yield Finding("bytes_hash", str(row.seq), what)
        elif (entry := entry_from_bytes(row.data)).previous != previous or {entry.seq, row.seq} != {seq}:
            yield Finding("bytes_hash", str(row.seq), f"entry {row.seq} does not follow the one before it")
        previous = row.hash


def outpoints_live_once(tx: Reading) -> Iterator[Finding]:
    """Each outpoint is live at most once: settles and restores outnumber voids by one or none."""
    live: dict[str, int] = defaultdict(int)
    for row in tx.journal.rows():
        if row.kind in {"donation", "restore", "void", "incoming", "refund.approved"}:
            entry = entry_from_bytes(row.data)
            if row.kind not in {"donation", "restore", "void"} and "joins" not in entry.notes:
                continue
            outpoint = str(entry.notes.get("outpoint", entry.facts.get("outpoint")))
            live[outpoint] += -1 if row.kind == "void" else 1
            if live[outpoint] not in {0, 1}:
                what = f"{outpoint} is live {live[outpoint]} times after entry {row.seq}"
                yield Finding("outpoints_live_once", outpoint, what)


def books_are_chain(tx: Reading) -> Iterator[Finding]:
    """Coins unspent at the settled block = coins in the books (immature coinbases aside)."""
    chain, books = coins_one_by_one(tx), coins_in_books(tx)
    if chain is not None and chain != books:
        yield Finding("books_are_chain", "BTC", f"{chain} sats on the chain and {books} in the books")
    for slug, _ in Books(tx.shelf).documents.all("campaign", ""):
        counted, kept = coins_one_by_one(tx, slug), coins_on_chain(tx, slug)
        if counted != kept:
            yield Finding("books_are_chain", slug, f"{counted} sats counted and {kept} in the kept sum")


def gift_sums_tie(tx: Reading) -> Iterator[Finding]:
    """The sums that pages show of gifts are those of the gifts themselves."""
    for slug, _ in Books(tx.shelf).documents.all("campaign", ""):
        counted, kept = GiftSums(), gift_sums(tx.shelf, slug)
        for _, gift in Books(tx.shelf).documents.all("donation", slug):
            counted = counted.plus(part_of(gift), 1)
        if counted != kept or sum(n for _, n in gift_days(tx.shelf, slug)) != kept.count:
            yield Finding("gift_sums_tie", slug, f"{counted} counted and {kept} in the kept sums")


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


def results_tie(tx: Reading) -> Iterator[Finding]:
    """Per indicator: people on its account = people reported, and no breakdown has more."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for name, indicator in books.documents.all("indicator", slug):
            reached = books.net(f"{AccountClass.REACHED.value}/{slug}/{name}", f"indicator:{name}")
            if reached != indicator["actual"]:
                yield Finding("results_tie", name, f"{reached} reached and {indicator['actual']} reported")
            for dimension, cells in indicator["cells"].items():
                if sum(cells.values()) > indicator["actual"]:
                    yield Finding("results_tie", name, f"{dimension} has more people than were reported")


def carrying_values_tie(tx: Reading) -> Iterator[Finding]:
    """What all coins of a campaign are carried at = the values of its gifts; what they fetched = that plus gain."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for table in carrying_tables(books, slug):
            difference = sum(row.minor for row in table.rows) - table.total
            if difference:
                what = f"the rows of {table.total_key} differ from it by {difference} {table.asset}"
                yield Finding("carrying_values_tie", slug, what)


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


def pledges_tie(tx: Reading) -> Iterator[Finding]:
    """No pledge is matched for more than it promised, and no gift for more than it is in its own asset."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for number, _ in books.documents.all("pledge", slug):
            state = pledge_state(books, slug, number)
            if state.paid > state.promised:
                what = f"{state.paid} {state.asset} matched to a promise of {state.promised}"
                yield Finding("pledges_tie", number, what)
        gifts = {d["facts"]["gift"] for _, d in books.documents.all("pledge_match", slug)}
        for gift in sorted(gifts):
            asset = gift_asset(books, slug, gift)
            worth = gift_worth(books, slug, gift, asset)
            matched = matched_of_gift(books, slug, gift, asset)
            if worth is not None and matched > worth:
                yield Finding("pledges_tie", gift, f"{matched} {asset} matched of a gift of {worth}")


def closed_periods_stand(tx: Reading) -> Iterator[Finding]:
    """Each closed period's frozen balances are what is dated up to its last day, and nothing came into it since."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        entries = (entry_from_bytes(row.data) for row in tx.journal.rows())
        for number, what in frozen_differs(books, slug, entries):
            yield Finding("closed_periods_stand", number, what)


def blocked_gifts_are_held(tx: Reading) -> Iterator[Finding]:
    """No unit of a gift that a standing block is on is free to be spent."""
    books = Books(tx.shelf)
    for slug, _ in books.documents.all("campaign", ""):
        for number, line, start, end in blocked_intervals(books, slug):
            free = sum(b - a for a, b in books.lines.lowest_free(line, end - start, within=(start, end)))
            if free:
                yield Finding(
                    "blocked_gifts_are_held", number, f"{free} units of its gift on {line} are free"
                )


CHECKS: tuple[Callable[[Reading], Iterator[Finding]], ...] = (
    assets_balance,
    no_negative_place,
    lines_are_tiled,
    parts_sum,
    orders_tie,
    closed_orders_left_nothing,
    lots_tie,
    bytes_hash,
    outpoints_live_once,
    books_are_chain,
    gift_sums_tie,
    money_on_lines,
    results_tie,
    carrying_values_tie,
    bank_matches_tie,
    loans_tie,
    pledges_tie,
    blocked_gifts_are_held,
    closed_periods_stand,
)


def run_checks(tx: Reading) -> list[Finding]:
    """All that is wrong, by every check; one that cannot read what is stored says so."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found.extend(check(tx))
        except LedgerError as failure:
            found.append(Finding(check.__name__, "journal", str(failure)))
    return found
