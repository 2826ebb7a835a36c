"""From a context to bytes: Jinja2 with every value cleaned and escaped, and the style sheet by its hash.

It asks nothing of the ledger; templates get one typed context each.
"""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from api.clean import clean
from api.pages import sentences as say
from api.pages.contexts import ErrorPage, Frame, LookupPart
from api.ports import SiteSettings

_HERE = Path(__file__).resolve().parent.parent
STYLE = (_HERE / "static" / "site.css").read_bytes()
STYLE_HASH = hashlib.sha256(STYLE).hexdigest()[:16]
STYLE_PATH = f"/static/{STYLE_HASH}.css"
STYLE_GZIP = gzip.compress(STYLE, 9, mtime=0)


def _finalized(value: Any) -> Any:
    return value if isinstance(value, Markup) or not isinstance(value, str) else clean(value)


class PageRenderer:
    """Templates of the public pages, under one site's settings."""

    def __init__(self, settings: SiteSettings) -> None:
        self.settings = settings
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_finalized,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def frame(
        self,
        title: str,
        *,
        demonstration: bool = False,
        noindex: bool = False,
        facts: tuple[tuple[str, str], ...] = (),
        journal: tuple[int, str] | None = None,
    ) -> Frame:
        """What surrounds a page; the banner stands when the site or the campaign is a demonstration."""
        return Frame(
            title=title,
            site=self.settings.title,
            banner=say.DEMONSTRATION if self.settings.demonstration or demonstration else "",
            style=STYLE_PATH,
            noindex=noindex,
            facts=facts,
            journal_hash=journal[1] if journal else "",
            journal_seq=journal[0] if journal else 0,
        )

    def page(self, template: str, context: Any) -> bytes:
        """Render `context` (a dataclass) into `template`; its fields are the template's names."""
        values = {field.name: getattr(context, field.name) for field in dataclasses.fields(context)}
        html = self._environment.get_template(template).render(values)
        return "\n".join(line.strip() for line in html.splitlines() if line.strip()).encode(
            "utf-8", "replace"
        )

    def error(
        self, status: int, heading: str, detail: str, key: str = "", lookup: LookupPart | None = None
    ) -> bytes:
        context = ErrorPage(self.frame(heading, noindex=True), status, heading, detail, key, lookup)
        return self.page("error.html", context)
