"""The ledger's views as JSON: amounts as {asset, minor, decimal}, times in RFC 3339, statuses verbatim.

A field is named once and stays; an amount beyond 2^53-1 is a string, so that no reader loses a digit.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from enum import Enum
from typing import Any

from api.pages.figures import rfc3339
from ledger.core.money import MAX_AMOUNT, decimal_text
from ledger.views.campaign import Books, CampaignCard, CampaignReport, DonationRow, SumTable
from ledger.views.flow import Flow, Thread
from ledger.views.trail import DonationTrail, Paper, Place, Step, TrailChange

Json = dict[str, Any]


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON; lone surrogates become question marks rather than an error."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "replace"
    )


def integer(number: int) -> int | str:
    return number if -MAX_AMOUNT <= number <= MAX_AMOUNT else str(number)


def amount(asset: str, minor: int) -> Json:
    """`{"asset": "BTC", "minor": 1000000, "decimal": "0.01000000"}`."""
    return {"asset": asset, "minor": integer(minor), "decimal": decimal_text(asset, minor)}


def amount_or_none(asset: str, minor: int | None) -> Json | None:
    return None if minor is None else amount(asset, minor)


def card(item: CampaignCard) -> Json:
    return {
        "slug": item.slug,
        "title": item.title,
        "start": item.start,
        "end": item.end,
        "received": amount("BTC", item.received),
        "donations": item.donations,
        "unit": item.unit,
        "distributed": integer(item.distributed),
        "href": f"/api/v1/campaigns/{item.slug}",
    }


def books(item: Books) -> Json:
    return {
        "reconciled": item.reconciled,
        "block": item.block,
        "in_books": amount("BTC", item.in_wallets),
        "difference": amount("BTC", item.difference),
        "unexplained": amount("BTC", item.unexplained),
        "unexplained_since": item.unexplained_since,
        "shortfall": amount("BTC", item.shortfall),
        "unvalued": {
            "count": item.unvalued,
            **amount("BTC", item.unvalued_sats),
            "since": item.unvalued_since,
        },
        "open": [{"matter": row.matter, "count": row.count, "since": row.since} for row in item.open],
        "tip": item.tip,
        "behind_blocks": item.behind,
        "looked_at": item.looked_at,
        "agreed": item.agreed,
        "no_chain_since": item.no_chain_since,
        "sources_agreeing": item.sources_agreeing,
        "sources": item.sources,
    }


def sums(table: SumTable) -> Json:
    return {
        "asset": table.asset,
        "unit": table.unit,
        "rows": [{"key": r.key, "label": r.label, **amount(table.asset, r.minor)} for r in table.rows],
        "total": {"key": table.total_key, **amount(table.asset, table.total)},
    }


def campaign(report: CampaignReport) -> Json:
    """One campaign with its totals and the state of reconciliation."""
    return {
        "slug": report.slug,
        "title": report.title,
        "purpose": report.purpose,
        "start": report.start,
        "end": report.end,
        "closed": report.closed,
        "demonstration": report.demonstration,
        "partners": list(report.partners),
        "unit": report.unit,
        "depth": report.depth,
        "valuation_clock": report.valuation_clock,
        "donations": report.donations,
        "waiting": report.donors_waiting,
        "received": amount("BTC", report.received),
        "value": amount(report.currency, report.value),
        "dust": {"count": report.dust_count, **amount("BTC", report.dust)},
        "bought": integer(report.bought),
        "distributed": integer(report.distributed),
        "receivers": report.receivers,
        "under_way": integer(report.under_way),
        "lost": integer(report.lost),
        "fixed_address": report.fixed_address,
        "pledges": [
            {
                "number": row.number,
                "date": row.date,
                "happened": row.happened or None,
                "status": row.status,
                "promised": amount(row.asset, row.promised),
                "paid": amount(row.asset, row.paid),
                "lapsed": amount(row.asset, row.lapsed),
                "open": amount(row.asset, row.open),
            }
            for row in report.pledges
        ],
        "needs": [
            {**plain(need), "kept": [amount(asset, minor) for asset, minor in need.kept]}
            for need in report.needs
        ],
        "in_kind": [
            {
                **plain(row),
                "value": amount(row.currency, row.value),
                "href": f"/api/v1/donations/{row.key}/trail",
            }
            for row in report.in_kind
        ],
        "results": [plain(achievement) for achievement in report.achievements],
        "books": books(report.books),
        "sums": [sums(table) for table in report.sums],
        "withheld": [
            {
                "what": row.what,
                "amount": amount_or_none(row.asset, row.minor),
                "reason": row.reason,
                "decided_by": row.decided_by,
                "review": row.review,
            }
            for row in report.withheld
        ],
        "unexplained": [
            {
                "txid": row.txid,
                "amount": amount("BTC", row.minor),
                "seen_at": row.seen_at,
                "explained_at": row.explained_at,
            }
            for row in report.unexplained
        ],
        "deliveries": {
            "open_gaps": sum(1 for row in report.deliveries.counts if row.gap),
            "unconfirmed": [plain(row) for row in report.deliveries.unconfirmed],
            "handovers_signed": sorted(report.deliveries.signed),
        },
        "service": {
            "days_gift_to_order": report.days_gift_to_order,
            "days_order_to_receipt": report.days_order_to_receipt,
            "received_good_permille": report.good_permille,
        },
        "periods": [
            {**plain(row), "href": f"/api/v1/campaigns/{report.slug}/periods/{row.number}"}
            for row in report.periods
        ],
        "limits": [
            {
                "role": row.role,
                "most": amount_or_none(row.currency, row.most),
                "date": row.date or None,
            }
            for row in report.limits
        ],
        "evidence_count": report.papers_count,
        "journal": {"seq": report.journal_seq, "hash": report.journal_hash},
        "sources_of_facts": [{"fact": fact, "source": source} for fact, source in report.sources_of_facts],
    }


def donation_row(row: DonationRow) -> Json:
    return {
        "at": row.at,
        "key": row.key,
        "outpoint": row.outpoint or None,
        "address": row.address or None,
        "amount": amount(row.asset, row.minor),
        "status": str(row.status),
        "confirmations": row.confirmations,
        "block_height": row.block_height,
        "block_time": None if row.block_time is None else rfc3339(row.block_time),
        "value": amount_or_none(row.currency, row.value),
        "late": row.late,
        "outcome": row.outcome or None,
        "restriction": row.restriction or None,
        "happened": row.happened or None,
    }


def paper(item: Paper) -> Json:
    sealed = item.access.value == "sealed"
    return {
        "sha256": item.sha256,
        "title": item.title,
        "kind": item.kind,
        "date": item.date,
        "shows": item.shows,
        "access": item.access.value,
        "entry": item.entry,
        "href": None if sealed else f"/papers/{item.sha256}",
    }


def flow(item: Flow) -> Json:
    """Nodes (bars, with their stage), links (bands) and exits; each interval in the units of its bar."""
    return {
        "unit": item.unit,
        "stages": [
            {
                "stage": index,
                "kind": stage.kind.value,
                "place": stage.place,
                "count": stage.count,
                "amount": amount(stage.asset, stage.units),
            }
            for index, stage in enumerate(item.stages)
        ],
        "nodes": [
            {
                "key": bar.key,
                "label": bar.label,
                "stage": index,
                "matter": bar.matter.value,
                "amount": amount(bar.asset, bar.units),
            }
            for index, stage in enumerate(item.stages)
            for bar in stage.bars
        ],
        "links": [
            {
                "source": band.source,
                "from": [integer(band.source_start), integer(band.source_end)],
                "target": band.target,
                "to": [integer(band.target_start), integer(band.target_end)],
            }
            for band in item.bands
        ],
        "exits": [
            {
                "source": out.source,
                "from": [integer(out.start), integer(out.end)],
                "kind": out.kind.value,
                "label": out.label,
                "amount": amount(out.asset, out.units),
            }
            for out in item.exits
        ],
    }


def thread(item: Thread) -> list[Json]:
    return [
        {"node": p.bar, "at": [integer(p.start), integer(p.end)], "left": p.left.value if p.left else None}
        for p in item.points
    ]


def step(item: Step) -> Json:
    return {
        "kind": item.kind.value,
        "at": item.at,
        "amount": amount(item.asset, item.units),
        "unit": item.unit,
        "place": item.place,
        "reference": item.reference,
        "detail": dict(item.detail),
        "evidence": [paper(sheet) for sheet in item.papers],
        "entry": item.entry,
        "over": item.over,
    }


def place(item: Place) -> Json:
    return {
        "kind": item.kind.value if item.kind else "distributed",
        "amount": amount(item.asset, item.units),
        "unit": item.unit,
        "place": item.place,
        "since": item.since,
        "service": item.service,
    }


def donation(trail: DonationTrail) -> Json:
    """One donation: its payment, status and worth, and where all of it is."""
    return {
        "key": trail.key,
        "outpoint": None if trail.outpoint is None else str(trail.outpoint),
        "txid": None if trail.outpoint is None else trail.outpoint.txid,
        "vout": None if trail.outpoint is None else trail.outpoint.vout,
        "campaign": trail.campaign,
        "address": trail.address or None,
        "amount": amount(trail.asset, trail.minor),
        "status": trail.status.value,
        "confirmations": trail.confirmations,
        "needed": trail.needed,
        "block": None
        if trail.block is None
        else {"height": trail.block.height, "hash": trail.block.hash, "time": rfc3339(trail.block.time)},
        "seen_at": trail.seen_at,
        "settled_at": trail.settled_at,
        "value": amount_or_none(trail.currency, trail.value),
        "rate_sources": list(trail.rate_sources),
        "replaced_by": trail.replaced_by,
        "sources": list(trail.sources),
        "places": [place(item) for item in trail.places],
        "late": trail.late,
        "outcome": trail.outcome or None,
        "returned": amount(trail.asset, trail.returned),
        "restriction": {"need": trail.restriction, "title": trail.restricted_to}
        if trail.restriction
        else None,
        "href": f"/api/v1/donations/{trail.key}/trail",
    }


def change(item: TrailChange) -> Json:
    """What a later entry changed of what the trail had said."""
    return {
        "kind": item.kind.value,
        "entry": item.entry,
        "at": item.at,
        "date": item.date,
        "of": item.of,
        "why": item.why,
        "said": [place(row) for row in item.said],
        "says": [place(row) for row in item.says],
        "detail": dict(item.detail),
    }


def donation_trail(trail: DonationTrail) -> Json:
    """A donation with its steps, intervals, and its thread through the campaign's flow."""
    return {
        **donation(trail),
        "steps": [step(item) for item in trail.steps],
        "changes": [change(item) for item in trail.changes],
        "shares": [
            {
                "line": share.line,
                "asset": share.asset,
                "start": integer(share.start),
                "end": integer(share.end),
            }
            for share in trail.shares
        ],
        "thread": thread(trail.thread),
        "flow": flow(trail.flow),
    }


def page(items: Sequence[Any], following: str | None) -> Json:
    """A cursor page: `next` goes into `?cursor=`; null on the last page."""
    return {"items": list(items), "next": following}


def plain(value: Any) -> Any:
    """A plain dataclass of plain values, field by field."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return integer(value) if isinstance(value, int) and not isinstance(value, bool) else value
