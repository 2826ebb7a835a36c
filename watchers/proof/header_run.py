"""A run of headers, each on the one before and with its bits: the quick way through nearly all of a chain.

Accepts only what `headers` would accept one by one, and stops where anything else has to be decided.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from ledger.core.chain import Header
from watchers.proof.networks import Network
from watchers.proof.periods import PERIOD
from watchers.proof.work import target_of, work_of

MEDIAN_SPAN = 11
TESTNET_PAUSE = 20 * 60
_FIELDS = Struct("<4x32s32xII4x").unpack
"""Hash of the header before, time and bits, out of the 80 bytes."""


@dataclass(slots=True, eq=False)
class Node:
    """A header in the tree; `work` counts from the first header that the tree was given."""

    header: Header
    hash: str
    height: int
    work: int
    parent: Node | None


def times_before(parent: Node) -> list[int]:
    """The times of up to eleven headers ending with `parent`, oldest first."""
    times: list[int] = []
    node: Node | None = parent
    while node is not None and len(times) < MEDIAN_SPAN:
        times.append(node.header.time)
        node = node.parent
    times.reverse()
    return times


def add_run(
    headers: Sequence[Header],
    start: int,
    parent: Node,
    network: Network,
    latest: int,
    known: Container[str],
    staged: dict[str, Node],
) -> Node:
    """Put nodes for `headers[start:]` into `staged` while all is plain; returns the last one, or `parent`.

    Plain is a header that names the one before, has its bits and meets their target, is later than the median of
    eleven and not after `latest` (Unix seconds), is not known, and neither begins nor ends a period: at its ends
    the retarget and the table of periods have their say, and on testnets so has a pause before any block.
    """
    times = times_before(parent)
    bits = parent.header.bits
    pauses = network.min_difficulty_rule
    if len(times) < MEDIAN_SPAN or (pauses and bits == network.pow_limit_bits):
        return parent
    target = target_of(bits)
    highest, step = target.to_bytes(32, "big"), work_of(target)
    place = (parent.height + 1) % PERIOD
    stop = min(len(headers), start + (PERIOD - 1 - place if place else 0))
    if start >= stop or (first := headers[start].hash) in known or first in staged:
        return parent  # of the others none is known: their parents are new
    node, height, work = parent, parent.height, parent.work
    digest = bytes.fromhex(parent.hash)[::-1]
    newest = max(times)
    for header in headers[start:stop]:
        raw = header.raw
        previous, time, own_bits = _FIELDS(raw)
        if previous != digest or own_bits != bits or time > latest:
            break
        if pauses and time > times[-1] + TESTNET_PAUSE:
            break
        if time > newest:
            newest = time
        elif time <= sorted(times[-MEDIAN_SPAN:])[MEDIAN_SPAN // 2]:
            break
        digest = sha256(sha256(raw).digest()).digest()
        shown = digest[::-1]
        if shown > highest:
            break
        name = shown.hex()
        times.append(time)
        height += 1
        work += step
        staged[name] = node = Node(header, name, height, work, node)
    return node
