"""English of the commands about papers: what became of bytes that were taken out."""

from __future__ import annotations

from api.pages.messages import Message, worded

_REMOVED = Message(
    "the paper's bytes are removed, and the audit log says so; the entries that name it stand."
)
_IN_LOG = Message("somebody reads just now: the database's log still holds them until it is emptied.")
_IN_COPY = Message(
    "{copy} still holds them; delete it, or make it writable and ask again.",
    "bytes of a paper",
    "{copy}: the file of a backup",
)
_ELSEWHERE = Message("copies that were made by hand before still hold them.", "bytes of a paper")


def removed(*, in_log: bool, copies: list[str]) -> tuple[str, ...]:
    """That bytes were removed, and where they still are: in the log, in backups, in what people copied."""
    lines = [worded(_REMOVED)]
    if in_log:
        lines.append(worded(_IN_LOG))
    lines += [worded(_IN_COPY, copy=copy) for copy in copies]
    return (*lines, worded(_ELSEWHERE))
