"""English: short sentences of the pages' templates that name something: a link, a number, a key, a day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from api.pages.figures import exact_with_asset, short_hash
from api.pages.messages import (
    SEMICOLONS,
    SENTENCES,
    Message,
    Piece,
    Sentence,
    joined_list,
    listed,
    said,
    worded,
)
from api.pages.sentences.controls import role_word
from api.pages.sentences.units import day, number_of, period, time
from ledger.core.frozen import Amount
from ledger.model.evidence import Access, Treatment
from ledger.model.goods import ValueMethod
from ledger.views.campaign import InKindRow, JournalHead, SourceOfFact
from ledger.views.payables import PayableRow
from ledger.views.trail import Paper

_MORE_IN_DATA = Message(
    "{n} more in [the data].", "campaigns that are not shown", many="{n} more in [the data]."
)
_JOURNAL_LINES = Message(
    "The place of your donation on each line. Any computer can get these numbers from the [published journal]."
)


def more_campaigns(number: int, path: str) -> Sentence:
    return said(_MORE_IN_DATA, n=number, href=path)


def on_each_line(path: str) -> Sentence:
    """What a table of lines is, with a link to the published journal."""
    return said(_JOURNAL_LINES, href=path)


_CAMPAIGN_DAYS = Message(
    "{campaign}, {days}", "above a title", "{campaign}: its title", "{days}: from when to when"
)
_DONATION_TO = Message(
    "Donation {key} to {campaign}", "above a title", "{key}: shortened", "{campaign}: its title"
)
_KEY = Message("Key {key}", "above a title", "{key}: what a donation was looked for by")
_PERIOD_OF = Message(
    "{campaign}, period {period}", "above a title", "{campaign}: its title", "{period}: its number"
)


def campaign_days(title: str, start: str, end: str) -> str:
    return worded(_CAMPAIGN_DAYS, campaign=title, days=period(start, end))


def donation_to(key: str, short: str, campaign: str, title: str) -> Sentence:
    """Which donation a page is about, and of which campaign, with a link to it."""
    return said(
        _DONATION_TO, key=Piece(short, "code", title=key), campaign=Piece(title, href=f"/c/{campaign}")
    )


_DONATION = Message("Donation {key}", "in the title bar of a browser", "{key}: shortened")
_CLAIM_CODE = Message("your claim code", "stands for a code that is not told: Key your claim code")


def donation_title(short: str) -> str:
    return worded(_DONATION, key=short)


def claim_code() -> str:
    """What stands in place of a code that finds a donation and is told to nobody."""
    return worded(_CLAIM_CODE)


def key_of(key: str) -> Sentence:
    return said(_KEY, key=Piece(key, "code"))


def period_of(path: str, title: str, number: str) -> Sentence:
    """Which period a page is about, and of which campaign, with a link to its controls."""
    return said(_PERIOD_OF, campaign=Piece(title, href=path), period=number)


_FACT = Message(
    "{fact} ({source})",
    "{fact}: something that the demonstration took from the world",
    "{source}: where it is told",
)
_FACTS = Message("Facts: {facts}.", "{facts}: a list, each with its source")
_HEAD = Message(
    "Journal head {hash}, entry {entry}.", "{hash}: shortened", "{entry}: the number of the newest entry"
)


def facts(rows: Sequence[SourceOfFact]) -> str:
    """Facts of the world and their sources, in the foot of a page."""
    sentences = [worded(_FACT, fact=row.fact, source=row.source) for row in rows]
    return worded(_FACTS, facts=listed(sentences, SEMICOLONS))


def journal_head(head: JournalHead) -> Sentence:
    """The newest entry, by its hash and number."""
    return said(_HEAD, hash=Piece(short_hash(head.hash, 4, 4), "code", title=head.hash), entry=head.seq)


_DUST = Message(
    "{n} payment below the dust line, {coins}, in no total.",
    "{coins}: a sum",
    many="{n} payments below the dust line, {coins}, in no total.",
)
_BEFORE = Message("There before {day}, as brought in", "title above a table", "{day}: a day")
_COIN = Message("Outgoing coin, {txid}…", "{txid}: the beginning of a transaction’s id")
_NO_ENTRY = Message("No entry says why, since {time}", "an outgoing coin", "{time}: when it was seen")
_DECIDED = Message("{role}, {day}", "who decided it, and when", "{role}: who", "{day}: when")
_PAPERS = Message(
    "{shown} of {n}. Each opens the bytes whose SHA-256 is shown.",
    "papers",
    "{shown}: how many are shown",
    many="{shown} of {n}. Each opens the bytes whose SHA-256 is shown.",
)
_ORDER_BILLED = Message("{order}, invoice {invoice}", "{order}, {invoice}: their numbers")
_PARTNERS = Message("Partners: {partners}.", "{partners}: a list of names")
_LATE = Message("{day}, late", "a gift that came after the last day of the campaign", "{day}: when")


def dust_note(number: int, coins: Amount) -> str:
    return worded(_DUST, n=number, coins=exact_with_asset(coins))


def before_title(at: str) -> str:
    return worded(_BEFORE, day=day(at))


def outgoing_coin(txid: str) -> str:
    return worded(_COIN, txid=txid[:8])


def no_entry(seen_at: str) -> str:
    return worded(_NO_ENTRY, time=time(seen_at))


def decided(role: str, at: str) -> str:
    return worded(_DECIDED, role=role_word(role), day=day(at))


def papers_note(shown: int, whole: int) -> str:
    return worded(_PAPERS, n=whole, shown=shown)


def order_billed(row: PayableRow) -> str:
    return worded(_ORDER_BILLED, order=row.order, invoice=row.invoice) if row.invoice else row.order


def partners(names: Sequence[str]) -> str:
    return worded(_PARTNERS, partners=listed(names))


def gift_day(text: str, late: bool) -> str:
    """`29 May 2020, late`."""
    return worded(_LATE, day=text) if late else text


_PAPER = "who may read a paper"
_ACCESS = {
    Access.PUBLIC: Message("Public", _PAPER),
    Access.REDACTED: Message("Redacted", _PAPER),
    Access.SEALED: Message("Sealed", _PAPER),
}
_ACCESS_WAITS = Message("Not shown; that waits for a second person", _PAPER)
_ACCESS_ELSEWHERE = {
    Access.PUBLIC: Message("Public, not kept here", _PAPER),
    Access.REDACTED: Message("Redacted, not kept here", _PAPER),
}
_PAPER_TITLE = "{paper}: its title, a link where it may be read"
_WITH_ACCESS = {
    Access.PUBLIC: Message("{paper}, public", _PAPER, _PAPER_TITLE),
    Access.REDACTED: Message("{paper}, redacted", _PAPER, _PAPER_TITLE),
    Access.SEALED: Message("{paper}, sealed", _PAPER, _PAPER_TITLE),
}
_WAITS_WITH_ACCESS = Message("{paper}, not shown; that waits for a second person", _PAPER, _PAPER_TITLE)
_WITH_ACCESS_ELSEWHERE = {
    Access.PUBLIC: Message("{paper}, public, not kept here", _PAPER, _PAPER_TITLE),
    Access.REDACTED: Message("{paper}, redacted, not kept here", _PAPER, _PAPER_TITLE),
}
_DONE = "what was done to a paper before it is shown"
_TREATMENTS = {
    Treatment.METADATA: Message("metadata removed", _DONE),
    Treatment.THUMBNAILS: Message("thumbnails removed", _DONE),
    Treatment.ATTACHMENTS: Message("attached files removed", _DONE),
    Treatment.ACTIVE: Message("active content removed", _DONE),
    Treatment.METADATA_LEFT: Message("metadata left in", _DONE),
}
_ACCESS_DONE = Message(
    "{access}: {done}", "{access}: who may read a paper", "{done}: as: metadata removed, thumbnails removed"
)
_GIVEN = ("a gift in kind", "{pieces}: as: 40 kits", "{product}: its name")
_WHAT = Message("{pieces}, {product}", *_GIVEN)
_WHAT_FROM = Message("{pieces}, {product}, from {giver}", *_GIVEN, "{giver}: who gave it")
_DAMAGED = Message("{n} of them came damaged", "pieces", many="{n} of them came damaged")
_METHOD = "how the value of a gift in kind was found"
_METHODS = {
    ValueMethod.QUOTE: Message("quote", _METHOD),
    ValueMethod.INVOICE: Message("invoice", _METHOD),
    ValueMethod.MARKET_PRICE: Message("market price", _METHOD),
    ValueMethod.APPRAISAL: Message("appraisal", _METHOD),
    ValueMethod.COST: Message("cost", _METHOD),
}
_STATED = Message(
    "{method}, stated by {who}", "{method}: how a value was found", "{who}: a role or an organisation"
)
_NO_VALUE = Message("no value stated", "a gift in kind")


def access_word(paper: Paper) -> str:
    """`Public: metadata removed`."""
    if paper.waits:
        return worded(_ACCESS_WAITS)
    access = worded(_ACCESS[paper.access] if _is_here(paper) else _ACCESS_ELSEWHERE[paper.access])
    return worded(_ACCESS_DONE, access=access, done=treatments(paper.done)) if paper.done else access


def treatments(done: Iterable[Treatment]) -> str:
    """What was done to a paper before it is shown: `metadata removed, thumbnails removed`."""
    return listed([worded(_TREATMENTS[one]) for one in done])


def _is_here(paper: Paper) -> bool:
    """Is all here that may be? Nobody looks for the bytes of a sealed paper."""
    return paper.kept or paper.access is Access.SEALED


def with_access(paper: Paper) -> Sentence:
    """`Receipt 7, public`, its title a link where anybody may read it."""
    message = _WITH_ACCESS if _is_here(paper) else _WITH_ACCESS_ELSEWHERE
    which = _WAITS_WITH_ACCESS if paper.waits else message[paper.access]
    return said(which, paper=Piece(paper.title, href=paper.href or ""))


def with_accesses(papers: Sequence[Paper]) -> Sentence:
    """Papers of a step, one after the other."""
    return joined_list([with_access(paper) for paper in papers], SEMICOLONS)


def in_kind_what(row: InKindRow) -> str:
    """`40 kits, First-aid kit, from Aid`."""
    given = number_of(row.quantity, row.unit)
    if row.organisation:
        return worded(_WHAT_FROM, pieces=given, product=row.what, giver=row.organisation)
    return worded(_WHAT, pieces=given, product=row.what)


def in_kind_damaged(row: InKindRow) -> str:
    return worded(_DAMAGED, n=row.damaged) if row.damaged else ""


def in_kind_how(row: InKindRow) -> str:
    if row.value is None:
        return worded(_NO_VALUE)
    return worded(_STATED, method=str(_METHODS[ValueMethod(row.method)]), who=row.stated_by)


_WORTH = Message("Worth {money} then.", "a donation, when it was given", "{money}: a sum")
_RATE = Message("Rate: {sources}.", "where the price of a coin was told", "{sources}: a list")
_MORE_STEPS = Message("{n} more step is in the data.", many="{n} more steps are in the data.")
_MORE_CHANGES = Message("{n} more change is in the data.", many="{n} more changes are in the data.")
_MORE_GIFTS = Message(
    "{n} more; look one up by its transaction and number.",
    "donations",
    many="{n} more; look one up by its transaction and number.",
)
_CHANGED = Message("{change}.", "{change}: what a later entry changed")
_CHANGED_WHY = Message(
    "{change}: {reason}.", "{change}: what a later entry changed", "{reason}: in the words of the entry"
)
_SAID = Message(
    "It said: {told}.",
    "a page, before a later entry",
    "{told}: a list of parts of a gift and where they were",
)
_SAYS = Message(
    "It says: {told}.", "a page, since a later entry", "{told}: a list of parts of a gift and where they are"
)
_SINCE = Message("since {day}", "how long a part of a gift is where it is", "{day}: a day")
_OUTPOINT = Message("Outpoint {key}.", "{key}: of a payment")
_OUTPOINT_BY = Message("Outpoint {key}, shown by {sources}.", "{key}: of a payment", "{sources}: a list")
_GIFT = Message("Gift {key}.", "{key}: of a gift by bank or in kind")
_GIFT_BY = Message(
    "Gift {key}, shown by {sources}.", "{key}: of a gift by bank or in kind", "{sources}: a list"
)


def worth(value: Amount) -> str:
    return worded(_WORTH, money=exact_with_asset(value))


def rate(sources: Sequence[str]) -> str:
    return worded(_RATE, sources=listed(sources))


def more_steps(number: int) -> str:
    return worded(_MORE_STEPS, n=number)


def more_changes(number: int) -> str:
    return worded(_MORE_CHANGES, n=number)


def more_gifts(number: int) -> str:
    return worded(_MORE_GIFTS, n=number)


def changed_why(change: str, reason: str) -> str:
    """What changed, and why: the reason is the entry's own."""
    return worded(_CHANGED_WHY, change=change, reason=reason) if reason else worded(_CHANGED, change=change)


