"""How long after a block is at the source the pages show what it brought, over HTTP, on the recorded chain.

Run it with `python -m bench.page`. Source and service are on this machine; the pause between two looks is apart.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from ledger.core.roles import Role
from ledger.recording.actors import Actor
from ledger.recording.confirming import confirm, make_link
from ledger.recording.desk import act
from ledger.recording.users import add_user
from ledger.rules.confirmations import Confirmation
from ledger.store.database import Store
from service.clock import MovableClock
from service.commands.demo import demo_config
from service.config import Watch
from service.demo import plan
from service.demo.act import Act
from service.demo.replay import Replay
from service.demo.story import StoryPlayer
from service.logs import set_up
from service.wiring import WebServer, build


@dataclass(frozen=True, slots=True)
class Shown:
    """Milliseconds of one block that brought a payment: the look, then the page's first answer that tells it."""

    look: float
    page: float

    @property
    def whole(self) -> float:
        return self.look + self.page


class Enough(Exception):
    """So many blocks were measured as was asked for."""


@dataclass
class Bench:
    """Looks and asks for the page of a payment that the newest block brought, with a stopwatch."""

    replay: Replay
    look: Callable[[], object]
    base: str
    waiting: set[str]
    shown: list[Shown] = field(default_factory=list)
    idle: list[float] = field(default_factory=list)
    most: int | None = None
    """The story stops after so many blocks that brought a payment; None: it is played to its end."""

    def timed_look(self) -> None:
        """What is at the source now came there an instant ago: the replay was just moved."""
        confirmed = self.replay.view.confirmed
        fresh = sorted(outpoint for outpoint in self.waiting if outpoint[:64] in confirmed)
        start = time.perf_counter()
        self.look()
        looked = time.perf_counter()
        if not fresh:
            self.idle.append((looked - start) * 1e3)
            return
        told = self._page(f"/d/{fresh[0]}")
        done = time.perf_counter()
        block = confirmed[fresh[0][:64]]
        if f"block {block.height}" not in told.lower():
            raise SystemExit(f"bench.page: the page of {fresh[0]} does not name its block {block.height}")
        self.shown.append(Shown((looked - start) * 1e3, (done - looked) * 1e3))
        self.waiting -= set(fresh)
        if len(self.shown) == self.most:
            raise Enough

    def _page(self, path: str) -> str:
        connection = HTTPConnection(urlsplit(self.base).netloc, timeout=30)
        connection.request("GET", path, headers={"Accept": "text/html"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status != 200:
            raise SystemExit(f"bench.page: {path} answered {answer.status}")
        return text


@dataclass(frozen=True, slots=True)
class InProcessDesk:
    """Records the story's acts without HTTP: they are not what is measured."""

    store: Store
    actors: dict[Role, Actor]
    clock: MovableClock

    def post(self, told: Act) -> None:
        now = self.clock()
        with self.store.write() as tx:
            if isinstance(told.facts, Confirmation):
                wanted = {"about": told.facts.about, "paper": told.facts.paper}
                link = make_link(tx, self.actors[Role.RECORDER], plan.SLUG, wanted, now=now)
                counts = {(lot.product, lot.lot): (lot.good, lot.damaged) for lot in told.facts.lots}
                confirm(tx, link.code, counts, now=now)
            else:
                act(tx, self.actors[told.by], plan.SLUG, told.noun, told.verb, told.facts, now=now)


def measure(most: int | None = None) -> Bench:
    """Play the story once through the real service, or until so many blocks were measured."""
    replay = Replay.load()
    explorer = replay.serve()
    config = demo_config(replay, explorer)
    set_up(config.logs)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clock = MovableClock(replay.start)
        store = Store.create(f"sqlite:///{folder / 'aidtrail.db'}")
        actors: dict[Role, Actor] = {}
        with store.write() as tx:
            tx.progress.save("network", "regtest")
            for role in (Role.ADMIN, Role.RECORDER, Role.APPROVER):
                actors[role] = Actor.everywhere(add_user(tx, role, role, now=clock(), by=None), role, role)
        service = build(store, config, clock, os.environ, folder)
        server = WebServer(service.app, "127.0.0.1", 0)
        try:
            gifts = {f"{coin.txid}:{coin.vout}" for coin in replay.coins if not coin.change}
            bench = Bench(replay, service.jobs.run_once, server.start(), gifts, most=most)
            desk = InProcessDesk(store, actors, clock)
            with suppress(Enough):
                StoryPlayer(replay, clock, bench.timed_look, desk).play(0, lambda _: None)
        finally:
            server.stop()
            replay.stop()
            store.close()
    return bench


def main(short: bool = False) -> None:
    bench = measure(3 if short else None)
    print(
        f"from 'block is at the source' to 'the page shows it': {len(bench.shown)} blocks that bring payments"
    )
    for what, figures in (
        ("look: fetch, prove, record, settle", [one.look for one in bench.shown]),
        ("page: rendered and fetched over HTTP", [one.page for one in bench.shown]),
        ("both", [one.whole for one in bench.shown]),
        ("a look that finds no payment", bench.idle),
    ):
        print(f"{what:<40} median {statistics.median(figures):7.1f} ms   longest {max(figures):7.1f} ms")
    pause = Watch().look_seconds
    share = statistics.median(one.whole for one in bench.shown) / (pause * 10)
    print(
        f"the pause between looks adds 0 to {pause} s as configured; the work itself is {share:.2f} % of that"
    )


if __name__ == "__main__":
    main()
