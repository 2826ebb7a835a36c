"""The shapes that facts from outside must have: names, dates, amounts. Pydantic checks them, strictly.

Every refusal names the field, the value's shape and the remedy, and never repeats the whole value.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import Field as DataclassField
from typing import Annotated, Any, ClassVar, Protocol, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, TypeAdapter, ValidationError

from ledger.core.errors import FieldError, Refused
from ledger.core.likeness import visible
from ledger.core.money import DECIMALS, MAX_AMOUNT
from ledger.core.wording import Wording, WrongValue, translatable

F = TypeVar("F")


class Facts(Protocol):
    """Facts of a kind, of whichever: a dataclass."""

    __dataclass_fields__: ClassVar[dict[str, DataclassField[Any]]]


def text_of(facts: Facts, field: str) -> str | None:
    """What facts of whichever kind tell under a name, where that is a text."""
    value = getattr(facts, field, None)
    return value if isinstance(value, str) else None


def number_of(facts: Facts, field: str) -> int | None:
    """Likewise where that is a whole number."""
    value = getattr(facts, field, None)
    return value if isinstance(value, int) else None


BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


_BARE_DIGITS = re.compile("(?:0x)?[0-9A-Fa-f]{64}")
_SEPARATORS = "|/#<>{}\\"
MOST_OF_NAME = 80
"""Characters of a name, at most."""


def _require_shown(text: str) -> None:
    if not text.isprintable() and any(
        unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} or c in BIDI for c in text
    ):
        raise WrongValue("has control or direction characters; leave them out")


def _require_words(text: str) -> None:
    """A private key is 64 hexadecimal digits, as a hash is; only a field that is meant for a hash takes them alone."""
    if len(text) in (64, 66) and _BARE_DIGITS.fullmatch(text):
        raise WrongValue("is 64 hexadecimal digits and no words; say what they are, unless they are a key")


def _plain(text: str) -> str:
    _require_shown(text)
    _require_words(text)
    if text != text.strip() or not text:
        raise WrongValue("is empty or begins or ends with a space; write it without")
    return text


def _name(text: str) -> str:
    """A name as it is kept: NFKC, one space between words, nothing that cannot be seen (docs/rules.md, 21)."""
    _require_shown(text)
    _require_words(text.strip())
    name = " ".join(visible(unicodedata.normalize("NFKC", text)).split())
    if not name:
        raise WrongValue("is empty; write a name")
    if any(c in _SEPARATORS for c in name):
        raise WrongValue(
            "has one of {characters}; a name goes without them", characters=" ".join(_SEPARATORS)
        )
    if len(name) > MOST_OF_NAME:
        raise WrongValue("is too long; at most {bound} characters", bound=MOST_OF_NAME)
    return name


def _date(text: str) -> str:
    try:
        if len(text) != 10:
            raise ValueError
        dt.date.fromisoformat(text)
    except ValueError:
        raise WrongValue("write a date as YYYY-MM-DD") from None
    return text


def _currency(text: str) -> str:
    if text not in DECIMALS:
        raise WrongValue("is not a currency known here; write a code of ISO 4217, such as EUR or XOF, or BTC")
    return text


def matching(pattern: str, remedy: Wording) -> Any:
    """A check that a text is of a shape, refused with the remedy."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if shape.fullmatch(text) is None:
            raise WrongValue.of(remedy)
        return text

    return AfterValidator(check)


Slug = Annotated[
    str,
    Field(max_length=60),
    matching(r"[a-z0-9]+(-[a-z0-9]+)*", Wording("write lower-case letters, digits and single hyphens")),
]
Number = Annotated[
    str,
    Field(max_length=40),
    matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]*",
        Wording("write letters, digits, dots, hyphens and underscores, as on the paper"),
    ),
]
Name = Annotated[str, Field(max_length=MOST_OF_NAME), AfterValidator(_name)]
Text = Annotated[str, Field(max_length=600), AfterValidator(_plain)]
Date = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_date)]
Currency = Annotated[str, Field(json_schema_extra={"format": "currency"}), AfterValidator(_currency)]
Txid = Annotated[
    str,
    matching(r"[0-9a-f]{64}", Wording("write the 64 lower-case hexadecimal digits of the transaction id")),
]
SpendRef = Annotated[
    str,
    matching(
        r"[0-9a-f]{64}(:[1-9][0-9]{0,3})?",
        Wording(
            "write the 64 lower-case hexadecimal digits of the transaction id (and :PART for coins told late)"
        ),
    ),
]
"""A spend: its transaction, or a later part of it, for coins that were not known when it settled."""
Sha256 = Annotated[
    str, matching(r"[0-9a-f]{64}", Wording("write the 64 lower-case hexadecimal digits of a SHA-256"))
]
Decimals = Annotated[
    str,
    Field(max_length=24),
    matching(
        r"(?=[0-9.]*[1-9])(0|[1-9][0-9]{0,11})(\.[0-9]{1,10})?",
        Wording("write a decimal above zero, such as 1.0836"),
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
    "missing": translatable("is missing"),
    "extra_forbidden": translatable("is not a field here"),
    "unexpected_keyword_argument": translatable("is not a field here"),
    "int_type": translatable("write a whole number of minor units, without quotes or a point"),
    "string_type": translatable("write a text"),
    "bool_type": translatable("write true or false"),
    "tuple_type": translatable("write a list"),
    "dataclass_type": translatable("write an object with the fields that the documents list"),
}


_SHAPELESS = translatable("has the wrong shape; see the documents for what it takes")
_BOUNDS = {
    "greater_than_equal": ("ge", translatable("must be at least {bound}")),
    "less_than_equal": ("le", translatable("must be at most {bound}")),
    "string_too_long": ("max_length", translatable("is too long; at most {bound} characters")),
    "too_short": ("min_length", translatable("needs at least {bound}")),
    "too_long": ("max_length", translatable("holds too many; at most {bound}")),
    "literal_error": ("expected", translatable("must be one of {bound}")),
    "enum": ("expected", translatable("must be one of {bound}")),
}
"""By pydantic's code: what it calls the bound, and what is said of it."""


def _reason(error: Any) -> Wording:
    kind = error["type"]
    if kind == "value_error":
        wrong = error["ctx"]["error"]
        return wrong.wording if isinstance(wrong, WrongValue) else Wording(str(wrong))
    if kind in _BOUNDS:
        name, text = _BOUNDS[kind]
        return Wording(text, {"bound": error["ctx"][name]})
    return Wording(_REASONS.get(kind, _SHAPELESS))


def _within(place: tuple[Any, ...], errors: list[Any]) -> bool:
    return any(len(e["loc"]) > len(place) and e["loc"][: len(place)] == place for e in errors)


def derive(facts: object, field: str, value: int) -> None:
    """Write a field of frozen facts that follows from others, while they are made: an entry has what was meant."""
    object.__setattr__(facts, field, value)


def notes_from(shape: type[F] | None, data: object) -> F:
    """What the ledger added to facts, from the journal; None for a kind that adds nothing, whose F is None."""
    noted: Any = None if shape is None or not data else facts_from(shape, data)
    as_declared: F = noted
    return as_declared


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
        raise Refused.fields(
            tuple(FieldError(".".join(str(step) for step in e["loc"]) or "body", _reason(e)) for e in errors)
        ) from None
    return checked


def facts_json(facts: Any) -> dict[str, Any]:
    """The facts as JSON that goes into an entry; fields that were not given stay out."""
    dumped: dict[str, Any] = adapter(type(facts)).dump_python(facts, mode="json", exclude_none=True)
    return dumped
