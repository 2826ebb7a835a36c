"""The table of commands: every module that it names has them, and no other is loaded; nouns are those of the kinds."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import service.commands
from ledger.recording.desk import NOUNS
from ledger.recording.kinds import BY_NAME
from service.cli import build_parser
from service.commands import TABLE
from tests.tools.demo_data import run_command

ROOT = Path(__file__).resolve().parent.parent.parent
HEAVY = (
    "alembic",
    "fastapi",
    "starlette",
    "uvicorn",
    "ledger.rules",
    "ledger.views",
    "ledger.checks",
    "ledger.model.tables",
    "ledger.model.gifts",
    "ledger.model.orders",
    "watchers.proof",
    "watchers.sources",
    "watchers.net.connection",
    "bit",
    "requests",
    "PIL",
    "pikepdf",
    "stdnum",
)
LOADED = """
import json, sys
from service.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def test_every_command_of_the_table_is_in_its_module_and_every_modules_commands_are_in_the_table() -> None:
    folder = Path(service.commands.__file__).parent
    modules = [import_module(f"service.commands.{path.stem}") for path in folder.glob("[a-z]*.py")]
    written = {words: module.__name__ for module in modules for words in vars(module).get("COMMANDS", {})}
    assert {row.words: row.module for row in TABLE.values()} == written


def test_each_line_of_help_is_a_sentence() -> None:
    """It begins with a capital and ends with a full stop, and nothing in it was put together of parts."""
    wrong = [row.help for row in TABLE.values() if not re.fullmatch(r"[A-Z][^\n]*[a-z)`]\.", row.help)]
    assert wrong == []


def test_the_words_of_the_nouns_are_those_of_the_kinds_of_entry() -> None:
    """Each act of each noun, with the kind's own sentence; and each noun can be listed and shown."""
    told = {row.words: row.help for row in TABLE.values() if row.module == "service.commands.desk"}
    acts = {
        f"{noun.name} {verb}": action.doc for noun in NOUNS.values() for verb, action in noun.actions.items()
    }
    nouns = {kind.noun for kind in BY_NAME.values()}
    reads = {f"{noun} {verb}" for noun in nouns for verb in ("list", "show")}
    assert set(told) == set(acts) | reads
    assert {words: told[words] for words in acts} == acts


@pytest.mark.parametrize(
    ("line", "also"),
    [(["--help"], ("sqlalchemy", "service.data_folder")), (["user", "list"], ("service.wiring",))],
)
def test_a_command_loads_what_it_needs_and_no_more(
    tmp_path: Path, line: list[str], also: tuple[str, ...]
) -> None:
    made = run_command(["init", "--address", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"], tmp_path)
    assert made.code == 0, made.err
    ran = subprocess.run(
        [sys.executable, "-P", "-c", LOADED, *line],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    loaded = json.loads(ran.stderr.splitlines()[-1])
    unwanted = [
        name for name in loaded for top in (*HEAVY, *also) if name == top or name.startswith(f"{top}.")
    ]
    assert not unwanted, unwanted


def test_the_program_says_its_version_as_its_packaging_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        build_parser(None, None).parse_args(["--version"])
    assert left.value.code == 0
    told = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert capsys.readouterr().out == f"aidtrail {told['project']['version']}\n"


def test_whoever_acts_as_a_user_reads_what_that_trusts() -> None:
    """Every command with --as says it, so that nobody takes the name for a proof."""
    said = {}
    for module in {row.module for row in TABLE.values()}:
        for words, command in vars(import_module(module))["COMMANDS"].items():
            parser = argparse.ArgumentParser()
            command.options(parser)
            said[words] = " ".join(parser.format_help().split())
    acting = {words: told for words, told in said.items() if "--as USER" in told}
    assert len(acting) > 50
    assert [words for words, told in acting.items() if "no token is asked for" not in told] == []
