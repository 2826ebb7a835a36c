"""Strict reading of what sources answer: every field passes a guard that names it before anything is proven.

Stands between the network and each source. Never repairs an answer and never fills a gap: what is not of the right
shape is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ledger.core.chain import is_txid
from ledger.core.strict_json import Fractions, Json, JsonRefused, NumberText, strict_json

_MAX_SHOWN = 40


class GuardRefused(ValueError):
    """A field of an answer that is not what it must be; `field` names it, the text is one sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        self.field = field
        self.sentence = sentence
        super().__init__(f"{field}: {sentence}")


def json_of(body: bytes, field: str) -> Json:
    """The JSON of an answer; numbers with a point or an exponent are NumberText, so that no digit of them is lost."""
    try:
        return strict_json(body, fractions=Fractions.TEXT)
    except JsonRefused as refused:
        what = f"{_shape(body)} is no JSON" if refused.place is not None else refused.sentence
        raise GuardRefused(field, what) from refused


def object_of(value: object, field: str) -> Mapping[str, object]:
    """`value` as a JSON object."""
    if not isinstance(value, dict):
        raise GuardRefused(field, f"{_type_of(value)} where an object belongs")
    return value


def array_of(value: object, field: str, *, most: int) -> Sequence[object]:
    """`value` as a JSON array of at most `most` items."""
    if not isinstance(value, list):
        raise GuardRefused(field, f"{_type_of(value)} where an array belongs")
    if len(value) > most:
        raise GuardRefused(field, f"{len(value)} items; at most {most} belong there")
    return value


def item(value: Mapping[str, object], key: str, field: str) -> object:
    """The member `key` of an object; refused when it is not there."""
    if key not in value:
        raise GuardRefused(f"{field}.{key}", "is not there")
    return value[key]


def whole(value: object, field: str, *, least: int, most: int) -> int:
    """`value` as a whole number in range; a boolean and 1.0 are none."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise GuardRefused(field, f"{_type_of(value)} where a whole number belongs")
    if not least <= value <= most:
        raise GuardRefused(field, f"{value} is outside {least} to {most}")
    return value


def text(value: object, field: str, *, most: int) -> str:
    """`value` as text of at most `most` characters."""
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise GuardRefused(field, f"{_type_of(value)} where text belongs")
    if len(value) > most:
        raise GuardRefused(field, f"{len(value)} characters; at most {most} belong there")
    return value


def hash_text(value: object, field: str) -> str:
    """`value` as a txid or block hash: 64 lower-case hexadecimal digits."""
    digits = text(value, field, most=64)
    if not is_txid(digits):
        raise GuardRefused(field, f"{len(digits)} characters that are not 64 lower-case hexadecimal digits")
    return digits


def hex_bytes(value: object, field: str, *, least: int, most: int) -> bytes:
    """`value` as hexadecimal text of between `least` and `most` bytes."""
    digits = text(value, field, most=2 * most)
    try:
        raw = bytes.fromhex(digits)
    except ValueError:
        raw = b""
    if 2 * len(raw) != len(digits):  # white space between digits, which the library passes over, shows here
        raise GuardRefused(field, f"{len(digits)} characters that are not hexadecimal bytes")
    if len(raw) < least:
        raise GuardRefused(field, f"{len(raw)} bytes; at least {least} belong there")
    return raw


def plain_text(body: bytes, field: str, *, most: int) -> str:
    """A body of plain ASCII text of at most `most` characters, without the white space around it."""
    if len(body) > most + 8 or not body.isascii():
        raise GuardRefused(field, f"{_shape(body)} where a short plain text belongs")
    return body.decode("ascii").strip()


def plain_whole(body: bytes, field: str, *, most: int) -> int:
    """A body that is one whole number in decimal digits, from 0 to `most`."""
    digits = plain_text(body, field, most=12)
    if not digits.isdigit():
        raise GuardRefused(field, f"{_shape(body)} where a whole number belongs")
    return whole(int(digits), field, least=0, most=most)


def plain_hash(body: bytes, field: str) -> str:
    """A body that is one hash in display order."""
    return hash_text(plain_text(body, field, most=64), field)


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, NumberText):
        return "a number with a point"
    if isinstance(value, str):
        return "text"
    return "an array" if isinstance(value, list) else "an object"


def _shape(body: bytes) -> str:
    start = body[:_MAX_SHOWN].lstrip().lower()
    if not body:
        return "an empty body"
    if start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml")):
        return f"an HTML page of {len(body)} bytes"
    return f"a body of {len(body)} bytes"
