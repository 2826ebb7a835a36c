"""Checks of what is published: headline, picture and tables of a campaign say what the accounts say, and add up.

They ask the views that pages and JSON are made of, so that a figure on its way out is held to the books too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from ledger.checks.finding import Finding
from ledger.core.accounts import AccountClass
from ledger.core.frozen import Quantity
from ledger.core.lines import Piece, units_in
from ledger.core.names import Line, MoneyLine, UseCause, line_named, lot_named
from ledger.core.wording import Figure, Wording
from ledger.model.gifts import CountsAs
from ledger.rules.balances import CampaignBalances
from ledger.rules.books import Books
from ledger.rules.came import contributed
from ledger.rules.campaigns import campaign_slugs, products_of
from ledger.rules.charge_backs import charged_back
from ledger.rules.gift_sums import gift_sums, gifts_wanting
from ledger.rules.order_papers import OrderPapers
from ledger.store.transaction import Reading
from ledger.tracing.behind import Behind
from ledger.tracing.state import Lines, Run
from ledger.views.bars import APART
from ledger.views.flow import ExitKind, Flow, Origin, StageKind
from ledger.views.known import Known
from ledger.views.queries import gifts_of_money
from ledger.views.stages import CampaignFlow
from ledger.views.sum_tables import SumKey, SumTable
from ledger.views.sums import LotSums, goods_of, sum_tables
from ledger.views.totals import apart_totals, bars_of, goods_totals

_NAME = "published_sums_tie"
_IN_PIPELINE = (AccountClass.STOCK, AccountClass.TRANSIT, AccountClass.HANDED)
_MONEY = (StageKind.DONATED, StageKind.MONEY)
Differing = tuple[Wording, Counter[str], Counter[str]]
"""What is compared; as it is published, and as it should be, by asset or product."""


def published_sums_tie(tx: Reading) -> Iterator[Finding]:
    """Headline = picture = tables = accounts, and each of them adds up, product by product and asset by asset."""
    books = Books(tx)
    for slug in campaign_slugs(books.session):
        known = Known(products_of(books.session, slug), CampaignBalances(books.session, slug))
        papers, lots = OrderPapers(books, slug), goods_of(books, slug, known)
        flow = CampaignFlow(papers, contributed(tx.session, slug)).flow()
        tables = sum_tables(books, slug, lots, known, papers.items_by_order)
        for what, published, due in (
            *_headline(known, flow, lots),
            *_picture(flow),
            *_tables(tables),
            *_gifts(books, slug, known, flow, tables),
        ):
            for asset in sorted(published.keys() | due.keys()):
                if published[asset] != due[asset]:
                    yield Finding.of(
                        _NAME,
                        slug,
                        "{what}: {published} published and {due} in the books",
                        what=what,
                        published=Figure(asset, published[asset]),
                        due=Figure(asset, due[asset]),
                    )


def _headline(known: Known, flow: Flow, lots: Sequence[LotSums]) -> Iterator[Differing]:
    goods = goods_totals(known, flow, lots)
    apart = {origin: apart_totals(known, flow, origin) for origin in APART}
    parts = (
        goods.before,
        goods.not_received,
        goods.not_coming,
        goods.sent_back,
        goods.under_way,
        goods.distributed,
        goods.lost,
    )
    yield Wording("ordered and its parts"), _sum(parts), _sum((goods.ordered,))
    for origin, rows in apart.items():
        of_it = (rows.sent_back, rows.under_way, rows.distributed, rows.lost)
        what = Wording("goods of origin {origin} and their parts", {"origin": origin})
        yield what, _sum(of_it), _sum((rows.came,))
    came = _sum((apart[Origin.BEFORE].came,))
    yield Wording("there before"), came, _out_of(known, AccountClass.BEFORE)
    reached = _sum((goods.distributed, *(rows.distributed for rows in apart.values())))
    yield Wording("distributed"), reached, _lots(known, AccountClass.DISTRIBUTED)
    waiting = _sum((goods.under_way, *(rows.under_way for rows in apart.values())))
    yield Wording("on the way or waiting"), waiting, _lots(known, *_IN_PIPELINE)
    opened: Counter[str] = Counter()
    for balance in known.held.of(AccountClass.OPEN):
        if balance.asset in flow.units:
            opened[balance.asset] += balance.net
    yield Wording("not yet received"), _sum((goods.not_received,)), opened


def _picture(flow: Flow) -> Iterator[Differing]:
    """What a bar holds goes on or stops there, unit by unit; only what reached people stays."""
    gone: Counter[str] = Counter()
    for band in flow.bands:
        gone[band.source] += band.source_end - band.source_start
    for row in flow.exits:
        gone[row.source] += row.units
    for stage in flow.stages:
        # What is ordered is held to its parts in the headline: an order's line is counted in money.
        if stage.kind not in {StageKind.DISTRIBUTED, StageKind.ORDERED}:
            left = Counter({bar.key: gone[bar.key] for bar in stage.bars})
            yield Wording("picture"), left, Counter({bar.key: bar.units for bar in stage.bars})


def _tables(tables: Iterable[SumTable]) -> Iterator[Differing]:
    for table in tables:
        for rows in filter(None, (table.rows, table.came)):
            what = Wording("table {total}", {"total": table.total.key})
            total = Counter({table.asset: table.total.minor})
            yield what, Counter({table.asset: sum(row.minor for row in rows)}), total


def _gifts(
    books: Books, slug: str, known: Known, flow: Flow, tables: Iterable[SumTable]
) -> Iterator[Differing]:
    """What came: headline, picture and accounts.

    What the chain or a bank took back after its use stays on the picture, and counts as given nowhere.
    """
    came = Counter(
        {balance.asset: -balance.net for balance in known.held.of(AccountClass.GIFTS) if balance.net}
    )
    charged = charged_back(books.session, slug)
    accounts = Counter(came)
    accounts.subtract({asset: row.taken for asset, row in charged.items()})
    coins = gift_sums(books.session, slug)
    given = Counter({row.asset: row.minor for row in gifts_of_money(coins, contributed(books.session, slug))})
    yield Wording("given"), given, accounts
    sums: dict[Origin, Counter[str]] = {origin: Counter() for origin in Origin}
    for bar in (*bars_of(flow, StageKind.DONATED), *bars_of(flow, StageKind.MONEY)):
        sums[bar.origin][bar.asset] += bar.units
    # A supplier's refund that lost its block leaves a shortfall too, and was nobody's gift.
    taken = [gift for gift in gifts_wanting(books.session, slug) if gift.counts_as is CountsAs.GIFT]
    drawn = Counter(accounts)
    drawn.update({"BTC": sum(gift.shortfall or 0 for gift in taken)})
    # A bank may take of a gift what a supplier paid back of it: the gift itself was used, and that went back instead.
    again = _charged_after_use(books.lines, slug)
    drawn.update({asset: row.used for asset, row in charged.items()})
    drawn.update(again)
    yield Wording("picture of what was given"), sums[Origin.GIVEN], drawn
    # Coins that nobody decided about go back from beside the picture; no bank takes coins.
    back = Counter(again)
    back.update(
        {asset: known.held.net(AccountClass.GIVEN_BACK, asset) - row.taken for asset, row in charged.items()}
    )
    yield Wording("picture of what went back"), _returned_exits(flow, charged), back
    converted = Counter(
        {row.asset: row.minor for table in tables for row in table.came if row.key is SumKey.CONVERTED}
    )
    yield Wording("picture of what was converted"), sums[Origin.CONVERTED], converted


def _returned_exits(flow: Flow, currencies: Collection[str]) -> Counter[str]:
    """Money in some currencies that left the picture for those who gave it."""
    money = {bar.key for stage in flow.stages if stage.kind in _MONEY for bar in stage.bars}
    units: Counter[str] = Counter()
    for row in flow.exits:
        if row.kind is ExitKind.RETURNED and row.asset in currencies and row.source in money:
            units[row.asset] += row.units
    return units


def _charged_after_use(lines: Lines, slug: str) -> Counter[str]:
    """What banks took of gifts after it was used and had come back as money: of a refund, a loan, an exchange.

    It is told by the uses and by what lies behind them, so that the picture can be held to it.
    """
    taken = lines.taken_by(map(str, lines.money(slug)), (UseCause.CHARGE_BACK,))
    runs = [(line, start, end) for line, pieces in taken.items() for start, end, _ in pieces]
    behind = Behind(lines, runs)
    units: Counter[str] = Counter()
    for run in runs:
        units[line_named(run[0]).asset] += units_in(_brought_back(behind, run))
    return units


def _brought_back(behind: Behind, run: Run) -> Iterator[Piece]:
    """The units of a run of money that something else than its gift, a move or a reclassification brought."""
    line, first, last = run
    for source in behind.sources(*run):
        low, high = max(source.start, first), min(source.end, last)
        if source.use is None or low >= high:
            continue
        use = behind.use(source.use)
        if not _alike(line_named(use.line), line_named(line)):
            yield low, high
            continue
        count, end_count = use.counts_behind(source.part, low - source.start, high - source.start)
        for start, end in use.pieces_between(count, end_count):
            for piece in _brought_back(behind, (use.line, start, end)):
                here, there = (source.start + use.outs_at(count + at - start)[source.part] for at in piece)
                if max(here, low) < min(there, high):
                    yield max(here, low), min(there, high)
            count += end - start


def _alike(before: Line, line: Line) -> bool:
    """Is it money in the same asset, of the same campaign?"""
    if not isinstance(before, MoneyLine) or not isinstance(line, MoneyLine):
        return False
    return (before.campaign, before.asset) == (line.campaign, line.asset)


def _sum(lists: Iterable[Iterable[Quantity]]) -> Counter[str]:
    """Pieces of several lists, product by product."""
    sums: Counter[str] = Counter()
    for rows in lists:
        for row in rows:
            sums[row.product] += row.quantity
    return sums


def _lots(known: Known, *kinds: AccountClass) -> Counter[str]:
    """Pieces in places of some kinds, product by product."""
    pieces: Counter[str] = Counter()
    for kind in kinds:
        for balance in known.held.of(kind):
            if "#" in balance.asset:
                pieces[lot_named(balance.asset).product] += balance.net
    return pieces


def _out_of(known: Known, kind: AccountClass) -> Counter[str]:
    """Pieces that came out of places of a kind, product by product."""
    return Counter({product: -pieces for product, pieces in _lots(known, kind).items()})
