"""Asks price sources for the minutes of gifts, and records what they agree on and the values that follow.

Runs after a look, within a deadline of its own; a source that fails never fails a look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.core.entry import Entry
from ledger.core.errors import Conflict, LedgerError, StorageFailed
from ledger.core.money import MAX_AMOUNT
from ledger.core.wording import Figure, Wording
from ledger.recording.valuing import (
    RateWanted,
    agreed,
    note_rate,
    note_refusal,
    rates_wanted,
    value_waiting,
    values_wait,
)
from ledger.rules.rates import LEAST_QUOTES, Cross, Quote, Rate, crossed_price, day_of
from ledger.store.database import Store
from ledger.store.transaction import Writing
from service.budget import note_fetched
from service.clock import Clock, monotonic
from service.config import Config
from service.logs import note, warn
from watchers.net.errors import SourceError
from watchers.net.http import HttpClient
from watchers.sources.ecb import EcbRates
from watchers.sources.prices import PRICE_SOURCES, PriceAnswer, PriceSource

REQUEST_SECONDS = 10.0
"""One question to one source takes no longer, retries included."""
LEAST_SECONDS = 1.0
"""With less time left than this nobody is asked any more."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a moment got no rate; `final` where asking again can hardly help."""

    why: Wording
    final: bool = False


class OutOfTime(Exception):
    """The deadline of a round is over; what was not asked is asked in the next one."""


class Valuing:
    """One round asks for at most a few moments. Without `prices` it only applies the rates that are recorded."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        prices: Sequence[PriceSource],
        crosses: EcbRates | None,
        seconds: int,
        still_leads: Callable[[Writing], None],
        *,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self._store = store
        self._clock = clock
        self._prices = tuple(prices)
        self._crosses = crosses
        self._seconds = seconds
        self._still_leads = still_leads
        self._elapsed = elapsed

    def run(self) -> list[Entry]:
        """One round; the entries that it led to. Raises nothing that a source or another process can cause."""
        now = self._clock()
        size, requests = self._cost()
        try:
            with self._store.read() as tx:
                wanted = rates_wanted(tx, now=now) if self._prices else []
                waits = values_wait(tx)
        except StorageFailed as failure:
            warn("rates not asked for", why=str(failure))
            return []
        answers = self._ask_all(wanted)
        if not answers and not waits:
            return []
        try:
            with self._store.write() as tx:
                self._still_leads(tx)
                note_fetched(tx, self._cost()[0] - size, now, self._cost()[1] - requests)
                entries = [entry for one, answer in answers if (entry := _noted(tx, one, answer, now))]
                entries += value_waiting(tx, now=now)
        except LedgerError as failure:
            warn("rates not recorded", why=str(failure))
            return []
        return entries

    def _cost(self) -> tuple[int, int]:
        """Bytes and requests so far, which count towards the day's caps."""
        asked: list[PriceSource | EcbRates] = [*self._prices]
        if self._crosses is not None:
            asked.append(self._crosses)
        return sum(one.bytes_read for one in asked), sum(one.requests for one in asked)

    def _ask_all(self, wanted: Sequence[RateWanted]) -> list[tuple[RateWanted, Rate | Refusal]]:
        until = self._elapsed() + self._seconds
        crosses: dict[tuple[str, str], Cross | Refusal] = {}
        answers: list[tuple[RateWanted, Rate | Refusal]] = []
        for one in wanted:
            try:
                answers.append((one, self._ask(one, until, crosses)))
            except OutOfTime:
                note("rates wait", moments=len(wanted) - len(answers), seconds=self._seconds)
                break
        return answers

    def _ask(
        self, wanted: RateWanted, until: float, crosses: dict[tuple[str, str], Cross | Refusal]
    ) -> Rate | Refusal:
        """A rate by the first two sources that answer, where these agree (docs/rules.md, 10)."""
        cross: Cross | None = None
        if wanted.currency != "USD":
            place = (wanted.currency, day_of(wanted.at))
            if place not in crosses:
                crosses[place] = self._cross(*place, until)
            known_cross = crosses[place]
            if isinstance(known_cross, Refusal):
                return known_cross
            cross = known_cross
        quotes: list[Quote] = []
        failures: list[Wording] = []
        for source in self._prices:
            if len(quotes) == LEAST_QUOTES:
                break
            try:
                answer = source.look_price(wanted.at, deadline=self._time_left(until))
                quotes.append(_quote(answer, cross, wanted.currency))
            except SourceError as failure:
                failures.append(failure.named)
        if len(quotes) < LEAST_QUOTES:
            return Refusal(
                Wording(
                    "{count} of {least} price sources answered: {failures}",
                    {"count": len(quotes), "least": LEAST_QUOTES, "failures": failures},
                )
            )
        if not agreed(wanted, [quote.price for quote in quotes]):
            said = [
                Wording("{source} {price}", {"source": q.source, "price": Figure(wanted.currency, q.price)})
                for q in quotes
            ]
            why = Wording("the sources disagree beyond the tolerance: {prices}", {"prices": said})
            return Refusal(why, final=True)
        return Rate(
            date=day_of(wanted.at), currency=wanted.currency, quotes=tuple(quotes), at=wanted.at, cross=cross
        )

    def _cross(self, currency: str, day: str, until: float) -> Cross | Refusal:
        if self._crosses is None:
            return Refusal(
                Wording("no source of cross rates is configured for {currency}", {"currency": currency})
            )
        try:
            cross_or_refusal = self._crosses.look_cross(currency, day, deadline=self._time_left(until))
        except SourceError as failure:
            return Refusal(failure.named)
        return Cross(
            source=cross_or_refusal.source,
            date=cross_or_refusal.date,
            dollars=cross_or_refusal.dollars,
            currency=cross_or_refusal.currency,
            sha256=cross_or_refusal.sha256,
        )

    def _time_left(self, until: float) -> float:
        left = until - self._elapsed()
        if left < LEAST_SECONDS:
            raise OutOfTime
        return min(left, REQUEST_SECONDS)


