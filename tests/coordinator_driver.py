"""A coordinator in a process of its own: tells the ledger a list of facts and writes what became of each.

Run by the test as `python -m tests.coordinator_driver DATABASE_URL USER NOW`. It reads one JSON list of
[noun, verb, facts] from its input, says `ready`, waits for a line, and prints one JSON list of answers.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from ledger.desk import act, actor_named
from ledger.errors import LedgerError
from ledger.store.database import Store
from tests.ledgers import SLUG


def told(store: Store, user: str, noun: str, verb: str, facts: dict[str, Any], now: int) -> list[Any]:
    """[key, already] of an acknowledged fact, or [name of the refusal, its sentence]."""
    try:
        with store.write() as tx:
            outcome = act(tx, actor_named(tx, user), SLUG, noun, verb, facts, now=now)
    except LedgerError as refusal:
        return [type(refusal).__name__, str(refusal)]
    return [outcome.key, outcome.already]


def main(url: str, user: str, now: int) -> None:
    facts = json.loads(sys.stdin.readline())
    store = Store.open(url)
    print("ready", flush=True)
    sys.stdin.readline()
    answers = [told(store, user, *fact, now) for fact in facts]
    store.close()
    print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
