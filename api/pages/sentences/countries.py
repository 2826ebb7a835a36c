"""English: where things were handed out, country by country, on the map and in its table."""

from __future__ import annotations

from api.pages.messages import Message, worded
from api.pages.sentences.plurals import unit_of
from api.pages.sentences.units import day

_MAP = "words on or about a map of countries"
_NOTE = Message(
    "The darker a country, the more was handed out there. A small one is a square. The table has every figure.",
    _MAP,
)
_NO_MAP = Message("No place here names its country, so there is no map.", _MAP)
_CAPTION = Message(
    "{units}", "title of the map of one product, where there are several", "{units}: what it counts"
)
_ALT = Message("Map of where {units} were handed out; the table has its figures.", _MAP, "{units}: as: masks")
_UP_TO = Message("up to {most}", _MAP, "{most}: the largest count of a shade")
NOTHING_YET = Message("nothing yet", "a country that something was asked for and that nothing reached yet")
_OTHERS = Message("{n} other place", "a row that sums up", many="{n} other places")
_ASKED = Message(
    "asked for until {day}", "in place of a count: nothing reached it yet", "{day}: the last day"
)


def map_note(maps: int) -> str:
    """What a map shows, or why there is none."""
    return str(_NOTE if maps else _NO_MAP)


def map_caption(unit: str) -> str:
    """`Masks`: what the map of one of several products counts."""
    return worded(_CAPTION, units=unit_of(unit, 2).capitalize())


def map_alt(unit: str) -> str:
    return worded(_ALT, units=unit_of(unit, 2))


def up_to(most: int) -> str:
    """`up to 10,000`: a shade."""
    return worded(_UP_TO, most=most)


def other_places(number: int) -> str:
    return worded(_OTHERS, n=number)


def asked_until(until: str) -> str:
    """`asked for until 15 August 2020`."""
    return worded(_ASKED, day=day(until))