def said_and_says(before: str, since: str) -> str:
    """What stood there before, and what stands there since."""
    return listed(said_before_and_since(before, since), SENTENCES)


def said_before_and_since(before: str, since: str) -> list[str]:
    """The same, a sentence each; nothing for what is empty."""
    sentences = [worded(_SAID, told=before)] if before else []
    return sentences + ([worded(_SAYS, told=since)] if since else [])


def since_day(at: str) -> str:
    return worded(_SINCE, day=day(at))


def shown_by(key: str, *, is_coin: bool, sources: Sequence[str]) -> Sentence:
    """The key of a gift, and which sources show it."""
    whole = Piece(key, "whole")
    if sources:
        return said(_OUTPOINT_BY if is_coin else _GIFT_BY, key=whole, sources=listed(sources))
    return said(_OUTPOINT if is_coin else _GIFT, key=whole)


_DESCRIPTION = Message(
    "Everything public, without a key. The whole description: [openapi.json]. Writing needs a token: {header}.",
    "data for programs",
    "{header}: a line of HTTP",
)
_ERRORS_ARE = Message(
    "Errors are {content} (RFC 9457): type, title, status, detail and, for input, errors by field.",
    "{content}: a kind of content of HTTP",
)


def data_lead() -> Sentence:
    """What programs can read, with a link to its description."""
    return said(_DESCRIPTION, href="/openapi.json", header=Piece(_HEADER, "code"))


def problems_lead() -> Sentence:
    """How a refusal is told to a program."""
    return said(_ERRORS_ARE, content=Piece(_PROBLEM, "code"))


_HEADER = "Authorization: Bearer TOKEN"
_PROBLEM = "application/problem+json"
