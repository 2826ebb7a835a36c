"""English: the pages beside the figures: words, for donors, who runs this site, and what is not shown and why."""

from __future__ import annotations

from api.pages.messages import Message, worded

_TITLE = "title on a page"
_LINK = "on a link in the foot of each page"
WORDS_LINK = Message("Words", _LINK)
DONORS_LINK = Message("For donors", _LINK)
ABOUT_LINK = Message("Who runs this", _LINK)
HIDDEN_LINK = Message("What is not shown", _LINK)
DOCUMENTS_LINK = Message("Documents", _LINK)
HELP = Message("Help", "names a list of links for a reader who does not see it")

DOCUMENTS_TITLE = Message("Documents", _TITLE)
WORDS_TITLE = Message("The *words* of these pages, one by one", _TITLE)
WORDS_LEAD = Message("Each word means one thing everywhere on this site, in its data and in its papers.")
DONORS_TITLE = Message("For *donors*: how to give, follow and check", _TITLE)
DONORS_LEAD = Message("Nothing is asked of you, nothing about you is stored, and nothing expires.")
ABOUT_TITLE = Message("Who *runs* this site", _TITLE)
ABOUT_LEAD = Message(
    "Whoever runs this site publishes its campaigns and answers for what they say. The program only shows what the "
    "journal and the chain prove."
)
HIDDEN_TITLE = Message("What is *not shown*, and why", _TITLE)
HIDDEN_LEAD = Message("Nothing is left out in silence: what is not shown has a row that says so.")

TERMS: dict[str, tuple[Message, Message]] = {
    "transaction": (
        Message("Transaction id, txid"),
        Message(
            "64 characters that name a payment on the bitcoin chain. It is public; your wallet shows it."
        ),
    ),
    "outpoint": (
        Message("Outpoint"),
        Message(
            "A transaction id, a colon and a number: one output of a transaction. It identifies a payment here, since "
            "one transaction may pay several addresses and one address may be paid many times."
        ),
    ),
    "claim-code": (
        Message("Claim code"),
        Message("22 characters, given with an address of your own. Whoever has it reads that gift's page."),
    ),
    "mempool": (
        Message("Mempool"),
        Message(
            "Where a payment waits that is sent and in no block yet. Such a payment is *seen*, in no total."
        ),
    ),
    "confirmed": (Message("Confirmed"), Message("In a block that still has few blocks on top of it.")),
    "settled": (
        Message("Settled"),
        Message(
            "Buried under enough blocks (six unless stated) of the chain with most work. Now it is in the books."
        ),
    ),
    "replaced": (
        Message("Replaced"),
        Message("Another transaction spent the same coins first. This one will not come."),
    ),
    "evicted": (
        Message("Evicted"),
        Message("In no block, and no longer waiting anywhere that is looked at. It may come back."),
    ),
    "reorged": (
        Message("Reorged"),
        Message("Its block left the chain for another. Most such payments are confirmed again soon."),
    ),
    "dust": (
        Message("Dust line"),
        Message(
            "Payments below it cost more to spend than they are worth. They are told as one sum, in no other total."
        ),
    ),
    "blocked": (
        Message("Blocked"),
        Message(
            "Set apart until two people release it or give it back. Nothing more of it is spent meanwhile."
        ),
    ),
    "returned": (
        Message("Returned, charged back"),
        Message("Sent back to who gave it, by the campaign, or taken back by the donor's bank."),
    ),
    "at-exchange": (
        Message("At an exchange"),
        Message("Coins that were sent to be sold, and are not sold yet. The exchange holds them."),
    ),
    "books": (
        Message("Books = chain at block N"),
        Message(
            "The coins in the accounts are, to the last unit, those that the chain has at our addresses at that block."
        ),
    ),
    "reconciled": (
        Message("Reconciled"),
        Message("Every figure is explained and nothing is overdue: coins, banks, orders and deliveries."),
    ),
    "unexplained": (
        Message("Unexplained"),
        Message(
            "Coins that left a wallet, for which no entry says why. They stay a row until an entry does."
        ),
    ),
    "sources": (
        Message("Shown by, sources"),
        Message(
            "The nodes and explorers that told of a payment. None is believed: each block is checked by its proof of "
            "work, each payment by its place in the block."
        ),
    ),
    "line": (
        Message("Line"),
        Message(
            "All money of a fund, or all pieces of a lot, numbered in the order in which they came. A gift has its "
            "numbers for ever."
        ),
    ),
    "share": (
        Message("Share"),
        Message(
            "What a gift became, by a printed rule: money is used in the order in which it came, and what is bought "
            "belongs to the gifts that paid for it, in whole pieces. Damage, loss and fees fall on all in proportion."
        ),
    ),
    "places": (
        Message("Places"),
        Message("Where things were handed out: countries, towns or clinics, each counted once."),
    ),
    "order": (
        Message("PO, purchase order"),
        Message("What was ordered of whom, at which price. Its number is on the paper."),
    ),
    "receipt": (
        Message("GRN, goods received note"),
        Message("What came of an order: how many good, how many damaged, how many short."),
    ),
    "waybill": (Message("W, waybill"), Message("The paper that goes with a shipment, from where to where.")),
    "handover": (
        Message("Handed over"),
        Message(
            "The things are the recipient's now, who signs for them. What then reaches people is *distributed*."
        ),
    ),
    "lot": (
        Message("Lot"),
        Message("Pieces that were made together, by the maker's number. A recall finds all of a lot."),
    ),
    "short": (Message("Short"), Message("On the paper, and never in the parcel.")),
    "damaged": (Message("Damaged, lost"), Message("Each with its cause, place, count and report.")),
    "gap": (
        Message("Gap"),
        Message(
            "By how much the counts of sender and recipient differ. It stays until a loss or a correction explains it."
        ),
    ),
    "pledge": (Message("Pledge"), Message("A promise. It is not money yet, and in no total.")),
    "in-kind": (
        Message("In kind"),
        Message(
            "Goods or services that were given. Their value is what somebody states, never added to money."
        ),
    ),
    "withheld": (
        Message("Withheld, sealed, redacted"),
        Message(
            "A sealed paper is shown to nobody here and known by a salted hash. In a redacted one names are blacked "
            "out. Each has a row with the reason, who decided it and when it is decided anew."
        ),
    ),
    "hash": (
        Message("SHA-256"),
        Message("A fingerprint of bytes: a paper that is changed by one letter has another."),
    ),
    "journal": (
        Message("Journal, entry"),
        Message(
            "All facts in the order in which they were recorded, each chained to the one before by its hash. None is "
            "changed: a correction is another entry."
        ),
    ),
}
"""What each word means, by the anchor that links to it."""

