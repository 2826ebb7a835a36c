"""What the API needs from outside, as small protocols; the service hands them in, tests hand in their own.

Nothing here reads a clock, the environment or a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ledger.core.errors import NotAllowed
from ledger.core.gift_accounts import GiftAccount
from ledger.core.wording import Wording
from ledger.recording import desk as desk_acts
from ledger.recording.lookup import Lookup
from ledger.recording.papers import SealedPaper, TreatedPaper
from ledger.views import queries
from ledger.views.campaign import (
    CampaignCard,
    CampaignHead,
    CampaignPage,
    CampaignReport,
    DonationPage,
    DonationRow,
    NeedRow,
)
from ledger.views.chain_status import ChainStatus
from ledger.views.flow import Flow
from ledger.views.gift_list import GiftsWanted
from ledger.views.trail import DonationTrail, Paper


class Store(Protocol):
    """The ledger's store: one snapshot to read from, and the one transaction to write in.

    `writes` grows with each transaction that this process has kept.
    """

    @property
    def writes(self) -> int: ...

    def read(self) -> AbstractContextManager[Any]: ...

    def write(self) -> AbstractContextManager[Any]: ...


class Views(Protocol):
    """Questions to the ledger (ledger/views/queries.py). `tx` is a Reading of the store."""

    def campaign_cards(self, tx: Any) -> list[CampaignCard]: ...

    def campaign_report(self, tx: Any, slug: str, *, now: int) -> CampaignReport: ...

    def campaign_page(self, tx: Any, slug: str, *, now: int) -> CampaignPage: ...

    def campaign_flow(self, tx: Any, slug: str) -> Flow: ...

    def need_rows(self, tx: Any, slug: str) -> tuple[NeedRow, ...]: ...

    def campaign_head(self, tx: Any, slug: str) -> CampaignHead: ...

    def donation_page(self, tx: Any, trail: DonationTrail, *, now: int) -> DonationPage: ...

    def donation_trails(self, tx: Any, key: str) -> list[DonationTrail]: ...

    def donation_rows(
        self, tx: Any, slug: str, *, after: str | None, limit: int
    ) -> tuple[list[DonationRow], str | None]: ...

    def newest_gifts(
        self, tx: Any, slug: str, wanted: GiftsWanted, *, before: str | None, limit: int
    ) -> tuple[list[DonationRow], str | None]: ...

    def entry_rows(self, tx: Any, slug: str, *, after: int, limit: int) -> tuple[list[bytes], int | None]: ...

    def paper_rows(
        self, tx: Any, slug: str, *, after: int | None, limit: int
    ) -> tuple[list[Paper], int | None]: ...

    def served_paper(self, tx: Any, sha256: str) -> tuple[str, bytes] | None: ...

    def chain_status(self, tx: Any, *, now: int) -> ChainStatus: ...


class Desk(Protocol):
    """Acts of coordinators and donors' intentions (ledger/recording/desk.py). `tx` is a Writing of the store."""

    @property
    def NOUNS(self) -> Mapping[str, Any]: ...  # noqa: N802 - the ledger's own name

    def actor_of_token(self, tx: Any, token: str, *, now: int) -> Any | None: ...

    def act(
        self, tx: Any, actor: Any, slug: str, noun: str, verb: str, facts: object, *, now: int
    ) -> Any: ...

    def keep_paper(self, tx: Any, actor: Any, paper: TreatedPaper, *, now: int) -> str: ...

    def seal_paper(self, tx: Any, actor: Any, sha256: str, lies: str, *, now: int) -> str: ...

    def sealed_paper(self, tx: Any, actor: Any, sealed: str) -> SealedPaper: ...

    def request_intention(
        self,
        tx: Any,
        slug: str,
        wish: object,
        *,
        now: int,
        code: str | None = None,
        shared: bool = False,
    ) -> Any: ...


class Treating(Protocol):
    """What makes the copy of a paper that may be served; raises Refused."""

    def __call__(self, data: bytes, *, keep_metadata: bool) -> TreatedPaper: ...


