"""Somebody who acts: by which roles, in which campaigns, and how a token narrows that. It knows no kind of entry."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import Self

from ledger.core.errors import NotAllowed
from ledger.core.roles import ALL_SCOPES, Grant, Role, Scope, acting


@dataclass(frozen=True, slots=True)
class Actor:
    """A user of the desk, known by name here and by role in entries; `grants` are the roles that have not ended.

    `scopes`, `campaigns` and `until` (RFC 3339) are those of the token by which they act; `campaigns` None: it is for
    all; `until` None: it does not end.
    """

    id: int | None
    name: str
    grants: tuple[Grant, ...]
    scopes: frozenset[Scope] = ALL_SCOPES
    campaigns: frozenset[str] | None = None
    until: str | None = None

    @classmethod
    def everywhere(cls, number: int | None, name: str, role: str) -> Self:
        """Who has one role in all campaigns, without an end."""
        return cls(number, name, (Grant(Role(role)),))

    def roles_in(self, campaign: str | None) -> frozenset[Role]:
        """The roles held in a campaign; None: those held in all campaigns."""
        return frozenset(g.role for g in self.grants if g.campaign is None or g.campaign == campaign)

    def may(self, scope: Scope, roles: Set[Role], campaign: str | None) -> bool:
        """Would `require` let them?"""
        within = self.campaigns is None or campaign in self.campaigns
        return scope in self.scopes and within and not self.roles_in(campaign).isdisjoint(roles)

    def require_somewhere(self, act: str, scope: Scope, roles: Set[Role]) -> None:
        """NotAllowed where an act that belongs to no campaign may be done in none."""
        named = {grant.campaign for grant in self.grants if grant.campaign is not None} | (
            self.campaigns or set()
        )
        places = [*sorted(named), None]
        self.require(act, scope, roles, next((at for at in places if self.may(scope, roles, at)), places[0]))

    def require(self, act: str, scope: Scope, roles: Set[Role], campaign: str | None) -> Role:
        """The role by which an act may be done in a campaign, None: in all of them.

        Raises NotAllowed, which says whether a scope, a campaign or a role is missing. `act` is what a command line
        would call it.
        """
        if scope not in self.scopes:
            raise NotAllowed.field(
                "scope",
                "this token has no scope `{scope}`, which `{act}` needs; it has {scopes}",
                scope=scope.value,
                act=act,
                scopes=sorted(self.scopes),
            )
        if self.campaigns is not None and campaign is None:
            raise NotAllowed.field(
                "campaign",
                "`{act}` is about all campaigns, and this token is for {campaigns} only",
                act=act,
                campaigns=sorted(self.campaigns),
            )
        if self.campaigns is not None and campaign not in self.campaigns:
            raise NotAllowed.field(
                "campaign",
                "this token is not for campaign {campaign}, but for {campaigns}",
                campaign=str(campaign)[:60],
                campaigns=sorted(self.campaigns),
            )
        held = self.roles_in(campaign)
        if held & roles:
            return acting(held & roles)
        if held:
            raise NotAllowed.field(
                "role",
                "your role, {held}, does not allow `{act}`; these can: {roles}",
                many="your roles, {held}, do not allow `{act}`; these can: {roles}",
                n=len(held),
                held=sorted(held),
                act=act,
                roles=sorted(roles),
            )
        if campaign is None:
            raise NotAllowed.field(
                "role",
                "`{act}` needs one of these roles for all campaigns: {roles}",
                act=act,
                roles=sorted(roles),
            )
        raise NotAllowed.field(
            "role",
            "you have no role in campaign {campaign}; `{act}` needs one of {roles} there",
            campaign=campaign[:60],
            act=act,
            roles=sorted(roles),
        )
