"""What an approval is asked to let go, and what else goes to the same payee: what limits compare (docs/rules.md, 16).

Each noun that moves money says it of its own rows; `limits` sums and refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ledger.model.screening import PayeeKind


class Party(NamedTuple):
    """A payee as screenings name it: by a name, or by the gift whose donor it is; the tax office has none."""

    kind: PayeeKind
    name: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an approval lets go: minor units of `currency`, its fee among them, the payee and the invoice where it has
    them.

    `party` is who is looked up on lists, none where it stays within the ledger; `txid` is the spend of coins.
    """

    currency: str
    minor: int
    payee: str | None = None
    invoice: str | None = None
    party: Party | None = None
    txid: str | None = None


@dataclass(frozen=True, slots=True)
class Also:
    """What else goes to the payee, minor units of `currency`: `at` is when it was approved, or recorded while it is
    pending (RFC 3339)."""

    currency: str
    minor: int
    invoice: str | None
    at: str
