"""What pages say, message by message: a whole English text with named places, and a note for who translates it.

Sentences are told by `said` (marked pieces) or `worded` (plain text), lists by `listed`, `joined` and `joined_list`; no
word is put beside another in any other way. So a catalogue has one thing to replace (`chosen`), and a language's
order of words, its plural forms and its way to join a list are its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from string import Formatter

from api.languages.language import Language
from api.languages.localised import Localisable, Localised, localised
from api.pages.figures import count


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a sentence. `mark`: "" words; "figure" bold; "coin", "money", "goods", "bad" underlined too.

    "code" is a hash or key, `title` then the whole of it ("whole": all of it stands there); with `href` it is a link.
    """

    text: str
    mark: str = ""
    href: str = ""
    title: str = ""


Sentence = tuple[Piece, ...]


class Said(tuple[Piece, ...]):
    """A sentence in English, and how it is told in another language."""

    _told_in: Callable[[Language], Sentence]

    @classmethod
    def of(cls, english: Iterable[Piece], told_in: Callable[[Language], Sentence]) -> Said:
        made = cls(english)
        made._told_in = told_in
        return made

    def in_language(self, language: Language) -> Sentence:
        return self._told_in(language)


def localised_sentence(sentence: Sentence, language: Language) -> Sentence:
    """A sentence in a language other than English: each piece of it, where it is no message as a whole."""
    if isinstance(sentence, Said):
        return sentence.in_language(language)
    return tuple(_spoken_piece(piece, language) for piece in sentence)


def _spoken_piece(piece: Piece, language: Language) -> Piece:
    """A hash keeps its text as it is: the page gives it its direction."""
    is_key = piece.mark in ("code", "whole") and not isinstance(piece.text, Localisable)
    return replace(piece, text=Localised(piece.text) if is_key else localised(piece.text, language))


PlaceValue = str | int | Piece | Sentence
"""What a placeholder is filled with; a whole number is grouped."""


def plain(sentence: Sentence) -> str:
    """The words without their marks."""
    return Localisable(
        "".join(piece.text for piece in sentence),
        lambda language: "".join(piece.text for piece in localised_sentence(sentence, language)),
    )


_CUT = re.compile(r"(\*\*|\[\[|\]\]|\{\{|\}\})|\{(\w+)\}|\*([^*]+)\*|\[([^\]]+)\]")
"""A mark that is told itself, written twice; a place; bold words; a link."""


class Message:
    """One whole text, in English. `{name}` is filled by its caller; `*words*` are bold, `[words]` a link to `href`.

    A star, bracket or brace that is told as it stands is written twice: `/0/**`, `[[watch]]`, `{{"noun": 1}}`.
    `many` is the text for more than one (or none), where a number `n` decides; `{n}` is that number, grouped. `notes`
    say to a translator what no reader of the text can know: those that begin with a place explain it, the others are
    the `context` by which a catalogue tells a word with two meanings apart. Raises ValueError where they
    do not, or where a text has a place that the other has not, so that it is met when the module is imported.
    """

    __slots__ = ("comments", "context", "is_fixed", "many", "text")

    def __init__(self, text: str, *notes: str, many: str = "") -> None:
        self.text, self.many = text, many
        self.context = "; ".join(note for note in notes if not note.startswith("{"))
        self.comments = tuple(note for note in notes if note.startswith("{"))
        wanted = _places(text) | _places(many)
        unexplained = {name for name in wanted - {"n"} if not any(f"{{{name}}}" in note for note in notes)}
        if unexplained:
            raise ValueError(f"{text!r} does not explain {', '.join(sorted(unexplained))}")
        if many and _places(text) - _places(many):
            raise ValueError(f"{many!r} leaves out what {text!r} tells")
        if text != text.strip() or many != many.strip():
            raise ValueError(f"{text!r} is a part of a sentence")
        for form in (text, many):
            if set("*[]{}") & set(_CUT.sub("", form)):
                raise ValueError(
                    f"{form!r} has half of a mark; write a star or bracket twice where it is told itself"
                )
        self.is_fixed = not self.placeholders

    def __str__(self) -> str:
        """The text as it stands, of a message without places."""
        return worded(self)

    def __repr__(self) -> str:
        return f"Message({self.text!r})"

    @property
    def placeholders(self) -> frozenset[str]:
        """What its caller has to give; `n` where a number decides its form or is told in it."""
        link = {"href"} if any(link for _, _, _, link in _cut(self.text)) else set()
        return frozenset(_places(self.text) | _places(self.many) | link | ({"n"} if self.many else set()))


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


class Cldr(Message):
    """A text of which each language but English has its own in CLDR, so that no catalogue has it."""

    __slots__ = ()


def chosen(message: Message, n: int | None, language: Language | None = None) -> str:
    """The text to tell for a number, by the plural rules of the language; English where none is given."""
    if language is not None:
        return language.text(message.text, message.many, message.context, n)
    return message.many if message.many and n != 1 else message.text


@lru_cache(maxsize=4096)
def _cut(text: str) -> tuple[tuple[str, str, str, str], ...]:
    """(words, name, bold, link) in the order of the text; one of the four is not empty."""
    parts: list[tuple[str, str, str, str]] = []
    end = 0
    for match in _CUT.finditer(text):
        words = text[end : match.start()] + (match[1] or "")[:1]
        if words:
            parts.append((words, "", "", ""))
        if not match[1]:
            parts.append(("", match[2] or "", match[3] or "", match[4] or ""))
        end = match.end()
    if end < len(text):
        parts.append((text[end:], "", "", ""))
    return tuple(parts)


