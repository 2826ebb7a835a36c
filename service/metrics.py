"""Prometheus metrics as text: lag behind the tip, sources, unreconciled items, the journal's head."""

from __future__ import annotations

from collections.abc import Sequence

from ledger.checks.finding import Finding
from ledger.core.times import unix_seconds
from ledger.recording.address_gaps import load_gaps, unread_scripts
from ledger.rules.campaigns import campaign_slugs
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from ledger.views.open_items import OpenItemKind
from ledger.views.reconcile import states_of_books
from service.clock import Clock
from service.progress import LookProgress


def metrics_text(
    store: Store, findings: Sequence[Finding], clock: Clock, look: LookProgress | None = None
) -> str:
    """The exposition format, version 0.0.4; no label holds anything from a visitor. `look`: the one under way."""
    now = clock()
    rows: list[tuple[str, str, str, int]] = []

    def add(name: str, help_text: str, value: int, labels: str = "") -> None:
        rows.append((name, help_text, labels, value))

    with store.read() as tx:
        chain = chain_status(tx, now=now)
        head = tx.journal.head()
        slugs = list(campaign_slugs(tx.session))
        gaps, unread = load_gaps(tx), unread_scripts(tx)
        addresses = {slug: tx.addresses.left(slug, gaps, unread) for slug in slugs}
        states = states_of_books(tx, None, now=now)
    add("aidtrail_journal_entries", "Entries in the journal.", head[0] if head else 0)
    add("aidtrail_tip_height", "Height of the agreed tip.", chain.tip_height or 0)
    add("aidtrail_blocks_behind", "Blocks between the agreed tip and the best header.", chain.behind)
    add("aidtrail_tip_age_seconds", "Seconds since the agreed tip's own time.", now - (chain.tip_time or now))
    looked = now if chain.looked_at is None else unix_seconds(chain.looked_at)
    add("aidtrail_look_age_seconds", "Seconds since the chain was last looked at.", now - looked)
    if look is not None:
        add(
            "aidtrail_look_seconds",
            "Seconds that the look under way has taken; 0 between looks.",
            look.seconds,
        )
        for (name, part), (done, of) in sorted(look.read.items()):
            label = f'{{source="{_escaped(name)}",part="{part}"}}'
            add("aidtrail_look_read", "What the look under way has read of it.", done, label)
            add("aidtrail_look_to_read", "How much the look under way reads in all.", of, label)
    add(
        "aidtrail_chain_fresh",
        "1 when the last look and the newest block are fresh.",
        int(chain.stale is None),
    )
    add("aidtrail_chain_agreed", "1 when a source confirms the agreed tip.", int(chain.agreed))
    add("aidtrail_invariants_broken", "Findings of the last run of the checks.", len(findings))
    for source in chain.sources:
        label = f'{{source="{_escaped(source.name)}"}}'
        if source.tip_height is not None:
            add(
                "aidtrail_source_tip_height",
                "The newest block that the source knows.",
                source.tip_height,
                label,
            )
        add("aidtrail_source_ok", "1 when the source answered the last look.", int(source.ok), label)
        add(
            "aidtrail_source_lied",
            "1 when proof contradicts the source.",
            int(source.lied is not None),
            label,
        )
    for slug, state in states.items():
        label = f'{{campaign="{_escaped(slug)}"}}'
        left = "Donors who can still have an address of their own; after them all share one."
        add("aidtrail_addresses_left", left, addresses[slug], label)
        add(
            "aidtrail_reconciled",
            "1 when books = chain, all is explained and matched.",
            int(state.reconciled),
            label,
        )
        add(
            "aidtrail_unexplained_sats",
            "Sats that left without an explanation.",
            state.unexplained.minor,
            label,
        )
        add(
            "aidtrail_shortfall_sats",
            "Sats used that a reorganisation took back.",
            state.shortfall.minor,
            label,
        )
        open_counts = {row.kind: row for row in state.open}
        for kind in OpenItemKind:
            row = open_counts.get(kind.value)
            each = f'{{campaign="{_escaped(slug)}",kind="{kind.value}"}}'
            add("aidtrail_open_items", "What waits for a person, by kind.", row.count if row else 0, each)
            age = max(0, now - _seconds(row.since, now)) if row else 0
            add("aidtrail_open_oldest_seconds", "Age of the oldest that waits.", age, each)
        add(
            "aidtrail_unvalued_gifts",
            "Gifts whose value the desk has to decide.",
            state.unvalued.count,
            label,
        )
    lines: list[str] = []
    written: set[str] = set()
    for name, help_text, labels, value in sorted(rows, key=lambda row: row[0]):
        if name not in written:
            written.add(name)
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
        lines.append(f"{name}{labels} {value}")
    return "\n".join(lines) + "\n"


def _seconds(since: str, now: int) -> int:
    """Unix seconds of a time or of a day's midnight (UTC); `now` where it is not known."""
    return unix_seconds(since if "T" in since else f"{since}T00:00:00Z") if since else now


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
