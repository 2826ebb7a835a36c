"""From the ledger's answers to bytes: Jinja2 with every value cleaned and escaped, and the style sheet by its hash.

Templates are given the views' own objects, and say them by the words of `api/pages/sentences` (`say`) and a few
filters: `amount`, `pieces`, `units`, `count`, `day`, `time`, `place`, `short`.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request

from api.clean import clean
from api.languages.address import AT_HOME, Place, place_of
from api.languages.language import OFFERED, Language
from api.languages.localised import Localisable, Localised, together
from api.pages import sentences as say
from api.pages.figures import count, exact, exact_with_asset, short_hash
from api.pages.messages import Message, Sentence, localised_sentence
from api.pages.sentences import fixed
from api.pages.sentences import help as help_words
from api.ports import SiteSettings
from ledger.core.frozen import Amount
from ledger.views.campaign import JournalHead, SourceOfFact

_HERE = Path(__file__).resolve().parent.parent
STYLE = (_HERE / "static" / "site.css").read_bytes().replace(b"\n", b"")
STYLE_HASH = hashlib.sha256(STYLE).hexdigest()[:16]
STYLE_PATH = f"/static/{STYLE_HASH}.css"
STYLE_GZIP = gzip.compress(STYLE, 9, mtime=0)
MORE_STYLE = (_HERE / "static" / "more.css").read_bytes()
"""For print and forced colours: no screen waits for it."""
REST_STYLE = (_HERE / "static" / "rest.css").read_bytes()
"""For all pages but those of campaigns, which are the largest: forms, steps, a thread, and text with code."""
REST_STYLE_PATH = f"/static/{hashlib.sha256(REST_STYLE).hexdigest()[:16]}.css"
MORE_STYLE_PATH = f"/static/{hashlib.sha256(MORE_STYLE).hexdigest()[:16]}.css"


LAST_LOOK = "\u2063last look\u2063"
"""Stands in a page where the time of the last look goes, which is put there when the page is sent.

No text from outside has these characters: what a template is given is cleaned of them.
"""


@dataclass(frozen=True, slots=True)
class Frame:
    """Around every page: title, the demonstration's banner, sources of facts and the journal's head."""

    title: str
    site: str
    banner: str
    style: str
    more_style: str
    noindex: bool
    facts: tuple[SourceOfFact, ...]
    journal: JournalHead | None


@dataclass(frozen=True, slots=True)
class LookupPart:
    """What became of a transaction looked at alone, or the offer to do so (then `txid` fills the form)."""

    sentence: str
    txid: str = ""
    ask: str = ""


def _finalizer(language: Language) -> Callable[[object], object]:
    """What becomes of each value that a template shows."""

    def english(value: object) -> object:
        return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)

    def other(value: object) -> object:
        if isinstance(value, Message):
            value = str(value)
        if isinstance(value, Localisable):
            return value.in_language(language)
        # What stands in an attribute is no sentence, so nothing isolates it there.
        return value if isinstance(value, Markup | Localised) or not isinstance(value, str) else clean(value)

    return english if language.is_english else other


def _amount(value: Amount | None, unit: str = "") -> str:
    """All digits with the code of the money, or pieces with their unit; a dash for none."""
    if value is None:
        return "–"
    return say.gift_amount(value, unit) if unit else exact_with_asset(value)


def code(text: str) -> Markup:
    """A box of code that scrolls, by keyboard too; its lines keep their spaces, which `page` takes from all others."""
    lines = Markup("&#10;").join(clean(line) for line in text.splitlines())
    return Markup('<pre class="scroll" tabindex="0"><code>{}</code></pre>').format(lines)


def unbroken(text: str) -> Markup:
    """A command or a part of one, of which no line ends within an option: `--address` is read in one piece."""
    return Markup(" ").join(
        Markup('<span class="o">{}</span>').format(word) if word.startswith("-") else word
        for word in text.split(" ")
    )


@cache
def _environment(language: Language) -> Environment:
    """The templates with their filters in a language; one a process, since whatever site asks compiles the same."""

    def told(sentence: Sentence) -> Sentence:
        return sentence if language.is_english else localised_sentence(sentence, language)

    def apart(text: str) -> str | Markup:
        """What a campaign wrote, in whatever language and direction: it is told beside ours."""
        return text if language.is_english else Markup("<bdi>{}</bdi>").format(clean(text))

    def joined(parts: Iterable[str], between: str = "") -> str:
        return together(parts, between)

    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalizer(language),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "language": language,
        "languages": OFFERED,
        "say": say,
        "w": fixed,
        "h": help_words,
        "rest_style": REST_STYLE_PATH,
        "last_look": Markup(LAST_LOOK),  # noqa: S704 - a mark of ours
    }
    made.filters |= {
        "told": told,
        "apart": apart,
        "join": joined,
        "amount": _amount,
        "pieces": say.pieces,
        "code": code,
        "unbroken": unbroken,
        "units": say.number_of,
        "count": count,
        "figure": exact,
        "day": lambda text: say.day(text or ""),
        "time": lambda text: say.time(text or ""),
        "place": say.where,
        "short": short_hash,
        "link": lambda text: quote(text, safe=":"),
    }
    return made


class PageRenderer:
    """Templates of the public pages, under one site's settings, in the language of an address.

    `place`: what is asked for, below which its links lead, and where the same page is in the other languages.
    """

    def __init__(self, settings: SiteSettings, place: Place = AT_HOME) -> None:
        self.settings = settings
        self._place = place

    @property
    def language(self) -> Language:
        return self._place.language

    @property
    def prefix(self) -> str:
        """What stands before the path of a page in this language."""
        return self._place.prefix

    def of(self, request: Request, path: str = "") -> PageRenderer:
        """The same for who asks: in the language of the address, with links that stay in it.

        `path`: that of the page, where it is asked for in several spellings.
        """
        place = place_of(request.scope)
        return PageRenderer(self.settings, replace(place, path=path) if path else place)

    def frame(
        self,
        title: str,
        *,
        demonstration: bool = False,
        noindex: bool = False,
        facts: tuple[SourceOfFact, ...] = (),
        journal: JournalHead | None = None,
    ) -> Frame:
        """What surrounds a page; the banner stands when the site or the campaign is a demonstration."""
        return Frame(
            title=title,
            site=self.settings.title,
            banner=str(say.DEMONSTRATION) if self.settings.demonstration or demonstration else "",
            style=STYLE_PATH,
            more_style=MORE_STYLE_PATH,
            noindex=noindex,
            facts=facts,
            journal=journal,
        )

    def page(self, template: str, frame: Frame, **values: Any) -> bytes:
        """The template with what it is given by name."""
        names: Mapping[str, Any] = {"frame": frame, "here": self._place, **values}
        html = _environment(self.language).get_template(template).render(names)
        lines = "\n".join(line.strip() for line in html.splitlines() if line.strip())
        return self._place.linked(lines).encode("utf-8", "replace")

    def error(
        self, status: int, heading: str, detail: str, key: str = "", lookup: LookupPart | None = None
    ) -> bytes:
        """The page that says what is missing, refused or broken."""
        frame = self.frame(heading, noindex=True)
        return self.page(
            "error.html", frame, status=status, heading=heading, detail=detail, key=key, lookup=lookup
        )
