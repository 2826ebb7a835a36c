"""Writers that come at once share one transaction, and so one flush to the disk; each has its own answer.

It decides nothing about what they write.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from ledger.core.errors import LedgerError
from ledger.store.session import TransactionLost
from ledger.store.transaction import Writing

R = TypeVar("R")

MOST_TOGETHER = 256
"""So many writers share a transaction; more wait for the next."""

_INTERRUPTED = "database: the writing was interrupted; nothing was written"


class _Turn:
    """One writer: what it does, and what became of it."""

    def __init__(self, work: Callable[[Writing], Any]) -> None:
        self.work = work
        self.answer: Any = None
        self.refusal: BaseException | None = None
        self.done = False
        self.woken = threading.Event()

    def result(self) -> Any:
        if self.refusal is not None:
            raise self.refusal
        return self.answer


class Together:
    """Who comes while nobody writes, writes at once; who comes meanwhile is written together with the others then."""

    def __init__(self, write: Callable[[], AbstractContextManager[Writing]]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._waiting: list[_Turn] = []
        self._busy = False

    def run(self, work: Callable[[Writing], R]) -> R:
        """Do the work in a writing transaction; returns when it is on the disk.

        What it raises undoes its own writes and nobody else's. Raises what `Store.write` raises, to all who shared
        the transaction, and then nothing of any of them was written.
        """
        turn = _Turn(work)
        with self._lock:
            self._waiting.append(turn)
            leads, self._busy = not self._busy, True
        if not leads:
            turn.woken.wait()
        if not turn.done:
            self._lead()
        answer: R = turn.result()
        return answer

    def _lead(self) -> None:
        """Write for all who wait, then wake them, and one of those who came meanwhile, who leads then."""
        with self._lock:
            group = self._waiting[:MOST_TOGETHER]
            del self._waiting[:MOST_TOGETHER]
        try:
            self._write_all(group)
        except BaseException as failure:
            for turn in group:
                turn.refusal = failure if isinstance(failure, Exception) else LedgerError(_INTERRUPTED)
            if not isinstance(failure, Exception):
                raise
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            for turn in group:
                turn.done = True
                turn.woken.set()
            if following is not None:
                following.woken.set()

    def _write_all(self, group: list[_Turn]) -> None:
        with self._write() as tx:
            if len(group) == 1:
                group[0].answer = group[0].work(tx)
                return
            for turn in group:
                try:
                    with tx.part():
                        turn.answer = turn.work(tx)
                except TransactionLost:
                    raise
                except Exception as refusal:
                    turn.refusal = refusal
