"""The languages of the pages: what CLDR says of each (by Babel), and its catalogue of texts.

A language is a value: who answers a request hands it to the renderer, and nothing remembers one. English is told by
the program itself, as its texts and figures stand; the others by a catalogue `api/languages/<tag>/site.po`, which is
read when the first page of its language is asked for. Digits are Latin in all of them, and the decimals of a currency
are those of ISO 4217 (`ledger/core/currencies.py`), never CLDR's.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.core import Locale
from babel.dates import format_date, format_skeleton
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import get_decimal_symbol, get_group_symbol

HERE = Path(__file__).resolve().parent
_ISOLATE, _LTR, _POP = "\u2068", "\u2066", "\u2069"
"""A piece of text whose direction is its own, one that runs from left to right, and its end (UAX 9)."""
_SPACE = "\u00a0"


class Reader(StrEnum):
    """Who read a catalogue as a whole, beside whoever wrote it; its header `Last-Translator` says so."""

    NOBODY = "by machine, not reviewed"
    PERSON = "reviewed"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the pages. `tag` stands in addresses; `locale` is CLDR's name of it."""

    tag: str
    name: str
    locale: str

    @property
    def is_english(self) -> bool:
        return self.tag == "en"

    @property
    def direction(self) -> str:
        """`ltr` or `rtl`."""
        return _locale(self.locale).text_direction

    @property
    def is_rtl(self) -> bool:
        return self.direction == "rtl"

    @property
    def catalogue(self) -> NullTranslations:
        """Its texts by the English ones; the English where it has none."""
        return NullTranslations() if self.is_english else catalogue_of(self.tag)

    @property
    def is_reviewed(self) -> bool:
        """Did a person read its texts?"""
        return self.is_english or Reader(self.catalogue.info()["last-translator"]) is Reader.PERSON

    def text(self, text: str, many: str = "", context: str = "", n: int | None = None) -> str:
        """The text to tell for an English one; `n` decides the form where it has one for `many`."""
        texts = self.catalogue
        if many and n is not None:
            return texts.npgettext(context, text, many, n) if context else texts.ngettext(text, many, n)
        if many:
            text = many if self.is_english else text
        return texts.pgettext(context, text) if context else texts.gettext(text)

    def figure(self, english: str) -> str:
        """An exact figure as this language groups it: `542,720.00` becomes `542 720,00`."""
        if self.is_english:
            return english
        group, point = _symbols(self.locale)
        return "".join(group if char == "," else point if char == "." else char for char in english)

    def sum(self, english: str, asset: str) -> str:
        """A figure with the code of its money, which stays beside it and runs from left to right."""
        if self.is_english:
            return f"{english} {asset}"
        return self.ltr(f"{self.figure(english)}{_SPACE}{asset}")

    def day(self, day: date) -> str:
        """`5 juin 2020`."""
        return format_date(day, "long", locale=self.locale)

    def day_of_month(self, day: date) -> str:
        """`5 juin`."""
        return format_skeleton("MMMMd", day, locale=self.locale)

    def month(self, day: date) -> str:
        """`juin 2020`."""
        return format_skeleton("yMMMM", day, locale=self.locale)

    def list_pattern(self, name: str) -> str:
        """How a list is joined: `2` (of two), `start`, `middle` or `end`, as `{0} et {1}`."""
        return str(_locale(self.locale).list_patterns["standard"][name])

    def isolated(self, text: str) -> str:
        """Text from elsewhere in a sentence of this language: its direction does not touch what stands around it."""
        return f"{_ISOLATE}{text}{_POP}" if text and self.is_rtl else text

    def ltr(self, text: str) -> str:
        """A figure with its unit, a key or a hash, which reads from left to right."""
        return f"{_LTR}{text}{_POP}" if self.is_rtl else text


ENGLISH = Language("en", "English", "en")
FRENCH = Language("fr", "Français", "fr")
ARABIC = Language("ar", "العربية", "ar")
SPANISH = Language("es", "Español", "es")
PORTUGUESE = Language("pt", "Português", "pt_PT")
"""As Cabo Verde and Guinea-Bissau write it; CLDR's `pt` is that of Brazil."""
RUSSIAN = Language("ru", "Русский", "ru")
CHINESE = Language("zh", "中文", "zh")

OFFERED: tuple[Language, ...] = (ENGLISH, FRENCH, PORTUGUESE, ARABIC, SPANISH, RUSSIAN, CHINESE)
"""Those whose catalogue has every text (`tests/api/test_languages.py`), in the order in which they are shown."""


@cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


@cache
def _symbols(name: str) -> tuple[str, str]:
    locale = _locale(name)
    return (
        get_group_symbol(locale, numbering_system="latn"),
        get_decimal_symbol(locale, numbering_system="latn"),
    )


@cache
def catalogue_of(tag: str) -> GNUTranslations:
    """The texts of a language other than English, read from its folder once a process."""
    compiled = io.BytesIO()
    with (HERE / tag / "site.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=tag))
    compiled.seek(0)
    return GNUTranslations(compiled)
