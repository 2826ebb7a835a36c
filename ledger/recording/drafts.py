"""Drafts of the desk: explanations told before their transaction settles. Kept, put right, taken back, listed.

A draft moves nothing; recording it, when its spend settles, is done elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import rfc8785

from ledger.core.errors import Conflict, NotAllowed, NotFound, Refused
from ledger.core.facts import facts_from, facts_json
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.core.wording import Wording
from ledger.recording.any_kind import AnyKind
from ledger.recording.dating import Beside, parted
from ledger.recording.kinds import BY_NAME
from ledger.rules.books import Books
from ledger.rules.campaigns import find_campaign
from ledger.rules.observing import Observed
from ledger.rules.settled import settled_block
from ledger.rules.spec import APPROVERS, Context, Explains
from ledger.rules.spends import find_spend
from ledger.store.desk import Draft
from ledger.store.transaction import Reading, Writing

REFUSED = "draft refused"
"""How the audit log names what happened to a draft that the ledger did not take."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a draft says: the facts of a kind, what was told beside them, and the spend that they explain."""

    kind: AnyKind
    facts: object
    beside: Beside
    explains: Explains
    number: str
    date: str | None


def explanation(kind: AnyKind, facts: object, beside: Beside) -> Explanation | None:
    """Facts as an explanation; None where they name no spend."""
    explains = kind.explains(facts)
    if explains is None:
        return None
    return Explanation(kind, facts, beside, explains, str(getattr(facts, kind.named)), kind.date(facts))


def read(draft: Draft) -> Explanation:
    """What a draft says; raises Refused where its facts are none of its kind."""
    kind = BY_NAME[draft.kind]
    own, beside = parted(json.loads(draft.data))
    explained = explanation(kind, facts_from(kind.facts, own), beside)
    if explained is None:
        raise Refused.field("txid", "is missing; a draft names the transaction that it waits for")
    return explained


def keep(
    tx: Writing,
    author: int | None,
    role: Role,
    slug: str,
    explained: Explanation,
    *,
    now: int,
) -> tuple[str, str, bool]:
    """An explanation waits for its transaction: (key, txid, whether it waited already).

    What no settling can mend is refused now. Raises Refused, NotFound, Conflict, or NotAllowed without an author.
    """
    books = Books(tx)
    if find_campaign(books.session, slug) is None:
        raise NotFound.field("campaign", "there is no campaign {campaign}", campaign=slug)
    kind, txid, key = explained.kind, explained.explains.txid, explained.kind.key(slug, explained.facts)
    data = rfc8785.dumps(facts_json(explained.facts) | facts_json(explained.beside))
    for draft in tx.desk.drafts():
        if draft.key == key and draft.data == data:
            return key, txid, True
        if draft.key == key:
            raise Conflict.field(
                kind.noun,
                "a draft of this number waits already, with other facts, for {waiting}; take it back first "
                "(`{noun} reject`), or use another number",
                waiting=str(draft.waits_for),
                noun=kind.noun,
            )
    recorded = tx.journal.by_key(key)
    if recorded is not None:
        raise Conflict.field(
            kind.noun,
            "{number} is recorded already with other facts, as entry {entry}; use another number",
            number=explained.number,
            entry=recorded.seq,
        )
    kind.early(Context(books, slug, rfc3339(now), role), explained.facts)
    _require_to_come(tx, txid)
    if author is None:
        raise NotAllowed.field("user", "a draft keeps its author; act as a user of the desk")
    tx.desk.add_draft(kind.name, slug, key, data, author, txid, rfc3339(now))
    tx.desk.audit(rfc3339(now), author, "draft", key)
    return key, txid, False


def _require_to_come(tx: Reading, txid: str) -> None:
    """Refused where the transaction has settled, and took no coins of any campaign."""
    known, settled = Observed(tx.session).tx(txid), settled_block(tx)
    if known is not None and known.height is not None and settled is not None and known.height <= settled:
        raise Refused.field("txid", "has settled and took no coins of ours; name the transaction that did")


def withdraw(
    tx: Writing, author: int | None, role: Role, noun: str, slug: str, number: str, *, now: int
) -> str | None:
    """Take an open draft back, its author or an approver; its key, or None where there is none of this number."""
    key = f"{noun}:{slug}:{number}"
    for draft in tx.desk.drafts():
        if draft.key == key:
            if draft.user_id != author and role not in APPROVERS:
                raise NotAllowed.field(noun, "only who told this draft, or an approver, can take it back")
            tx.desk.close_draft(draft.id, "withdrawn")
            tx.desk.audit(rfc3339(now), author, "draft withdrawn", key)
            return key
    return None


def recorded_otherwise(tx: Writing, key: str) -> None:
    """A fact is recorded under the number of a draft that was refused: the draft waits no longer."""
    for draft in tx.desk.drafts():
        if draft.key == key:
            tx.desk.close_draft(draft.id, "put right")


def unseen(tx: Reading, waiting: Iterable[Draft]) -> Iterator[Draft]:
    """Those of some drafts whose transaction no look has shown yet."""
    observed = Observed(tx.session)
    for draft in waiting:
        if draft.waits_for is not None and observed.tx(draft.waits_for) is None:
            yield draft


def refused(tx: Reading, waiting: Iterable[Draft]) -> Iterator[tuple[Draft, Wording]]:
    """Those of some drafts whose spend has settled and that still wait, and why they were refused then."""
    for draft in waiting:
        if (
            draft.waits_for is not None
            and find_spend(tx.session, draft.campaign, draft.waits_for) is not None
        ):
            yield draft, draft.refusal or Wording("the ledger did not take it")
