"""English: `trail`: what a donation's way is called in lines, beside the sentences of its page."""

from __future__ import annotations

from collections.abc import Sequence

from api.pages import sentences as say
from api.pages.messages import SEMICOLONS, Message, listed, worded
from ledger.views.trail import DonationTrail, Paper

_DONATION = Message("{campaign}: donation {key}", "{campaign}: its title", "{key}: what it is known by")
_STATUS = Message("{status}.", "{status}: as: Settled")
_STATUS_MORE = Message("{status}: {detail}.", "{status}: as: Settled", "{detail}: more about it")
_NEXT = Message("next", "in place of the day of a step that is to come")
_STEP = Message(
    "{step} ({facts})", "{step}: a sentence on what happened", "{facts}: numbers of papers and more"
)
_PAPER = Message("{paper}, sha256 {hash}", "{paper}: its title and who may see it", "{hash}: of its bytes")
SHARES = Message("Its place on each line (from, to)", "above units of lines that a donation has")


def donation(trail: DonationTrail) -> str:
    """What it is called."""
    return worded(_DONATION, campaign=trail.campaign_title, key=trail.key)


def status(trail: DonationTrail) -> str:
    """How it stands."""
    word, detail = say.status_word(trail.status), say.status_detail(trail)
    return worded(_STATUS_MORE, status=word, detail=detail) if detail else worded(_STATUS, status=word)


def day(at: str | None) -> str:
    """When a step was, or that it is to come."""
    return at[:10] if at else worded(_NEXT)


def step(text: str, facts: Sequence[str]) -> str:
    """What happened, with what papers and counts say of it."""
    return worded(_STEP, step=text, facts=listed(facts, SEMICOLONS)) if facts else text


def paper(one: Paper) -> str:
    """Evidence, with the hash of its bytes."""
    return worded(_PAPER, paper=say.plain(say.with_access(one)), hash=one.sha256)
