"""What decides which address a donor gets, besides what was given and paid: gaps, and a past that is not read yet.

Whoever adds addresses, or reads their past, says so here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import col, select

from ledger.model.columns import replace_all
from ledger.model.looks import GapLimitRow, UnreadScriptRow, UnreadSourceRow
from ledger.store.addresses import Gap
from ledger.store.transaction import Reading, Writing

_NEXT = "unread_from"
"""The name under which progress has the height to read again from."""


def load_gaps(tx: Reading) -> dict[str, Gap]:
    """Which addresses of each descriptor may be given."""
    rows = tx.session.exec(select(GapLimitRow.descriptor, GapLimitRow.gap, GapLimitRow.first_index)).all()
    return {descriptor: Gap(limit, first) for descriptor, limit, first in rows}


def save_gaps(tx: Writing, gaps: Mapping[str, Gap]) -> None:
    if load_gaps(tx) != gaps:
        rows = [
            {"descriptor": descriptor, "gap": gap.limit, "first_index": gap.first}
            for descriptor, gap in gaps.items()
        ]
        replace_all(tx.session, GapLimitRow, rows)


@dataclass(frozen=True, slots=True)
class UnreadPast:
    """Scripts whose blocks are read again from the height `next` on; histories may be asked for `askable` of them.

    `listed_by` are the sources whose histories of those were taken in meanwhile.
    """

    scripts: frozenset[bytes]
    askable: frozenset[bytes]
    next: int
    listed_by: tuple[str, ...] = ()


def load_past(tx: Reading) -> UnreadPast | None:
    """What is still to be read again; None where all was read."""
    rows = tx.session.exec(select(UnreadScriptRow.script, UnreadScriptRow.askable)).all()
    if not rows:
        return None
    scripts = frozenset(bytes(script) for script, _ in rows)
    askable = frozenset(bytes(script) for script, by_operator in rows if by_operator)
    return UnreadPast(scripts, askable, int(tx.progress.load(_NEXT) or 0), _listed_by(tx))


def save_past(tx: Writing, past: UnreadPast | None) -> None:
    before = load_past(tx)
    if before == past:
        return
    scripts = frozenset() if past is None else past.scripts
    if before is None or (before.scripts, before.askable) != (
        scripts,
        None if past is None else past.askable,
    ):
        rows = [{"script": one, "askable": past is not None and one in past.askable} for one in scripts]
        replace_all(tx.session, UnreadScriptRow, rows)
    unread = () if past is None else past.listed_by
    replace_all(tx.session, UnreadSourceRow, [{"n": n, "source": source} for n, source in enumerate(unread)])
    tx.progress.save(_NEXT, str(0 if past is None else past.next))


def unread_scripts(tx: Reading) -> frozenset[bytes]:
    """Scripts that may have been paid in blocks that are not read for them yet, as far as no history told."""
    wanted = select(UnreadScriptRow.script)
    if _listed_by(tx):
        wanted = wanted.where(col(UnreadScriptRow.askable).is_(False))
    return frozenset(bytes(script) for script in tx.session.exec(wanted))


def _listed_by(tx: Reading) -> tuple[str, ...]:
    return tuple(tx.session.exec(select(UnreadSourceRow.source).order_by(col(UnreadSourceRow.n))))
