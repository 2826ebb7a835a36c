"""The `aidtrail` command: finds the command by its words, runs it, prints its answer, gives its exit code.

It decides nothing itself, and bad input never shows a traceback.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ledger.core.errors import LedgerError, NotAllowed, StorageFailed
from ledger.core.wording import Wording
from service import VERSION
from service.clock import system_clock
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable
from service.commands import TABLE, Row
from watchers.net.errors import SourceError

TRACE = "AIDTRAIL_TRACE"
"""Set to 1, this environment variable shows the trace of an error of the program."""

_NO_TEXT = Wording("an argument is not text in UTF-8 without NUL; write it so.")
_MOST_SAID = 1_500
"""Characters of a refusal."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the words in one sentence, exit 2."""

    def error(self, message: str) -> NoReturn:
        whole_message = Wording(
            "{program}: {wrong}. See `{program} --help`.", {"program": self.prog, "wrong": _one_line(message)}
        )
        self.exit(Exit.USAGE, f"{whole_message}\n")


def row_of(words: Sequence[str]) -> Row | None:
    """The command that a command line names with its first words; None where it names none."""
    return TABLE.get(" ".join(words[:2])) or TABLE.get(" ".join(words[:1]))


def build_parser(chosen: Row | None, command: Command | None) -> argparse.ArgumentParser:
    """The parser of the chosen command, of which no other is loaded; of all words, where none was chosen."""
    parser = _Parser(
        prog="aidtrail",
        description="Follows a crypto donation from the coin to what it became.",
        epilog="Each command has --help, --json and documented exit codes.",
    )
    parser.add_argument(
        "--version", action="version", version=f"aidtrail {VERSION}", help="print the version, and exit"
    )
    top = parser.add_subparsers(metavar="COMMAND", title="commands", required=True, parser_class=_Parser)
    nouns: dict[str, argparse._SubParsersAction[_Parser]] = {}
    verbs: dict[str, list[str]] = {}
    for words in TABLE:
        noun, _, verb = words.partition(" ")
        verbs.setdefault(noun, []).append(verb)
    for row in TABLE.values() if chosen is None else (chosen,):
        noun, _, verb = row.words.partition(" ")
        if verb and noun not in nouns:
            group = top.add_parser(
                noun,
                help=", ".join(verbs[noun]),
                description=f"What can be done with: {noun}.",
            )
            nouns[noun] = group.add_subparsers(
                metavar="ACTION", title="actions", required=True, parser_class=_Parser
            )
        place, word = (nouns[noun], verb) if verb else (top, noun)
        if row is chosen and command is not None:
            _add_options(_add_parser(place, word, row, command), command)
        else:
            place.add_parser(word, help=_escaped(row.help))
    return parser


