"""An Electrum server (ElectrumX, e-x, Fulcrum, electrs), asked by protocol 1.4 to 1.6 over TCP or TLS.

One of the sources that a look asks; it has no blocks and no spends to show. A history is whole or an error: it must
hash to the status that the server itself gives, and is read again only where that or the tip has changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.core.chain import Header, Script
from watchers.net.electrum import A_GROUP, ElectrumClient, ElectrumDeclined
from watchers.net.electrum_endpoint import ElectrumEndpoint
from watchers.net.errors import SourceDown, SourceGarbled, SourceMissing, SourceRefused
from watchers.net.guards import GuardRefused, array_of, hash_text, hex_bytes, item, object_of, whole
from watchers.net.policy import HttpPolicy
from watchers.proof.merkle import MerkleProof
from watchers.proof.networks import Network
from watchers.proof.scripts import ScriptKind, kind_of
from watchers.proof.transaction import Tx
from watchers.sources.protocol import BaseSource, Can, ClaimedTip, HistoryRow, MempoolTx, Part

MOST_HEIGHT = 100_000_000
_SMALL = 64 * 1024
_MOST_TX = 4_000_000
_HEADERS_A_CALL = 2016
_MEMPOOL_BYTES = 4_000_000
_KNOWN_TXS = 5_000
_TXS_TOGETHER = 50
"""So many transactions are asked for at once; the standard ones among them, of 400 kB at most, fit into one answer."""
_MOST_SCRIPTS = 4
"""Outputs by which the place of a transaction is looked for, where the first ones' histories are too long."""
_NOT_THERE = re.compile(
    r"no such mempool or blockchain transaction|missing (?:tx|transaction)|not found|not in block"
    r"|out of range|no transaction matching|is unconfirmed",
    re.IGNORECASE,
)
"""How the servers say that they have no such thing: ElectrumX and e-x, Fulcrum, both kinds of electrs."""
_NO_SUCH_METHOD = -32601
_MOST_ROWS = 200_000
_MOST_BYTES = 24_000_000
_TRIES = 3
"""A transaction may arrive between status and list; so many in a row do not."""
_MOST_KEPT = 20_000


