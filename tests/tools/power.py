"""A disk that loses its power: it keeps what was synced, and of the rest whatever chance says, torn sectors too.

It is fed the events of `tests.tools.disk_vfs` and promises a program no more than POSIX does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.tools.disk_vfs import Event

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    waiting: list[Event] = field(default_factory=list)

    def sync(self) -> None:
        for event in self.waiting:
            _apply(self.durable, event)
        self.waiting.clear()

    def after(self, chance: random.Random, share: float) -> bytes:
        left = bytearray(self.durable)
        for event in self.waiting:
            for part in _sectors(event):
                if chance.random() < share:
                    _apply(left, part)
        return bytes(left)


def _sectors(event: Event) -> list[Event]:
    if event.what != "write":
        return [event]
    parts, at, end = [], event.offset, event.offset + len(event.data)
    while at < end:
        upto = min(end, (at // SECTOR + 1) * SECTOR)
        parts.append(Event("write", event.path, at, event.data[at - event.offset : upto - event.offset]))
        at = upto
    return parts


def _apply(data: bytearray, event: Event) -> None:
    if event.what == "truncate":
        del data[event.offset :]
        data.extend(b"\0" * (event.offset - len(data)))
        return
    end = event.offset + len(event.data)
    data.extend(b"\0" * (end - len(data)))
    data[event.offset : end] = event.data


class Disk:
    """What is safe on the disk, and what only waits, after the events so far.

    Files start when they are created. One of which that was not told was made empty beside the program that is watched,
    and its name waits like any other.
    """

    def __init__(self) -> None:
        self._now: dict[str, _File] = {}
        self._durable: dict[str, _File] = {}
        self._waiting: list[tuple[str, _File | None]] = []
        """Names given and taken since their folder was synced, in order."""

    def take(self, event: Event) -> None:
        if event.what in {"link", "write", "truncate", "sync"} and event.path not in self._now:
            self._name(event.path, _File())
        match event.what:
            case "create":
                self._name(event.path, _File())
            case "link":
                self._name(event.other, self._now[event.path])
            case "unlink":
                self._name(event.path, None)
            case "write" | "truncate":
                self._now[event.path].waiting.append(event)
            case "sync":
                self._now[event.path].sync()
            case "sync names":
                left = []
                for path, file in self._waiting:
                    if str(Path(path).parent) == event.path:
                        _put(self._durable, path, file)
                    else:
                        left.append((path, file))
                self._waiting = left

    def _name(self, path: str, file: _File | None) -> None:
        _put(self._now, path, file)
        self._waiting.append((path, file))

    def lose_power(self, chance: random.Random, folder: Path) -> None:
        """Write into an empty folder what a machine finds that starts again now."""
        share = chance.choice((0.0, 0.3, 0.8, 1.0))
        names = dict(self._durable)
        for path, file in self._waiting[: chance.randint(0, len(self._waiting))]:
            _put(names, path, file)
        for path, file in names.items():
            (folder / Path(path).name).write_bytes(file.after(chance, share))


def _put(names: dict[str, _File], path: str, file: _File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file
