"""Looks of the real service, each in a process that ends itself with SIGKILL at a given point, forked from one that
has all loaded.

Run by the test as `python -m tests.tools.kill_driver DATABASE_URL KIND SOURCE_URL`: it reads `POINT NOW` lines and says
how each process ended. The program knows none of it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import service.intake
from ledger.recording.settling import record_look
from ledger.store.database import Store
from ledger.store.journal import JournalWriting
from service.config import Chain, Config, Http, SourceConfig, Wallet, Watch
from service.intake import Intake
from service.wiring import build
from tests.tools.fake_chain import script_no
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
    elif point == "committed":
        Intake.record = dies_after(Intake.record)  # type: ignore[method-assign]


def look(url: str, config: Config, point: str, now: int) -> None:
    arm(point)
    signal.alarm(120)
    built = build(Store.open(url), config, lambda: now, {}, Path.cwd())
    built.jobs.look()
    sys.exit(built.jobs.trouble or 0)


def main() -> None:
    url, kind, base = sys.argv[1:]
    for line in sys.stdin:
        point, now = line.split()
        child = os.fork()
        if child == 0:
            look(url, config_of(base, kind), point, int(now))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
