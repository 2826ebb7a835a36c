"""Wrong, hostile or absurd words on the command line get one sentence, and leave the ledger as it was."""

from __future__ import annotations

import argparse
import contextlib
import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ledger.store.database import Store
from service.cli import run
from service.clock import system_clock
from service.command import Command, Exit, Outside
from service.commands import TABLE, Row
from tests.tools.demo_data import played_demo
from tests.tools.stories import stories

_WAITING = {"demo", "serve"}
"""These two go on until they are told to stop; their refusals are tested one by one."""

TESTED = [row for row in TABLE.values() if row.words not in _WAITING]
PUBLIC = {Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE, Exit.DENIED}

_AWKWARD = (
    "",
    " ",
    "-",
    "--",
    "--help=1",
    "-1",
    "0",
    "9" * 5_000,
    "1e999",
    "NaN",
    "\0",
    "a\0b",
    "\udcff",
    "\u202eevil",
    "\x1b[2J",
    "é" * 300,
    "%s%n{0}",
    "'; DROP TABLE journal; --",
    "[" * 3_000,
    '{"a":' * 400,
    "null",
    "a=b=c",
    "=",
    "amount=1.5",
    "sats=99999999999999999999999999",
    "a" * 64,
    "f" * 64 + ":-1",
    "f" * 64 + ":99999999999",
    "nowhere/at/all",
    "L1aW4aubDFB7yfras2S1mN3bqg9nwySY8nkoLmJebSLD5BWv3ENZ",
)
VALUES = st.one_of(
    st.sampled_from(_AWKWARD),
    st.text(max_size=40).filter(lambda text: "/" not in text and text != ".."),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """A told ledger in a folder of its own; `state` is all that the journal says."""

    home: Path
    state: tuple[int, str] | None


def _state(home: Path) -> tuple[int, str] | None:
    store = Store.open(f"sqlite:///{home / 'data' / 'aidtrail.db'}")
    try:
        with store.read() as tx:
            head = tx.journal.head()
            return None if head is None else (head[0], str(head[1]))
    finally:
        store.close()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    home = tmp_path_factory.mktemp("hostile") / "deep" / "deeper"
    (home / "data").mkdir(parents=True)
    played_demo(tmp_path_factory, home / "data", "aidtrail.db").close()
    (home / "data" / "aidtrail.toml").write_text('[chain]\nnetwork = "regtest"\n', encoding="utf-8")
    return Scene(home, _state(home))


def ran(arguments: list[str], home: Path, stdin: bytes = b"") -> tuple[int, str]:
    """The exit code, and all that was said on stderr; output goes through a strict UTF-8 stream as in a shell."""
    said = io.StringIO()
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    environment = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    outside = Outside(system_clock, environment, home, io.BytesIO(stdin), out, said, True)
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(out):
        code = run(arguments, outside)
    return code, said.getvalue()


def options_of(command: Command) -> list[argparse.Action]:
    parser = argparse.ArgumentParser(add_help=False)
    command.options(parser)
    return parser._actions


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with a hostile value at each place that takes one; the data and the user are real, mostly."""
    row = draw(st.sampled_from(TESTED))
    line = row.words.split(" ")
    for action in options_of(row.load()):
        name = next(iter(action.option_strings), None)
        if action.dest == "data" and row.words not in ("init", "restore"):
            line += ["--data", "data" if draw(st.integers(0, 9)) else draw(VALUES)]
        elif action.dest == "user" and name is not None:
            line += [name, draw(st.sampled_from(["admin", "recorder", "approver", "nobody"]))]
        elif action.choices is not None and draw(st.booleans()):
            line += [*([name] if name else []), draw(st.sampled_from(sorted(map(str, action.choices))))]
        elif name is None:
            line.append(draw(VALUES))
        elif draw(st.booleans()) or action.required:
            line += [name] if action.nargs == 0 else [name, draw(VALUES)]
    if draw(st.booleans()):
        line.append("--json")
    return line


@settings(
    max_examples=stories(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(line=command_lines(), stdin=st.one_of(st.binary(max_size=200), st.just(b'{"a":' * 5000)))
@example(line=["look", "a\0b", "--data", "data"], stdin=b"")
@example(line=["trail", "\0", "--data", "data"], stdin=b"")
@example(line=["backup", "x" * 300, "--data", "data"], stdin=b"")
@example(line=["init", "--address", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "--data", "a\0b"], stdin=b"")
@example(line=["restore", "\0", "--data", "fresh"], stdin=b"")
@example(line=["scan", "-", "--address", "x", "--data", "data"], stdin=b"")
@example(line=["evidence", "add", "--as", "recorder", "--file", "-", "--data", "data"], stdin=b"x")
@example(line=["token", "revoke", "9" * 30, "--data", "data"], stdin=b"")
@example(line=["reconcile", "\udcff", "--data", "data"], stdin=b"")
def test_hostile_words_get_one_sentence_and_change_nothing(
    scene: Scene, line: list[str], stdin: bytes
) -> None:
    code, said = ran(line, scene.home, stdin)
    assert code in PUBLIC, (line, said)
    assert "Traceback" not in said
    if code not in (Exit.OK, Exit.OPEN):
        assert len(said.strip().splitlines()) == 1, said
        assert len(said) < 2_000
    assert _state(scene.home) == scene.state


@pytest.mark.parametrize("row", TABLE.values(), ids=lambda row: row.words)
def test_every_command_has_help_with_its_exit_codes(
    row: Row, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code, _ = _helped(row, scene.home, out)
    assert code == 0
    for meaning in row.load().exit_text().splitlines():
        assert meaning.strip() in out.getvalue()
    assert "--json" in out.getvalue()


def _helped(row: Row, home: Path, out: io.StringIO) -> tuple[int, str]:
    outside = Outside(system_clock, {"HOME": str(home)}, home, io.BytesIO(), out, io.StringIO(), True)
    return run([*row.words.split(" "), "--help"], outside), out.getvalue()


@pytest.mark.parametrize(
    "line",
    [["demo", "--port", "70000"], ["demo", "--port", "-1"], ["serve", "--port", "70000", "--data", "data"],
     ["serve", "--config", "a\0b"], ["serve", "--data", "\0"], ["serve", "--data", "nowhere"],
     ["demo", "--data", "data"], ["demo", "--data", "a\0b"]],
)  # fmt: skip
def test_the_servers_refuse_absurd_options(line: list[str], scene: Scene) -> None:
    code, said = ran(line, scene.home)
    assert code in (Exit.USAGE, Exit.UNAVAILABLE), said
    assert len(said.strip().splitlines()) == 1
