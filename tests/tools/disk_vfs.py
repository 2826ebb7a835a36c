"""A file system of SQLite for tests: it writes down what the real store writes and syncs, and fails when told to.

Registered as the default in the very SQLite library that Python uses, so the store runs over it unchanged. It is
the real file system with a pencil beside it; it never changes what is written.
"""

from __future__ import annotations

import _sqlite3
import atexit
import contextlib
import ctypes
import gc
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import CFUNCTYPE, POINTER, Structure, byref, c_char_p, c_int, c_int64, c_void_p, cast
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


class _Vfs(Structure):
    _fields_ = (
        ("iVersion", c_int), ("szOsFile", c_int), ("mxPathname", c_int), ("pNext", c_void_p),
        ("zName", c_char_p), ("pAppData", c_void_p), ("xOpen", c_void_p), ("xDelete", c_void_p),
        ("rest", c_void_p * 10), ("xCurrentTimeInt64", c_void_p), ("xSetSystemCall", c_void_p),
        ("xGetSystemCall", c_void_p), ("xNextSystemCall", c_void_p),
    )  # fmt: skip


class _Methods(Structure):
    _fields_ = (
        ("iVersion", c_int), ("xClose", c_void_p), ("xRead", c_void_p), ("xWrite", c_void_p),
        ("xTruncate", c_void_p), ("xSync", c_void_p), ("rest", c_void_p * 13),
    )  # fmt: skip


_OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
_DELETE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int)
_CLOSE = CFUNCTYPE(c_int, c_void_p)
_WRITE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
_TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)
_SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
_SET_CALL = CFUNCTYPE(c_int, c_void_p, c_char_p, c_void_p)
_GET_CALL = CFUNCTYPE(c_void_p, c_void_p, c_char_p)
_OPEN_DIRECTORY = CFUNCTYPE(c_int, c_void_p, c_void_p)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to the disk: `create`, `write`, `truncate`, `sync`, `unlink`, `link` of a file by
    its path, `sync names` of a folder, or `told` by the test."""

    what: str
    path: str
    offset: int = 0
    data: bytes = b""
    other: str = ""


Fault = Callable[[str, str], int]
"""Given what is asked and of which path, a result code of SQLite to fail with; 0 lets it through."""


def _close_all() -> None:
    """Close what tests left open while Python is still there: closing calls functions of this file."""
    for thing in gc.get_objects():
        if isinstance(thing, sqlite3.Connection):
            with contextlib.suppress(sqlite3.Error):
                thing.close()


class DiskVfs:
    """The file system, once registered; `events` while recording, `fault` while it fails."""

    def __init__(self) -> None:
        self.events: list[Event] | None = None
        self.fault: Fault | None = None
        self.troubles: list[BaseException] = []
        self._paths: dict[int, str] = {}
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = []
        library: Any = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = POINTER(_Vfs)
        self._library = library
        self._real: Any = library.sqlite3_vfs_find(None)
        self._open_real = _OPEN(self._real.contents.xOpen)
        self._delete_real = _DELETE(self._real.contents.xDelete)

    def install(self) -> None:
        """Make it the default of every connection opened from now on in this process."""
        ours = _Vfs()
        ctypes.memmove(byref(ours), self._real, ctypes.sizeof(_Vfs))
        ours.zName = b"aidtrail-test"
        ours.xOpen = self._function(_OPEN, self._open)
        ours.xDelete = self._function(_DELETE, self._delete)
        self._kept.append(ours)
        get = _GET_CALL(self._real.contents.xGetSystemCall)
        put = _SET_CALL(self._real.contents.xSetSystemCall)
        real = _OPEN_DIRECTORY(get(self._real_address(), b"openDirectory"))

        def open_directory(name: int, number: int) -> int:
            self.note(Event("sync names", str(Path(_text(name)).parent)))
            return int(real(name, number))

        put(self._real_address(), b"openDirectory", self._function(_OPEN_DIRECTORY, open_directory))
        if self._library.sqlite3_vfs_register(byref(ours), 1) != 0:
            raise RuntimeError("SQLite did not take the file system of the test")
        atexit.register(_close_all)

    def note(self, event: Event) -> None:
        if self.events is not None:
            self.events.append(event)

    def _real_address(self) -> int:
        return cast(self._real, c_void_p).value or 0

    def _function(self, kind: Any, action: Callable[..., int]) -> int:
        """The address of a C function that calls `action`; an exception in it fails the call and is kept."""

        def guarded(*arguments: int) -> int:
            try:
                return action(*arguments)
            except BaseException as trouble:
                self.troubles.append(trouble)
                return 10

        made = kind(guarded)
        self._kept.append(made)
        return cast(made, c_void_p).value or 0

    def _fails(self, what: str, path: str) -> int:
        return self.fault(what, path) if self.fault is not None and path else 0

    def _open(self, _vfs: int, name: int, file: int, flags: int, out: int) -> int:
        path = _text(name)
        existed = bool(path) and Path(path).exists()
        failed = 0 if existed else self._fails("create", path)
        if failed:
            c_void_p.from_address(file).value = None
            return failed
        result = int(self._open_real(self._real_address(), name, file, flags, out))
        if result == 0:
            self._paths[file] = path
            if path and not existed:
                self.note(Event("create", path))
            self._patch(file)
        return result

    def _patch(self, file: int) -> None:
        slot = c_void_p.from_address(file)
        if slot.value is None:
            return
        patched = self._methods.get(slot.value)
        if patched is None:
            patched = self._patched(_Methods.from_address(slot.value))
            self._methods[slot.value] = patched
        slot.value = ctypes.addressof(patched)

    def _patched(self, real: _Methods) -> _Methods:
        ours = _Methods()
        ctypes.memmove(byref(ours), byref(real), ctypes.sizeof(_Methods))
        close, write = _CLOSE(real.xClose), _WRITE(real.xWrite)
        truncate, sync = _TRUNCATE(real.xTruncate), _SYNC(real.xSync)

        def closed(file: int) -> int:
            self._paths.pop(file, None)
            return int(close(file))

        def written(file: int, data: int, size: int, offset: int) -> int:
            path = self._paths.get(file, "")
            result = self._fails("write", path) or int(write(file, data, size, offset))
            if result == 0 and path:
                self.note(Event("write", path, offset, ctypes.string_at(data, size)))
            return result

        def truncated(file: int, size: int) -> int:
            path = self._paths.get(file, "")
            result = self._fails("truncate", path) or int(truncate(file, size))
            if result == 0 and path:
                self.note(Event("truncate", path, size))
            return result

        def synced(file: int, flags: int) -> int:
            path = self._paths.get(file, "")
            result = self._fails("sync", path) or int(sync(file, flags))
            if result == 0 and path:
                self.note(Event("sync", path))
            return result

        ours.xClose = self._function(_CLOSE, closed)
        ours.xWrite = self._function(_WRITE, written)
        ours.xTruncate = self._function(_TRUNCATE, truncated)
        ours.xSync = self._function(_SYNC, synced)
        return ours

    def _delete(self, _vfs: int, name: int, sync_names: int) -> int:
        path = _text(name)
        if Path(path).exists():
            self.note(Event("unlink", path))
        return int(self._delete_real(self._real_address(), name, sync_names))


def _text(name: int | None) -> str:
    return os.fsdecode(ctypes.string_at(name)) if name else ""


_INSTALLED: list[DiskVfs] = []


def disk_vfs() -> DiskVfs:
    """The one of this process; skips the test where Python's SQLite cannot be reached, and fails it in CI."""
    if not _INSTALLED:
        try:
            made = DiskVfs()
        except (AttributeError, OSError):
            reason = (
                "the SQLite library inside this Python cannot be reached (Debian's python3 has one that can)"
            )
            if os.environ.get("CI") == "true":
                pytest.fail(reason)
            pytest.skip(reason)
        made.install()
        _INSTALLED.append(made)
    return _INSTALLED[0]


