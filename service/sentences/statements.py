"""English: signed address statements that end, and addresses that none of them names."""

from __future__ import annotations

from api.pages.messages import Message, worded

_OF = "{campaign}: its short name"
_OVER = Message("The address statement of {campaign} was over on {day}.", _OF, "{day}: its last day")
_ENDS = Message("The address statement of {campaign} ends on {day}.", _OF, "{day}: its last day")
_UNSIGNED = Message(
    "The pages of {campaign} show {address}, which no address statement in force names.",
    _OF,
    "{address}: it",
)


def over(campaign: str, day: str) -> str:
    return worded(_OVER, campaign=campaign, day=day)


def ends(campaign: str, day: str) -> str:
    return worded(_ENDS, campaign=campaign, day=day)


def unsigned(campaign: str, address: str) -> str:
    return worded(_UNSIGNED, campaign=campaign, address=address)
