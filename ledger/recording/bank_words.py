"""The private words of bank lines, which lie beside the journal: forgotten when that is asked. No entry is changed.

What an entry commits to stays, and says nothing any more to who does not know the words.
"""

from __future__ import annotations

from collections.abc import Sequence

from ledger.core.errors import NotAllowed, NotFound
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.recording.users import Actor
from ledger.rules.bank import find_line, lines_of
from ledger.store.transaction import Writing


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
