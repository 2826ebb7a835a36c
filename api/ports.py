"""What the API needs from outside, as small protocols; the service hands them in, tests hand in their own.

Nothing here reads a clock, the environment or a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ledger import desk as desk_acts
from ledger import queries
from ledger.report import CampaignCard, CampaignReport, DonationRow
from ledger.trail import DonationTrail, Paper


class Store(Protocol):
    """The ledger's store: one snapshot to read from, one transaction to write in."""

    def read(self) -> AbstractContextManager[Any]: ...

    def write(self) -> AbstractContextManager[Any]: ...


class Views(Protocol):
    """Questions to the ledger (ledger/queries.py). `tx` is a Reading of the store."""

    def campaign_cards(self, tx: Any) -> list[CampaignCard]: ...

    def campaign_report(self, tx: Any, slug: str, *, now: int) -> CampaignReport: ...

    def donation_trails(self, tx: Any, key: str, *, now: int) -> list[DonationTrail]: ...

    def donation_rows(
        self, tx: Any, slug: str, *, after: str | None, limit: int
    ) -> tuple[list[DonationRow], str | None]: ...

    def entry_rows(self, tx: Any, slug: str, *, after: int, limit: int) -> tuple[list[bytes], int | None]: ...

    def paper_rows(self, tx: Any, slug: str, *, after: Any, limit: int) -> tuple[list[Paper], Any]: ...

    def chain_status(self, tx: Any, *, now: int) -> Any: ...


class Desk(Protocol):
    """Acts of coordinators and donors' intentions (ledger/desk.py). `tx` is a Writing of the store."""

    @property
    def NOUNS(self) -> Mapping[str, Any]: ...  # noqa: N802 - the ledger's own name

    def actor_of_token(self, tx: Any, token: str) -> Any | None: ...

    def act(
        self, tx: Any, actor: Any, slug: str, noun: str, verb: str, facts: object, *, now: int
    ) -> Any: ...

    def request_intention(self, tx: Any, slug: str, *, now: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class SiteSettings:
    """Of the site: its title, whether it is a demonstration, and its public address without a last slash."""

    title: str = "aidtrail"
    demonstration: bool = False
    base_url: str = ""


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
