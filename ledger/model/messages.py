"""Messages that are told in another language or process later: a text, and a row for what stands at each of its places.

Operating tables: nothing here is folded from the journal, and none points into the model. Who keeps one names its key.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from sqlmodel import Field

from ledger.model.columns import KEYED, LONG, NO_SEQUENCE, TEXT, Table, Word, one_of


class MessageRow(Table, table=True):
    """A text with named places, and that for many where a number decides the form.

    `key` is the SHA-256 of the message as JSON has it (RFC 8785): the same message is kept once, whoever keeps it.
    """

    __tablename__: ClassVar[Any] = "messages"
    __table_args__ = (KEYED,)
    key: str = Field(primary_key=True, sa_type=TEXT)
    text: str = Field(sa_type=TEXT)
    many: str = Field(sa_type=TEXT)


class ValueKind(StrEnum):
    """What stands at a place of a message."""

    TEXT = "text"
    NUMBER = "number"
    FIGURE = "figure"  # `number` minor units of `asset`
    LIST = "list"  # the values inside it, in their order
    MESSAGE = "message"  # `text` and `many`, with values of its own inside


class MessageValueRow(Table, table=True):
    """A value of a message, outer ones first. `inside` is the `n` of the list or message that it is a part of.

    `place` is the name of its place; what is in a list has none. A number beyond 64 bits stands in `text`.
    """

    __tablename__: ClassVar[Any] = "message_values"
    __table_args__ = (one_of("kind", ValueKind), KEYED)
    message: str = Field(primary_key=True, sa_type=TEXT, foreign_key="messages.key", ondelete="CASCADE")
    n: int = Field(primary_key=True, sa_type=LONG, sa_column_kwargs=NO_SEQUENCE)
    inside: int | None = Field(default=None, sa_type=LONG)
    place: str | None = Field(default=None, sa_type=TEXT)
    kind: ValueKind = Field(sa_type=Word(ValueKind))
    text: str | None = Field(default=None, sa_type=TEXT)
    many: str | None = Field(default=None, sa_type=TEXT)
    number: int | None = Field(default=None, sa_type=LONG)
    asset: str | None = Field(default=None, sa_type=TEXT)
