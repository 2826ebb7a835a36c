"""English: which periods are closed, the most that a role approves, and the day of a fact that was booked later."""

from __future__ import annotations

from api.languages.localised import unbroken
from api.pages.figures import exact_with_asset
from api.pages.messages import Message, Piece, Sentence, listed, said, worded
from api.pages.sentences.units import day
from api.pages.sentences.units import period as days
from ledger.core.roles import Role
from ledger.views.controls import ClosedPeriod, LimitRow, PeriodRow

PERIODS_NONE = Message("No period is closed yet: a fact can still be booked on any day.")
PERIODS_NOTE = Message("A closed period is frozen with its balances. A late fact is booked in the open one.")
LIMITS_NOTE = Message(
    "Another person than who recorded it approves what leaves. A limit counts all that leaves, fees too, on one "
    "invoice, or to one payee within 24 hours."
)
_BOOKED = Message(
    "{day}, booked {booked}", "{day}: when it happened", "{booked}: a later day, on which it was recorded"
)
_SEQ = "{entry}: the number of an entry of the journal"
_CLOSED = Message("Closed {day}, entry {entry}", "a period of the books", "{day}: when it was closed", _SEQ)
_REOPENED = Message(
    "Closed {day}, entry {entry}; open again by entry {again}",
    "a period of the books",
    "{day}: when it was closed",
    "{entry}, {again}: numbers of entries of the journal",
)
_TITLE = Message("Trial balance of {period}", "{period}: its number or month")
_HELD = Message("What every account held at the end of {day}.", "{day}: the last day of a period")
_FROZEN = (
    "{days}: the first and the last day of a period",
    "{entry}: the number of an entry of the journal",
    "{day}: when it was closed",
    "{through}: the number of the last entry that counts in it",
)
_LEAD = Message(
    "{days}. Entry {entry} froze it on {day}, and counts entries up to {through}. In each asset what is debit is as "
    "much as what is credit.",
    *_FROZEN,
)
_LEAD_REOPENED = Message(
    "{days}. Entry {entry} froze it on {day}, and counts entries up to {through}. In each asset what is debit is as "
    "much as what is credit. Entry {again} opened the period again: it is not frozen any more.",
    *_FROZEN,
    "{again}: the number of a later entry",
)
_MORE_ACCOUNTS = Message(
    "{n} more account", "a row that stands for all that are not shown", many="{n} more accounts"
)
_MORE_ASSETS = Message("{n} more asset is in the data.", many="{n} more assets are in the data.")
_NO_LIMIT = Message("No limit", "the most that a role may approve")
_MOST = Message(
    "{money}, since {day}", "the most that a role may approve", "{money}: a sum", "{day}: since when"
)


def booked(date: str, happened: str | None = None) -> str:
    """`21 November 2023, booked 1 December 2023`; the day alone where it was booked on that day.

    A day is never broken over two lines.
    """
    days = [unbroken(day(each)) for each in (happened, date) if each]
    return worded(_BOOKED, day=days[0], booked=days[1]) if len(days) > 1 else listed(days)


def period_closed(row: PeriodRow) -> str:
    """`Closed 10 June 2020, entry 151`."""
    if row.reopened is not None:
        return worded(_REOPENED, day=day(row.closed_on), entry=row.seq, again=row.reopened)
    return worded(_CLOSED, day=day(row.closed_on), entry=row.seq)


def period_title(period: ClosedPeriod) -> str:
    return worded(_TITLE, period=period.number)


def period_sentence(period: ClosedPeriod) -> Sentence:
    """What every account held at the end of a period's last day."""
    return said(_HELD, day=Piece(day(period.last), "figure"))


def period_lead(period: ClosedPeriod) -> str:
    """Which days, which entry froze them and up to where it counts, and whether it still binds."""
    which, closed = days(period.first, period.last), day(period.closed_on)
    if period.reopened is None:
        return worded(_LEAD, days=which, entry=period.seq, day=closed, through=period.through)
    return worded(
        _LEAD_REOPENED,
        days=which,
        entry=period.seq,
        day=closed,
        through=period.through,
        again=period.reopened,
    )


def more_accounts(number: int) -> str:
    return worded(_MORE_ACCOUNTS, n=number)


def more_assets(number: int) -> str:
    return worded(_MORE_ASSETS, n=number) if number > 0 else ""


_ROLE = "a role of a person at the desk of a campaign"
_ROLES = {
    Role.ADMIN: Message("Admin", _ROLE),
    Role.RECORDER: Message("Recorder", _ROLE),
    Role.APPROVER: Message("Approver", _ROLE),
    Role.AUDITOR: Message("Auditor", _ROLE),
    Role.VIEWER: Message("Viewer", _ROLE),
    Role.SYSTEM: Message("System", "the ledger itself, where a person might have a role"),
}


def role_word(role: str) -> str:
    """`Approver`, of the code of a role."""
    return worded(_ROLES[Role(role)])


def limit_most(row: LimitRow) -> str:
    """`5,000.00 USD, since 14 May 2020`."""
    if row.most is None:
        return worded(_NO_LIMIT)
    return worded(_MOST, money=exact_with_asset(row.most), day=day(row.date or ""))
