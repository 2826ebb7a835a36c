"""English: `reconcile` and `inbox`: what ties, what does not and by how much, and what waits for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.pages import sentences as say
from api.pages.figures import exact, exact_with_asset
from api.pages.messages import COMMAS, SENTENCES, ListPattern, Message, listed, worded
from ledger.core.frozen import Amount
from ledger.views.bank_state import BankState, OutstandingInstrument, SetAside
from ledger.views.campaign import Books
from ledger.views.conservation import Conservation, ConservationTable, Side, Tie, Tied, TiePart
from ledger.views.open_items import OpenItem
from ledger.views.reconcile import CampaignBooks
from ledger.views.suggestions import Suggestion

_FACT = Message("{label}: {value}", "a line about books", "{label}: what it is", "{value}: how it stands")
_OPEN = Message(
    "Open: {open}", "what waits for a person", "{open}: a list, as: 2 bank lines without a match and 1 claim"
)
_IS_OPEN = Message("open: something is not reconciled.", "the last line of `reconcile`")
_RECONCILED = Message("reconciled.", "the last line of `reconcile`")


def verdict(*, is_open: bool) -> str:
    """The last line."""
    return worded(_IS_OPEN if is_open else _RECONCILED)


def campaign_books(books: CampaignBooks) -> Iterator[str]:
    """What the page says of the books, and what is open, under the campaign's short name."""
    yield books.campaign
    for line in _books(books.books):
        yield f"  {line}"


def _books(books: Books) -> Iterator[str]:
    for label, value in say.books_facts(books):
        yield worded(_FACT, label=label, value=value)
    yield from say.books_notes(books)
    if books.open:
        yield worded(_OPEN, open=say.still_open(books))


_ROW = "a row of what came of an asset and where it is or went"
CONSERVED: Mapping[str, Message] = {
    "in_hand_wallet": Message("in hand, in wallets", _ROW),
    "in_hand_bank": Message("in hand, at banks", _ROW),
    "in_hand_blocked": Message("in hand, blocked", _ROW),
    "at_exchange": Message("at an exchange", _ROW),
    "dust_apart": Message("dust, apart", _ROW),
    "undecided": Message("undecided", _ROW),
    "unexplained": Message("unexplained", _ROW),
    "overdraft": Message("overdraft", _ROW),
    "interest": Message("interest", _ROW),
    "before": Message("before the books begin", _ROW),
    "gifts": Message("gifts", _ROW),
    "dust_received": Message("dust received", _ROW),
    "dust_returned": Message("dust returned", _ROW),
    "blocked_gifts": Message("blocked gifts", _ROW),
    "in_kind": Message("given in kind", _ROW),
    "other_coins": Message("other coins", _ROW),
    "top_ups": Message("top-ups", _ROW),
    "own_coins": Message("own coins that came back", _ROW),
    "shortfall": Message("shortfall", _ROW),
    "undone_spends": Message("undone spends", _ROW),
    "returned": Message("returned", _ROW),
    "conversion_proceeds": Message("proceeds of conversions", _ROW),
    "converted": Message("converted", _ROW),
    "tax": Message("tax withheld", _ROW),
    "from_suppliers": Message("from suppliers", _ROW),
    "spent": Message("spent", _ROW),
    "from_carriers_and_insurers": Message("from carriers and insurers", _ROW),
    "fees": Message("fees", _ROW),
    "ordered": Message("ordered", _ROW),
    "open": Message("open", _ROW, "pieces that were ordered and have not come yet"),
    "cancelled": Message("cancelled", _ROW),
    "claims": Message("claims", _ROW),
    "over": Message("over", _ROW, "pieces that came too much"),
    "surplus": Message("surplus", _ROW),
    "explained": Message("explained surplus", _ROW),
    "replaced": Message("replaced", _ROW),
    "noted": Message("noted", _ROW, "pieces on delivery notes"),
    "stock": Message("in stock", _ROW),
    "transit": Message("on the way", _ROW),
    "handed": Message("handed over", _ROW),
    "distributed": Message("distributed", _ROW),
    "delivered": Message("delivered", _ROW, "of a service"),
    "lost": Message("lost", _ROW),
    "lent": Message("lent", _ROW),
    "owed": Message("owed", _ROW, "to other campaigns"),
    "reached": Message("reached", _ROW, "people"),
    "results": Message("results", _ROW, "people who were reported"),
    "commitments": Message("commitments", _ROW),
    "encumbered": Message("bound by orders", _ROW),
    "refunds": Message("refunds", _ROW),
}
"""By the word of a row; a class of accounts that has none of its own goes by its name."""
_SIDES: Mapping[Side, Message] = {
    Side.CAME: Message("came", "the side of a row: what came in"),
    Side.WENT: Message("went", "the side of a row: what is held or went"),
}
_TOTAL = Message("total", "the last row of a side")
_MONEY = "{money}: a sum with its asset"
_TOO_MUCH = Message("does not tie: {money} too much is held or gone", _MONEY)
_TOO_LITTLE = Message("does not tie: {money} too little is held or gone", _MONEY)
_ENTRY = "{entry}: number of the last entry that is counted"
_NO_LOOK = Message("conservation before the first look, after entry {entry}:", _ENTRY)
_AT_BLOCK = Message("conservation at block {block}, after entry {entry}:", "{block}: its height", _ENTRY)
_WIDTH = 34


