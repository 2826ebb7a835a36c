"""English: names as records, and the codes to call them by."""

from __future__ import annotations

from collections.abc import Mapping

from api.pages.messages import SEMICOLONS, Message, listed, worded
from ledger.model.named import NameOf
from ledger.views.known_names import NameRecord
from service.sentences.layout import row

_OF = "a list of names is empty"
NONE: Mapping[NameOf, Message] = {
    NameOf.SUPPLIER: Message("no supplier is named yet.", _OF),
    NameOf.PARTNER: Message("no partner is named yet.", _OF),
    NameOf.PLACE: Message("no place is named yet.", _OF),
    NameOf.RECIPIENT: Message("no recipient is named yet.", _OF),
    NameOf.BANK: Message("no bank is named yet.", _OF),
}
_SINCE = Message("since {day}, entry {entry}", "a name", "{day}: a day", "{entry}: number of the first entry")
_SAME = Message("the same as {name}", "a name", "{name}: another name")
_ASKED = Message("looks like another one: see `inbox`", "a name", "a word in backquotes is a command")


def named(record: NameRecord) -> str:
    """A row of a list of names: code, name, since when, and whether it is another one's or looks like it."""
    sentences = [worded(_SAME, name=record.same_as)] if record.same_as else []
    sentences += [worded(_ASKED)] if record.asked else []
    since = worded(_SINCE, day=record.since, entry=str(record.entry))
    return row(record.code, record.name, since, listed(sentences, SEMICOLONS))
