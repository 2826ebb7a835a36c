"""What the ledger says: a whole English text with named places, kept apart from the values that stand in them.

The sentence is made where somebody reads it, so a rule that refuses pays for no formatting, and a catalogue of a
language has one thing to replace, the text. Where a number decides the form it has a second text, for many.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from gettext import NullTranslations
from string import Formatter
from typing import Protocol, Self, TypeAlias

from ledger.core.money import decimal_text


class Catalogue(Protocol):
    """The texts of a language, as `gettext` of the standard library has them."""

    def gettext(self, message: str, /) -> str:
        """The text to tell for an English one."""
        raise NotImplementedError

    def ngettext(self, msgid1: str, msgid2: str, n: int, /) -> str:
        """The text to tell for an English one and that for many, by the language's rules for a number."""
        raise NotImplementedError


ENGLISH: Catalogue = NullTranslations()
"""The texts as they stand."""


@dataclass(frozen=True, slots=True)
class Figure:
    """An amount of money, or pieces, with its asset: `12.50 USD`. It is never told without."""

    asset: str
    minor: int

    def __str__(self) -> str:
        return f"{decimal_text(self.asset, self.minor)} {self.asset}"

    def data(self) -> dict[str, str | int]:
        """As JSON has amounts."""
        return {"asset": self.asset, "minor": self.minor, "decimal": decimal_text(self.asset, self.minor)}


@dataclass(frozen=True, slots=True)
class Wording:
    """One text and its values, as `Wording("{order} is {stage}", {"order": "PO-1", "stage": Stage.OPEN})`.

    Without values the text is told as it stands, so it may hold braces (pydantic's reasons do). With `many` the value
    `n`, a whole number, decides which of the two is told.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)
    many: str = ""

    def __hash__(self) -> int:
        return hash((self.text, repr(sorted(self.values.items()))))

    def __str__(self) -> str:
        return self.translated()

    def translated(self, catalogue: Catalogue = ENGLISH) -> str:
        """The sentence, in English where nothing else is chosen. Raises KeyError for a place without its value."""
        n = self.values.get("n")
        if self.many and isinstance(n, int):
            text = catalogue.ngettext(self.text, self.many, n)
        else:
            text = catalogue.gettext(self.text)
        return (
            text.format_map({name: _translated(value, catalogue) for name, value in self.values.items()})
            if self.values
            else text
        )

    def data(self) -> dict[str, object]:
        """For programs: the text (and that for many), which is the same for ever, and the values by their names."""
        values = {name: value_data(value) for name, value in self.values.items()}
        data: dict[str, object] = {"text": self.text, "values": values}
        return data | ({"many": self.many} if self.many else {})


Value: TypeAlias = "str | int | Figure | Wording | Sequence[Value]"
"""What stands at a place. A word of an enum is its code; a list is told in its order, with commas."""


def translatable(text: str) -> str:
    """Marks a literal text that is told elsewhere, so that a catalogue finds it."""
    return text


AT_FIELD = translatable("{field}: {reason}")
"""What is wrong with a named field; `field` is its name in an answer or a file."""


class WrongValue(ValueError):
    """A value that has not its shape, said by what checks it in one whole literal text, with named values.

    What reads facts or an answer of a source adds the field.
    """

    def __init__(self, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__()
        self.wording = Wording(text, values, many)

    @classmethod
    def of(cls, wording: Wording) -> Self:
        """What is wrong with any value of a shape."""
        return cls(wording.text, many=wording.many, **wording.values)

    def __str__(self) -> str:
        return str(self.wording)


class WrongField(WrongValue):
    """A value that has not its shape, and the `field` that it stands in; `reason` tells it without the field."""

    def __init__(self, field: str, text: str, /, *, many: str = "", **values: Value) -> None:
        self.field = field
        self.reason = Wording(text, values, many)
        super().__init__(AT_FIELD, field=field, reason=self.reason)


def _translated(value: Value, catalogue: Catalogue) -> str:
    if isinstance(value, Wording):
        return value.translated(catalogue)
    if isinstance(value, str | int | Figure):
        return str(value)
    return catalogue.gettext(", ").join(_translated(each, catalogue) for each in value)


def value_data(value: Value) -> object:
    """A value as JSON has it."""
    if isinstance(value, Wording | Figure):
        return value.data()
    if isinstance(value, str | int):
        return value
    return [value_data(each) for each in value]


def places(text: str) -> Iterator[str]:
    """The names of a text's places."""
    return (name for _, name, _, _ in Formatter().parse(text) if name is not None)
