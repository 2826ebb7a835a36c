"""Which process this is, so told that another one on the same machine can prove that it is gone.

A process that was killed keeps its lease; its successor need not wait for the end of it where it can show that nobody
holds it any more. What cannot be shown is believed to run: another machine, another container, another system.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

_PROC = Path("/proc")


def this_process(proc: Path = _PROC) -> str:
    """A new name each time: start of the machine, space of process numbers, number and start, and a random word.

    Where the system does not tell these (it is not Linux), the word alone, which proves nothing.
    """
    word, place = secrets.token_hex(8), _place(proc)
    started = None if place is None else _started(proc, os.getpid())
    return word if started is None else f"{place} {os.getpid()} {started} {word}"


def is_gone(holder: str, proc: Path = _PROC) -> bool:
    """Is it certain that the process of a name runs no more? Raises nothing."""
    words = holder.rsplit(" ", 3)
    if len(words) != 4 or words[0] != _place(proc) or not words[1].isdecimal():
        return False
    number, started = int(words[1]), words[2]
    if runs_no_more(number):
        return True
    now = _started(proc, number)
    return now is not None and now != started


def runs_no_more(number: int) -> bool:
    """Has no process of this machine, or container, that number?"""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _place(proc: Path) -> str | None:
    """Where a number of a process means one process: since which start of the machine, and in which namespace."""
    try:
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {(proc / 'self/ns/pid').readlink()}"
    except (OSError, ValueError):
        return None


def _started(proc: Path, number: int) -> str | None:
    """When a process began, in ticks since the machine did: "" for one that has ended, None where it cannot be read."""
    try:
        stat = (proc / str(number) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The second field is the program's name in brackets, with any characters; the 22nd is the start.
    fields = stat.rpartition(")")[2].split()
    if len(fields) <= 19:
        return None
    return "" if fields[0] in {"Z", "X"} else fields[19]
