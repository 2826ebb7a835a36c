"""What pages say, message by message: a whole English text with named places, and a note for who translates it.

Sentences are told by `said` (marked pieces) or `worded` (plain text), lists by `listed`, `joined` and `joined_list`; no
word is put beside another in any other way. So a catalogue has one thing to replace (`chosen`), and a language's
order of words, its plural forms and its way to join a list are its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import Formatter

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
PlaceValue = str | int | Piece | Sentence
"""What a placeholder is filled with; a whole number is grouped."""


def plain(sentence: Sentence) -> str:
    """The words without their marks."""
    return "".join(piece.text for piece in sentence)


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
        return chosen(self, None) if self.is_fixed else worded(self)

    def __repr__(self) -> str:
        return f"Message({self.text!r})"

    @property
    def placeholders(self) -> frozenset[str]:
        """What its caller has to give; `n` where a number decides its form or is told in it."""
        link = {"href"} if any(link for _, _, _, link in _cut(self.text)) else set()
        return frozenset(_places(self.text) | _places(self.many) | link | ({"n"} if self.many else set()))


def _places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def chosen(message: Message, n: int | None) -> str:
    """The text to tell for a number: where a catalogue of a language is asked, by its plural rules."""
    return message.many if message.many and n != 1 else message.text


@lru_cache(maxsize=4096)
def _cut(text: str) -> tuple[tuple[str, str, str, str], ...]:
    """(words, name, bold, link) in the order of the text; one of the four is not empty."""
    parts: list[tuple[str, str, str, str]] = []
    end = 0
    for found in _CUT.finditer(text):
        words = text[end : found.start()] + (found[1] or "")[:1]
        if words:
            parts.append((words, "", "", ""))
        if not found[1]:
            parts.append(("", found[2] or "", found[3] or "", found[4] or ""))
        end = found.end()
    if end < len(text):
        parts.append((text[end:], "", "", ""))
    return tuple(parts)


def said(message: Message, /, *, n: int | None = None, **given: PlaceValue) -> Sentence:
    """The message as marked pieces, what is given at its places. Raises KeyError for what is not given."""
    pieces: list[Piece] = []
    words: list[str] = []  # what is not marked, up to the next mark

    def add(piece: Piece) -> None:
        if not piece.mark and not piece.href:
            words.append(piece.text)
        elif piece.text:
            if words:
                pieces.append(Piece("".join(words)))
                words.clear()
            pieces.append(piece)

    for text, name, bold, link in _cut(chosen(message, n)):
        if text:
            words.append(text)
        elif bold:
            add(Piece(bold, "figure"))
        elif link:
            add(Piece(link, href=_plain(given["href"])))
        else:
            told = n if name == "n" and n is not None else given[name]
            if isinstance(told, tuple):
                for piece in told:
                    add(piece)
            elif isinstance(told, Piece):
                add(told)
            else:
                words.append(_plain(told))
    rest = "".join(words)
    return (*pieces, Piece(rest)) if rest else tuple(pieces)


def worded(message: Message, /, *, n: int | None = None, **given: PlaceValue) -> str:
    """The message as plain text. Raises KeyError for what is not given."""
    return "".join(
        text or bold or link or _plain(n if name == "n" and n is not None else given[name])
        for text, name, bold, link in _cut(chosen(message, n))
    )


def _plain(told: PlaceValue) -> str:
    if isinstance(told, str):
        return told
    if isinstance(told, int):
        return count(told)
    return told.text if isinstance(told, Piece) else plain(told)


@dataclass(frozen=True, slots=True)
class ListPattern:
    """How a language joins a list, as CLDR says it: all but the last two, and the last two."""

    middle: Message
    end: Message


_BOTH = ("{first}: what is listed before", "{next}: what is listed after it")
_COMMA = Message("{first}, {next}", "joins a list", *_BOTH)
AND = ListPattern(_COMMA, Message("{first} and {next}", "ends a list", *_BOTH))
COMMAS = ListPattern(_COMMA, _COMMA)
"""A list of figures or facts, without a word before the last."""
_APART = Message("{first}; {next}", "joins a list whose parts may have commas", *_BOTH)
SEMICOLONS = ListPattern(_APART, _APART)
_AFTER = Message("{first} {next}", "one whole sentence after another", *_BOTH)
SENTENCES = ListPattern(_AFTER, _AFTER)
"""Whole sentences, one after the other."""


def joined_list(parts: Sequence[Sentence], pattern: ListPattern = AND) -> Sentence:
    """Parts of a sentence, joined as the language joins them; nothing for none."""
    if not parts:
        return ()
    whole = parts[0]
    for number, part in enumerate(parts[1:], start=2):
        whole = said(pattern.end if number == len(parts) else pattern.middle, first=whole, next=part)
    return whole


def joined(parts: Sequence[Sentence]) -> Sentence:
    """`30 handed out in Ghana, 7 waiting at WAHO`."""
    return joined_list(parts, COMMAS)


def listed(parts: Sequence[str], pattern: ListPattern = AND) -> str:
    """`a, b and c`, as plain text; what is empty is left out."""
    told = [part for part in parts if part]
    whole = told[0] if told else ""
    for number, part in enumerate(told[1:], start=2):
        whole = worded(pattern.end if number == len(told) else pattern.middle, first=whole, next=part)
    return whole
