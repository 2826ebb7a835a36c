"""Leases: who leads, with an epoch that grows with each new leader, so that a late one is noticed.

It reads no clock; it is told the time.
"""

from __future__ import annotations

from ledger.core.errors import Conflict
from ledger.store.session import Session


class Lease:
    """Checking a lease."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def check(self, name: str, epoch: int) -> None:
        """Raises Conflict when another holder has taken the lease since, or it was released."""
        row = self._session.one("SELECT epoch, holder FROM leases WHERE name = ?", (name,))
        if row is None or row[0] != epoch or row[1] == "":
            raise Conflict(f"lease: {name} was lost to another process; stop writing as its holder")


class LeaseWriting(Lease):
    """Taking and giving back a lease."""

    def acquire(self, name: str, holder: str, now: int, ttl: int) -> int | None:
        """Take or renew a lease for `ttl` seconds from `now`; its epoch, or None while another holds it."""
        if not holder:
            raise Conflict("lease: the holder has no name; give it one")
        row = self._session.one("SELECT holder, epoch, until FROM leases WHERE name = ?", (name,))
        if row is not None and row[0] not in {"", holder} and row[2] > now:
            return None
        epoch = 1 if row is None else row[1] if row[0] == holder else row[1] + 1
        self._session.run(
            "INSERT INTO leases (name, holder, epoch, until) VALUES (?, ?, ?, ?) ON CONFLICT (name)"
            " DO UPDATE SET holder = excluded.holder, epoch = excluded.epoch, until = excluded.until",
            (name, holder, epoch, now + ttl),
        )
        return int(epoch)

    def release(self, name: str, epoch: int) -> None:
        """Give a lease back at once; nothing happens when it was lost before."""
        self._session.run(
            "UPDATE leases SET holder = '', until = 0 WHERE name = ? AND epoch = ?", (name, epoch)
        )
