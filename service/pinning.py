"""Where our chain of headers begins: restored from the store, or pinned once at a checkpoint and kept for ever.

A checkpoint comes from the shipped table, the operator, or the block that the sources agree on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.core.chain import Header, is_txid
from ledger.core.wording import Value, Wording
from ledger.store.database import Store
from ledger.store.transaction import Writing
from service.command import BadUse, Unavailable
from watchers.net.errors import SourceError
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import Network
from watchers.proof.periods import PERIOD, PeriodTable
from watchers.sources.protocol import Source


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A block that headers are checked from, and who vouches for it."""

    height: int
    hash: str
    trust: str  # "genesis", "table", "operator" or "first use"


def parse_checkpoint(text: str) -> tuple[int, str]:
    """Read HEIGHT:HASH; raises BadUse with the shape."""
    height, colon, name = text.partition(":")
    if (
        not colon
        or not height.isascii()
        or not height.isdigit()
        or len(height) > 9
        or not is_txid(name.lower())
    ):
        raise BadUse(
            "checkpoint: write HEIGHT:HASH, a number, a colon and the 64 digits of the block's hash."
        )
    return int(height), name.lower()


def restored_chain(store: Store, network: Network) -> HeaderChain | None:
    """The chain that the store holds, None before it was pinned."""
    with store.read() as tx:
        rows = tx.progress.headers()
        pinned = tx.progress.load("checkpoint")
        tip = tx.progress.load("tip_hash")
    if not rows or pinned is None:
        return None
    linked = [rows[0]]
    for height, raw in rows[1:]:
        # Headers above a reorg to a shorter chain of more work may be left over; they link to nothing.
        if Header(raw).previous != Header(linked[-1][1]).hash:
            break
        linked.append((height, raw))
    height, _ = parse_checkpoint(pinned)
    try:
        chain = HeaderChain.restore(network, linked, PeriodTable.load(network), checkpoint_height=height)
    except HeaderRefused as refusal:
        raise Unavailable(
            "the stored headers are damaged ({refusal}); restore a backup.", refusal=refusal.wording
        ) from None
    if tip is not None and tip not in chain:
        raise Unavailable(
            "the stored headers do not reach the block that was scanned last; restore a backup."
        )
    return chain


def pinned_chain(
    store: Store, network: Network, sources: Sequence[Source], checkpoint: str, trust: str
) -> HeaderChain:
    """The chain to look with; pins and stores its start the first time. Raises Unavailable or BadUse."""
    chain = restored_chain(store, network)
    if chain is not None:
        return chain
    start, headers = _start(network, sources, checkpoint, trust)
    first = start.height - len(headers) + 1
    try:
        chain = HeaderChain(
            network, (start.height, headers[-1]), previous=headers[:-1], table=PeriodTable.load(network)
        )
    except HeaderRefused as refusal:
        raise Unavailable("the checkpoint's header is refused: {refusal}.", refusal=refusal.wording) from None
    with store.write() as tx:
        _keep(tx, network, start, first, headers)
    return chain


def _keep(tx: Writing, network: Network, start: Checkpoint, first: int, headers: list[Header]) -> None:
    tx.progress.add_headers([(first + index, header.raw) for index, header in enumerate(headers)])
    tx.progress.save("checkpoint", f"{start.height}:{start.hash}")
    tx.progress.save("checkpoint_trust", start.trust)
    tx.progress.save("trusted_rules", network.name if network.trusted_rules else "")


def _start(
    network: Network, sources: Sequence[Source], checkpoint: str, trust: str
) -> tuple[Checkpoint, list[Header]]:
    genesis = Header(network.genesis_header)
    if not checkpoint and not network.retargets:
        return Checkpoint(0, genesis.hash, "genesis"), [genesis]
    if checkpoint:
        height, name = parse_checkpoint(checkpoint)
        if height == 0:
            return Checkpoint(0, genesis.hash, "genesis"), [genesis]
        # From the first header of its period, so that the next retarget can be checked.
        first = height - height % PERIOD
        headers = _ask(sources, first, height - first + 1)
        if headers[-1].hash != name:
            raise Unavailable(
                "no source shows the checkpoint {name}… at height {height}; check it, or the sources.",
                name=name[:12],
                height=height,
            )
        for before, after in pairwise(headers):
            if after.previous != before.hash:
                raise Unavailable("a source's headers before the checkpoint do not link to each other.")
        return Checkpoint(height, name, trust), headers
    return _agreed_start(sources)


def _agreed_start(sources: Sequence[Source]) -> tuple[Checkpoint, list[Header]]:
    """The first block of the present period that every answering source agrees on: trust on first use."""
    lowest: int | None = None
    names: dict[str, str] = {}
    troubles: list[Value] = []
    for source in sources:
        try:
            tip = source.look_tip()
        except SourceError as trouble:
            troubles.append(trouble.named)
            continue
        lowest = tip.height if lowest is None else min(lowest, tip.height)
    if lowest is None:
        raise Unavailable(
            "no source answers, so there is nothing to start from ({troubles}); check the network and [[sources]].",
            troubles=troubles or Wording("there is no source"),
        )
    height = lowest - lowest % PERIOD
    for source in sources:
        try:
            names[source.name] = source.look_hash(height)
        except SourceError:
            continue
    if not names or len(set(names.values())) > 1:
        said: list[Value] = [
            Wording("{source} says {hash}…", {"source": name, "hash": value[:12]})
            for name, value in names.items()
        ]
        raise Unavailable(
            "the sources do not agree on block {height} ({said}); give --checkpoint HEIGHT:HASH.",
            height=height,
            said=said or Wording("none answers"),
        )
    agreed = next(iter(names.values()))
    headers = _ask(sources, height, 1)
    if headers[0].hash != agreed:
        raise Unavailable("no source gives the header of block {height} that they agree on.", height=height)
    return Checkpoint(height, agreed, "first use"), headers


def _ask(sources: Sequence[Source], first: int, count: int) -> list[Header]:
    """`count` headers from the first source that has them."""
    said = Wording("there is no source")
    for source in sources:
        headers: list[Header] = []
        try:
            while len(headers) < count:
                page = source.look_headers(first + len(headers), count - len(headers))
                if not page:
                    break
                headers += page
        except SourceError as trouble:
            said = trouble.named
            continue
        if len(headers) == count:
            return headers
        said = Wording(
            "{source} has no header at height {height}",
            {"source": source.name, "height": first + len(headers)},
        )
    raise Unavailable("the headers from {first} on cannot be had ({said}).", first=first, said=said)
