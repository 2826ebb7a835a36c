"""The desk's tables: users, their roles, tokens, authors, drafts, openings of private values and the audit log.

Nothing here is public, and nothing here decides who may do what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, insert
from sqlmodel import Session, col, or_, select

from ledger.core.errors import Conflict
from ledger.core.roles import ALL_SCOPES, Grant, Role, Scope
from ledger.core.wording import Wording
from ledger.model.columns import Table, table_of
from ledger.model.desk import (
    AuditRow,
    DraftRow,
    OpeningRow,
    TokenCampaignRow,
    TokenRow,
    TokenScopeRow,
    UserLimitRow,
    UserRoleRow,
    UserRow,
)
from ledger.model.journal import AuthorRow
from ledger.store.messages import forget_messages, keep_messages, kept_messages

_EVERYWHERE = ""
"""How the rows of a role or a token name all campaigns."""


@dataclass(frozen=True, slots=True)
class User:
    """A person of the desk; what they may do, their grants say."""

    id: int
    name: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a user, without its hash; `at` and `until` are RFC 3339, None for one that does not end.

    `campaigns` None: for all in which its user has a role.
    """

    id: int
    user_id: int
    name: str
    at: str
    until: str | None
    scopes: frozenset[Scope]
    campaigns: frozenset[str] | None
    revoked: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """An explanation that waits for a spend (`waits_for` is its txid); `data` is the facts' JSON.

    `refusal` is why the ledger did not take it, None where it was not refused.
    """

    id: int
    kind: str
    campaign: str
    key: str
    data: bytes
    user_id: int
    waits_for: str | None
    at: str
    refusal: Wording | None


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the audit log."""

    n: int
    at: str
    user_id: int | None
    action: str
    subject: str


def _user(row: UserRow | None) -> User | None:
    return None if row is None else User(row.id, row.name, row.disabled)


class Desk:
    """Reading the desk's tables."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def user(self, name: str) -> User | None:
        return _user(self._session.exec(select(UserRow).where(UserRow.name == name)).first())

    def users(self) -> list[User]:
        """All users, disabled ones included, in the order in which they were added."""
        rows = self._session.exec(select(UserRow).order_by(col(UserRow.id)))
        return [User(row.id, row.name, row.disabled) for row in rows]

    def by_token_hash(self, token_hash: str, at: str) -> tuple[User, Token] | None:
        """A token and whose it is; None when it is unknown or revoked, or has ended at that time (RFC 3339)."""
        token = self._one_token(
            col(TokenRow.hash) == token_hash,
            col(TokenRow.revoked) == 0,
            or_(col(TokenRow.until).is_(None), col(TokenRow.until) > at),
        )
        user = None if token is None else _user(self._session.get(UserRow, token.user_id))
        return None if token is None or user is None else (user, token)

    def grants(self, user_id: int) -> tuple[Grant, ...]:
        """The roles of a user, those for all campaigns first, ended ones included."""
        query = select(UserRoleRow).where(UserRoleRow.user_id == user_id)
        rows = self._session.exec(query.order_by(col(UserRoleRow.campaign), col(UserRoleRow.role)))
        return tuple(Grant(row.role, row.campaign or None, row.until) for row in rows)

    def tokens(self, user_id: int) -> list[Token]:
        """Tokens of a user, revoked ones included."""
        return self._tokens(col(TokenRow.user_id) == user_id)

    def all_tokens(self) -> list[Token]:
        """Tokens of all users, revoked ones included, in the order in which the users were added."""
        return self._tokens()

    def token(self, number: int) -> Token | None:
        """The token of a number, revoked ones included."""
        if number.bit_length() > 63:  # no column holds it
            return None
        return self._one_token(col(TokenRow.id) == number)

    def _one_token(self, *which: ColumnElement[bool]) -> Token | None:
        return next(iter(self._tokens(*which)), None)

    def _tokens(self, *which: ColumnElement[bool]) -> list[Token]:
        """Tokens with their scopes and campaigns, by user and number."""
        order = (col(TokenRow.user_id), col(TokenRow.id))
        rows = self._session.exec(select(TokenRow).where(*which).order_by(*order)).all()
        if not rows:
            return []
        scopes: dict[int, set[Scope]] = defaultdict(set)
        campaigns: dict[int, set[str]] = defaultdict(set)
        for scope in self._session.exec(select(TokenScopeRow).join(TokenRow).where(*which)):
            scopes[scope.token_id].add(scope.scope)
        for place in self._session.exec(select(TokenCampaignRow).join(TokenRow).where(*which)):
            campaigns[place.token_id].add(place.campaign)
        return [
            Token(
                row.id,
                row.user_id,
                row.name,
                row.at,
                row.until,
                frozenset(scopes[row.id]),
                None if _EVERYWHERE in campaigns[row.id] else frozenset(campaigns[row.id]),
                row.revoked,
            )
            for row in rows
        ]

    def limits(self, user_id: int) -> dict[str, int]:
        """The most that a user may approve, minor units by currency; empty where nothing limits them."""
        rows = self._session.exec(select(UserLimitRow).where(UserLimitRow.user_id == user_id))
        return {row.currency: row.most for row in rows}

    def author(self, seq: int) -> int | None:
        """Who recorded the entry; None when nobody of the desk did."""
        return self._session.exec(select(AuthorRow.user_id).where(AuthorRow.seq == seq)).first()

    def drafts(self, waits_for: str | None = None) -> list[Draft]:
        """Open drafts, all or those of one txid, oldest first."""
        query = select(DraftRow).where(col(DraftRow.outcome).is_(None)).order_by(col(DraftRow.id))
        if waits_for is not None:
            query = query.where(DraftRow.waits_for == waits_for)
        rows = self._session.exec(query).all()
        refusals = kept_messages(self._session, [row.refusal for row in rows])
        return [
            Draft(
                row.id,
                row.kind,
                row.campaign,
                row.key,
                row.data,
                row.user_id,
                row.waits_for,
                row.at,
                None if row.refusal is None else refusals[row.refusal],
            )
            for row in rows
        ]

    def opening(self, commitment: str) -> tuple[bytes, bytes] | None:
        """(salt, value) of a private value; None once it was deleted."""
        row = self._session.get(OpeningRow, commitment)
        return None if row is None else (row.salt, row.value)

    def audited(self, after: int = 0, limit: int = 1000, user_id: int | None = None) -> list[Audited]:
        """Lines of the audit log numbered above `after`, of one user where one is named."""
        wanted = select(AuditRow).where(AuditRow.n > after).order_by(col(AuditRow.n)).limit(limit)
        if user_id is not None:
            wanted = wanted.where(AuditRow.user_id == user_id)
        rows = self._session.exec(wanted)
        return [Audited(row.n, row.at, row.user_id, row.action, row.subject) for row in rows]


