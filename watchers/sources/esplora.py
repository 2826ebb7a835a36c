"""An explorer that speaks Esplora's REST dialect: mempool.space, blockstream.info, or one's own.

One of the sources that a look asks. Histories come in pages of 10, 25 or 50 with two kinds of cursor, which mix what is
in blocks with what is in none; a list is whole or an error. Servers lack some routes, and are asked by those that
they have. What bytes say of themselves is checked here; the rest is a claim, proven by whoever looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ledger.core.chain import Header, Outpoint, Script
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
    hex_bytes,
    item,
    json_of,
    object_of,
    plain_hash,
    plain_text,
    plain_whole,
    whole,
)
from watchers.net.http import HttpAnswer, HttpClient
from watchers.proof.merkle import MerkleProof
from watchers.proof.networks import Network
from watchers.proof.scripts import scripthash_hex
from watchers.proof.transaction import Tx
from watchers.sources.protocol import BaseSource, Can, ClaimedTip, HistoryRow, MempoolTx, Part

_MOST_HEIGHT = 100_000_000
_MOST_BLOCK = 4_000_000
_SMALL = 4 * 1024
_PAGE = 512 * 1024
_MOST_ROWS = 64
_MEMPOOL_ROWS = 200
_MEMPOOL_TXIDS = 2_000_000
"""Of a whole mempool: 265,000 were seen."""
_KNOWN_TXS = 5_000
_FRESH_A_LOOK = 2_000
"""A mempool of one's own server that is larger is read over several looks, and until then not shown."""
_PAGE_BYTES = 16_000_000
_SMALL_OBJECT = 64 * 1024
_PAGE_ROWS = 250
_SHORT = 10
"""Pages as the servers come have so many rows or more. By their settings they may have fewer, so that a shorter one is
the whole list only where the server counts no more."""
_MOST_LISTED = 100_000
_MOST_SINGLY = 100
"""So many headers are asked for one by one where pages do not link; the next question goes on."""
_PASSES = 2
_NO_SUCH = b"transaction not found"
"""How electrs says 404 for a transaction that it lacks: then the route is there, and no other need be asked."""


