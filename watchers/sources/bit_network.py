"""A second opinion on an address from the services that the `bit` library asks; it never decides anything.

Only `look --second-opinion` asks it, so it is no source of the watchers. The library asks services of its own choice,
not through our HTTP client, and sets the process's Decimal precision where it is loaded: both happen only on request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import localcontext
from importlib import import_module
from typing import Any

from ledger.core.chain import is_txid
from ledger.core.wording import WrongValue
from watchers.net.errors import SourceDown, SourceLied, SourceMissing, SourceRefused
from watchers.proof.networks import Network

NAME = "bit"
_MOST_TXIDS = 10_000
_LISTINGS = {"mainnet": "get_transactions", "testnet3": "get_transactions_testnet"}
"""The library's calls that list the txids of an address, by network."""


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The txids that `bit`'s services list for an address: a hint for people, never a proof."""

    address: str
    txids: tuple[str, ...]


def library() -> Any:
    """The library's network API, loaded now; the Decimal context stays as it was."""
    with localcontext():
        return import_module("bit.network").NetworkAPI


def second_opinion(address: str, network: Network, load: Callable[[], Any] = library) -> SecondOpinion:
    """What the services list. WrongValue for a network that `bit` does not know; otherwise a SourceError.

    An empty list is SourceMissing, since the library makes errors look like it.
    """
    if network.name not in _LISTINGS:
        raise WrongValue(
            "network: bit knows {names} only, not {network}",
            names=list(_LISTINGS),
            network=network.name,
        )
    try:
        with localcontext():
            rows = getattr(load(), _LISTINGS[network.name])(address)
    except ConnectionError as down:
        raise SourceDown(NAME, "none of its services answered") from down
    except Exception as failure:
        raise SourceRefused(
            NAME, 0, "the library failed ({failure})", failure=type(failure).__name__
        ) from failure
    if not isinstance(rows, list) or len(rows) > _MOST_TXIDS:
        raise SourceLied(NAME, "transactions", "no list of at most {most} txids", most=_MOST_TXIDS)
    if not rows:
        raise SourceMissing(NAME, "lists nothing, which may also mean that its services failed")
    for row in rows:
        if not isinstance(row, str) or not is_txid(row):
            raise SourceLied(NAME, "transactions", "a row that is no txid")
    return SecondOpinion(address, tuple(dict.fromkeys(rows)))
