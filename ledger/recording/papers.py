"""Papers come in and go: who brought them, who sealed them and who took them out stands in the audit log.

The copies that are served lie beside the journal, which names them by their hash; what no standing entry makes public
is served to nobody. Of a sealed paper the journal has a salted hash; salt, and place of the original, are private.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlmodel import col, select

from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.roles import ADMINS, AUDITORS, RECORDERS, Scope
from ledger.core.times import rfc3339
from ledger.model.evidence import Access, EvidenceRow, Treatment
from ledger.model.operation import PaperRow
from ledger.recording.actors import Actor
from ledger.recording.commitments import commitment, secret_named
from ledger.rules.evidence import Evidence, papers_everywhere
from ledger.rules.sealings import SEALINGS, Sealing
from ledger.store.papers import REMOVED
from ledger.store.transaction import Reading, Writing

F = TypeVar("F")

KEPT = "paper kept"
"""How the audit log names that bytes of a paper came, again or for the first time."""
SEALED = "paper sealed"
"""How it names that a salted hash was made of a paper, or that it was told where the original lies."""
MOST_OF_PLACE = 300
"""Characters that say where an original lies, at most."""
_NAMING, _DIGITS = ("sha256", "paper"), 64
"""Fields by which facts name a paper, and how long a hash is."""
_WHERE, _TOLD = "paper where", RECORDERS | AUDITORS
"""Who is told where the original of a sealed paper lies."""
_SECRET = "paper_secret"  # noqa: S105 - the name under which it is kept


@dataclass(frozen=True, slots=True)
class TreatedPaper:
    """A paper as it may be served: `original` is the SHA-256 of what was given, `done` what was taken out of it.

    `metadata` is what its file said beside what it shows, a line each: told to who brings it, and kept nowhere.
    """

    data: bytes
    media_type: str
    original: str
    done: tuple[Treatment, ...]
    metadata: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SealedPaper:
    """What opens a salted hash: `sealed` is the SHA-256 of `salt` followed by that of the paper's bytes (32 bytes)."""

    sealed: str
    salt: str
    lies: str


def keep_paper(tx: Writing, actor: Actor, paper: TreatedPaper, *, now: int) -> str:
    """Keep the copy of a paper; returns its SHA-256.

    Raises NotAllowed for a role that keeps none, and Conflict for what is sealed.
    """
    # A paper lies beside all campaigns: of which it is, its entry says.
    actor.require_somewhere("paper add", Scope.RECORD, RECORDERS)
    _require_unsealed(tx, paper.original)
    sha256 = tx.papers.save(paper.media_type, paper.data, paper.original, paper.done)
    tx.desk.audit(rfc3339(now), actor.id, KEPT, sha256)
    _note(tx, sha256)
    return sha256


def seal_paper(tx: Writing, actor: Actor, sha256: str, lies: str, *, now: int) -> str:
    """The salted hash of a paper by the SHA-256 of its bytes, and a private note of where the original lies.

    The same paper has the same one, whoever asks; where it lies is noted anew only by who may be told what was noted.
    Raises NotAllowed, and Refused for what is known as a salted hash.
    """
    actor.require_somewhere("paper seal", Scope.RECORD, RECORDERS)
    if tx.papers.opened(sha256) is not None:
        raise Refused.field("sha256", "is a salted hash already; give the SHA-256 of the paper's bytes")
    where = " ".join(lies.split())
    if len(where) > MOST_OF_PLACE or not where.isprintable():
        raise Refused.field("lies", "is one line of at most {most} characters", most=MOST_OF_PLACE)
    sealed, salt = _salted(secret_named(tx, _SECRET), sha256)
    known = tx.papers.opened(sealed)
    if known is None or (
        where and where != known.lies and (not known.lies or _may_be_told(tx, actor, sealed))
    ):
        tx.papers.save_sealed(sealed, salt, where)
        tx.desk.audit(rfc3339(now), actor.id, SEALED, sealed)
    return sealed


