"""What the JSON says that is no view of the ledger: cursor pages, problems, and what came of a request.

All else is the ledger's own answers (`ledger/views`), as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from pydantic import JsonValue

from api.pages.sentences import what_to_do
from ledger.core.entry import OutOfOrder
from ledger.core.frozen import Amount, Frozen
from ledger.core.roles import Role, Scope
from ledger.model.evidence import Treatment
from ledger.model.inquiries import LookupState
from ledger.views.bank_state import BankState
from ledger.views.campaign import Books
from ledger.views.conservation import Conservation
from ledger.views.open_items import OpenItem

T = TypeVar("T")


class Page(Frozen, Generic[T]):
    """Rows, and where the next page begins."""

    items: tuple[T, ...]
    """The rows."""
    next: str | None
    """Give it as `cursor` for the page that follows; null on the last page. `Link` says the same."""


class Decision(OpenItem):
    """One thing that waits for a person, with its sentence."""

    what_to_do: str
    """What ends it, in one English sentence."""

    @classmethod
    def of(cls, item: OpenItem) -> Decision:
        """The item of the ledger in words."""
        fields = {name: getattr(item, name) for name in OpenItem.model_fields}
        return cls(**fields, what_to_do=what_to_do(item.to_do))


class WordingParts(Frozen):
    """A sentence in its parts: the same text whatever it is about, and what stands at its places."""

    text: str
    """The English text, with a name in braces at each place; the same for ever, so a program may tell it by it."""
    values: Mapping[str, JsonValue]
    """What stands at each place: a text, a number, an amount with its asset, a list, or another such sentence."""
    many: str = ""
    """The English text for every `n` but 1, where that number decides the form."""


class FieldProblem(Frozen):
    """One thing that is wrong."""

    field: str
    """Dotted name of the field; empty where it is about none."""
    reason: str
    """Why, and what to do."""
    message: WordingParts
    """The reason in its parts."""


class ProblemDetails(Frozen):
    """What went wrong (RFC 9457)."""

    type: str
    """Address of what this kind of problem means."""
    title: str
    """The kind of problem in a few words."""
    status: int
    """The status of the answer."""
    detail: str
    """What is wrong and what to do, in one sentence."""
    errors: tuple[FieldProblem, ...] = ()
    """What is wrong, field by field, where the ledger says so."""


class PublishedEntry(Frozen):
    """An entry of the journal, as published: its bytes are never made again."""

    v: int
    """Version of the form."""
    seq: int
    """Number of the entry."""
    previous: str
    """Hash of the entry before; 64 zeros for the first."""
    key: str
    """What happened in the world; the same key is recorded once."""
    kind: str
    """What was recorded."""
    campaign: str
    """Short name of the campaign; empty for what belongs to none."""
    at: str
    """When it was recorded, RFC 3339."""
    date: str
    """The accounting day."""
    role: str
    """Role of who recorded it."""
    facts: Mapping[str, JsonValue]
    """What was told, by the fields of its kind."""
    notes: Mapping[str, JsonValue]
    """What the ledger added, such as a valuation."""
    transfers: tuple[tuple[str, str, str, int], ...]
    """Each as account debited, account credited, asset, minor units."""
    operations: tuple[JsonValue, ...]
    """What it did to lines of units."""
    happened: str | None = None
    """The day on the paper, where it is booked on a later one."""
    out_of_order: OutOfOrder | None = None
    """Why that day is before the day of what the fact rests on."""
    reverses: int | None = None
    """Number of the entry that it takes back."""


class Recorded(Frozen):
    """What became of a fact."""

    seq: int | None
    """Number of its entry; null for a draft."""
    key: str
    """What it is recorded under."""
    already: bool
    """Was it recorded before? Then nothing changed."""
    waiting_for: str | None
    """Transaction that a draft waits for."""
    entry: PublishedEntry | None
    """The entry as published; null for a draft."""


class GivenAddress(Frozen):
    """An address for one gift."""

    address: str
    """Where to send it."""
    bip21: str
    """The same as a link for a wallet."""
    claim_code: str | None
    """Secret link to the way of the gift; null for the address that all donors share."""
    fresh: bool
    """Is it for this donor alone?"""
    need: str | None
    """The one need that it is for."""
    note: str | None
    """What to keep in mind; null where there is nothing."""


class Looked(Frozen):
    """What became of a transaction that is looked at alone."""

    txid: str
    """The transaction."""
    state: LookupState
    """How far the look-up is, and what it came to."""
    sentence: str
    """The same in words."""
    asked_at: str
    """When it was asked for, RFC 3339."""
    answered_at: str | None
    """When sources answered, RFC 3339."""
    sources: tuple[str, ...]
    """Sources that the answer rests on."""
    height: int | None
    """Block that a source names for it, where that is not read here."""
    page: str
    """Path of its page."""


class KeptPaper(Frozen):
    """A paper of which a copy is kept."""

    sha256: str
    """SHA-256 of the copy, by which evidence names it."""
    original: str
    """SHA-256 of the bytes that were sent."""
    bytes: int
    """How many the copy has."""
    done: tuple[Treatment, ...]
    """What was taken out of it, or left in it."""
    metadata: tuple[str, ...]
    """What the file said beside what it shows, as its format names it; kept nowhere."""


class SealedHash(Frozen):
    """A paper that is sealed."""

    sealed: str
    """Its salted hash, by which evidence names it: the SHA-256 of the salt followed by that of its bytes."""


class WhereOriginal(Frozen):
    """What opens the salted hash of a sealed paper; private."""

    sealed: str
    """The salted hash."""
    salt: str
    """64 hexadecimal digits."""
    lies: str
    """Where the original is kept, as a person wrote it; empty where nobody did."""


class ConfirmationLink(Frozen):
    """A one-time link by which the other side of a delivery counts what came."""

    code: str
    """The secret in it; it is never told again."""
    url: str
    """The link."""
    expires_at: str
    """Until when it works, RFC 3339."""
    qr: str
    """The link as a QR code, SVG."""


class HeldRole(Frozen):
    """A role that somebody has."""

    role: Role
    """Which."""
    campaign: str | None
    """Where; null for all campaigns."""
    until: str | None
    """Its last day; null where it has none."""


class Person(Frozen):
    """A user of the desk. Their name is in no entry and on no page."""

    name: str
    """What they are called here."""
    disabled: bool
    """Are they refused, with all their tokens?"""
    roles: tuple[HeldRole, ...]
    """What they may do, and where; of the campaign that was asked about, where one was."""
    limits: tuple[Amount, ...]
    """The most that they may approve, in each currency that limits them."""


class Me(Frozen):
    """Who asks, and what their token may do: what its scopes and campaigns allow and the roles allow too."""

    name: str
    """What they are called here."""
    roles: tuple[HeldRole, ...]
    """Their roles that have not ended."""
    scopes: tuple[Scope, ...]
    """What the token may do."""
    campaigns: tuple[str, ...] | None
    """Where it may; null for wherever they have a role."""
    until: str | None
    """When it ends, RFC 3339; null where it does not."""


class KnownToken(Frozen):
    """A token, without its secret."""

    id: int
    """Its number."""
    user: str
    """Whose it is."""
    name: str
    """What it is for."""
    at: str
    """When it was made, RFC 3339."""
    until: str | None
    """When it ends, RFC 3339; null where it does not."""
    scopes: tuple[Scope, ...]
    """What it may do."""
    campaigns: tuple[str, ...] | None
    """Where it may; null for wherever its user has a role."""
    revoked: bool
    """Is it accepted no more?"""


class MadeToken(Frozen):
    """A token that was made just now."""

    token: str
    """The secret; it is never told again."""


class AuditLine(Frozen):
    """A line of the audit log."""

    n: int
    """Its number."""
    at: str
    """When, RFC 3339."""
    user: str | None
    """Who; null for the program itself, and for the command line without a user."""
    action: str
    """What was done."""
    subject: str
    """To what."""


class Reconciliation(Frozen):
    """Where every asset is, and whether the books are the chain and the banks."""

    books: Books
    """Books against the chain."""
    conservation: Conservation
    """What came in of each asset and where it is."""
    banks: tuple[BankState, ...]
    """Books against statements, a bank each."""
    open: int
    """How much waits for a person."""
