"""Texts that are told in the language of who reads them.

What the pages say is made in English, as text, and carries what it was made of; whoever shows it tells it in a
language. So a sentence knows no language, and a language is a value that the renderer alone is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from api.clean import clean
from api.languages.language import Language
from ledger.core.wording import Wording


class Localisable(str):
    """An English text, and how it is told in another language.

    A part cut from it, or a text put together with it, is English alone: `tests/api/test_languages.py` finds those.
    """

    __slots__ = ("_told_in",)
    _told_in: Callable[[Language], str]

    def __new__(cls, english: str, told_in: Callable[[Language], str]) -> Localisable:
        made = super().__new__(cls, english)
        made._told_in = told_in
        return made

    def __str__(self) -> str:
        return self

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        """A copy is English alone."""
        return str, (self[:],)

    def in_language(self, language: Language) -> Localised:
        return Localised(self._told_in(language))

    def capitalize(self) -> Localisable:
        """The first letter large, the others as they are; in a script that has none nothing changes."""
        return Localisable(super().capitalize(), lambda language: _large(self.in_language(language)))


class Localised(str):
    """A text as its reader gets it, with all that came from outside cleaned and its direction isolated."""

    __slots__ = ()


def localised(text: str, language: Language) -> Localised:
    """A text in a language other than English; what is no text of ours is cleaned and kept apart from the rest."""
    if isinstance(text, Localisable):
        return text.in_language(language)
    return text if isinstance(text, Localised) else Localised(language.isolated(clean(text)))


def figure(english: str) -> Localisable:
    """A figure as the language groups it."""

    def in_language(language: Language) -> str:
        text = language.figure(english)
        return language.ltr(text) if text.startswith("-") else text

    return Localisable(english, in_language)


def sum_of(english: str, asset: str) -> Localisable:
    """A figure with the code of its money."""
    return Localisable(f"{english} {asset}", lambda language: language.sum(english, asset))


def wording(message: Wording) -> Localisable:
    """What the ledger says."""
    return Localisable(str(message), lambda language: clean(message.translated(language.catalogue)))


def sentence_of(text: str) -> Localisable:
    """A reason that stood behind the name of a field, by itself; some are whole sentences."""
    return Localisable(_whole(text), lambda language: _whole(localised(text, language)))


def unbroken(text: str) -> Localisable:
    """A text that is never broken over two lines."""

    def without_spaces(text: str) -> str:
        return text.replace(" ", "\u00a0")

    return Localisable(without_spaces(text), lambda language: without_spaces(localised(text, language)))


def together(parts: Iterable[str], between: str) -> Localisable:
    """Texts of a cell, one after the other, with a mark between them that is none of a language."""
    kept = list(parts)

    def in_language(language: Language) -> str:
        return between.join(
            localised(part, language) if isinstance(part, Localisable) else clean(part) for part in kept
        )

    return Localisable(between.join(kept), in_language)


def _large(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _whole(reason: str) -> str:
    end = "" if reason.endswith((".", "?", "!", "。", "؟")) else "."
    return f"{_large(reason)}{end}"
