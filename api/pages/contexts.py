"""What each page is given: typed, frozen, already in words. Themes can rely on these fields.

No template reads a type of the ledger, and nothing here knows HTML but the two ready drawings.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from api.pages.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Frame:
    """Around every page: title, the demonstration's banner, sources of facts and the journal's head."""

    title: str
    site: str
    banner: str
    style: str  # address of the style sheet
    noindex: bool
    facts: tuple[tuple[str, str], ...]
    journal_hash: str
    journal_seq: int


@dataclass(frozen=True, slots=True)
class Strip:
    """`state`: "ties" (green), "broken" (red), or "waits" (neither: not looked far enough yet)."""

    state: str
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FlowRow:
    """A row of the flow's table; `rows` below a stage are its receivers."""

    stage: str
    yours: str
    arrived: str
    stays: tuple[str, ...]
    lost: tuple[str, ...]
    minor: bool


@dataclass(frozen=True, slots=True)
class Picture:
    caption: str
    wide: Markup
    tall: Markup
    head: tuple[str, ...]
    rows: tuple[FlowRow, ...]
    hidden_rows: int
    has_yours: bool


@dataclass(frozen=True, slots=True)
class PaperRow:
    title: str
    href: str  # "" when sealed
    date: str
    shows: str
    access: str
    sha256: str
    short: str


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    figure: str
    faint: bool


@dataclass(frozen=True, slots=True)
class Sum:
    heading: str
    rows: tuple[Figure, ...]
    total: Figure


@dataclass(frozen=True, slots=True)
class WithheldRow:
    what: str
    amount: str
    reason: str
    decided_by: str
    review: str
    chip: str  # "withheld", "unexplained" or "" for an empty row


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One thing that needs a decision."""

    what: str
    subject: str
    amount: str
    since: str
    to_do: str


@dataclass(frozen=True, slots=True)
class CardView:
    href: str
    title: str
    period: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class HomePage:
    frame: Frame
    cards: tuple[CardView, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class DonationLine:
    href: str
    outpoint: str
    at: str
    amount: str
    value: str
    status: str
    word: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One lot of a delivery; `state`: "open" (a gap), "waits" (not confirmed) or ""."""

    paper: str
    lot: str
    sent: str
    counted: str
    gap: str
    date: str
    state: str


@dataclass(frozen=True, slots=True)
class PeriodView:
    """A period that was closed; `days` where its name is no month; `href` leads to its trial balance."""

    name: str
    days: str
    closed: str
    href: str


@dataclass(frozen=True, slots=True)
class InKindView:
    what: str
    value: str
    method: str
    href: str
    number: str


@dataclass(frozen=True, slots=True)
class CampaignPage:
    frame: Frame
    slug: str
    kicker: str
    purpose: str
    sentence: Sentence
    next: str
    call: str
    strip: Strip
    picture: Picture | None
    sums: tuple[Sum, ...]
    withheld: tuple[WithheldRow, ...]
    pledges: tuple[tuple[str, str, str, str, str], ...]  # number, date, promised, state, what came of it
    waiting: tuple[WaitingRow, ...]
    waiting_note: str
    papers: tuple[PaperRow, ...]
    papers_note: str
    needs: tuple[tuple[str, str, str, str, str], ...]  # what, by whom, where, until; where to give for it
    results: tuple[tuple[str, str, str, str], ...]  # what, target, actual, by group
    donations: tuple[DonationLine, ...]
    donations_note: str
    others: tuple[DonationLine, ...]  # bank money and gifts in kind
    in_kind: tuple[InKindView, ...]
    service: tuple[tuple[str, str], ...]
    shares: str
    address: tuple[str, ...]  # groups of four; empty when none is fixed
    gives: bool  # has addresses to give to who asks
    dust: str
    partners: str
    deliveries: tuple[DeliveryRow, ...] = ()
    deliveries_note: str = ""
    losses: tuple[tuple[str, str, str, str, str, str], ...] = ()  # lot, pieces, where, why, report, date
    losses_note: str = ""
    periods: tuple[PeriodView, ...] = ()
    periods_note: str = ""
    limits: tuple[tuple[str, str], ...] = ()  # role, the most that it approves
    limits_note: str = ""


@dataclass(frozen=True, slots=True)
class PaperLink:
    title: str
    href: str
    access: str


@dataclass(frozen=True, slots=True)
class StepView:
    date: str
    figure: str
    phrase: str
    facts: tuple[str, ...]
    papers: tuple[PaperLink, ...]
    state: str  # "done", "arrived" or "waits"


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What a later entry changed; `said` and `says` are empty where the sentence tells it all."""

    date: str
    what: str
    why: str
    said: str
    says: str


@dataclass(frozen=True, slots=True)
class ShareRow:
    line: str
    start: str
    end: str
    unit: str
    full: str  # the line's own name, as in the journal


@dataclass(frozen=True, slots=True)
class PlaceRow:
    figure: str
    where: str
    since: str
    bad: bool


@dataclass(frozen=True, slots=True)
class DonationPage:
    frame: Frame
    slug: str
    campaign: str
    key: str
    short: str
    is_coin: bool
    sentence: Sentence
    next: str
    status: str
    word: str
    detail: str
    worth: str
    restricted: str
    strip: Strip
    picture: Picture | None
    steps: tuple[StepView, ...]
    steps_note: str
    changes: tuple[ChangeRow, ...]
    changes_note: str
    places: tuple[PlaceRow, ...]
    shares: tuple[ShareRow, ...]
    shares_rule: str
    sources: str


@dataclass(frozen=True, slots=True)
class DonationsPage:
    """A key with several donations lists them."""

    frame: Frame
    key: str
    rows: tuple[DonationLine, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class LookupPart:
    """What became of a transaction looked at alone, or the offer to do so (then `txid` fills the form)."""

    sentence: str
    txid: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class ErrorPage:
    frame: Frame
    status: int
    heading: str
    detail: str
    key: str  # fills the look-up form again
    lookup: LookupPart | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    summary: str
    parameters: tuple[tuple[str, str, str], ...]  # name, where, what
    example: str


@dataclass(frozen=True, slots=True)
class DocsPage:
    frame: Frame
    groups: tuple[tuple[str, tuple[Operation, ...]], ...]