def sealed_paper(tx: Reading, actor: Actor, sealed: str) -> SealedPaper:
    """Where the original of a sealed paper lies, and the salt: for who records in a campaign that seals it.

    Before an entry names it, its salted hash is known only to who made it, and whoever has that is told.
    Raises NotAllowed and NotFound.
    """
    actor.require_somewhere(_WHERE, Scope.READ, _TOLD)
    row = tx.papers.opened(sealed)
    if row is None:
        raise NotFound.field("sha256", "no sealed paper has this salted hash")
    if not _may_be_told(tx, actor, sealed):
        actor.require(_WHERE, Scope.READ, _TOLD, _sealed_in(tx, sealed)[0])
    return SealedPaper(sealed, row.salt.hex(), row.lies)


def _may_be_told(tx: Reading, actor: Actor, sealed: str) -> bool:
    places = _sealed_in(tx, sealed)
    return not places or any(actor.may(Scope.READ, _TOLD, campaign) for campaign in places)


def _sealed_in(tx: Reading, sealed: str) -> list[str]:
    """The campaigns in which two people sealed a paper, by entry; before any did, the one that asked first.

    Whoever asks for a sealing alone, by the hash that is published, learns nothing by that.
    """
    rows = select(EvidenceRow.campaign, EvidenceRow.waits).where(
        EvidenceRow.sha256 == sealed, EvidenceRow.access == Access.SEALED
    )
    sealings = tx.session.exec(rows.order_by(col(EvidenceRow.entry))).all()
    return [campaign for campaign, waits in sealings if not waits] or [
        campaign for campaign, _ in sealings[:1]
    ]


def salted(tx: Writing, actor: Actor, facts: Sealing, *, now: int) -> Sealing:
    """A sealing with the salted hash of its paper; raises Refused where a standing entry shows that to the public."""
    known = tx.papers.opened(facts.sha256) is not None
    sealed = facts.sha256 if known else seal_paper(tx, actor, facts.sha256, "", now=now)
    for row in _shown_of(tx, sealed):
        raise _is_otherwise(row)
    return replace(facts, sha256=sealed)


def completed(tx: Writing, facts: Evidence) -> Evidence:
    """Evidence with what the desk knows of its paper: of what is kept here the original and what was taken out of it.

    Raises Refused where it is told otherwise, or the paper is sealed, or waits for that.
    """
    if facts.access is Access.SEALED:
        return facts  # which its rule refuses
    if tx.papers.opened(facts.sha256) is not None:
        raise Refused.field("sha256", "is the salted hash of a sealed paper; name the copy that may be shown")
    for row in _sealing(tx, facts.sha256):
        raise _is_otherwise(row)
    for row in _sealing(tx, facts.original or facts.sha256):
        raise Refused.field(
            "original",
            "is sealed by entry {entry} of {campaign}, so its own hash is not published; name the salted one, {sealed}",
            entry=row.entry,
            campaign=row.campaign,
            sealed=row.sha256,
        )
    kept = tx.session.get(PaperRow, facts.sha256)
    if kept is None:
        copies = select(PaperRow.sha256).where(PaperRow.original == facts.sha256)
        copy = tx.session.exec(copies.order_by(col(PaperRow.sha256))).first()
        if copy is not None:
            raise Refused.field(
                "sha256",
                "is that of the original; what is kept and served is {copy}: name that one here, and this one in "
                "original",
                copy=copy,
            )
        return facts if facts.original is not None else replace(facts, original=facts.sha256)
    done = tx.papers.treatments(facts.sha256)
    if facts.done and set(facts.done) != set(done):
        raise Refused.field("done", "is not what was done to the copy that is kept; leave it out")
    if facts.original is not None and facts.original != kept.original and facts.access is Access.PUBLIC:
        raise Refused.field(
            "original",
            "is not that of the copy that is kept; leave it out, or say that names are blacked out (redacted)",
        )
    return replace(facts, original=facts.original or kept.original, done=done)


def naming_salted(tx: Writing, facts: F) -> F:
    """Facts that name a sealed paper by the SHA-256 of its bytes, with its salted hash instead, which is published."""
    for name in _NAMING:
        sha256 = getattr(facts, name, None)
        if isinstance(sha256, str) and len(sha256) == _DIGITS:
            sealed = _salted(secret_named(tx, _SECRET), sha256)[0]
            if tx.papers.opened(sealed) is not None:
                facts = replace(facts, **{name: sealed})  # type: ignore[type-var]
    return facts