class Esplora(BaseSource):
    """One Esplora server behind the Source protocol. `base_url` is the root of its API, with `/api` if it has one.

    Seconds in `deadline` bound each request, waits and retries included; `block_deadline` those for blocks.
    """

    can = frozenset(Can)

    def __init__(
        self,
        name: str,
        base_url: str,
        http: HttpClient,
        network: Network,
        *,
        deadline: float = 30.0,
        block_deadline: float = 120.0,
        whole_mempool: bool = False,
    ) -> None:
        self.name = name
        self.whole_mempool = whole_mempool
        self.network = network
        self.requests = 0
        self.bytes_read = 0
        self._base = base_url.rstrip("/")
        self._http = http
        self._deadline = deadline
        self._block_deadline = block_deadline
        self._pages: bool | None = None
        self._known: dict[str, MempoolTx] = {}
        self._after_txid = False
        self._unasked: set[str] = set()
        self._named: dict[int, str] = {}
        self._said_no_such = False
        self.cut_short: set[bytes] = set()

    def look_tip(self) -> ClaimedTip:
        """The best block that the server names. Height and hash are asked for apart, so they may be one off."""
        self._named.clear()
        try:
            height = self._whole("/blocks/tip/height", "tip.height")
        except SourceMissing as none:
            raise SourceMissing(
                self.name,
                "has no /blocks/tip/height: its URL is to be the root of an Esplora API, which often ends in /api; "
                "a node is of another kind",
            ) from none
        tip = self._hash("/blocks/tip/hash", "tip.hash")
        return ClaimedTip(height, tip, apart=True)

    def look_hash(self, height: int) -> str:
        """The hash at `height` on the server's active chain; SourceMissing when it has none."""
        name = self._hash(f"/block-height/{height}", "block-height")
        self._named[height] = name
        return name

    def look_headers(self, first: int, count: int) -> list[Header]:
        """Headers from height `first` up, fewer at the tip, rebuilt from the fields of `/blocks/:height`.

        A header that does not hash to the id beside it is SourceLied. A server without such pages, or whose
        fields lack something, is asked for each header's 80 bytes instead; so is one whose page does not stand on the
        blocks that it names by height: mempool's keep rows of a branch that was left.
        """
        headers: list[Header] = []
        if self._pages is False or not self._add_pages(headers, first, count):
            self._add_singly(headers, first, count)
        elif headers and self._contradicts(headers, first):
            headers.clear()
            self._add_singly(headers, first, min(count, _MOST_SINGLY))
        return _chained(headers)

    def _contradicts(self, headers: Sequence[Header], first: int) -> bool:
        """Do headers from height `first` up differ from what the server names by height?"""
        hashes = [headers[0].previous, *(header.hash for header in headers)]
        return any(self._named.get(height, name) != name for height, name in enumerate(hashes, first - 1))

    def _add_pages(self, headers: list[Header], first: int, count: int) -> bool:
        """Fill `headers` upwards page by page; a page holds the ten or fifteen blocks up to a height.

        False when the server has no page where it has blocks; it is not asked for pages again if it never gave one.
        """
        tip: int | None = None
        size = 10
        while len(headers) < count:
            want = first + len(headers)
            top = min(first + count - 1, want + size - 1)
            if tip is not None:
                top = min(top, tip)
            if top < want:
                break
            rows = self._page(top)
            if not rows and tip is None:
                tip = self._whole("/blocks/tip/height", "tip.height")
                if tip < top:
                    continue
                self._pages = self._pages or False
                return False
            if not rows:
                self._pages = self._pages or False
                return False
            self._pages = True
            by_height = {height: header for height, header in rows if want <= height <= top}
            if want not in by_height:
                if len(rows) < size and min(height for height, _ in rows) > want:
                    size = len(rows)
                    continue
                break
            while want in by_height and len(headers) < count:
                headers.append(by_height[want])
                want += 1
            size = max(size, len(rows))
        return True

    def _page(self, top: int) -> list[tuple[int, Header]]:
        body = self._body(f"/blocks/{top}", most=_PAGE, empty_is_missing=True)
        if body is None:
            return []
        try:
            rows = array_of(json_of(body, "blocks"), "blocks", most=_MOST_ROWS)
            page = [_row(self.name, object_of(row, "blocks")) for row in rows]
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        for (height, header), (below, parent) in pairwise(page):
            if header.previous == parent.hash and height != below + 1:
                raise SourceLied(
                    self.name,
                    "blocks.height",
                    "{height} stands on {below}, its own parent",
                    height=height,
                    below=below,
                )
        return page

    def _add_singly(self, headers: list[Header], first: int, count: int) -> None:
        while len(headers) < count:
            try:
                name = self.look_hash(first + len(headers))
            except SourceMissing:
                return
            headers.append(self._header(name))

    def _header(self, name: str) -> Header:
        body = self._needed(f"/block/{name}/header", most=_SMALL, what="header")
        try:
            text = plain_text(body, "header", most=160)
            raw = bytes.fromhex(text)
        except ValueError as bad:
            raise SourceGarbled(self.name, "header", "not the 160 hexadecimal digits of a header") from bad
        if len(raw) != 80:
            raise SourceGarbled(
                self.name,
                "header",
                "{n} byte; a block header has 80",
                many="{n} bytes; a block header has 80",
                n=len(raw),
            )
        header = Header(raw)
        if header.hash != name:
            raise SourceLied(self.name, "header", "hashes to another block than the one asked for")
        return header

    def look_block(self, hash: str) -> bytes:  # noqa: A002 - the word of the domain
        """The raw block; SourceLied when its header hashes to another block, SourceMissing when it is not there."""
        raw = self._needed(
            f"/block/{hash}/raw", most=_MOST_BLOCK, what="block", deadline=self._block_deadline
        )
        if len(raw) < 81:
            raise SourceDown(
                self.name,
                "{n} byte where a block belongs",
                many="{n} bytes where a block belongs",
                n=len(raw),
            )
        if Header(raw[:80]).hash != hash:
            raise SourceLied(self.name, "block", "hashes to another block than the one asked for")
        return raw

    def look_mempool(self, scripts: Sequence[Script]) -> list[MempoolTx]:
        """Unconfirmed transactions that touch these scripts: one request a script, and one a new transaction.

        A server of one's own (`whole_mempool`) is asked for all of its mempool and learns no script: each transaction
        once, and SourceSlow while a large mempool is still being read for the first time; the next look goes on.
        """
        names: dict[str, None] = {}
        if self.whole_mempool:
            body = self._needed(
                "/mempool/txids", most=_MEMPOOL_TXIDS * 70, what="mempool", deadline=self._block_deadline
            )
            try:
                for row in array_of(json_of(body, "mempool"), "mempool", most=_MEMPOOL_TXIDS):
                    names[hash_text(row, "mempool.txid")] = None
            except GuardRefused as refused:
                raise SourceGarbled.of(self.name, refused) from refused
            return self._all_waiting(list(names))
        for script in scripts:
            names.update(dict.fromkeys(self._waiting(script)))
        shown: list[MempoolTx] = []
        for name in names:
            if name not in self._known:
                tx = self.look_transaction(name)
                if tx is None:
                    raise SourceMissing(self.name, "mempool: lists a transaction that it does not show")
                self._known[name] = MempoolTx.of(tx)
            shown.append(self._known[name])
            self.on_read(Part.MEMPOOL, len(shown), len(names))
        if len(self._known) > _KNOWN_TXS:
            self._known = {tx.txid: tx for tx in shown}
        return shown

    def _all_waiting(self, names: Sequence[str]) -> list[MempoolTx]:
        """What is listed, kept while it stays; what left the mempool since it was listed is left out."""
        self._known = {name: self._known[name] for name in names if name in self._known}
        fresh = [name for name in names if name not in self._known]
        for name in fresh[:_FRESH_A_LOOK]:
            tx = self.look_transaction(name)
            if tx is not None:
                self._known[name] = MempoolTx.of(tx)
                self.on_read(Part.MEMPOOL, len(self._known), len(names))
        if len(fresh) > _FRESH_A_LOOK:
            raise SourceSlow(
                self.name,
                "mempool: {read} of {n} transaction is read; the next look goes on",
                many="mempool: {read} of {n} transactions are read; the next look goes on",
                read=len(self._known),
                n=len(names),
            )
        return list(self._known.values())

    def _waiting(self, script: Script) -> list[str]:
        """Txids of a script that are in no block: by the route for them, else by the first pages of its history."""
        path = f"/scripthash/{scripthash_hex(script)}"
        body = self._either(f"{path}/txs/mempool", "/txs/mempool", most=4 * _PAGE)
        if body is None:
            self._unasked.add("/txs/mempool")
            listed, cut = self._listed(path, _MOST_HEIGHT)
            names = [row.txid for row in listed if row.height is None]
        else:
            try:
                rows = array_of(json_of(body, "mempool"), "mempool", most=_MEMPOOL_ROWS)
                txids = [item(object_of(row, "mempool"), "txid", "mempool") for row in rows]
                names = [hash_text(txid, "mempool.txid") for txid in txids]
            except GuardRefused as refused:
                raise SourceGarbled.of(self.name, refused) from refused
            cut = self._hides_waiting(path, len(names))
        self._note_cut(script, cut)
        return names

    def _note_cut(self, script: Script, cut: bool) -> None:
        self.cut_short.discard(bytes(script))
        if cut:
            self.cut_short.add(bytes(script))

    def _either(self, path: str, route: str, *, most: int) -> bytes | None:
        """The body of a route; None where it is not there, or is not asked: this server lacks it, or has another."""
        return None if route in self._unasked else self._body(path, most=most, empty_is_missing=False)

    def look_transaction(self, txid: str) -> Tx | None:
        """The transaction, checked to hash to `txid`; None where the server says that it is not there.

        A mempool server with an Electrum backend has it as `/hex` only.
        """
        self._said_no_such = False
        body = self._either(f"/tx/{txid}/raw", "/raw", most=_MOST_BLOCK)
        if body is None and "/hex" not in self._unasked and not self._said_no_such:
            text = self._body(f"/tx/{txid}/hex", most=2 * _MOST_BLOCK, empty_is_missing=False)
            if text is not None:
                self._unasked.add("/raw")
                try:
                    body = bytes.fromhex(plain_text(text, "tx", most=2 * _MOST_BLOCK))
                except ValueError as bad:
                    raise SourceGarbled(
                        self.name, "tx", "not the hexadecimal digits of a transaction"
                    ) from bad
        elif body is not None:
            self._unasked.add("/hex")  # not needed here
        if body is None:
            return None
        return self._read_transaction(txid, body, "tx", malformed=SourceGarbled)  # may be cut off

    def look_history(self, script: Script, *, above: int = -1) -> list[HistoryRow]:
        """All rows above a height and those in no block. SourceGarbled when the list cannot be had whole.

        A cursor can be reorganised away between two pages: an empty or repeated page, or an error, then ends a
        list too early. So a list that ran out of pages is counted against the server's own total.
        """
        path = f"/scripthash/{scripthash_hex(script)}"
        for _ in range(_PASSES - 1):
            try:
                listed, cut = self._listed(path, above)
                break
            except SourceGarbled:
                continue  # a block came or went between two pages: once more from the first
        else:
            listed, cut = self._listed(path, above)
        self._note_cut(script, cut)
        return listed

    def _listed(self, path: str, above: int) -> tuple[list[HistoryRow], bool]:
        """The rows above a height and those in no block; True where not all of the latter are shown.

        The first page mixes them, waiting ones first: Blockstream's has up to 50 and 25, mempool/electrs 50 together,
        mempool's Electrum backend 10 together. So waiting rows may leave no place for any other on it. How many of each
        is a setting of the server, so that a short page is not taken for a whole list.
        """
        listed: dict[str, HistoryRow] = {}
        page = self._history_page(f"{path}/txs")
        if not page:
            return [], False
        ran_out = False
        while not ran_out:
            ran_out = all(row.txid in listed for row in page)
            listed.update((row.txid, row) for row in page)
            heights = [row.height for row in page if row.height is not None]
            if heights and heights[-1] <= above and heights == sorted(heights, reverse=True):
                break  # rows come newest first
            if len(page) == len(listed) < _SHORT and self._total(path, "chain_stats") <= len(heights):
                break
            if ran_out:
                self._require_count(path, sum(row.height is not None for row in listed.values()))
            elif len(listed) > _MOST_LISTED:
                raise SourceGarbled(self.name, "history", "more than {most} rows", most=f"{_MOST_LISTED:,}")
            else:
                page = self._next_page(path, page)
        waiting = sum(row.height is None for row in listed.values())
        if not self._after_txid:
            cut = self._hides_waiting(path, waiting)
        else:  # what spends unconfirmed coins is listed last there
            cut = not ran_out and self._total(path, "mempool_stats") > waiting
        return [row for row in listed.values() if row.height is None or row.height > above], cut

    def _hides_waiting(self, path: str, shown: int) -> bool:
        """Do more wait than are shown? Of less than a page all are; servers show 50, or what they are set to."""
        return shown >= _SHORT and self._total(path, "mempool_stats") > shown

    def _require_count(self, path: str, listed: int) -> None:
        total = self._total(path, "chain_stats")
        if listed < total:
            raise SourceGarbled(
                self.name,
                "history",
                "ends after {listed} of {n} transaction",
                many="ends after {listed} of {n} transactions",
                listed=listed,
                n=total,
            )

    def _total(self, path: str, of: str) -> int:
        """How many transactions of a script the server counts: of `chain_stats` or `mempool_stats`."""
        fields = self._object(path, "address")
        try:
            stats = object_of(item(fields, of, "address"), f"address.{of}")
            return whole(
                item(stats, "tx_count", f"address.{of}"), f"address.{of}.tx_count", least=0, most=1 << 40
            )
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _next_page(self, path: str, page: Sequence[HistoryRow]) -> list[HistoryRow]:
        """The page after one: `/txs/chain/:txid` of what is in blocks, from its newest on where the page has none;
        on mempool's Electrum backend `?after_txid=`, of all."""
        if not self._after_txid:
            confirmed = [row.txid for row in page if row.height is not None]
            try:
                return self._history_page("/".join((f"{path}/txs/chain", *confirmed[-1:])))
            except SourceMissing:
                self._after_txid = True
        return self._history_page(f"{path}/txs?after_txid={page[-1].txid}")

    def _history_page(self, path: str) -> list[HistoryRow]:
        body = self._needed(path, most=_PAGE_BYTES, what="history")
        try:
            rows = array_of(json_of(body, "history"), "history", most=_PAGE_ROWS)
            return [_history_row(object_of(row, "history")) for row in rows]
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_height(self, txid: str) -> int | None:
        """The height that `/tx/:txid/status` claims."""
        fields = self._object(f"/tx/{txid}/status", "status")
        try:
            return _height(fields, "status")
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def look_proof(self, txid: str, height: int) -> MerkleProof:
        """The branch of `/tx/:txid/merkle-proof`; SourceMissing when it is of another block than at `height`."""
        fields = self._object(f"/tx/{txid}/merkle-proof", "merkle-proof")
        try:
            stands = whole(
                item(fields, "block_height", "merkle-proof"),
                "merkle-proof.block_height",
                least=0,
                most=_MOST_HEIGHT,
            )
            nodes = array_of(item(fields, "merkle", "merkle-proof"), "merkle-proof.merkle", most=32)
            # Printed like txids, in display order.
            branch = tuple(hex_bytes(node, "merkle-proof.merkle", least=32, most=32)[::-1] for node in nodes)
            position = whole(
                item(fields, "pos", "merkle-proof"), "merkle-proof.pos", least=0, most=(1 << 32) - 1
            )
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused
        if stands != height:
            raise SourceMissing(
                self.name, "merkle-proof: of block {stands}, not of {height}", stands=stands, height=height
            )
        return MerkleProof(txid, position, branch)

    def look_spender(self, outpoint: Outpoint) -> str | None:
        """The txid that `/tx/:txid/outspend/:vout` claims, None for an unspent one.

        Where that route is missing `/outspends` is asked; SourceMissing where it does not say which either.
        """
        path = f"/tx/{outpoint.txid}"
        body = self._either(f"{path}/outspend/{outpoint.vout}", "/outspend/:vout", most=_SMALL_OBJECT)
        try:
            if body is not None:
                fields = object_of(json_of(body, "outspend"), "outspend")
            else:
                body = self._needed(f"{path}/outspends", most=_PAGE_BYTES, what="outspend and outspends")
                rows = array_of(json_of(body, "outspends"), "outspends", most=_MOST_LISTED)
                self._unasked.add("/outspend/:vout")
                if outpoint.vout >= len(rows):
                    raise GuardRefused(
                        "outspends",
                        "{n} row; output {vout} has none",
                        many="{n} rows; output {vout} has none",
                        n=len(rows),
                        vout=outpoint.vout,
                    )
                fields = object_of(rows[outpoint.vout], "outspends")
                if _flag(fields, "spent", "outspends") and "txid" not in fields:
                    raise SourceMissing(self.name, "outspends: does not say who spends")
            if not _flag(fields, "spent", "outspend"):
                return None
            return hash_text(item(fields, "txid", "outspend"), "outspend.txid")
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _object(self, path: str, what: str) -> Mapping[str, object]:
        body = self._needed(path, most=_SMALL_OBJECT, what=what)
        try:
            return object_of(json_of(body, what), what)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _whole(self, path: str, field: str) -> int:
        body = self._needed(path, most=_SMALL, what=field)
        try:
            return plain_whole(body, field, most=_MOST_HEIGHT)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _hash(self, path: str, field: str) -> str:
        body = self._needed(path, most=_SMALL, what=field)
        try:
            return plain_hash(body, field)
        except GuardRefused as refused:
            raise SourceGarbled.of(self.name, refused) from refused

    def _needed(self, path: str, *, most: int, what: str, deadline: float | None = None) -> bytes:
        body = self._body(path, most=most, empty_is_missing=False, deadline=deadline)
        if body is None:
            raise SourceMissing(self.name, "{field}: not there", field=what)
        return body

    def _body(
        self, path: str, *, most: int, empty_is_missing: bool, deadline: float | None = None
    ) -> bytes | None:
        """The body of a 200, or None for a 404 (and, on pages, for a 400 or an empty list)."""
        self.requests += 1
        answer = self._http.request(
            "GET",
            self._base + path,
            max_bytes=most,
            deadline=self._deadline if deadline is None else deadline,
            until=self.asked_until,
            source=self.name,
        )
        self.bytes_read += len(answer.body)
        if answer.status == 404 or (empty_is_missing and answer.status == 400):
            self._said_no_such = answer.body.strip().lower() == _NO_SUCH
            return None
        self._refuse_trouble(answer)
        if empty_is_missing and answer.body.strip() == b"[]":
            return None
        return answer.body

    def _refuse_trouble(self, answer: HttpAnswer) -> None:
        if answer.status >= 500:
            raise SourceDown(self.name, "HTTP status {status}", status=answer.status)
        if answer.status != 200:
            raise SourceRefused(self.name, answer.status, "HTTP status {status}", status=answer.status)
        if answer.headers.get("content-type", "").lower().startswith("text/html") and _is_html(answer.body):
            raise SourceDown(
                self.name,
                "an HTML page of {n} byte where data belongs; the root of an API often ends in /api",
                many="an HTML page of {n} bytes where data belongs; the root of an API often ends in /api",
                n=len(answer.body),
            )