class DeskWriting(Desk):
    """Writing the desk's tables: authors and the audit log by Core alone, all others by the ORM alone."""

    def add_user(self, name: str, at: str) -> int:
        """The new user's number; raises Conflict for a name that is taken. Roles are given to them one by one."""
        number = self._next(UserRow.id)
        return self._added(UserRow(id=number, name=name, at=at), number)

    def give_role(self, user_id: int, grant: Grant) -> None:
        """Give a role, or give one that is had already another end."""
        row = self._session.get(UserRoleRow, (user_id, grant.campaign or _EVERYWHERE, grant.role))
        if row is None:
            row = UserRoleRow(user_id=user_id, campaign=grant.campaign or _EVERYWHERE, role=grant.role)
        row.until = grant.until
        self._session.add(row)
        self._session.flush()

    def take_role(self, user_id: int, role: Role, campaign: str | None) -> bool:
        """Take a role away; False where there was none."""
        row = self._session.get(UserRoleRow, (user_id, campaign or _EVERYWHERE, role))
        if row is None:
            return False
        self._session.delete(row)
        self._session.flush()
        return True

    def set_user_disabled(self, user_id: int, disabled: bool) -> None:
        row = self._session.get(UserRow, user_id)
        if row is not None:
            row.disabled = disabled
            self._session.flush()

    def set_limit(self, user_id: int, currency: str, most: int | None) -> None:
        """The most that a user may approve in a currency, minor units; None lifts it."""
        row = self._session.get(UserLimitRow, (user_id, currency))
        if row is not None and most is None:
            self._session.delete(row)
        elif row is not None and most is not None:
            row.most = most
        elif most is not None:
            self._session.add(UserLimitRow(user_id=user_id, currency=currency, most=most))
        self._session.flush()

    def add_token(
        self,
        user_id: int,
        name: str,
        token_hash: str,
        at: str,
        until: str | None = None,
        *,
        scopes: Iterable[Scope] = ALL_SCOPES,
        campaigns: Iterable[str] | None = None,
    ) -> int:
        """The new token's number; raises Conflict for a hash that is there already."""
        number = self._next(TokenRow.id)
        self._added(
            TokenRow(id=number, user_id=user_id, name=name, hash=token_hash, at=at, until=until), number
        )
        places = {_EVERYWHERE} if campaigns is None else set(campaigns)
        self._session.add_all(TokenScopeRow(token_id=number, scope=scope) for scope in sorted(set(scopes)))
        self._session.add_all(TokenCampaignRow(token_id=number, campaign=slug) for slug in sorted(places))
        self._session.flush()
        return number

    def revoke_token(self, token_id: int) -> None:
        row = self._session.get(TokenRow, token_id)
        if row is not None:
            row.revoked = True
            self._session.flush()

    def note_author(self, seq: int, user_id: int) -> None:
        """Who recorded an entry; raises Conflict for an entry that has an author."""
        self._session.connection().execute(insert(table_of(AuthorRow)), {"seq": seq, "user_id": user_id})

    def add_draft(
        self, kind: str, campaign: str, key: str, data: bytes, user_id: int, waits_for: str | None, at: str
    ) -> int:
        number = self._next(DraftRow.id)
        row = DraftRow(
            id=number, kind=kind, campaign=campaign, key=key, data=data, user_id=user_id,
            waits_for=waits_for, at=at,
        )  # fmt: skip
        return self._added(row, number)

    def refuse_draft(self, draft_id: int, why: Wording) -> None:
        """Keep why an open draft was not taken; it stays open."""
        row = self._session.get(DraftRow, draft_id)
        if row is not None and row.outcome is None:
            row.refusal = keep_messages(self._session, [why])[why]
            self._session.flush()
            forget_messages(self._session)

    def close_draft(self, draft_id: int, outcome: str) -> None:
        """Close an open draft; one that is closed stays as it is."""
        row = self._session.get(DraftRow, draft_id)
        if row is not None and row.outcome is None:
            row.outcome = outcome
            self._session.flush()

    def save_opening(self, commitment: str, salt: bytes, value: bytes) -> None:
        """Keep what opens a commitment; the same again changes nothing, another one raises Conflict."""
        there = self.opening(commitment)
        if there is None:
            self._session.add(OpeningRow(commitment=commitment, salt=salt, value=value))
            self._session.flush()
        elif there != (salt, value):
            raise Conflict.field(
                "opening",
                "{digest}… is kept already with another value; keep that one",
                digest=commitment[:12],
            )

    def delete_opening(self, commitment: str) -> None:
        """Forget a private value; its commitment stays in the entry and says nothing any more."""
        row = self._session.get(OpeningRow, commitment)
        if row is None:
            return
        # A row that is only deleted lies in the file until its page is used again.
        row.salt, row.value = bytes(len(row.salt)), bytes(len(row.value))
        self._session.flush()
        self._session.delete(row)
        self._session.flush()

    def audit(self, at: str, user_id: int | None, action: str, subject: str) -> None:
        """Append a line to the audit log; it cannot be changed or removed."""
        self._session.connection().execute(
            insert(table_of(AuditRow)),
            {"n": self._next(AuditRow.n), "at": at, "user_id": user_id, "action": action, "subject": subject},
        )

    def _next(self, column: int) -> int:
        return int(self._session.exec(select(func.coalesce(func.max(column), 0))).one()) + 1

    def _added(self, row: Table, number: int) -> int:
        self._session.add(row)
        self._session.flush()
        return number
