"""The private words of bank lines, which lie beside the journal: kept, read, and forgotten when that is asked.

What an entry commits to stays, and says nothing any more to who does not know the words.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence

from ledger.core.errors import NotAllowed, NotFound
from ledger.core.line_words import LineWords
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.recording.users import Actor
from ledger.rules.bank import find_line, lines_of
from ledger.store.transaction import Reading, Writing

_SECRET = "bank_secret"  # noqa: S105 - the name under which it is kept


def bank_secret(tx: Writing) -> bytes:
    """The secret by which this ledger commits to private words of bank lines; made once, never published."""
    kept = tx.progress.load(_SECRET)
    if kept is None:
        kept = secrets.token_hex(32)
        tx.progress.save(_SECRET, kept)
    return bytes.fromhex(kept)


def commitment(secret: bytes, label: str, value: bytes) -> tuple[str, bytes]:
    """(sha256 of salt and value in hex, the salt): the same value gives the same, and nobody can guess it."""
    salt = hmac.digest(secret, label.encode() + b"\0" + value, "sha256")
    return hashlib.sha256(salt + value).hexdigest(), salt


def words_of(tx: Reading, committed: str | None) -> LineWords | None:
    """The words that a line commits to; None where there are none, or they were forgotten."""
    opening = None if committed is None else tx.desk.opening(committed)
    return None if opening is None else LineWords.opened(opening[1])


def forget_words(
    tx: Writing, actor: Actor, campaign: str, identities: Sequence[str], before: str | None, *, now: int
) -> int:
    """Forget the words of these lines, and of all that were booked before a day; how many had any.

    Raises NotAllowed for who is no admin, NotFound for a line that is not there; then nothing is forgotten.
    """
    if actor.role != Role.ADMIN:
        raise NotAllowed(f"user: {actor.name} is {actor.role}; only an admin makes the ledger forget")
    lines = []
    for identity in identities:
        line = find_line(tx.session, campaign, identity)
        if line is None:
            raise NotFound(
                f"line: there is no bank line {identity[:64]} in campaign {campaign}; `inbox` names them"
            )
        lines.append(line)
    if before is not None:
        lines += [line for line in lines_of(tx.session, campaign) if line.booked < before]
    words = {line.text: line.identity for line in lines if line.text is not None}
    kept = {text: identity for text, identity in words.items() if tx.desk.opening(text) is not None}
    for text, identity in kept.items():
        tx.desk.delete_opening(text)
        tx.desk.audit(rfc3339(now), actor.id, "bank words forgotten", f"{campaign}:{identity}")
    return len(kept)
