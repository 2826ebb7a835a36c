"""Recipes of facts about bank statements, and of reversals of whatever was told."""

from __future__ import annotations

import hashlib

from sqlmodel import select

from ledger.model.reversals import ReversalRow
from ledger.rules.bank import line_left, lines_of, signed
from ledger.views.bank_state import movements
from tests.tools.ledgers import REVERSIBLE
from tests.tools.machine_scene import BANKS, Facts, Scene, tells
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
    rows = [row for row in movements(s.tx, s.slug) if row.left and row.own]
    for line in lines_of(s.tx.session, s.slug):
        for row in rows:
            if (row.bank, row.currency) != (line.bank, line.currency) or not line_left(line):
                continue
            if signed(line) * row.moved > 0:
                pairs.append((line.identity, row.entry, min(line_left(line), row.left)))
    if not pairs and not rows:
        raise Needs("contribution")
    identity, entry, left = s.one(pairs, "bank.line")
    told = {"line": identity, "entry": entry, "n": _undone(s, "bank.match", identity, entry)}
    return told | ({"amount": s.n(1, left)} if s.chance(40) else {})


@tells("bank.aside")
def _aside(s: Scene) -> Facts:
    known = lines_of(s.tx.session, s.slug)
    lines = [line.identity for line in known if not line.matched and line.aside_by is None]
    identity = s.one(lines, "bank.line")
    return {"line": identity, "reason": "Rent", "n": _undone(s, "bank.aside", identity, None)}


@tells("reversal")
def _reversal(s: Scene) -> Facts:
    rows = [row for row in s.tx.journal.rows(campaign=s.slug) if row.kind in REVERSIBLE]
    done = set(s.tx.session.exec(select(ReversalRow.reversed_entry)))
    there = [row.seq for row in rows if row.seq not in done]
    entry = s.one(there[-s.pick((1, 4, 40)) :], "contribution")
    return {"entry": entry, "reason": "Told in error", "date": s.today}
