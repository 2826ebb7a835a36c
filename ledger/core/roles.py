"""Who may do what: roles are given to users for all campaigns or for one, and scopes narrow what a token may do.

Entries name roles in place of people.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Who may do what; entries name roles, never people."""

    ADMIN = "admin"
    RECORDER = "recorder"
    APPROVER = "approver"
    AUDITOR = "auditor"
    VIEWER = "viewer"
    SYSTEM = "system"


GIVEN = frozenset(Role) - {Role.SYSTEM}
"""Roles that a person can have."""
READERS = GIVEN
"""Who reads what waits for a person, with its suggestions."""
SCREENERS = GIVEN - {Role.VIEWER}
"""Who reads how senders and payees were compared with lists of sanctions."""
RECORDERS = frozenset({Role.RECORDER, Role.APPROVER, Role.ADMIN})
APPROVERS = frozenset({Role.APPROVER, Role.ADMIN})
AUDITORS = frozenset({Role.AUDITOR, Role.ADMIN})
"""Who reads everything: people, their roles and tokens, and the audit log."""
ADMINS = frozenset({Role.ADMIN})

_FIRST = (Role.APPROVER, Role.ADMIN, Role.RECORDER, Role.AUDITOR, Role.VIEWER)
"""By which role somebody acts who has several that may: as approver before admin, since a limit that binds approvers
is not got around by another role."""


def acting(roles: Set[Role]) -> Role:
    """The role by which somebody acts who has all of these, at least one."""
    return next(role for role in _FIRST if role in roles)


class Scope(StrEnum):
    """What a token may do, beside what the roles of its user allow."""

    READ = "read"
    RECORD = "record"
    APPROVE = "approve"
    ADMINISTER = "administer"


ALL_SCOPES = frozenset(Scope)


def scope_of(roles: Set[Role]) -> Scope:
    """The scope that a token needs for an act which these roles may do."""
    if Role.RECORDER in roles:
        return Scope.RECORD
    return Scope.APPROVE if Role.APPROVER in roles else Scope.ADMINISTER


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role of somebody: in one campaign, or in all (`campaign` None); `until` its last day, None for no end."""

    role: Role
    campaign: str | None = None
    until: str | None = None
