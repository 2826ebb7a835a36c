"""One process leads, and none waits for one that is known to be gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ledger.core.errors import Conflict
from ledger.store.database import Store
from service.clock import MovableClock
from service.leader import SECONDS, Leader
from service.process import is_gone, this_process
from tests.tools.store_places import place

CODE = "from service.process import this_process; print(this_process(), flush=True); input()"


def test_a_lease_is_free_at_once_where_its_holder_is_known_to_be_gone(tmp_path: Path) -> None:
    """The one that was thought dead and writes all the same is refused: its epoch is over."""
    store, clock = Store.create(place(tmp_path)), MovableClock(1_000)
    killed = Leader(store, "killed", clock)
    assert killed.leads()
    assert not Leader(store, "patient", clock).leads()
    assert Leader(store, "next", clock, lambda holder: holder == "killed").leads()
    with pytest.raises(Conflict), store.write() as tx:
        killed.check(tx)
    store.close()


def test_a_lease_that_ends_later_than_any_lasts_is_void(tmp_path: Path) -> None:
    """Taken by a clock that was a year ahead, or read by one that was set back."""
    store = Store.create(place(tmp_path))
    assert Leader(store, "ahead", MovableClock(40_000_000)).leads()
    now = Leader(store, "right", MovableClock(1_000))
    assert now.leads()
    assert not Leader(store, "other", MovableClock(1_000 + SECONDS - 1)).leads()
    store.close()


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="only Linux tells when a process began")
def test_a_process_is_gone_when_it_was_killed_and_not_before() -> None:
    """Its number in another process's hands proves nothing for that one; other machines prove nothing at all."""
    with subprocess.Popen(
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        name = other.stdout.readline().strip()
        assert not is_gone(name)
        other.kill()
        os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
        assert is_gone(name), "ended, though its parent does not know it yet"
        other.wait()
    assert is_gone(name)
    mine = this_process()
    assert not is_gone(mine)
    assert this_process() != mine
    place_told, number, started, _ = mine.rsplit(" ", 3)
    assert int(number) == os.getpid()
    assert is_gone(f"{place_told} {number} {int(started) + 1} w")
    for unknown in ("", "0123456789abcdef", f"else {number} 1 w", f"{place_told} x 1 w", f"{place_told} 1"):
        assert not is_gone(unknown)


def test_where_the_system_tells_nothing_no_process_is_known_to_be_gone(tmp_path: Path) -> None:
    assert this_process(tmp_path) != this_process(tmp_path)
    assert not is_gone(this_process(), tmp_path)


def _container(folder: Path, boot: str, space: int, started: int) -> Path:
    """What /proc tells in it: the start of its machine, its space of process numbers, and its first process."""
    (folder / "sys/kernel/random").mkdir(parents=True)
    (folder / "sys/kernel/random/boot_id").write_text(f"{boot}\n")
    for number in (1, os.getpid()):
        (folder / f"{number}").mkdir(exist_ok=True)
        (folder / f"{number}" / "stat").write_text(f"1 (python) S {'0 ' * 18}{started} 0 0\n")
    (folder / "self/ns").mkdir(parents=True)
    (folder / "self/ns/pid").symlink_to(f"pid:[{space}]")
    return folder


@pytest.mark.parametrize(
    ("boot", "space", "started", "free"),
    [
        pytest.param("a", 2, 900, False, id="the next container on this machine"),
        pytest.param("b", 1, 900, False, id="another machine, or this one begun anew"),
        pytest.param("a", 1, 900, True, id="the same container begun anew"),
        pytest.param("a", 1, 500, False, id="the same process"),
    ],
)
def test_after_a_container_was_replaced_a_lease_is_free_where_that_is_proven_and_else_when_it_ends(
    tmp_path: Path, boot: str, space: int, started: int, free: bool
) -> None:
    """Their processes have one number all: it proves nothing elsewhere, however it is reused."""
    before = _container(tmp_path / "before", "a", 1, 500)
    after = _container(tmp_path / "after", boot, space, started)
    store, clock = Store.create(place(tmp_path)), MovableClock(1_000)
    assert Leader(store, this_process(before), clock).leads()
    following = Leader(store, this_process(after), clock, lambda holder: is_gone(holder, after))
    assert following.leads() is free
    clock.move_to(1_000 + SECONDS - 1)
    assert following.leads() is free
    clock.move_to(1_000 + SECONDS)
    assert following.leads()
    store.close()
