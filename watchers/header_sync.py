"""One source's headers, from the last one that we know up to its tip: fetched, verified, added to our chain.

A look does this with each source before it asks for anything else; which tip is acted on is decided there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from watchers.net.errors import SourceDown, SourceLied, SourceMissing
from watchers.proof.headers import HeaderChain, HeaderRefused, HeaderUnjudged, Tip
from watchers.sources.protocol import ClaimedTip, Part, Source

_CHUNK = 2016
_MOST_CHUNKS = 50
"""So many headers at most are read from one source in one look (100,800); the next look goes on."""
_MOMENT = 1
"""Height and hash that were asked for apart may be so many blocks from each other, when one has just come."""


@dataclass(slots=True)
class HeaderSync:
    """What a source showed: the tip it claims, and where its verified headers end."""

    claimed: ClaimedTip | None = None
    tip: Tip | None = None


def sync_headers(source: Source, chain: HeaderChain, sync: HeaderSync, *, now: int) -> None:
    """Fill `sync` from the source and add its headers to `chain`; what was found before an error is kept.

    Raises a SourceError. SourceLied is for what proof of work or the source's own words contradict; headers that
    only our clock or our lack of older headers keeps us from checking are SourceDown. Where height and hash are of two
    moments, the newer of both is followed, where it is there.
    """
    for attempt in (1, 2):
        claimed = sync.claimed = source.look_tip()
        height = chain.height(claimed.hash)
        if height is None:
            beyond = _MOMENT if claimed.apart and attempt == 2 else 0
            _add_headers(source, chain, claimed, claimed.height + beyond, sync, now)
            height = chain.height(claimed.hash)
        if claimed.apart and height is not None and height < claimed.height <= height + _MOMENT:
            claimed = _at_height(source, claimed)
            if claimed.hash not in chain:
                _add_headers(source, chain, claimed, claimed.height, sync, now)
            height = chain.height(claimed.hash)
        if height is not None and (height == claimed.height or claimed.apart):
            sync.tip = chain.tip(claimed.hash)
            if abs(height - claimed.height) > _MOMENT:
                raise SourceDown(
                    source.name,
                    "names height {named} beside the block at {height}; it is behind itself",
                    named=claimed.height,
                    height=height,
                )
            sync.claimed = ClaimedTip(height, claimed.hash)
            return
        if height is not None and attempt == 2:
            raise SourceLied(
                source.name,
                "tip.height",
                "{named}, but the block that it names stands at {height}",
                named=claimed.height,
                height=height,
            )
    raise SourceDown(source.name, "its headers do not lead to the tip that it names")


def _at_height(source: Source, claimed: ClaimedTip) -> ClaimedTip:
    """The block at a height that was named beside an older one; that one where there is none, or was not yet."""
    try:
        return replace(claimed, hash=source.look_hash(claimed.height))
    except SourceMissing:
        return claimed


def _add_headers(
    source: Source, chain: HeaderChain, claimed: ClaimedTip, last: int, sync: HeaderSync, now: int
) -> None:
    first, again = _known_height(source, chain, claimed) + 1, False
    for _ in range(_MOST_CHUNKS):
        count = min(_CHUNK, last - first + 1)
        if count <= 0:
            return
        headers = source.look_headers(first, count)
        if not headers:
            return
        try:
            tip = chain.add(headers[:count], now=now)
        except HeaderUnjudged as unjudged:
            if unjudged.field == "previous" and not again:
                # Some of its rows are of a branch that it left: once more from where its own hashes lead.
                first, again = _known_height(source, chain, claimed) + 1, True
                continue
            raise SourceDown(source.name, "{unjudged}", unjudged=unjudged.wording) from unjudged
        except HeaderRefused as refused:
            raise SourceLied.of(source.name, refused) from refused
        sync.tip = tip
        first += len(headers)
        source.on_read(Part.HEADERS, first - 1, last)


def _known_height(source: Source, chain: HeaderChain, claimed: ClaimedTip) -> int:
    """A height at and below which the source's chain is known to us, found in steps that double."""
    lowest = chain.checkpoint_height
    if claimed.height < lowest:
        raise SourceMissing(
            source.name,
            "its tip {height} is below our checkpoint {lowest}",
            height=claimed.height,
            lowest=lowest,
        )
    height, step = min(claimed.height, chain.best().height), 1
    while True:
        try:
            name = source.look_hash(height)
        except SourceMissing:
            if height <= lowest:
                raise
            name = ""
        if chain.height(name) == height:
            return height
        if height <= lowest:
            raise SourceLied(
                source.name,
                "block-height",
                "its chain does not hold the checkpoint that we pinned at {lowest}",
                lowest=lowest,
            )
        height, step = max(lowest, height - step), step * 2
