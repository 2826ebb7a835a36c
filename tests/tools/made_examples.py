"""Makes `api/data/examples.json`: an answer of each kind, as the demonstration gives it, its lists cut short.

Run it as `python -m tests.tools.made_examples` when the shape of an answer changes.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from starlette.testclient import TestClient

from api.app import create_app
from api.data import documented
from api.data.answers import (
    AuditLine,
    ConfirmationLink,
    GivenAddress,
    HeldRole,
    KeptPaper,
    KnownToken,
    Looked,
    MadeToken,
    Me,
    Page,
    Person,
    SealedHash,
    WhereOriginal,
)
from api.ports import Ports, SiteSettings
from ledger.core.frozen import Amount, Frozen
from ledger.core.roles import Role, Scope
from ledger.core.telling import Telling
from ledger.model.evidence import Treatment
from ledger.model.inquiries import LookupState
from ledger.model.proposals import ProposalStatus
from ledger.model.screening import PayeeKind, ScreeningResult
from ledger.rules.screening import ScreeningState
from ledger.store.database import Store
from ledger.views.controls import AccountBalance, ClosedPeriod, PeriodRow
from ledger.views.flow import ExitKind
from ledger.views.openings import BroughtIn, BroughtRow, RowKind
from ledger.views.preview import AffectedGift, Preview
from ledger.views.screening import (
    ListVersion,
    MatchRow,
    PayeeRow,
    Screened,
    ScreeningReport,
    SenderRow,
    StateCount,
)
from ledger.views.trail import Place
from service.demo import plan
from service.demo.replay import Replay
from tests.tools.demo_story import Story
from tests.tools.store_places import place

TARGET = Path(documented.__file__).parent / "examples.json"
ROWS = 2
"""Rows of a list in an example."""
_TXID = "3f9a" + "0" * 56 + "c21e"

_PERIOD = ClosedPeriod(
    campaign="first-call",
    number="2020-05",
    first="2020-05-01",
    last="2020-05-31",
    closed_on="2020-06-10",
    seq=151,
    through=150,
    reopened=None,
    rows=(
        AccountBalance(
            account="bank/first-call/First Bank",
            opening=Amount.of("USD", 0),
            change=Amount.of("USD", 951_200),
            closing=Amount.of("USD", 951_200),
        ),
    ),
)


_ROLE = HeldRole(role=Role.RECORDER, campaign="first-call", until="2020-12-31")
_ANA = Person(name="ana", disabled=False, roles=(_ROLE,), limits=(Amount.of("USD", 200_000),))
_LAPTOP = KnownToken(
    id=3,
    user="ana",
    name="laptop",
    at="2020-05-18T09:00:00Z",
    until="2020-08-16T09:00:00Z",
    scopes=(Scope.READ, Scope.RECORD),
    campaigns=("first-call",),
    revoked=False,
)


def _place(kits: int) -> Place:
    """Kits in stock at the depot."""
    return Place(
        kind=ExitKind.IN_STOCK, amount=Amount.of("KIT", kits), unit="kit", place="Depot", since="2020-06-03"
    )


MADE_UP: Mapping[str, Frozen] = {
    "preview": Preview(
        campaign="first-call",
        entries=2,
        affected=(
            AffectedGift(
                key="contribution:first-call:G-1",
                amount=Amount.of("USD", 60_000),
                unit="",
                said=(_place(40),),
                says=(_place(36),),
            ),
        ),
        more=0,
    ),
    "confirmation_link": ConfirmationLink(
        code="Zk3mQ8vR2xTyUiOp5AsDfG",
        url="https://aid.example/confirm/Zk3mQ8vR2xTyUiOp5AsDfG",
        expires_at="2020-08-17T10:00:00Z",
        qr="<svg/>",
    ),
    "openings": Page[BroughtIn](
        items=(
            BroughtIn(
                number="O-1",
                day="2020-05-31",
                status=ProposalStatus.APPROVED,
                entry=12,
                decided_by=13,
                paper="5d41" + "0" * 56 + "9c1b",
                rows=(
                    BroughtRow(
                        kind=RowKind.STOCK,
                        index=0,
                        what="KIT#L1",
                        place="Depot",
                        amount=Amount.of("KIT", 400),
                        unit="kit",
                        detail="2025-06-30",
                        counts=True,
                        doubt=None,
                    ),
                ),
            ),
        ),
        next=None,
    ),
    "me": Me(
        name="ana", roles=(_ROLE,), scopes=(Scope.READ, Scope.RECORD), campaigns=("first-call",), until=None
    ),
    "users": Page[Person](items=(_ANA,), next=None),
    **dict.fromkeys(
        ("user_add", "user_disable", "user_enable", "user_limit", "role_give", "role_take"), _ANA
    ),
    "tokens": Page[KnownToken](items=(_LAPTOP,), next=None),
    "token_add": MadeToken(token="at_" + "Zk3mQ8vR2xTyUiOp" * 2),
    "token_revoke": _LAPTOP,
    "audit": Page[AuditLine](
        items=(
            AuditLine(
                n=7, at="2020-05-18T09:00:00Z", user="ana", action="need add", subject="need:first-call:N-1"
            ),
        ),
        next=None,
    ),
    "intention": GivenAddress(
        address="bcrt1qexample",
        bip21="bitcoin:bcrt1qexample?label=First%20call",
        claim_code="k3Jx9Qw2ErTyUiOp5AsDfG",
        fresh=True,
        need=None,
        note=None,
    ),
    "lookup": Looked(
        txid=_TXID,
        state=LookupState.WAITING,
        sentence="It waits for the next look, which asks for it alone.",
        asked_at="2020-05-29T14:02:00Z",
        answered_at=None,
        sources=(),
        height=None,
        page=f"/d/{_TXID}",
    ),
    "original": WhereOriginal(sealed="7e" * 32, salt="c4" * 32, lies="safe of the office, folder 3"),
    "paper": KeptPaper(
        sha256="9b" * 32,
        original="2d" * 32,
        bytes=48_213,
        done=(Treatment.METADATA, Treatment.THUMBNAILS),
        metadata=("Model: a camera", "GPSLatitude: 9.0 3.0 0.0", "thumbnail"),
    ),
    "period": _PERIOD,
    "sealed": SealedHash(sealed="7e" * 32),
    "periods": Page[PeriodRow](
        items=(PeriodRow(**{name: getattr(_PERIOD, name) for name in PeriodRow.model_fields}),), next=None
    ),
    "screening": ScreeningReport(
        lists=(
            ListVersion(
                name="OFAC SDN, XBT",
                list_date="2020-05-28",
                source="https://lists.example/sanctioned_addresses_XBT.txt",
                sha256="5d" * 32,
            ),
        ),
        counts=(StateCount(state=ScreeningState.MATCH, count=1),),
        rows=(
            SenderRow(
                outpoint=f"{_TXID}:0",
                amount=Amount.of("BTC", 250_000),
                since="2020-05-29T14:02:00Z",
                state=ScreeningState.MATCH,
                message=Telling(Screened.DECIDE),
                inputs=2,
                checked=2,
                matches=(
                    MatchRow(
                        address="bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
                        list="OFAC SDN, XBT",
                        list_date="2020-05-28",
                    ),
                ),
                block=f"LISTED-{_TXID[:16]}-0",
            ),
        ),
        above=Amount.of("USD", 100_000),
        payees=(
            PayeeRow(
                kind=PayeeKind.SUPPLIER,
                payee="Maker",
                number="SCR-1",
                list="OFAC SDN",
                list_date="2020-05-28",
                result=ScreeningResult.NO_MATCH,
                message=Telling(Screened.NO_MATCH, {"list_date": "2020-05-28"}),
            ),
        ),
    ),
}
"""Answers that hold a secret, depend on the moment, or that the demonstration has none of."""


def cut(value: JsonValue) -> JsonValue:
    """The same with lists cut short; tuples of a fixed length, such as intervals, are short already."""
    if isinstance(value, dict):
        return {name: cut(part) for name, part in value.items()}
    if isinstance(value, list):
        fixed = len(value) <= 4 and not any(isinstance(part, dict) for part in value)
        return [cut(part) for part in (value if fixed else value[:ROWS])]
    return value


def made() -> dict[str, JsonValue]:
    """Every example by its name, from the demonstration at its end."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(place(Path(folder)))
        replay = Replay.load()
        Story(store, replay).play()
        ports = Ports(store, lambda: replay.end, SiteSettings(demonstration=True), lambda: "", list)
        site = TestClient(create_app(ports))
        found = {name: cut(site.get(path).raise_for_status().json()) for name, path in _paths(site).items()}
        store.close()
    entry = found["entries"]["items"][0]  # type: ignore[index, call-overload]
    recorded: dict[str, Any] = {"already": False, "waiting_for": None, "entry": entry}
    recorded |= {"seq": entry["seq"], "key": entry["key"]}  # type: ignore[index, call-overload]
    return {**found, **{name: shown.data() for name, shown in MADE_UP.items()}, "recorded": recorded}


