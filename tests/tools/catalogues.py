"""The catalogues of the pages' languages (`api/languages/<tag>/site.po`), brought to the texts of today.

`python -m tests.tools.catalogues` writes each of them anew: texts that are new stand in it untranslated, those that are
gone are gone, and what is translated stays. It prints what is missing. `python -m tests.tools.catalogues pt` begins
one. A text that changed is another text: nothing is guessed from the one before.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.core import Locale
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.pofile import read_po, write_po

from api.languages.language import HERE, OFFERED, Reader
from tests.tools.texts import Text, modules

SHOWN = (
    "api/",
    "ledger/core/wording.py",
    "ledger/core/errors.py",
    "ledger/recording/address_requests.py",
    "ledger/recording/confirming.py",
    "ledger/views/controls.py",
    "ledger/views/other_gifts.py",
    "ledger/views/queries.py",
    "service/lookups.py",
)
"""What the pages tell; what a program alone is told in JSON stays English."""


@dataclass(frozen=True, slots=True)
class Key:
    """By which a catalogue knows a text; `many` is empty where no number decides its form."""

    context: str
    text: str
    many: str = ""


def told_by(entry: Entry) -> Key:
    """The key of an entry of a catalogue."""
    text, many = entry.id if isinstance(entry.id, tuple | list) else (entry.id, "")
    return Key(entry.context or "", text, many)


@cache
def extracted() -> dict[Key, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Each text of the pages, with the files that tell it and what its translator reads."""
    found: dict[Key, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for path, text in _texts():
        key = Key(text.context, text.text, text.many)
        files, notes = found.get(key, ((), ()))
        found[key] = (
            files if path in files else (*files, path),
            tuple(dict.fromkeys((*notes, *text.comments))),
        )
    return found


def _texts() -> Iterator[tuple[str, Text]]:
    for path, texts in modules():
        if path.startswith(SHOWN):
            yield from ((path, text) for text in sorted(texts, key=lambda text: text.line) if text.text)


def tags() -> tuple[str, ...]:
    """The languages that have a catalogue, whole or not."""
    return tuple(sorted(path.parent.name for path in HERE.glob("*/site.po")))


def catalogue(tag: str) -> Catalog:
    """A catalogue as it is written."""
    with _file(tag).open("rb") as file:
        return read_po(file, locale=_locale(tag))


def brought_up(old: Catalog, tag: str) -> bytes:
    """The file of a catalogue with the texts of today."""
    kept = {told_by(entry): entry.string for entry in old if entry.id}
    new = Catalog(
        locale=_locale(tag),
        fuzzy=False,
        header_comment=f"# {Locale.parse(tag).english_name}: what pages say.",
    )
    for key, (files, notes) in extracted().items():
        new.add(
            (key.text, key.many) if key.many else key.text,
            kept.get(key, ""),
            [(file, 1) for file in files],
            auto_comments=notes,
            context=key.context or None,
        )
    out = io.BytesIO()
    write_po(out, new, width=110, include_lineno=False, omit_header=True)
    head = (
        f'msgid ""\nmsgstr ""\n"Language: {tag}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {new.plural_forms}\\n"\n"Last-Translator: {read_by(old)}\\n"\n\n'
    )
    return head.encode() + out.getvalue()


def read_by(old: Catalog) -> Reader:
    """Who read a catalogue, which its header says; nobody, where it is new."""
    said = str(old.last_translator)
    return Reader(said) if said in set(Reader) else Reader.NOBODY


def missing(told: Catalog) -> list[Key]:
    """Texts that a catalogue has not, or not in all its forms."""
    have = {told_by(entry): entry.string for entry in told if entry.id}
    return [key for key in extracted() if not _is_whole(have.get(key, ""))]


def _is_whole(string: str | tuple[str, ...] | list[str] | None) -> bool:
    return bool(string) if isinstance(string, str | None) else all(string)


def _locale(tag: str) -> str:
    """CLDR's name of a language that is offered, whose plurals it has; of a new one that of its tag."""
    return next((language.locale for language in OFFERED if language.tag == tag), tag)


def _file(tag: str) -> Path:
    return HERE / tag / "site.po"


def main() -> None:
    for tag in sys.argv[1:] or tags():
        file = _file(tag)
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(brought_up(catalogue(tag) if file.exists() else Catalog(locale=_locale(tag)), tag))
        print(f"{tag}: {len(missing(catalogue(tag)))} of {len(extracted())} are missing")


if __name__ == "__main__":
    main()
