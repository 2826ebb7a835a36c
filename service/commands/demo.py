"""`demo`: the real service on the recorded chain, with the story of 250,000 masks told through its own API.

It differs from `serve` in its configuration and in the clock, which the story moves; no check is off.
"""

from __future__ import annotations

import argparse
import secrets
import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ledger.checks.run import CHECKS
from ledger.core.roles import Role
from ledger.recording.rebuild import renew
from ledger.recording.users import add_token, add_user
from ledger.store.database import Store
from ledger.views.chain_status import chain_status
from ledger.views.gift_list import GiftsWanted, GivenBy, newest_gifts
from ledger.views.papers import standing_evidence
from ledger.views.queries import campaign_report
from ledger.views.trail import DonationStatus
from service.clock import MovableClock
from service.command import Answer, BadUse, Command, Exit, Outside, Unavailable
from service.commands.serve import wait_for_stop
from service.config import FILE_NAME, Chain, Config, Http, Logs, Site, SourceConfig, Wallet, Watch
from service.data_folder import DATABASE_NAME, demo_folder, remember_demo
from service.demo import plan
from service.demo.replay import Replay
from service.demo.story import ApiDesk, StoryFailed, StoryPlayer
from service.folding import open_current
from service.logs import set_up
from service.scheduler import Scheduler
from service.sentences import running as say
from service.sentences.checks import findings as broken
from service.sources import http_client
from service.wiring import Service, WebServer, build

PORT = 8080
_FIRST_KIND = "wpkh"
_TOML = """# The configuration of a demonstration, written by `aidtrail demo`. Its chain is recorded.
sources = []

[site]
demonstration = true

[chain]
network = "regtest"
"""


def demo_config(replay: Replay, explorer: str) -> Config:
    """The demonstration's configuration: the recorded chain's explorer, and the campaign's public descriptors."""
    kinds = sorted(replay.descriptors, key=lambda descriptor: descriptor.kind != _FIRST_KIND)
    return Config(
        site=Site(demonstration=True),
        chain=Chain(network="regtest"),
        watch=Watch(blocks_a_look=2016),
        http=Http(requests_a_minute=60_000, burst=1_000),
        logs=Logs(level="warning"),
        sources=(SourceConfig("recorded chain", "esplora", explorer, own=True),),
        wallets=tuple(Wallet(plan.SLUG, descriptor.both, (), 40) for descriptor in kinds),
    )


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=None, help=f"port to listen on (else {PORT}), 0 for any")
    parser.add_argument("--data", metavar="DIR", help="folder of the demonstration's data")
    parser.add_argument("--fresh", action="store_true", help="start again from nothing")
    parser.add_argument(
        "--once", action="store_true", help="play to the end, print a summary, check, and exit"
    )


def _run(options: argparse.Namespace, outside: Outside) -> Answer:
    if options.port is not None and not 0 <= options.port <= 65_535:
        raise BadUse("--port: a port is 0 to 65535.")
    folder = demo_folder(outside.environment) if options.data is None else outside.folder / options.data
    store = _opened(folder, options.fresh, outside)
    remember_demo(folder, outside.environment)
    replay = Replay.load()
    explorer = replay.serve()
    try:
        return _played(options, outside, folder, store, replay, demo_config(replay, explorer))
    finally:
        replay.stop()
        store.close()


def _opened(folder: Path, fresh: bool, outside: Outside) -> Store:
    """The demonstration's database in a folder that is empty or a demonstration's; raises BadUse for another."""
    path = folder / DATABASE_NAME
    if folder.exists() and not folder.is_dir():
        raise BadUse("--data: {folder} is a file; name a folder.", folder=str(folder))
    if folder.is_dir() and any(folder.iterdir()) and not _is_demo(folder):
        raise BadUse(
            "--data: {folder} holds something that is no demonstration; name an empty folder.",
            folder=str(folder),
        )
    if fresh and folder.is_dir():
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE_NAME).write_text(_TOML, encoding="utf-8")
    except OSError as failure:
        raise Unavailable(
            "--data: {folder} cannot be written ({reason}).", folder=str(folder), reason=str(failure.strerror)
        ) from None
    url = f"sqlite:///{path.resolve()}"
    store = open_current(url, outside) if path.exists() else Store.create(url)
    with store.write() as tx:
        renew(tx)
        tx.progress.save("network", "regtest")
        tx.progress.save("demonstration", "yes")
    return store


def _is_demo(folder: Path) -> bool:
    toml = folder / FILE_NAME
    return toml.is_file() and toml.read_text(encoding="utf-8", errors="replace") == _TOML


