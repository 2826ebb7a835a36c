"""What a database says when it cannot, as one sentence with its remedy: full, read only, broken, or not there.

It hides no error of this program: what is none of these is raised as it came.
"""

from __future__ import annotations

import sqlite3

from ledger.core.errors import StorageFailed
from ledger.core.wording import Wording

BUSY_SECONDS = 30
"""How long a writer waits for another one."""
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
"""The second: the file beside a write-ahead log, which readers share, found no room."""
_AT_SYNC = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})

_FULL_SENTENCE = Wording("its disk is full; free some space and try again")
_BUSY = Wording(
    "another process has been writing for {seconds} seconds; try again", {"seconds": BUSY_SECONDS}
)
_SQLITE = {
    sqlite3.SQLITE_READONLY: Wording(
        "this user may not write its file; allow the file and its folder to be written"
    ),
    sqlite3.SQLITE_PERM: Wording(
        "this user may not open its file; allow the file and its folder to be written"
    ),
    sqlite3.SQLITE_CANTOPEN: Wording(
        "its file, or one beside it, cannot be opened; allow them to be written, and look whether the disk has room"
    ),
    sqlite3.SQLITE_IOERR: Wording("its disk failed; look at the system's log, then run `aidtrail check`"),
    sqlite3.SQLITE_CORRUPT: Wording("its file is damaged; restore a backup"),
    sqlite3.SQLITE_NOTADB: Wording("its file is damaged; restore a backup"),
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_NOMEM: Wording("this machine has no memory left; try again"),
}
_READ_ONLY = "25006"
_TIMED_OUT = frozenset({"25P03", "25P04"})
"""A transaction that was idle, or took, longer than its server is configured to allow."""
_PERHAPS_DONE = "40003"
_POSTGRESQL = {
    _READ_ONLY: Wording("its server takes no writes; name the one that does"),
    "53100": _FULL_SENTENCE,
    "53200": Wording("its server has no memory left; try again"),
    "53300": Wording("its server has no connection left; try again, or allow more"),
    "55P03": _BUSY,
    "58030": Wording("its server's disk failed; look at the server's log, then run `aidtrail check`"),
    "XX001": Wording("it is damaged; restore a backup"),
    "XX002": Wording("it is damaged; restore a backup"),
}
_UNDONE = Wording("its server undid this transaction; try again")
_SPENT = Wording("its server has reached a limit or failed; look at the server's log, and try again")
_UNREACHED = Wording("its server cannot be reached; try again when it is there")
_ENDED = Wording("its server ended the connection; try again")
_UNKNOWN = Wording("whether this was written is not known: tell it again, the same fact is recorded once")
_MOST_WORDS = 300
_NOTHING = Wording("nothing was written")


def server_ended() -> StorageFailed:
    """The server ended a connection while it was asked what server it is."""
    return StorageFailed("database: {why}", why=_ENDED)


def storage_failure(
    failure: BaseException, *, commits: bool = False, writes: bool = True, opens: bool = False
) -> StorageFailed | None:
    """The failure in a sentence; None where the cause is a mistake of this program, or a refusal.

    `commits`: it came in answer to COMMIT, when a broken sync or connection leaves open what was kept. `opens`: the
    database was being opened, so its own words follow for who configures it; no visitor is told them.
    """
    cause = getattr(failure, "orig", None) or failure
    code = getattr(cause, "sqlite_errorcode", None)
    if not writes and (code == sqlite3.SQLITE_READONLY or getattr(cause, "sqlstate", None) == _READ_ONLY):
        return None  # a reading transaction that writes: the program's mistake
    if code is not None:
        why, full, unsure = _of_sqlite(int(code))
    elif isinstance(cause, Exception) and hasattr(cause, "sqlstate"):
        why, full, unsure = _of_postgresql(cause)
    else:
        return None
    if why is None:
        return None
    beside: Wording | str | None = (_UNKNOWN if commits and unsure else _NOTHING) if writes else None
    if opens:
        beside = next(iter(str(cause).splitlines()), "")[:_MOST_WORDS]
    if beside is None:
        return StorageFailed("database: {why}", full=full, why=why)
    return StorageFailed("database: {why} ({beside})", full=full, why=why, beside=beside)


def _of_sqlite(code: int) -> tuple[Wording | None, bool, bool]:
    """Why, whether for want of room, and whether a commit may have been kept all the same."""
    if code in _FULL:
        return _FULL_SENTENCE, True, False
    return _SQLITE.get(code & 0xFF), False, code in _AT_SYNC


def _of_postgresql(cause: Exception) -> tuple[Wording | None, bool, bool]:
    state: str | None = cause.sqlstate  # type: ignore[attr-defined]
    if state is None:
        lost = any(kind.__name__ == "OperationalError" for kind in type(cause).__mro__)
        return (_UNREACHED if lost else None), False, lost
    if state in _POSTGRESQL:
        return _POSTGRESQL[state], state == "53100", False
    if state[:2] in ("08", "57") or state in _TIMED_OUT:
        return _ENDED, False, True
    if state[:2] == "40":  # a deadlock, or two that could not both be
        return _UNDONE, False, state == _PERHAPS_DONE
    if state[:2] in ("53", "58"):
        return _SPENT, False, False
    return None, False, False
