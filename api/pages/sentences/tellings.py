"""What a view tells as a word and values, in the message that stands for the word."""

from __future__ import annotations

from api.languages.localised import wording
from api.pages.figures import with_asset
from api.pages.messages import Message, PlaceValue, listed, worded
from api.pages.sentences.units import day
from ledger.core.frozen import Amount
from ledger.core.telling import Telling
from ledger.core.wording import Figure, Value, Wording

_DAYS = {"until", "list_date", "day"}
"""Places at which a day stands."""


def worded_telling(message: Message, telling: Telling) -> str:
    """The message with the values of what is told; a value `n` decides its form. KeyError where one is missing."""
    values = dict(telling.values)
    n = values.pop("n", None)
    filled = {
        name: day(value) if name in _DAYS and isinstance(value, str) else _place(value)
        for name, value in values.items()
    }
    return worded(message, n=n if isinstance(n, int) else None, **filled)


def _place(value: Value) -> PlaceValue:
    if isinstance(value, Figure):
        return with_asset(Amount.of(value.asset, value.minor))
    if isinstance(value, Wording):
        return wording(value)
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return value
    return listed([str(each) for each in value])
