"""English: what was reached against what was promised, group by group; small groups stay in words."""

from __future__ import annotations

from api.pages.figures import count
from api.pages.messages import COMMAS, SEMICOLONS, Message, listed, worded
from api.pages.sentences.units import day, number_of
from ledger.model.people import Dimension, Sex
from ledger.views.people import Achievement, Breakdown, PeopleReached

_SEX = "a group of people in a result, by sex"
_SEXES = {
    Sex.FEMALE: Message("women and girls", _SEX),
    Sex.MALE: Message("men and boys", _SEX),
    Sex.OTHER: Message("others", _SEX),
    Sex.NOT_STATED: Message("sex not stated", _SEX),
}
_TARGET_BY = Message(
    "{figure} by {day}", "what was promised", "{figure}: as: 300 students trained", "{day}: a day"
)
_PERCENT = Message(
    "{percent}\u00a0%", "a share, with a space that does not break", "{percent}: a whole number"
)
_OF_THE_WAY = "{percent}: how much of what was promised that is, as: 70 %"
_REACHED = Message("{figure} ({percent} of the way)", "{figure}: how many", _OF_THE_WAY)
_REACHED_TO = Message(
    "{figure}, to {day} ({percent} of the way)", "{figure}: how many", "{day}: up to which day", _OF_THE_WAY
)
_ABOVE = Message(
    "{reached}; {n} more than were delivered: the coordinators are to say why",
    "{reached}: as: 212, to 30 June 2020 (70 % of the way)",
    many="{reached}; {n} more than were delivered: the coordinators are to say why",
)
_NOT_BROKEN_DOWN = Message("Not broken down yet", "of a result of which no groups are told")
_GROUP = ("{group}: its name, as: women and girls", "{figure}: how many, or: fewer than 10")
_OF_GROUP = Message("{group} {figure}", *_GROUP)
_OF_GROUP_SHARE = Message("{group} {figure} ({percent})", *_GROUP, "{percent}: their share")
_NOT_STATED = Message("not stated {figure}", "people of whom the group is not told", "{figure}: how many")
_SHARE_OF_GROUP = Message("{percent} {group}", *_GROUP[:1], "{percent}: their share, as: 62 %")
_REACHED_BY_SEX = Message(
    "Of all who were reached by {service} ({title}): {groups}. Nobody's share is told apart, and small groups are not "
    "shown.",
    "{service}: a service that a donation went to",
    "{title}: what is counted, as: students trained",
    "{groups}: a list of groups with their shares",
)
_BY = "by what people are told apart, before their groups"
_DIMENSIONS = {
    Dimension.SEX: Message("sex", _BY),
    Dimension.AGE: Message("age", _BY),
    Dimension.PLACE: Message("place", _BY),
}
_BREAKDOWN = Message(
    "{dimension}: {groups}",
    "{dimension}: by what people are told apart, as: sex",
    "{groups}: a list of groups",
)


def target(item: Achievement) -> str:
    """`300 students trained by 31 August 2020`."""
    figure = number_of(item.target, item.unit)
    return worded(_TARGET_BY, figure=figure, day=day(item.by)) if item.by else figure


def reached(item: Achievement) -> str:
    """`212, to 30 June 2020 (70 % of the way)`."""
    percent = _percent(item.permille)
    if item.until:
        sentence = worded(_REACHED_TO, figure=item.actual, day=day(item.until), percent=percent)
    else:
        sentence = worded(_REACHED, figure=item.actual, percent=percent)
    return worded(_ABOVE, n=item.above_delivered, reached=sentence) if item.above_delivered else sentence


def groups(item: Achievement) -> str:
    """Who and where, group by group."""
    sentences = [_groups(breakdown) for breakdown in item.breakdowns]
    return listed(sentences, SEMICOLONS) or worded(_NOT_BROKEN_DOWN)


def _groups(breakdown: Breakdown) -> str:
    parts = []
    for row in breakdown.rows:
        figure = str(row.words) if row.count is None else count(row.count)
        group = _group(breakdown.dimension, row.group)
        if row.permille is None:
            parts.append(worded(_OF_GROUP, group=group, figure=figure))
        else:
            parts.append(worded(_OF_GROUP_SHARE, group=group, figure=figure, percent=_percent(row.permille)))
    if breakdown.not_stated > 0:
        parts.append(worded(_NOT_STATED, figure=breakdown.not_stated))
    sentence = worded(_DIMENSIONS[Dimension(breakdown.dimension)])
    return worded(_BREAKDOWN, dimension=sentence, groups=listed(parts, COMMAS))


def reached_by_sex(row: PeopleReached) -> str:
    """`Of those reached by Training (health workers trained): 62 % women and girls, 38 % men and boys`."""
    shares = [
        worded(_SHARE_OF_GROUP, percent=_percent(group.permille), group=_group(Dimension.SEX, group.group))
        for group in row.shares
        if group.permille
    ]
    return worded(_REACHED_BY_SEX, service=row.service, title=row.title, groups=listed(shares, COMMAS))


def _group(dimension: str, group: str) -> str:
    return worded(_SEXES[Sex(group)]) if dimension == Dimension.SEX else group


def _percent(permille: int) -> str:
    """Whole percent, rounded down, so that nothing looks done before it is."""
    return worded(_PERCENT, percent=permille // 10)
