"""The desk: who may record what, by noun and verb. The API and the command line both go through here.

Every write but intentions needs an actor with a role; who recorded a fact never approves it.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import ConfigDict

from ledger.core.entry import entry_from_bytes
from ledger.core.errors import Conflict, NotFound, Refused
from ledger.core.facts import STRICT, Number, facts_from
from ledger.core.roles import Role, scope_of
from ledger.core.secret import new_code, secret_within
from ledger.core.times import rfc3339
from ledger.recording import drafts
from ledger.recording.actors import Actor  # the API finds it here
from ledger.recording.address_gaps import load_gaps, unread_scripts
from ledger.recording.any_kind import AnyKind
from ledger.recording.dating import NOTHING_BESIDE, Beside, parted
from ledger.recording.kinds import ALL, BY_NAME
from ledger.recording.papers import completed, naming_salted, salted, take_out_sealed
from ledger.recording.papers import keep_paper as keep_paper
from ledger.recording.papers import seal_paper as seal_paper
from ledger.recording.papers import sealed_paper as sealed_paper
from ledger.recording.record import AlreadyRecorded, record
from ledger.recording.reversals import Reversal
from ledger.recording.screening import keep_apart
from ledger.recording.users import actor_of_token as actor_of_token
from ledger.rules.books import Books
from ledger.rules.campaigns import campaign_of, require_need
from ledger.rules.evidence import Evidence
from ledger.rules.explaining import is_unsettled
from ledger.rules.sealings import APPROVED as SEALING_APPROVED
from ledger.rules.sealings import Sealing
from ledger.store.transaction import Writing

_FINDS_LISTED = frozenset({"sanctions-list", "incoming"})
"""Nouns after which a gift may turn out to be from an address on a list."""
_CLAIM_CODE = re.compile(r"[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class Action:
    """What can be done with a noun: the facts that it takes and the roles that may."""

    kind: AnyKind
    facts: type
    roles: frozenset[Role]
    doc: str


@dataclass(frozen=True, slots=True)
class Noun:
    name: str
    plural: str
    actions: Mapping[str, Action]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action. `waiting_for` is the txid that a draft waits for; then there is no entry yet.

    Neither an entry nor a txid: a draft was taken back.
    """

    seq: int | None
    key: str
    already: bool
    waiting_for: str | None
    data: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a donor may say when asking for an address: the need that the gift is for; nothing about themselves."""

    __pydantic_config__: ClassVar[ConfigDict] = STRICT
    need: Number | None = None


@dataclass(frozen=True, slots=True)
class Intention:
    """An address for one donor, with a BIP 21 URI and a claim code; `fresh` False: the campaign's fixed one.

    `need`: what comes to it is restricted to that need. `past_is_read`: none of the donor's own was given yet, since
    blocks in which those that are left may have been paid are still being read.
    """

    address: str
    bip21: str
    claim_code: str
    fresh: bool
    need: str | None = None
    past_is_read: bool = False


def _nouns() -> dict[str, Noun]:
    actions: dict[str, dict[str, Action]] = defaultdict(dict)
    for kind in ALL:
        if Role.SYSTEM not in kind.roles:
            actions[kind.noun][kind.verb] = Action(kind, kind.facts, kind.roles, kind.doc)
    irregular = {"evidence": "evidence", "loss": "losses", "in-kind": "in-kind-gifts", "incoming": "incoming"}
    irregular |= {"outstanding": "outstanding", "interest": "interest"}
    return {noun: Noun(noun, irregular.get(noun, noun + "s"), verbs) for noun, verbs in actions.items()}


NOUNS: Mapping[str, Noun] = _nouns()
"""The nouns of the desk, from the kinds of entry."""


def action_of(noun: str, verb: str) -> Action:
    """Raises NotFound, naming what there is."""
    if noun not in NOUNS:
        raise NotFound.field(
            "noun", "there is no {noun}; there are {known}", noun=noun[:40], known=sorted(NOUNS)
        )
    actions = NOUNS[noun].actions
    if verb not in actions:
        raise NotFound.field(
            "verb",
            "{noun} has no verb {verb}; it has {known}",
            noun=noun,
            verb=verb[:40],
            known=sorted(actions),
        )
    return actions[verb]


def act(
    tx: Writing,
    actor: Actor,
    slug: str,
    noun: str,
    verb: str,
    facts: object,
    *,
    now: int,
    beside: Beside = NOTHING_BESIDE,
) -> Outcome:
    """Record what a person tells; `facts` is an instance of the action's facts, or the JSON object of one.

    `beside` is what every fact may carry beside its fields; an object names it among them.
    Raises Refused, NotFound, Conflict or NotAllowed and leaves the ledger as it was.
    """
    action = action_of(noun, verb)
    named, scope = f"{noun} {verb}", scope_of(action.roles)
    # A campaign that is opened is nobody's yet, and what speaks to all is said by who may speak in all.
    everywhere = action.kind.everywhere or (noun, verb) == ("campaign", "add")
    role = actor.require(named, scope, action.roles, None if everywhere else slug)
    secret = secret_within(facts)
    if secret is not None:
        raise Refused.field(
            noun,
            "one of its fields holds what looks like {found}; entries are published for ever, so nothing of it was "
            "kept, but treat that key as seen and move its coins",
            found=secret.value,
        )
    if isinstance(facts, dict):
        facts, beside = parted(facts)
    typed: Any = facts if isinstance(facts, action.facts) else facts_from(action.facts, facts)
    if noun == "campaign" and typed.slug != slug:
        raise Refused.field(
            "slug",
            "is {slug}, and the campaign asked for is {campaign}; write one name",
            slug=typed.slug,
            campaign=slug[:60],
        )
    match typed:
        case Evidence():
            typed = completed(tx, typed)
        case Sealing():
            typed = salted(tx, actor, typed, now=now)
        case _:
            typed = naming_salted(tx, typed)
    kind = action.kind
    for also in (*kind.also_in(tx.session, slug, typed), *_undone_also_in(tx, typed)):
        actor.require(named, scope, action.roles, also)
    if _takes_back_everywhere(tx, typed):
        actor.require(named, scope, action.roles, None)
    early = drafts.explanation(kind, typed, beside)
    if early is not None and is_unsettled(tx.session, slug, early.explains.txid):
        key, txid, already = drafts.keep(tx, actor.id, role, slug, early, now=now)
        return Outcome(None, key, already, txid, None)
    if verb == "reject":
        withdrawn = drafts.withdraw(tx, actor.id, role, noun, slug, typed.number, now=now)
        if withdrawn is not None:
            return Outcome(None, withdrawn, False, None, None)
    outcome = record(
        tx,
        kind,
        slug,
        typed,
        now=now,
        role=role,
        author=actor.id,
        happened=beside.happened,
        out_of_order=beside.out_of_order,
    )
    already = isinstance(outcome, AlreadyRecorded)
    if already and Books(tx).reversed_by(outcome.entry.seq) is not None:
        if hasattr(typed, "n"):
            raise Conflict.field(
                noun,
                "this was recorded as entry {entry} and reversed since, so it does not stand; to record it again, "
                "give the next `n`",
                entry=outcome.entry.seq,
            )
        raise Conflict.field(
            noun,
            "this was recorded as entry {entry} and reversed since, so it does not stand; to record it again, give "
            "another {field}",
            entry=outcome.entry.seq,
            field=kind.named,
        )
    if not already:
        tx.desk.audit(rfc3339(now), actor.id, f"{noun} {verb}", outcome.entry.key)
        drafts.recorded_otherwise(tx, outcome.entry.key)
        if action.kind is SEALING_APPROVED:
            take_out_sealed(tx, actor, slug, typed.number, now=now)
        if noun in _FINDS_LISTED:
            for _ in keep_apart(tx, slug, now=now):
                pass
    return Outcome(outcome.entry.seq, outcome.entry.key, already, None, outcome.data)


def _undone_also_in(tx: Writing, facts: object) -> tuple[str, ...]:
    """Other campaigns in whose books this would take something back."""
    row = tx.journal.by_seq(facts.entry) if isinstance(facts, Reversal) else None
    if row is None:
        return ()
    kind, undone = BY_NAME[row.kind], entry_from_bytes(row.data)
    return kind.also_in(tx.session, undone.campaign, kind.read(undone).facts)


def _takes_back_everywhere(tx: Writing, facts: object) -> bool:
    """Would this reverse what says something to every campaign?"""
    undone = tx.journal.by_seq(facts.entry) if isinstance(facts, Reversal) else None
    return undone is not None and BY_NAME[undone.kind].everywhere


def claim_hash(code: str) -> str:
    """What a claim code is found by: the code itself is stored nowhere."""
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def new_claim_code() -> str:
    """A secret of 128 bits, by which a donor finds the way of a gift."""
    return new_code()


def bip21_of(address: str, title: str) -> str:
    """What a wallet opens: the address, labelled with the campaign's title (BIP 21, escaped by RFC 3986)."""
    return f"bitcoin:{address}?label={quote(title, safe='')}"


