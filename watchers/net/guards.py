"""Strict reading of what sources answer: every field passes a guard that names it before anything is proven.

Stands between the network and each source. Never repairs an answer and never fills a gap: what is not of the right
shape is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.core.chain import is_txid
from ledger.core.strict_json import Fractions, Json, JsonRefused, NumberText, strict_json
from ledger.core.wording import Wording, WrongField

_MAX_SHOWN = 40


class GuardRefused(WrongField):
    """A field of an answer that is not what it must be; `field` names it."""


def json_of(body: bytes, field: str) -> Json:
    """The JSON of an answer; numbers with a point or an exponent are NumberText, so that no digit of them is lost."""
    try:
        return strict_json(body, fractions=Fractions.TEXT)
    except JsonRefused as refused:
        if refused.place is not None:
            raise GuardRefused(field, "{shape} is no JSON", shape=_shape(body)) from refused
        raise GuardRefused(field, "{refused}", refused=refused.wording) from refused


def object_of(value: object, field: str) -> Mapping[str, object]:
    """`value` as a JSON object."""
    if not isinstance(value, dict):
        raise GuardRefused(field, "{type} where an object belongs", type=_type_of(value))
    return value


def array_of(value: object, field: str, *, most: int) -> Sequence[object]:
    """`value` as a JSON array of at most `most` items."""
    if not isinstance(value, list):
        raise GuardRefused(field, "{type} where an array belongs", type=_type_of(value))
    if len(value) > most:
        raise GuardRefused(
            field,
            "{n} item; at most {most} belong there",
            many="{n} items; at most {most} belong there",
            n=len(value),
            most=most,
        )
    return value


def item(value: Mapping[str, object], key: str, field: str) -> object:
    """The member `key` of an object; refused when it is not there."""
    if key not in value:
        raise GuardRefused(f"{field}.{key}", "is not there")
    return value[key]


def whole(value: object, field: str, *, least: int, most: int) -> int:
    """`value` as a whole number in range; a boolean and 1.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise GuardRefused(field, "{type} where a whole number belongs", type=_type_of(value))
    if not least <= value <= most:
        raise GuardRefused(field, "{value} is outside {least} to {most}", value=value, least=least, most=most)
    return value


def text(value: object, field: str, *, most: int) -> str:
    """`value` as text of at most `most` characters."""
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise GuardRefused(field, "{type} where text belongs", type=_type_of(value))
    if len(value) > most:
        raise GuardRefused(
            field,
            "{n} character; at most {most} belong there",
            many="{n} characters; at most {most} belong there",
            n=len(value),
            most=most,
        )
    return value


def hash_text(value: object, field: str) -> str:
    """`value` as a txid or block hash: 64 lower-case hexadecimal digits."""
    digits = text(value, field, most=64)
    if not is_txid(digits):
        raise GuardRefused(
            field,
            "{n} character that is not 64 lower-case hexadecimal digits",
            many="{n} characters that are not 64 lower-case hexadecimal digits",
            n=len(digits),
        )
    return digits


def hex_bytes(value: object, field: str, *, least: int, most: int) -> bytes:
    """`value` as hexadecimal text of between `least` and `most` bytes."""
    digits = text(value, field, most=2 * most)
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if 2 * len(raw) != len(digits):  # white space between digits, which the library passes over, shows here
        raise GuardRefused(
            field,
            "{n} character that is no hexadecimal byte",
            many="{n} characters that are not hexadecimal bytes",
            n=len(digits),
        )
    if len(raw) < least:
        raise GuardRefused(
            field,
            "{n} byte; at least {least} belong there",
            many="{n} bytes; at least {least} belong there",
            n=len(raw),
            least=least,
        )
    return raw


def plain_text(body: bytes, field: str, *, most: int) -> str:
    """A body of plain ASCII text of at most `most` characters, without the white space around it."""
    if len(body) > most + 8 or not body.isascii():
        raise GuardRefused(field, "{shape} where a short plain text belongs", shape=_shape(body))
    return body.decode("ascii").strip()


def plain_whole(body: bytes, field: str, *, most: int) -> int:
    """A body that is one whole number in decimal digits, from 0 to `most`."""
    digits = plain_text(body, field, most=12)
    if not digits.isdigit():
        raise GuardRefused(field, "{shape} where a whole number belongs", shape=_shape(body))
    return whole(int(digits), field, least=0, most=most)


def plain_hash(body: bytes, field: str) -> str:
    """A body that is one hash in display order."""
    return hash_text(plain_text(body, field, most=64), field)


def _type_of(value: object) -> Wording:
    if value is None:
        return Wording("null")
    if isinstance(value, bool):
        return Wording("a boolean")
    if isinstance(value, int):
        return Wording("a whole number")
    if isinstance(value, NumberText):
        return Wording("a number with a point")
    if isinstance(value, str):
        return Wording("text")
    return Wording("an array") if isinstance(value, list) else Wording("an object")


def _shape(body: bytes) -> Wording:
    start = body[:_MAX_SHOWN].lstrip().lower()
    if not body:
        return Wording("an empty body")
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return Wording("an HTML page of {length} bytes", {"length": len(body)})
    return Wording("a body of {length} bytes", {"length": len(body)})
