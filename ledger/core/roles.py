"""Who may do what: the roles of users, which entries name in place of people."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Who may do what; entries name roles, never people."""

    ADMIN = "admin"
    RECORDER = "recorder"
    APPROVER = "approver"
    AUDITOR = "auditor"
    SYSTEM = "system"
