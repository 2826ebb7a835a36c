"""English: the lists of a campaign, page by page: what they hold, what is looked for, and what is found."""

from __future__ import annotations

from api.pages.messages import Message, Piece, Sentence, said, worded

DONATIONS = Message("Donations", "title of a list")
PAPERS = Message("Papers", "title of a list")
DELIVERIES = Message("Deliveries, counted twice", "title of a list")
LOSSES = Message("Lost, and why", "title of a list")
ENTRIES = Message("The journal, entry by entry", "title of a list")
DONATIONS_NOTE = Message(
    "What came last stands first. What was seen and never counted, because another payment took its place or it never "
    "came into a block, stands at the end."
)
PAPERS_NOTE = Message(
    "The newest first. Each opens the bytes whose SHA-256 is shown; a sealed one has a salted hash."
)
DELIVERIES_NOTE = Message(
    "The newest first: the sender's count beside that of the other side, who counts by a link, without an account."
)
LOSSES_NOTE = Message("The newest first, each with its place, count and report.")
ENTRIES_NOTE = Message(
    "The newest first. An entry is never changed: a correction is another entry, which names it. Its hash is that of "
    "the exact bytes that are published."
)
WAITING_NOTE = Message(
    "What began to wait last stands first. Nothing here is hidden until it is settled: it keeps its row."
)
PAYABLES_NOTE = Message("What was billed or came last stands first.", "sums that are owed")
PLEDGES_NOTE = Message("The newest first. A promise is not money yet, and is in no total.")
OPENING_NOTE = Message("What two people said was there when the books begin, as they said it.")
PERIODS_NOTE = Message("The newest first. A closed period is frozen with its balances.")
OPENING = Message("What was there when the books begin", "title of a list")
WAITING_HINT = Message("A number or a kind", "what is looked for in a list")
PAYABLE_HINT = Message("An order, an invoice or a supplier", "what is looked for in a list")
PLEDGE_HINT = Message("A pledge's number", "what is looked for in a list")
OPENING_HINT = Message("A bank, an address, a lot or a paper", "what is looked for in a list")
PERIOD_HINT = Message("A month as 2020-08, or a period's name", "what is looked for in a list")
SHOW = Message("Show", "label of a choice: which rows of a list are shown")
LOOK_FOR = Message("Look for", "label of a search field in a list")
GO = Message("Show them", "on a button: the rows of a list that were chosen")
NEWEST = Message("Newest", "on a link: the first page of a list")
OLDER = Message("Older", "on a link: the next page of a list")
AS_CSV = Message("As a CSV file", "on a link")
AS_CSV_NEWEST = Message("The newest {n} as a CSV file", "on a link", many="The newest {n} as a CSV file")
AS_DATA = Message("As data for programs", "on a link")
NOTHING = Message("Nothing here yet.", "a list without rows")
NONE_FOUND = Message("Nothing is found. Try another choice, or fewer characters.", "a list without rows")
_OF = Message("{campaign}", "above the title of a list", "{campaign}: its title, a link")

DONATION_HINT = Message(
    "Beginning of a transaction id, an address, or a number", "what is looked for in a list"
)
PAPER_HINT = Message("Words of the title, or the beginning of a SHA-256", "what is looked for in a list")
LOT_HINT = Message("A paper's number, a product or a lot", "what is looked for in a list")
ENTRY_HINT = Message("A number, or a kind as: receipt", "what is looked for in a list")

_CHOICE = "a choice: which rows of a list are shown"
ALL = Message("All", _CHOICE)
IN_COINS = Message("In bitcoin", _CHOICE)
BY_BANK = Message("By bank", _CHOICE)
IN_KIND = Message("In kind", _CHOICE)
PUBLIC = Message("Public", _CHOICE)
REDACTED = Message("Redacted", _CHOICE)
SEALED = Message("Sealed", _CHOICE)
GAPS = Message("With a gap", _CHOICE)
UNCOUNTED = Message("Not counted", _CHOICE)
AGREED = Message("Without a gap", _CHOICE)
OVERDUE = Message("Overdue", _CHOICE)

_COLUMN = "head of a column"
NUMBER = Message("Number", _COLUMN)
KIND = Message("Kind", _COLUMN)
DAYS = Message("Days", _COLUMN)
RECORDED = Message("Recorded", _COLUMN)
HASH = Message("Hash", _COLUMN)
_ALL_GIFTS = Message("[All of them].", "behind a note above a table; a link")
_NEWEST = Message(
    "The newest {shown}. [All of them].",
    "a table that shows the beginning of a list; a link",
    "{shown}: how many are shown",
)


def of_campaign(slug: str, title: str) -> Sentence:
    """The campaign's title, a link to its page."""
    return said(_OF, campaign=Piece(title, href=f"/c/{slug}"))


def all_of_list(path: str) -> Sentence:
    """`All of them.`, a link."""
    return said(_ALL_GIFTS, href=path)


def newest(shown: int, path: str) -> Sentence:
    """`The newest 8. All of them.`"""
    return said(_NEWEST, shown=shown, href=path)


def as_csv(most: int) -> str:
    """What a link to a file says; `most` where only so many rows are in it, else 0."""
    return worded(AS_CSV_NEWEST, n=most) if most else worded(AS_CSV)
