"""Every text that a person may read, as a catalogue of gettext has it, with what its translator has to know.

`extract` has the form of an extraction method of Babel, so that `pybabel extract` finds all texts without a keyword or
a comment of its own, given a mapping file of

    [extractors]
    aidtrail = tests.tools.texts:extract
    [aidtrail: **.py]

A message of a page or a command is `Message(text, *notes, many=…)`. What its notes say of the text as a whole is its
context (`pgettext`), so that a word with two meanings is two entries of the catalogue; what they say of a place is a
comment. All else is told by `Wording`, `translatable`, or a refusal or finding made of a text and values: it has no
context, and its places are explained by `place_notes`. What --help says of options is argparse's, and is not here.

`python -m tests.tools.texts` prints them all.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from api.pages.messages import Message
from ledger.core.wording import places
from tests.tools.place_notes import PLACE_NOTES

ROOT = Path(__file__).parents[2]
PACKAGES = ("ledger", "watchers", "api", "service")
BEFORE_TEXT = {
    **dict.fromkeys(
        ("Refused", "NotFound", "NothingYet", "Conflict", "NotAllowed", "LedgerError", "StorageFailed", "Damaged",
         "ForeignDatabase", "WrongValue", "BadUse", "Unavailable", "JsonRefused", "BytesRefused", "BlockRefused",
         "TransactionRefused", "ProofRefused", "AddressRefused", "DescriptorRefused", "SignatureRefused", "BadBits",
         "TableRefused", "RecordingBroken", "StoryFailed"),
        0,
    ),
    **dict.fromkeys(
        ("Problem", "WrongField", "GuardRefused", "HeaderRefused", "HeaderUnjudged", "SourceError", "SourceDown",
         "SourceSlow", "SourceMissing"),
        1,
    ),
    **dict.fromkeys(("SourceRefused", "SourceLied", "SourceGarbled"), 2),
}  # fmt: skip
"""Each refusal, and how much else stands before its text: the field, the name of a source, a status."""


@dataclass(frozen=True, slots=True)
class Text:
    """An entry of a catalogue. `context` and `many` may be empty; `comments` are for who translates it."""

    line: int
    text: str
    many: str
    context: str
    comments: tuple[str, ...]

    @property
    def babel(self) -> tuple[int, str, tuple[str, ...], list[str]]:
        """(line, name of gettext's function, its texts, comments), as an extraction method gives them."""
        function = ("n" if self.many else "") + "gettext"
        told = tuple(part for part in (self.context, self.text, self.many) if part)
        if self.context:
            function = "npgettext" if self.many else "pgettext"
        return self.line, function, told, list(self.comments)


def made(called: ast.expr) -> tuple[str, str]:
    """The name of what is called, and its method where it is one."""
    if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
        return called.value.id, called.attr
    return (called.id, "") if isinstance(called, ast.Name) else ("", "")


def text_place(call: ast.Call) -> int | None:
    """Which argument of a refusal or a finding is its text; None where the call makes neither."""
    name, way = made(call.func)
    if name in BEFORE_TEXT:
        return BEFORE_TEXT[name] if not way else 1 if way == "field" else None
    return 2 if (name, way) == ("Finding", "of") else None


def texts_in(nodes: tuple[ast.AST, ...], names: dict[str, Any]) -> Iterator[Text]:
    """The texts of a file, in no order; `names` are those of its module, which notes may be given by."""
    for node in nodes:
        if not isinstance(node, ast.Call):
            continue
        name, way = made(node.func)
        if (name, way) == ("Message", ""):
            yield _message(node, names)
            continue
        at = 0 if not way and name in {"Wording", "translatable"} else text_place(node)
        if at is not None and at < len(node.args) and isinstance(node.args[at], ast.Constant):
            many = node.args[2] if name == "Wording" and len(node.args) > 2 else _word(node, "many")
            yield _wording(node.lineno, _text(node.args[at]), _text(many))


def _message(call: ast.Call, names: dict[str, Any]) -> Text:
    """Its notes may be names and lists of them, so they are asked of the running module."""
    message = eval(compile(ast.Expression(call), "a message", "eval"), names)
    assert isinstance(message, Message)
    return Text(call.lineno, message.text, message.many, message.context, message.comments)


def _wording(line: int, text: str, many: str) -> Text:
    told = dict.fromkeys((*places(text), *places(many)))
    notes = tuple(f"{{{name}}}: {PLACE_NOTES[name]}" for name in told if name in PLACE_NOTES)
    return Text(line, text, many, "", notes)


def _word(call: ast.Call, name: str) -> ast.expr:
    return next((word.value for word in call.keywords if word.arg == name), ast.Constant(""))


def _text(node: ast.expr) -> str:
    return str(node.value) if isinstance(node, ast.Constant) else ""


@cache
def files() -> tuple[tuple[str, tuple[ast.AST, ...]], ...]:
    """(path, all that its syntax is made of) of each file of the program."""
    return tuple(
        (str(path.relative_to(ROOT)), tuple(ast.walk(ast.parse(path.read_text("utf-8")))))
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
    )


def modules() -> Iterator[tuple[str, list[Text]]]:
    """(path, texts) of each file of the program that has any."""
    for name, nodes in files():
        found = _of_file(name, nodes)
        if found:
            yield name, found


def _of_file(name: str, nodes: tuple[ast.AST, ...]) -> list[Text]:
    if not any(made(node.func)[0] == "Message" for node in nodes if isinstance(node, ast.Call)):
        return list(texts_in(nodes, {}))
    module = importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    return list(texts_in(nodes, dict(vars(module))))


def extract(
    fileobj: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, tuple[str, ...], list[str]]]:
    """What Babel asks of a file below the root of the repository; keywords and tags are not needed."""
    name = str(Path(fileobj.name).resolve().relative_to(ROOT))
    for text in sorted(
        _of_file(name, tuple(ast.walk(ast.parse(fileobj.read())))), key=lambda text: text.line
    ):
        yield text.babel


def main() -> None:
    for name, texts in modules():
        for text in sorted(texts, key=lambda text: text.line):
            line, function, told, comments = text.babel
            print(f"{name}:{line}: {function}{told}")
            for comment in comments:
                print(f"    {comment}")


if __name__ == "__main__":
    main()
