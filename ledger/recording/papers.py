"""Bytes of papers come in and go: who brought them and who took them out stands in the audit log.

They lie beside the journal, which names them by their hash; what no standing entry makes public is served to nobody.
"""

from __future__ import annotations

from ledger.core.errors import Conflict, NotFound
from ledger.core.media_types import media_type_of
from ledger.core.roles import ADMINS, RECORDERS, Scope
from ledger.core.times import rfc3339
from ledger.model.evidence import Access
from ledger.recording.actors import Actor
from ledger.rules.evidence import Evidence, is_sealed, papers_everywhere
from ledger.store.papers import REMOVED
from ledger.store.transaction import Writing

KEPT = "paper kept"
"""How the audit log names that bytes of a paper came, again or for the first time."""


def keep_paper(tx: Writing, actor: Actor, sha256: str, data: bytes, *, now: int) -> str:
    """Keep the bytes of a paper; returns their media type, as they tell it themselves.

    Raises NotAllowed for a role that keeps none, and Conflict for what is sealed, or where the bytes have another hash.
    """
    # A paper lies beside all campaigns: of which it is, its entry says.
    actor.require_somewhere("paper add", Scope.RECORD, RECORDERS)
    if is_sealed(tx.session, sha256):
        raise Conflict.field(
            "sha256", "this paper is sealed: its bytes are never kept, only their hash is known"
        )
    kind = media_type_of(data)
    tx.papers.save(sha256, kind, data)
    tx.desk.audit(rfc3339(now), actor.id, KEPT, sha256)
    _note(tx, sha256)
    return kind


def remove_paper(tx: Writing, actor: Actor, sha256: str, *, now: int) -> None:
    """Delete the bytes of a paper; its entries stand. Raises NotAllowed for who is no admin, NotFound."""
    actor.require("paper remove", Scope.ADMINISTER, ADMINS, None)
    if not _removed(tx, actor, sha256, now):
        raise NotFound.field("sha256", "no bytes of this paper are kept here; nothing was removed")


def seal(tx: Writing, actor: Actor, told: Evidence, *, now: int) -> None:
    """Bytes that were kept before their paper was sealed go with the entry that seals it."""
    if told.access is Access.SEALED:
        _removed(tx, actor, told.sha256, now)


def _removed(tx: Writing, actor: Actor, sha256: str, now: int) -> bool:
    if not tx.papers.is_kept(sha256):
        return False
    # Said first: the table's guard lets only those bytes go of which the log's newest line says so.
    tx.desk.audit(rfc3339(now), actor.id, REMOVED, sha256)
    tx.papers.remove(sha256)
    _note(tx, sha256)
    return True


def _note(tx: Writing, sha256: str) -> None:
    """Pages that name the paper change: it has a link now, or none any more."""
    tx.changes.note(row.campaign for row in papers_everywhere(tx.session, sha256))
