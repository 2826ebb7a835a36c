"""English: signed address statements: which addresses are a campaign's own, from when to when."""

from __future__ import annotations

from api.pages.messages import Message, Piece, Sentence, said, worded
from api.pages.sentences.units import day
from api.ports import AddressStatement

TITLE = Message("Signed addresses")
LINK = Message("Is this address theirs? See what was signed", "a link")
LEAD = Message(
    "Each text was signed outside of this site by the key of every address that it names, and was verified here. It "
    "shows who holds the keys, not who they are: ask the issuer by another way whether the text is theirs, and keep it."
)
CHECK = Message(
    "To verify it yourself, give address, text and signature to a wallet that verifies messages (BIP 322; for "
    "addresses that begin with 1, as wallets always did). The text has no line break at its end."
)
TEXT = Message("The text", "above a text that was signed")
SIGNATURES = Message("Its signatures")
_OF = Message("Of {campaign}", "above a title", "{campaign}: its title")
_DAYS = ("an address statement", "{issuer}: who made it", "{since}, {until}: its first and last day")
_IN_FORCE = Message("In force: by {issuer}, from {since} until {until}.", *_DAYS)
_OVER = Message("Over: by {issuer}, from {since} until {until}.", *_DAYS)
_BEGINS = Message("Not yet in force: by {issuer}, from {since} until {until}.", *_DAYS)


def of(slug: str, title: str) -> Sentence:
    return said(_OF, campaign=Piece(title, href=f"/c/{slug}"))


def state(one: AddressStatement, today: str) -> str:
    """Whether it holds today, who made it and for which days."""
    text = _BEGINS if today < one.since else _OVER if today > one.until else _IN_FORCE
    return worded(text, issuer=one.issuer, since=day(one.since), until=day(one.until))
