"""The ways in which asking a source can fail, for whoever asks over a network: never the same as an empty answer.

Raised by `net` and `sources`; looks note them beside the source and go on with others.
"""

from __future__ import annotations


class SourceError(Exception):
    """A source that gave no usable answer; never the same as an empty one. `sentence` says what happened."""

    def __init__(self, source: str, sentence: str) -> None:
        self.source = source
        self.sentence = sentence
        super().__init__(f"{source}: {sentence}")


class SourceDown(SourceError):
    """No connection, a broken one, a server error, or a circuit that is open after several of those."""


class SourceSlow(SourceError):
    """The total deadline passed before the answer was whole."""


class SourceRefused(SourceError):
    """The source declined: an HTTP status of 400 and above (429 included), a redirect, or our own safety rule.

    `status` is the HTTP status, 0 where we refused before asking.
    """

    def __init__(self, source: str, status: int, sentence: str) -> None:
        self.status = status
        super().__init__(source, sentence)


class SourceLied(SourceError):
    """An answer that its own bytes, or proof of work, contradict; `field` names the part that does."""

    def __init__(self, source: str, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(source, f"{field}: {sentence}")


class SourceGarbled(SourceError):
    """An answer that is not of the shape that it must have; `field` names the part. No proof contradicts it."""

    def __init__(self, source: str, field: str, sentence: str) -> None:
        self.field = field
        super().__init__(source, f"{field}: {sentence}")


class SourceMissing(SourceError):
    """The source says that it does not have what was asked for. Says nothing about the chain."""
