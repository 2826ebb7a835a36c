"""The check of the whole model: each row is what the journal gives when it is folded again. It mends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.checks.finding import Finding
from ledger.recording.rebuild import rebuild
from ledger.store.transaction import Reading


def model_is_folded(tx: Reading) -> Iterator[Finding]:
    """For in between looks, once in a while: it takes as long as folding everything."""
    for mismatch in rebuild(tx):
        yield Finding.of(
            "model_is_folded",
            "model",
            "{mismatch}; `rebuild --compare` names all such rows, and a backup has them as they were",
            mismatch=mismatch,
        )