def conserved(report: Conservation) -> Iterator[str]:
    """Each asset's table and each equation, with what does not tie."""
    if report.block is None:
        yield worded(_NO_LOOK, entry=report.seq)
    else:
        yield worded(_AT_BLOCK, block=report.block, entry=report.seq)
    for table in report.tables:
        yield from _table(table)
    for tie in report.ties:
        yield f"  {_tie(tie)}"


def _table(table: ConservationTable) -> Iterator[str]:
    rows = [row for row in table.rows if row.side is not Side.BOUND]
    off = table.difference.minor
    if rows or off:
        yield f"  {table.asset}"
    for side, total in ((Side.CAME, table.came), (Side.WENT, table.went)):
        name = worded(_SIDES[side])
        for row in rows:
            if row.side is side:
                yield f"    {name:<6}{worded(CONSERVED[row.key]):<{_WIDTH}}{exact(row.amount):>22}"
        if rows:
            yield f"    {name:<6}{worded(_TOTAL):<{_WIDTH}}{exact(total):>22}"
    if off:
        yield f"    {worded(_TOO_MUCH if off > 0 else _TOO_LITTLE, money=_off(table.difference))}"


def _off(difference: Amount) -> str:
    return _figure(Amount.of(difference.asset, abs(difference.minor)))


def _figure(amount: Amount) -> str:
    return worded(_OF_ASSET, number=exact(amount), asset=amount.asset)


_OF_ASSET = Message("{number} {asset}", "{number}: how much", "{asset}: code of a money or a product")
_EQUATION = (
    "an equation",
    "{subject}: which one",
    "{total}: a figure",
    "{parts}: its addends, with + between them",
)
TIES: Mapping[Tied, Message] = {
    Tied.ORDER: Message("order {subject}: {total} ordered = {parts}", *_EQUATION),
    Tied.LOT: Message("lot {subject}: {total} noted = {parts}", *_EQUATION),
    Tied.LINE: Message("lines of money {subject}: {total} at banks = {parts}", *_EQUATION),
    Tied.BANK: Message("bank {subject}: {total} on its newest statement = {parts}", *_EQUATION),
}
COINS = Message("coins: {total} on the chain = {parts}", *_EQUATION[::2], "{parts}: what is in the books")
_ADDEND = ("an addend of an equation", "{figure}: how much")
TIE_PARTS: Mapping[str, Message] = {
    "good": Message("{figure} good", *_ADDEND),
    "damaged": Message("{figure} damaged", *_ADDEND),
    "short": Message("{figure} short", *_ADDEND),
    "rejected": Message("{figure} rejected", *_ADDEND),
    "replaced": Message("{figure} replaced", *_ADDEND),
    "before": Message("{figure} before the books begin", *_ADDEND),
    "bought": Message("{figure} bought of what came too much", *_ADDEND),
    "cancelled": Message("{figure} cancelled", *_ADDEND),
    "open": Message("{figure} open", *_ADDEND),
    "stock": Message("{figure} in stock", *_ADDEND),
    "transit": Message("{figure} on the way", *_ADDEND),
    "handed": Message("{figure} handed over", *_ADDEND),
    "distributed": Message("{figure} distributed", *_ADDEND),
    "delivered": Message("{figure} delivered", *_ADDEND),
    "lost": Message("{figure} lost", *_ADDEND),
    "returned": Message("{figure} returned", *_ADDEND),
    "free": Message("{figure} free", *_ADDEND),
    "held": Message("{figure} held", *_ADDEND, "by something that waits"),
    "before_statements": Message("{figure} before the first statement", *_ADDEND),
    "in_books": Message("{figure} in the books", *_ADDEND),
    "on_statements_only": Message("{figure} on statements only", *_ADDEND),
    "set_aside": Message("{figure} set aside", *_ADDEND),
    "in_books_only": Message("{figure} in the books only", *_ADDEND),
    "notified_only": Message("{figure} notified only", *_ADDEND),
}
_OTHER_PART = Message("{figure} {key}", *_ADDEND, "{key}: a code that has no words here")
_RESTRICTED = Message(
    "{part}, restricted to {need}", "{part}: as: 5.00 free", "{need}: number of a need that it is given for"
)
_NOTHING = Message("nothing", "an equation without addends")
_PLUS = Message("{first} + {next}", "{first}: the addends before", "{next}: the addend after them")
_SUM = ListPattern(_PLUS, _PLUS)
_TIE_TOO_MUCH = Message("{equation}; does not tie: {money} too much", "{equation}: one", _MONEY)
_TIE_TOO_LITTLE = Message("{equation}; does not tie: {money} too little", "{equation}: one", _MONEY)


