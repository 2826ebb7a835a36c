"""Recipes of facts about bank statements, and of reversals of whatever was told."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

from sqlmodel import select

from ledger.model.bank import Account
from ledger.model.reversals import ReversalRow
from ledger.rules.bank import line_left, lines_of, movement_left, signed
from ledger.rules.bank_terms import terms_of
from ledger.views.bank_state import movements
from tests.tools.ledgers import REVERSIBLE
from tests.tools.machine_scene import BANKS, Facts, Scene, tells, tells_decisions
from tests.tools.machine_world import Needs


@tells("bank.line")
def _bank_line(s: Scene) -> Facts:
    identity = hashlib.sha256(f"line {s.world.number()}".encode()).hexdigest()
    facts: Facts = {
        "bank": s.pick(BANKS),
        "currency": "USD",
        "identity": identity,
        "direction": s.pick(("in", "out")),
    }
    facts |= {"amount": s.n(1, 100_000), "booked": s.today}
    known = list(movements(s.tx, s.slug))
    if known and s.chance(80):
        row = s.pick(known)
        facts |= {"bank": row.bank, "currency": row.currency, "amount": abs(row.moved)}
        facts["direction"] = "in" if row.moved > 0 else "out"
    return facts


@tells("bank.statement")
def _statement(s: Scene) -> Facts:
    opening, came, went = s.n(-1000, 9000), s.n(0, 5000), s.n(0, 5000)
    return {
        "bank": s.pick(BANKS), "currency": "USD", "opening": opening, "came": came, "went": went,
        "closing": opening + came - went, "lines": s.n(0, 9), "first": s.today, "last": s.today,
        "sha256": hashlib.sha256(f"file {s.world.number()}".encode()).hexdigest(),
    }  # fmt: skip


def _undone(s: Scene, kind: str, line: str, entry: int | None) -> int:
    """How often the same was told of a line before."""
    rows = [t for t in s.world.told if t.kind.name == kind and t.slug == s.slug and t.facts["line"] == line]
    return len([t for t in rows if entry is None or t.facts["entry"] == entry])


@tells("bank.match")
def _bank_match(s: Scene) -> Facts:
    pairs = []
    rows = [row for row in movements(s.tx, s.slug) if movement_left(row)]
    for line in lines_of(s.tx.session, s.slug):
        for row in rows:
            if (row.bank, row.currency) != (line.bank, line.currency) or not line_left(line):
                continue
            if signed(line) * row.moved > 0:
                pairs.append((line.identity, row.entry, min(line_left(line), abs(movement_left(row)))))
    if not pairs and not rows:
        raise Needs("contribution")
    identity, entry, left = s.one(pairs, "bank.line")
    told = {"line": identity, "entry": entry, "n": _undone(s, "bank.match", identity, entry)}
    return told | ({"amount": s.n(1, left)} if s.chance(40) else {})


@tells("bank.terms")
def _terms(s: Scene) -> Facts:
    facts = s.numbered("BT") | {"days": s.n(0, 30)}
    if s.chance(30):
        return facts | {"bank": "Cash box", "account": "cash"}
    if s.chance(50):
        facts |= {"bank": s.pick(BANKS), "account": s.pick(("own", "shared", "cash", "advance", "vat"))}
        facts |= {"holder": "Carrier", "until": s.today} if facts["account"] in {"advance", "vat"} else {}
    return facts


@tells("aside")
def _aside(s: Scene) -> Facts:
    lines = [line for line in lines_of(s.tx.session, s.slug) if not line.matched and line.aside_by is None]
    line = s.one(lines, "bank.line")
    facts = s.numbered("AS") | {"reason": s.pick(("Rent", "Another fund"))}
    shared = terms_of(s.tx.session, s.slug).at(line.bank).account is Account.SHARED
    if shared and s.chance(70):
        facts |= {"bank": line.bank, "currency": line.currency, "month": line.booked[:7]}
        return facts | ({"opening": s.n(-500, 500)} if s.chance(30) else {})
    return facts | {"lines": [line.identity]}


@tells("outstanding")
def _outstanding(s: Scene) -> Facts:
    rows = [row for row in movements(s.tx, s.slug) if movement_left(row)]
    row = s.one(rows, "contribution")
    until = date.fromisoformat(s.today) + timedelta(days=s.n(0, 90))
    facts = s.numbered("OS") | {"entry": row.entry, "bank": row.bank, "currency": row.currency}
    return facts | {"instrument": s.pick(("cheque", "transfer", "deposit")), "until": until.isoformat()}


@tells("cash-count")
def _cash_count(s: Scene) -> Facts:
    expected = terms_of(s.tx.session, s.slug).of
    boxes = [bank for bank, terms in expected.items() if terms.account is Account.CASH]
    facts = s.numbered("CC") | {"bank": s.one(boxes, "bank.terms"), "currency": s.pick(("USD", "EUR"))}
    return facts | {"counted": s.n(0, 9000)}


for _noun in ("aside", "outstanding", "cash-count"):
    tells_decisions(_noun)


@tells("reversal")
def _reversal(s: Scene) -> Facts:
    rows = [row for row in s.tx.journal.rows(campaign=s.slug) if row.kind in REVERSIBLE]
    done = set(s.tx.session.exec(select(ReversalRow.reversed_entry)))
    there = [row.seq for row in rows if row.seq not in done]
    entry = s.one(there[-s.pick((1, 4, 40)) :], "contribution")
    return {"entry": entry, "reason": "Told in error", "date": s.today}
