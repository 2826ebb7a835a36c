"""A tree of headers verified from a pinned checkpoint: proof of work, retargets, times, most work.

Headers come from `header_sync`, and looks follow the tip that has most work here. Asks nobody, reads no clock (`now`
is handed in), and never forgets the headers of a branch that lost. Long plain runs take a quick way through the same
rules (`add_run`); wherever anything has to be decided, they are judged one by one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from struct import Struct

from ledger.core.chain import Header
from ledger.core.wording import Value, Wording, WrongField, translatable
from watchers.proof.networks import Network
from watchers.proof.periods import PERIOD, PeriodTable
from watchers.proof.work import BadBits, bits_of, eight_digits, meets, target_of, work_of

_TIMESPAN = 14 * 24 * 3600
_FUTURE = 2 * 3600
_TIMEWARP_GRACE = 600
MEDIAN_SPAN = 11
TESTNET_PAUSE = 20 * 60
_FIELDS = Struct("<4x32s32xII4x").unpack
"""Hash of the header before, time and bits, out of the 80 bytes."""


_EASIER = translatable(
    "{bits} at height {height} is easier than {required}, which the rules of {network} ask there"
)
_HARDER = translatable(
    "{bits} at height {height} is harder than {required}, which the rules of {network} ask there"
)


class HeaderRefused(WrongField):
    """A header that breaks a rule of its chain. `field` names the part of it, like `header.bits`."""

    def __init__(self, part: str, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__(f"header.{part}", text, many=many, **values)


class HeaderUnjudged(HeaderRefused):
    """A header that may be right: only our clock, or headers that we lack, keep us from checking it."""


@dataclass(frozen=True, slots=True)
class Tip:
    """A header by height and hash (display order), its time in Unix seconds, and the work up to it.

    Work counts hashes from the first header that the chain was given, so it compares tips of one chain only.
    """

    height: int
    hash: str
    work: int
    time: int


@dataclass(slots=True, eq=False)
class Node:
    """A header in the tree; `work` counts from the first header that the tree was given."""

    header: Header
    hash: str
    height: int
    work: int
    parent: Node | None


class HeaderChain:
    """Verified headers as a tree above `checkpoint`, a (height, header) pair that is trusted as given.

    `previous` are the headers just before the checkpoint, oldest first. With them the median time and the
    retarget after a checkpoint in mid-period can be checked; without, the former is left out for the first
    ten headers, and the latter needs the table of periods or is refused with that remedy.
    """

    def __init__(
        self,
        network: Network,
        checkpoint: tuple[int, Header],
        *,
        previous: Sequence[Header] = (),
        table: PeriodTable | None,
    ) -> None:
        self.network = network
        self.table = table
        self._limit = target_of(network.pow_limit_bits)
        self._nodes: dict[str, Node] = {}
        self._leaves: dict[str, Node] = {}
        self._active: list[Node] = []
        height, header = checkpoint
        line = [*previous, header]
        self._lowest = height - len(previous)
        self.checkpoint_height = height
        if self._lowest < 0:
            raise HeaderRefused(
                "height",
                "{n} header cannot stand before height {height}",
                many="{n} headers cannot stand before height {height}",
                n=len(previous),
                height=height,
            )
        for index, one in enumerate(line):
            self._take_on_trust(self._lowest + index, one)

    def _take_on_trust(self, height: int, header: Header) -> None:
        parent = self._nodes.get(header.previous)
        if self._nodes and (parent is None or parent.height + 1 != height):
            raise HeaderRefused(
                "previous", "at height {height} does not name a header one below it", height=height
            )
        self._check_own(height, header)
        self._store(self._node(header, header.hash, height, parent))

    def _check_own(self, height: int, header: Header) -> int:
        """What a header must satisfy whatever stands before it; returns its target."""
        try:
            target = target_of(header.bits)
        except BadBits as bad:
            raise HeaderRefused("bits", "at height {height}: {bad}", height=height, bad=bad.wording) from bad
        if target > self._limit:
            raise HeaderRefused(
                "bits",
                "at height {height} is easier than {network} ever allows",
                height=height,
                network=self.network.name,
            )
        if not meets(header, target):
            raise HeaderRefused(
                "hash", "at height {height} does not meet the header's own target", height=height
            )
        if height == 0 and header.raw != self.network.genesis_header:
            raise HeaderRefused(
                "hash", "at height 0 is not {network}'s first block", network=self.network.name
            )
        pinned = self.table.hash_at(height) if self.table is not None else None
        if pinned is not None and header.hash != pinned:
            raise HeaderRefused(
                "hash", "at height {height} is not the one that the table of periods names", height=height
            )
        return target

    def _node(self, header: Header, name: str, height: int, parent: Node | None) -> Node:
        work = work_of(target_of(header.bits)) + (parent.work if parent is not None else 0)
        return Node(header, name, height, work, parent)

    def _store(self, node: Node) -> None:
        self._nodes[node.hash] = node
        if node.parent is not None:
            self._leaves.pop(node.parent.hash, None)
        self._leaves[node.hash] = node
        if not self._active or node.work > self._active[-1].work:
            self._activate(node)

    def _activate(self, node: Node) -> None:
        """Make the line down from `node` the active one; cheap when it extends or forks near the tip."""
        tail = []
        at: Node | None = node
        while at is not None and not self._is_active(at):
            tail.append(at)
            at = at.parent
        del self._active[(at.height + 1 - self._lowest) if at is not None else 0 :]
        self._active.extend(reversed(tail))

    def _is_active(self, node: Node) -> bool:
        index = node.height - self._lowest
        return index < len(self._active) and self._active[index] is node

    def add(self, raw_headers: Sequence[Header], *, now: int) -> Tip:
        """Verify headers (each after its parent) and add them; known ones are passed over. The last one as a tip.

        All or nothing: HeaderRefused leaves the tree as it was. `now` is the time in Unix seconds, against
        which a header more than two hours ahead is refused.
        """
        staged: dict[str, Node] = {}
        last: Node | None = None
        tip = end = self._active[-1]
        index = 0
        while index < len(raw_headers):
            if last is not None and last.height >= self.checkpoint_height:
                before = last
                last = add_run(raw_headers, index, last, self.network, now + _FUTURE, self._nodes, staged)
                index += last.height - before.height
                end = last if before is end else end
            if index < len(raw_headers):
                last = self._take(raw_headers[index], staged, now)
                index += 1
                end = last if last.parent is end else end
        if len(staged) == end.height - tip.height:
            self._store_run(tip, staged)
        else:
            for node in staged.values():
                self._store(node)
        return _tip(last) if last is not None else self.best()

    def _take(self, header: Header, staged: dict[str, Node], now: int) -> Node:
        """The node of one header: a known one, or a new one that keeps every rule, which is staged."""
        name = header.hash
        known = self._nodes.get(name) or staged.get(name)
        if known is None:
            parent = self._nodes.get(header.previous) or staged.get(header.previous)
            if parent is None:
                raise HeaderUnjudged(
                    "previous", "{previous} is no header that we know", previous=header.previous
                )
            if parent.height < self.checkpoint_height:
                raise HeaderRefused(
                    "previous",
                    "forks off at height {height}, below the pinned checkpoint",
                    height=parent.height,
                )
            self._check(header, parent, now)
            known = staged[name] = self._node(header, name, parent.height + 1, parent)
        return known

    def _store_run(self, tip: Node, run: dict[str, Node]) -> None:
        """Store nodes that stand on the active tip, each on the one before."""
        if not run:
            return
        self._nodes.update(run)
        self._active.extend(run.values())
        del self._leaves[tip.hash]
        last = self._active[-1]
        self._leaves[last.hash] = last

    def check(self, header: Header, *, now: int) -> int:
        """The height that `header` would have on its known parent; HeaderRefused where it breaks a rule."""
        parent = self._nodes.get(header.previous)
        if parent is None:
            raise HeaderUnjudged("previous", "{previous} is no header that we know", previous=header.previous)
        self._check(header, parent, now)
        return parent.height + 1

    def _check(self, header: Header, parent: Node, now: int) -> None:
        height = parent.height + 1
        target = self._check_own(height, header)
        required = self._required_target(parent, header.time)
        if target != required:
            values: dict[str, Value] = {
                "bits": eight_digits(header.bits),
                "height": height,
                "required": eight_digits(bits_of(required)),
                "network": self.network.name,
            }
            raise HeaderRefused(
                "bits", "{reason}", reason=Wording(_EASIER if target > required else _HARDER, values)
            )
        median = self._median_time(parent)
        if median is not None and header.time <= median:
            raise HeaderRefused(
                "time", "at height {height} is not after the median of the eleven before", height=height
            )
        if self.network.bip94 and height % PERIOD == 0 and header.time < parent.header.time - _TIMEWARP_GRACE:
            raise HeaderRefused(
                "time", "at height {height} goes back by more than ten minutes (BIP 94)", height=height
            )
        if header.time > now + _FUTURE:
            raise HeaderUnjudged(
                "time", "at height {height} is more than two hours ahead of our clock", height=height
            )

    def _required_target(self, parent: Node, time: int) -> int:
        """The one target that the rules allow for a header of this time on `parent`."""
        height = parent.height + 1
        if not self.network.retargets:
            return target_of(parent.header.bits)
        if height % PERIOD == 0:
            return self._retarget(parent)
        if not self.network.min_difficulty_rule:
            return target_of(parent.header.bits)
        if time > parent.header.time + TESTNET_PAUSE:
            return self._limit
        node = parent
        while node.height % PERIOD != 0 and node.header.bits == self.network.pow_limit_bits:
            if node.parent is None:
                raise HeaderUnjudged(
                    "bits",
                    "at height {height} cannot be checked: give the headers from height {lowest} on, or pin the "
                    "checkpoint at a period's first block",
                    height=height,
                    lowest=height - height % PERIOD,
                )
            node = node.parent
        return target_of(node.header.bits)

    def _retarget(self, parent: Node) -> int:
        height = parent.height + 1
        first = self._ancestor(parent, height - PERIOD)
        if first is None:
            target = self.table.target(height) if self.table is not None else None
            if target is None:
                raise HeaderUnjudged(
                    "bits",
                    "at height {height} cannot be checked: give the headers from height {lowest} on, or a table of "
                    "periods that reaches there",
                    height=height,
                    lowest=height - PERIOD,
                )
            return target
        span = parent.header.time - first.header.time
        span = min(max(span, _TIMESPAN // 4), _TIMESPAN * 4)
        base = first if self.network.bip94 else parent
        target = min(target_of(base.header.bits) * span // _TIMESPAN, self._limit)
        return target_of(bits_of(target))

    def _median_time(self, parent: Node) -> int | None:
        """Median time of the eleven headers up to `parent`; fewer only at the very start of the network."""
        times = times_before(parent)
        if len(times) < MEDIAN_SPAN and len(times) <= parent.height:
            return None
        return sorted(times)[len(times) // 2]

    def _ancestor(self, node: Node, height: int) -> Node | None:
        if not self._lowest <= height <= node.height:
            return None
        active, lowest, end = self._active, self._lowest, self._lowest + len(self._active)
        while node.height > height:
            if node.height < end and active[node.height - lowest] is node:
                return active[height - lowest]
            if node.parent is None:
                return None
            node = node.parent
        return node

    def _known(self, name: str) -> Node:
        try:
            return self._nodes[name]
        except KeyError:
            raise HeaderRefused("hash", "{name} is no header that we know", name=name[:64]) from None

    def best(self) -> Tip:
        """The tip with the most work; of equals the one seen first."""
        return _tip(self._active[-1])

    def tips(self) -> list[Tip]:
        """Every leaf of the tree, most work first; of equals the one seen first."""
        return [_tip(node) for node in sorted(self._leaves.values(), key=lambda node: -node.work)]

    def header(self, hash: str) -> Header | None:  # noqa: A002 - the word of the domain
        """The header of that hash, or None."""
        node = self._nodes.get(hash)
        return None if node is None else node.header

    def height(self, hash: str) -> int | None:  # noqa: A002
        """The height of that hash, or None."""
        node = self._nodes.get(hash)
        return None if node is None else node.height

    def work(self, hash: str) -> int:  # noqa: A002
        """Work from the first header given up to that one; HeaderRefused when it is unknown."""
        return self._known(hash).work

    def tip(self, hash: str) -> Tip:  # noqa: A002
        """That header as a Tip; HeaderRefused when it is unknown."""
        return _tip(self._known(hash))

    def ancestor(self, hash: str, height: int) -> str:  # noqa: A002
        """The hash at `height` on the line down from `hash` (itself included); HeaderRefused if there is none."""
        node = self._ancestor(self._known(hash), height)
        if node is None:
            raise HeaderRefused(
                "height", "{height} is not on the known line down from {hash}", height=height, hash=hash
            )
        return node.hash

    def ancestor_is(self, hash: str, ancestor: str) -> bool:  # noqa: A002
        """True when the chain that ends with `hash` holds `ancestor`."""
        height = self.height(ancestor)
        own = self.height(hash)
        return (
            height is not None
            and own is not None
            and height <= own
            and self.ancestor(hash, height) == ancestor
        )

    def on_best_chain(self, hash: str) -> bool:  # noqa: A002
        """True when that header is the best tip or an ancestor of it."""
        node = self._nodes.get(hash)
        return node is not None and self._is_active(node)

    def fork(self, a: str, b: str) -> str:
        """The hash of the last header that both lines share (one of the two, where one builds on the other)."""
        one, other = self._known(a), self._known(b)
        while one is not other:
            if one.height < other.height:
                one, other = other, one
            if self._is_active(one) and self._is_active(other):
                return other.hash
            if one.parent is None:
                raise HeaderRefused("previous", "the two headers share no ancestor that we know")
            one = one.parent
        return one.hash

    def path(self, ancestor: str, tip: str) -> list[str]:
        """The hashes after `ancestor` up to and with `tip`, in order; HeaderRefused if it is no ancestor."""
        start, node = self._known(ancestor), self._known(tip)
        hashes = []
        while node.height > start.height and node.parent is not None:
            hashes.append(node.hash)
            node = node.parent
        if node is not start:
            raise HeaderRefused("previous", "{tip} does not build on {ancestor}", tip=tip, ancestor=ancestor)
        hashes.reverse()
        return hashes

    def __contains__(self, hash: object) -> bool:  # noqa: A002
        return hash in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def rows(self) -> Iterator[tuple[int, bytes]]:
        """Every header as (height, 80 bytes), each after its parent, in the order of learning it."""
        return ((node.height, node.header.raw) for node in self._nodes.values())

    @classmethod
    def restore(
        cls,
        network: Network,
        rows: Iterable[tuple[int, bytes]],
        table: PeriodTable | None,
        *,
        checkpoint_height: int | None = None,
    ) -> HeaderChain:
        """The tree again from its own `rows`, the lowest first.

        They were verified before they were kept, so only what a damaged store would break is checked again:
        each header's own proof of work, its link and height, and the table. `checkpoint_height` is that of the
        first chain, when headers from before it are among the rows.
        """
        ordered = iter(rows)
        try:
            height, raw = next(ordered)
        except StopIteration:
            raise HeaderRefused("height", "no stored header to start from; pin a checkpoint again") from None
        chain = cls(network, (height, Header(raw)), table=table)
        for height, raw in ordered:
            chain._take_on_trust(height, Header(raw))
        chain.checkpoint_height = chain._lowest if checkpoint_height is None else checkpoint_height
        return chain


def _tip(node: Node) -> Tip:
    return Tip(node.height, node.hash, node.work, node.header.time)


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
