"""English: an address for one gift, asked for on a page; what it is for, and how its way is found later."""

from __future__ import annotations

from api.pages.figures import exact_with_asset, with_asset
from api.pages.messages import Message, Piece, Sentence, listed, said, worded
from api.pages.sentences.units import day, time
from ledger.core.frozen import Amount
from ledger.core.times import rfc3339
from ledger.recording.address_requests import Awaited
from ledger.rules.rates import SATS, Priced, divided_half_even

ASK_TITLE = Message("An address for one gift")
ASK_LEAD = Message(
    "It is given to nobody else, and nothing expires. Nothing is asked of you, and nothing about you is stored: the "
    "next page has a secret link that finds the way of your gift."
)
ENDED = Message("The call has ended. Late donations count.")
NEED_LABEL = Message("What it is for")
NEED_HINT = Message("With a need, all that comes to the address is spent on that need only.")
ANY_END = Message("Any end of this campaign", "a choice of what a gift is for")
ASK = Message("Give me an address", "on a button")
SHARED = Message(
    "There is no address of your own just now. This one belongs to the campaign and is for any end; all donors share "
    "it: keep your transaction id, it finds the way of your gift."
)
OR_SHARED = Message(
    "It belongs to the campaign and is for any end. All donors share it: keep your transaction id, it finds the way of "
    "your gift.",
    "an address",
)
_SHARED_NEED = Message(
    "No address can be kept for need {need} just now. This one belongs to the campaign and is for any end, not for "
    "that need alone; all donors share it: keep your transaction id, it finds the way of your gift.",
    "{need}: its number, as N-1",
)
_PAST_IS_READ = Message(
    "You get none of your own yet: older blocks are still being read, and an address that was paid in one of them is "
    "given to nobody. Ask again later.",
    "why no address of a donor's own is given",
)
AWAITED_TITLE = Message("Nothing has come to this address yet")
AWAITED_LEAD = Message("Nothing expires. Once a payment is seen, this page tells what becomes of it.")
KEEP_TITLE = Message("Keep this link")
KEEP = Message(
    "This page is found by your claim code alone, which is stored nowhere here. Whoever has it can read what became of "
    "the gift, and nothing else. Keep this link, or print this page:"
)
_CODE_ALONE = Message(
    "The last part of it is the code: {code}. It is found by the search of this site, too.",
    "{code}: a claim code",
)
_TO = Message(
    "To {campaign}", "above the title of a page on which a donor asks for an address", "{campaign}: its title"
)
_FOR = Message("An address for one gift to {campaign}", "above the title of a page", "{campaign}: its title")
WHERE_TO = Message("Where to send it", "title above an address")
QR = Message("QR code of this address", "names a picture for a reader who does not see it")
WALLET = Message("Open in a wallet", "on a button")
SHARED_TITLE = Message("The shared address", "title above an address that all donors of a campaign use")
_NEED = Message("{need}: {words}", "{need}: its number, as N-1", "{words}: what is needed, for whom")
_RESTRICTED = Message(
    "Restricted to need {need}: what comes to it is spent on that need only.",
    "an address",
    "{need}: its number, as N-1",
)
_RESTRICTED_TITLED = Message(
    "Restricted to need {need} ({title}): what comes to it is spent on that need only.",
    "an address",
    "{need}: its number, as N-1",
    "{title}: what is needed",
)

BANK = Message("By bank", "title: giving by a transfer from a bank account")
BANK_LEAD = Message(
    "Write this reference on the transfer. It is yours alone and names nobody; by it your gift is known among the "
    "lines of the bank, and found here."
)
BANK_TITLE = Message("Nothing has come with this reference yet.", "title of a page, of a bank transfer")
BANK_AWAITED = Message(
    "Nothing expires. A transfer shows here once the coordinators have read the bank's statement and recorded it, "
    "which takes days."
)
BANK_KEEP = Message("A page of this reference, to keep or print", "on a button")
BANK_KEPT = Message(
    "The reference alone finds this page, and later what became of the gift, by the search of this site too. Keep this "
    "link, or print this page:"
)
HOLDER = Message("To", "whose bank account it is")
ACCOUNT = Message("Account", "number of a bank account")
BIC = Message("BIC", "code of a bank")
AT_BANK = Message("Bank", "its name and the currency of an account")
REFERENCE = Message("Your reference", "what is written on a bank transfer")


WORTH = Message("What a bitcoin was last worth")
WORTH_NOTE = Message(
    "By the last rates that this campaign recorded, and none of today: your gift is valued by the rate of its own time."
)
_WORTH = Message(
    "{coins} was {money} on {day}, by {sources}.",
    "{coins}: a sum of coins, as: 0.0100 BTC",
    "{money}: what that was worth",
    "{day}: when",
    "{sources}: a list of who told the price",
)
_EXAMPLE = 1_000_000
"""Sats of the example: 0.01 BTC."""


def last_worth(price: Priced) -> str:
    """`0.01 BTC was 95.12 USD on 29 May 2020, by kraken and bitstamp.`"""
    money = Amount.of(price.currency, divided_half_even(price.price * _EXAMPLE, SATS))
    return worded(
        _WORTH,
        coins=with_asset(Amount.of("BTC", _EXAMPLE)),
        money=exact_with_asset(money),
        day=time(rfc3339(price.at)) if price.at is not None else day(price.date),
        sources=listed([quote.source for quote in price.quotes]),
    )


def to_campaign(slug: str, title: str) -> Sentence:
    """`To bithelp`, with a link to its page."""
    return said(_TO, campaign=_campaign(slug, title))


def for_campaign(slug: str, title: str) -> Sentence:
    """`An address for one gift to bithelp`, with a link to its page."""
    return said(_FOR, campaign=_campaign(slug, title))


def _campaign(slug: str, title: str) -> Piece:
    return Piece(title, href=f"/c/{slug}")


def shared(need: str, *, past_is_read: bool = False) -> str:
    """What is said of the shared address, and that it is kept for no need where one was wished; and why none other is
    given, where blocks from before are still being read."""
    sentence = worded(_SHARED_NEED, need=need) if need else worded(SHARED)
    return f"{sentence} {worded(_PAST_IS_READ)}" if past_is_read else sentence


def code_alone(code: str) -> str:
    return worded(_CODE_ALONE, code=code)


def need(number: str, words: str) -> str:
    """`N-1: three-ply mask for WAHO`."""
    return worded(_NEED, need=number, words=words)


def restriction(awaited: Awaited) -> str:
    """`Restricted to need N-1 (masks for WAHO): …`; empty for any end."""
    number = awaited.intention.need
    if number is None:
        return ""
    if not awaited.restricted_to:
        return worded(_RESTRICTED, need=number)
    return worded(_RESTRICTED_TITLED, need=number, title=awaited.restricted_to)