def _is_html(body: bytes) -> bool:
    return body[:64].lstrip().lower().startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def _row(source: str, row: Mapping[str, object]) -> tuple[int, Header]:
    """One row of a page as (height, header), whose 80 bytes must hash to the row's own id."""
    height = whole(item(row, "height", "blocks"), "blocks.height", least=0, most=_MOST_HEIGHT)
    name = hash_text(item(row, "id", "blocks"), "blocks.id")
    version = whole(item(row, "version", "blocks"), "blocks.version", least=-(1 << 31), most=(1 << 32) - 1)
    previous = "00" * 32
    if height > 0:
        previous = hash_text(item(row, "previousblockhash", "blocks"), "blocks.previousblockhash")
    root = hash_text(item(row, "merkle_root", "blocks"), "blocks.merkle_root")
    numbers = b"".join(
        whole(item(row, key, "blocks"), f"blocks.{key}", least=0, most=0xFFFFFFFF).to_bytes(4, "little")
        for key in ("timestamp", "bits", "nonce")
    )
    raw = (version & 0xFFFFFFFF).to_bytes(4, "little")
    header = Header(raw + bytes.fromhex(previous)[::-1] + bytes.fromhex(root)[::-1] + numbers)
    if header.hash != name:
        raise SourceLied(
            source,
            "blocks.id",
            "the fields at height {height} do not hash to the id beside them",
            height=height,
        )
    return height, header


def _chained(headers: list[Header]) -> list[Header]:
    """Each header must name the one before; a block that arrived between two pages shows as a break there."""
    for index in range(1, len(headers)):
        if headers[index].previous != headers[index - 1].hash:
            return headers[:index]
    return headers


def _history_row(row: Mapping[str, object]) -> HistoryRow:
    txid = hash_text(item(row, "txid", "history"), "history.txid")
    return HistoryRow(
        txid, _height(object_of(item(row, "status", "history"), "history.status"), "history.status")
    )


def _height(status: Mapping[str, object], field: str) -> int | None:
    if not _flag(status, "confirmed", field):
        return None
    return whole(item(status, "block_height", field), f"{field}.block_height", least=0, most=_MOST_HEIGHT)


def _flag(fields: Mapping[str, object], key: str, field: str) -> bool:
    value = item(fields, key, field)
    if not isinstance(value, bool):
        raise GuardRefused(f"{field}.{key}", "is neither true nor false")
    return value
