"""Pieces of SVG text: numbers, escaped words, wrapped lines, straight and bent paths. It knows no campaign."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from api.clean import clean
from api.languages.language import Language
from api.languages.localised import Localisable, Localised

_WIDTHLESS = "\u2066\u2068\u2069"
"""What isolates a figure with its unit, so that it reads the same inside right-to-left words."""


def n(value: float) -> str:
    """A coordinate to 0.1 px, as short as it goes."""
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def shown(text: str, language: Language) -> str:
    """A text as it is drawn for a reader of the language."""
    if language.is_english:
        return text
    return text.in_language(language) if isinstance(text, Localisable) else Localised(clean(text))


def mirrored(drawing: str, width: float) -> str:
    """What is drawn from left to right, drawn from right to left: shapes turned over, words at their mirrored place."""
    texts = _TEXT.findall(drawing)
    moved = (f'<text x="{n(width - float(x))}"{rest}' for x, rest in texts)
    return f'<g transform="matrix(-1 0 0 1 {n(width)} 0)">{_TEXT.sub("", drawing)}</g>{"".join(moved)}'


_TEXT = re.compile(r'<text x="([\d.-]+)"(.*?</text>)')


def _cleaned(text: str) -> str:
    """What was made for a reader is clean, and keeps the marks of its direction."""
    return text[:300] if isinstance(text, Localised) else clean(text, 300)


def _like(text: str, part: str) -> str:
    return Localised(part) if isinstance(text, Localised) else part


def esc(text: str) -> str:
    return html.escape(_cleaned(text), quote=True)


def width_of(text: str, size: float, bold: bool = False) -> float:
    """About how wide a text is in a system font; a little too wide rather than too narrow."""
    em = 0.0
    for char in text:
        if char in _WIDTHLESS:
            continue
        if unicodedata.east_asian_width(char) in "WF":
            em += 1.0
        elif char in " .,:;'’|ijlIftr()":
            em += 0.31
        elif char in "mwMW@%":
            em += 0.86
        else:
            em += 0.62 if char.isupper() else 0.555
    return em * size * (1.06 if bold else 1.0)


def wrapped(text: str, room: float, size: float, lines: int = 2) -> list[str]:
    """Lines that fit; what does not is cut with an ellipsis (the table has the whole)."""
    out: list[str] = []
    for word in _cleaned(text).split():
        if out and width_of(f"{out[-1]} {word}", size) <= room:
            out[-1] = f"{out[-1]} {word}"
        else:
            out.append(word)
    if len(out) > lines:
        out = [*out[: lines - 1], " ".join(out[lines - 1 :])]
    return [cut(_like(text, line), room, size) for line in out if line] or [""]


def cut(text: str, room: float, size: float) -> str:
    if width_of(text, size) <= room:
        return text
    kept = str(text)
    while len(kept) > 1 and width_of(kept + "…", size) > room:
        kept = kept[:-1]
    return _like(text, kept.rstrip() + "…")


def text(x: float, y: float, words: str, css: str = "", end: bool = False) -> str:
    kind = " ".join(part for part in (css, "e" if end else "") if part)
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{n(x)}" y="{n(y)}"{named}>{esc(words)}</text>'


def path(css: str, d: str) -> str:
    return f'<path class="{css}" d="{d}"/>'


def rect(css: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{css}" x="{n(x)}" y="{n(y)}" width="{n(width)}" height="{n(height)}"/>'


def ribbon(stops: Sequence[tuple[float, float, float]], turned: bool) -> str:
    """A band through stops `(along, from, to)`: along is x, or y when `turned`; curves meet at middles."""

    def point(along: float, across: float) -> str:
        return f"{n(across)} {n(along)}" if turned else f"{n(along)} {n(across)}"

    def curve(a: float, b: float, to: float, towards: float) -> str:
        middle = (a + to) / 2
        return f"C{point(middle, b)} {point(middle, towards)} {point(to, towards)}"

    out = [f"M{point(stops[0][0], stops[0][1])}"]
    for (x0, a0, _), (x1, a1, _) in pairwise(stops):
        out.append(curve(x0, a0, x1, a1))
    back = stops[::-1]
    out.append(f"L{point(back[0][0], back[0][2])}")
    for (x0, _, b0), (x1, _, b1) in pairwise(back):
        out.append(curve(x0, b0, x1, b1))
    return "".join(out) + "Z"


def wire(stops: Sequence[tuple[float, float]], turned: bool) -> str:
    """A line through `(along, across)` with the same curves as a band."""
    out = []
    for index, (along, across) in enumerate(stops):
        here = f"{n(across)} {n(along)}" if turned else f"{n(along)} {n(across)}"
        if index == 0:
            out.append(f"M{here}")
            continue
        before, was = stops[index - 1]
        middle = (before + along) / 2
        if turned:
            out.append(f"C{n(was)} {n(middle)} {n(across)} {n(middle)} {here}")
        else:
            out.append(f"C{n(middle)} {n(was)} {n(middle)} {n(across)} {here}")
    return "".join(out)
