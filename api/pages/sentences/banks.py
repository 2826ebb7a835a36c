"""English: what each bank says beside the books, as of which day, and what was set aside of its lines."""

from __future__ import annotations

from api.pages.figures import with_asset
from api.pages.messages import Message, worded
from api.pages.sentences.units import day, month
from ledger.model.bank import Instrument
from ledger.views.bank_state import BankState, OutstandingInstrument, SetAside

_BANK = "{bank}: its name"
_AS_OF = Message(
    "{bank}, {currency}, as of {day}", _BANK, "{currency}: its code", "{day}: the last day of its statements"
)
_STATE = "whether the statements of a bank are the books; a full stop is put behind"
_RECONCILED = Message("Reconciled", _STATE)
_UNMATCHED = Message(
    "{n} line of its statements is no entry of the books",
    _STATE,
    many="{n} lines of its statements are no entries of the books",
)
_UNLISTED = Message(
    "{n} entry of the books is on no statement that should show it",
    _STATE,
    many="{n} entries of the books are on no statement that should show them",
)
_MONEY = "{money}: a sum"
_OPENS_WITH = Message("The first statement opens with {money} that the books do not show", _STATE, _MONEY)
_MISSING = Message("Statements are missing, {money} between them", _STATE, _MONEY)
_NOT_RECONCILED = Message("Not reconciled: see what waits", _STATE)


def bank_as_of(bank: BankState) -> str:
    """`Second Bank, USD, as of 31 August 2020`."""
    return worded(_AS_OF, bank=bank.bank, currency=bank.closing.asset, day=day(bank.last))


def bank_open(bank: BankState) -> tuple[str, ...]:
    """Whether it is reconciled; else what is open, a sentence each."""
    if bank.reconciled:
        return (worded(_RECONCILED),)
    sentences = []
    if bank.unmatched_lines:
        sentences.append(worded(_UNMATCHED, n=bank.unmatched_lines))
    if bank.unlisted_entries:
        sentences.append(worded(_UNLISTED, n=bank.unlisted_entries))
    if bank.opening_open.minor:
        sentences.append(worded(_OPENS_WITH, money=with_asset(bank.opening_open)))
    if bank.difference.minor:
        sentences.append(worded(_MISSING, money=with_asset(bank.difference)))
    return tuple(sentences) or (worded(_NOT_RECONCILED),)


_INSTRUMENT = (
    "paid and on no statement yet",
    "{day}: when it was given out",
    "{money}: a sum",
    "{until}: until when it may come",
)
_INSTRUMENTS = {
    Instrument.CHEQUE: Message("Cheque of {day}, {money}, outstanding until {until}", *_INSTRUMENT),
    Instrument.TRANSFER: Message("Transfer of {day}, {money}, outstanding until {until}", *_INSTRUMENT),
    Instrument.MONEY_ORDER: Message("Money order of {day}, {money}, outstanding until {until}", *_INSTRUMENT),
    Instrument.CARD: Message("Card payment of {day}, {money}, outstanding until {until}", *_INSTRUMENT),
    Instrument.DEPOSIT: Message("Deposit of {day}, {money}, outstanding until {until}", *_INSTRUMENT),
}
_BEFORE = Message("Balance of {bank} before its first statement", "what was set apart of a bank", _BANK)
_LINE = Message("Bank line of {day} at {bank}", "what was set apart of a bank", "{day}: its day", _BANK)
_LINES = Message(
    "{n} line of {month} at {bank}, an account that is shared",
    "what was set apart of a bank",
    "{month}: as: May 2020",
    _BANK,
    many="{n} lines of {month} at {bank}, an account that is shared",
)
_CAME = Message("{came} in", "money that came into an account", "{came}: a sum")
_WENT = Message("{went} out", "money that left an account", "{went}: a sum")
_CAME_WENT = Message(
    "{came} in, {went} out", "money that came into and left an account", "{came}, {went}: sums"
)


def outstanding_instrument(row: OutstandingInstrument) -> str:
    """What is in the books and on no statement yet, with its last day."""
    money = with_asset(row.amount)
    return worded(_INSTRUMENTS[row.instrument], day=day(row.since), money=money, until=day(row.until))


def aside_what(bank: BankState, row: SetAside) -> str:
    """Which lines were set aside: one of a day, those of a month in a shared account, or what was there before."""
    if not row.when:
        return worded(_BEFORE, bank=bank.bank)
    if len(row.when) == len("2020-05-03"):
        return worded(_LINE, day=day(row.when), bank=bank.bank)
    return worded(_LINES, n=row.lines, month=month(row.when), bank=bank.bank)


def aside_amount(row: SetAside) -> str:
    """What came in and went out on them."""
    if not row.went.minor:
        return worded(_CAME, came=with_asset(row.came))
    if not row.came.minor:
        return worded(_WENT, went=with_asset(row.went))
    return worded(_CAME_WENT, came=with_asset(row.came), went=with_asset(row.went))
