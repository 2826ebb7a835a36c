"""What pages say is whole messages, each explained to who translates it, and filled by its caller as it stands."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

import pytest

from api.pages import sentences as say
from api.pages.messages import Message, listed, plain, said, worded
from api.pages.sentences import fixed
from api.pages.sentences.books import rests_on
from api.pages.sentences.places import figured, where
from api.pages.sentences.screening import SCREENED
from api.pages.sentences.suggested import WHY
from api.pages.sentences.tables import SUM_WORDS
from api.pages.sentences.to_do import TO_DO
from api.pages.sentences.waiting import kind_title
from ledger.core.accounts import AccountClass
from ledger.core.frozen import Amount
from ledger.core.telling import Telling
from ledger.model.looks import Completeness
from ledger.views.conservation import conserved_as
from ledger.views.flow import ExitKind
from ledger.views.open_items import OpenItemKind
from ledger.views.screening import Screened
from ledger.views.suggestions import Why
from ledger.views.sum_tables import SumKey
from ledger.views.to_do import ToDo
from ledger.views.trail import Place
from service.sentences.reconciliation import CONSERVED
from tests.tools.texts import BEFORE_TEXT

_ROOT = Path(__file__).parents[2]
_HERE = _ROOT / "api" / "pages" / "sentences"
_PACKAGES = ("api.pages.sentences", "service.sentences")
"""What pages and commands say."""
_WHOLE = {"plurals", "__init__"}
"""Modules of another kind: English forms of words that are data, and what is exported."""


@cache
def _modules() -> tuple[tuple[ModuleType, ast.Module], ...]:
    return tuple(
        (importlib.import_module(f"{package}.{path.stem}"), ast.parse(path.read_text("utf-8")))
        for package in _PACKAGES
        for path in sorted((_ROOT / package.replace(".", "/")).glob("*.py"))
        if path.stem not in _WHOLE
    )


def _messages_in(value: object) -> list[Message]:
    """The messages that a name of a module may stand for."""
    if isinstance(value, Message):
        return [value]
    if isinstance(value, dict):
        return [message for each in value.values() for message in _messages_in(each)]
    if isinstance(value, tuple):
        return [message for each in value for message in _messages_in(each)]
    slots = getattr(type(value), "__slots__", ())
    return [message for slot in slots for message in _messages_in(getattr(value, slot))]


def _meant(module: ModuleType, node: ast.expr) -> list[Message]:
    """The messages that an argument may be; none where it is known to the running program only."""
    if isinstance(node, ast.IfExp):
        return [*_meant(module, node.body), *_meant(module, node.orelse)]
    if isinstance(node, ast.Subscript):
        return _meant(module, node.value)
    if isinstance(node, ast.Name):
        return _messages_in(getattr(module, node.id, None))
    return []


def _tellings() -> Iterator[tuple[str, ast.Call, list[Message]]]:
    for module, tree in _modules():
        for node in ast.walk(tree):
            if _is_call(node, "said", "worded"):
                yield f"{module.__name__}:{node.lineno}", node, _meant(module, node.args[0])


def _is_call(node: ast.AST, *names: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def test_every_message_is_given_what_it_has_a_place_for() -> None:
    """Neither less nor more, whichever of several a caller tells."""
    checked = 0
    for at, call, messages in _tellings():
        given = {word.arg for word in call.keywords}
        if None in given:  # names that the program puts together: told by their own test
            continue
        for message in messages:
            assert given == message.placeholders, f"{at}: {message!r} is given {sorted(map(str, given))}"
            checked += 1
    assert checked > 100


_CODES = {
    *("figure", "coin", "money", "goods", "bad", "code", "whole", "ties", "broken", "waits", "more"),
    *("Authorization: Bearer TOKEN", "application/problem+json"),
}
"""Marks and classes that a style sheet knows, keys of rows, and lines of HTTP: nobody translates them, nor a path."""


def _words(tree: ast.Module) -> Iterator[str]:
    """English that a module tells beside its messages: text that is told, put together or handed on."""
    notes = _notes(tree)
    for node in ast.walk(tree):
        told: list[ast.expr] = []
        if isinstance(node, ast.JoinedStr):
            told = node.values
        elif isinstance(node, ast.Return):
            told = list(_elements(node.value))
        elif isinstance(node, ast.Assign):
            told = (
                [] if isinstance(node.targets[0], ast.Name) and node.targets[0].id in notes else [node.value]
            )
        elif isinstance(node, ast.Dict):
            told = node.values
        elif isinstance(node, ast.IfExp):
            told = [node.body, node.orelse]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            told = [node.left, node.right]
        elif _is_call(node, "Piece"):
            told = node.args[:1]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            told = [node.func.value]  # text.format(…), text.join(…)
        yield from (f"line {value.lineno}: {ast.unparse(value)}" for value in told if _is_text(value))


def _elements(value: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(value, ast.Tuple | ast.List):
        for each in value.elts:
            yield from _elements(each)
    elif value is not None:
        yield value


def _is_text(node: ast.expr) -> bool:
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return False
    return node.value not in _CODES and not node.value.startswith("/") and any(map(str.isalpha, node.value))


def _notes(tree: ast.Module) -> set[str]:
    """Names that stand in messages only, so that they explain and tell nothing."""
    inside = {id(name) for call in ast.walk(tree) if _is_call(call, "Message") for name in ast.walk(call)}
    used = [name for name in ast.walk(tree) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Load)]
    return {name.id for name in used if id(name) in inside} - {
        name.id for name in used if id(name) not in inside
    }


def test_pages_put_no_words_together() -> None:
    """Text stands in messages alone: none is told, added to another or cut from one beside them."""
    for module, tree in _modules():
        found = list(_words(tree))
        assert not found, f"{module.__name__}: {found}"


_OPTIONS = {"add_argument", "add_parser", "_Parser", "SourceConfig", "audit"}
"""What --help tells of options, whole texts of argparse; names of sources; codes in the log of what people did."""
_HELD = {*BEFORE_TEXT, "field", "Wording", "Localisable", "translatable"}
"""Texts with values, held by the test of refusals."""
_LOGGED = {"note", "warn"}
"""The log, which programs read: its events are the same in every language."""
_TYPED = re.compile(r"aidtrail |# |\w+ = |\[\w+\] \w+ = ")
"""Commands as they are typed, and the configuration as it is written."""


def _beside(tree: ast.Module) -> Iterator[str]:
    """English of a command that is neither a message, nor a refusal, nor what --help says of an option."""
    held: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
            if name in _OPTIONS | _HELD | _LOGGED:
                held |= {id(inner) for inner in ast.walk(node)}
        elif isinstance(node, ast.Expr):
            held.add(id(node.value))  # what a docstring is
        elif isinstance(node, ast.Dict):
            held |= {id(inner) for key in node.keys if key is not None for inner in ast.walk(key)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in held:
            held |= {id(part) for part in node.values}
            text = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in held:
            text = node.value
        else:
            continue
        if " " in text.strip() and any(map(str.isalpha, text)) and not _TYPED.match(text):
            yield f"line {node.lineno}: {text!r}"


@pytest.mark.parametrize(
    "path", sorted((_ROOT / "service" / "commands").glob("[a-z]*.py")), ids=lambda path: path.stem
)
def test_commands_have_no_words_of_their_own(path: Path) -> None:
    """What they tell stands in messages: a command lays it out."""
    assert not list(_beside(ast.parse(path.read_text("utf-8")))), path.name


_FOR_PROGRAMS = {
    "service/metrics.py", "service/command.py", "service/jobs.py", "service/config.py", "service/pinning.py",
    "service/official_rates.py", "service/wallet_files.py", "service/opening_sheet.py",
}  # fmt: skip
"""What a metric counts and an exit code means, names of jobs and of kinds of trust, forms of files
of others, and examples in one of our own: none is told in a sentence."""


def test_the_program_has_no_words_beside_messages_and_wordings() -> None:
    """Not where it reads files, opens a ledger or serves it: a catalogue would not find them."""
    for folder in ("service", "service/bank_files"):
        for path in sorted((_ROOT / folder).glob("[a-z]*.py")):
            name = str(path.relative_to(_ROOT))
            if name not in _FOR_PROGRAMS:
                assert not list(_beside(ast.parse(path.read_text("utf-8")))), name


_TEMPLATES = sorted((_HERE.parents[1] / "templates").glob("*.html"))
_TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_TOLD_ATTRIBUTE = re.compile(r'(?:aria-label|alt|title|placeholder|data-l)="([^"]*)"')
_TEXT = re.compile(r'"([^"]*)"')
_KEYS = re.compile(r"[\w.#/?=&-]*")
"""Names of templates, classes, paths and parts of them, which stand in the tags of a template as text."""


def test_templates_have_no_words_of_their_own() -> None:
    """Each text comes from a message that exists; what stands between the tags is punctuation."""
    for path in _TEMPLATES:
        html = path.read_text("utf-8")
        tags = _TAG.findall(html)
        rest = _TAG.sub("", html)
        beside = [*_TOLD_ATTRIBUTE.findall(rest), *re.split(r"<[^>]*>", rest)]
        assert not [text for text in beside if any(map(str.isalpha, text))], path.name
        told = [text for tag in tags for text in _TEXT.findall(tag) if not _KEYS.fullmatch(text)]
        assert not [text for text in told if any(map(str.isalpha, text))], path.name
        assert not {name for tag in tags for name in re.findall(r"\bw\.(\w+)", tag)} - set(vars(fixed)), (
            path.name
        )
        assert not {name for tag in tags for name in re.findall(r"\bsay\.(\w+)", tag)} - set(dir(say)), (
            path.name
        )


@pytest.mark.parametrize(
    ("text", "notes", "many"),
    [
        ("{given} came", (), ""),
        ("{given} came", ("{gift}: another name",), ""),
        (" and came", (), ""),
        ("{given} came", ("{given}: a sum",), "all came"),
    ],
)
def test_a_message_that_nobody_can_translate_is_none(text: str, notes: tuple[str, ...], many: str) -> None:
    """It names each place, is whole, and tells as much in the plural; else its module cannot be imported."""
    with pytest.raises(ValueError, match=r"explain|part of a sentence|leaves out"):
        Message(text, *notes, many=many)


def test_a_number_chooses_the_form_and_is_grouped() -> None:
    block = Message("{n} block", many="{n} blocks")
    assert [worded(block, n=n) for n in (0, 1, 2_000)] == ["0 blocks", "1 block", "2,000 blocks"]


def test_bold_words_stand_in_the_message_itself() -> None:
    marked = said(Message("This key has *several donations*."))
    assert [(piece.text, piece.mark) for piece in marked] == [
        ("This key has ", ""),
        ("several donations", "figure"),
        (".", ""),
    ]


def test_a_link_stands_in_the_message_itself() -> None:
    linked = said(Message("All of them: [data]."), href="/evidence")
    assert [(piece.text, piece.href) for piece in linked] == [
        ("All of them: ", ""),
        ("data", "/evidence"),
        (".", ""),
    ]


def test_a_mark_that_is_told_itself_is_written_twice() -> None:
    """Ranges of descriptors, sections of a configuration and JSON have stars, brackets and braces of their own."""
    told = Message("Keys end in /0/** or /1/**, see *both* below [[watch]] of {{{file}}}.", "{file}: a name")
    assert told.placeholders == {"file"}
    assert worded(told, file="a.toml") == "Keys end in /0/* or /1/*, see both below [watch] of {a.toml}."
    assert [(piece.text, piece.mark) for piece in said(told, file="a.toml")] == [
        ("Keys end in /0/* or /1/*, see ", ""),
        ("both", "figure"),
        (" below [watch] of {a.toml}.", ""),
    ]


@pytest.mark.parametrize("text", ["ends in /0/*", "the section [watch", "watch]", "a set {", "[]"])
def test_half_of_a_mark_is_met_where_the_message_stands(text: str) -> None:
    with pytest.raises(ValueError, match=r"half of a mark|Single"):
        Message(text)


def test_a_list_leaves_out_what_is_empty() -> None:
    assert [listed(parts) for parts in ([], ["a"], ["a", "", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


def test_every_kind_of_thing_that_waits_has_words() -> None:
    """The page and the command line name it alike; none is told by its code."""
    for kind in OpenItemKind:
        assert kind_title(kind) != kind.replace("_", " ").capitalize(), kind


def test_every_word_that_a_view_tells_has_a_sentence() -> None:
    """One whole message for each word that the ledger tells, whichever kind of thing waits."""
    assert set(TO_DO) == set(ToDo)
    assert set(WHY) == set(Why)
    assert set(SCREENED) == set(Screened)
    assert {rests_on(Telling(ground, {"n": 1, "block": 5, "sources": ["a"]})) for ground in Completeness}


def test_every_row_and_addend_of_reconcile_has_words() -> None:
    """A class of accounts that is added cannot be told by its code."""
    ties = {word for kind in AccountClass for word in conserved_as(kind)} - {"encumbered", "commitments"}
    assert ties <= set(CONSERVED)
    assert set(SUM_WORDS) == set(SumKey)


def test_every_part_of_a_gift_is_told_alone_and_with_its_figure() -> None:
    """Whatever it is and whatever is known of it: the figure stands in front, in English, of the same words."""
    for kind in ExitKind:
        for place in ("", "Abuja"):
            for more in (
                {},
                {"elsewhere": True},
                {"service": "Air freight", "verb": "carried", "paid": Amount.of("USD", 5)},
                {"service": "Air freight", "verb": "carried"},
                {"service": "Air freight"},
            ):
                part = Place.model_validate(
                    {
                        "kind": kind,
                        "unit": "kit",
                        "place": place,
                        "since": "",
                        "amount": Amount.of("KIT", 7),
                        **more,
                    }
                )
                assert plain(figured(part, "7")) == f"7 {where(part)}"
