"""Early explanations: drafts that wait for the spend that they explain; what they say it is for, and their recording.

A draft moves nothing and holds nothing; what is refused when its spend settles stays for its author.
"""

from __future__ import annotations

from ledger.core.entry import Entry
from ledger.core.errors import LedgerError, StorageFailed
from ledger.core.roles import Role
from ledger.core.times import rfc3339
from ledger.recording import drafts
from ledger.recording.record import Recorded, record
from ledger.rules.campaigns import find_need
from ledger.rules.orders import find_order
from ledger.store.transaction import Reading, Writing


def purpose_of(tx: Reading, campaign: str, ref: str, sats: int) -> str | None:
    """The need that the first draft names which explains all of a spend, a payment by its order; None: any end."""
    for draft in tx.desk.drafts(waits_for=ref):
        explained = drafts.read(draft).explains
        if draft.campaign != campaign or explained.sats != sats:
            continue
        order = None if explained.order is None else find_order(tx.session, campaign, explained.order)
        need = explained.need if order is None else order.need
        known = need is not None and find_need(tx.session, campaign, need) is not None
        return need if known else None
    return None


def record_drafts(tx: Writing, txid: str, *, now: int) -> list[Entry]:
    """Record the drafts that waited for a spend, on behalf of their authors; the entries that came of it."""
    recorded = []
    for draft in tx.desk.drafts(waits_for=txid):
        try:
            draft_read = drafts.read(draft)
            outcome = record(
                tx,
                draft_read.kind,
                draft.campaign,
                draft_read.facts,
                now=now,
                role=Role.RECORDER,
                author=draft.user_id,
                happened=draft_read.beside.happened,
                out_of_order=draft_read.beside.out_of_order,
                waits=False,
            )
        except StorageFailed:
            raise
        except LedgerError as refusal:
            # The draft stays for its author to put right; the spend stays unexplained meanwhile.
            tx.desk.refuse_draft(draft.id, refusal.wording)
            tx.desk.audit(rfc3339(now), None, drafts.REFUSED, draft.key)
            continue
        tx.desk.close_draft(draft.id, "recorded")
        if isinstance(outcome, Recorded):
            recorded.append(outcome.entry)
    return recorded