DONORS: dict[str, tuple[Message, tuple[Message, ...]]] = {
    "give": (
        Message("Give", _TITLE),
        (
            Message(
                "On the campaign's page, ask for an address of your own, for one need if you like. Send what you want "
                "to give from any wallet, also from an exchange. Keep the link that you are shown."
            ),
            Message(
                "Or give to the address that all donors share, and keep your transaction id. A gift after the "
                "campaign's end counts too."
            ),
            Message(
                "Where a campaign takes gifts by bank, the same page shows its account and a reference of your own: "
                "write it on the transfer, and keep it."
            ),
        ),
    ),
    "find": (
        Message("Find it again", _TITLE),
        (
            Message(
                "The search takes a transaction id, an outpoint, the address that you paid to, your claim code, a "
                "payment link, or a link of an explorer. A gift by bank is found by its reference or its number, "
                "one in kind by its number."
            ),
            Message(
                "Before the first block a payment is only seen. If it is not seen here, that proves nothing: its page "
                "offers to look at that one transaction."
            ),
        ),
    ),
    "read": (
        Message("Read its page", _TITLE),
        (
            Message(
                "First a sentence: what your gift became, and where that is. Then the books, a picture with your "
                "thread in it, each step with its papers, and where all of it is. The figures add up at every step."
            ),
            Message(
                "Nobody's later gift changes your share. What a later entry or the chain changed is listed."
            ),
        ),
    ),
    "check": (
        Message("Check it yourself", _TITLE),
        (
            Message(
                "Take the block that your page names from anywhere, save it as block.raw, and ask for the payment in "
                "it. This checks the proof of work and the place of your payment in the block:"
            ),
        ),
    ),
}
"""What a donor does, step by step, by its anchor."""

OPERATOR = Message("The operator", _TITLE)
_OPERATED = Message("{operator} runs this site.", "{operator}: an organisation")
NO_OPERATOR = Message("The operator has not written who it is. Ask whoever sent you here.")
CONTACT = Message("How to reach them", _TITLE)
NO_CONTACT = Message("The operator has not written how to be reached.")
CAMPAIGNS_OF = Message("Who stands behind each campaign", _TITLE)
CAMPAIGNS_NOTE = Message("Purpose and partners stand at the head of each campaign's page:")
SOURCE = Message("The program", _TITLE)
SOURCE_NOTE = Message(
    "aidtrail is open source under Apache-2.0. Whoever has the published entries and the chain can compute every "
    "figure of this site again with it."
)
SOURCE_LINK = Message("Its source", "on a link")
PAPERS = Message("Papers that are withheld", _TITLE)

HIDDEN: dict[str, tuple[Message, Message]] = {
    "people": (
        Message("People", _TITLE),
        Message(
            "No person is named: not donors, not recipients, not those who record and approve, who stand here by their "
            "roles. Groups of few people are shown as fewer than a number, so that nobody is recognised."
        ),
    ),
    "donors": (
        Message("Donors", _TITLE),
        Message(
            "We do not know who gave. The public pages ask for no account or name and set no cookie, no address of a "
            "computer is stored, and a claim code is stored as its hash alone. The one script, of this site, only "
            "loads a page that waits anew. What the chain shows of a payment everybody sees."
        ),
    ),
    "papers": (
        Message("Papers", _TITLE),
        Message(
            "A paper may be redacted or sealed, to protect people or where a contract asks for it. Two people decide; "
            "the row stays, with the reason, the role that decided, and the day on which it is decided anew. What it "
            "proves, amounts too, stays public."
        ),
    ),
    "banks": (
        Message("Lines of shared bank accounts", _TITLE),
        Message(
            "Where a bank account serves other ends as well, its foreign lines are one row a month and reason, with "
            "their count and sums. The statements still tie."
        ),
    ),
    "unproven": (
        Message("What nobody proves yet", _TITLE),
        Message(
            "Promises and payments that are only seen are in no total. What is unexplained or overdue is shown as "
            "that, in red."
        ),
    ),
}
"""What is not shown, and why, by its anchor."""


def operated(operator: str) -> str:
    """Who runs the site."""
    return worded(_OPERATED, operator=operator)


_SIGNED_OF = Message(
    "Which addresses of {campaign} are theirs: what was signed",
    "a link",
    "{campaign}: the campaign's short name",
)


def signed_of(campaign: str) -> str:
    """A link to the signed statements of a campaign."""
    return worded(_SIGNED_OF, campaign=campaign)
