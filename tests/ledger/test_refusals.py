"""What is refused is told by whole texts that a catalogue can hold: literal, with named places, apart from values."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from gettext import NullTranslations
from io import BytesIO

import pytest

from api.pages.messages import Message
from ledger.core.errors import Conflict, NotFound, Refused, StorageFailed
from ledger.core.wording import Figure, Wording, places
from tests.tools.place_notes import PLACE_NOTES
from tests.tools.texts import BEFORE_TEXT, ROOT, Text, extract, files, made, modules, text_place, texts_in

_OF_THEIR_OWN = {"ElectrumDeclined", "Told", "_SourceWrong"}
"""What has its text in its own class, or is made as one of the above."""
_APART = {"StorageFailed": {"full"}, "JsonRefused": {"twice", "place"}}
"""What a refusal is given beside its values and the text for many."""
_SELF = {"ledger/core/errors.py", "ledger/core/wording.py", "service/command.py", "watchers/net/errors.py"}


def _files() -> Iterator[tuple[str, tuple[ast.AST, ...]]]:
    return ((path, nodes) for path, nodes in files() if path not in _SELF)


def _refusals() -> Iterator[tuple[str, ast.Call, ast.expr]]:
    """(where, call, text) of each refusal that is made."""
    for path, nodes in _files():
        for node in nodes:
            if not isinstance(node, ast.Call):
                continue
            at = text_place(node)
            if at is not None:
                yield f"{path}:{node.lineno}", node, node.args[at]


def _beside(call: ast.Call) -> set[str]:
    return {"many"} | _APART.get(made(call.func)[0], set())


def test_every_refusal_is_a_literal_text_given_what_it_has_a_place_for() -> None:
    checked = 0
    for where, call, text in _refusals():
        assert isinstance(text, ast.Constant), f"{where}: the text is put together"
        given = {str(word.arg) for word in call.keywords} - _beside(call)
        many = next((word.value for word in call.keywords if word.arg == "many"), ast.Constant(""))
        assert isinstance(many, ast.Constant), f"{where}: the text is put together"
        _hold(where, text.value, many.value, given)
        checked += 1
    assert checked > 700


_FAULTS = {"LookupError", "RuntimeError", "AssertionError", "TypeError", "KeyError"}
"""A fault of this program, whose text only who mends it reads."""
_OF_PROGRAMMERS = {"api/pages/messages.py", "service/demo/node.py"}
"""What a message that is none raises is met when its module is imported; what the node of a recording raises, by
whoever records the demonstration's chain anew."""


def test_nothing_that_is_raised_is_put_together() -> None:
    """Whatever sort of failure it is: a text is literal, and its values are given beside it."""
    for path, nodes in _files():
        for node in nodes:
            if (
                not isinstance(node, ast.Raise)
                or not isinstance(node.exc, ast.Call)
                or path in _OF_PROGRAMMERS
            ):
                continue
            name = made(node.exc.func)[0]
            if name[:1].isupper() and name not in {*_FAULTS, *BEFORE_TEXT}:
                told = [given for given in node.exc.args if list(_words(given))]
                glued = [given for given in told if not isinstance(given, ast.Constant)]
                assert not glued, f"{path}:{node.lineno}: {ast.unparse(node.exc)}"


def test_every_sort_of_refusal_is_held_to_this() -> None:
    """A new one is listed above, with what stands before its text."""
    known = {*BEFORE_TEXT, *_OF_THEIR_OWN}
    for path, nodes in _files():
        for node in nodes:
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & known:
                assert node.name in known, f"{path}:{node.lineno}: {node.name}"


def test_a_refusal_that_is_told_within_another_keeps_its_text_and_values() -> None:
    """Its sentence would be English within another language's."""
    for path, nodes in _files():
        for caught in nodes:
            if not isinstance(caught, ast.ExceptHandler) or caught.type is None or caught.name is None:
                continue
            sorts = caught.type.elts if isinstance(caught.type, ast.Tuple) else [caught.type]
            if not {ast.unparse(sort) for sort in sorts} & set(BEFORE_TEXT):
                continue
            for call in ast.walk(caught):
                if isinstance(call, ast.Call) and (made(call.func)[0] in BEFORE_TEXT):
                    told = [
                        ast.unparse(given) for given in (*call.args, *(word.value for word in call.keywords))
                    ]
                    assert f"str({caught.name})" not in told, f"{path}:{call.lineno}"