def takes_no_papers(data: bytes, *, keep_metadata: bool) -> TreatedPaper:
    """Of a site that cannot treat papers; always NotAllowed."""
    del data, keep_metadata
    raise NotAllowed("This site takes no papers.")


class TooMany(Exception):
    """Too many questions at once; `seconds` after which the next one is taken."""

    def __init__(self, seconds: int) -> None:
        super().__init__()
        self.seconds = seconds
        self.wording = Wording("Too many at once; ask again in {seconds} seconds.", {"seconds": seconds})

    def __str__(self) -> str:
        return str(self.wording)


class Lookups(Protocol):
    """Transactions looked at alone because somebody named them."""

    def refusal(self) -> Wording | None:
        """Why nothing is looked up here; None where it is."""

    def ask(self, text: str) -> tuple[Lookup, bool]:
        """What there is of a txid, and whether the question is new; raises Refused, NotAllowed, TooMany."""

    def find(self, txid: str) -> Lookup | None:
        """What became of a txid; None where nobody asked and it is not known."""


class NoLookups:
    """A site that looks nothing up alone."""

    def refusal(self) -> Wording:
        return Wording("This site looks no transaction up alone; yours shows with its first block.")

    def ask(self, text: str) -> tuple[Lookup, bool]:
        """Always NotAllowed."""
        del text
        raise NotAllowed.of("", self.refusal())

    def find(self, txid: str) -> Lookup | None:
        """None."""
        del txid
        return None


NO_LOOKUPS = NoLookups()


@dataclass(frozen=True, slots=True)
class AddressStatement:
    """A verified statement that `addresses` are a campaign's from the day `since` until `until`.

    `signatures` are (address, base64), each of `text`.
    """

    campaign: str
    issuer: str
    since: str
    until: str
    addresses: tuple[str, ...]
    text: str
    signatures: tuple[tuple[str, str], ...]

    def in_force(self, day: str) -> bool:
        return self.since <= day <= self.until

    @property
    def lines(self) -> list[str]:
        """Of its text."""
        return self.text.splitlines()


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Of the site: its title, whether it is a demonstration, and its public address without a last slash.

    `operator` is the organisation that runs it, `contact` a link by which it is reached (`mailto:` or https), `source`
    where the source of the program is; each empty where it is not told. `gift_accounts`: where gifts go by bank.
    `statements`: which addresses were signed as a campaign's.
    """

    title: str = "aidtrail"
    demonstration: bool = False
    base_url: str = ""
    operator: str = ""
    contact: str = ""
    source: str = ""
    gift_accounts: tuple[GiftAccount, ...] = ()
    statements: tuple[AddressStatement, ...] = ()

    def statements_of(self, campaign: str) -> tuple[AddressStatement, ...]:
        """Those of a campaign."""
        return tuple(one for one in self.statements if one.campaign == campaign)

    @property
    def signed_campaigns(self) -> tuple[str, ...]:
        """Campaigns of which there are signed statements, each once."""
        return tuple(sorted({one.campaign for one in self.statements}))

    def accounts_of(self, campaign: str) -> tuple[GiftAccount, ...]:
        """Those that take gifts of a campaign."""
        return tuple(one for one in self.gift_accounts if one.campaign == campaign)

    @property
    def contact_shown(self) -> str:
        """The contact as people read it."""
        return self.contact.removeprefix("mailto:")


@dataclass(frozen=True, slots=True)
class Ports:
    """`clock` gives Unix seconds; `ready` gives a sentence for each thing that is not ready."""

    store: Store
    clock: Callable[[], int]
    settings: SiteSettings
    metrics: Callable[[], str]
    ready: Callable[[], list[str]]
    views: Views = queries
    desk: Desk = desk_acts
    lookups: Lookups = NO_LOOKUPS
    may_take: Callable[[str], bool] = lambda _client: True
    """May this client have an address of its own now? Else it gets the one that all donors share."""
    treated: Treating = takes_no_papers
    ending: Callable[[], bool] = lambda: False
    """Is the service about to end? Then no answer is waited for any longer."""
