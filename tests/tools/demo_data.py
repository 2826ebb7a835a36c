"""A told demonstration for tests: played once a run by the command itself, in a folder of its own."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

from service.cli import run
from service.clock import Clock, system_clock
from service.command import Outside


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command line did."""

    code: int
    out: str
    err: str


def run_command(arguments: list[str], home: Path, stdin: bytes = b"", clock: Clock = system_clock) -> Ran:
    """Run the program in this process, with `home` as its whole world."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "AIDTRAIL_TRACE": "1"}
    outside = Outside(clock, environment, home, io.BytesIO(stdin), out, err)
    code = run(arguments, outside)
    return Ran(code, out.getvalue(), err.getvalue())
