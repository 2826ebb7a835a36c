"""Texts that are told in the language of who reads them.

What the pages say is made in English, as text, and carries what it was made of; whoever shows it tells it in a
language. So a sentence knows no language, and a language is a value that the renderer alone is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from api.clean import clean
from api.languages.language import Language
from ledger.core.wording import Wording


class Told(str):
    """An English text, and how it is told in another language.

    A part cut from it, or a text put together with it, is English alone: `tests/api/test_languages.py` finds those.
    """

    __slots__ = ("_told_in",)
    _told_in: Callable[[Language], str]

    def __new__(cls, english: str, told_in: Callable[[Language], str]) -> Told:
        made = super().__new__(cls, english)
        made._told_in = told_in
        return made

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is English alone."""
        return str, (self[:],)

    def in_language(self, language: Language) -> Spoken:
        return Spoken(self._told_in(language))

    def capitalize(self) -> Told:
        """The first letter large, the others as they are; in a script that has none nothing changes."""
        return Told(super().capitalize(), lambda language: _large(self.in_language(language)))


class Spoken(str):
    """A text as its reader gets it, with all that came from outside cleaned and its direction isolated."""

    __slots__ = ()


def spoken(text: str, language: Language) -> Spoken:
    """A text in a language other than English; what is no text of ours is cleaned and kept apart from the rest."""
    if isinstance(text, Told):
        return text.in_language(language)
    return text if isinstance(text, Spoken) else Spoken(language.isolated(clean(text)))


def figure(english: str) -> Told:
    """A figure as the language groups it."""

    def in_language(language: Language) -> str:
        text = language.figure(english)
        return language.ltr(text) if text.startswith("-") else text

    return Told(english, in_language)


def sum_of(english: str, asset: str) -> Told:
    """A figure with the code of its money."""
    return Told(f"{english} {asset}", lambda language: language.sum(english, asset))


def wording(message: Wording) -> Told:
    """What the ledger says."""
    return Told(str(message), lambda language: clean(message.translated(language.catalogue)))


def sentence_of(text: str) -> Told:
    """A reason that stood behind the name of a field, by itself; some are whole sentences."""
    return Told(_whole(text), lambda language: _whole(spoken(text, language)))


def unbroken(text: str) -> Told:
    """A text that is never broken over two lines."""

    def without_spaces(text: str) -> str:
        return text.replace(" ", "\u00a0")

    return Told(without_spaces(text), lambda language: without_spaces(spoken(text, language)))


def together(parts: Iterable[str], between: str) -> Told:
    """Texts of a cell, one after the other, with a mark between them that is none of a language."""
    kept = list(parts)

    def in_language(language: Language) -> str:
        return between.join(
            spoken(part, language) if isinstance(part, Told) else clean(part) for part in kept
        )

    return Told(between.join(kept), in_language)


def _large(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _whole(reason: str) -> str:
    end = "" if reason.endswith((".", "?", "!", "。", "؟")) else "."
    return f"{_large(reason)}{end}"
