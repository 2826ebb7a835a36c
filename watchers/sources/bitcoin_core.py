"""A Bitcoin Core (or Knots) node of the operator's own, asked over JSON-RPC.

Its whole mempool is read, so it never learns which scripts are ours. It is checked like any other source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ledger.core.chain import Header, Script
from ledger.core.wording import WrongValue
from watchers.net.errors import (
    SourceDown,
    SourceError,
    SourceGarbled,
    SourceLied,
    SourceMissing,
    SourceRefused,
)
from watchers.net.guards import (
    GuardRefused,
    array_of,
    hash_text,
    hex_bytes,
    item,
    json_of,
    object_of,
    text,
    whole,
)
from watchers.net.http import HttpAnswer, HttpClient
from watchers.proof.networks import Network
from watchers.proof.transaction import Tx
from watchers.sources.protocol import BaseSource, Can, ClaimedTip, MempoolTx, Part

_MOST_HEIGHT = 100_000_000
_MOST_BLOCK = 4_000_000
_MOST_TX = 4_000_000
_MEMPOOL_TXIDS = 2_000_000
_HEADERS_A_BATCH = 500
_TXS_A_BATCH = 200
_SMALL = 64 * 1024
_NOT_THERE = frozenset({-5, -8})
_WARMING_UP = -28


class BitcoinCore(BaseSource):
    """One node behind the Source protocol. `password` is `rpcpassword`; `with_cookie` goes by the node's cookie file.

    Transactions of the mempool are fetched once each and kept while they stay in it.
    """

    can = frozenset({Can.TIP, Can.HEADERS, Can.BLOCK, Can.MEMPOOL})
    whole_mempool = True

    def __init__(
        self,
        name: str,
        url: str,
        user: str,
        password: str,
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
        self._url = url
        self._auth = (user, password)
        self._cookie: Callable[[], str] | None = None
        self._http = http
        self._deadline = deadline
        self._block_deadline = block_deadline
        self._mempool: dict[str, MempoolTx] = {}

    @classmethod
    def with_cookie(
        cls,
        name: str,
        url: str,
        cookie: Callable[[], str],
        http: HttpClient,
        network: Network,
        *,
        deadline: float = 30.0,
        block_deadline: float = 120.0,
    ) -> BitcoinCore:
        """With what reads the node's `.cookie` file, `user:password` on one line.

        A node writes another one each time that it starts, so it is read again when the node refuses the last one.
        Raises ValueError for another content, and what reading raises.
        """
        halves = _halves(cookie())
        made = cls(name, url, *halves, http, network, deadline=deadline, block_deadline=block_deadline)
        made._cookie = cookie
        return made

    def look_tip(self) -> ClaimedTip:
        """The node's best block."""
        info = self._info()
        self._require_synced(info)
        try:
            height = whole(
                item(info, "blocks", "getblockchaininfo"),
                "getblockchaininfo.blocks",
                least=0,
                most=_MOST_HEIGHT,
            )
            name = item(info, "bestblockhash", "getblockchaininfo")
            return ClaimedTip(height, hash_text(name, "getblockchaininfo.bestblockhash"))
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _info(self) -> Mapping[str, object]:
        answer = self._call("getblockchaininfo", [], most=_SMALL)
        try:
            return object_of(answer, "getblockchaininfo")
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_hash(self, height: int) -> str:
        """The hash at `height` on the node's active chain; SourceMissing above its tip."""
        return self._hash(self._call("getblockhash", [height], most=_SMALL), "getblockhash")

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Headers from height `first` up, fewer at the tip; each must hash to the name that the node gave it."""
        headers: list[Header] = []
        while len(headers) < count:
            start = first + len(headers)
            wanted = min(_HEADERS_A_BATCH, count - len(headers))
            names = self._batch(
                "getblockhash",
                [[height] for height in range(start, start + wanted)],
                most=wanted * 512 + _SMALL,
            )
            known = [self._hash(name, "getblockhash") for name in names if name is not None]
            raws = self._batch(
                "getblockheader", [[name, False] for name in known], most=wanted * 1024 + _SMALL
            )
            for name, raw in zip(known, raws, strict=True):
                header = self._header(name, raw)
                if headers and header.previous != headers[-1].hash:
                    return headers
                headers.append(header)
            if len(known) < wanted:
                break
        return headers

    def _header(self, name: str, answer: object) -> Header:
        if answer is None:
            raise SourceMissing(self.name, "header: not there")
        try:
            header = Header(hex_bytes(answer, "getblockheader", least=80, most=80))
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        if header.hash != name:
            raise SourceLied(self.name, "getblockheader", "hashes to another block than the one asked for")
        return header

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """The raw block; SourceMissing when it is unknown or pruned, SourceLied when it hashes to another."""
        try:
            answer = self._call(
                "getblock", [hash, 0], most=2 * _MOST_BLOCK + _SMALL, deadline=self._block_deadline
            )
        except SourceMissing as missing:
            raise self._pruned(missing, self._info()) from missing
        try:
            raw = hex_bytes(answer, "getblock", least=81, most=_MOST_BLOCK)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        if Header(raw[:80]).hash != hash:
            raise SourceLied(self.name, "getblock", "hashes to another block than the one asked for")
        return raw

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """The whole mempool, whatever the scripts: matching is done by whoever looks."""
        answer = self._call("getrawmempool", [], most=_MEMPOOL_TXIDS * 70, deadline=self._block_deadline)
        try:
            rows = array_of(answer, "getrawmempool", most=_MEMPOOL_TXIDS)
            names = [hash_text(row, "getrawmempool") for row in rows]
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        kept = {name: self._mempool[name] for name in names if name in self._mempool}
        fresh = [name for name in names if name not in kept]
        self._mempool = kept
        for start in range(0, len(fresh), _TXS_A_BATCH):
            some = fresh[start : start + _TXS_A_BATCH]
            raws = self._batch("getrawtransaction", [[name] for name in some], most=16 * _MOST_TX)
            for name, raw in zip(some, raws, strict=True):
                if raw is not None:
                    kept[name] = MempoolTx.of(self._transaction(name, raw))
            self.on_read(Part.MEMPOOL, len(kept), len(names))
        return list(kept.values())

    def look_transaction(self, txid: str) -> Tx | None:
        """The transaction where the node has it (mempool, or an index); None where it says it does not."""
        try:
            answer = self._call("getrawtransaction", [txid], most=2 * _MOST_TX + _SMALL)
        except SourceMissing:
            return None
        return self._transaction(txid, answer)

    def _transaction(self, txid: str, answer: object) -> Tx:
        try:
            raw = hex_bytes(answer, "getrawtransaction", least=60, most=_MOST_TX)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        return self._read_transaction(txid, raw, "getrawtransaction")

    def _hash(self, answer: object, field: str) -> str:
        try:
            return hash_text(answer, field)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _call(self, method: str, params: list[object], *, most: int, deadline: float | None = None) -> object:
        """The result of one call; an error of the node is raised as what it means."""
        reply = self._post(
            {"jsonrpc": "1.0", "id": 0, "method": method, "params": params}, method, most, deadline
        )
        return self._result(reply, method, 0)

    def _batch(self, method: str, calls: Sequence[list[object]], *, most: int) -> list[object | None]:
        """The results of many calls in their order; None where the node says that it has no such thing."""
        if not calls:
            return []
        asked = [
            {"jsonrpc": "1.0", "id": index, "method": method, "params": params}
            for index, params in enumerate(calls)
        ]
        reply = self._post(asked, method, most, self._block_deadline)
        if isinstance(reply, dict):
            self._result(reply, method, 0)
        results: dict[int, object | None] = {}
        try:
            for row in array_of(reply, method, most=len(calls)):
                number = whole(
                    item(object_of(row, method), "id", method), f"{method}.id", least=0, most=len(calls) - 1
                )
                if number in results:
                    raise GuardRefused(f"{method}.id", "{number} stands twice", number=number)
                try:
                    results[number] = self._result(row, method, number)
                except SourceMissing:
                    results[number] = None
            if len(results) != len(calls):
                raise GuardRefused(
                    method,
                    "{n} answer to {asked} questions",
                    many="{n} answers to {asked} questions",
                    n=len(results),
                    asked=len(calls),
                )
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        return [results[index] for index in range(len(calls))]

    def _post(self, body: object, method: str, most: int, deadline: float | None) -> object:
        answer = self._sent(body, most, deadline)
        if answer.status in (401, 403) and self._has_another_cookie():
            answer = self._sent(body, most, deadline)
        if answer.status in (401, 403):
            raise SourceRefused(self.name, answer.status, "the node refuses user or password; check both")
        try:
            return json_of(answer.body, method)
        except GuardRefused as refused:
            if answer.status != 200:
                raise SourceDown(self.name, "HTTP status {status}", status=answer.status) from refused
            raise SourceGarbled.of(self.name, refused) from refused

    def _sent(self, body: object, most: int, deadline: float | None) -> HttpAnswer:
        self.requests += 1
        answer = self._http.request(
            "POST",
            self._url,
            json=body,
            auth=self._auth,
            max_bytes=most,
            deadline=self._deadline if deadline is None else deadline,
            until=self.asked_until,
            source=self.name,
        )
        self.bytes_read += len(answer.body)
        return answer

    def _has_another_cookie(self) -> bool:
        """Was the node started again since its cookie was read? What cannot be read now is no other one."""
        if self._cookie is None:
            return False
        try:
            halves = _halves(self._cookie())
        except (OSError, ValueError):
            return False
        if halves == self._auth:
            return False
        self._auth = halves
        return True

    def _result(self, reply: object, method: str, number: int) -> object:
        try:
            row = object_of(reply, method)
            if whole(item(row, "id", method), f"{method}.id", least=0, most=1 << 31) != number:
                raise GuardRefused(f"{method}.id", "answers another question than the one asked")
            error = row.get("error")
            if error is not None:
                raise self._trouble(object_of(error, f"{method}.error"), method)
            return item(row, "result", method)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _trouble(self, error: Mapping[str, object], method: str) -> SourceError:
        code = whole(item(error, "code", method), f"{method}.error.code", least=-100_000, most=100_000)
        said = text(error.get("message", ""), f"{method}.error.message", most=2_000)
        said = "".join(c for c in said if c.isprintable())[:120]
        if code in _NOT_THERE or (method == "getblock" and code == -1):
            return SourceMissing(self.name, "{method}: {said}", method=method, said=said)
        if code == _WARMING_UP:
            return SourceDown(self.name, "the node is still starting")
        return SourceRefused(
            self.name,
            0,
            "{method}: the node answers error {code}, {said}",
            method=method,
            code=code,
            said=said,
        )


def _halves(cookie: str) -> tuple[str, str]:
    user, colon, password = cookie.strip().partition(":")
    if not colon or not user or not password:
        raise WrongValue("cookie: not of the form user:password; give the content of the node's .cookie file")
    return user, password
