"""What all sums over a campaign ask for: its products and its balances, read once for them."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.model.campaigns import ProductRow
from ledger.rules.balances import CampaignBalances


@dataclass(frozen=True, slots=True)
class Known:
    """The products of a campaign by code, and what its accounts hold."""

    products: dict[str, ProductRow]
    held: CampaignBalances
