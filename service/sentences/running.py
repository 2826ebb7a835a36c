"""English: `serve`, `demo` and `intention add`: where the program is reached, and what it plays."""

from __future__ import annotations

from collections.abc import Iterator

from api.pages import sentences as say
from api.pages.messages import Message, worded
from ledger.views.campaign import CampaignReport
from service.sentences.checks import checked

_SERVING = Message("serving {url} (stop with Ctrl-C).", "{url}: where")
STOPPED = Message("stopped.", "the program that served pages")
_STORY = ("{campaign}: short name of a campaign", "{url}: where it can be looked at")
_PLAYING = Message("playing the story of {campaign}; donors, amounts and papers are invented.", _STORY[0])
_PLAYING_AT = Message(
    "playing the story of {campaign} at {url}; donors, amounts and papers are invented.", *_STORY
)
_CONTINUING = Message(
    "continuing the story of {campaign}; donors, amounts and papers are invented.", _STORY[0]
)
_CONTINUING_AT = Message(
    "continuing the story of {campaign} at {url}; donors, amounts and papers are invented.", *_STORY
)
_TOLD = Message("the story is told; look at {url} (stop with Ctrl-C).", "{url}: where")
_WORTH = "before the address of a page of the demonstration that is worth opening"
WORTH_OPENING = {
    "handed out": Message("a donation whose masks were handed out: {url}", _WORTH, "{url}: where"),
    "several": Message("an address with several donations: {url}", _WORTH, "{url}: where"),
    "seen": Message("a payment that is in no block yet: {url}", _WORTH, "{url}: where"),
    "dust": Message("a payment too small to count: {url}", _WORTH, "{url}: where"),
    "replaced": Message("a payment that another one replaced: {url}", _WORTH, "{url}: where"),
}
"""Pages of the demonstration that show what a first donation does not."""
_LOOK_FAILED = Message("the last look failed: {trouble}", "{trouble}: what went wrong")
_PAPERS = Message("{n} paper", "evidence that is kept", many="{n} papers")
_TIES = Message(
    "{papers}; books = chain at block {block}; {checked}",
    "{papers}: as: 12 papers",
    "{block}: its height",
    "{checked}: a sentence on what was checked",
)
_NO_TIE = Message(
    "{papers}; does not reconcile; {checked}",
    "{papers}: as: 12 papers",
    "{checked}: a sentence on what was checked",
)
_DATA = Message("data: {folder}", "where the data are", "{folder}: its name")
_CODE = Message("claim code {code}", "{code}: what a donor finds the donation by")
_SHARED = Message("this address is shared by all donors.")
_SHARED_NEED = Message(
    "this address is shared by all donors, and is for any end: none can be kept for {need} now.",
    "{need}: number of a need",
)
_PAST_IS_READ = Message(
    "older blocks are still being read, and an address that was paid in one is given to nobody; ask again later.",
    "why no address of a donor's own is given",
)
_RESTRICTED = Message("what comes to it is restricted to {need}.", "an address", "{need}: number of a need")


def shared_address(need: str | None, *, past_is_read: bool) -> list[str]:
    """What is said of the address that everybody gets; `need`: what one was wished for."""
    sentence = worded(_SHARED) if need is None else worded(_SHARED_NEED, need=need)
    return [sentence, worded(_PAST_IS_READ)] if past_is_read else [sentence]


def serving(url: str) -> str:
    return worded(_SERVING, url=url)


def playing(campaign: str, url: str, *, continuing: bool) -> str:
    """What is played and where; `url` is empty where nobody can look."""
    if url:
        return worded(_CONTINUING_AT if continuing else _PLAYING_AT, campaign=campaign, url=url)
    return worded(_CONTINUING if continuing else _PLAYING, campaign=campaign)


def story_played(url: str) -> str:
    return worded(_TOLD, url=url)


def worth_opening(what: str, url: str) -> str:
    """`a payment that is in no block yet: http://…`; `what`: a key of `WORTH_OPENING`."""
    return worded(WORTH_OPENING[what], url=url)


def look_failed(trouble: str) -> str:
    return worded(_LOOK_FAILED, trouble=trouble)


def demonstration(
    report: CampaignReport, invariants: int, entries: int, papers: int, broken: int
) -> Iterator[str]:
    """What the story came to, and whether it holds."""
    yield str(say.DEMONSTRATION)
    yield say.plain(say.campaign_sentence(report))
    sentences, held = worded(_PAPERS, n=papers), checked(invariants, entries, broken)
    books = report.books
    if books.reconciled and books.block is not None:
        yield worded(_TIES, papers=sentences, block=books.block, checked=held)
    else:
        yield worded(_NO_TIE, papers=sentences, checked=held)


def data_at(folder: str) -> str:
    return worded(_DATA, folder=folder)


def claim_code(code: str) -> str:
    return worded(_CODE, code=code)


def restricted_to(need: str) -> str:
    return worded(_RESTRICTED, need=need)
