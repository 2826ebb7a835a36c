"""What a command is: its options and the answer it gives. Never prints or exits by itself.

Exit codes are one list for all commands; each command documents those it uses.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from ledger.core.wording import Value, Wording
from service.clock import Clock


class Exit(IntEnum):
    OK = 0
    OPEN = 1
    USAGE = 2
    UNAVAILABLE = 69
    BROKEN = 70
    DENIED = 77


MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done",
    Exit.OPEN: "done, and something is open, differs or failed its check",
    Exit.USAGE: "the input was refused; nothing was changed",
    Exit.UNAVAILABLE: "a source, a database, a disk or a port is not available; try again later",
    Exit.BROKEN: "an error of this program",
    Exit.DENIED: "the user has no role that allows it there",
}


BELIEVED = "; believed of whoever can write the database, no token is asked for (docs/coordinators.md)"
"""What `--as` trusts, said where it is explained."""


class Stopped(Exception):
    """What a command stops with: one whole literal text with a name in braces for each value, as the ledger refuses."""

    def __init__(self, text: str, /, *, many: str = "", **values: Value) -> None:
        super().__init__()
        self.wording = Wording(text, values, many)

    def __str__(self) -> str:
        return str(self.wording)


class BadUse(Stopped):
    """Input that a command refuses: what is wrong, and the remedy. Exit 2."""


class Unavailable(Stopped):
    """Something outside that is not there now. Exit 69."""


def why_not(failure: OSError | ValueError) -> Value:
    """Why the system does not open a file; a name that is none has no words of the system."""
    return getattr(failure, "strerror", None) or Wording("not a file name")


def unreadable(name: str, failure: OSError | ValueError) -> BadUse:
    """A file that a command was given and cannot read."""
    return BadUse("{name}: cannot be read ({reason}).", name=name, reason=why_not(failure))


@dataclass(frozen=True, slots=True)
class Outside:
    """All that a command may touch of the world around it."""

    clock: Clock
    environment: Mapping[str, str]
    folder: Path
    stdin: BinaryIO
    out: TextIO
    err: TextIO
    quiet: bool = False

    def say(self, sentence: str) -> None:
        """A line for the person, on stderr, so that stdout holds the answer alone."""
        if not self.quiet:
            print(f"aidtrail: {sentence}", file=self.err, flush=True)

    def read(self, name: str, most: int) -> bytes:
        """The bytes of a file that a command was given; BadUse where it cannot be read or has more than `most`."""
        try:
            with (self.folder / name).open("rb") as file:
                data = file.read(most + 1)
        except (OSError, ValueError) as failure:
            raise unreadable(name, failure) from None
        if len(data) > most:
            raise BadUse("{name}: is larger than {most} bytes.", name=name, most=most)
        return data


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found: lines for people, data for `--json`, and the exit code."""

    lines: tuple[str, ...]
    data: Any = field(default_factory=dict)
    exit: Exit = Exit.OK


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gives the answer; words and one-line help stand in the table of `service.commands`."""

    run: Callable[[argparse.Namespace, Outside], Answer]
    options: Callable[[argparse.ArgumentParser], None] = lambda _parser: None
    exits: tuple[Exit, ...] = (Exit.OK, Exit.USAGE)
    notes: Callable[[], str] = str
    """What --help says beyond the options; made only when it is asked for."""
    facts_by_json: bool = False
    """`--json FILE` hands the facts in, and `--json` alone asks for the answer as JSON."""

    def exit_text(self) -> str:
        return "\n".join(f"  {int(code):>2}  {MEANINGS[code]}" for code in self.exits)


def add_data_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", metavar="DIR", help="folder of the data (else ./aidtrail.toml, else the last demo)"
    )
