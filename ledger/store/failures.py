"""What a database says when it cannot, as one sentence with its remedy: full, read only, broken, or not there.

It hides no error of this program: what is none of these is raised as it came.
"""

from __future__ import annotations

import sqlite3

from ledger.core.errors import StorageFailed

BUSY_SECONDS = 30
"""How long a writer waits for another one."""
_FULL = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE})
"""The second: the file beside a write-ahead log, which readers share, found no room."""
_AT_SYNC = frozenset({sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC})

_FULL_SENTENCE = "its disk is full; free some space and try again"
_BUSY = f"another process has been writing for {BUSY_SECONDS} seconds; try again"
_SQLITE = {
    sqlite3.SQLITE_READONLY: "this user may not write its file; allow the file and its folder to be written",
    sqlite3.SQLITE_PERM: "this user may not open its file; allow the file and its folder to be written",
    sqlite3.SQLITE_CANTOPEN: "its file, or one beside it, cannot be opened; allow them to be written, and look "
    "whether the disk has room",
    sqlite3.SQLITE_IOERR: "its disk failed; look at the system's log, then run `aidtrail check`",
    sqlite3.SQLITE_CORRUPT: "its file is damaged; restore a backup",
    sqlite3.SQLITE_NOTADB: "its file is damaged; restore a backup",
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_NOMEM: "this machine has no memory left; try again",
}
_READ_ONLY = "25006"
_POSTGRESQL = {
    _READ_ONLY: "its server takes no writes; name the one that does",
    "53100": _FULL_SENTENCE,
    "53200": "its server has no memory left; try again",
    "53300": "its server has no connection left; try again, or allow more",
    "55P03": _BUSY,
    "58030": "its server's disk failed; look at the server's log, then run `aidtrail check`",
    "XX001": "it is damaged; restore a backup",
    "XX002": "it is damaged; restore a backup",
}
_UNKNOWN = "whether this was written is not known: tell it again, the same fact is recorded once"
_MOST_WORDS = 300
_NOTHING = "nothing was written"


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
    after = f" ({_UNKNOWN if commits and unsure else _NOTHING})" if writes else ""
    if opens:
        after = f" ({next(iter(str(cause).splitlines()), '')[:_MOST_WORDS]})"
    return StorageFailed(f"database: {why}{after}", full=full)


def _of_sqlite(code: int) -> tuple[str | None, bool, bool]:
    """Why, whether for want of room, and whether a commit may have been kept all the same."""
    if code in _FULL:
        return _FULL_SENTENCE, True, False
    return _SQLITE.get(code & 0xFF), False, code in _AT_SYNC


def _of_postgresql(cause: Exception) -> tuple[str | None, bool, bool]:
    state: str | None = cause.sqlstate  # type: ignore[attr-defined]
    if state is None:
        lost = any(kind.__name__ == "OperationalError" for kind in type(cause).__mro__)
        return ("its server cannot be reached; try again when it is there" if lost else None), False, lost
    if state in _POSTGRESQL:
        return _POSTGRESQL[state], state == "53100", False
    if state[:2] in ("08", "57"):
        return "its server ended the connection; try again", False, True
    return None, False, False
