"""The desk's tables: users, tokens, authors, drafts, openings of private values and the audit log.

Nothing here is public, and nothing here decides who may do what.
"""

# ruff: noqa: S608 (only names of columns of this file are formatted into SQL, never a value)

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from ledger.core.errors import Conflict
from ledger.store.session import Session


@dataclass(frozen=True, slots=True)
class User:
    """A person of the desk; `role` is the value of a `Role`."""

    id: int
    name: str
    role: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a user, without its hash; `at` is RFC 3339."""

    id: int
    user_id: int
    name: str
    at: str
    revoked: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """An explanation that waits for a spend (`waits_for` is its txid); `data` is the facts' JSON."""

    id: int
    kind: str
    campaign: str
    key: str
    data: bytes
    user_id: int
    waits_for: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Audited:
    """One line of the audit log."""

    n: int
    at: str
    user_id: int | None
    action: str
    subject: str


_USER = "users.id, users.name, users.role, users.disabled"
_DRAFT = "id, kind, campaign, key, data, user_id, waits_for, at"


class Desk:
    """Reading the desk's tables."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def user(self, name: str) -> User | None:
        row = self._session.one(f"SELECT {_USER} FROM users WHERE name = ?", (name,))
        return None if row is None else User(row[0], row[1], row[2], bool(row[3]))

    def users(self) -> list[User]:
        """All users, disabled ones included, in the order in which they were added."""
        rows = self._session.all(f"SELECT {_USER} FROM users ORDER BY id")
        return [User(row[0], row[1], row[2], bool(row[3])) for row in rows]

    def user_by_token_hash(self, token_hash: str) -> User | None:
        """Whose token that is; None when it is unknown or revoked."""
        row = self._session.one(
            f"SELECT {_USER} FROM users JOIN tokens ON tokens.user_id = users.id"
            " WHERE tokens.hash = ? AND tokens.revoked = 0",
            (token_hash,),
        )
        return None if row is None else User(row[0], row[1], row[2], bool(row[3]))

    def tokens(self, user_id: int) -> list[Token]:
        """Tokens of a user, revoked ones included."""
        rows = self._session.all(
            "SELECT id, user_id, name, at, revoked FROM tokens WHERE user_id = ? ORDER BY id", (user_id,)
        )
        return [Token(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    def author(self, seq: int) -> int | None:
        """Who recorded the entry; None when nobody of the desk did."""
        row = self._session.one("SELECT user_id FROM authors WHERE seq = ?", (seq,), beside=True)
        return None if row is None else int(row[0])

    def drafts(self, waits_for: str | None = None) -> list[Draft]:
        """Open drafts, all or those of one txid, oldest first."""
        sql = f"SELECT {_DRAFT} FROM drafts WHERE outcome IS NULL"
        if waits_for is None:
            rows = self._session.all(f"{sql} ORDER BY id")
        else:
            rows = self._session.all(f"{sql} AND waits_for = ? ORDER BY id", (waits_for,))
        return [Draft(*row) for row in rows]

    def opening(self, commitment: str) -> tuple[bytes, bytes] | None:
        """(salt, value) of a private value; None once it was deleted."""
        row = self._session.one("SELECT salt, value FROM openings WHERE commitment = ?", (commitment,))
        return None if row is None else (row[0], row[1])

    def audited(self, after: int = 0, limit: int = 1000) -> list[Audited]:
        """Lines of the audit log numbered above `after`."""
        rows = self._session.all(
            "SELECT n, at, user_id, action, subject FROM audit WHERE n > ? ORDER BY n LIMIT ?", (after, limit)
        )
        return [Audited(*row) for row in rows]


class DeskWriting(Desk):
    """Writing the desk's tables. Authors and lines of the audit log wait for the entries that they follow."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._authors: dict[int, int] = {}
        self._audited: int | None = None

    def author(self, seq: int) -> int | None:
        """Who recorded the entry, in this transaction or before it."""
        return self._authors[seq] if seq in self._authors else super().author(seq)

    def add_user(self, name: str, role: str, at: str) -> int:
        """The new user's number; raises Conflict for a name that is taken."""
        number = self._next("users")
        self._session.run(
            "INSERT INTO users (id, name, role, disabled, at) VALUES (?, ?, ?, 0, ?)",
            (number, name, role, at),
        )
        return number

    def set_user_disabled(self, user_id: int, disabled: bool) -> None:
        self._session.run("UPDATE users SET disabled = ? WHERE id = ?", (int(disabled), user_id))

    def add_token(self, user_id: int, name: str, token_hash: str, at: str) -> int:
        """The new token's number; raises Conflict for a hash that is there already."""
        number = self._next("tokens")
        self._session.run(
            "INSERT INTO tokens (id, user_id, name, hash, at, revoked) VALUES (?, ?, ?, ?, ?, 0)",
            (number, user_id, name, token_hash, at),
        )
        return number

    def revoke_token(self, token_id: int) -> None:
        self._session.run("UPDATE tokens SET revoked = 1 WHERE id = ?", (token_id,))

    def note_author(self, seq: int, user_id: int) -> None:
        """Who recorded an entry; raises Conflict for an entry that has an author."""
        if seq in self._authors:
            self._session.refuse("entry has an author already")
        self._session.later("INSERT INTO authors (seq, user_id) VALUES (?, ?)", [(seq, user_id)])
        self._authors[seq] = user_id
        self._session.on_undo(lambda: self._authors.__delitem__(seq))

    def add_draft(
        self, kind: str, campaign: str, key: str, data: bytes, user_id: int, waits_for: str | None, at: str
    ) -> int:
        number = self._next("drafts")
        self._session.run(
            f"INSERT INTO drafts ({_DRAFT}, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (number, kind, campaign, key, data, user_id, waits_for, at),
        )
        return number

    def close_draft(self, draft_id: int, outcome: str) -> None:
        """Close an open draft; one that is closed stays as it is."""
        self._session.run(
            "UPDATE drafts SET outcome = ? WHERE id = ? AND outcome IS NULL", (outcome, draft_id)
        )

    def save_opening(self, commitment: str, salt: bytes, value: bytes) -> None:
        """Keep what opens a commitment; the same again changes nothing, another one raises Conflict."""
        there = self.opening(commitment)
        if there is None:
            self._session.run(
                "INSERT INTO openings (commitment, salt, value) VALUES (?, ?, ?)", (commitment, salt, value)
            )
        elif there != (salt, value):
            raise Conflict(f"opening: {commitment[:12]}… is kept already with another value; keep that one")

    def delete_opening(self, commitment: str) -> None:
        """Forget a private value; its commitment stays in the entry and says nothing any more."""
        # A row that is only deleted lies in the file until its page is used again.
        nothing = (bytes(len(part)) for part in self.opening(commitment) or (b"", b""))
        self._session.run(
            "UPDATE openings SET salt = ?, value = ? WHERE commitment = ?", (*nothing, commitment)
        )
        self._session.run("DELETE FROM openings WHERE commitment = ?", (commitment,))

    def audit(self, at: str, user_id: int | None, action: str, subject: str) -> None:
        """Append a line to the audit log; it cannot be changed or removed."""
        before = self._audited
        if before is None:
            before = int(self._session.one("SELECT coalesce(max(n), 0) FROM audit", beside=True)[0])
        self._session.later(
            "INSERT INTO audit (n, at, user_id, action, subject) VALUES (?, ?, ?, ?, ?)",
            [(before + 1, at, user_id, action, subject)],
        )
        self._audited = before + 1
        self._session.on_undo(partial(setattr, self, "_audited", before))

    def _next(self, table: str) -> int:
        return int(self._session.one(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")[0])
