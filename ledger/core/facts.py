"""The shapes that facts from outside must have: names, dates, amounts. Pydantic checks them, strictly.

Every refusal names the field, the value's shape and the remedy, and never repeats the whole value.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from ledger.core.errors import FieldError, Refused
from ledger.core.likeness import visible
from ledger.core.money import CODES, DECIMALS, MAX_AMOUNT

F = TypeVar("F")

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


MOST_OF_NAME = 80
"""Characters of a name, at most."""


def _require_shown(text: str) -> None:
    if not text.isprintable() and any(
        unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} or c in BIDI for c in text
    ):
        raise ValueError("has control or direction characters; leave them out")


def _plain(text: str) -> str:
    _require_shown(text)
    if text != text.strip() or not text:
        raise ValueError("is empty or begins or ends with a space; write it without")
    return text


def _name(text: str) -> str:
    """A name as it is kept: NFKC, one space between words, nothing that cannot be seen (docs/rules.md, 21)."""
    _require_shown(text)
    name = " ".join(visible(unicodedata.normalize("NFKC", text)).split())
    if not name:
        raise ValueError("is empty; write a name")
    if any(c in "|/#<>{}\\" for c in name):
        raise ValueError("has one of | / # < > { } \\; a name goes without them")
    if len(name) > MOST_OF_NAME:
        raise ValueError(f"is too long; at most {MOST_OF_NAME} characters")
    return name


def _date(text: str) -> str:
    try:
        if len(text) != 10:
            raise ValueError
        dt.date.fromisoformat(text)
    except ValueError:
        raise ValueError("write a date as YYYY-MM-DD") from None
    return text


def _currency(text: str) -> str:
    if text not in DECIMALS:
        raise ValueError(f"is not a currency known here; {CODES}")
    return text


def matching(pattern: str, remedy: str) -> Any:
    """A check that a text is of a shape, refused with the remedy."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if shape.fullmatch(text) is None:
            raise ValueError(remedy)
        return text

    return AfterValidator(check)


Slug = Annotated[
    str,
    Field(max_length=60),
    matching(r"[a-z0-9]+(-[a-z0-9]+)*", "write lower-case letters, digits and single hyphens"),
]
Number = Annotated[
    str,
    Field(max_length=40),
    matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]*", "write letters, digits, dots, hyphens and underscores, as on the paper"
    ),
]
Name = Annotated[str, Field(max_length=MOST_OF_NAME), AfterValidator(_name)]
Text = Annotated[str, Field(max_length=600), AfterValidator(_plain)]
Date = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_date)]
Currency = Annotated[str, Field(json_schema_extra={"format": "currency"}), AfterValidator(_currency)]
Txid = Annotated[
    str, matching(r"[0-9a-f]{64}", "write the 64 lower-case hexadecimal digits of the transaction id")
]
SpendRef = Annotated[
    str,
    matching(
        r"[0-9a-f]{64}(:[1-9][0-9]{0,3})?",
        "write the 64 lower-case hexadecimal digits of the transaction id (and :PART for coins told late)",
    ),
]
"""A spend: its transaction, or a later part of it, for coins that were not known when it settled."""
Sha256 = Annotated[str, matching(r"[0-9a-f]{64}", "write the 64 lower-case hexadecimal digits of a SHA-256")]
Decimals = Annotated[
    str,
    Field(max_length=24),
    matching(
        r"(?=[0-9.]*[1-9])(0|[1-9][0-9]{0,11})(\.[0-9]{1,10})?", "write a decimal above zero, such as 1.0836"
    ),
]
"""An exact decimal as its source wrote it; never a float."""
Positive = Annotated[int, Field(ge=1, le=MAX_AMOUNT, strict=True)]
Count = Annotated[int, Field(ge=0, le=MAX_AMOUNT, strict=True)]

STRICT = ConfigDict(extra="forbid")
"""For `__pydantic_config__` of every dataclass of facts: an unknown field is refused, not dropped."""


_ADAPTERS: dict[type, TypeAdapter[Any]] = {}


def adapter(shape: type) -> TypeAdapter[Any]:
    """The checker of a shape, made once."""
    if shape not in _ADAPTERS:
        _ADAPTERS[shape] = TypeAdapter(shape)
    return _ADAPTERS[shape]


_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a field here",
    "unexpected_keyword_argument": "is not a field here",
    "int_type": "write a whole number of minor units, without quotes or a point",
    "string_type": "write a text",
    "bool_type": "write true or false",
    "tuple_type": "write a list",
    "dataclass_type": "write an object with the fields that the documents list",
}


def _reason(error: Any) -> str:
    kind = error["type"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    context = error.get("ctx", {})
    match kind:
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "string_too_long":
            return f"is too long; at most {context['max_length']} characters"
        case "too_short":
            return f"needs at least {context['min_length']}"
        case "too_long":
            return f"holds too many; at most {context['max_length']}"
        case "literal_error" | "enum":
            return f"must be one of {context['expected']}"
    return _REASONS.get(kind, "has the wrong shape; see the documents for what it takes")


def _within(place: tuple[Any, ...], errors: list[Any]) -> bool:
    return any(len(e["loc"]) > len(place) and e["loc"][: len(place)] == place for e in errors)


def facts_from(shape: type[F], data: object) -> F:
    """Facts from parsed JSON; raises Refused naming every field that is wrong."""
    if not isinstance(data, dict):
        raise Refused.field("body", "must be one JSON object with the fields that the documents list")
    try:
        checked: F = adapter(shape).validate_python(data)
    except ValidationError as failure:
        errors = failure.errors(include_url=False, include_input=False)
        # A list whose only rows are wrong is not also too short: its rows are named.
        errors = [e for e in errors if e["type"] != "too_short" or not _within(e["loc"], errors)]
        raise Refused(
            *(FieldError(".".join(str(step) for step in e["loc"]) or "body", _reason(e)) for e in errors)
        ) from None
    return checked


def facts_json(facts: Any) -> dict[str, Any]:
    """The facts as JSON that goes into an entry; fields that were not given stay out."""
    dumped: dict[str, Any] = adapter(type(facts)).dump_python(facts, mode="json", exclude_none=True)
    return dumped
