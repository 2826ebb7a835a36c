"""Histories of scripts at one Electrum server, read again only where its status or the tip has changed.

A list is whole or an error: it must hash to the status that the server itself gives. Every row is a claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.core.chain import Script
from watchers.net.electrum import ElectrumDeclined, ElectrumWire
from watchers.net.guards import GuardRefused, array_of, hash_text, item, object_of, whole
from watchers.sources.protocol import HistoryRow, SourceGarbled

MOST_HEIGHT = 100_000_000
_MOST_ROWS = 200_000
_MOST_BYTES = 24_000_000
_SMALL = 64 * 1024
_TRIES = 3
"""A transaction may arrive between status and list; so many in a row do not."""
_MOST_KEPT = 20_000


def electrum_scripthash(script: Script | bytes) -> str:
    """What Electrum's protocol calls a script by: its SHA-256 with the bytes reversed (Esplora's is not)."""
    return hashlib.sha256(script).digest()[::-1].hex()


@dataclass(frozen=True, slots=True)
class ElectrumRow:
    """One row as the server writes it: 0 or -1 stands for a transaction in no block."""

    txid: str
    height: int


def rows_of(answer: object, field: str) -> list[ElectrumRow]:
    """An answer as rows in the server's order; GuardRefused for any other shape, or a txid that stands twice."""
    rows = [_row(object_of(one, field), field) for one in array_of(answer, field, most=_MOST_ROWS)]
    if len({row.txid for row in rows}) != len(rows):
        raise GuardRefused(f"{field}.txid", "the same transaction stands twice")
    return rows


def _row(row: Mapping[str, object], field: str) -> ElectrumRow:
    return ElectrumRow(
        hash_text(item(row, "tx_hash", field), f"{field}.txid"),
        whole(item(row, "height", field), f"{field}.height", least=-1, most=MOST_HEIGHT),
    )


def status_of(rows: Sequence[ElectrumRow]) -> str | None:
    """The status of a history as the protocol defines it; None for an empty one."""
    if not rows:
        return None
    return hashlib.sha256("".join(f"{row.txid}:{row.height}:" for row in rows).encode()).hexdigest()


def _in_order(rows: Sequence[ElectrumRow]) -> list[ElectrumRow]:
    """Confirmed rows as they are, then the others in the order that protocol 1.6 gives them."""
    loose = sorted((row for row in rows if row.height <= 0), key=lambda row: (-row.height, row.txid))
    return [*(row for row in rows if row.height > 0), *loose]


@dataclass(slots=True)
class _Kept:
    """A list that hashed to `status`, and the moment (`seen`) at which that was the server's status."""

    status: str | None
    rows: list[ElectrumRow]
    seen: int


class ElectrumHistory:
    """Reads one server's histories over a wire, and listens to what the server says by itself.

    The server tells by itself when a status changes, but not in which order it tells that and a new tip. So a
    kept list is shown without asking only while nothing was told of it and the tip is the one it was read at.
    """

    def __init__(self, source: str, wire: ElectrumWire, deadline: float) -> None:
        self._source = source
        self._wire = wire
        self._deadline = deadline
        self._kept: dict[str, _Kept] = {}
        self._moment = 0
        self._told = 0
        self._tip = ""
        self._subscribes = True
        wire.listener = self

    def lost(self) -> None:
        """A broken connection dates every list: on the next one nothing is subscribed."""
        self._subscribes = True
        self._moment += 1

    def heard(self, method: str, params: object) -> None:
        """A notification: of a tip, which dates every list, or of a script's status, which dates one."""
        first = params[0] if isinstance(params, list) and params else None
        if method == "blockchain.headers.subscribe":
            self._moment += 1
        if method == "blockchain.scripthash.subscribe":
            self._told += 1
            if isinstance(first, str) and first in self._kept:
                self._kept[first].seen = -1

    def stands_at(self, tip: str) -> None:
        """The hash of the tip that the server has just shown."""
        if tip != self._tip:
            self._tip = tip
            self._moment += 1

    def rows(self, script: Script) -> list[HistoryRow]:
        """All that the server lists for a script. SourceGarbled where the list does not hash to its status."""
        return [
            HistoryRow(row.txid, row.height if row.height > 0 else None) for row in self._whole_list(script)
        ]

    def _whole_list(self, script: Script) -> list[ElectrumRow]:
        name = electrum_scripthash(script)
        self._wire.hear()
        kept, moment = self._kept.get(name), self._moment
        if kept is not None and kept.seen == moment:
            return kept.rows
        for _ in range(_TRIES):
            if not self._subscribes:
                return self._listed(name)
            moment, told = self._moment, self._told
            try:
                status = self._status(name)
            except ElectrumDeclined:
                self._subscribes = False  # too many for it: then the list alone, every time
                continue
            if kept is None or kept.status != status:
                rows = [] if status is None else self._listed(name)
                if status_of(rows) != status and status_of(_in_order(rows)) != status:
                    if self._undefined(rows):
                        return rows
                    continue
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                kept = self._kept[name] = _Kept(status, rows, moment)
            # What was told while we asked may be newer than the answer: then the next look asks again.
            kept.seen = moment if told == self._told else -1
            return kept.rows
        raise SourceGarbled(self._source, "history", "the list does not hash to the status beside it")

    def _undefined(self, rows: Sequence[ElectrumRow]) -> bool:
        """Before protocol 1.6 a status with several unconfirmed transactions has no one right order."""
        return self._wire.protocol < (1, 6) and sum(row.height <= 0 for row in rows) > 1

    def _status(self, name: str) -> str | None:
        """The server's status of a script, which it is subscribed to by asking."""
        answer = self._wire.ask("blockchain.scripthash.subscribe", name, most=_SMALL, deadline=self._deadline)
        try:
            return None if answer is None else hash_text(answer, "history.status")
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused

    def _listed(self, name: str) -> list[ElectrumRow]:
        answer = self._wire.ask(
            "blockchain.scripthash.get_history", name, most=_MOST_BYTES, deadline=self._deadline
        )
        try:
            return rows_of(answer, "history")
        except GuardRefused as refused:
            raise SourceGarbled(self._source, refused.field, refused.sentence) from refused
