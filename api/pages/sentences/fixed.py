"""English: titles, heads of columns, buttons and fixed sentences of the pages' templates."""

from __future__ import annotations

from api.pages.messages import Message

_COLUMN = "head of a column"
_TITLE = "title on a page"
_LINK = "on a button or link"
WHICH = Message("Which", _COLUMN)
HOW_MUCH = Message("How much", _COLUMN)
WHAT = Message("What", _COLUMN)
AMOUNT = Message("Amount", _COLUMN)
WHERE = Message("Where", _COLUMN)
IN_SUMS = Message("In the sums", _COLUMN)
REASON = Message("Reason", _COLUMN)
DECIDED_BY = Message("Decided by", _COLUMN)
REVIEW = Message("Review", _COLUMN)
BANK = Message("Bank", _COLUMN)
CLOSES_WITH = Message("Statement closes with", _COLUMN)
STATE = Message("State", _COLUMN)
SINCE = Message("Since", _COLUMN)
TO_DO = Message("To do", _COLUMN)
PAPER = Message("Paper", _COLUMN)
DATE = Message("Date", _COLUMN)
SHOWS = Message("What it shows", _COLUMN)
ACCESS = Message("Access", _COLUMN)
SHA_256 = Message("SHA-256", _COLUMN)
PLEDGE = Message("Pledge", _COLUMN)
PROMISED = Message("Promised", _COLUMN)
CAME_OF_IT = Message("What came of it", _COLUMN)
ORDER = Message("Order", _COLUMN)
TO = Message("To", _COLUMN)
PAYABLE = Message("Payable", _COLUMN)
RECEIVED_UNPAID = Message("Received, not yet paid", _COLUMN)
DUE = Message("Due", _COLUMN)
DELIVERY = Message("Delivery", _COLUMN)
LOT = Message("Lot", _COLUMN)
SENT = Message("Sent", _COLUMN)
COUNTED_THERE = Message("Counted there", _COLUMN)
GAP = Message("Gap", _COLUMN)
GIFT = Message("Gift", _COLUMN)
STATED_VALUE = Message("Stated value", _COLUMN)
HOW = Message("How", _COLUMN)
PIECES = Message("Pieces", _COLUMN)
WHY = Message("Why", _COLUMN)
REPORT = Message("Report", _COLUMN)
TARGET = Message("Target", _COLUMN)
REACHED = Message("Reached", _COLUMN)
WHO_WHERE = Message("Who and where", _COLUMN)
NEED = Message("Need", _COLUMN)
BY = Message("By", _COLUMN)
AT = Message("At", _COLUMN)
UNTIL = Message("Until", _COLUMN)
PERIOD = Message("Period", _COLUMN)
BALANCES = Message("Balances", _COLUMN)
DONATION = Message("Donation", _COLUMN)
VALUE_THEN = Message("Value then", _COLUMN)
STATUS = Message("Status", _COLUMN)
STAGE = Message("Stage", _COLUMN)
YOURS = Message("Yours", _COLUMN)
ARRIVED = Message("Arrived", _COLUMN)
STAYS = Message("Stays or spent", _COLUMN)
LOST = Message("Lost", _COLUMN)
ACCOUNT = Message("Account", _COLUMN)
AT_START = Message("At the start", _COLUMN)
CHANGE = Message("Change", _COLUMN)
DEBIT = Message("Debit", _COLUMN)
CREDIT = Message("Credit", _COLUMN)
LINE = Message("Line", _COLUMN)
FROM = Message("From", _COLUMN)
UNIT = Message("Unit", _COLUMN)
SUMS = Message("The sums", _TITLE)
WITHHELD = Message("Withheld and unexplained", _TITLE)
BANKS = Message("Banks", _TITLE)
WAITS = Message("What waits for a decision", _TITLE)
PAPERS = Message("Papers", _TITLE)
DONATIONS = Message("Donations", _TITLE)
BY_BANK = Message("By bank", _TITLE)
STILL_TO_PAY = Message("Still to be paid", _TITLE)
DELIVERIES = Message("Deliveries, counted twice", _TITLE)
IN_KIND = Message("Given in kind", _TITLE)
LOSSES = Message("Lost, and why", _TITLE)
RESULTS = Message("Results", _TITLE)
NEEDS = Message("What was asked for", _TITLE)
CONTROLS = Message("Closed periods and limits", _TITLE)
CLOSED_PERIODS = Message("Closed periods", _TITLE)
LIMITS = Message("Most that a role approves", _TITLE)
HOW_LONG = Message("How long it takes, and what it costs", _TITLE)
TIME_LINE = Message("From when to when", _TITLE)
WHEN = Message("When", _COLUMN)
HOW_OFTEN = Message("How often", _COLUMN)
SHARES_TITLE = Message("How the shares are computed", _TITLE)
ACCOUNTS = Message("The accounts in full", "title of the page for accountants, and a link to it")
ACCOUNTS_NOTE = Message(
    "Banks, promises, what is owed, what waits for a decision, closed periods and limits."
)
HANDED_OUT = Message("Where it was handed out", _TITLE)
COUNTRIES = Message("Countries", _LINK)
BOUNDARIES = Message(
    "The boundaries and names shown and the designations used on this map do not imply official endorsement or "
    "acceptance by the United Nations. Shapes: Natural Earth.",
    "below a map; the first sentence is the United Nations' own, as they publish it in each of their languages",
)
LANGUAGES = Message(
    "Languages", "names a list of links to this page in other languages, for who does not see it"
)
BY_MACHINE = Message(
    "The words of this page were translated by machine and are not reviewed. The English page holds.",
    "at the foot of every page of a language whose texts nobody reviewed",
)
ON_THIS_PAGE = Message("On this page", "names a list of links for a reader who does not see it")
TAKE_DATA = Message("Take the data", _TITLE)
STEPS = Message("Step by step", _TITLE)
CHANGES = Message("What changed", _TITLE)
PLACES = Message("Where all of it is", _TITLE)
CHECK = Message("Check it yourself", _TITLE)
CAMPAIGNS = Message("Campaigns", _TITLE)
ALONE = Message("Looked at alone", _TITLE)
BOOKS = Message("The books", _TITLE)
PROBLEMS_TITLE = Message("Problems", _TITLE)
FLOW = Message("From gift to hand", _TITLE)
WENT = Message("Where it went", _TITLE)
SO_FAR = Message("The campaign so far, without your gift", _TITLE)
ALL_OF_THEM = Message("All of them", _LINK)
PAGE_BEFORE = Message("Before", _LINK)
PAGE_NEXT = Message("Next", _LINK)
ALL_OF_IT = Message("All of it as data", _LINK)
SKIP = Message("Skip to the text", _LINK)
DATA = Message("Data", _LINK)
GIVE = Message("Give bitcoin", _LINK)
GIVE_BY_BANK = Message("Give by bank", _LINK)
BY_BANK_LINK = Message("Account and a reference of your own", "a link to how money is given by bank")
SIGNED = Message(
    "Is an address theirs? What was signed", "a link to statements of which addresses are a campaign's"
)
GIVE_FOR_IT = Message("Give for it", _LINK)
TRIAL_BALANCE = Message("Trial balance", _LINK)
WALLET = Message("Open in a wallet", _LINK)
QR_CODE = Message("QR code", _LINK)
OWN_ADDRESS = Message("An address of my own", _LINK)
CAMPAIGN = Message("Campaign", _LINK)
TRAIL = Message("Trail", _LINK)
JOURNAL = Message("Journal", _LINK)
ASSETS = Message("Where every asset is", _LINK)
TRAIL_DATA = Message("This trail as data", _LINK)
ALL_CAMPAIGNS = Message("All campaigns", _LINK)
FIND = Message("Find", _LINK)
LIVE = Message(
    "When something new is recorded, this page loads itself anew; without scripts, load it again by hand."
)
AS_TABLE = Message("The same as a table", _LINK)
SITE = Message("Site", "names the navigation for a reader who does not see it")
SERVED = Message("Served by aidtrail, [open source].", "in the foot of each page; a link")
SUMS_NOTE = Message("Each column adds up to the last row, to the last unit.", "tables of sums")
WITHHELD_NOTE = Message(
    "A paper that is not shown has its row here. The fact that it proves, amounts and names too, stays in the public "
    "journal."
)
PAPER_ALONE = Message("the paper alone", "in place of a sum: what is withheld")
WAITS_FOR_SECOND = Message("waits for a second person", "in place of who decided it")
NO_UNEXPLAINED = Message("Unexplained outgoing coins", "a row that says that there are none")
BANKS_NOTE = Message(
    "Every line of a statement is an entry of the books, and every entry is on a statement, or is listed."
)
PLEDGES_NOTE = Message("A promise is not money yet. It is in no total on this page.")
PAYABLES_NOTE = Message("Billed and not paid, or received and not yet billed.", "sums that are owed")
IN_KIND_NOTE = Message(
    "The value is what somebody states. It is in no total of money.", "goods that were given"
)
RESULTS_NOTE = Message("Nobody is counted twice. Groups of few people are not shown.")
ASK_NOTE = Message(
    "Ask for an address of your own, for one need if you like. A secret link then finds the way of your gift."
)
NO_STEPS = Message("Nothing is in the books yet. The steps begin when it is settled.", "a donation")
CHANGES_NOTE = Message("What later entries or the chain changed of what stood here, the newest first.")
NO_CAMPAIGN = Message("No campaign is public yet.")
FIND_MINE = Message("Find my donation", "label of a search field")
FIND_HINT = Message("Transaction, address, claim code or bank reference", "what is written in a search field")
LAST_LOOK_SHORT = Message("Last look, sources", "label of a fact of the books")
TOTAL = Message("Total", "last row of a table")
WITHHELD_CHIP = Message("Withheld", "state of a row")
ASIDE_CHIP = Message("Set aside", "state of a row")
UNEXPLAINED_CHIP = Message("Unexplained", "state of a row")
NO_PAPERS = Message("None yet.", "papers")
NONE_IN_COINS = Message("None in coins yet.", "donations")
NO_PAYMENT = Message("No payment has come yet. Nothing expires.")
SHARED_ADDRESS = Message(
    "This address belongs to the campaign, and nothing expires: keep your transaction id, it finds the way of your "
    "gift."
)
OR_SHARED_ADDRESS = Message(
    "Or give to the address that all donors share. It belongs to the campaign, and nothing expires: keep your "
    "transaction id, it finds the way of your gift."
)
HOME = Message("A coin comes in, things go out, and *anyone can walk* from one to the other.", _TITLE)
FOR_PROGRAMS = Message("The data, *for programs*.", _TITLE)
FOR_PROGRAMS_TITLE = Message("The data, for programs", "in the title bar of a browser")
PROBLEMS = {
    "bad-request": Message("400, the request cannot be read"),
    "token-needed": Message("401, no token, or one that is not known"),
    "not-allowed": Message("403, the role or the four-eyes rule does not allow it"),
    "not-found": Message("404, nothing has this name"),
    "method-not-allowed": Message("405, another method"),
    "too-slow": Message("408, the request did not come whole in time"),
    "conflict": Message("409, something else is recorded under the same key"),
    "too-large": Message("413, more bytes than are read"),
    "other-content": Message("415, a kind of content that is not taken"),
    "refused": Message("422, input refused, with the fields"),
    "too-many": Message("429, too many at once; try again when Retry-After says"),
    "head-too-large": Message("431, an address or headers that are too long"),
    "internal": Message("500, our error"),
    "unknown-method": Message("501, a method that nothing here answers"),
    "not-ready": Message("503, not ready yet, or the database cannot be reached; try again"),
    "disk-full": Message("507, the disk is full: nothing was written, reading goes on"),
}
"""What each kind of refusal means, by the name that an address of it ends with."""