def remove_paper(tx: Writing, actor: Actor, sha256: str, *, now: int) -> None:
    """Delete the bytes of a paper; its entries stand. Raises NotAllowed for who is no admin, NotFound."""
    actor.require("paper remove", Scope.ADMINISTER, ADMINS, None)
    if not _removed(tx, actor.id, sha256, now):
        raise NotFound.field("sha256", "no bytes of this paper are kept here; nothing was removed")


def take_out_sealed(tx: Writing, actor: Actor, campaign: str, number: str, *, now: int) -> None:
    """Copies that were kept before their paper was sealed go with the approval of that."""
    entry = SEALINGS.require_row(tx.session, campaign, number).entry
    hidden = tx.session.get_one(EvidenceRow, entry).sha256
    for sealed, sha256 in list(_kept_salted(tx)):
        if sealed == hidden:
            _removed(tx, actor.id, sha256, now)


_SEALED = select(EvidenceRow.sha256, EvidenceRow.entry).where(
    EvidenceRow.access == Access.SEALED,
    col(EvidenceRow.waits) == 0,
    col(EvidenceRow.reversed_by).is_(None),
)


def kept_though_sealed(tx: Reading) -> Iterator[tuple[int, str]]:
    """(entry that seals a paper and is approved, copy of it that is kept all the same)."""
    entries: dict[str, int] = dict(iter(tx.session.exec(_SEALED)))
    for sealed, sha256 in _kept_salted(tx) if entries else ():
        if sealed in entries:
            yield entries[sealed], sha256


def _kept_salted(tx: Reading) -> Iterator[tuple[str, str]]:
    """(salted hash, copy) of each kept copy, by its own hash and by that of its original."""
    secrets = tx.progress.load(_SECRET)
    if secrets is None:
        return
    rows = select(PaperRow.sha256, PaperRow.original).order_by(col(PaperRow.sha256))
    for sha256, original in tx.session.exec(rows).all():
        for one in {sha256, original}:
            yield _salted(bytes.fromhex(secrets), one)[0], sha256


def _salted(secret: bytes, sha256: str) -> tuple[str, bytes]:
    return commitment(secret, "paper", bytes.fromhex(sha256))


def _sealing(tx: Writing, sha256: str) -> Sequence[EvidenceRow]:
    """The standing entries that seal the paper of this hash, approved or not yet."""
    return papers_everywhere(tx.session, _salted(secret_named(tx, _SECRET), sha256)[0])


def _require_unsealed(tx: Writing, sha256: str) -> None:
    if _sealing(tx, sha256):
        raise Conflict.field(
            "sha256",
            "this paper is sealed, or waits for that: its bytes are not taken, only a salted hash is known",
        )


def _shown_of(tx: Writing, sealed: str) -> Iterator[EvidenceRow]:
    """The standing entries that make public what a salted hash seals."""
    secret = secret_named(tx, _SECRET)
    standing = select(EvidenceRow).where(
        col(EvidenceRow.reversed_by).is_(None), EvidenceRow.access != Access.SEALED
    )
    for row in tx.session.exec(standing.order_by(col(EvidenceRow.entry))).all():
        if sealed in {_salted(secret, one)[0] for one in {row.sha256, row.original or row.sha256}}:
            yield row


def _is_otherwise(row: EvidenceRow) -> Refused:
    return Refused.field(
        "access",
        "the same paper is {access} by entry {entry} of {campaign}; it is sealed for all that it proves, or "
        "for nothing. Reverse that entry first",
        access=row.access.value,
        entry=row.entry,
        campaign=row.campaign,
    )


def _removed(tx: Writing, user: int | None, sha256: str, now: int) -> bool:
    if not tx.papers.is_kept(sha256):
        return False
    # Said first: the table's guard lets only those bytes go of which the log's newest line says so.
    tx.desk.audit(rfc3339(now), user, REMOVED, sha256)
    tx.papers.remove(sha256)
    _note(tx, sha256)
    return True


def _note(tx: Writing, sha256: str) -> None:
    """Pages that name the paper change: it has a link now, or none any more."""
    tx.changes.note(row.campaign for row in papers_everywhere(tx.session, sha256))
