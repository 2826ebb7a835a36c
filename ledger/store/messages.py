"""Messages kept for who reads them later: a text and its values as rows, made a `Wording` again when they are read.

Whoever keeps one writes its key into a column of its own that names `messages.key`. What no column names any more is
forgotten by `forget_messages`, once the rows that named it are rewritten.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import rfc8785
from sqlalchemy import Delete, Text, bindparam, delete, insert, select, union
from sqlmodel import Session

from ledger.core.wording import Figure, Value, Wording
from ledger.model.columns import table_of
from ledger.model.desk import DraftRow
from ledger.model.inquiries import FindingRow, RateTryRow
from ledger.model.looks import LookSourceRow, SetAsideRow
from ledger.model.messages import MessageRow, MessageValueRow, ValueKind

_MESSAGES, _VALUES = table_of(MessageRow), table_of(MessageValueRow)
_KEYS = bindparam("of_keys", type_=Text, expanding=True)
_KEPT = select(_MESSAGES.c.key).where(_MESSAGES.c.key.in_(_KEYS))
_TEXTS = select(_MESSAGES).where(_MESSAGES.c.key.in_(_KEYS))
_THEIR_VALUES = select(_VALUES).where(_VALUES.c.message.in_(_KEYS)).order_by(_VALUES.c.message, _VALUES.c.n)
_MOST = 2**63
NAMING = (
    table_of(DraftRow).c.refusal,
    table_of(RateTryRow).c.why,
    table_of(FindingRow).c.message,
    table_of(LookSourceRow).c.error,
    table_of(LookSourceRow).c.lied,
    table_of(SetAsideRow).c.lied,
)
"""Every column that names a message; what none of them names is forgotten."""


def keep_messages(session: Session, wordings: Iterable[Wording]) -> dict[Wording, str]:
    """Keep some messages, each once; their keys."""
    keys = {wording: _key(wording) for wording in wordings}
    connection = session.connection()
    there = set(connection.execute(_KEPT, {"of_keys": list(keys.values())}).scalars()) if keys else set()
    new = {key: wording for wording, key in keys.items() if key not in there}
    if new:
        connection.execute(
            insert(_MESSAGES),
            [
                {"key": key, "text": _storable(message.text), "many": _storable(message.many)}
                for key, message in new.items()
            ],
        )
    values = [
        _NO_VALUE | {"message": key, "n": n} | row
        for key, message in new.items()
        for n, row in enumerate(_rows(message))
    ]
    if values:
        connection.execute(insert(_VALUES), values)
    return keys


def kept_messages(session: Session, keys: Iterable[str | None]) -> dict[str, Wording]:
    """The messages of some keys; asks nothing for none."""
    wanted = sorted({key for key in keys if key is not None})
    if not wanted:
        return {}
    connection = session.connection()
    inner: dict[str, dict[int | None, list[Any]]] = defaultdict(lambda: defaultdict(list))
    for row in connection.execute(_THEIR_VALUES, {"of_keys": wanted}):
        inner[row.message][row.inside].append(row)
    return {
        row.key: Wording(row.text, _values(inner[row.key], None), row.many)
        for row in connection.execute(_TEXTS, {"of_keys": wanted})
    }


def forget_messages(session: Session) -> None:
    """Messages that no row names any more, with their values."""
    session.connection().execute(_unnamed())


@cache
def _unnamed() -> Delete:
    naming = [select(column).where(column.is_not(None)) for column in NAMING]
    return delete(_MESSAGES).where(_MESSAGES.c.key.not_in(union(*naming)))


def _key(wording: Wording) -> str:
    return hashlib.sha256(rfc8785.dumps(_plain(wording.data()))).hexdigest()


def _plain(data: Any) -> Any:
    """JSON of which RFC 8785 takes every part: text that is UTF-8, numbers of any size told apart from text."""
    if isinstance(data, dict):
        return {name: _plain(each) for name, each in data.items()}
    if isinstance(data, list):
        return [_plain(each) for each in data]
    return _storable(data) if isinstance(data, str) else {"number": str(data)}


def _storable(text: str) -> str:
    """Text that both databases take: UTF-8 without NUL. What a source said need not be."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


_NO_VALUE = dict.fromkeys(column.name for column in _VALUES.columns)


def _rows(wording: Wording) -> Iterator[dict[str, Any]]:
    """The values of a message, outer ones first; those of a list or a message name it by its place in this order."""
    waiting: list[tuple[int | None, str | None, Value]] = [
        (None, name, value) for name, value in wording.values.items()
    ]
    for n, (inside, place, value) in enumerate(waiting):  # grows while it is walked
        at = {"inside": inside, "place": place}
        match value:
            case Wording():
                said = {"text": _storable(value.text), "many": _storable(value.many)}
                yield at | said | {"kind": ValueKind.MESSAGE}
                waiting += [(n, name, each) for name, each in value.values.items()]
            case Figure():
                yield at | {"kind": ValueKind.FIGURE, "asset": value.asset} | _number(value.minor)
            case str():
                yield at | {"kind": ValueKind.TEXT, "text": _storable(value)}
            case int():
                yield at | {"kind": ValueKind.NUMBER} | _number(value)
            case _:
                yield at | {"kind": ValueKind.LIST}
                waiting += [(n, None, each) for each in value]


def _number(number: int) -> dict[str, Any]:
    return {"number": int(number)} if -_MOST <= number < _MOST else {"text": str(number)}


def _values(inner: Mapping[int | None, list[Any]], inside: int | None) -> dict[str, Value]:
    return {row.place: _value(row, inner) for row in inner.get(inside, ())}


def _value(row: Any, inner: Mapping[int | None, list[Any]]) -> Value:
    number = (
        int(row.text) if row.number is None and row.text is not None and row.kind in _NUMBERS else row.number
    )
    match row.kind:
        case ValueKind.TEXT:
            text: str = row.text
            return text
        case ValueKind.NUMBER:
            return int(number)
        case ValueKind.FIGURE:
            return Figure(row.asset, int(number))
        case ValueKind.MESSAGE:
            return Wording(row.text, _values(inner, row.n), row.many)
        case _:
            return [_value(each, inner) for each in inner.get(row.n, ())]


_NUMBERS = frozenset({ValueKind.NUMBER, ValueKind.FIGURE})
