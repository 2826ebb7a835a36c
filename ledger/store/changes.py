"""Counters of change, one a campaign: what an answer that somebody keeps was made of, and whether it still is so.

They are raised where entries are recorded and observations are appended. They say that something changed, never what.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session, select

from ledger.model.columns import accumulate
from ledger.model.operation import CampaignChangeRow


class Changes:
    """Reading the counters."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def counts(self) -> dict[str, int]:
        """Campaign -> how often anything of it changed; none for one of which nothing was ever told."""
        rows = self._session.exec(select(CampaignChangeRow.campaign, CampaignChangeRow.count))
        return dict(rows.all())


class ChangesWriting(Changes):
    """Raising the counters, once a transaction. The table is written by Core alone."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._noted: set[str] = set()

    def note(self, campaigns: Iterable[str]) -> None:
        """Something public of these campaigns changes with this transaction."""
        self._noted.update(campaigns)

    def write(self) -> None:
        """Raise the counters of the campaigns that were noted: when all else is written, before it is kept."""
        raised = [{"campaign": campaign, "count": 1} for campaign in sorted(self._noted)]
        if raised:
            self._session.connection().execute(accumulate(self._session, CampaignChangeRow), raised)
        self._noted.clear()
