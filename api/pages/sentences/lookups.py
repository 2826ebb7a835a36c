"""English: what becomes of a transaction that somebody asked to have looked at alone.

The same sentences for pages and data; none says more than the public pages do.
"""

from __future__ import annotations

from api.pages.messages import Message, listed, worded
from ledger.model.inquiries import LookupState
from ledger.recording.lookup import Lookup

LOOKUP_OFFER = Message(
    "It can be looked at alone: at its next look this site asks its sources for this one transaction. They learn the "
    "id, and nothing of you."
)
LOOKUP_ASK = Message("Look at this transaction", "on a button")
_SOURCES = "{sources}: a list of who was asked"
_WAITING = Message(
    "It waits for the next look, which asks for it alone. Load this page again in a minute or two.",
    "a transaction",
)
_FOUND = Message("It is known here; its page shows what it pays.", "a transaction")
_NONE_OF_OURS = Message(
    "Looked at alone: {sources} has it, and it pays none of this site's addresses.", "a transaction", _SOURCES
)
_NO_SOURCE = Message(
    "Looked at alone: not there at {sources}. That proves nothing: it may not have reached them yet. It can be asked "
    "for again in ten minutes.",
    "a transaction",
    _SOURCES,
)
_UNREAD = Message(
    "Looked at alone: it pays an address of this site, and {sources} places it in block {block}, which is not read "
    "here. It shows when that block is read; blocks before this site's first one never are.",
    "a transaction",
    _SOURCES,
    "{block}: its height",
)


def lookup_sentence(lookup: Lookup) -> str:
    """What became of a transaction that somebody asked to have looked at."""
    sources = listed(lookup.sources)
    match lookup.state:
        case LookupState.WAITING:
            return worded(_WAITING)
        case LookupState.FOUND:
            return worded(_FOUND)
        case LookupState.NONE_OF_OURS:
            return worded(_NONE_OF_OURS, sources=sources)
        case LookupState.NO_SOURCE:
            return worded(_NO_SOURCE, sources=sources)
        case LookupState.UNREAD:
            return worded(_UNREAD, sources=sources, block=lookup.height or 0)