class Electrum(BaseSource):
    """One server behind the Source protocol. `deadline` is seconds for each request, connecting included.

    The connection is kept between looks and made again when it has broken.
    """

    can = frozenset({Can.TIP, Can.HEADERS, Can.HISTORY, Can.MEMPOOL})

    def __init__(
        self,
        name: str,
        endpoint: ElectrumEndpoint,
        policy: HttpPolicy,
        network: Network,
        *,
        monotonic: Callable[[], float],
        sleep: Callable[[float], None] | None = None,
        deadline: float = 30.0,
    ) -> None:
        self.name = name
        self.network = network
        self._deadline = deadline
        self._client = ElectrumClient(name, endpoint, policy, monotonic=monotonic, sleep=sleep)
        self._history = ElectrumHistory(name, self._client, deadline)
        self._known: dict[str, MempoolTx] = {}
        self._finds_block: bool | None = None
        self._lists_mempool: bool | None = None

    @property
    def requests(self) -> int:  # type: ignore[override]
        """Requests sent since this object was made."""
        return self._client.requests

    @property
    def bytes_read(self) -> int:  # type: ignore[override]
        """Bytes of lines read since this object was made."""
        return self._client.bytes_read

    @property
    def asked_until(self) -> float:
        """Moment of the monotonic clock after which every question raises SourceLate."""
        return self._client.asked_until

    @asked_until.setter
    def asked_until(self, moment: float) -> None:
        self._client.asked_until = moment

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def end(self) -> None:
        """Cut off what is under way, from any thread; nothing is asked any more."""
        self._client.end()

    def look_tip(self) -> ClaimedTip:
        """The best block that the server knows; its hash is computed from the header beside the height."""
        answer = self._ask("blockchain.headers.subscribe", most=_SMALL)
        try:
            fields = object_of(answer, "tip")
            height = whole(item(fields, "height", "tip"), "tip.height", least=0, most=MOST_HEIGHT)
            header = Header(hex_bytes(item(fields, "hex", "tip"), "tip.hex", least=80, most=80))
        except GuardRefused as refused:
            raise self._garbled(refused) from refused
        self._history.stands_at(header.hash)
        return ClaimedTip(height, header.hash)

    def look_hash(self, height: int) -> str:
        """The hash of the header that the server shows at `height`; SourceMissing above its tip."""
        try:
            answer = self._ask("blockchain.block.header", height, most=_SMALL)
        except ElectrumDeclined as declined:
            if self.look_tip().height < height:
                raise SourceMissing(self.name, "no block at height {height}", height=height) from declined
            raise
        try:
            return Header(hex_bytes(answer, "header", least=80, most=80)).hash
        except GuardRefused as refused:
            raise self._garbled(refused) from refused

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Headers from height `first` up, fewer at the tip; up to 2,016 a request. Cut where one does not link."""
        headers: list[Header] = []
        while len(headers) < count:
            wanted = min(_HEADERS_A_CALL, count - len(headers))
            answer = self._ask(
                "blockchain.block.headers",
                first + len(headers),
                wanted,
                most=wanted * 200 + _SMALL,
            )
            try:
                raws, most = self._some_headers(object_of(answer, "headers"), wanted)
            except GuardRefused as refused:
                raise self._garbled(refused) from refused
            headers += [Header(raw) for raw in raws]
            if not raws or len(raws) < min(wanted, most):
                break
        for index, (parent, child) in enumerate(pairwise(headers), start=1):
            if child.previous != parent.hash:
                return headers[:index]
        return headers

    def _some_headers(self, fields: Mapping[str, object], wanted: int) -> tuple[list[bytes], int]:
        """The headers of one answer, and how many the server gives at most: one text up to 1.5, a list in 1.6."""
        count = whole(item(fields, "count", "headers"), "headers.count", least=0, most=wanted)
        most = whole(item(fields, "max", "headers"), "headers.max", least=1, most=1_000_000)
        if self._client.protocol >= (1, 6):
            rows = array_of(item(fields, "headers", "headers"), "headers.headers", most=wanted)
            raws = [hex_bytes(row, "headers.headers", least=80, most=80) for row in rows]
        else:
            whole_text = hex_bytes(
                item(fields, "hex", "headers"), "headers.hex", least=80 * count, most=80 * count
            )
            raws = [whole_text[at : at + 80] for at in range(0, len(whole_text), 80)]
        if len(raws) != count:
            raise GuardRefused(
                "headers.count",
                "{named} beside {n} header",
                many="{named} beside {n} headers",
                named=count,
                n=len(raws),
            )
        return raws, most

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """Unconfirmed transactions that touch these scripts: one request a script, and one a new transaction."""
        names = self._waiting(scripts)
        known = {name: self._known[name] for name in names if name in self._known}
        fresh = [name for name in names if name not in known]
        raws = self._client.ask_all(
            "blockchain.transaction.get",
            [[name, False] for name in fresh],
            most=2 * _MOST_TX + _SMALL,
            deadline=self._deadline,
            most_together=_TXS_TOGETHER,
        )
        for name, raw in zip(fresh, raws, strict=True):
            if isinstance(raw, ElectrumDeclined):
                if _NOT_THERE.search(raw.said):
                    raise SourceMissing(self.name, "mempool: lists a transaction that it does not show")
                raise raw
            known[name] = MempoolTx.of(self._transaction(name, raw))
            self.on_read(Part.MEMPOOL, len(known), len(names))
        if len(self._known) + len(fresh) > _KNOWN_TXS:
            self._known.clear()
        self._known.update(known)
        return [known[name] for name in names]

    def _waiting(self, scripts: Sequence[Script]) -> list[str]:
        """Txids of what is in no block: by the question for them, else out of the histories, which have it too.

        electrs lacks that question: it refuses it, or hangs up.
        """
        calls = [[electrum_scripthash(script)] for script in scripts]
        names: dict[str, None] = {}
        if self._lists_mempool is not False:
            try:
                answers = self._client.ask_all(
                    "blockchain.scripthash.get_mempool", calls, most=_MEMPOOL_BYTES, deadline=self._deadline
                )
            except SourceDown:
                if self._lists_mempool:
                    raise
                answers = []
            for answer in answers:
                if isinstance(answer, ElectrumDeclined):
                    if answer.code != _NO_SUCH_METHOD:
                        raise answer
                    break
                self._lists_mempool = True
                try:
                    names.update((row.txid, None) for row in rows_of(answer, "mempool"))
                except GuardRefused as refused:
                    raise self._garbled(refused) from refused
            else:
                if len(answers) == len(calls):
                    return list(names)
        histories = self.look_histories([(script, MOST_HEIGHT) for script in scripts])
        self._lists_mempool = False
        return list(dict.fromkeys(row.txid for rows in histories for row in rows))

    def look_transaction(self, txid: str) -> Tx | None:
        """The transaction, checked to hash to `txid`; None where the server says that there is none."""
        try:
            answer = self._ask("blockchain.transaction.get", txid, False, most=2 * _MOST_TX + _SMALL)
        except ElectrumDeclined as declined:
            if _NOT_THERE.search(declined.said):
                return None
            raise
        return self._transaction(txid, answer)

    def _transaction(self, txid: str, answer: object) -> Tx:
        try:
            raw = hex_bytes(answer, "tx", least=60, most=_MOST_TX)
        except GuardRefused as refused:
            raise self._garbled(refused) from refused
        return self._read_transaction(txid, raw, "tx")

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        """All that the server lists for a script above a height, and what is in no block."""
        return [row for row in self._history.rows(script) if row.height is None or row.height > above]

    def look_histories(self, asked: Sequence[tuple[Script, int]]) -> list[list[HistoryRow]]:
        """The history of each script above its height, with few round trips for all of them."""
        for start in range(0, len(asked), A_GROUP):
            some = [script for script, _ in asked[start : start + A_GROUP]]
            self._history.read_together(some)
            self.on_read(Part.HISTORIES, start + len(some), len(asked))
        return [self.look_history(script, above=height) for script, height in asked]

    def look_height(self, txid: str) -> int | None:
        """The height of the block that holds a transaction, by its Merkle branch where the server finds that
        without a height, else by the history of an output of its own."""
        if self._finds_block is not False:
            try:
                answer = self._ask("blockchain.transaction.get_merkle", txid, most=_SMALL)
            except ElectrumDeclined as declined:
                if not _NOT_THERE.search(declined.said):
                    self._finds_block = False
            else:
                self._finds_block = True
                return self._branch(txid, answer)[0]
        tx = self.look_transaction(txid)
        if tx is None:
            raise SourceMissing(self.name, "no such transaction")
        scripts = dict.fromkeys(
            out.script for out in tx.outputs if kind_of(out.script) is not ScriptKind.DATA
        )
        refusal: SourceRefused | None = None
        for script in list(scripts)[:_MOST_SCRIPTS]:
            try:
                rows = self._history.rows(script)
            except ElectrumDeclined as declined:
                refusal = declined  # a history that is too long for it; perhaps not that of another output
                continue
            for row in rows:
                if row.txid == txid:
                    return row.height
            break
        raise refusal or SourceMissing(
            self.name, "shows a transaction that stands in no history of its outputs"
        )

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        """The Merkle branch of a transaction in the server's block at that height."""
        try:
            answer = self._ask("blockchain.transaction.get_merkle", txid, height, most=_SMALL)
        except ElectrumDeclined as declined:
            if _NOT_THERE.search(declined.said):
                raise SourceMissing(self.name, "no proof at height {height}", height=height) from declined
            raise
        stands, proof = self._branch(txid, answer)
        if stands != height:
            raise SourceGarbled(
                self.name,
                "merkle.block_height",
                "{stands} where {height} was asked for",
                stands=stands,
                height=height,
            )
        return proof

    def _branch(self, txid: str, answer: object) -> tuple[int, MerkleProof]:
        try:
            fields = object_of(answer, "merkle")
            height = whole(
                item(fields, "block_height", "merkle"), "merkle.block_height", least=0, most=MOST_HEIGHT
            )
            nodes = array_of(item(fields, "merkle", "merkle"), "merkle.merkle", most=32)
            # Printed like txids, in display order.
            branch = tuple(hex_bytes(node, "merkle.merkle", least=32, most=32)[::-1] for node in nodes)
            position = whole(item(fields, "pos", "merkle"), "merkle.pos", least=0, most=(1 << 32) - 1)
        except GuardRefused as refused:
            raise self._garbled(refused) from refused
        return height, MerkleProof(txid, position, branch)

    def _ask(self, method: str, *params: object, most: int) -> object:
        return self._client.ask(method, *params, most=most, deadline=self._deadline)

    def _garbled(self, refused: GuardRefused) -> SourceGarbled:
        return SourceGarbled.of(self.name, refused)


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
    unconfirmed = sorted((row for row in rows if row.height <= 0), key=lambda row: (-row.height, row.txid))
    return [*(row for row in rows if row.height > 0), *unconfirmed]


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

    def __init__(self, source: str, client: ElectrumClient, deadline: float) -> None:
        self._source = source
        self._client = client
        self._deadline = deadline
        self._kept: dict[str, _Kept] = {}
        self._moment = 0
        self._notices = 0
        self._notified: set[str] = set()
        self._tip = ""
        self._unsubscribed: set[str] = set()
        client.listener = self

    def lost(self) -> None:
        """A broken connection dates every list: on the next one nothing is subscribed."""
        self._unsubscribed.clear()
        self._moment += 1

    def heard(self, method: str, params: object) -> None:
        """A notification: of a tip, which dates every list, or of a script's status, which dates one."""
        first = params[0] if isinstance(params, list) and params else None
        if method == "blockchain.headers.subscribe":
            self._moment += 1
        if method == "blockchain.scripthash.subscribe":
            self._notices += 1
            if isinstance(first, str):
                self._notified.add(first)
                if first in self._kept:
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

    def read_together(self, scripts: Sequence[Script]) -> None:
        """Keep the lists of many scripts, so that `rows` has to ask for none of them again; a group a round trip.

        What does not hash to its status, or was told of meanwhile, is left to `rows`.
        """
        self._client.hear()
        names = [electrum_scripthash(script) for script in scripts]
        for start in range(0, len(names), A_GROUP):
            for _ in range(_TRIES):
                moment = self._moment
                self._read_group([name for name in names[start : start + A_GROUP] if self._is_old(name)])
                if moment == self._moment:
                    break  # else a block came meanwhile, which dates every list

    def _is_old(self, name: str) -> bool:
        kept = self._kept.get(name)
        return name not in self._unsubscribed and (kept is None or kept.seen != self._moment)

    def _read_group(self, names: Sequence[str]) -> None:
        if not names:
            return
        moment = self._moment
        self._notified.clear()
        answers = self._client.ask_all(
            "blockchain.scripthash.subscribe",
            [[name] for name in names],
            most=_SMALL,
            deadline=self._deadline,
        )
        statuses: dict[str, str | None] = {}
        for name, answer in zip(names, answers, strict=True):
            if isinstance(answer, ElectrumDeclined):
                self._unsubscribed.add(name)
            else:
                statuses[name] = self._read_status(answer)
        same = {
            name for name, kept in self._kept.items() if name in statuses and kept.status == statuses[name]
        }
        other = [name for name in statuses if name not in same]
        changed = [name for name in other if statuses[name] is not None]
        lists = self._client.ask_all(
            "blockchain.scripthash.get_history",
            [[name] for name in changed],
            most=_MOST_BYTES,
            deadline=self._deadline,
        )
        shown: dict[str, list[ElectrumRow]] = {name: [] for name in other if statuses[name] is None}
        for name, answer in zip(changed, lists, strict=True):
            if not isinstance(answer, ElectrumDeclined):
                rows = self._read_rows(answer)
                if statuses[name] in {status_of(rows), status_of(_in_order(rows))}:
                    shown[name] = rows
        if len(self._kept) + len(shown) > _MOST_KEPT:
            self._kept = {name: kept for name, kept in self._kept.items() if name in same}
        self._kept |= {name: _Kept(statuses[name], rows, moment) for name, rows in shown.items()}
        for name in (*same, *shown):
            self._kept[name].seen = -1 if name in self._notified else moment

    def _whole_list(self, script: Script) -> list[ElectrumRow]:
        name = electrum_scripthash(script)
        self._client.hear()
        kept, moment = self._kept.get(name), self._moment
        if kept is not None and kept.seen == moment:
            return kept.rows
        for _ in range(_TRIES):
            if name in self._unsubscribed:
                return self._listed(name)
            moment, notices = self._moment, self._notices
            try:
                status = self._status(name)
            except ElectrumDeclined:
                self._unsubscribed.add(name)  # too much for it: then the list alone, every time
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
            kept.seen = moment if notices == self._notices else -1
            return kept.rows
        raise SourceGarbled(self._source, "history", "the list does not hash to the status beside it")

    def _undefined(self, rows: Sequence[ElectrumRow]) -> bool:
        """Before protocol 1.6 a status with several unconfirmed transactions has no one right order."""
        return self._client.protocol < (1, 6) and sum(row.height <= 0 for row in rows) > 1

    def _status(self, name: str) -> str | None:
        """The server's status of a script, which it is subscribed to by asking."""
        return self._read_status(
            self._client.ask("blockchain.scripthash.subscribe", name, most=_SMALL, deadline=self._deadline)
        )

    def _read_status(self, answer: object) -> str | None:
        try:
            return None if answer is None else hash_text(answer, "history.status")
        except GuardRefused as refused:
            raise SourceGarbled.of(self._source, refused) from refused

    def _listed(self, name: str) -> list[ElectrumRow]:
        return self._read_rows(
            self._client.ask(
                "blockchain.scripthash.get_history", name, most=_MOST_BYTES, deadline=self._deadline
            )
        )

    def _read_rows(self, answer: object) -> list[ElectrumRow]:
        try:
            return rows_of(answer, "history")
        except GuardRefused as refused:
            raise SourceGarbled.of(self._source, refused) from refused