def _played(
    options: argparse.Namespace,
    outside: Outside,
    folder: Path,
    store: Store,
    replay: Replay,
    config: Config,
) -> Answer:
    with store.read() as tx:
        done = int(tx.progress.load("demo_acts") or 0)
        clock = MovableClock(max(replay.start, int(tx.progress.load("demo_clock") or 0)))
    if clock() > replay.start:
        replay.advance(min(clock(), replay.end))
    set_up(config.logs)
    service = build(store, config, clock, outside.environment, folder)
    server = WebServer(
        service.app, options.host, 0 if options.once else PORT if options.port is None else options.port
    )
    url = server.start()
    try:
        _tell(options, outside, url, done)
        _play(service, store, replay, clock, url, config, done, outside)
        if options.once:
            return _summary(store, service, clock, folder, url)
        outside.say(say.story_played(f"{url}/c/{plan.SLUG}"))
        for what, key in worth_opening(store):
            outside.say(say.worth_opening(what, f"{url}/d/{key}"))
        scheduler = Scheduler(service.jobs.all(), clock)
        scheduler.start()
        wait_for_stop()
        scheduler.stop()
        return _summary(store, service, clock, folder, url)
    finally:
        service.jobs.leader.release()
        service.stop_sources()
        server.stop()


def worth_opening(store: Store) -> list[tuple[str, str]]:
    """(what it shows, its key) of donations that nobody finds by looking at the first one."""
    wanted = {
        "handed out": DonationStatus.SETTLED,
        "seen": DonationStatus.SEEN,
        "dust": DonationStatus.BELOW_DUST,
        "replaced": DonationStatus.REPLACED,
    }
    pages: dict[str, str] = {}
    with store.read() as tx:
        for what, status in wanted.items():
            gifts = GiftsWanted(GivenBy.COIN, status)
            rows, _ = newest_gifts(tx, plan.SLUG, gifts, before=None, limit=200)
            if rows:
                pages[what] = rows[-1].key  # the first one is the furthest
            paid = Counter(row.address for row in rows if row.address and status is DonationStatus.SETTLED)
            if paid and (most := paid.most_common(1)[0])[1] > 1:
                pages["several"] = most[0]
    return [(what, pages[what]) for what in say.WORTH_OPENING if what in pages]


def _tell(options: argparse.Namespace, outside: Outside, url: str, done: int) -> None:
    where = "" if options.once else f"{url}/"
    outside.say(say.playing(plan.SLUG, where, continuing=bool(done)))


def _play(
    service: Service,
    store: Store,
    replay: Replay,
    clock: MovableClock,
    url: str,
    config: Config,
    done: int,
    outside: Outside,
) -> None:
    tokens, names = _tokens(store, clock())
    desk = ApiDesk(url, tokens, http_client(replace(config, sources=())))

    def told(count: int) -> None:
        with store.write() as tx:
            tx.progress.save("demo_acts", str(count))
            tx.progress.save("demo_clock", str(clock()))

    player = StoryPlayer(replay, clock, service.jobs.run_once, desk)
    try:
        player.play(done, told)
    except StoryFailed as failure:
        raise Unavailable("the story stops: {failure}", failure=failure.wording) from None
    finally:
        _revoke(store, names)
    if service.jobs.trouble is not None:
        outside.say(say.look_failed(service.jobs.trouble))


def _tokens(store: Store, now: int) -> tuple[Mapping[Role, str], list[tuple[str, str]]]:
    """A fresh token for each of the story's three people, and the names to revoke it by."""
    tokens: dict[Role, str] = {}
    names: list[tuple[str, str]] = []
    label = secrets.token_hex(4)
    with store.write() as tx:
        for role in (Role.ADMIN, Role.RECORDER, Role.APPROVER):
            user = f"demo-{role.value}"
            if tx.desk.user(user) is None:
                add_user(tx, user, role.value, now=now, by=None)
            tokens[role] = add_token(tx, user, label, now=now, by=None)
            names.append((user, label))
    return tokens, names


def _revoke(store: Store, names: list[tuple[str, str]]) -> None:
    with store.write() as tx:
        for user_name, label in names:
            user = tx.desk.user(user_name)
            for token in tx.desk.tokens(user.id) if user is not None else ():
                if token.name == label:
                    tx.desk.revoke_token(token.id)


def _summary(store: Store, service: Service, clock: MovableClock, folder: Path, url: str) -> Answer:
    findings = service.jobs.checking.check_all()
    with store.read() as tx:
        report = campaign_report(tx, plan.SLUG, now=clock())
        chain = chain_status(tx, now=clock())
        entries = tx.journal.head()
        papers = len(standing_evidence(tx.session, plan.SLUG))
    books = report.books
    data: dict[str, Any] = {
        "campaign": plan.SLUG,
        "donations": report.donations,
        "received": [row.data() for row in report.received],
        "goods": report.goods.data(),
        "given_in_kind": report.given_in_kind.data(),
        "places": report.receivers,
        "entries": entries[0] if entries else 0,
        "papers": papers,
        "tip": chain.tip_height,
        "reconciled_at": books.block if books.reconciled else None,
        "findings": [finding.sentence for finding in findings],
        "data": str(folder),
        "url": url,
    }
    lines = (
        *say.demonstration(report, len(CHECKS), data["entries"], papers, len(findings)),
        *broken(findings),
        say.data_at(str(folder)),
    )
    return Answer(lines, data, Exit.OPEN if findings or not books.reconciled else Exit.OK)


COMMANDS: Mapping[str, Command] = {
    "demo": Command(_run, _options, (Exit.OK, Exit.OPEN, Exit.USAGE, Exit.UNAVAILABLE)),
}
