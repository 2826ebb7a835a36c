"""English: what becomes of a transaction that somebody asked to have looked at alone.

The same sentences for pages and data; none says more than the public pages do.
"""

from __future__ import annotations

from ledger.recording.lookup import Lookup, LookupState

LOOKUP_OFFER = (
    "It can be looked at alone: at its next look this site asks its sources for this one transaction. "
    "They learn the id, and nothing of you."
)
LOOKUP_ASK = "Look at this transaction"


def lookup_sentence(lookup: Lookup) -> str:
    sources = " and ".join(lookup.sources)
    match lookup.state:
        case LookupState.WAITING:
            return "It waits for the next look, which asks for it alone. Load this page again in a minute or two."
        case LookupState.FOUND:
            return "It is known here; its page shows what it pays."
        case LookupState.NONE_OF_OURS:
            return f"Looked at alone: {sources} has it, and it pays none of this site's addresses."
        case LookupState.NO_SOURCE:
            return (
                f"Looked at alone: not there at {sources}. That proves nothing: it may not have reached them yet. "
                "It can be asked for again in ten minutes."
            )
        case LookupState.UNREAD:
            return (
                f"Looked at alone: it pays an address of this site, and {sources} places it in block "
                f"{lookup.height:,}, which is not read here. It shows when that block is read; blocks before "
                "this site's first one never are."
            )
