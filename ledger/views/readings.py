"""What several parts of one answer about a campaign need, read when it is first asked for, and once.

Between the questions of `rules/` and `views/` and the answers that are made of many of them: the campaign's page, its
report, the list of what waits. For one answer only: what changes afterwards is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from ledger.model.evidence import EvidenceRow
from ledger.model.pledges import PledgeRow
from ledger.rules.balances import CampaignBalances
from ledger.rules.books import Books
from ledger.rules.came import Contributed, contributed
from ledger.rules.campaigns import products_of
from ledger.rules.order_papers import OrderPapers
from ledger.rules.pledges import PledgeState, pledge_states, pledges_of
from ledger.store.transaction import Reading
from ledger.views.bank_readings import BankReadings
from ledger.views.known import Known
from ledger.views.papers import standing_evidence
from ledger.views.payables import PayableRow, payable_rows
from ledger.views.stock import StockRow, stock_rows
from ledger.views.two_keys import Deliveries, deliveries
from ledger.views.unsettled_spends import UnsettledSpend, unsettled_spends


class CampaignReadings:
    """Of one campaign, on the day `today` (ISO date); `young`: the spends of all campaigns that have not settled,
    where the caller asks for several campaigns.
    """

    def __init__(
        self,
        tx: Reading,
        books: Books,
        campaign: str,
        today: str,
        young: tuple[UnsettledSpend, ...] | None = None,
    ) -> None:
        self.books = books
        self.campaign = campaign
        self.today = today
        self._tx = tx
        self._young = young

    @cached_property
    def young(self) -> tuple[UnsettledSpend, ...]:
        """The spends that have not settled, of whichever campaign."""
        return tuple(unsettled_spends(self._tx)) if self._young is None else self._young

    @cached_property
    def papers(self) -> OrderPapers:
        """Its orders and their papers."""
        return OrderPapers(self.books, self.campaign)

    @cached_property
    def known(self) -> Known:
        """Its products and its balances."""
        session = self.books.session
        return Known(products_of(session, self.campaign), CampaignBalances(session, self.campaign))

    @cached_property
    def contributed(self) -> Mapping[str, Contributed]:
        """Its gifts at banks that count, by currency."""
        return contributed(self.books.session, self.campaign)

    @cached_property
    def evidence(self) -> Sequence[EvidenceRow]:
        """Its papers that are not reversed, by day and title."""
        return standing_evidence(self.books.session, self.campaign)

    @cached_property
    def banks(self) -> BankReadings:
        return BankReadings(self.books.session, self.campaign, self.today)

    @cached_property
    def payables(self) -> tuple[PayableRow, ...]:
        return payable_rows(self.papers, self.today)

    @cached_property
    def deliveries(self) -> Deliveries:
        return deliveries(self.books.session, self.campaign, self.today)

    @cached_property
    def stock(self) -> list[StockRow]:
        return stock_rows(self.books, self.campaign, self.today)

    @cached_property
    def pledges(self) -> list[tuple[PledgeRow, PledgeState]]:
        """Those that are not reversed, by number."""
        pledges = pledges_of(self.books.session, self.campaign)
        states = pledge_states(self.books, self.campaign, pledges)
        return [(pledge, states[pledge.entry]) for pledge in pledges]
