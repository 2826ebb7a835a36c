"""A told demonstration for tests: played once a run by the command itself, and copied for each who wants one."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from service.cli import run
from service.clock import Clock, system_clock
from service.command import Outside
from service.data_folder import LAST_DEMO


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


def told_demo(factory: pytest.TempPathFactory, home: Path) -> Ran:
    """What `aidtrail demo --once --json --data story` did in `home`, which is empty yet.

    All processes of a run share one telling; each has a copy of its own. A telling that failed is kept nowhere.
    """
    mine = factory.getbasetemp()
    ours = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    told, said = ours / "told-demo", ours / "told-demo.json"
    with (ours / "told-demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            shutil.rmtree(told, ignore_errors=True)
            told.mkdir()
            ran = run_command(["demo", "--once", "--json", "--data", "story"], told)
            assert ran.code == 0, ran.err
            said.write_text(json.dumps(asdict(ran)))
    shutil.copytree(told, home, dirs_exist_ok=True)
    pointer = next(home.rglob(LAST_DEMO))
    pointer.write_text(pointer.read_text().replace(str(told), str(home)))
    return Ran(**json.loads(said.read_text()))
