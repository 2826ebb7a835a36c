"""Looks of the real service, each in a process that ends itself with SIGKILL at a given point, forked from one that
has all loaded.

Run by the test as `python -m tests.tools.kill_driver DATABASE_URL KIND SOURCE_URL`: it reads `POINT NOW` or `POINT NOW
DATABASE_URL` lines and says how each process ended. A point that is a number is the statement at which it dies; at
`both` two processes look at once. The program knows none of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from fastapi import FastAPI

import service.intake
import service.wiring
from ledger.recording.settling import record_look
from ledger.store.database import Store
from ledger.store.journal import JournalWriting
from service.config import Chain, Config, Http, SourceConfig, Wallet, Watch
from service.intake import Intake
from service.wiring import build
from tests.tools.fake_chain import script_no
from tests.tools.kill_desk_driver import arm as die_at
from watchers.look import Watcher
from watchers.proof.networks import REGTEST
from watchers.proof.scripts import address_of

SLUG = "relief"
ADDRESSES = 5
POINTS = ("fetched", "inside", "written", "committed")
"""After the fetch; at the first entry inside the transaction; at its end before the commit; just after it."""


def config_of(base: str, kind: str = "esplora") -> Config:
    """A service that asks one source, of a kind whose place is all that it needs to know."""
    addresses = tuple(address_of(script_no(number), REGTEST) or "" for number in range(ADDRESSES))
    return Config(
        chain=Chain(network="regtest"),
        watch=Watch(sightings="off"),
        http=Http(requests_a_minute=60_000, burst=1_000),
        sources=(SourceConfig("honest", cast(Any, kind), base),),
        wallets=(Wallet(SLUG, "", addresses),),
    )


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def dies_after(action: Callable[..., Any]) -> Callable[..., Any]:
    def fatal(*arguments: Any, **named: Any) -> Any:
        action(*arguments, **named)
        die()

    return fatal


def arm(point: str) -> None:
    if point == "fetched":
        Watcher.look = dies_after(Watcher.look)  # type: ignore[method-assign]
    elif point == "inside":
        JournalWriting.append = dies_after(JournalWriting.append)  # type: ignore[method-assign]
        vars(service.intake)["record_look"] = dies_after(record_look)
    elif point == "written":
        vars(service.intake)["record_look"] = dies_after(record_look)
    elif point.isdecimal():
        die_at(int(point))
    elif point == "committed":
        Intake.record = dies_after(Intake.record)  # type: ignore[method-assign]


def look(url: str, config: Config, point: str, now: int) -> None:
    arm(point)
    signal.alarm(120)
    built = build(Store.open(url), config, lambda: now, {}, Path.cwd())
    built.jobs.look()
    if built.jobs.trouble is not None:
        print(built.jobs.trouble, file=sys.stderr, flush=True)
    os._exit(
        0 if built.jobs.trouble is None else 1
    )  # what the parent has loaded need not be taken down in order


def main() -> None:
    url, kind, base = sys.argv[1:]
    vars(service.wiring)["create_app"] = lambda ports: (
        FastAPI()
    )  # pages take longer to build than a look takes
    for line in sys.stdin:
        point, now, *other = line.split()
        children = []
        for _ in range(2 if point == "both" else 1):
            children.append(os.fork())
            if children[-1] == 0:
                look(other[0] if other else url, config_of(base, kind), point, int(now))
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(next((code for code in ended if code), 0), flush=True)


if __name__ == "__main__":
    main()