def said(message: Message, /, *, n: int | None = None, **given: PlaceValue) -> Sentence:
    """The message as marked pieces, what is given at its places. Raises KeyError for what is not given."""
    return Said.of(_pieces(message, n, given, None), lambda language: _pieces(message, n, given, language))


def worded(message: Message, /, *, n: int | None = None, **given: PlaceValue) -> str:
    """The message as plain text. Raises KeyError for what is not given."""
    return Localisable(_text(message, n, given, None), lambda language: _text(message, n, given, language))


def _pieces(
    message: Message, n: int | None, given: Mapping[str, PlaceValue], language: Language | None
) -> Sentence:
    pieces: list[Piece] = []
    words: list[str] = []  # what is not marked, up to the next mark

    def add(piece: Piece) -> None:
        if not piece.mark and not piece.href:
            words.append(piece.text)
        elif piece.text:
            if words:
                pieces.append(Piece(_joined(words, language)))
                words.clear()
            pieces.append(piece)

    for text, name, bold, link in _cut(chosen(message, n, language)):
        if text:
            words.append(text)
        elif bold:
            add(Piece(_joined([bold], language), "figure"))
        elif link:
            add(Piece(_joined([link], language), href=_plain(given["href"], None)))
        else:
            value = n if name == "n" and n is not None else given[name]
            if isinstance(value, Piece):
                value = (value,)
            if isinstance(value, tuple):
                for piece in value if language is None else localised_sentence(value, language):
                    add(piece)
            else:
                words.append(_plain(value, language))
    return (*pieces, Piece(_joined(words, language))) if any(words) else tuple(pieces)


def _joined(words: Sequence[str], language: Language | None) -> str:
    text = "".join(words)
    return text if language is None else Localised(text)


def _text(message: Message, n: int | None, given: Mapping[str, PlaceValue], language: Language | None) -> str:
    return "".join(
        text or bold or link or _plain(n if name == "n" and n is not None else given[name], language)
        for text, name, bold, link in _cut(chosen(message, n, language))
    )


def _plain(value: PlaceValue, language: Language | None) -> str:
    if isinstance(value, int):
        value = count(value)
    if isinstance(value, Piece):
        value = (value,)
    if isinstance(value, tuple):
        value = plain(value)
    return value if language is None else localised(value, language)


@dataclass(frozen=True, slots=True)
class ListPattern:
    """How a list is joined: all but the last two, and the last two. Where `cldr`, other languages ask CLDR."""

    middle: Message
    end: Message
    cldr: bool = False


_BOTH = ("{first}: what is listed before", "{next}: what is listed after it")
_COMMA = Message("{first}, {next}", "joins a list", *_BOTH)
AND = ListPattern(_COMMA, Cldr("{first} and {next}", "ends a list", *_BOTH), cldr=True)
COMMAS = ListPattern(_COMMA, _COMMA)
"""A list of figures or facts, without a word before the last."""
_APART = Message("{first}; {next}", "joins a list whose parts may have commas", *_BOTH)
SEMICOLONS = ListPattern(_APART, _APART)
_AFTER = Message("{first} {next}", "one whole sentence after another", *_BOTH)
SENTENCES = ListPattern(_AFTER, _AFTER)
"""Whole sentences, one after the other."""
_PLUS = Message("{first} + {next}", "joins addends of a sum", *_BOTH)
ADDENDS = ListPattern(_PLUS, _PLUS)
"""What is added."""


def joined_list(parts: Sequence[Sentence], pattern: ListPattern = AND) -> Sentence:
    """Parts of a sentence, joined as the language joins them; nothing for none."""
    if not parts:
        return ()
    whole = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        whole = said(pattern.end if number == len(parts) else pattern.middle, first=whole, next=part)
    if not pattern.cldr or len(parts) == 1:
        return whole
    return Said.of(whole, lambda language: _as_cldr_joins(parts, language))


def _as_cldr_joins(parts: Sequence[Sentence], language: Language) -> Sentence:
    """Of three or more, from the end: https://unicode.org/reports/tr35/tr35-general.html#ListPatterns."""
    texts = [localised_sentence(part, language) for part in parts]
    whole = texts[-1]
    for left in range(len(texts) - 2, -1, -1):
        name = "2" if len(texts) == 2 else "end" if left == len(texts) - 2 else "middle" if left else "start"
        pieces: list[Piece] = []
        for text, place in _PATTERN.findall(language.list_pattern(name)):
            pieces += [Piece(Localised(text))] if text else texts[left] if place == "0" else whole
        whole = tuple(pieces)
    return whole


_PATTERN = re.compile(r"([^{}]+)|\{([01])\}")


def joined(parts: Sequence[Sentence]) -> Sentence:
    """`30 handed out in Ghana, 7 waiting at WAHO`."""
    return joined_list(parts, COMMAS)


def listed(parts: Sequence[str], pattern: ListPattern = AND) -> str:
    """`a, b and c`, as plain text; what is empty is left out."""
    nonempty = [part for part in parts if part]
    return plain(joined_list([(Piece(part),) for part in nonempty], pattern)) if nonempty else ""
