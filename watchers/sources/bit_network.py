"""The network API of the `bit` library as a second opinion, off unless configured; it never decides anything.

It asks services of the library's choice, not through our own HTTP policy; it reads no blocks and no headers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import localcontext

from ledger.core.chain import is_txid
from watchers.proof.block import parse_transaction
from watchers.proof.networks import Network
from watchers.proof.transaction import BytesRefused
from watchers.sources.protocol import Can, SourceDown, SourceLied, SourceMissing, SourceRefused
from watchers.sources.undeclared import Undeclared

with localcontext():
    from bit.network import NetworkAPI

_MOST_TXIDS = 10_000


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """The txids that `bit`'s services list for an address: a hint for people, never a proof."""

    address: str
    txids: tuple[str, ...]


class BitNetwork(Undeclared):
    """`bit` behind the Source protocol. It declares nothing, so no look ever asks it."""

    can: frozenset[Can] = frozenset()

    def __init__(self, name: str, network: Network) -> None:
        if network.name not in ("mainnet", "testnet3"):
            raise ValueError(f"network: bit knows mainnet and testnet3 only, not {network.name}")
        self.name = name
        self.requests = 0
        self.bytes_read = 0
        main = network.name == "mainnet"
        self._transaction = (
            NetworkAPI.get_transaction_by_id if main else NetworkAPI.get_transaction_by_id_testnet
        )
        self._history = NetworkAPI.get_transactions if main else NetworkAPI.get_transactions_testnet

    def second_opinion(self, address: str) -> SecondOpinion:
        """What the services list; an empty list is SourceMissing, since the library makes errors look like it."""
        rows = self._ask(self._history, address)
        if not isinstance(rows, list) or len(rows) > _MOST_TXIDS:
            raise SourceLied(self.name, "transactions", f"no list of at most {_MOST_TXIDS} txids")
        if not rows:
            raise SourceMissing(self.name, "lists nothing, which may also mean that its services failed")
        for row in rows:
            if not isinstance(row, str) or not is_txid(row):
                raise SourceLied(self.name, "transactions", "a row that is no txid")
        return SecondOpinion(address, tuple(dict.fromkeys(rows)))

    def look_transaction(self, txid: str) -> bytes | None:
        """The raw transaction, checked to hash to `txid`; None where no service has it."""
        answer = self._ask(self._transaction, txid)
        if not answer:
            return None
        if not isinstance(answer, str):
            raise SourceLied(self.name, "tx", "no hexadecimal text")
        try:
            raw = bytes.fromhex(answer)
            found = parse_transaction(raw).txid
        except (ValueError, BytesRefused) as bad:
            raise SourceLied(self.name, "tx", "no transaction in hexadecimal digits") from bad
        if found != txid:
            raise SourceLied(self.name, "tx", "hashes to another txid than the one asked for")
        return raw

    def _ask(self, call: Callable[[str], object], what: str) -> object:
        """One call of the library, which changes the process's Decimal precision; that is put back."""
        self.requests += 1
        try:
            with localcontext():
                return call(what)
        except ConnectionError as down:
            raise SourceDown(self.name, "none of its services answered") from down
        except Exception as failure:
            raise SourceRefused(self.name, 0, f"the library failed ({type(failure).__name__})") from failure
