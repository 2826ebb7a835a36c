"""The invented papers of the story: one for each fact that a paper proves, as plain text that says it is invented.
Never a figure of their own: the text is made of the facts that it is evidence of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ledger.core.facts import facts_json
from ledger.core.roles import Role
from ledger.model.evidence import About, Access
from ledger.rules.evidence import Evidence
from ledger.rules.sealings import Sealing
from ledger.rules.workflow import Decision
from service.demo.act import Act


@dataclass(frozen=True, slots=True)
class PlannedPaper:
    """A paper about one fact: what sort it is, what it shows in one sentence, and who may read it."""

    about: About
    number: str
    paper: str
    shows: str
    access: Access = Access.PUBLIC


PAPERS = (
    PlannedPaper(About.NEED, "N-1", "request", "WAHO asks for 250,000 masks at Abuja by 15 August 2020."),
    PlannedPaper(
        About.CONVERSION,
        "C-1",
        "exchange statement",
        "4.25 BTC sold in two fills at 9,640 and 9,632 USD: 40,956.00 USD, fee 81.91, paid out 40,874.09.",
        Access.REDACTED,
    ),
    PlannedPaper(
        About.CONVERSION,
        "C-2",
        "exchange statement",
        "4.45 BTC sold in three fills at 9,480, 9,474 and 9,470 USD: 42,169.50 USD, fee 84.34, paid out 42,085.16.",
        Access.REDACTED,
    ),
    PlannedPaper(
        About.PURCHASE, "PO-1", "purchase order", "90,000 masks at 42.00 USD for 100: 37,800.00 USD."
    ),
    PlannedPaper(
        About.PURCHASE, "PO-2", "purchase order", "92,000 masks at 40.00 USD for 100: 36,800.00 USD."
    ),
    PlannedPaper(About.PURCHASE, "PO-3", "purchase order", "70,000 masks at 4,480 sats: 3.136 BTC."),
    PlannedPaper(
        About.PURCHASE, "PO-4", "purchase order", "250,000 masks carried, 1,000 kg at 7.90 USD: 7,900.00 USD."
    ),
    PlannedPaper(
        About.RECEIPT, "GRN-1", "goods received note", "90,000 noted: 89,300 good, 400 damaged, 300 short."
    ),
    PlannedPaper(
        About.RECEIPT, "GRN-2", "goods received note", "92,000 noted: 91,200 good, 300 damaged, 500 short."
    ),
    PlannedPaper(About.RECEIPT, "GRN-3", "goods received note", "70,000 noted: 69,500 good, 500 damaged."),
    PlannedPaper(About.RECEIPT, "GRN-4", "proof of carriage", "250,000 masks carried from Beijing to Abuja."),
    PlannedPaper(About.INVOICE, "INV-A1", "invoice", "Maker A bills 90,000 masks: 37,800.00 USD."),
    PlannedPaper(About.INVOICE, "INV-A2", "invoice", "Maker A bills 92,000 masks: 36,800.00 USD."),
    PlannedPaper(About.INVOICE, "INV-B1", "invoice", "Maker B bills 70,000 masks: 3.136 BTC."),
    PlannedPaper(About.INVOICE, "INV-F1", "invoice", "The carrier bills 1,000 kg by air: 7,900.00 USD."),
    PlannedPaper(
        About.PAYMENT, "P-1", "bank advice", "37,800.00 USD to Maker A, charge 25.00 USD.", Access.REDACTED
    ),
    PlannedPaper(
        About.PAYMENT, "P-2", "bank advice", "36,800.00 USD to Maker A, charge 25.00 USD.", Access.REDACTED
    ),
    PlannedPaper(About.PAYMENT, "P-3", "receipt of the maker", "Maker B has received 3.136 BTC."),
    PlannedPaper(
        About.PAYMENT, "P-4", "bank advice", "7,900.00 USD to the carrier, charge 18.00 USD.", Access.REDACTED
    ),
    PlannedPaper(About.SHIPMENT, "W-001", "air waybill", "89,300 masks of lot A1-2005, Beijing to Abuja."),
    PlannedPaper(About.SHIPMENT, "W-002", "air waybill", "91,200 masks of lot A2-2006, Beijing to Abuja."),
    PlannedPaper(About.SHIPMENT, "W-003", "air waybill", "45,000 masks of lot B1-2006, Beijing to Abuja."),
    PlannedPaper(About.SHIPMENT, "W-004", "air waybill", "24,500 masks of lot B1-2006, Beijing to Abuja."),
    PlannedPaper(About.SHIPMENT, "W-005", "bill of lading", "6,000 masks of lot B1-2006, Abuja to Praia."),
    PlannedPaper(About.ARRIVAL, "AR-1", "survey report", "SR-1: 600 masks wet, 88,700 good."),
    PlannedPaper(
        About.HANDOVER, "H-1", "handover certificate", "179,900 masks handed to WAHO, signed.", Access.SEALED
    ),
    PlannedPaper(
        About.HANDOVER, "H-2", "handover certificate", "51,500 masks handed to WAHO, signed.", Access.SEALED
    ),
    PlannedPaper(
        About.DISTRIBUTION,
        "D-1",
        "distribution list",
        "40,000 masks to 38 facilities in Nigeria.",
        Access.REDACTED,
    ),
    PlannedPaper(
        About.DISTRIBUTION,
        "D-2",
        "distribution list",
        "24,000 masks to 22 facilities in Ghana.",
        Access.REDACTED,
    ),
)


def evidence_of(acts: Sequence[Act], notice: str) -> Iterator[Act]:
    """The papers that are told of a minute after each fact that they are about; `notice` stands on every paper."""
    facts_of = {
        (_about(act), _number(act.facts)): act for act in acts if act.verb not in {"approve", "accept"}
    }
    for planned in PAPERS:
        act = facts_of[planned.about, planned.number]
        text = _text(planned, act, notice).encode()
        sha256, title = hashlib.sha256(text).hexdigest(), f"{planned.paper.capitalize()} {planned.number}"
        date = str(getattr(act.facts, "date"))  # noqa: B009
        if planned.access is Access.SEALED:
            yield from _sealed(planned, sha256, title, date, act.at + 60)
            continue
        facts = Evidence(
            sha256=sha256,
            title=title,
            paper=planned.paper,
            shows=planned.shows,
            access=planned.access,
            about=planned.about,
            number=planned.number,
            date=date,
        )
        yield Act(act.at + 60, Role.RECORDER, "evidence", "add", facts, text)


def _sealed(planned: PlannedPaper, sha256: str, title: str, date: str, at: int) -> Iterator[Act]:
    """A paper that one person seals and another one approves in the minute after it."""
    facts = Sealing(
        number=f"S-{planned.number}",
        sha256=sha256,
        title=title,
        paper=planned.paper,
        shows=planned.shows,
        about=planned.about,
        of=planned.number,
        withheld="It carries signatures of people.",
        review="2020-12-31",
        date=date,
    )
    yield Act(at, Role.RECORDER, "evidence", "seal", facts)
    yield Act(at + 60, Role.APPROVER, "sealing", "approve", Decision(number=facts.number, date=date))


def _about(act: Act) -> str:
    return "arrival" if act.verb == "arrive" else act.noun


def _number(facts: object) -> str | None:
    number: str | None = getattr(facts, "number", None) or getattr(facts, "waybill", None)
    return number


def _text(planned: PlannedPaper, act: Act, notice: str) -> str:
    lines = [f"{planned.paper.upper()} {planned.number}", notice, "", planned.shows, ""]
    for name, value in facts_json(act.facts).items():
        rows = value if isinstance(value, list) else [value]
        for row in rows:
            shown = (
                ", ".join(f"{key} {inner}" for key, inner in row.items()) if isinstance(row, dict) else row
            )
            lines.append(f"{name.replace('_', ' ')}: {shown}")
    if planned.access is Access.REDACTED:
        lines.append("names of persons and numbers of accounts: blacked out")
    return "\n".join(lines) + "\n"
