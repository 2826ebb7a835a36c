"""A Bitcoin Core (or Knots) node asked over its REST interface: public bytes only, no user and no password.

Its whole mempool is read, so it never learns which scripts are ours. It is checked like any other source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ledger.core.chain import Header, Script
from watchers.net.errors import (
    SourceDown,
    SourceGarbled,
    SourceLied,
    SourceMissing,
    SourceRefused,
    SourceSlow,
)
from watchers.net.guards import (
    GuardRefused,
    array_of,
    hash_text,
    item,
    json_of,
    object_of,
    plain_hash,
    whole,
)
from watchers.net.http import HttpAnswer, HttpClient
from watchers.proof.networks import Network
from watchers.proof.transaction import Tx
from watchers.sources.protocol import BaseSource, Can, ClaimedTip, MempoolTx, Part

_MOST_HEIGHT = 100_000_000
_MOST_BLOCK = 4_000_000
_MOST_TX = 4_000_000
_MOST_MEMPOOL = 140_000_000
_MEMPOOL_TXIDS = 2_000_000
_HEADERS_A_REQUEST = 2_000
_FRESH_A_LOOK = 5_000
"""REST has no batches: a mempool larger than this is read over several looks, and until then not shown."""
_SMALL = 64 * 1024
_HEADER = 80


class BitcoinCoreRest(BaseSource):
    """One node behind the Source protocol. `url` is that of its RPC port, without a path.

    Seconds in `deadline` bound each request; `block_deadline` those for blocks, headers and the list of the
    mempool. Transactions of the mempool are fetched once each and kept while they stay in it.
    """

    can = frozenset({Can.TIP, Can.HEADERS, Can.BLOCK, Can.MEMPOOL})
    whole_mempool = True

    def __init__(
        self,
        name: str,
        url: str,
        http: HttpClient,
        network: Network,
        *,
        deadline: float = 30.0,
        block_deadline: float = 120.0,
    ) -> None:
        self.name = name
        self.network = network
        self.requests = 0
        self.bytes_read = 0
        self._base = url.rstrip("/").removesuffix("/rest") + "/rest"
        self._http = http
        self._deadline = deadline
        self._block_deadline = block_deadline
        self._answered = False
        self._count_in_path = False
        self._mempool: dict[str, MempoolTx] = {}

    def look_tip(self) -> ClaimedTip:
        """The node's best block; SourceRefused naming `rest=1` where its REST interface is off."""
        info = self._info()
        self._require_synced(info)
        try:
            height = whole(item(info, "blocks", "chaininfo"), "chaininfo.blocks", least=0, most=_MOST_HEIGHT)
            name = item(info, "bestblockhash", "chaininfo")
            return ClaimedTip(height, hash_text(name, "chaininfo.bestblockhash"))
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _info(self) -> Mapping[str, object]:
        body = self._body("/chaininfo.json", most=_SMALL)
        if body is None:
            raise SourceRefused(
                self.name,
                404,
                "there is nothing below /rest; write rest=1 into the node's bitcoin.conf and start it again, "
                "or check the URL",
            )
        try:
            return object_of(json_of(body, "chaininfo"), "chaininfo")
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_hash(self, height: int) -> str:
        """The hash at `height` on the node's active chain; SourceMissing above its tip."""
        body = self._needed(f"/blockhashbyheight/{height}.hex", "blockhashbyheight", most=_SMALL)
        try:
            return plain_hash(body, "blockhashbyheight")
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Headers from height `first` up, fewer at the tip: one request for the hash there, one for each 2,000.

        SourceLied where one does not hash to what was asked for or does not stand on the one before.
        """
        if count < 1:
            return []
        try:
            start = self.look_hash(first)
        except SourceMissing:
            return []
        headers = self._run(start, min(count, _HEADERS_A_REQUEST))
        if not headers:
            raise SourceMissing(self.name, "headers: the block left the node's chain meanwhile")
        full = len(headers) == _HEADERS_A_REQUEST
        while full and len(headers) < count:
            wanted = min(count - len(headers) + 1, _HEADERS_A_REQUEST)
            more = self._run(headers[-1].hash, wanted)
            headers += more[1:]
            full = len(more) == wanted
        return headers

    def _run(self, start: str, count: int) -> list[Header]:
        """Up to `count` headers from the block `start` on, in one answer; none where it left the chain."""
        raw = self._headers_body(start, count)
        if len(raw) % _HEADER or len(raw) > count * _HEADER:
            raise SourceGarbled(
                self.name,
                "headers",
                "{n} byte where up to {count} headers of {size} belong",
                many="{n} bytes where up to {count} headers of {size} belong",
                n=len(raw),
                count=count,
                size=_HEADER,
            )
        headers = [Header(raw[at : at + _HEADER]) for at in range(0, len(raw), _HEADER)]
        if headers and headers[0].hash != start:
            raise SourceLied(self.name, "headers", "begin with another block than the one asked for")
        for below, above in pairwise(headers):
            if above.previous != below.hash:
                raise SourceLied(self.name, "headers", "one does not stand on the one before it")
        return headers

    def _headers_body(self, start: str, count: int) -> bytes:
        """The bytes by the path of today, or of nodes before version 24, which is then remembered."""
        most = count * _HEADER + _SMALL
        if not self._count_in_path:
            answer = self._ask(f"/headers/{start}.bin?count={count}", most, self._block_deadline)
            if answer.status != 400:
                return self._there(answer, "headers")
        body = self._needed(f"/headers/{count}/{start}.bin", "headers", most=most, patient=True)
        self._count_in_path = True
        return body

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """The raw block; SourceMissing when it is unknown or pruned, SourceLied when it hashes to another."""
        try:
            raw = self._needed(f"/block/{hash}.bin", "block", most=_MOST_BLOCK, patient=True)
        except SourceMissing as missing:
            raise self._pruned(missing, self._info()) from missing
        if len(raw) <= _HEADER:
            raise SourceGarbled(
                self.name,
                "block",
                "{n} byte where a block belongs",
                many="{n} bytes where a block belongs",
                n=len(raw),
            )
        if Header(raw[:_HEADER]).hash != hash:
            raise SourceLied(self.name, "block", "hashes to another block than the one asked for")
        return raw

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """The whole mempool, whatever the scripts: matching is done by whoever looks.

        SourceSlow while a large one is still being read for the first time; the next look goes on from there.
        """
        names = self._names()
        kept = {name: self._mempool[name] for name in names if name in self._mempool}
        fresh = [name for name in names if name not in kept]
        self._mempool = kept
        for name in fresh[:_FRESH_A_LOOK]:
            tx = self.look_transaction(name)
            if tx is not None:
                kept[name] = MempoolTx.of(tx)
                self.on_read(Part.MEMPOOL, len(kept), len(names))
        if len(fresh) > _FRESH_A_LOOK:
            raise SourceSlow(
                self.name,
                "mempool: {read} of {n} transaction is read; the next look goes on",
                many="mempool: {read} of {n} transactions are read; the next look goes on",
                read=len(kept),
                n=len(names),
            )
        return list(kept.values())

    def _names(self) -> list[str]:
        """The txids of the mempool: a list, or on nodes before version 25 the keys of an object."""
        path = "/mempool/contents.json"
        answer = self._ask(f"{path}?verbose=false", _MOST_MEMPOOL, self._block_deadline)
        if answer.status in (400, 404):
            answer = self._ask(path, _MOST_MEMPOOL, self._block_deadline)
        try:
            listing = json_of(self._there(answer, "mempool"), "mempool")
            rows = list(listing) if isinstance(listing, dict) else listing
            return [hash_text(row, "mempool") for row in array_of(rows, "mempool", most=_MEMPOOL_TXIDS)]
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_transaction(self, txid: str) -> Tx | None:
        """The transaction where the node has it (mempool, or an index); None where it says it does not."""
        raw = self._body(f"/tx/{txid}.bin", most=_MOST_TX)
        if raw is None:
            self._refuse_if_off()
            return None
        return self._read_transaction(txid, raw, "tx")

    def _needed(self, path: str, what: str, *, most: int, patient: bool = False) -> bytes:
        return self._there(self._ask(path, most, self._block_deadline if patient else self._deadline), what)

    def _there(self, answer: HttpAnswer, what: str) -> bytes:
        """The body of a 200; SourceMissing for a 404 of a node that does answer below /rest."""
        body = self._read(answer)
        if body is None:
            self._refuse_if_off()
            raise SourceMissing(self.name, "{field}: not there", field=what)
        return body

    def _refuse_if_off(self) -> None:
        """A node with REST off answers 404 to all. One that never answered otherwise is asked for its tip."""
        if not self._answered:
            self.look_tip()

    def _body(self, path: str, *, most: int) -> bytes | None:
        return self._read(self._ask(path, most, self._deadline))

    def _read(self, answer: HttpAnswer) -> bytes | None:
        """The body of a 200, None for a 404; everything else is raised."""
        if answer.status == 404:
            if not answer.body:
                self._answered = False
            return None
        if answer.status == 503 and answer.body.startswith(b"Service temporarily unavailable"):
            raise SourceDown(self.name, "the node is still starting")
        if answer.status >= 500:
            raise SourceDown(self.name, "HTTP status {status}", status=answer.status)
        if answer.status != 200:
            raise SourceRefused(self.name, answer.status, "HTTP status {status}", status=answer.status)
        if answer.is_page:
            raise SourceDown(
                self.name,
                "an HTML page of {n} byte where data belongs",
                many="an HTML page of {n} bytes where data belongs",
                n=len(answer.body),
            )
        self._answered = True
        return answer.body

    def _ask(self, path: str, most: int, deadline: float) -> HttpAnswer:
        self.requests += 1
        answer = self._http.request(
            "GET",
            self._base + path,
            max_bytes=most,
            deadline=deadline,
            until=self.asked_until,
            source=self.name,
            answers=frozenset({503}),
        )
        self.bytes_read += len(answer.body)
        return answer
