"""English: what ends an open item, by what is to be done; the page, the JSON and the command line tell it alike."""

from __future__ import annotations

import re
from collections.abc import Mapping

from api.languages.localised import Localisable, localised
from api.pages.messages import Message
from api.pages.sentences.tellings import worded_telling
from ledger.core.telling import Telling
from ledger.views.to_do import ToDo

_SAY = "what a person does about something that waits; words in backquotes are commands and stay as they are"
_DOUBT = "{doubt}: what is doubtful, as: the fee of conversion C-1 is large for its amount, or for that bank"
_ENTRY, _OTHER = "{entry}: number of an entry", "{other}: number of the entry that it may be the same as"
_NAME = "{name}: the name that is asked about"
_LIST = "{list}: name of a list of sanctioned addresses or people", "{list_date}: the day of that list"
_SUPPLIER = "{supplier}: name of a supplier"
_CLAIM = "{debtor}: name of a supplier, a carrier or an insurer", "{until}: a day"
_OWNER = "{owner}: who follows the claim"
_NUMBER = "{claim}: number of a claim"
_RECEIVED = "{received}: a sum of money, for what has come"

TO_DO: Mapping[ToDo, Message] = {
    ToDo.EXPLAIN_SPEND: Message(
        "record the conversion, deposit or payment that these coins went into, network fee included", _SAY
    ),
    ToDo.SAY_WHAT_COIN_IS: Message(
        "say what it is: a gift, a top-up or own change (`incoming decide`), or a supplier's refund (`refund add`)",
        _SAY,
    ),
    ToDo.DECIDE_BLOCKED: Message(
        "decide with a second person: release it (`release add`), or give it back (`gift-return add`)", _SAY
    ),
    ToDo.DECIDE_LISTED: Message(
        "match: decide. It matched {list} of {list_date}: report it where the law asks for that, and decide with a "
        "second person: release it (`release add`), or give it back (`gift-return add`)",
        _SAY,
        *_LIST,
    ),
    ToDo.FIND_BLOCKED: Message(
        "no such payment has settled; see that its key is right, or release the block (`release add`)", _SAY
    ),
    ToDo.AWAIT_LISTED: Message(
        "match: decide. {address} sent it and is on {list} of {list_date}; it is set apart as soon as it counts as a "
        "gift",
        _SAY,
        "{address}: an address of Bitcoin",
        *_LIST,
    ),
    ToDo.VALUE_GIFT: Message(
        "record a rate of its moment, or its value with evidence ({why})",
        _SAY,
        "{why}: why there is no value, as: no rate of its moment is recorded",
    ),
    ToDo.VALUE_GIFTS: Message(
        "record a rate of each day on which one was given (the list of gifts shows which have no value)", _SAY
    ),
    ToDo.COVER_UNDONE_GIFT: Message(
        "it lost its block after it was used: cover it with a top-up in coins (`cover add`), or wait until it settles "
        "again",
        _SAY,
    ),
    ToDo.COVER_CHARGE_BACK: Message(
        "its bank took back money that was used: cover it with money that is no gift (`cover add`)", _SAY
    ),
    ToDo.AWAIT_UNDONE_SPEND: Message(
        "its coins are back and what was made of it stands: wait until it settles again, or cover it with the "
        "transaction that left in its place (`cover add`)",
        _SAY,
    ),
    ToDo.SELL_AT_EXCHANGE: Message(
        "to be sold by {until}: record what the exchange sold of it (`conversion add` without txid)",
        _SAY,
        "{until}: a day",
    ),
    ToDo.MATCH_LINE: Message(
        "match it with the entry whose money it is (`bank match`), record what is missing, or set it aside",
        _SAY,
    ),
    ToDo.IMPORT_BETWEEN: Message(
        "its statements do not lead from {opening} to {closing}; import the one that is missing between them (`import "
        "bank`)",
        _SAY,
        "{opening}, {closing}: balances of a bank",
    ),
    ToDo.PAY_TAX: Message(
        "it was withheld from suppliers: pay it to the tax office (`tax-payment add`)", _SAY
    ),
    ToDo.AWAIT_INSTRUMENT: Message(
        "{number} says that it, a {instrument}, may take until {until}; nothing is to be done before",
        _SAY,
        "{number}: number of a paper",
        "{instrument}: cheque, transfer, card or another way of paying, as a code",
        "{until}: a day",
    ),
    ToDo.RECORD_BEFORE_OPENING: Message(
        "the first statement opens with this, and the books do not show it before that day: record what is missing, or "
        "import the statements before",
        _SAY,
    ),
    ToDo.IMPORT_NEXT: Message(
        "import the next statement (`import bank`): nothing says what the bank holds since then", _SAY
    ),
    ToDo.COUNT_BOX: Message(
        "count the box with a second person (`cash-count add`): nothing says what it holds since then", _SAY
    ),
    ToDo.ACCOUNT_FOR_ADVANCE: Message(
        "{holder} accounts for it by {until}: record what it paid from there, and what it gave back (`move add`)",
        _SAY,
        "{holder}: name of who holds the money",
        "{until}: a day",
    ),
    ToDo.GET_VAT_BACK: Message(
        "{holder} gives it back by {until}: record what came (`move add`), and what it refuses (`bank-fee add` with "
        "cause=tax)",
        _SAY,
        "{holder}: name of the tax office",
        "{until}: a day",
    ),
    ToDo.EXPLAIN_COUNT: Message(
        "two people counted so much more than the books hold (less, where it has a minus): record what is missing, or "
        "what the box lacks (`bank-fee add` with cause=shortage), or count again",
        _SAY,
    ),
    ToDo.GET_BACK_OVERDRAWN: Message(
        "others' money in this shared account is below zero, so they spent the fund's: see that it comes back, or "
        "which lines were set aside wrongly",
        _SAY,
    ),
    ToDo.MATCH_REST: Message(
        "the rest of a part that a line shows: match the line that shows it, put right the amount, or say what is "
        "under way (`bank outstanding`)",
        _SAY,
    ),
    ToDo.MATCH_ENTRY: Message(
        "{n} day old on the newest statement's last day, {last}, and on no statement: match its line (`bank match`), "
        "reverse what never happened, or say what is under way (`bank outstanding`)",
        _SAY,
        "{last}: a day",
        many="{n} days old on the newest statement's last day, {last}, and on no statement: match its line (`bank "
        "match`), reverse what never happened, or say what is under way (`bank outstanding`)",
    ),
    ToDo.ASK_BANK: Message(
        "was outstanding until {until}, and no statement shows it: ask the bank, or reverse it",
        _SAY,
        "{until}: a day",
    ),
    ToDo.MATCH_ENTRIES: Message("match their lines (`bank match`); the oldest are listed one by one", _SAY),
    ToDo.DECIDE: Message("another person than its recorder approves or rejects it", _SAY),
    ToDo.SCREEN_PAYEE: Message("{why}", _SAY, "{why}: why an approval waits for a look at lists, a sentence"),
    ToDo.PUT_DRAFT_RIGHT: Message(
        "record it again, put right, or take it back (`reject`): {why}",
        _SAY,
        "{why}: why the ledger refused it, a sentence",
    ),
    ToDo.AWAIT_DRAFT: Message(
        "waits for {txid}, which nobody has seen yet; if it will not come, take it back (`reject`)",
        _SAY,
        "{txid}: id of a transaction",
    ),
    ToDo.ANSWER: Message(
        "{doubt}: another person than who recorded it says whether they are two things or one told twice (`question "
        "answer` with entry={entry}, other={other}, answer=different or same)",
        _SAY,
        _DOUBT,
        _ENTRY,
        _OTHER,
    ),
    ToDo.ANSWER_NAME: Message(
        "{doubt}: another person than who recorded it says whether they are two, or one spelled twice (`question "
        "answer` with entry={entry}, other={other}, name={name}, answer=different or same)",
        _SAY,
        _DOUBT,
        _ENTRY,
        _OTHER,
        _NAME,
    ),
    ToDo.ANSWER_LOT: Message(
        "{doubt}: another person than who counted it says whether they are two lots, or one with another label "
        "(`question answer` with entry={entry}, other={other}, name={name}, answer=different or same)",
        _SAY,
        _DOUBT,
        _ENTRY,
        _OTHER,
        _NAME,
    ),
    ToDo.ANSWER_UNUSUAL: Message(
        "{doubt}: another person than who recorded it says whether it is right (`question answer` with entry={entry}, "
        "doubt={of}, answer=right or wrong)",
        _SAY,
        _DOUBT,
        _ENTRY,
        "{of}: fee, rate or no_rate, as a code",
    ),
    ToDo.REJECT_WRONG: Message(
        "{doubt}, and it was answered that it is wrong: reject it, or reverse it where nobody has to approve it",
        _SAY,
        _DOUBT,
    ),
    ToDo.REVERSE_SAME: Message(
        "{doubt}, and it was answered that they are one: reverse entry {entry} or entry {other}",
        _SAY,
        _DOUBT,
        _ENTRY,
        _OTHER,
    ),
    ToDo.BILL_PAYMENT: Message(
        "{reasons}: record the invoice, or tell the payment anew as a prepayment or with why there is none",
        _SAY,
        "{reasons}: what is wrong, as: paid without an invoice",
    ),
    ToDo.SETTLE_MATCH: Message(
        "order, receipt and invoice do not agree ({reasons}): correct one, or have the exception accepted",
        _SAY,
        "{reasons}: what is wrong, as: short delivery against the order",
    ),
    ToDo.FOLLOW_CLAIM: Message(
        "{debtor} owes it; {owner} says more by {until}: record what is paid back (`refund add`) or delivered in its "
        "place, or write it off with the reason (`written_off`)",
        _SAY,
        *_CLAIM,
        _OWNER,
    ),
    ToDo.OWN_CLAIM: Message(
        "{debtor} owes it, and nobody follows it yet: claim it by {until} and say who does (`claim follow`), record "
        "what is paid back (`refund add`) or delivered in its place, or write it off with the reason (`written_off`)",
        _SAY,
        *_CLAIM,
    ),
    ToDo.FOLLOW_CLAIM_ON_OTHER: Message(
        "{debtor} answers for it by claim {claim}; {owner} says more by {until}: record what is paid (`refund add` "
        "with the claim), credited or replaced (`claim end`), or write it off with the reason (`written_off`)",
        _SAY,
        *_CLAIM,
        _OWNER,
        _NUMBER,
    ),
    ToDo.OWN_CLAIM_ON_OTHER: Message(
        "{debtor} answers for it by claim {claim}, and nobody follows it yet: claim it by {until} and say who does "
        "(`claim follow`), record what is paid (`refund add` with the claim), credited or replaced (`claim end`), or "
        "write it off with the reason (`written_off`)",
        _SAY,
        *_CLAIM,
        _NUMBER,
    ),
    ToDo.RECEIVE_LATE: Message(
        "expected from {supplier} then: record what came (`receipt add`), correct the day (`correction add`), or close "
        "the order (`purchase close`), which makes what was paid a claim",
        _SAY,
        _SUPPLIER,
    ),
    ToDo.ARRIVE_LATE: Message(
        "expected at {place} then: record what came and what was lost on its way (`shipment arrive`), or correct the "
        "day (`correction add`)",
        _SAY,
        "{place}: where the goods go to",
    ),
    ToDo.SAY_WHY_ABOVE: Message(
        "{n} more is reported than was delivered of the service: record the delivery that is missing (`receipt add`), "
        "or reverse the report that counts somebody twice (`reversal add`)",
        _SAY,
        many="{n} more are reported than were delivered of the service: record the delivery that is missing (`receipt "
        "add`), or reverse the report that counts somebody twice (`reversal add`)",
    ),
    ToDo.PAY_BY_DAY: Message(
        "due to {supplier} by {due}; {received} of it is for what was received and is not yet paid: pay it (`payment "
        "add`), or record what is credited (`credit-note add`)",
        _SAY,
        _SUPPLIER,
        _RECEIVED,
        "{due}: a day",
    ),
    ToDo.PAY: Message(
        "due to {supplier}, which names no day; {received} of it is for what was received and is not yet paid: pay it "
        "(`payment add`), or record what is credited (`credit-note add`)",
        _SAY,
        _SUPPLIER,
        _RECEIVED,
    ),
    ToDo.RECORD_INVOICE: Message(
        "received from {supplier}, not yet billed and not yet paid: record its invoice (`invoice add`)",
        _SAY,
        _SUPPLIER,
    ),
    ToDo.ASK_FOR_PLEDGE: Message(
        "promised until then: ask for it, match the gift that it came as (`pledge match`), or say that it will not "
        "come (`pledge lapse`)",
        _SAY,
    ),
    ToDo.EXPLAIN_GAP: Message(
        "{books} of {sent} are good in the books, and {good} good and {damaged} damaged were counted: record the "
        "loss or correct the paper, and name it (`confirmation explain`)",
        _SAY,
        "{books}, {sent}, {good}, {damaged}: numbers of pieces",
    ),
    ToDo.SEND_LINK: Message(
        "{place} has not counted it for {n} day: send a new link (`confirmation link`)",
        _SAY,
        "{place}: name of a place",
        many="{place} has not counted it for {n} days: send a new link (`confirmation link`)",
    ),
    ToDo.SEND_BACK_RECALLED: Message(
        "send it back (`return add`), or have it destroyed (`recall end`)", _SAY
    ),
    ToDo.DECIDE_SURPLUS: Message(
        "send it back (`over return`), have it accepted (`over accept`), buy it (`over buy`), or name what tells of "
        "the same pieces (`over explain`)",
        _SAY,
    ),
    ToDo.WRITE_OFF_EXPIRED: Message("write it off (`loss add` with cause=expired)", _SAY),
    ToDo.GET_BACK_RECALLED: Message(
        "get it back (`return add`), or tell what became of it: destroyed, used or not found (`recall end`)",
        _SAY,
    ),
    ToDo.DECIDE_RECALL_ELSEWHERE: Message(
        "another campaign called this lot back: call it back here too (`recall add`), or say why it is another one "
        "(`recall differs`); until then it is not handed on",
        _SAY,
    ),
    ToDo.DECIDE_EXPIRY_ELSEWHERE: Message(
        "another campaign corrected the last day of use of this lot, to {day}: correct it here too (`correction add`), "
        "or say why it is another lot (`correction differs`)",
        _SAY,
        "{day}: the corrected day",
    ),
    ToDo.DECIDE_NO_EXPIRY_ELSEWHERE: Message(
        "another campaign corrected that this lot has no last day of use: correct it here too (`correction add`), or "
        "say why it is another lot (`correction differs`)",
        _SAY,
    ),
    ToDo.REVIEW_SEALED: Message(
        "decide anew whether it stays sealed: reverse its entry, {entry} (`reversal add`), and attach it public "
        "or redacted (`evidence add`), or seal it until the day of the next review (`evidence seal`)",
        _SAY,
        "{entry}: number of an entry",
    ),
    ToDo.ADD_ADDRESSES: Message(
        "{n} donor can still have an address of their own, after whom all share the fixed one: raise the gap "
        "limit of the wallet (`gap_limit`), or add one; what was given out and not paid waits for its payment",
        _SAY,
        many="{n} donors can still have an address of their own, after whom all share the fixed one: raise the gap "
        "limit of the wallet (`gap_limit`), or add one; what was given out and not paid waits for its payment",
    ),
}
"""One whole message for each."""


_COMMAND = re.compile(r"\s?[(（][^()（）]*`[^()（）]*[)）]")
"""How a coordinator does it: a command in brackets, which a translator keeps in brackets."""


def public_to_do(telling: Telling) -> str:
    """What ends it, in words for who cannot do it: without the commands in brackets."""
    whole = what_to_do(telling)
    return Localisable(_COMMAND.sub("", whole), lambda language: _COMMAND.sub("", localised(whole, language)))


def what_to_do(telling: Telling) -> str:
    """The sentence of an open item: the same on the page, in JSON and on the command line."""
    return worded_telling(TO_DO[ToDo(telling.code)], telling)