def _tie(tie: Tie) -> str:
    parts = listed([_part(part) for part in tie.parts], _SUM) or worded(_NOTHING)
    if tie.what in TIES:
        sentence = worded(TIES[tie.what], subject=tie.subject, total=exact(tie.total), parts=parts)
    else:
        sentence = worded(COINS, total=exact(tie.total), parts=parts)
    off = tie.difference.minor
    if not off:
        return sentence
    return worded(
        _TIE_TOO_MUCH if off > 0 else _TIE_TOO_LITTLE, equation=sentence, money=_off(tie.difference)
    )


def _part(part: TiePart) -> str:
    figure = exact(part.amount)
    if part.key not in TIE_PARTS:
        return worded(_OTHER_PART, figure=figure, key=part.key)
    sentence = worded(TIE_PARTS[part.key], figure=figure)
    return worded(_RESTRICTED, part=sentence, need=part.restriction) if part.restriction else sentence


_BANK = Message(
    "{campaign}: {bank}, closing with {money}. {state}",
    "{campaign}: its short name",
    "{bank}: as: Second Bank, USD, as of 31 August 2020",
    _MONEY,
    "{state}: sentences on whether it is reconciled",
)
_SENTENCE = Message("{said}.", "a sentence", "{said}: its words without a full stop")
_OUTSTANDING = Message(
    "{instrument}: entry {entry} ({number})",
    "{instrument}: as: Cheque of 3 May 2020, 5.00 USD, outstanding until 3 July 2020",
    "{entry}: number of an entry",
    "{number}: number of a paper",
)
_SET_ASIDE = Message(
    "set aside: {what}, {money}: {reason} ({decided})",
    "{what}: as: Bank line of 3 May 2020 at Second Bank",
    "{money}: what came in and went out",
    "{reason}: as somebody wrote it",
    "{decided}: by whom and when",
)


def bank(campaign: str, state: BankState) -> Iterator[str]:
    """Whether it is reconciled, what is outstanding, and what was set aside."""
    said = [worded(_SENTENCE, said=each) for each in say.bank_open(state)]
    yield worded(
        _BANK,
        campaign=campaign,
        bank=say.bank_as_of(state),
        money=exact_with_asset(state.closing),
        state=listed(said, SENTENCES),
    )
    for each in state.outstanding_instruments:
        yield f"  {_outstanding(each)}"
    for row in state.set_aside:
        yield f"  {_aside(state, row)}"


def _outstanding(each: OutstandingInstrument) -> str:
    return worded(
        _OUTSTANDING, instrument=say.outstanding_instrument(each), entry=str(each.entry), number=each.number
    )


