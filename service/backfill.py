"""Addresses that are watched since blocks were read: which, and how far the past was read again for them.

Those that the configuration added, and those that payments opened. Kept beside the progress on the chain; it fetches
nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ledger.core.wording import Value
from ledger.recording.address_gaps import PAST
from ledger.rules.settled import Completeness, note_completeness
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
        values: dict[str, Value] = {"n": len(self.scripts), "block": self.next - 1}
        if self.listed_by and self.askable == self.scripts:
            note_completeness(tx, Completeness.PAST_LISTED, **values, sources=list(self.listed_by))
        else:
            note_completeness(tx, Completeness.PAST_UNREAD, **values)


def load_backfill(tx: Reading) -> Backfill | None:
    text = tx.progress.load(PAST)
    if not text:
        return None
    told = json.loads(text)
    scripts = frozenset(bytes.fromhex(script) for script in told["scripts"])
    opened = frozenset(bytes.fromhex(script) for script in told["opened"])
    return Backfill(scripts | opened, told["next"], scripts, tuple(told["listed_by"]))


def save_backfill(tx: Writing, past: Backfill | None) -> None:
    if past is None:
        tx.progress.save(PAST, "")
        return
    told = {
        "scripts": sorted(script.hex() for script in past.askable),
        "opened": sorted(script.hex() for script in past.scripts - past.askable),
        "next": past.next,
        "listed_by": list(past.listed_by),
    }
    tx.progress.save(PAST, json.dumps(told, sort_keys=True))


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
