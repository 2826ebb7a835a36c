"""All sources during one look: whose headers lead where, who failed, who lied and is set aside until when.

Both modes of looking ask through it. It decides what is believed of a source, never which chain is acted on. Reads no
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import inf

from ledger.core.wording import Wording, WrongValue
from watchers.header_sync import HeaderSync, sync_headers
from watchers.net.errors import SourceError, SourceLate, SourceLied
from watchers.proof.headers import HeaderChain, Tip
from watchers.sources.protocol import Can, ClaimedTip, Part, Source

_ASIDE_FIRST = 600
_ASIDE_MOST = _DAY = 24 * 3600
_PATIENCE = 10.0
"""Seconds for which sources are waited for in one look, all together, that have not answered when others have."""
_CLAIMED_ABOVE = 2
"""So many blocks may come while a source is asked; one that names more of them has a chain that we do not see."""


Progress = Callable[[str, Part, int, int], None]
"""Told that a source gave so many of so many of a part."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A source caught lying: not asked before `until` (Unix seconds); `times` doubles the next pause.

    Each honest day since takes one of them away: what happens now and then is a fault, and no habit.
    """

    until: int
    times: int
    lied: Wording


@dataclass(frozen=True, slots=True)
class SourceReport:
    """How one source did in one look. `lied` says what proof contradicts; then it is set aside.

    `ok` means that all it was asked was answered. `behind` counts blocks from the end of its verified headers to
    the best header: a stale answer shows there.
    """

    name: str
    ok: bool
    tip: ClaimedTip | None
    error: Wording | None
    lied: Wording | None
    requests: int
    bytes: int
    behind: int = 0
    set_aside_until: int | None = None  # Unix seconds; a source caught lying is not asked before


@dataclass(slots=True, eq=False)
class SourceStatus:
    """One source during one look. `silent`: it is not asked anything more in this look."""

    source: Source
    requests: int
    bytes: int
    synced: HeaderSync = field(default_factory=HeaderSync)
    error: Wording | None = None
    lied: Wording | None = None
    silent: bool = False
    seconds_left: float = inf
    """For how long it is still waited for in this look."""

    @property
    def name(self) -> str:
        return self.source.name


class SourcePool:
    """The sources of one network, and which of them are set aside. `set_aside` is what an earlier process knew.

    With `monotonic` (seconds that never go back) a source that is slower than another is waited for a few seconds only,
    and goes on in the next look: what one has shown need not wait for the others. Without, all are waited for.
    `on_read` is told how far long reading has come.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        chain: HeaderChain,
        set_aside: Mapping[str, SetAside] | None = None,
        monotonic: Callable[[], float] | None = None,
        on_read: Progress | None = None,
    ) -> None:
        names = [source.name for source in sources]
        if len(set(names)) != len(names):
            raise WrongValue("sources: two have the same name; give each a name of its own")
        self.chain = chain
        self._sources = tuple(sources)
        self._aside: dict[str, SetAside] = dict(set_aside or {})
        self._monotonic = monotonic
        self._on_read = on_read
        if on_read is not None:
            for source in self._sources:
                source.on_read = partial(on_read, source.name)

    def sync_all(self, now: int) -> list[SourceStatus]:
        """Ask every source for its tip and headers, and add what verifies to the chain."""
        statuses = [SourceStatus(source, source.requests, source.bytes_read) for source in self._sources]
        if self._monotonic is not None and len(statuses) > 1:
            for one in statuses:
                one.seconds_left = _PATIENCE / (len(statuses) - 1)
        asked = [one for one in statuses if self._is_asked(one, now)]
        self.in_turn(asked, lambda one: sync_headers(one.source, self.chain, one.synced, now=now), now)
        return statuses

    def in_turn(
        self, statuses: Sequence[SourceStatus], ask: Callable[[SourceStatus], object], now: int
    ) -> None:
        """Ask each source the same. Those that take too long are left to the next look where another answered all of
        it; where none did, they are asked again without a limit, one by one, until one has.

        `ask` raises a SourceError, which stands with its source then.
        """
        late: list[SourceStatus] = []
        answered = False
        for one in statuses:
            try:
                with self.turn(one):
                    ask(one)
                answered = True
            except SourceLate:
                late.append(one)
            except SourceError as trouble:
                self.note(one, trouble, now)
        for one in late:
            if not answered:
                one.seconds_left = inf
            try:
                with self.turn(one):
                    ask(one)
                answered = True
            except SourceError as trouble:
                self.note(one, trouble, now)

    @contextmanager
    def turn(self, one: SourceStatus) -> Iterator[None]:
        """While a source is asked: its time goes on, and at the end of it whatever it is asked raises SourceLate."""
        if self._monotonic is None or one.seconds_left == inf:
            yield
            return
        began = self._monotonic()
        one.source.asked_until = began + one.seconds_left
        try:
            yield
        finally:
            one.source.asked_until = inf
            one.seconds_left = max(0.0, one.seconds_left - (self._monotonic() - began))

    def on_read(self, source: str, part: Part, done: int, of: int) -> None:
        """A source gave so many of so many of a part."""
        if self._on_read is not None:
            self._on_read(source, part, done, of)

    def available(self, now: int) -> list[SourceStatus]:
        """The sources that are not set aside, for a question apart from any look."""
        return [
            SourceStatus(source, source.requests, source.bytes_read)
            for source in self._sources
            if not self._is_aside(source.name, now)
        ]

    def _is_asked(self, one: SourceStatus, now: int) -> bool:
        """Is a source asked in this look? Not while it is set aside, nor where it has no headers to show."""
        if self._is_aside(one.name, now):
            aside = self._aside[one.name]
            one.lied, one.silent = aside.lied, True
            one.error = Wording("set aside for an answer that proof contradicts; asked again later")
            return False
        return one.source.can >= {Can.TIP, Can.HEADERS}

    def note(self, one: SourceStatus, trouble: SourceError, now: int) -> None:
        """Keep what went wrong; a lie sets its source aside, longer each time."""
        one.error = one.error or trouble.wording
        if isinstance(trouble, SourceLied):
            times = self._times_before(one.name, now) + 1
            self._aside[one.name] = SetAside(now + _pause(times), times, trouble.wording)
            one.lied = trouble.wording
            one.silent = True

    def _is_aside(self, name: str, now: int) -> bool:
        """Not for longer than its pause: what ends later was told by a clock that ran ahead, or is set back now."""
        aside = self._aside.get(name)
        return aside is not None and aside.until - _pause(aside.times) <= now < aside.until

    def _times_before(self, name: str, now: int) -> int:
        """How many lies of a source count still."""
        before = self._aside.get(name)
        return 0 if before is None else max(0, before.times - max(0, now - before.until) // _DAY)

    def set_aside(self) -> Mapping[str, SetAside]:
        """Every source that was caught lying, those that are asked again included: another process goes on from it."""
        return dict(self._aside)

    def cut_short(self) -> frozenset[bytes]:
        """Scripts of which some source does not show all that is in no block."""
        return frozenset().union(*(source.cut_short for source in self._sources))

    def confirms(self, one: SourceStatus, tip: Tip) -> bool:
        """True when the source's verified headers hold a tip of ours."""
        end = one.synced.tip
        if one.lied is not None or end is None or end.height < tip.height:
            return False
        return self.chain.ancestor(end.hash, tip.height) == tip.hash

    def agrees(self, one: SourceStatus, tip: Tip) -> bool:
        """True when a source confirms a tip of ours, and names none of its own far above what it showed."""
        end, claimed = one.synced.tip, one.synced.claimed
        if end is None or claimed is None or claimed.height > end.height + _CLAIMED_ABOVE:
            return False
        return self.confirms(one, tip)

    def report(self, one: SourceStatus) -> SourceReport:
        tip = one.synced.tip
        return SourceReport(
            name=one.name,
            ok=one.error is None and one.lied is None,
            tip=one.synced.claimed,
            error=one.error,
            lied=one.lied,
            requests=one.source.requests - one.requests,
            bytes=one.source.bytes_read - one.bytes,
            behind=max(0, self.chain.best().height - tip.height) if tip is not None else 0,
            set_aside_until=self._aside[one.name].until if one.lied is not None else None,
        )


def _pause(times: int) -> int:
    """Seconds for which a source is not asked after so many lies."""
    return min(_ASIDE_FIRST << min(max(times, 1) - 1, 16), _ASIDE_MOST)
