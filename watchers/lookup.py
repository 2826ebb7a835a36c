"""One transaction looked up by its txid, because somebody named it: the first source that has it gives its bytes.

Apart from any look. A confirmed place is only claimed here; what settles is proven by blocks, never by this.
"""

from __future__ import annotations

from dataclasses import dataclass

from watchers.net.errors import SourceError, SourceLied
from watchers.proof.block import Tx, parse_transaction
from watchers.proof.transaction import BytesRefused
from watchers.source_pool import Sources
from watchers.sources.protocol import Can


@dataclass(frozen=True, slots=True)
class Alone:
    """What sources said of one txid. `source` is who gave `tx`, whose bytes hash to the txid.

    `height` is the block that the source names for it. `without` answered that they do not have it; with `tx` None
    and nobody there, nobody could be asked. `requests` and `bytes` are what it cost.
    """

    tx: Tx | None
    source: str
    height: int | None
    without: tuple[str, ...]
    requests: int
    bytes: int


def look_alone(sources: Sources, txid: str, *, now: int, own_only: bool) -> Alone:
    """Ask one source after the other, an own node first, until one has the transaction; raises nothing.

    `own_only`: only sources that show a whole mempool are asked, so that nobody else learns the txid. A source whose
    bytes are not of that txid is set aside.
    """
    asked = sorted(sources.available(now), key=lambda one: not one.source.whole_mempool)
    if own_only:
        asked = [one for one in asked if one.source.whole_mempool]
    without: list[str] = []
    tx: Tx | None = None
    source, height = "", None
    for one in asked:
        try:
            raw = one.source.look_transaction(txid)
            if raw is None:
                without.append(one.name)
                continue
            found = _checked(one.name, txid, raw)
            height = one.source.look_place(txid) if Can.HISTORY in one.source.can else None
        except SourceError as trouble:
            sources.note(one, trouble, now)
            continue
        tx, source = found, one.name
        break
    return Alone(
        tx=tx,
        source=source,
        height=height,
        without=tuple(without),
        requests=sum(one.source.requests - one.requests for one in asked),
        bytes=sum(one.source.bytes_read - one.bytes for one in asked),
    )


def _checked(source: str, txid: str, raw: bytes) -> Tx:
    try:
        tx = parse_transaction(raw)
    except BytesRefused as refused:
        raise SourceLied(source, "transaction", str(refused)) from refused
    if tx.txid != txid:
        raise SourceLied(source, "transaction", "hashes to another txid than the one asked for")
    return tx
