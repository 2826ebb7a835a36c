"""English: `import sanctions` and `screening state`: which lists are in force, and what came of looking."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from api.pages import sentences as say
from api.pages.figures import exact_with_asset
from api.pages.messages import Message, worded
from ledger.rules.screening import ScreeningState
from ledger.views.screening import ScreeningReport
from service.sentences.layout import row

_LIST = ("{list}: its name", "{list_date}: its day")
_RECORDED = Message(
    "recorded: {n} address of {list} as of {list_date}.",
    *_LIST,
    many="recorded: {n} addresses of {list} as of {list_date}.",
)
_ALREADY = Message(
    "recorded already: {n} address of {list} as of {list_date}.",
    *_LIST,
    many="recorded already: {n} addresses of {list} as of {list_date}.",
)
_IN_FORCE = Message(
    "in force: {list} of {list_date}, from {source}", *_LIST, "{source}: where it was taken from"
)
_NONE = Message("no list is in force; `import sanctions` records one.", "words in backquotes are a command")
_COUNT = "payments whose senders were looked up on lists"
COUNTS: Mapping[ScreeningState, Message] = {
    ScreeningState.NOT_CHECKED: Message("{n} payment not checked", _COUNT, many="{n} payments not checked"),
    ScreeningState.IN_PART: Message(
        "{n} payment checked in part", _COUNT, many="{n} payments checked in part"
    ),
    ScreeningState.NO_MATCH: Message(
        "{n} payment without a match", _COUNT, many="{n} payments without a match"
    ),
    ScreeningState.MATCH: Message("{n} payment with a match", _COUNT, many="{n} payments with a match"),
}
_MATCH = Message("{address}, {list} of {list_date}", "an address on a list", "{address}: it", *_LIST)
_ABOVE = Message("above {money} an approval waits until its payee was looked up on a list", "{money}: a sum")
_PAYEE = Message(
    "{kind} {payee}: {told} ({list}, {number})",
    "{kind}: supplier, recipient or another kind of payee, as a code",
    "{payee}: its name",
    "{told}: what came of looking",
    "{list}: name of a list",
    "{number}: number of the record of it",
)


def recorded(number: int, name: str, list_date: str, *, already: bool) -> str:
    """How many addresses a list has that is recorded."""
    return worded(_ALREADY if already else _RECORDED, n=number, list=name, list_date=list_date)


def screening(screened: ScreeningReport) -> Iterator[str]:
    """Lists in force, payments by state, and each that somebody has to look at; then payees."""
    for version in screened.lists:
        yield worded(_IN_FORCE, list=version.name, list_date=version.list_date, source=version.source)
    if not screened.lists:
        yield worded(_NONE)
    for counted in screened.counts:
        yield worded(COUNTS[counted.state], n=counted.count)
    for one in screened.rows:
        yield row(one.outpoint, exact_with_asset(one.amount), say.screened(one.message))
        for match in one.matches:
            sentence = worded(_MATCH, address=match.address, list=match.list, list_date=match.list_date)
            yield f"  {sentence}"
    if screened.above is not None:
        yield worded(_ABOVE, money=exact_with_asset(screened.above))
    for payee in screened.payees:
        yield worded(
            _PAYEE,
            kind=payee.kind.value,
            payee=payee.payee,
            told=say.screened(payee.message),
            list=payee.list,
            number=payee.number,
        )
