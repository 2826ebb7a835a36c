"""Where a single block stands: connected by hash to headers or the table that we trust, or only so much work.

For a block that somebody hands in, apart from any look. What a coinbase says of its own height is a claim, and is
never enough.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ledger.core.chain import Header
from ledger.core.wording import Value, Wording, translatable
from watchers.proof.headers import HeaderChain, HeaderRefused
from watchers.proof.networks import Network
from watchers.proof.periods import PERIOD, PeriodTable
from watchers.proof.work import BadBits, bits_of, eight_digits, meets, target_of, work_of


class ConnectedBy(Enum):
    """What a block's hash leads to."""

    TABLE = translatable("the shipped table of periods")
    HEADERS = translatable("our own verified headers")


class Bound(Enum):
    """What a header's target was held against."""

    PERIOD = translatable("the target of its claimed period")
    RETARGETS = translatable("the easiest target that retargets could reach by its claimed height")
    NETWORK = translatable("the easiest target that the network ever allows")


@dataclass(frozen=True, slots=True)
class OnChain:
    """The block stands at `height` on the chain that `by` pins."""

    height: int
    by: ConnectedBy
    work: int


@dataclass(frozen=True, slots=True)
class BesideChain:
    """Our headers know the block at `height`, on a branch that lost to the best tip."""

    height: int
    best_hash: str
    work: int


@dataclass(frozen=True, slots=True)
class WorkOnly:
    """Proof of work of `work` expected hashes; place in the chain not shown. `claimed_height` is a claim."""

    claimed_height: int | None
    work: int
    bound: Bound


Place = OnChain | BesideChain | WorkOnly


def place_of(
    header: Header,
    claimed_height: int | None,
    network: Network,
    table: PeriodTable | None,
    known: HeaderChain | None = None,
) -> Place:
    """What is proven of the place of a header whose block claims `claimed_height` (BIP 34; None: it says none).

    `known` are headers of ours. HeaderRefused when the header lacks the proof of work it claims, is easier or
    harder than the table says for the claimed period, easier than retargets could have become since the table
    ends (or than the network ever allows), or contradicts by its claim a place that its hash proves.
    """
    try:
        target = target_of(header.bits)
    except BadBits as bad:
        raise HeaderRefused("bits", "{bad}", bad=bad.wording) from bad
    if target > target_of(network.pow_limit_bits):
        raise HeaderRefused(
            "bits",
            "{bits} is easier than {network} ever allows",
            bits=eight_digits(header.bits),
            network=network.name,
        )
    if not meets(header, target):
        raise HeaderRefused("hash", "does not meet the header's own target, so there is no proof of work")
    work = work_of(target)
    place = _connected(header, target, table, known)
    if place is not None:
        if claimed_height is not None and claimed_height != place.height and _must_be_true(header, network):
            raise HeaderRefused(
                "height",
                "the coinbase claims {claimed_height}, but the hash stands at {height}",
                claimed_height=claimed_height,
                height=place.height,
            )
        return place
    return WorkOnly(claimed_height, work, _bound(header, target, claimed_height, network, table))


def _must_be_true(header: Header, network: Network) -> bool:
    """BIP 34 binds blocks of version 2 and above; before it was enforced, a coinbase could begin with anything."""
    return header.version >= 2 and network.retargets and header.time > 1_364_140_204


def _connected(
    header: Header, target: int, table: PeriodTable | None, known: HeaderChain | None
) -> OnChain | BesideChain | None:
    """The place that a hash shows: known itself, or the next block after our tip or after one in the table."""
    work = work_of(target)
    if known is not None:
        height = known.height(header.hash)
        if height is not None and known.on_best_chain(header.hash):
            return OnChain(height, ConnectedBy.HEADERS, work)
        if height is not None:
            return BesideChain(height, known.best().hash, work)
        if header.previous == known.best().hash:
            return OnChain(known.check(header, now=header.time), ConnectedBy.HEADERS, work)
    if table is not None:
        height = table.height_of(header.hash)
        if height is not None:
            return OnChain(height, ConnectedBy.TABLE, work)
        height = table.height_of(header.previous)
        if height is not None and table.target(height + 1) == target:
            return OnChain(height + 1, ConnectedBy.TABLE, work)
    return None


_EASIER = translatable(
    "{bits} is easier than {required}, the target of the period of height {claimed}, which the block claims"
)
_HARDER = translatable(
    "{bits} is harder than {required}, the target of the period of height {claimed}, which the block claims"
)


def _bound(
    header: Header, target: int, claimed: int | None, network: Network, table: PeriodTable | None
) -> Bound:
    if claimed is None or table is None or not network.retargets or network.min_difficulty_rule:
        return Bound.NETWORK
    required = table.target(claimed)
    if required is not None:
        if target != required:
            values: dict[str, Value] = {
                "bits": eight_digits(header.bits),
                "required": eight_digits(bits_of(required)),
                "claimed": claimed,
            }
            raise HeaderRefused(
                "bits", "{reason}", reason=Wording(_EASIER if target > required else _HARDER, values)
            )
        return Bound.PERIOD
    last = table.target(table.last_height + 1)
    if last is None:
        return Bound.NETWORK
    steps = (claimed - table.last_height - 1) // PERIOD
    if steps < 128 and target > last * 4**steps:
        raise HeaderRefused(
            "bits",
            "{bits} is easier than {steps} retargets after the table's last period ({last}) could make "
            "it by height {claimed}, which the block claims",
            bits=eight_digits(header.bits),
            steps=steps,
            last=eight_digits(bits_of(last)),
            claimed=claimed,
        )
    return Bound.RETARGETS if steps < 128 else Bound.NETWORK