_COUNTED = re.compile(
    r"\{\w+\} (pieces|units|gifts|entries|days|rows|packs|orders|invoices|lots|people|bank lines|"
    r"bytes|characters|items|headers|cells|pairs|seconds|minutes|nodes|transactions|digits|leaves|branches|decimals|"
    r"wallets|"
    r"of (its|their) lines|more with|more (gifts|pieces|entries))\b"
)
"""A number that may be one, before a word in the plural."""
_BOUND = {"most", "longest", "bound"}
"""Places of numbers that are bounds of the program and never one."""


def _hold(where: str, text: object, many: object, given: set[str]) -> None:
    """A text, and that for many where a number decides, is whole, and is given what it has a place for."""
    assert isinstance(text, str), where
    assert isinstance(many, str), where
    assert (text, many) == (text.strip(), many.strip()), f"{where}: a part of a sentence"
    assert given == set(places(text)) | set(places(many)) | ({"n"} if many else set()), where


def test_a_number_that_may_be_one_has_a_text_for_one() -> None:
    """A language has its own forms for numbers: the text for one and that for many are both told to a catalogue."""
    for where, call, text in _refusals():
        assert isinstance(text, ast.Constant), where
        assert isinstance(text.value, str), where
        counted = [
            found for found in _COUNTED.finditer(text.value) if found[0][1:].split("}")[0] not in _BOUND
        ]
        assert not counted or any(word.arg == "many" for word in call.keywords), f"{where}: {text.value}"


def test_every_wording_is_a_whole_text_given_what_it_has_a_place_for() -> None:
    """Whether it is literal where it is made or is chosen among such, nothing is added to it."""
    checked = 0
    for path, nodes in _files():
        for node in nodes:
            if not isinstance(node, ast.Call) or made(node.func) != ("Wording", ""):
                continue
            text, where = node.args[0], f"{path}:{node.lineno}"
            assert not isinstance(text, ast.JoinedStr | ast.BinOp), f"{where}: the text is put together"
            if not isinstance(text, ast.Constant):
                continue
            assert isinstance(text.value, str), where
            assert text.value == text.value.strip(), f"{where}: a part of a sentence"
            values = node.args[1] if len(node.args) > 1 else ast.Dict([], [])
            many = node.args[2] if len(node.args) > 2 else ast.Constant("")
            assert isinstance(many, ast.Constant), f"{where}: the text is put together"
            if isinstance(values, ast.Dict) and None not in values.keys:
                given = {str(key.value) for key in values.keys if isinstance(key, ast.Constant)}
                _hold(where, text.value, many.value, given)
                assert not [words for value in values.values for words in _words(value)], where
            checked += 1
    assert checked > 50


