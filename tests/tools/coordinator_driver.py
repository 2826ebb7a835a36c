"""Coordinators in processes of their own: each tells the ledger a list of facts, all begin at once.

Run by the test as `python -m tests.tools.coordinator_driver DATABASE_URL NOW USER…`. It reads one JSON list, of lists
of [noun, verb, facts], one for each user, and prints as many lists of answers. The program is loaded once and forked.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from multiprocessing.connection import Connection
from typing import Any

from ledger.core.errors import LedgerError
from ledger.recording.desk import act
from ledger.recording.users import actor_named
from ledger.store.database import Store
from tests.tools.ledgers import SLUG

SECONDS = 120


def told(store: Store, user: str, now: int, noun: str, verb: str, facts: dict[str, Any]) -> list[Any]:
    """[key, already] of an acknowledged fact, or [name of the refusal, its sentence]."""
    try:
        with store.write() as tx:
            outcome = act(tx, actor_named(tx, user, now=now), SLUG, noun, verb, facts, now=now)
    except LedgerError as refusal:
        return [type(refusal).__name__, str(refusal)]
    return [outcome.key, outcome.already]


def tell(url: str, now: int, user: str, facts: list[Any], start: Any, answers: Connection) -> None:
    store = Store.open(url)
    start.wait(SECONDS)
    answers.send([told(store, user, now, *fact) for fact in facts])
    store.close()


def main(url: str, now: int, users: list[str]) -> None:
    forking = multiprocessing.get_context("fork")
    start = forking.Barrier(len(users))
    running = []
    for user, facts in zip(users, json.loads(sys.stdin.read()), strict=True):
        ours, theirs = forking.Pipe(duplex=False)
        process = forking.Process(target=tell, args=(url, now, user, facts, start, theirs))
        process.start()
        theirs.close()
        running.append((process, ours))
    answers = [ours.recv() for _, ours in running]
    for process, _ in running:
        process.join(SECONDS)
    print(json.dumps(answers))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
