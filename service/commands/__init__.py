"""All commands of the program: their words, what each does in one line, and the module that does it.

`aidtrail --help` is this table, in this order; a module is loaded when one of its commands is called. The nouns of
the ledger stand here too, though their kinds declare them: a test compares the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from service.command import Command


@dataclass(frozen=True, slots=True)
class Row:
    """`words` as typed, for example `token add`; `module` has them in its `COMMANDS`."""

    words: str
    help: str
    module: str

    def load(self) -> Command:
        """The command itself; imports its module and all that it needs."""
        commands: Mapping[str, Command] = import_module(self.module).COMMANDS
        return commands[self.words]


_PROGRAM: Mapping[str, Mapping[str, str]] = {
    "demo": {
        "demo": (
            "Run the real service on a recorded chain and play the story of 250,000 masks; keeps its data."
        ),
    },
    "init": {
        "init": "Make a configuration and a database that watch a descriptor or fixed addresses.",
    },
    "serve": {
        "serve": "Watch the chain, run the jobs, and serve the API and the pages until stopped.",
    },
    "block": {
        "scan": "Show what a raw block pays to and spends from these addresses, with Merkle proofs.",
    },
    "look": {
        "look": "Ask one live source about an address or a transaction and prove each hit, or only show the plan.",
    },
    "trail": {
        "trail": "Follow a donation from the coin to what it became, in words.",
    },
    "check": {
        "check": "Run every invariant.",
        "rebuild": "Fold the model again from journal and observations, and compare row by row.",
    },
    "reconciliation": {
        "reconcile": (
            "Compare the books with the chain at the settled block, show that every asset "
            "ties, and list what is open."
        ),
        "inbox": (
            "List what needs a decision, the oldest first, with age, amount, what to do and suggestions."
        ),
    },
    "bank_import": {
        "import bank": (
            "Record the lines of a bank statement, all or none, and show which entries they may be."
        ),
    },
    "openings": {
        "import opening": (
            "Propose what stood on a day, from a table, all rows or none; or --preview it with what does not tie."
        ),
        "opening template": "Write a table to fill in for `import opening`.",
    },
    "rates": {
        "import rates": "Record official monthly rates from a file of the UN operational rates of exchange.",
    },
    "sanctions": {
        "import sanctions": (
            "Record a list of sanctioned addresses from a file, one address a line, and compare all senders with it."
        ),
        "screening state": "How far senders and payees were compared with lists, on what day, and what matched.",
    },
    "bank": {
        "bank accounts": "Banks, cash boxes, wallets and advances, with the terms that hold for each (`bank terms`).",
        "bank forget": "Forget the private words of bank lines; what the entries commit to stays.",
    },
    "papers": {
        "paper where": "Tell where the original of a sealed paper lies, and the salt of its hash, to who may record.",
        "paper remove": "Remove the bytes of a paper; the entries that name it stand, and the audit log says so.",
    },
    "backup": {
        "backup": "Copy the database to a new file, consistently, also while it is being served.",
        "restore": "Put a backup into a folder that has no database yet, and check it.",
    },
    "people": {
        "user add": "Add a user with a role, in all campaigns or in one.",
        "user list": "List the users.",
        "user show": "Show one user.",
        "user limit": "Set the most that a user may approve in a currency, or lift it.",
        "user disable": "Refuse a user and all their tokens.",
        "user enable": "Accept a user again who was disabled.",
        "role give": "Give a user a role, in all campaigns or in one, until a day or without an end.",
        "role take": "Take a role from a user, in one campaign or that for all.",
        "role list": "Who has which role, where and until when.",
        "audit list": "Who did what at the desk, and when: the audit log, which nobody can change.",
        "token add": "Make a token for the API, for all that its user may or for less; it is printed once.",
        "token list": "List tokens, without their secret.",
        "token revoke": "Refuse a token from now on.",
    },
    "periods": {
        "period balances": "The trial balance of each closed period: what every account held at its end.",
    },
    "intentions": {
        "intention add": "An address for one donor, with a BIP 21 URI and a claim code.",
    },
    "stock": {
        "stock list": "What lies in stock, by place and lot.",
        "stock losses": "What did not arrive or is no more: cause, place, count, report.",
        "stock card": "The card of a lot at a place: in, out, balance.",
        "lot trace": "Who has a lot, and whose gifts it was.",
        "invoice payable": (
            "What was billed and is not paid, with its due date, and what was received and is not yet billed; exit 1 "
            "when something is overdue."
        ),
        "invoice match": (
            "The three-way match of every order line and invoice; exit 1 when an exception "
            "waits for somebody."
        ),
    },
    "names": {
        "supplier list": "The suppliers that facts name, with the codes to call them by.",
        "supplier show": "One supplier, with all spellings of its name.",
        "partner list": "The partners, carriers and holders that facts name, with their codes.",
        "partner show": "One partner, with all spellings of its name.",
        "place list": "The places that facts name, with their codes.",
        "place show": "One place, with all spellings of its name.",
        "recipient list": "The recipients that facts name, with their codes.",
        "recipient show": "One recipient, with all spellings of its name.",
        "bank names": "The banks, cash boxes and wallets that facts name, with their codes.",
        "exchange names": "The exchanges that facts name, with their codes.",
    },
    "deliveries": {
        "confirmation link": (
            "Make a link, used once, by which the other side of a delivery counts what came."
        ),
        "confirmation counts": (
            "Both counts of each confirmed delivery, and what is not confirmed; exit 1 when "
            "a gap is open or one waits."
        ),
    },
}
"""By module of `service.commands`: words and help."""


def _two_people(noun: str) -> Mapping[str, str]:
    """What the second person does with a noun that waits for one."""
    return {
        "approve": f"Approve a recorded {noun}; its recorder may not.",
        "reject": f"Reject a recorded {noun}; what it held is free again. Its recorder may withdraw it so.",
    }


_NOUNS: Mapping[str, Mapping[str, str]] = {
    "campaign": {"add": "Open a campaign: a call for one purpose, with its dates, partners and public page."},
    "product": {
        "add": (
            "Name what can be needed, ordered and delivered: goods or a service, its unit, "
            "grade and standard."
        ),
    },
    "need": {"add": "Record what a recipient asks for."},
    "offer": {"add": "Record what a partner can give towards a need."},
    "pledge": {
        "add": "Record a promise of money; it is in no total.",
        "match": "Match a gift to the pledge that it fulfils, in part or whole; it moves no money.",
        "commit": "Record that a pledge became binding; it is still in no total.",
        "lapse": "Record that what is open of a pledge will not come.",
    },
    "rate": {
        "add": (
            "Record the quotes of a day or a minute, one bitcoin in minor units of a "
            "currency, with their sources."
        ),
    },
    "exchange-rate": {
        "add": "Record what one unit of a currency is in another on a day, with its source.",
    },
    "valuation": {
        "add": (
            "Value a gift that no price sources agree on: a figure in minor units, and the "
            "paper that shows it."
        ),
    },
    "contribution": {"add": "Record money that a donor sent to the campaign's bank account."},
    "in-kind": {
        "add": (
            "Record goods or a service that were given, with the value that somebody states "
            "and by which method."
        ),
    },
    "incoming": {
        "decide": "Say what a coin that came counts as: a gift, a top-up, our own change, or undecided again."
    },
    "block": {
        "add": (
            "Set a gift apart, before it settles or later: nothing more of it is spent until "
            "two persons release it."
        ),
    },
    "sanctions-list": {
        "add": (
            "Record a list of sanctioned addresses with its day and source (`import sanctions` reads it from a file)."
        ),
    },
    "screening": {
        "add": "Record what a list of sanctioned people says of a payee; a match is lifted by another person only.",
        "set": "Say above which sum an approval waits until its payee was looked up on a list.",
    },
    "release": {
        "add": "Ask that a blocked gift is released; another person approves it.",
        **_two_people("release"),
    },
    "gift-return": {
        "add": (
            "Record that a gift went back to its donor, of its own free units; another person approves it."
        ),
        **_two_people("gift-return"),
    },
    "opening": {
        "add": (
            "Say what stood at the end of a day, of a campaign that began before its books; another person approves it."
        ),
        **_two_people("opening"),
    },
    "conversion": {
        "add": (
            "Record that a transaction, or an exchange where coins lie, sold them for money; "
            "another person approves it."
        ),
        **_two_people("conversion"),
    },
    "deposit": {
        "add": (
            "Record that a transaction brought coins to an exchange, which sells them later; "
            "another person approves it."
        ),
        **_two_people("deposit"),
    },
    "withdrawal": {
        "add": "Record that unsold coins came back from an exchange; it waits for another person's approval.",
        **_two_people("withdrawal"),
    },
    "custody-fee": {
        "add": "Record what an exchange took of the coins that lie there; it waits for another person's approval.",
        **_two_people("custody-fee"),
    },
    "move": {
        "add": "Record a move between own banks, or the network fee of coins moved to another own address.",
        **_two_people("move"),
    },
    "reclassification": {
        "add": (
            "Record that restricted money serves another end, or that a transaction's units "
            "are exchanged; with why."
        ),
        **_two_people("reclassification"),
    },
    "loan": {
        "add": "Record what this campaign lent to another one; it waits for another person's approval.",
        **_two_people("loan"),
    },
    "repayment": {
        "add": "Record what this campaign paid back of a loan; it waits for another person's approval.",
        **_two_people("repayment"),
    },
    "purchase": {
        "add": "Record a purchase order; it waits for another person's approval.",
        **_two_people("purchase"),
        "close": (
            "Close an order: name what is left of it; it waits for another person's approval "
            "(`closing approve`)."
        ),
    },
    "claim": {
        "add": "Claim of a carrier or an insurer what was lost, short or damaged on its way or in stock.",
        "end": (
            "Record that pieces of a claim were made good without money, credited or replaced in kind; it waits for "
            "another person's approval (`claim-end approve`)."
        ),
        "follow": "Say who follows what a supplier, a carrier or an insurer owes, and by when more is said of it.",
    },
    "invoice": {
        "add": "Record a supplier's invoice for an approved order.",
        "accept": (
            "Accept that an invoice does not match its order and receipts, with the reason; "
            "its recorder may not."
        ),
    },
    "question": {
        "answer": "Answer what is doubtful of an entry: two or one told twice, right or wrong; its recorder may not.",
    },
    "bank-fee": {
        "add": "Record what a bank took for itself, or what a counted cash box lacks; another person approves it.",
        **_two_people("bank-fee"),
    },
    "tax-payment": {
        "add": "Record that withheld tax was paid to the tax office; another person approves it.",
        **_two_people("tax-payment"),
    },
    "interest": {"add": "Record interest that a bank paid; it is no gift, and for any end."},
    "exchange": {
        "add": "Record that money of one currency was given for money of another; another person approves it.",
        **_two_people("exchange"),
    },
    "charge-back": {
        "add": (
            "Record that a bank took a contribution back; what of it was used is a shortfall. Another person approves "
            "it."
        ),
        **_two_people("charge-back"),
    },
    "cover": {
        "add": "Record what covers the use of a gift or of coins that a bank or the chain took back. Another person "
        "approves it.",
        **_two_people("cover"),
    },
    "closing": {**_two_people("closing")},
    "claim-end": {**_two_people("claim-end")},
    "payment": {
        "add": "Record a payment to a supplier; the money is held until another person approves it.",
        **_two_people("payment"),
    },
    "receipt": {
        "add": (
            "Record goods or a service received on an approved order, by lot: good, damaged, short, rejected."
        ),
    },
    "credit-note": {"add": "Record a supplier's credit note on an order; the money comes with `refund add`."},
    "refund": {
        "add": (
            "Record money that a supplier paid back, or a carrier or an insurer for a claim; it waits for another "
            "person's approval."
        ),
        **_two_people("refund"),
    },
    "over": {
        "count": "Record pieces that a count of stock found beyond what the books have there; they wait apart.",
        "return": "Record that pieces that came too much were sent back to the supplier.",
        "accept": (
            "Accept pieces that came too much as a gift in kind of the supplier; who counted them may not."
        ),
        "buy": "Buy pieces that came too much, by an approved order that amends the first one.",
        "explain": (
            "Explain pieces that came too much by the find, arrival, return or correction "
            "that tells of the same pieces."
        ),
    },
    "shipment": {
        "add": "Record goods leaving a place on a waybill.",
        "arrive": "Record what was counted where a waybill arrived: good, short, damaged, lost, or more than was sent.",
        "state": (
            "Record what happened to a waybill on its way: shipped, held or released by customs, delivered."
        ),
    },
    "handover": {
        "add": "Record that title passed to an organisation.",
        "sign": (
            "Record that the recipient of a handover signed for it, by the paper attached to it as evidence."
        ),
    },
    "distribution": {"add": "Record goods handed out at a place."},
    "loss": {
        "add": "Record pieces in stock that are lost, with cause and report.",
        "find": "Record lost pieces that were found again: they are in stock, and their givers' again.",
    },
    "confirmation": {
        "explain": (
            "Explain why two counts of a delivery differ, by a loss, a find, an arrival, a "
            "return, another handover or a correction."
        ),
    },
    "return": {"add": "Record goods sent back to a supplier, or given back by an organisation."},
    "recall": {
        "add": "Call a lot back: it is not handed over or handed out any more, and who has it is recorded.",
        "end": (
            "Record what became of pieces of a recalled lot that nobody sends back: destroyed, used, not found."
        ),
        "differs": "Say why a lot is another one than that of the same number which another campaign called back.",
    },
    "indicator": {"add": "Name what is counted, with baseline and target."},
    "result": {"add": "Report people or events reached, by sex, age group and place; nobody twice."},
    "bank": {
        "line": "Record one booked line of a bank statement (`import bank` does it for a whole file).",
        "statement": "Record what a bank statement opens and closes with; refused where it does not tie.",
        "match": "Say which entry's money a bank line is; neither is ever matched twice.",
        "terms": "Say how soon a bank shows an entry, how often its statements come, and whose money lies there.",
        "aside": (
            "Say that lines of a bank are none of this campaign's, and why; it waits for another person's approval "
            "(`aside approve`)."
        ),
        "outstanding": (
            "Say that an entry's money is under way by an instrument until a day; it waits for another person's "
            "approval (`outstanding approve`)."
        ),
    },
    "aside": {**_two_people("aside")},
    "outstanding": {**_two_people("outstanding")},
    "cash-count": {
        "add": "Record what lay in a cash box on a day; a second person who counted signs by approving it.",
        **_two_people("cash-count"),
    },
    "correction": {
        "add": (
            "Put right what a paper says wrong, whatever stands on it: a count, a quantity, a price, a day, a text."
        ),
        **_two_people("correction"),
        "differs": (
            "Say why a lot is another one than that of the same number whose expiry another campaign corrected."
        ),
    },
    "evidence": {
        "add": "Attach a paper by its SHA-256 to a fact: public or redacted.",
        "seal": (
            "Withhold a paper that proves a fact: only a salted hash of it is published. It waits for another person's "
            "approval (`sealing approve`)."
        ),
    },
    "sealing": {**_two_people("sealing")},
    "limit": {
        "set": "Set the most that a role may approve in a currency.",
        "lift": "Let a role approve without a limit in a currency again.",
    },
    "period": {
        "close": (
            "Close a period that is over; it waits for another person's approval, which freezes its balances."
        ),
        **_two_people("period"),
    },
    "reversal": {"add": "Undo an entry and name it; later entries that stand on it are reversed first."},
    "donation": {},
    "spend": {},
}
"""By noun of the ledger: what can be recorded of it; each can also be listed and shown."""


def _rows() -> Iterator[Row]:
    for module, commands in _PROGRAM.items():
        for words, text in commands.items():
            yield Row(words, text, f"service.commands.{module}")
    for noun, verbs in _NOUNS.items():
        reading = {"list": f"List what is recorded of {noun}.", "show": f"Show one {noun} as recorded."}
        for verb, text in {**verbs, **reading}.items():
            yield Row(f"{noun} {verb}", text, "service.commands.desk")


TABLE: Mapping[str, Row] = {row.words: row for row in _rows()}
"""By words, in the order of `aidtrail --help`."""
