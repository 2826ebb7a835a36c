"""A told demonstration for tests: played once a run, by the command itself or into a bare ledger, and copied for each
who wants one."""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import pytest

from ledger.store.database import Store
from service.cli import run
from service.clock import Clock, system_clock
from service.command import Outside
from service.data_folder import LAST_DEMO
from service.demo.replay import Replay
from tests.tools import mixed_story
from tests.tools.demo_story import Story
from tests.tools.store_places import place, usual


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
    """What `aidtrail demo --once --json --data story` did in `home`, which is empty yet."""

    def tell(folder: Path) -> None:
        (folder / "home").mkdir()
        ran = run_command(["demo", "--once", "--json", "--data", "story"], folder / "home")
        assert ran.code == 0, ran.err
        (folder / "ran.json").write_text(json.dumps(asdict(ran)))

    told = _once(factory, "told-demo", tell)
    shutil.copytree(told / "home", home, dirs_exist_ok=True)
    pointer = next(home.rglob(LAST_DEMO))
    pointer.write_text(pointer.read_text().replace(str(told / "home"), str(home)))
    return Ran(**json.loads((told / "ran.json").read_text()))


MOMENTS = tuple(
    int(datetime.fromisoformat(f"{at}+00:00").timestamp())
    for at in (
        "2020-05-18T16:00",  # the first gift is in a block
        "2020-05-24T14:40",  # all is held
        "2020-06-02T12:00",  # the last day
        "2020-06-05T23:00",  # converted, and the first order approved
        "2020-06-15T12:00",  # three orders, none paid
        "2020-06-25T12:00",  # two came, one of them unpaid
        "2020-07-10T12:00",  # all paid, all in Beijing
        "2020-07-31T12:00",  # three flights in the air, some in Beijing
        "2020-08-05T12:00",  # three came, one is in the air
        "2020-08-20T12:00",  # freight paid, three countries served
        "2020-09-01T12:00",
        "2020-09-20T12:00",  # ten countries served, some wait
    )
)
"""Twelve moments of the demonstration at which its pages are looked at."""


MIXED = 12
"""How many moments the mixed campaign of `mixed_story` has."""


def mixed_moments(factory: pytest.TempPathFactory) -> list[tuple[int, Path]]:
    """The ledger of the mixed campaign as it was at each of its moments, with the time that it was: to be read only."""
    folder = _once(factory, "mixed-story", mixed_story.play)
    return [(int(file.stem.partition("-")[2]), file) for file in sorted(folder.glob("[0-9]*-*.db"))]


def demo_moments(factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The ledger of the demonstration as it was at each of the twelve moments: SQLite files, to be read only."""
    folder = _once(factory, "played-demo", _play)
    return {moment: folder / f"{moment}.db" for moment in MOMENTS}


def _play(into: Path) -> None:
    """The whole story, with a copy of the ledger at each moment."""
    file = into / "played.db"
    store = Store.create(f"sqlite:///{file}")
    story, left = Story(store, Replay.load()), list(MOMENTS)
    story.begin()
    for at in story.moments():
        while left and left[0] < at:
            _copy(file, into / f"{left.pop(0)}.db")
        story.advance(at)
    story.look(story.replay.end)
    for moment in left:
        _copy(file, into / f"{moment}.db")
    store.close()


def _copy(file: Path, to: Path) -> None:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def played_demo(factory: pytest.TempPathFactory, folder: Path, name: str = "ledger.db") -> Store:
    """The open ledger of that name in a folder into which the whole story was played without network."""
    if usual() == "sqlite":
        shutil.copyfile(_once(factory, "played-demo", _play) / "played.db", folder / name)
        return Store.open(place(folder, name))
    store = Store.create(place(folder, name))
    Story(store, Replay.load()).play()
    return store


def _once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder of that name, which the first process of a run that wants it fills; what failed is kept nowhere."""
    mine = factory.getbasetemp()
    ours = mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine
    made, whole = ours / name, ours / f"{name}.whole"
    with (ours / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(made, ignore_errors=True)
            made.mkdir()
            make(made)
            whole.touch()
    return made