ANY_END = Wish()
"""The wish of a donor who names no need."""


def request_intention(
    tx: Writing,
    slug: str,
    wish: object = ANY_END,
    *,
    now: int,
    code: str | None = None,
    shared: bool = False,
) -> Intention:
    """An address for a donor who asks: each is given out once, ever, but for the campaign's fixed one.

    `wish` is a Wish or the JSON object of one; all that comes to an address for a need is restricted to it. The fixed
    one is everybody's and kept for no need, whatever was wished: `need` of what is given says so. `shared`: that one,
    whatever is left. Raises NotFound or Refused for a need that is not there, Conflict where no fixed one is.
    With a `code` of `new_claim_code` the same again gives the same address.
    """
    asked_for: Wish = wish if isinstance(wish, Wish) else facts_from(Wish, wish)
    need, campaign = asked_for.need, campaign_of(tx.session, slug)
    if need is not None:
        require_need(tx.session, slug, need, "need")
    if code is None:
        code = new_claim_code()
    elif not _CLAIM_CODE.fullmatch(code):
        raise Refused.field("code", "is no claim code; open the form again, which has a fresh one")
    given = tx.addresses.by_claim(claim_hash(code))
    if given is not None:
        title = campaign_of(tx.session, given.campaign).title
        return Intention(given.address, bip21_of(given.address, title), code, True, given.restriction)
    row = (
        None
        if shared
        else tx.addresses.give_out(
            slug, rfc3339(now), claim_hash(code), load_gaps(tx), unread_scripts(tx), restriction=need
        )
    )
    fresh = row is not None
    if row is None:
        row, code = tx.addresses.fixed_of(slug), ""
        if row is None:
            raise Conflict.field("address", "this campaign has no address to give out yet")
    waits = not fresh and not shared and tx.addresses.left(slug, load_gaps(tx)) > 0
    return Intention(row.address, bip21_of(row.address, campaign.title), code, fresh, row.restriction, waits)