def _quote(answer: PriceAnswer, cross: Cross | None, currency: str) -> Quote:
    """A quote in the campaign's currency; SourceError where the price is none there."""
    price, cents = answer.cents, None
    if cross is not None:
        price, cents = crossed_price(answer.cents, cross.dollars, cross.currency, currency), answer.cents
    if not 0 < price <= MAX_AMOUNT:
        raise SourceError(answer.source, "a price that cannot be told in {currency}", currency=currency)
    return Quote(
        source=answer.source,
        price=price,
        pair=answer.pair,
        at=answer.at,
        cents=cents,
        sha256=answer.sha256,
    )


def _noted(tx: Writing, wanted: RateWanted, answer: Rate | Refusal, now: int) -> Entry | None:
    if isinstance(answer, Refusal):
        note("no rate", moment=wanted.at, why=str(answer.why))
        note_refusal(tx, wanted, answer.why, now=now, final=answer.final)
        return None
    try:
        return note_rate(tx, wanted, answer, now=now)
    except Conflict as other:
        note_refusal(tx, wanted, other.wording, now=now, final=True)
        return None


def valuing_of(
    store: Store, config: Config, clock: Clock, http: HttpClient, still_leads: Callable[[Writing], None]
) -> Valuing:
    """The rounds that the configuration asks for: coins of test networks have no price, so nobody is asked."""
    rates = config.rates
    asked = rates.enabled and config.chain.network == "mainnet"
    prices = [PRICE_SOURCES[one.kind](one.url, http) for one in rates.sources] if asked else []
    crosses = EcbRates(rates.cross_url, http) if asked else None
    return Valuing(store, clock, prices, crosses, rates.deadline_seconds, still_leads)