def _words(value: ast.expr) -> Iterator[str]:
    """English in what stands at a place: a text with a space in it, or one that is put together."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Wording", "translatable"}:
            return
        if isinstance(node, ast.JoinedStr) and any(
            isinstance(part, ast.Constant) and any(map(str.isalpha, str(part.value))) for part in node.values
        ):
            yield ast.unparse(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.value


def test_no_refusal_has_words_in_its_values() -> None:
    """Else they would be English in every language: what is said there is a wording of its own."""
    for where, call, _ in _refusals():
        assert not [
            words
            for given in call.keywords
            if given.arg not in _beside(call)
            for words in _words(given.value)
        ], where


def test_what_waits_is_named_by_its_names_and_numbers_or_in_a_wording() -> None:
    """No English is put beside a number where an item says which thing it is."""
    checked = 0
    for path, nodes in _files():
        for node in nodes if path.startswith("ledger/views/") else ():
            if isinstance(node, ast.Call) and made(node.func)[0] == "OpenItem":
                (which,) = [word.value for word in node.keywords if word.arg == "subject"]
                assert not list(_words(which)), f"{path}:{node.lineno}"
                assert not isinstance(which, ast.Constant), f"{path}:{node.lineno}"
                checked += 1
    assert checked > 20


def test_a_sentence_is_made_in_the_language_that_is_chosen() -> None:
    """Its places may stand in another order, and what stands at one may be told in it too."""
    refusal = Refused.field(
        "amount",
        "{free} is free at {bank}; {remedy}",
        free=Figure("USD", 1250),
        bank="ABC",
        remedy=Wording("wait for {n} gift", {"n": 2}, "wait for {n} gifts"),
    )
    german = {
        "{free} is free at {bank}; {remedy}": "bei {bank} sind {free} frei; {remedy}",
        "wait for {n} gifts": "warten Sie auf {n} Gaben",
    }

    class German(NullTranslations):
        def gettext(self, message: str) -> str:
            return german.get(message, message)

        def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
            return german[msgid1 if n == 1 else msgid2]

    assert str(refusal) == "amount: 12.50 USD is free at ABC; wait for 2 gifts"
    assert refusal.translated(German()) == ("amount: bei ABC sind 12.50 USD frei; warten Sie auf 2 Gaben")


def test_a_refusal_costs_no_sentence_until_it_is_read() -> None:
    """Rules are asked for every entry: what is caught and never shown is not formatted."""

    class Loud(str):
        __slots__ = ()

        def __format__(self, spec: str) -> str:
            raise AssertionError("it was formatted")

    refusal = Conflict.field("entry", "{entry} is reversed", entry=Loud("12"))
    assert refusal.errors[0].wording.values == {"entry": "12"}


def test_a_program_reads_field_text_and_values_of_every_refusal() -> None:
    refusal = NotFound.field(
        "order", "{order} has {left} of {lots}", order="PO-1", left=Figure("BTC", 5), lots=["A", "B"]
    )
    (error,) = refusal.errors
    assert error.field == "order"
    assert error.wording.data() == {
        "text": "{order} has {left} of {lots}",
        "values": {
            "order": "PO-1",
            "left": {"asset": "BTC", "minor": 5, "decimal": "0.00000005"},
            "lots": ["A", "B"],
        },
    }


@pytest.mark.parametrize("text", ["has {a} brace", "{"])
def test_a_text_without_values_is_told_as_it_stands(text: str) -> None:
    """It may be another library's words."""
    assert str(Refused.field("body", text)) == f"body: {text}"


def test_a_failure_of_storage_says_whether_the_disk_is_full() -> None:
    failure = StorageFailed("database: {why}", full=True, why=Wording("its disk is full"))
    assert (failure.full, str(failure)) == (True, "database: its disk is full")


@cache
def _texts() -> tuple[tuple[str, Text], ...]:
    return tuple((f"{name}:{text.line}", text) for name, texts in modules() for text in texts)


def test_every_place_of_every_text_is_explained() -> None:
    """`{n}` is a number wherever it stands, and decides the form; all else has a note."""
    for where, text in _texts():
        told = "".join((*text.comments, text.context))
        assert not {name for name in places(text.text + text.many) if f"{{{name}}}" not in told} - {"n"}, (
            where
        )
    assert len(_texts()) > 3_000


def test_no_explanation_is_of_a_place_that_no_text_has() -> None:
    assert set(PLACE_NOTES) <= {name for _, text in _texts() for name in places(text.text + text.many)}


def test_a_text_has_one_form_for_many_in_its_context() -> None:
    """Else a catalogue would hold two entries of the same name."""
    forms: dict[tuple[str, str], set[str]] = defaultdict(set)
    for _, text in _texts():
        forms[text.context, text.text].add(text.many)
    assert not {key: told for key, told in forms.items() if len(told) > 1}


def test_texts_are_found_with_their_context_plural_and_notes() -> None:
    source = """
A = Message("{n} day since {day}", BESIDE, "{day}: a day", many="{n} days since {day}")
raise Refused.field("until", "lies before {day}", day=1)
B = Wording("{n} gift", {"n": 2}, "{n} gifts")
C = translatable("no reason")
"""
    names = {"BESIDE": "stands beside a gift", "Message": Message}
    found = {text.babel[1:3]: text.comments for text in texts_in(tuple(ast.walk(ast.parse(source))), names)}
    assert found == {
        ("npgettext", ("stands beside a gift", "{n} day since {day}", "{n} days since {day}")): (
            "{day}: a day",
        ),
        ("gettext", ("lies before {day}",)): (f"{{day}}: {PLACE_NOTES['day']}",),
        ("ngettext", ("{n} gift", "{n} gifts")): (),
        ("gettext", ("no reason",)): (),
    }


def test_the_method_that_babel_calls_reads_a_file_of_the_program() -> None:
    path = ROOT / "watchers" / "net" / "pace.py"
    file = BytesIO(path.read_bytes())
    file.name = str(path)
    found = list(extract(file, [], [], {}))
    assert ("gettext", ("HTTP status {status}",)) in [(function, told) for _, function, told, _ in found]
