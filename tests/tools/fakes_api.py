"""Ports made by hand for the API's tests: a store that holds nothing, views over built data, a small desk."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

from api.ports import Ports, SiteSettings
from ledger.core.errors import NotAllowed, NotFound, Refused
from ledger.recording.papers import SealedPaper, TreatedPaper
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
from ledger.views.trail import DonationStatus, DonationTrail, Paper
from tests.tools import builders_views as built

NOW = 1_601_302_560
CLAIM = "k3Jx9Qw2ErTyUiOp5AsDfG"
TOKEN = "aidtrail_" + "t" * 43
PDF = b"%PDF-1.4 a paper"
ENTRY = (
    b'{"at":"2020-09-28T14:16:00Z","campaign":"bithelp","date":"2020-09-28","facts":{},"key":"k","kind":"need.recorded",'
    b'"notes":{},"operations":[],"previous":"","role":"coordinator","seq":%d,"transfers":[],"v":1}'
)


@dataclass
class FakeReading:
    seq: int = 3_118
    kept: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)

    @property
    def journal(self) -> FakeReading:
        return self

    @property
    def observations(self) -> FakeReading:
        return self

    @property
    def changes(self) -> FakeReading:
        return self

    def counts(self) -> dict[str, int]:
        return dict(self.counted)

    @property
    def papers(self) -> FakeReading:
        return self

    def head(self) -> tuple[int, str]:
        return self.seq, "00" * 32

    def load(self, sha256: str) -> tuple[str, bytes] | None:
        return self.kept.get(sha256)


class FakeStore:
    def __init__(self) -> None:
        self.reading = FakeReading()
        self.reading.kept = {
            "1" * 64: ("application/pdf", PDF),
            "2" * 64: ("text/html", b"<script>alert(1)</script>"),
        }
        self.writes = 0

    @contextmanager
    def read(self) -> Iterator[FakeReading]:
        yield self.reading

    @contextmanager
    def write(self) -> Iterator[FakeReading]:
        yield self.reading
        self.writes += 1


@dataclass
class FakeViews:
    pages: dict[str, CampaignPage]
    trails: dict[str, list[DonationTrail]]
    asked: int = 0

    def campaign_cards(self, tx: Any) -> list[CampaignCard]:
        return [built.changed(built.card(), slug=slug) for slug in self.pages]

    def campaign_page(self, tx: Any, slug: str, *, now: int) -> CampaignPage:
        self.asked += 1
        if slug not in self.pages:
            raise NotFound("campaign: there is no campaign of this name")
        return self.pages[slug]

    def campaign_report(self, tx: Any, slug: str, *, now: int) -> CampaignReport:
        return self.campaign_page(tx, slug, now=now).report

    def campaign_flow(self, tx: Any, slug: str) -> Flow:
        return self.campaign_page(tx, slug, now=0).flow

    def need_rows(self, tx: Any, slug: str) -> tuple[NeedRow, ...]:
        return self.campaign_page(tx, slug, now=0).report.needs

    def campaign_head(self, tx: Any, slug: str) -> CampaignHead:
        self.campaign_page(tx, slug, now=0)
        return built.head(slug)

    def donation_page(self, tx: Any, trail: DonationTrail, *, now: int) -> DonationPage:
        return built.donation_page(trail)

    def donation_trails(self, tx: Any, key: str) -> list[DonationTrail]:
        if key not in self.trails:
            raise NotFound(f"A transaction id has 64 characters; yours has {len(key)}.")
        return self.trails[key]

    def donation_rows(
        self, tx: Any, slug: str, *, after: str | None, limit: int
    ) -> tuple[list[DonationRow], str | None]:
        if slug not in self.pages:
            raise NotFound("campaign: there is no campaign of this name")
        rows = built.donation_rows()
        if after is not None and not after.isdigit():
            raise Refused.field("cursor", "give the `next` of the page before, unchanged")
        start = int(after or 0)
        return rows[start : start + limit], str(start + limit) if start + limit < len(rows) else None

    def newest_gifts(
        self, tx: Any, slug: str, wanted: GiftsWanted, *, before: str | None, limit: int
    ) -> tuple[list[DonationRow], str | None]:
        rows, following = self.donation_rows(tx, slug, after=before, limit=limit)
        return [row for row in rows if row.outpoint], following

    def entry_rows(self, tx: Any, slug: str, *, after: int, limit: int) -> tuple[list[bytes], int | None]:
        rows = [ENTRY % seq for seq in range(1, 31)]
        return rows[after : after + limit], after + limit if after + limit < len(rows) else None

    def paper_rows(
        self, tx: Any, slug: str, *, after: int | None, limit: int
    ) -> tuple[list[Paper], int | None]:
        return list(built.papers())[:limit], None

    def served_paper(self, tx: Any, sha256: str) -> tuple[str, bytes] | None:
        found: tuple[str, bytes] | None = tx.papers.load(sha256)
        return found

    def chain_status(self, tx: Any, *, now: int) -> ChainStatus:
        return built.chain_status()


@dataclass(frozen=True)
class Facts:
    number: str
    quantity: int


@dataclass(frozen=True)
class Action:
    facts: type
    roles: frozenset[str]
    doc: str


@dataclass(frozen=True)
class Noun:
    plural: str
    actions: Mapping[str, Action]


@dataclass(frozen=True)
class Actor:
    id: int | None
    name: str
    role: str


@dataclass(frozen=True)
class Outcome:
    seq: int | None
    key: str
    already: bool
    waiting_for: str | None
    data: bytes | None


@dataclass(frozen=True)
class Intention:
    address: str
    bip21: str
    claim_code: str
    fresh: bool
    need: str | None = None


class FakeDesk:
    NOUNS: ClassVar[dict[str, Noun]] = {
        "need": Noun("needs", {"record": Action(Facts, frozenset({"coordinator"}), "What was asked for.")})
    }

    def actor_of_token(self, tx: Any, token: str, *, now: int) -> Actor | None:
        return Actor(1, "ana", "coordinator") if token == TOKEN else None

    def act(self, tx: Any, actor: Actor, slug: str, noun: str, verb: str, facts: Any, *, now: int) -> Outcome:
        if not isinstance(facts, dict) or not isinstance(facts.get("quantity"), int):
            raise Refused.field("quantity", "write a whole number")
        if facts["quantity"] == 13:
            raise NotAllowed("role: thirteen is not for you")
        return Outcome(7, f"{noun}:{facts.get('number')}", False, None, ENTRY % 7)

    def keep_paper(self, tx: Any, actor: Actor, paper: TreatedPaper, *, now: int) -> str:
        return hashlib.sha256(paper.data).hexdigest()

    def seal_paper(self, tx: Any, actor: Actor, sha256: str, lies: str, *, now: int) -> str:
        return hashlib.sha256(sha256.encode()).hexdigest()

    def sealed_paper(self, tx: Any, actor: Actor, sealed: str) -> SealedPaper:
        return SealedPaper(sealed, "5a" * 32, "safe 3")

    def request_intention(
        self,
        tx: Any,
        slug: str,
        wish: object,
        *,
        now: int,
        code: str | None = None,
        shared: bool = False,
    ) -> Intention:
        need = wish["need"] if isinstance(wish, dict) and "need" in wish else None
        return Intention("bc1qfresh", "bitcoin:bc1qfresh?label=x", CLAIM, True, need)


def ports(*, demonstration: bool = True, missing: list[str] | None = None) -> Ports:
    """A site with a campaign in full, an empty one, one that does not reconcile; donations in every status."""
    page = built.story_page()
    trail = built.story_trail()
    trails: dict[str, list[DonationTrail]] = {
        built.TXID: [trail], f"{built.TXID}:1": [trail], CLAIM: [trail],
        trail.address or "": [trail, built.waiting_trail()],
        **{f"{status}": [built.waiting_trail(status)] for status in DonationStatus if status != "settled"},
    }  # fmt: skip
    broken = built.changed(page.report, slug="broken", books=built.broken_books())
    pages = {
        built.SLUG: page,
        "new": built.empty_page(),
        "broken": built.changed(page, report=broken),
    }
    return Ports(
        store=FakeStore(),
        clock=lambda: NOW,
        settings=SiteSettings(title="aidtrail", demonstration=demonstration, base_url="http://127.0.0.1"),
        metrics=lambda: "aidtrail_journal_head 3118\n",
        ready=lambda: list(missing or []),
        views=FakeViews(pages, trails),
        desk=FakeDesk(),
    )


def text_of(html: str) -> str:
    """What a page says without its marks."""
    return (
        re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
        .replace(" ,", ",")
        .replace(" :", ":")
        .replace(" .", ".")
    )
