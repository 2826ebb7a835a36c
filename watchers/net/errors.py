"""The ways in which asking a source can fail, for whoever asks over a network: never the same as an empty answer.

Raised by `net` and `sources`; looks note them beside the source and go on with others. What happened is one whole
literal text with its values by name, as in `SourceDown(source, "HTTP status {status}", status=503)`; whoever shows it
makes the sentence (`ledger/core/wording.py`).
"""

from __future__ import annotations

from typing import Self

from ledger.core.wording import AT_FIELD, Value, Wording, WrongField, translatable

AT_SOURCE = translatable("{source}: {trouble}")
"""What happened with a source, by the name that the configuration gives it."""


class SourceError(Exception):
    """A source that gave no usable answer; never the same as an empty one. `wording` says what happened."""

    def __init__(self, source: str, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__()
        self.source = source
        self.wording = Wording(text, values, many)

    @property
    def named(self) -> Wording:
        """What happened, with the name of the source."""
        return Wording(AT_SOURCE, {"source": self.source, "trouble": self.wording})

    def __str__(self) -> str:
        return str(self.named)


class SourceDown(SourceError):
    """No connection, a broken one, a server error, or a circuit that is open after several of those."""


class SourceSlow(SourceError):
    """The total deadline passed before the answer was whole."""


class SourceLate(SourceSlow):
    """Others had answered, and this one was waited for no more. What it has shown stays; the next look goes on."""

    def __init__(self, source: str) -> None:
        super().__init__(
            source, "takes longer than other sources, which are shown first; the next look goes on"
        )


class SourceRefused(SourceError):
    """The source declined: an HTTP status of 400 and above (429 included), a redirect, or our own safety rule.

    `status` is the HTTP status, 0 where we refused before asking.
    """

    def __init__(self, source: str, status: int, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__(source, text, many=many, **values)
        self.status = status


class _SourceWrong(SourceError):
    """An answer of which one part, `field`, is wrong."""

    def __init__(self, source: str, field: str, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__(source, AT_FIELD, field=field, reason=Wording(text, values, many))
        self.field = field

    @classmethod
    def of(cls, source: str, refused: WrongField) -> Self:
        """What a guard, or a rule of the chain, said of a field."""
        reason = refused.reason
        return cls(source, refused.field, reason.text, many=reason.many, **reason.values)


class SourceLied(_SourceWrong):
    """An answer that its own bytes, or proof of work, contradict; `field` names the part that does."""


class SourceGarbled(_SourceWrong):
    """An answer that is not of the shape that it must have; `field` names the part. No proof contradicts it."""


class SourceMissing(SourceError):
    """The source says that it does not have what was asked for. Says nothing about the chain."""
