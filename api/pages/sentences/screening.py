"""English: what is said of senders and payees beside lists of sanctioned addresses and people."""

from __future__ import annotations

from collections.abc import Mapping

from api.pages.messages import Message
from api.pages.sentences.tellings import worded_telling
from ledger.core.telling import Telling
from ledger.views.screening import Screened

_OF = "a sender of coins or a payee, beside a list"
_DATE = "{list_date}: the day of the list"
SCREENED: Mapping[Screened, Message] = {
    Screened.NOT_CHECKED: Message("not checked", _OF),
    Screened.IN_PART: Message(
        "{checked} of {inputs} inputs checked",
        _OF,
        "{checked}: how many inputs of a transaction have a known sender",
        "{inputs}: how many there are",
    ),
    Screened.NO_MATCH: Message("no match on the list of {list_date}", _OF, _DATE),
    Screened.DECIDE: Message("match: decide", _OF, "somebody has to decide about it"),
    Screened.RELEASED: Message("match on the list of {list_date}: released", _OF, _DATE),
    Screened.RETURNED: Message("match on the list of {list_date}: returned", _OF, _DATE),
    Screened.CLEARED: Message("match on the list of {list_date}: cleared", _OF, _DATE),
}
"""One whole message for each."""


def screened(telling: Telling) -> str:
    """What came of a look at lists, in JSON and on the command line alike."""
    return worded_telling(SCREENED[Screened(telling.code)], telling)
