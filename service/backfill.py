"""Addresses that are watched since blocks were read: which, and how far the past was read again for them.

Those that the configuration added, and those that payments opened. It fetches nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.model.looks import Completeness
from ledger.recording.address_gaps import UnreadPast, load_past, save_past
from ledger.rules.settled import note_completeness
from ledger.store.transaction import Reading, Writing
from service.pinning import parse_checkpoint
from watchers.look import Look, Rescan

_MOST_ASKED = 1_000
"""More scripts than these are not asked histories for: reading the blocks again is cheaper, and tells nobody."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """`next` is the height to read again from, for all of `scripts`.

    Histories may be asked for `askable`, which the operator added; what payments opened is shown to nobody.
    `listed_by` are the sources whose histories of those were taken in meanwhile.
    """

    scripts: frozenset[bytes]
    next: int
    askable: frozenset[bytes]
    listed_by: tuple[str, ...] = ()

    def question(self, scanned_height: int, ask_histories: bool) -> Rescan:
        """What the next look is asked for."""
        wanted = ask_histories and not self.listed_by and len(self.askable) <= _MOST_ASKED
        return Rescan(self.scripts, self.next, scanned_height, self.askable if wanted else frozenset())

    def after(self, look: Look) -> Backfill | None:
        """What is left after a look; None when all of it was read."""
        height = self.next
        if look.disconnected:
            height = min(height, look.tip.height - len(look.connected) + 1)
        elif look.rescanned_to is not None:
            height = max(height, look.rescanned_to + 1)
        if height > look.tip.height and not look.disconnected:
            return None
        return replace(self, next=height, listed_by=self.listed_by or look.listed_by)

    def note(self, tx: Writing) -> None:
        """Keep on what the completeness of these addresses rests until they are scanned."""
        listed = bool(self.listed_by) and self.askable == self.scripts
        note_completeness(
            tx,
            Completeness.PAST_LISTED if listed else Completeness.PAST_UNREAD,
            addresses=len(self.scripts),
            block=self.next - 1,
            sources=self.listed_by if listed else (),
        )


def load_backfill(tx: Reading) -> Backfill | None:
    past = load_past(tx)
    return None if past is None else Backfill(past.scripts, past.next, past.askable, past.listed_by)


def save_backfill(tx: Writing, past: Backfill | None) -> None:
    unread = None if past is None else UnreadPast(past.scripts, past.askable, past.next, past.listed_by)
    save_past(tx, unread)


def note_added(tx: Writing, scripts: Iterable[bytes]) -> None:
    """The operator added addresses: where blocks were read before, those have to be read again for them."""
    added = frozenset(bytes(script) for script in scripts)
    _note(tx, added, askable=added)


def note_opened(tx: Writing, scripts: Iterable[bytes]) -> None:
    """Payments opened addresses, which others may have paid in blocks that were read before: out of order."""
    _note(tx, frozenset(bytes(script) for script in scripts), askable=frozenset())


def _note(tx: Writing, added: frozenset[bytes], *, askable: frozenset[bytes]) -> None:
    checkpoint = tx.progress.load("checkpoint")
    if not added or checkpoint is None or tx.progress.load("scanned") is None:
        return
    first = parse_checkpoint(checkpoint)[0] + 1
    past = Backfill(added, first, askable)
    before = load_backfill(tx)
    if before is not None:
        listed_by = () if askable - before.askable else before.listed_by
        past = Backfill(added | before.scripts, first, askable | before.askable, listed_by)
    save_backfill(tx, past)
    past.note(tx)
