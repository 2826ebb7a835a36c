"""One transaction looked up by its txid, because somebody named it: the first source that has it gives its bytes.

Apart from any look. A confirmed place is only claimed here; what settles is proven by blocks, never by this.
"""

from __future__ import annotations

from dataclasses import dataclass

from watchers.net.errors import SourceError
from watchers.proof.transaction import Tx
from watchers.source_pool import SourcePool
from watchers.sources.protocol import Can


@dataclass(frozen=True, slots=True)
class TransactionLookup:
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


def look_up_transaction(sources: SourcePool, txid: str, *, now: int, own_only: bool) -> TransactionLookup:
    """Ask one source after the other, an own node first, until one has the transaction; raises nothing.

    `own_only`: only sources that show a whole mempool are asked, so that nobody else learns the txid. A source whose
    bytes are not of that txid is set aside.
    """
    statuses = sorted(sources.available(now), key=lambda one: not one.source.whole_mempool)
    if own_only:
        statuses = [one for one in statuses if one.source.whole_mempool]
    without: list[str] = []
    tx: Tx | None = None
    source, height = "", None
    for one in statuses:
        try:
            read = one.source.look_transaction(txid)
            if read is None:
                without.append(one.name)
                continue
            height = one.source.look_height(txid) if Can.HISTORY in one.source.can else None
        except SourceError as trouble:
            sources.note(one, trouble, now)
            continue
        tx, source = read, one.name
        break
    return TransactionLookup(
        tx=tx,
        source=source,
        height=height,
        without=tuple(without),
        requests=sum(one.source.requests - one.requests for one in statuses),
        bytes=sum(one.source.bytes_read - one.bytes for one in statuses),
    )
