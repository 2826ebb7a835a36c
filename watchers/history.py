"""What an Esplora server lists of a script, and the block that it names for a transaction: claims, to be proven.

A row that it leaves out cannot be noticed here; whoever shows the list says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from ledger.chain import Script, is_txid
from watchers.esplora import Esplora
from watchers.guards import GuardRefused, array_of, hash_text, item, object_of, strict_json
from watchers.scripts import scripthash_hex
from watchers.sources import SourceLied

_PAGE_BYTES = 4_000_000
_MOST_ROWS = 5_000


@dataclass(frozen=True, slots=True)
class Located:
    """The block that a source names for a transaction."""

    block: str


class AddressHistory:
    """Reads histories of one server, page by page, within a bound."""

    def __init__(self, source: Esplora) -> None:
        self._source = source

    def txids(self, script: Script | bytes) -> list[str]:
        """Transactions that touch a script, unconfirmed ones first, newest first; at most 5,000.

        Raises SourceError. A page that brings nothing new ends the list, so that a server that starts again at
        its first page holds nobody for ever.
        """
        found: dict[str, None] = {}
        path = f"/scripthash/{scripthash_hex(Script(bytes(script)))}/txs"
        cursor = ""
        while len(found) < _MOST_ROWS:
            before = len(found)
            body = self._source.read(f"{path}{cursor}", most=_PAGE_BYTES, what="history")
            last = ""
            try:
                for row in array_of(strict_json(body, "history"), "history", most=_MOST_ROWS):
                    fields = object_of(row, "history")
                    last = hash_text(item(fields, "txid", "history"), "history.txid")
                    found[last] = None
            except GuardRefused as refused:
                raise SourceLied(self._source.name, refused.field, refused.sentence) from refused
            if len(found) == before or not is_txid(last):
                break
            cursor = f"/chain/{last}"
        return list(found)

    def locate(self, txid: str) -> Located | None:
        """The block that the source names; None where it says that the transaction is in none."""
        body = self._source.read(f"/tx/{txid}/status", most=100_000, what="status")
        try:
            fields = object_of(strict_json(body, "status"), "status")
            if item(fields, "confirmed", "status") is not True:
                return None
            return Located(hash_text(item(fields, "block_hash", "status"), "status.block_hash"))
        except GuardRefused as refused:
            raise SourceLied(self._source.name, refused.field, refused.sentence) from refused
