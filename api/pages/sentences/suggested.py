"""English: why a record may explain an open item, for the desk."""

from __future__ import annotations

from collections.abc import Mapping

from api.pages.messages import Message
from api.pages.sentences.tellings import worded_telling
from ledger.core.telling import Telling
from ledger.views.suggestions import Why

_WHY = "one of several reasons why a record may explain coins that left, or a line of a bank"
WHY: Mapping[Why, Message] = {
    Why.SAME_AMOUNT: Message("the amount is the same", _WHY),
    Why.AMOUNT_AWAY: Message(
        "the amount is {away} away", _WHY, "{away}: a sum of coins, with a minus where less"
    ),
    Why.ANOTHER_AMOUNT: Message("another amount", _WHY),
    Why.SAME_DAY: Message("the same day", _WHY),
    Why.DAYS_APART: Message("{n} day apart", _WHY, many="{n} days apart"),
    Why.DRAFT: Message("a draft", _WHY, "an explanation that waits to be recorded"),
    Why.DRAFT_OF_IT: Message("a draft names this transaction", _WHY),
    Why.WAITS_FOR_APPROVAL: Message("it names this transaction and waits for approval", _WHY),
    Why.ALL_OURS: Message("all that it spent and paid is ours, so what left is its network fee", _WHY),
    Why.RECORD_MOVE: Message(
        "`move add --set number=NUMBER --set asset=BTC --set amount=0 --set fee={fee} --set txid={txid} --set "
        "date={date}`, then `move approve`",
        _WHY,
        "commands, which stay as they are",
        "{fee}, {txid}, {date}: what is typed",
    ),
    Why.OPEN_INVOICE: Message("an open invoice at the day's rate", _WHY),
    Why.SAME_ADDRESS: Message(
        "coins of the same address went before, by {by}", _WHY, "{by}: a kind of record and its number"
    ),
    Why.ENTRY: Message(
        "{noun} {number}", _WHY, "{noun}: a kind of record, as a code", "{number}: its number"
    ),
    Why.NAMED_IN_TEXT: Message("the text names it", _WHY),
    Why.COMBINED: Message("together the amount is the same", _WHY),
    Why.OWN_REFERENCE: Message("it carries a reference that was given to a donor here", _WHY),
    Why.RECORD_GIFT: Message(
        '`contribution add --set number=NUMBER --set bank="{bank}" --set currency={currency} --set amount={amount} '
        "--set reference={reference} --set date={date}`, then `bank match`",
        _WHY,
        "commands, which stay as they are",
        "{bank}, {currency}, {amount}, {reference}, {date}: what is typed",
    ),
}
"""One whole message for each."""


def suggested_why(telling: Telling) -> str:
    """A reason, wherever suggestions are listed."""
    return worded_telling(WHY[Why(telling.code)], telling)