@contextmanager
def failing(vfs: DiskVfs, fault: Fault) -> Iterator[None]:
    """The disk fails within the block, as `fault` says."""
    vfs.fault = fault
    try:
        yield
    finally:
        vfs.fault = None


@contextmanager
def recorded(vfs: DiskVfs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """All that happens to the files of a folder within the block, what Python itself syncs and links included."""
    events: list[Event] = []
    fsync, link, unlink = os.fsync, os.link, os.unlink

    def fsynced(number: int) -> None:
        fsync(number)
        about = os.fstat(number)
        if stat.S_ISDIR(about.st_mode):
            named = [path for path in (folder, *folder.rglob("*")) if path.is_dir()]
        else:
            named = [path for path in folder.rglob("*") if path.is_file()]
        for path in named:
            if os.path.samestat(about, path.stat()):
                vfs.note(Event("sync names" if path.is_dir() else "sync", str(path)))

    def linked(source: Any, target: Any) -> None:
        link(source, target)
        vfs.note(Event("link", str(source), other=str(target)))

    def unlinked(path: Any, **named: Any) -> None:
        unlink(path, **named)
        vfs.note(Event("unlink", str(path)))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsynced)
        patch.setattr(os, "link", linked)
        patch.setattr(os, "unlink", unlinked)
        vfs.events = events
        try:
            yield events
        finally:
            vfs.events = None
            events[:] = [event for event in events if event.path.startswith(f"{folder}")]
    assert vfs.troubles == []
