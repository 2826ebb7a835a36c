"""What the ledger says: a whole English text with named places, kept apart from the values that stand in them.

The sentence is made where somebody reads it, so a rule that refuses pays for no formatting, and a catalogue of a
language has one thing to replace, the text (`Choose`). `explained` says to who translates it what each place holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, TypeAlias

from ledger.core.money import decimal_text

Choose: TypeAlias = Callable[[str], str]
"""The text to tell for an English one: `gettext` of a language."""


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

    Without values the text is told as it stands, so it may hold braces (pydantic's reasons do).
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.told()

    def told(self, choose: Choose = str) -> str:
        """The sentence, in English where nothing else is chosen. Raises KeyError for a place without its value."""
        text = choose(self.text)
        return (
            text.format_map({name: _told(value, choose) for name, value in self.values.items()})
            if self.values
            else text
        )

    def data(self) -> dict[str, object]:
        """For programs: the text, which is the same for ever, and the values by their names."""
        return {"text": self.text, "values": {name: value_data(value) for name, value in self.values.items()}}


Value: TypeAlias = "str | int | Figure | Wording | Sequence[Value]"
"""What stands at a place. A word of an enum is its code; a list is told in its order, with commas."""


def _told(value: Value, choose: Choose) -> str:
    if isinstance(value, Wording):
        return value.told(choose)
    if isinstance(value, str | int | Figure):
        return str(value)
    return choose(", ").join(_told(each, choose) for each in value)


def value_data(value: Value) -> object:
    """A value as JSON has it."""
    if isinstance(value, Wording | Figure):
        return value.data()
    if isinstance(value, str | int):
        return value
    return [value_data(each) for each in value]


def wording_from(data: Mapping[str, Any]) -> Wording:
    """The wording of which `data` was made, and kept."""
    return Wording(data["text"], {name: _value_from(each) for name, each in data["values"].items()})


def _value_from(data: Any) -> Value:
    if isinstance(data, Mapping):
        return wording_from(data) if "text" in data else Figure(data["asset"], data["minor"])
    return data if isinstance(data, str | int) else [_value_from(each) for each in data]


def translatable(text: str) -> str:
    """Marks a literal text that is told elsewhere, so that a catalogue finds it."""
    return text


def places(text: str) -> Iterator[str]:
    """The names of a text's places."""
    return (name for _, name, _, _ in Formatter().parse(text) if name is not None)
