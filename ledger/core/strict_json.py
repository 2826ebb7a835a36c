"""JSON from outside, read strictly: bodies of requests, files of people and answers of sources pass here first.

RFC 8259 leaves to each reader what a key that stands twice, `NaN`, `1e999` or ten thousand brackets mean; here they
are refused, since whoever wrote them and whoever reads them could take them for different things. Which fields
belong into a document is for whoever asked for it: its reader also refuses `true` where 1 belongs.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import NoReturn, TypeAlias

from ledger.core.wording import Value, WrongValue

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MOST_DEPTH = 64
"""Objects and arrays that may lie within each other."""
_MOST_DIGITS = 30
_EXACT = 1 << 53
"""From here on a float no longer tells neighbouring whole numbers apart."""
_SHOWN = 20


class NumberText(str):
    """A JSON number with a point or an exponent, as its digits stand in the document; never a float."""

    __slots__ = ()


class Fractions(Enum):
    """What becomes of a number with a point or an exponent."""

    FLOAT = "a float"
    TEXT = "a NumberText, so that no digit of a price is lost"
    REFUSED = "refused: amounts are whole minor units"


class JsonRefused(WrongValue):
    """Bytes that are not JSON as it is read here; why is said without repeating a value.

    `twice` is the key that stands twice in one object. `place` is the line and column, from 1, of what is no JSON.
    """

    def __init__(
        self,
        text: str,
        /,
        *,
        twice: str | None = None,
        place: tuple[int, int] | None = None,
        many: str = "",
        **values: Value,
    ) -> None:
        super().__init__(text, many=many, **values)
        self.twice = twice
        self.place = place


def strict_json(raw: bytes, *, most_bytes: int | None = None, fractions: Fractions = Fractions.FLOAT) -> Json:
    """The one document that `raw` holds in UTF-8; JsonRefused for anything else.

    Refused are more than `most_bytes` (None where whoever read them kept to a limit), nesting beyond `MOST_DEPTH`,
    keys that stand twice in one object, NaN and infinities, whole numbers of more than 30 digits, and other numbers
    so large that a float would not hold them exactly.
    """
    if most_bytes is not None and len(raw) > most_bytes:
        raise JsonRefused(
            "{n} byte; at most {most} are read",
            many="{n} bytes; at most {most} are read",
            n=len(raw),
            most=most_bytes,
        )

    def number(text: str) -> float | NumberText:
        if fractions is Fractions.REFUSED:
            raise JsonRefused("{number} is no whole number", number=text[:_SHOWN])
        value = float(text)
        if not -_EXACT < value < _EXACT:
            raise JsonRefused("a number too large to be read exactly")
        return NumberText(text) if fractions is Fractions.TEXT else value

    try:
        document: Json = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_constant,
            parse_float=number,
            parse_int=_integer,
        )
    except UnicodeDecodeError:
        raise JsonRefused("is not UTF-8 text") from None
    except json.JSONDecodeError as failure:
        raise JsonRefused("is no JSON", place=(failure.lineno, failure.colno)) from None
    except RecursionError:
        raise JsonRefused("is nested too deeply") from None
    if _is_deeper_than(MOST_DEPTH, document):
        raise JsonRefused("is nested too deeply")
    return document


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """Which of two values under one key is meant nobody can know."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in made if names.count(name) > 1)
        raise JsonRefused("the same key stands twice in one object", twice=twice)
    return made


def _no_constant(name: str) -> NoReturn:
    raise JsonRefused("{name} is no number of JSON", name=name)


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise JsonRefused("a number of {n} digit", many="a number of {n} digits", n=len(text))
    return int(text)


def _is_deeper_than(most: int, document: Json) -> bool:
    """True where more than `most` objects and arrays lie within each other."""
    level: list[Json] = [document]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True