def _paths(site: TestClient) -> dict[str, str]:
    """A path for each reading route, by its name."""
    api = "/api/v1"
    campaign = f"{api}/campaigns/{plan.SLUG}"
    rows = site.get(f"{campaign}/donations?limit=10").json()["items"]
    outpoint = next(row["outpoint"] for row in rows if row["status"] == "settled")
    stock = site.get(f"{campaign}/stock").json()["items"][0]
    card = f"{campaign}/stock/{stock['place']}/{stock['product']}/{stock['lot']}"
    return {
        "campaigns": f"{api}/campaigns",
        "campaign": campaign,
        "donations": f"{campaign}/donations?limit=2",
        "flow": f"{campaign}/trail",
        "names": f"{api}/names",
        "banks": f"{campaign}/banks",
        "entries": f"{campaign}/entries?limit=2",
        "evidence": f"{campaign}/evidence?limit=2",
        "donation": f"{api}/donations/{outpoint}",
        "donation_trail": f"{api}/donations/{outpoint}/trail",
        "chain": f"{api}/chain",
        "reconciliation": f"{campaign}/reconciliation",
        "decisions": f"{campaign}/decisions",
        "stock": f"{campaign}/stock",
        "stock_card": card,
        "lots": f"{campaign}/lots/{stock['lot']}",
        "losses": f"{campaign}/losses",
        "payables": f"{campaign}/payables",
        "confirmations": f"{campaign}/confirmations",
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(made(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