def _aside(state: BankState, row: SetAside) -> str:
    return worded(
        _SET_ASIDE,
        what=say.aside_what(state, row),
        money=say.aside_amount(row),
        reason=row.reason,
        decided=say.decided(row.decided_by, row.decided_on),
    )


_ITEM = (
    "something that waits for a person",
    "{campaign}: its short name",
    "{what}: what kind of thing, as: Coin to decide on",
    "{subject}: which one",
)
_WAITS = Message("{campaign}: {what}, {subject}", *_ITEM)
_WAITS_AMOUNT = Message("{campaign}: {what}, {subject}, {money}", *_ITEM, _MONEY)
_SINCE = Message("since {day}: {to_do}", "{day}: since when", "{to_do}: what a person does about it")
_NO_DAY = Message("{to_do}", "{to_do}: what a person does about something that waits")
_SUGGESTED = (
    "a record that may explain what waits",
    "{kind}: what it is, as a code",
    "{reference}: its number",
    "{why}: the reasons, with commas",
)
_MAYBE = Message("{kind} {reference}: {why}", *_SUGGESTED)
_MAYBE_AMOUNT = Message("{kind} {reference} ({money}): {why}", *_SUGGESTED, _MONEY)
_DAYS = Message("{n} day", "how old something is", many="{n} days")
_HOURS = Message("{n} hour", "how old something is", many="{n} hours")
_NO_AGE = Message("?", "how old something is, which is not known")
_MORE_WAITS = Message(
    "and {n} more; `inbox` has them.",
    "things that wait; inbox is a command",
    many="and {n} more; `inbox` has them.",
)
_PAGE = Message(
    "page {page} of {pages}; --page takes another.",
    "a list of what waits; --page is an option",
    "{page}, {pages}: numbers",
)
_TO_DECIDE = Message("{n} to decide.", "the last line of `inbox`", many="{n} to decide.")
_DAY, _HOUR, _MARGIN = 86_400, 3_600, 9


def waiting(row: OpenItem, old: int | None) -> Iterator[str]:
    """One thing that waits: its age (`old`, seconds), what it is, what ends it, and what may explain it."""
    yield f"{age(old):>{_MARGIN}}  {_waits(row)}"
    if row.words is not None:
        yield f"{'':>{_MARGIN}}  {row.words.said}"
    to_do = say.what_to_do(row.to_do)
    ends = worded(_SINCE, day=row.since, to_do=to_do) if row.since else worded(_NO_DAY, to_do=to_do)
    yield f"{'':>{_MARGIN}}  {ends}"
    for suggestion in row.suggestions:
        yield f"{'':>{_MARGIN}}  {suggestion.score:>3}  {suggested(suggestion, row.amount)}"


def _waits(row: OpenItem) -> str:
    what = say.kind_title(row.kind)
    if row.amount is None:
        return worded(_WAITS, campaign=row.campaign, what=what, subject=str(row.subject))
    money = _figure(row.amount)
    return worded(_WAITS_AMOUNT, campaign=row.campaign, what=what, subject=str(row.subject), money=money)


def suggested(suggestion: Suggestion, of: Amount | None) -> str:
    """A record that may explain what waits, with how much of it, in its asset, and why."""
    why = listed([say.suggested_why(each) for each in suggestion.why], COMMAS)
    if of is None or suggestion.minor is None:
        return worded(_MAYBE, kind=suggestion.kind, reference=suggestion.reference, why=why)
    money = _figure(Amount.of(of.asset, suggestion.minor))
    return worded(_MAYBE_AMOUNT, kind=suggestion.kind, reference=suggestion.reference, money=money, why=why)


def age(seconds: int | None) -> str:
    """In whole days, or hours below two days."""
    if seconds is None:
        return worded(_NO_AGE)
    if seconds >= 2 * _DAY:
        return worded(_DAYS, n=seconds // _DAY)
    return worded(_HOURS, n=seconds // _HOUR)


def more_waits(number: int) -> str:
    """How many are not printed."""
    return worded(_MORE_WAITS, n=number)


def page_of(page: int, pages: int) -> str:
    return worded(_PAGE, page=page, pages=pages)


def to_decide(number: int) -> str:
    """How many things wait."""
    return worded(_TO_DECIDE, n=number)
