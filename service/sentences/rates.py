"""English: `import rates`: which official rates were recorded."""

from __future__ import annotations

from api.pages.messages import Message, worded
from service.official_rates import BASE, OfficialRate

_RATE = (
    "a rate of exchange",
    "{base}, {currency}: codes of currencies",
    "{price}: a decimal",
    "{day}: from which day on",
)
_RECORDED = Message("recorded: 1 {base} is {price} {currency} from {day} on.", *_RATE)
_ALREADY = Message("recorded already: 1 {base} is {price} {currency} from {day} on.", *_RATE)


def recorded(rate: OfficialRate, *, already: bool) -> str:
    """A line for each rate."""
    return worded(
        _ALREADY if already else _RECORDED, base=BASE, price=rate.price, currency=rate.currency, day=rate.day
    )