def _add_parser(
    place: argparse._SubParsersAction[_Parser], word: str, row: Row, command: Command
) -> argparse.ArgumentParser:
    return place.add_parser(
        word,
        help=_escaped(row.help),
        description=_escaped(row.help),
        epilog=_escaped(f"{command.notes()}\n\nexit codes:\n{command.exit_text()}".strip()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_options(parser: argparse.ArgumentParser, command: Command) -> None:
    if command.facts_by_json:
        parser.add_argument(
            "--json",
            dest="as_json",
            nargs="?",
            const=True,
            default=False,
            metavar="FILE",
            help="print the answer as JSON; with FILE (or -) also read the fields from it",
        )
    else:
        parser.add_argument("--json", dest="as_json", action="store_true", help="print the answer as JSON")
    parser.add_argument("--quiet", action="store_true", help="say nothing on stderr but what went wrong")
    command.options(parser)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def run(arguments: Sequence[str], outside: Outside) -> int:
    """Run one command line and give its exit code; all output goes through `outside`."""
    for word in arguments:
        if "\0" in word or not _is_text(word):
            print(f"aidtrail: {_NO_TEXT}", file=outside.err)
            return Exit.USAGE
    row = row_of(arguments)
    command = None if row is None else row.load()
    try:
        options = build_parser(row, command).parse_args(list(arguments))
    except SystemExit as stop:
        return int(stop.code or 0)
    if row is None or command is None:  # a word before the command, which the parser has refused
        return Exit.USAGE
    if options.quiet:
        outside = Outside(
            outside.clock, outside.environment, outside.folder, outside.stdin, outside.out, outside.err, True
        )
    try:
        answer = command.run(options, outside)
        return _print(answer, bool(options.as_json), outside, row)
    except BadUse as refusal:
        return _refuse(outside, row, str(refusal), Exit.USAGE)
    except NotAllowed as refusal:
        return _refuse(outside, row, str(refusal), Exit.DENIED)
    except StorageFailed as failure:
        return _refuse(outside, row, str(failure), Exit.UNAVAILABLE)
    except LedgerError as refusal:
        return _refuse(outside, row, str(refusal), Exit.USAGE)
    except (Unavailable, SourceError) as failure:
        return _refuse(outside, row, str(failure), Exit.UNAVAILABLE)
    except BrokenPipeError:
        return Exit.OK
    except KeyboardInterrupt:
        return 130
    except OSError as failure:
        reason = failure.strerror or type(failure).__name__
        file = "" if failure.filename is None else str(failure.filename)[:70]
        return _refuse(outside, row, str(_unusable(file, reason)), Exit.UNAVAILABLE)
    except Exception as failure:
        if outside.environment.get(TRACE):
            traceback.print_exc(file=outside.err)
        kind = type(failure).__name__
        sentence = str(_our_error(kind, str(failure)))
        return _refuse(outside, row, " ".join(sentence.split()), Exit.BROKEN)


def _unusable(file: str, reason: str) -> Wording:
    """What the system refuses; `file` is empty where it is none."""
    if file:
        return Wording("{file}: cannot be used ({reason}).", {"file": file, "reason": reason})
    return Wording("cannot be used ({reason}).", {"reason": reason})


def _our_error(kind: str, failure: str) -> Wording:
    return Wording(
        "an error of this program ({kind}: {failure}); set {variable}=1 to see where, and report it.",
        {"kind": kind, "failure": failure, "variable": TRACE},
    )


def _one_line(sentence: str) -> str:
    """What was typed may come back in a sentence: without control characters, and not at any length."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in sentence)
    return plain if len(plain) <= _MOST_SAID else f"{plain[:_MOST_SAID]}…"


def _is_text(word: str) -> bool:
    """False for bytes of the command line that are no UTF-8, which Python hands over as lone surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in word)


def _refuse(outside: Outside, row: Row, sentence: str, code: Exit) -> int:
    print(f"aidtrail {row.words}: {_one_line(sentence)}", file=outside.err, flush=True)
    return int(code)


def _print(answer: Answer, as_json: bool, outside: Outside, row: Row) -> int:
    """Print the answer of a command that has done its work; its exit code."""
    try:
        if as_json:
            print(json.dumps(answer.data, ensure_ascii=False, indent=2, sort_keys=True), file=outside.out)
        else:
            for line in answer.lines:
                print(line, file=outside.out)
        outside.out.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        message = Wording(
            "it is done, and its answer could not be printed ({reason}); ask again.",
            {"reason": str(failure.strerror)},
        )
        return _refuse(outside, row, str(message), Exit.UNAVAILABLE)
    return int(answer.exit)


def main() -> NoReturn:
    """The entry point of the program."""
    outside = Outside(system_clock, os.environ, Path.cwd(), sys.stdin.buffer, sys.stdout, sys.stderr)
    try:
        code = run(sys.argv[1:], outside)
    finally:
        try:
            sys.stdout.flush()
        except OSError:  # a closed pipe, or a full disk: the exit code says it
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if threading.active_count() > 1:
        # A thread that waits for a lock or a server would hold the process back; what it wrote and did not keep is
        # undone by the database.
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
