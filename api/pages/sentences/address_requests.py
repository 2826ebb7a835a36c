"""English: an address for one gift, asked for on a page; what it is for, and how its way is found later."""

from __future__ import annotations

from ledger.recording.address_requests import Awaited

ASK_TITLE = "An address for one gift"
ASK_LEAD = (
    "It is given to nobody else, and nothing expires. Nothing is asked of you, and nothing about you is stored: the "
    "next page has a secret link that finds the way of your gift."
)
ENDED = "The call has ended. Late donations count."
NEED_LABEL = "What it is for"
NEED_HINT = "With a need, all that comes to the address is spent on that need only."
ANY_END = "Any end of this campaign"
ASK = "Give me an address"
SHARED = (
    "No address of your own is left now. This one belongs to the campaign and is for any end; all donors share it: "
    "keep your transaction id, it finds the way of your gift."
)
AWAITED_TITLE = "Nothing has come to this address yet"
AWAITED_LEAD = "Nothing expires. Once a payment is seen, this page tells what becomes of it."
KEEP_TITLE = "Keep this link"
KEEP = (
    "This page is found by your claim code alone, which is stored nowhere here. Whoever has it can read what became of "
    "the gift, and nothing else. Keep the link, or write the code down:"
)


def need(number: str, words: str) -> str:
    """`N-1: three-ply mask for WAHO`."""
    return f"{number}: {words}"


def restriction(awaited: Awaited) -> str:
    """`Restricted to need N-1 (masks for WAHO): …`; empty for any end."""
    number = awaited.intention.need
    if number is None:
        return ""
    title = f" ({awaited.restricted_to})" if awaited.restricted_to else ""
    return f"Restricted to need {number}{title}: what comes to it is spent on that need only."
