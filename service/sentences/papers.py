"""English of the commands about papers: what left a paper before it is kept, and what became of bytes taken out."""

from __future__ import annotations

from api.pages.messages import SEMICOLONS, Message, listed, worded
from api.pages.sentences.parts import treatments
from ledger.recording.papers import SealedPaper, TreatedPaper

_REMOVED = Message(
    "the paper's bytes are removed, and the audit log says so; the entries that name it stand."
)
_IN_LOG = Message("somebody reads just now: the database's log still holds them until it is emptied.")
_IN_COPY = Message(
    "{copy} still holds them; delete it, or make it writable and ask again.",
    "bytes of a paper",
    "{copy}: the file of a backup",
)
_TREATED = Message(
    "the copy that is served: {done}. It said: {found}.",
    "a paper",
    "{done}: as: metadata removed, thumbnails removed",
    "{found}: names and values in the file's format",
)
_UNTOUCHED = Message("the copy that is served is the paper byte for byte; nothing had to leave it.")
_SEALED = Message(
    "sealed: its salted hash is {hash}; no bytes are kept. `paper where` tells where the original lies.",
    "{hash}: 64 hexadecimal digits",
)
_LIES = Message("the original lies: {place}", "{place}: as a person wrote it")
_LIES_UNKNOWN = Message("nobody has noted where the original lies.")
_SALT = Message(
    "salt: {salt}; the hash is that of the salt followed by the SHA-256 of the paper, both as bytes.",
    "{salt}: hexadecimal digits",
)
_ELSEWHERE = Message("copies that were made by hand before still hold them.", "bytes of a paper")


def treated(paper: TreatedPaper) -> tuple[str, ...]:
    """What left a paper before it is kept, and what its file said."""
    if not paper.done:
        return (worded(_UNTOUCHED),)
    return (worded(_TREATED, done=treatments(paper.done), found=listed(paper.metadata, SEMICOLONS)),)


def sealed(salted: str) -> str:
    return worded(_SEALED, hash=salted)


def where(paper: SealedPaper) -> tuple[str, ...]:
    """Where the original of a sealed paper lies, and how its hash is made."""
    lies = worded(_LIES, place=paper.lies) if paper.lies else worded(_LIES_UNKNOWN)
    return lies, worded(_SALT, salt=paper.salt)


def removed(*, in_log: bool, copies: list[str]) -> tuple[str, ...]:
    """That bytes were removed, and where they still are: in the log, in backups, in what people copied."""
    lines = [worded(_REMOVED)]
    if in_log:
        lines.append(worded(_IN_LOG))
    lines += [worded(_IN_COPY, copy=copy) for copy in copies]
    return (*lines, worded(_ELSEWHERE))
